//! The vault: what a user must have to be that user, encrypted under the vault key.
//!
//! Plaintext, strict positional MessagePack, 8 fields:
//! `[v=1, user(16), root(32), server_key(32), [U(16), gen, seed(32)], [I(16), gen, seed(32)], SS(32),
//! recovery half(16)|nil]`.
//! Ciphertext: `nonce(12) || AES-256-GCM(VK, plaintext) || tag`, `aad = msgpack[user(16), version]`.
//!
//! Roll-back: every change appends a signed `vault{version, hash}` link to the user chain; [`check_current`]
//! refuses a vault that is older than, or other than, the one the chain names. A server that rolls back vault
//! *and* chain together is noticed by devices that pinned the chain's head (see the pins object) and by every
//! correspondent, not by a device that never saw either.
//!
//! Not known here: how the vault key is wrapped, and when the vault is written.

use relais_chain::codec::{Reader, Writer};
use relais_chain::hash::sha256;
use relais_chain::user::UserChain;
use relais_chain::user_body::UserBody;
use relais_wire::account::Vault;
use relais_wire::ids::{Bytes32, KeyringId, Seq, UserId};
use relais_wire::limits::VAULT_BYTES_MAX;

use crate::aead;
use crate::entropy::Entropy;
use crate::error::{E2eeError, refuse};
use crate::opaque::ServerKey;
use crate::recovery::RecoveryCode;
use crate::secret::{Secret, SecretBytes, Seed};
use crate::signing::SigningSecret;
use crate::wrap::VaultKey;

/// The newest seed of one of the user's own keyrings.
#[derive(Debug)]
pub struct OwnKeyring {
    /// The keyring.
    pub id: KeyringId,
    /// Its newest generation.
    pub generation: u64,
    /// That generation's seed.
    pub seed: Seed,
}

/// What a vault holds.
#[derive(Debug)]
pub struct VaultContents {
    /// Whose it is.
    pub user: UserId,
    /// Hash of the user's own root link: the identity that correspondents verify.
    pub root: Bytes32,
    /// The server's password key, pinned at registration.
    pub server_key: ServerKey,
    /// The personal keyring `U`.
    pub personal: OwnKeyring,
    /// The inbox keyring `I`.
    pub inbox: OwnKeyring,
    /// The signing key.
    pub signing: SigningSecret,
    /// The user's half of the recovery code, to show it again.
    pub recovery: Option<RecoveryCode>,
}

impl VaultContents {
    /// Encrypts.
    ///
    /// # Errors
    /// Never in practice; the encoder's errors are passed on.
    pub fn seal(&self, key: &VaultKey, version: Seq, entropy: &mut dyn Entropy) -> Result<Vault, E2eeError> {
        let plaintext = self.encode()?;
        let ciphertext = aead::seal(key, &associated_data(self.user, version)?, &plaintext, entropy)?;
        Ok(Vault { version, ciphertext: ciphertext.into() })
    }

    /// Decrypts and reads.
    ///
    /// # Errors
    /// [`E2eeError::VaultRejected`]; [`E2eeError::VaultMalformed`].
    pub fn open(vault: &Vault, user: UserId, key: &VaultKey) -> Result<Self, E2eeError> {
        let aad = associated_data(user, vault.version)?;
        let plaintext =
            aead::open(key, &aad, vault.ciphertext.as_slice()).map_err(|_| E2eeError::VaultRejected)?;
        let contents = Self::decode(&plaintext).ok_or(E2eeError::VaultMalformed)?;
        if contents.user == user { Ok(contents) } else { Err(E2eeError::VaultMalformed) }
    }

    fn encode(&self) -> Result<SecretBytes, E2eeError> {
        let mut w = Writer::new();
        w.array(8).uint(1).bin(self.user.as_bytes()).bin(self.root.as_bytes()).bin(&self.server_key);
        for own in [&self.personal, &self.inbox] {
            w.array(3).bin(own.id.as_bytes()).uint(own.generation).bin(own.seed.expose());
        }
        w.bin(self.signing.seed().expose());
        w.opt_bin(self.recovery.as_ref().map(|code| &code.half().expose()[..]));
        Ok(SecretBytes::new(w.finish()?))
    }

    fn decode(bytes: &[u8]) -> Option<Self> {
        let mut r = Reader::new(bytes, VAULT_BYTES_MAX).ok()?;
        r.array(8).ok()?;
        if r.uint().ok()? != 1 {
            return None;
        }
        let contents = Self {
            user: UserId::from_bytes(r.fixed().ok()?),
            root: Bytes32::from_bytes(r.fixed().ok()?),
            server_key: r.fixed().ok()?,
            personal: read_own(&mut r)?,
            inbox: read_own(&mut r)?,
            signing: SigningSecret::from_seed(&Secret::from_bytes(r.fixed().ok()?)),
            recovery: r
                .opt(Reader::fixed)
                .ok()?
                .map(|half| RecoveryCode::from_half(Secret::from_bytes(half))),
        };
        r.end().ok()?;
        Some(contents)
    }
}

fn read_own(r: &mut Reader<'_>) -> Option<OwnKeyring> {
    r.array(3).ok()?;
    Some(OwnKeyring {
        id: KeyringId::from_bytes(r.fixed().ok()?),
        generation: r.uint().ok()?,
        seed: Secret::from_bytes(r.fixed().ok()?),
    })
}

fn associated_data(user: UserId, version: Seq) -> Result<Vec<u8>, E2eeError> {
    let mut w = Writer::new();
    w.array(2).bin(user.as_bytes()).uint(version.get());
    Ok(w.finish()?)
}

/// The link that goes with a vault: its version and hash.
#[must_use]
pub fn link_body(vault: &Vault) -> UserBody {
    UserBody::Vault { version: vault.version.get(), hash: sha256(vault.ciphertext.as_slice()) }
}

/// Checks a vault against the verified chain of its user.
///
/// # Errors
/// [`E2eeError::VaultRolledBack`]; [`E2eeError::VaultHashMismatch`].
pub fn check_current(vault: &Vault, chain: &UserChain) -> Result<(), E2eeError> {
    let (version, hash) = chain.vault().ok_or(E2eeError::VaultHashMismatch)?;
    if vault.version.get() < version {
        return refuse(E2eeError::VaultRolledBack);
    }
    if vault.version.get() == version && sha256(vault.ciphertext.as_slice()) == hash {
        Ok(())
    } else {
        refuse(E2eeError::VaultHashMismatch)
    }
}

#[cfg(test)]
mod tests {
    use relais_wire::account::Vault;
    use relais_wire::ids::{Bytes32, KeyringId, Seq, UserId};

    use super::{OwnKeyring, VaultContents};
    use crate::aead;
    use crate::entropy::ReplayedEntropy;
    use crate::error::E2eeError;
    use crate::recovery::RecoveryCode;
    use crate::secret::Secret;
    use crate::signing::SigningSecret;

    fn contents() -> VaultContents {
        let own = |id: u8, seed: u8| OwnKeyring {
            id: KeyringId::from_bytes([id; 16]),
            generation: 3,
            seed: Secret::from_bytes([seed; 32]),
        };
        VaultContents {
            user: UserId::from_bytes([7; 16]),
            root: Bytes32::from_bytes([1; 32]),
            server_key: [2; 32],
            personal: own(3, 0xa1),
            inbox: own(4, 0xa2),
            signing: SigningSecret::from_seed(&Secret::from_bytes([0xa3; 32])),
            recovery: Some(RecoveryCode::from_half(Secret::from_bytes([0xa4; 16]))),
        }
    }

    #[test]
    fn a_vault_opens_under_its_key_user_and_version_only() {
        let key = Secret::from_bytes([5; 32]);
        let one = Seq::new(1).unwrap();
        let vault = contents().seal(&key, one, &mut ReplayedEntropy::dangerous_from_seed([1; 32])).unwrap();
        let opened = VaultContents::open(&vault, UserId::from_bytes([7; 16]), &key).unwrap();
        assert!(opened.personal.seed.same(&contents().personal.seed));
        assert_eq!(opened.signing.public(), contents().signing.public());
        assert_eq!(*opened.recovery.unwrap().text(), *contents().recovery.unwrap().text());

        let refused = |vault: &Vault, user: u8, key: u8| {
            VaultContents::open(vault, UserId::from_bytes([user; 16]), &Secret::from_bytes([key; 32]))
                .unwrap_err()
        };
        assert_eq!(refused(&vault, 8, 5), E2eeError::VaultRejected);
        assert_eq!(refused(&vault, 7, 6), E2eeError::VaultRejected);
        let renumbered = Vault { version: one.next(), ciphertext: vault.ciphertext };
        assert_eq!(refused(&renumbered, 7, 5), E2eeError::VaultRejected);
    }

    #[test]
    fn content_of_another_version_is_not_guessed_at() {
        let key = Secret::from_bytes([5; 32]);
        let version = Seq::new(1).unwrap();
        let aad = super::associated_data(UserId::from_bytes([7; 16]), version).unwrap();
        let plain = contents().encode().unwrap();
        let mut newer = plain.to_vec();
        newer[1] = 2;
        let mut longer = plain.to_vec();
        longer.push(0);
        for bytes in [newer, longer, plain[..20].to_vec()] {
            let mut entropy = ReplayedEntropy::dangerous_from_seed([1; 32]);
            let ciphertext = aead::seal(&key, &aad, &bytes, &mut entropy).unwrap().into();
            let opened =
                VaultContents::open(&Vault { version, ciphertext }, UserId::from_bytes([7; 16]), &key);
            assert_eq!(opened.unwrap_err(), E2eeError::VaultMalformed);
        }
    }

    #[test]
    fn debug_shows_no_secret() {
        let shown = format!("{:?}", contents());
        for hidden in ["a1", "161", "a3", "163", "a4"] {
            assert!(!shown.contains(hidden), "{shown}");
        }
    }
}

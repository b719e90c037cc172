//! Wraps of the vault key: one AES-256-GCM ciphertext of it for each thing that opens it.
//!
//! | kind | number | key |
//! |---|---|---|
//! | password | 1 | `KDF(export key(64), "vault/pw", "", 32)` |
//! | recovery | 2 | `KDF(user half(16) || server half(32), "vault/rec", "", 32)` |
//! | passkey | 3 | `KDF(PRF output(32), "vault/prf", "", 32)`, label: the credential id |
//! | key file | 4 | `KDF(key file(32), "vault/file", "", 32)` |
//!
//! `aad = msgpack[1, user(16), kind, label]`; the ciphertext is `nonce(12) || ct || tag`.
//!
//! Not known here: where a wrap is kept and who may fetch it.

use relais_chain::codec::Writer;
use relais_wire::account::{Wrap, WrapKind};
use relais_wire::ids::UserId;

use crate::aead;
use crate::entropy::Entropy;
use crate::error::E2eeError;
use crate::kdf::{derive, label};
use crate::opaque::ExportKey;
use crate::recovery::{RecoveryCode, ServerHalf};
use crate::secret::Secret;

/// The vault key.
pub type VaultKey = Secret<32>;

/// What opens a wrap.
#[derive(Debug)]
pub enum Opener<'a> {
    /// The password.
    Password(&'a ExportKey),
    /// Both halves of the recovery code.
    Recovery(&'a RecoveryCode, &'a ServerHalf),
    /// A passkey's PRF output and its credential id.
    Passkey(&'a Secret<32>, &'a [u8]),
    /// A key file.
    KeyFile(&'a Secret<32>),
}

impl Opener<'_> {
    const fn kind(&self) -> WrapKind {
        match self {
            Self::Password(_) => WrapKind::Password,
            Self::Recovery(..) => WrapKind::Recovery,
            Self::Passkey(..) => WrapKind::Passkey,
            Self::KeyFile(_) => WrapKind::KeyFile,
        }
    }

    const fn label(&self) -> &[u8] {
        match self {
            Self::Passkey(_, credential) => credential,
            Self::Password(_) | Self::Recovery(..) | Self::KeyFile(_) => &[],
        }
    }

    fn kek(&self) -> Secret<32> {
        match self {
            Self::Password(export) => derive(export.expose(), label::VAULT_PASSWORD, &[]),
            Self::Recovery(code, half) => code.kek(half),
            Self::Passkey(prf, _) => derive(prf.expose(), label::VAULT_PASSKEY, &[]),
            Self::KeyFile(key) => derive(key.expose(), label::VAULT_KEY_FILE, &[]),
        }
    }
}

/// Wraps the vault key.
///
/// # Errors
/// [`E2eeError::TooLong`] for a label that cannot be encoded.
pub fn wrap(
    vault_key: &VaultKey,
    user: UserId,
    opener: &Opener<'_>,
    entropy: &mut dyn Entropy,
) -> Result<Wrap, E2eeError> {
    let aad = associated_data(user, opener.kind(), opener.label())?;
    let ciphertext = aead::seal(&opener.kek(), &aad, vault_key.expose(), entropy)?;
    Ok(Wrap { kind: opener.kind(), label: opener.label().into(), ciphertext: ciphertext.into() })
}

/// Finds and opens the wrap for this opener.
///
/// # Errors
/// [`E2eeError::WrapMissing`]; [`E2eeError::WrapRejected`].
pub fn unwrap(wraps: &[Wrap], user: UserId, opener: &Opener<'_>) -> Result<VaultKey, E2eeError> {
    let wrap = wraps
        .iter()
        .find(|wrap| wrap.kind == opener.kind() && wrap.label.as_slice() == opener.label())
        .ok_or(E2eeError::WrapMissing)?;
    let aad = associated_data(user, wrap.kind, wrap.label.as_slice())?;
    let opened =
        aead::open(&opener.kek(), &aad, wrap.ciphertext.as_slice()).map_err(|_| E2eeError::WrapRejected)?;
    Secret::from_slice(&opened).ok_or(E2eeError::WrapRejected)
}

fn associated_data(user: UserId, kind: WrapKind, label: &[u8]) -> Result<Vec<u8>, E2eeError> {
    let number = match kind {
        WrapKind::Password => 1,
        WrapKind::Recovery => 2,
        WrapKind::Passkey => 3,
        WrapKind::KeyFile => 4,
    };
    let mut w = Writer::new();
    w.array(4).uint(1).bin(user.as_bytes()).uint(number).bin(label);
    Ok(w.finish()?)
}

#[cfg(test)]
mod tests {
    use relais_wire::account::WrapKind;
    use relais_wire::ids::UserId;

    use super::{Opener, unwrap, wrap};
    use crate::entropy::ReplayedEntropy;
    use crate::error::E2eeError;
    use crate::recovery::RecoveryCode;
    use crate::secret::Secret;

    #[test]
    fn each_wrap_opens_with_its_own_key_only() {
        let mut entropy = ReplayedEntropy::dangerous_from_seed([1; 32]);
        let user = UserId::from_bytes([7; 16]);
        let vault_key = Secret::random(&mut entropy);
        let (export, other_export) = (Secret::from_bytes([1; 64]), Secret::from_bytes([2; 64]));
        let (code, half) = (RecoveryCode::random(&mut entropy), Secret::random(&mut entropy));
        let (prf, file) = (Secret::from_bytes([3; 32]), Secret::from_bytes([4; 32]));
        let openers = [
            Opener::Password(&export),
            Opener::Recovery(&code, &half),
            Opener::Passkey(&prf, b"credential"),
            Opener::KeyFile(&file),
        ];
        let wraps: Vec<_> =
            openers.iter().map(|it| wrap(&vault_key, user, it, &mut entropy).unwrap()).collect();
        for opener in &openers {
            assert!(unwrap(&wraps, user, opener).unwrap().same(&vault_key));
        }
        let refused = |opener: &Opener<'_>| unwrap(&wraps, user, opener).unwrap_err();
        assert_eq!(refused(&Opener::Password(&other_export)), E2eeError::WrapRejected);
        assert_eq!(refused(&Opener::Passkey(&prf, b"other")), E2eeError::WrapMissing);
        assert_eq!(refused(&Opener::KeyFile(&prf)), E2eeError::WrapRejected);
        let stranger = UserId::from_bytes([8; 16]);
        assert_eq!(unwrap(&wraps, stranger, &openers[0]).unwrap_err(), E2eeError::WrapRejected);
    }

    #[test]
    fn a_wrap_passed_off_as_another_kind_is_refused() {
        let mut entropy = ReplayedEntropy::dangerous_from_seed([1; 32]);
        let user = UserId::from_bytes([7; 16]);
        let key = Secret::from_bytes([3; 32]);
        let mut forged =
            wrap(&Secret::from_bytes([9; 32]), user, &Opener::KeyFile(&key), &mut entropy).unwrap();
        forged.kind = WrapKind::Passkey;
        assert_eq!(
            unwrap(&[forged], user, &Opener::Passkey(&key, b"")).unwrap_err(),
            E2eeError::WrapRejected
        );
    }
}

//! An account as one value: what a registration sends, what a sign-in opens, what changes with a new
//! password, a recovery or a rotation of keys.
//!
//! Order of a registration: [`Registering`](crate::opaque::Registering) `start` → `RegisterStart` →
//! `finish` → [`create`] → `RegisterFinish`. Of a sign-in: [`SigningIn`](crate::opaque::SigningIn) `start` →
//! `LoginStart` → `finish` → `LoginFinish` → `SecondFactor` → [`Account::open`] with the vault and wraps of the
//! answer → fetch the user's own chain → [`Account::verify`]. Nothing is signed or boxed before `verify`.
//!
//! Not known here: the connection, the e-mail code, and when anything is sent.

use relais_chain::facts::{KeyringKind, KeyringRef, Owner};
use relais_chain::keyring::KeyringChain;
use relais_chain::link::{Author, Place};
use relais_chain::user::UserChain;
use relais_chain::user_body::UserBody;
use relais_chain::{ChainError, Signed, sign};
use relais_wire::account::{Recovery, Vault, Wrap};
use relais_wire::chains::{ChainKind, ChainLink, SealedBox};
use relais_wire::ids::{Bytes32, KeyringId, Seq, UserId};

use crate::entropy::{Entropy, draw};
use crate::error::{E2eeError, refuse};
use crate::keyring::{self, NewKeyring, Signer, Target};
use crate::opaque::{ExportKey, ServerKey};
use crate::recovery::{RecoveryCode, ServerHalf};
use crate::sealed::{DecKey, Recipient};
use crate::secret::{Secret, Seed};
use crate::signing::SigningSecret;
use crate::vault::{self, OwnKeyring, VaultContents};
use crate::wrap::{Opener, VaultKey, unwrap, wrap};

/// An open account: everything needed to act as the user.
#[derive(Debug)]
pub struct Account {
    contents: VaultContents,
    vault_key: VaultKey,
    version: Seq,
    place: Place,
}

/// Everything a registration sends besides names, codes and ids of its own, and the account it opens.
#[derive(Debug)]
pub struct NewAccount {
    /// The open account.
    pub account: Account,
    /// Root, create `U`, create `I`, vault: each is valid after those before it.
    pub links: Vec<ChainLink>,
    /// The box of `I`'s seed for `U`.
    pub boxes: Vec<SealedBox>,
    /// The first vault.
    pub vault: Vault,
    /// Wraps of the vault key: the opener's and the recovery code's.
    pub wraps: Vec<Wrap>,
    /// The server's part of the recovery code.
    pub recovery: Recovery,
    /// The user's part, to be shown once.
    pub code: RecoveryCode,
}

/// A vault written anew, and what goes with it in one commit.
#[derive(Debug)]
pub struct Rewritten {
    /// The vault.
    pub vault: Vault,
    /// Links of the user chain, in order.
    pub links: Vec<ChainLink>,
    /// All wraps of the vault key, when the key is new; otherwise empty, the old ones stay.
    pub wraps: Vec<Wrap>,
    /// The server's part of a new recovery code, when there is one.
    pub recovery: Option<Recovery>,
}

/// What opens the vault from now on besides the recovery code: one of them is the password or a key file.
pub type Openers<'a> = &'a [Opener<'a>];

/// Makes a whole new account.
///
/// `openers` are what the user will sign in with (the export key of the OPAQUE registration; a key file for a
/// service account); the recovery wrap is added. `server_key` is the key the OPAQUE registration met (zeros
/// for a service account without a password).
///
/// # Errors
/// Never in practice; the encoder's errors are passed on.
pub fn create(
    user: UserId,
    openers: Openers<'_>,
    server_key: ServerKey,
    ts_ms: u64,
    entropy: &mut dyn Entropy,
) -> Result<NewAccount, E2eeError> {
    let signing = SigningSecret::random(entropy);
    let code = RecoveryCode::random(entropy);
    let server_half = ServerHalf::random(entropy);
    let keyrings = own_keyrings(user, &signing, ts_ms, entropy)?;
    let root_body = UserBody::Root {
        key: signing.public(),
        personal: KeyringRef { id: keyrings.personal.id, first: keyrings.personal_link.link_hash() },
        inbox: KeyringRef { id: keyrings.inbox.id, first: keyrings.inbox_link.link_hash() },
        recovery: Some(code.auth().public().to_bytes()),
    };
    let first = Place::first(*user.as_bytes());
    let root = sign_own(&signing, user, first, ts_ms, &root_body)?;
    let contents = VaultContents {
        user,
        root: root.link_hash(),
        server_key,
        personal: keyrings.personal,
        inbox: keyrings.inbox,
        signing,
        recovery: Some(code.duplicate()),
    };
    let mut account = Account {
        contents,
        vault_key: VaultKey::random(entropy),
        version: Seq::ZERO,
        place: after(first, &root),
    };
    let mut wraps = account.wrap_for(openers, entropy)?;
    wraps.push(wrap(&account.vault_key, user, &Opener::Recovery(&code, &server_half), entropy)?);
    let (vault, vault_link) = account.write_vault(ts_ms, entropy)?;
    let links = vec![
        chain_link(ChainKind::User, *user.as_bytes(), &root)?,
        chain_link(ChainKind::Keyring, *account.personal().id.as_bytes(), &keyrings.personal_link)?,
        chain_link(ChainKind::Keyring, *account.inbox().id.as_bytes(), &keyrings.inbox_link)?,
        vault_link,
    ];
    let recovery = code.server_part(&server_half);
    Ok(NewAccount { account, links, boxes: keyrings.boxes, vault, wraps, recovery, code })
}

struct OwnKeyrings {
    personal: OwnKeyring,
    inbox: OwnKeyring,
    personal_link: Signed,
    inbox_link: Signed,
    boxes: Vec<SealedBox>,
}

fn own_keyrings(
    user: UserId,
    signing: &SigningSecret,
    ts_ms: u64,
    entropy: &mut dyn Entropy,
) -> Result<OwnKeyrings, E2eeError> {
    let signer = Signer { user, chain_seq: 1, capacity: None, key: signing.key(), ts_ms };
    let owner = Owner::User(user);
    let personal_id = KeyringId::from_bytes(draw(entropy));
    let personal = NewKeyring { id: personal_id, kind: KeyringKind::U, owner, paired: None };
    let (personal_made, personal_seed) = keyring::create(&personal, &[], &signer, entropy)?;
    let inbox_id = KeyringId::from_bytes(draw(entropy));
    let inbox = NewKeyring { id: inbox_id, kind: KeyringKind::I, owner, paired: None };
    let to_personal = Target {
        recipient: Recipient { keyring: personal_id, generation: 1 },
        key: DecKey::of(&personal_seed).public(),
    };
    let (inbox_made, inbox_seed) = keyring::create(&inbox, &[to_personal], &signer, entropy)?;
    Ok(OwnKeyrings {
        personal: OwnKeyring { id: personal_id, generation: 1, seed: personal_seed },
        inbox: OwnKeyring { id: inbox_id, generation: 1, seed: inbox_seed },
        personal_link: personal_made.link,
        inbox_link: inbox_made.link,
        boxes: inbox_made.boxes,
    })
}

impl Account {
    /// Opens a vault. The account is not to be used before [`Self::verify`].
    ///
    /// # Errors
    /// [`E2eeError::WrapMissing`]; [`E2eeError::WrapRejected`]; [`E2eeError::VaultRejected`];
    /// [`E2eeError::VaultMalformed`].
    pub fn open(user: UserId, vault: &Vault, wraps: &[Wrap], opener: &Opener<'_>) -> Result<Self, E2eeError> {
        let vault_key = unwrap(wraps, user, opener)?;
        let contents = VaultContents::open(vault, user, &vault_key)?;
        // A place that no chain has: whatever was signed at it before `verify` is refused by everybody.
        let place = Place { chain_id: *user.as_bytes(), seq: 0, prev: None };
        Ok(Self { contents, vault_key, version: vault.version, place })
    }

    /// Opens a newer vault under the same vault key (another device wrote it).
    ///
    /// # Errors
    /// [`E2eeError::VaultRolledBack`]; [`E2eeError::VaultRejected`]; [`E2eeError::VaultMalformed`].
    pub fn reload(&mut self, vault: &Vault) -> Result<(), E2eeError> {
        if vault.version < self.version {
            refuse(E2eeError::VaultRolledBack)?;
        }
        self.contents = VaultContents::open(vault, self.user(), &self.vault_key)?;
        self.version = vault.version;
        Ok(())
    }

    /// Checks the vault against the user's own verified chain, and the chain against the vault, and learns
    /// where the next link stands. Called again whenever the own chain has grown.
    ///
    /// # Errors
    /// [`E2eeError::ForeignChain`] when root or signing key differ; [`E2eeError::VaultRolledBack`];
    /// [`E2eeError::VaultHashMismatch`].
    pub fn verify(&mut self, vault: &Vault, chain: &UserChain) -> Result<(), E2eeError> {
        let own = chain.user() == self.user()
            && chain.fact().root == self.contents.root
            && chain.fact().personal.id == self.contents.personal.id
            && chain.fact().inbox.id == self.contents.inbox.id;
        if !own {
            refuse(E2eeError::ForeignChain)?;
        }
        vault::check_current(vault, chain)?;
        if vault.version != self.version || chain.key() != self.contents.signing.public() {
            refuse(E2eeError::ForeignChain)?;
        }
        self.place = chain.tail().next();
        Ok(())
    }

    /// Checks the vault's seeds of `U` and `I` against the verified chains of those keyrings. After it, what is
    /// boxed to them can be opened with this account.
    ///
    /// # Errors
    /// [`E2eeError::ForeignChain`] for other keyrings; [`ChainError::WrongGeneration`] when the vault holds
    /// another generation than the chain's newest; [`E2eeError::CommitMismatch`];
    /// [`E2eeError::EncKeyMismatch`].
    pub fn verify_keyrings(&self, personal: &KeyringChain, inbox: &KeyringChain) -> Result<(), E2eeError> {
        for (own, chain) in [(self.personal(), personal), (self.inbox(), inbox)] {
            if own.id != chain.id() || chain.owner() != Owner::User(self.user()) {
                return Err(E2eeError::ForeignChain);
            }
            if own.generation != chain.generation() {
                return Err(ChainError::WrongGeneration.into());
            }
            keyring::require_current(chain, &own.seed)?;
        }
        Ok(())
    }

    /// Compares the server's password key with the one pinned at registration.
    ///
    /// # Errors
    /// [`E2eeError::ServerKeyChanged`].
    pub fn check_server_key(&self, met: &ServerKey) -> Result<(), E2eeError> {
        if *met == self.contents.server_key { Ok(()) } else { refuse(E2eeError::ServerKeyChanged) }
    }

    /// Whose account it is.
    #[must_use]
    pub const fn user(&self) -> UserId {
        self.contents.user
    }

    /// Hash of the root link.
    #[must_use]
    pub const fn root(&self) -> Bytes32 {
        self.contents.root
    }

    /// The personal keyring `U`.
    #[must_use]
    pub const fn personal(&self) -> &OwnKeyring {
        &self.contents.personal
    }

    /// The inbox keyring `I`.
    #[must_use]
    pub const fn inbox(&self) -> &OwnKeyring {
        &self.contents.inbox
    }

    /// The signing key.
    #[must_use]
    pub const fn signing(&self) -> &SigningSecret {
        &self.contents.signing
    }

    /// The user's half of the recovery code, to show it again.
    #[must_use]
    pub const fn recovery_code(&self) -> Option<&RecoveryCode> {
        self.contents.recovery.as_ref()
    }

    /// Version of the vault.
    #[must_use]
    pub const fn vault_version(&self) -> Seq {
        self.version
    }

    /// Position of the newest link of the own chain: what entries and links of others name as
    /// `author_chain_seq`.
    #[must_use]
    pub const fn chain_seq(&self) -> u64 {
        self.place.seq.saturating_sub(1)
    }

    /// Signs links of keyrings and units, as oneself or in a capacity.
    #[must_use]
    pub const fn signer(&self, ts_ms: u64) -> Signer<'_> {
        Signer {
            user: self.contents.user,
            chain_seq: self.chain_seq(),
            capacity: None,
            key: self.contents.signing.key(),
            ts_ms,
        }
    }

    /// Signs the next link of the own chain. The account counts it as appended: when the server refuses it,
    /// fetch the chain and [`Self::verify`] again.
    ///
    /// # Errors
    /// [`E2eeError::ForeignChain`] before the account was verified; a [`ChainError`] when a value has no
    /// encoding.
    pub fn sign_own_link(&mut self, body: &UserBody, ts_ms: u64) -> Result<ChainLink, E2eeError> {
        if self.place.seq == 0 {
            return Err(E2eeError::ForeignChain);
        }
        let link = sign_own(&self.contents.signing, self.user(), self.place, ts_ms, body)?;
        self.place = after(self.place, &link);
        chain_link(ChainKind::User, *self.user().as_bytes(), &link)
    }

    /// Replaces the seed of `U` or `I` after a rotation; the vault must be written in the same commit.
    ///
    /// # Errors
    /// [`E2eeError::NoSeed`] for another keyring; [`ChainError::WrongGeneration`] unless it is the next one.
    pub fn rotated(&mut self, keyring: KeyringId, generation: u64, seed: Seed) -> Result<(), E2eeError> {
        let own = [&mut self.contents.personal, &mut self.contents.inbox];
        let own = own.into_iter().find(|own| own.id == keyring).ok_or(E2eeError::NoSeed)?;
        if generation != own.generation + 1 {
            return Err(ChainError::WrongGeneration.into());
        }
        own.generation = generation;
        own.seed = seed;
        Ok(())
    }

    /// Replaces the signing key: the `rotate` link, signed by the old key and proved by the new one. The vault
    /// must be written in the same commit.
    ///
    /// # Errors
    /// As [`Self::sign_own_link`].
    pub fn rotate_signing(
        &mut self,
        generation: u64,
        ts_ms: u64,
        entropy: &mut dyn Entropy,
    ) -> Result<ChainLink, E2eeError> {
        let fresh = SigningSecret::random(entropy);
        let proof = sign::key_proof(fresh.key(), &self.place);
        let body = UserBody::Rotate { generation, key: fresh.public(), proof };
        let link = self.sign_own_link(&body, ts_ms)?;
        self.contents.signing = fresh;
        Ok(link)
    }

    /// Writes the vault under the same vault key.
    ///
    /// # Errors
    /// As [`Self::sign_own_link`].
    pub fn rewrite(&mut self, ts_ms: u64, entropy: &mut dyn Entropy) -> Result<Rewritten, E2eeError> {
        let (vault, link) = self.write_vault(ts_ms, entropy)?;
        Ok(Rewritten { vault, links: vec![link], wraps: Vec::new(), recovery: None })
    }

    /// Writes the vault under a new vault key, for new openers and a new recovery code: after a change of
    /// password or a recovery. `server_key` is the key the new OPAQUE registration met.
    ///
    /// # Errors
    /// As [`Self::sign_own_link`].
    pub fn rekey(
        &mut self,
        openers: Openers<'_>,
        server_key: ServerKey,
        ts_ms: u64,
        entropy: &mut dyn Entropy,
    ) -> Result<Rewritten, E2eeError> {
        self.vault_key = VaultKey::random(entropy);
        self.contents.server_key = server_key;
        let (recovery, recovery_wrap, renewed) = self.new_code(ts_ms, entropy)?;
        let mut wraps = self.wrap_for(openers, entropy)?;
        wraps.push(recovery_wrap);
        let (vault, vault_link) = self.write_vault(ts_ms, entropy)?;
        Ok(Rewritten { vault, links: vec![renewed, vault_link], wraps, recovery: Some(recovery) })
    }

    /// Makes a new recovery code in a running session (SEC-11): the links, the new server part, the one wrap and the
    /// vault, which keeps the code to show it again, go into one commit.
    ///
    /// # Errors
    /// As [`Self::sign_own_link`].
    pub fn renew_recovery(&mut self, ts_ms: u64, entropy: &mut dyn Entropy) -> Result<Rewritten, E2eeError> {
        let (recovery, recovery_wrap, renewed) = self.new_code(ts_ms, entropy)?;
        let (vault, vault_link) = self.write_vault(ts_ms, entropy)?;
        Ok(Rewritten {
            vault,
            links: vec![renewed, vault_link],
            wraps: vec![recovery_wrap],
            recovery: Some(recovery),
        })
    }

    /// A wrap of the vault key for one more opener: a passkey.
    ///
    /// # Errors
    /// [`E2eeError::TooLong`].
    pub fn wrap_also(&self, opener: &Opener<'_>, entropy: &mut dyn Entropy) -> Result<Wrap, E2eeError> {
        wrap(&self.vault_key, self.user(), opener, entropy)
    }

    fn new_code(
        &mut self,
        ts_ms: u64,
        entropy: &mut dyn Entropy,
    ) -> Result<(Recovery, Wrap, ChainLink), E2eeError> {
        let code = RecoveryCode::random(entropy);
        let half = ServerHalf::random(entropy);
        let recovery_wrap = wrap(&self.vault_key, self.user(), &Opener::Recovery(&code, &half), entropy)?;
        let body = UserBody::RecoveryRenewed { recovery: code.auth().public().to_bytes() };
        let link = self.sign_own_link(&body, ts_ms)?;
        let part = code.server_part(&half);
        self.contents.recovery = Some(code);
        Ok((part, recovery_wrap, link))
    }

    fn wrap_for(&self, openers: Openers<'_>, entropy: &mut dyn Entropy) -> Result<Vec<Wrap>, E2eeError> {
        openers.iter().map(|opener| wrap(&self.vault_key, self.user(), opener, entropy)).collect()
    }

    fn write_vault(
        &mut self,
        ts_ms: u64,
        entropy: &mut dyn Entropy,
    ) -> Result<(Vault, ChainLink), E2eeError> {
        let vault = self.contents.seal(&self.vault_key, self.version.next(), entropy)?;
        let link = self.sign_own_link(&vault::link_body(&vault), ts_ms)?;
        self.version = vault.version;
        Ok((vault, link))
    }
}

/// Reads the server's half out of a recovery's answer.
///
/// # Errors
/// [`E2eeError::CodeMalformed`] when it has another length.
pub fn server_half(bytes: &[u8]) -> Result<ServerHalf, E2eeError> {
    Secret::from_slice(bytes).ok_or(E2eeError::CodeMalformed)
}

/// Reads an export key that a caller kept as bytes.
///
/// # Errors
/// [`E2eeError::OpaqueMalformed`] when it has another length.
pub fn export_key(bytes: &[u8]) -> Result<ExportKey, E2eeError> {
    Secret::from_slice(bytes).ok_or(E2eeError::OpaqueMalformed)
}

fn sign_own(
    signing: &SigningSecret,
    user: UserId,
    place: Place,
    ts_ms: u64,
    body: &UserBody,
) -> Result<Signed, E2eeError> {
    let author = Author { user, chain_seq: place.seq.saturating_sub(1), capacity: None };
    Ok(sign::link(signing.key(), place, author, ts_ms, body)?)
}

fn after(place: Place, link: &Signed) -> Place {
    Place { seq: place.seq + 1, prev: Some(link.link_hash()), ..place }
}

fn chain_link(chain: ChainKind, id: [u8; 16], link: &Signed) -> Result<ChainLink, E2eeError> {
    let id = relais_wire::ids::ObjectId::from_bytes(id);
    Ok(ChainLink { chain, id, link: link.to_bytes()?.into() })
}

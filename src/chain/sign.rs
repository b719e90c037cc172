//! Making signed objects with a private key in hand: for clients, generators of vectors and tests. The
//! server never calls this.
//!
//! Not known here: where the key comes from.

use ed25519_dalek::{Signer as _, SigningKey};

use crate::control::{Control, accept_statement};
use crate::entry::EntryCore;
use crate::envelope::Signed;
use crate::error::ChainError;
use crate::hash::{self, LABEL_ACCEPT, LABEL_MSG, LABEL_RESET, LABEL_ROTATE};
use crate::keys::{PublicKey, labelled};
use crate::link::{Author, LinkBody, LinkCore, Place};
use crate::user_body::key_statement;
use relais_wire::ids::{Bytes32, MsgId, ThreadId, UserId};

/// Signs `label || 0x00 || bytes`.
#[must_use]
pub fn sign(key: &SigningKey, label: &str, bytes: &[u8]) -> [u8; 64] {
    key.sign(&labelled(label, bytes)).to_bytes()
}

/// Signs a core and payload that are already encoded.
#[must_use]
pub fn seal(key: &SigningKey, label: &str, core: Vec<u8>, payload: Vec<u8>) -> Signed {
    let sig = sign(key, label, &hash::signed_bytes(&core, &hash::sha256(&payload)));
    Signed::whole(core, payload, sig)
}

/// Signs a link of a user, keyring or unit chain.
///
/// # Errors
/// When a value has no encoding.
pub fn link<B: LinkBody>(
    key: &SigningKey,
    place: Place,
    author: Author,
    ts_ms: u64,
    body: &B,
) -> Result<Signed, ChainError> {
    let core = LinkCore { chain_type: B::TYPE, place, kind: body.kind(), author, ts_ms };
    Ok(seal(key, B::TYPE.label(), core.to_bytes()?, body.to_bytes()?))
}

/// The new key's proof in a `rotate` or `recovery_reset` link that will stand at `place`.
#[must_use]
pub fn key_proof(new_key: &SigningKey, place: &Place) -> [u8; 64] {
    let public = PublicKey::from(new_key.verifying_key());
    sign(new_key, LABEL_ROTATE, &key_statement(place, &public))
}

/// An administrator's approval of a `recovery_reset` link that will stand at `place`.
#[must_use]
pub fn reset_approval(admin_key: &SigningKey, place: &Place, new_key: &PublicKey) -> [u8; 64] {
    sign(admin_key, LABEL_RESET, &key_statement(place, new_key))
}

/// Signs a message: `ciphertext` is its payload.
///
/// # Errors
/// When a value has no encoding.
pub fn message(key: &SigningKey, core: &EntryCore, ciphertext: Vec<u8>) -> Result<Signed, ChainError> {
    Ok(seal(key, LABEL_MSG, core.to_bytes()?, ciphertext))
}

/// Signs a control entry. The core's kind is taken from what is said.
///
/// # Errors
/// When a value has no encoding.
pub fn control(key: &SigningKey, core: &EntryCore, control: &Control) -> Result<Signed, ChainError> {
    let core = EntryCore { kind: control.kind(), ..core.clone() };
    Ok(seal(key, LABEL_MSG, core.to_bytes()?, control.to_bytes()?))
}

/// The invitation key's proof in an `accept` entry.
#[must_use]
pub fn accept_proof(
    invite_key: &SigningKey,
    thread: ThreadId,
    invite: MsgId,
    user: UserId,
    root: &Bytes32,
) -> [u8; 64] {
    sign(invite_key, LABEL_ACCEPT, &accept_statement(thread, invite, user, root))
}

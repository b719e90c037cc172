//! Making signed objects with a private key in hand: for clients, generators of vectors and tests. The
//! server never calls this.
//!
//! Not known here: where the key comes from.

use ed25519_dalek::{Signer as _, SigningKey};

use crate::envelope::Signed;
use crate::hash;
use crate::keys::labelled;

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

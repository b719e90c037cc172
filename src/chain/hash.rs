//! Labels and hashes. Every hash is SHA-256 over `label || 0x00 || …`, except the plain hashes of a payload
//! and of a box, which are over the bytes alone.
//!
//! | value | bytes hashed |
//! |---|---|
//! | payload hash | `payload` |
//! | box hash `H(box)` | `enc || ciphertext` as stored |
//! | link | `relais/v1/link` 0 `core || SHA-256(payload) || sig` |
//! | entry | `relais/v1/entry` 0 `core || SHA-256(payload) || sig` |
//! | head 0 | `relais/v1/thread` 0 `thread_id` |
//! | head n | `relais/v1/head` 0 `head(n-1) || u64 big-endian n || entry(n)` |
//! | commitment | `relais/v1/commit/<what>` 0 `salt(16) || text` |

use relais_wire::ids::{Bytes32, ThreadId};
use sha2::{Digest as _, Sha256};

/// Label of a thread entry's signature.
pub const LABEL_MSG: &str = "relais/v1/msg";
/// Label of a user chain link's signature.
pub const LABEL_USER: &str = "relais/v1/user";
/// Label of a keyring link's signature.
pub const LABEL_KEYRING: &str = "relais/v1/keyring";
/// Label of a unit link's signature.
pub const LABEL_UNIT: &str = "relais/v1/unit";
/// Label of a new signing key's proof of possession.
pub const LABEL_ROTATE: &str = "relais/v1/rotate";
/// Label of an approval of a reset.
pub const LABEL_RESET: &str = "relais/v1/reset";
/// Label of an acceptance by an invitation key.
pub const LABEL_ACCEPT: &str = "relais/v1/accept";

/// SHA-256 of the bytes alone: payloads, boxes, snapshots.
#[must_use]
pub fn sha256(bytes: &[u8]) -> Bytes32 {
    Bytes32::from_bytes(Sha256::digest(bytes).into())
}

/// `H(box)`: the hash a link or epoch names for a staged box.
#[must_use]
pub fn box_hash(sealed: &[u8]) -> Bytes32 {
    sha256(sealed)
}

/// SHA-256 of `label || 0x00 || parts…`.
#[must_use]
pub fn labelled(label: &str, parts: &[&[u8]]) -> Bytes32 {
    let mut hasher = Sha256::new();
    hasher.update(label.as_bytes());
    hasher.update([0]);
    for part in parts {
        hasher.update(part);
    }
    Bytes32::from_bytes(hasher.finalize().into())
}

/// Hash of a link of a user, keyring or unit chain.
#[must_use]
pub fn link(core: &[u8], payload_hash: &Bytes32, sig: &[u8; 64]) -> Bytes32 {
    labelled("relais/v1/link", &[core, payload_hash.as_bytes(), sig])
}

/// Hash of a thread entry.
#[must_use]
pub fn entry(core: &[u8], payload_hash: &Bytes32, sig: &[u8; 64]) -> Bytes32 {
    labelled("relais/v1/entry", &[core, payload_hash.as_bytes(), sig])
}

/// Head of a thread before its first entry.
#[must_use]
pub fn head_zero(thread: ThreadId) -> Bytes32 {
    labelled("relais/v1/thread", &[thread.as_bytes()])
}

/// Head of a thread after its entry `n`.
#[must_use]
pub fn head(before: &Bytes32, n: u64, entry: &Bytes32) -> Bytes32 {
    labelled("relais/v1/head", &[before.as_bytes(), &n.to_be_bytes(), entry.as_bytes()])
}

/// Commitment to a text that must be erasable: the chain holds only this; text and salt stand beside it.
#[must_use]
pub fn commitment(what: &str, salt: &[u8; 16], text: &str) -> Bytes32 {
    labelled(&format!("relais/v1/commit/{what}"), &[salt, text.as_bytes()])
}

/// What a signature of a signed object covers, after its label: `u32 big-endian len(core) || core ||
/// SHA-256(payload)`.
#[must_use]
pub fn signed_bytes(core: &[u8], payload_hash: &Bytes32) -> Vec<u8> {
    // A core is bounded far below 4 GiB when it is parsed; a longer one has no valid signature.
    let len = u32::try_from(core.len()).unwrap_or(u32::MAX);
    let mut bytes = Vec::with_capacity(4 + core.len() + 32);
    bytes.extend_from_slice(&len.to_be_bytes());
    bytes.extend_from_slice(core);
    bytes.extend_from_slice(payload_hash.as_bytes());
    bytes
}

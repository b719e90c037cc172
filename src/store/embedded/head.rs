//! The running hash of a thread: `head_n = SHA-256("relais/v1/head\0" || head_{n-1} || u64be(n) || entry_n)`,
//! from all zeros before the first entry.

use relais_wire::ids::{Bytes32, Seq};
use sha2::{Digest, Sha256};

/// Head before the first entry.
pub(crate) const NONE: Bytes32 = Bytes32::from_bytes([0; 32]);

/// The head after entry `n` with that hash.
pub(crate) fn next(previous: Bytes32, n: Seq, entry: Bytes32) -> Bytes32 {
    let mut hash = Sha256::new();
    hash.update(b"relais/v1/head\0");
    hash.update(previous.as_bytes());
    hash.update(n.get().to_be_bytes());
    hash.update(entry.as_bytes());
    Bytes32::from_bytes(hash.finalize().into())
}

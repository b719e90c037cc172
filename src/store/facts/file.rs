//! Ciphertext blobs of exchanged files: the record beside the bytes, which [`crate::blobs`] keeps.

use relais_wire::ids::{BlobId, Bytes32, UserId};

/// Where a blob stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BlobState {
    /// Announced; its bytes are on the way. May not be referenced.
    Uploading,
    /// All bytes are durable and hashed.
    Complete {
        /// Bytes of ciphertext.
        size: u64,
        /// SHA-256 of the whole ciphertext.
        hash: Bytes32,
        /// When, in server milliseconds.
        at_ms: u64,
    },
}

/// A blob.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BlobRecord {
    /// Its id.
    pub blob: BlobId,
    /// Who uploaded it.
    pub owner: UserId,
    /// Where it stands.
    pub state: BlobState,
    /// When it was announced, in server milliseconds.
    pub created_ms: u64,
}

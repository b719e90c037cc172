//! Ciphertext files. Their bytes go by `PUT` and `GET /api/v1/files/<blob>`; these requests are about them.
//!
//! Not known here: names, types and keys, which are inside the encrypted message.

use serde::{Deserialize, Serialize};

use crate::ids::{BlobId, Bytes32};
use crate::scalar::ByteSize;

/// Asks how far an upload has come.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct GetBlob {
    /// Which.
    pub blob: BlobId,
}

/// Answer to [`GetBlob`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct BlobCard {
    /// Whether all of it is durable.
    pub complete: bool,
    /// Bytes of the ciphertext.
    pub bytes: ByteSize,
    /// SHA-256 of the ciphertext, once complete.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub hash: Option<Bytes32>,
}

//! Decodes a request of any carrier into what services take.
//!
//! Not known here: who asks, and on which carrier.

use relais_wire::{Bytes32, DecodeError, ErrorCode, Refusal, Request};
use sha2::{Digest as _, Sha256};

use crate::services::Incoming;

/// Decodes the MessagePack body of a request with this number.
///
/// # Errors
/// A refusal to be sent as it is.
pub(crate) fn decode(kind: u16, body: &[u8]) -> Result<Incoming, Refusal> {
    let request = Request::decode(kind, body).map_err(|error| refusal(&error))?;
    Ok(Incoming { request, hash: hash(kind, body) })
}

/// Decodes the JSON body of a request with this number.
///
/// # Errors
/// A refusal to be sent as it is.
pub(crate) fn decode_json(kind: u16, body: serde_json::Value) -> Result<Incoming, Refusal> {
    // The text with sorted keys stands for the exact bytes: JSON clients cannot promise a byte order.
    let text = body.to_string();
    let request = Request::deserialize_as(kind, body).map_err(|_| Refusal::new(ErrorCode::Malformed))?;
    let request = request.ok_or_else(|| Refusal::new(ErrorCode::UnknownType))?;
    Ok(Incoming { request, hash: hash(kind, text.as_bytes()) })
}

fn refusal(error: &DecodeError) -> Refusal {
    Refusal::new(match error {
        DecodeError::UnknownKind(_) => ErrorCode::UnknownType,
        DecodeError::Body | DecodeError::WrongClass => ErrorCode::Malformed,
    })
}

fn hash(kind: u16, body: &[u8]) -> Bytes32 {
    let mut hash = Sha256::new();
    hash.update(kind.to_be_bytes());
    hash.update(body);
    Bytes32::from_bytes(hash.finalize().into())
}

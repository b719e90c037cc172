//! Bodies: MessagePack maps with named fields, one value and nothing after it.
//!
//! Not known here: which types there are.

use std::io::Cursor;

use serde::Serialize;
use serde::de::DeserializeOwned;

/// Depth of nesting beyond which a body is refused; no type of the protocol nests deeper than six.
const DEPTH_MAX: usize = 16;

/// Why a body is not what its header says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DecodeError {
    /// No type with this number in this version.
    #[error("unknown type {0:#06x}")]
    UnknownKind(u16),
    /// The body is not MessagePack, misses a field, has a field of another type or out of range, or goes on
    /// after its end. The value itself is never shown.
    #[error("the body does not fit its type")]
    Body,
    /// The frame is of another class.
    #[error("frame of another class")]
    WrongClass,
}

/// Encodes a body.
///
/// # Panics
/// Never: the types of this crate hold nothing that MessagePack cannot.
#[must_use]
pub fn encode<T: Serialize + ?Sized>(body: &T) -> Vec<u8> {
    rmp_serde::to_vec_named(body).expect("wire types hold only maps, arrays, text, bytes and integers")
}

/// Decodes a body.
///
/// # Errors
/// [`DecodeError::Body`].
pub fn decode<T: DeserializeOwned>(body: &[u8]) -> Result<T, DecodeError> {
    decode_with(body, |deserializer| T::deserialize(deserializer))
}

/// Decodes a body with a function that picks the type.
pub(crate) fn decode_with<'b, T>(
    body: &'b [u8],
    read: impl for<'a> FnOnce(&'a mut MessagePack<'b>) -> Result<T, rmp_serde::decode::Error>,
) -> Result<T, DecodeError> {
    let mut deserializer = rmp_serde::Deserializer::new(Cursor::new(body));
    deserializer.set_max_depth(DEPTH_MAX);
    let value = read(&mut deserializer).map_err(|_| DecodeError::Body)?;
    let read_to_the_end = usize::try_from(deserializer.position()).is_ok_and(|at| at == body.len());
    if read_to_the_end { Ok(value) } else { Err(DecodeError::Body) }
}

type MessagePack<'b> = rmp_serde::Deserializer<rmp_serde::decode::ReadReader<Cursor<&'b [u8]>>>;

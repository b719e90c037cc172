//! The vocabulary that every part of Relais speaks: ids, frames, requests, replies, events, error and close
//! codes, and the limits they obey; bytes to enums and back.
//!
//! Invariant: this crate knows no clock, no log, no socket and no task, and it does not know what a signed
//! object says: chain links, thread entries, boxes and vaults cross it as opaque bytes that are never
//! re-encoded.
//!
//! Bodies are MessagePack maps with *named* fields; a field that is not known is skipped, a field that is
//! missing is an error unless it is optional. On the JSON carrier the same structs are used, with binary
//! fields in base64 and ids in hexadecimal.

pub mod account;
pub mod calls;
pub mod chains;
pub mod codec;
pub mod codes;
pub mod control;
mod control_table;
pub mod directory;
mod event;
pub mod events;
pub mod files;
pub mod frame;
pub mod ids;
pub mod limits;
mod reply;
mod request;
pub mod scalar;
pub mod sframe;
pub mod streams;
pub mod threads;

pub use codec::DecodeError;
pub use codes::{CloseCode, ErrorCode, Refusal, Stale};
pub use control_table::Control;
pub use event::{Event, Lane};
pub use frame::{Class, Frame, FrameError, Header, StreamTag, encode_frame};
pub use ids::*;
pub use reply::{Reply, decode_reply, encode_reply};
pub use request::{Call, Request};
pub use scalar::{Bin, ByteSize, Millis, Private};

/// Name of the WebSocket subprotocol.
pub const SUBPROTOCOL: &str = "relais.v1";

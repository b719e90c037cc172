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

pub mod ids;

pub use ids::{
    BlobId, Bytes32, ConnId, DeviceId, Epoch, FileId, IdemKey, InviteId, KeyringId, LoginId, MsgId, OrgId,
    Seq, SessionId, ThreadId, UnitId, UserId,
};

//! What services tell sockets: committed stream entries, hints, and the end of sessions.
//!
//! Not known here: which sockets there are.

use bytes::Bytes;
use relais_wire::{
    CloseCode,
    ids::{OrgId, Seq, SessionId, UserId},
};

/// One committed entry of one user's stream. The body is encoded once and shared by all recipients.
#[derive(Clone, Debug)]
pub struct Delivery {
    /// Whose stream.
    pub user: UserId,
    /// Which of them: an organization's, or the personal one.
    pub context: Option<OrgId>,
    /// The entry's number.
    pub seq: Seq,
    /// Number of the event type.
    pub kind: u16,
    /// Body of the event, MessagePack.
    pub body: Bytes,
}

/// A hint outside the streams: may be lost, never stored.
#[derive(Clone, Debug)]
pub struct Hint {
    /// To whom.
    pub users: Vec<UserId>,
    /// Number of the event type; its lane follows from it.
    pub kind: u16,
    /// What it is about, such as a thread: on the keyed lane a hint replaces the one about the same thing and
    /// person.
    pub about: [u8; 16],
    /// Whose it is, such as a user's.
    pub whose: [u8; 16],
    /// Server time after which it is worthless; `None` = never.
    pub expires_ms: Option<u64>,
    /// Body of the event, MessagePack.
    pub body: Bytes,
}

/// Ends sockets of a user.
#[derive(Clone, Copy, Debug)]
pub struct End {
    /// Whose.
    pub user: UserId,
    /// Which session; `None` = all of them.
    pub session: Option<SessionId>,
    /// What the client is told.
    pub code: CloseCode,
}

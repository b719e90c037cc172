//! Greeting, sign-on, heartbeat and resynchronisation.
//!
//! The server speaks first: [`Greeting`] with a fresh nonce. The client answers with [`Hello`], which proves
//! the session key over that nonce and its cursors; the server answers with [`Welcome`], then the entries
//! after each cursor, then [`CaughtUp`] for each stream, or [`Resync`] where it cannot continue from a cursor.
//!
//! Not known here: how the proof is computed (HMAC-SHA-256 over [`proof_input`]) or checked.

use serde::{Deserialize, Serialize};

use crate::frame::StreamTag;
use crate::ids::{Epoch, OrgId, Seq, SessionId};
use crate::limits;
use crate::scalar::{Bin, ByteSize, Millis};

/// What the proof of a `Hello` is computed over starts with this label and a zero byte.
pub const HELLO_LABEL: &str = "relais/v1/hello";

/// What the proof of an HTTP request is computed over starts with this label and a zero byte.
pub const HTTP_LABEL: &str = "relais/v1/http";

/// First message of the server on a connection.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct Greeting {
    /// 32 random bytes, never used twice.
    pub nonce: Bin,
    /// Server time.
    pub now: Millis,
}

/// First message of the client.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct Hello {
    /// The session to resume, or nothing to sign in on this connection.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub session: Option<HelloSession>,
}

/// A session that connects.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct HelloSession {
    /// The session.
    pub session: SessionId,
    /// Number of the ticket key that the session key was derived from.
    pub kid: u32,
    /// `HMAC-SHA-256(session key, proof_input(…))`.
    pub proof: Bin,
    /// The ticket of the last `Welcome` or sign-in; without it the server reads the session from its store.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub ticket: Option<Bin>,
    /// The organization to follow, with its cursor; absent: the personal stream only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub org: Option<OrgCursor>,
    /// The cursor of the personal stream; absent: start with a snapshot.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub personal: Option<Cursor>,
}

/// A position in a stream, and the history it belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct Cursor {
    /// The store's epoch at the time.
    pub epoch: Epoch,
    /// The last entry that was applied.
    pub seq: Seq,
}

/// The organization in focus and where its stream was left.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct OrgCursor {
    /// The organization.
    pub org: OrgId,
    /// The cursor; absent: start with a snapshot.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub cursor: Option<Cursor>,
}

/// The bytes that prove a `Hello`: label, zero byte, nonce, session, key number (u32, big endian), then for
/// the organization and the personal stream: a byte 0 (absent), 1 (without cursor) or 2 (with cursor), for
/// the organization its id, and with a cursor its epoch and number (u64, big endian).
#[must_use]
pub fn proof_input(nonce: &[u8], hello: &HelloSession) -> Vec<u8> {
    fn cursor(out: &mut Vec<u8>, cursor: &Cursor) {
        out.extend_from_slice(cursor.epoch.as_bytes());
        out.extend_from_slice(&cursor.seq.get().to_be_bytes());
    }
    let mut out = Vec::with_capacity(192);
    out.extend_from_slice(HELLO_LABEL.as_bytes());
    out.push(0);
    out.extend_from_slice(nonce);
    out.extend_from_slice(hello.session.as_bytes());
    out.extend_from_slice(&hello.kid.to_be_bytes());
    match &hello.org {
        None => out.push(0),
        Some(org) => {
            out.push(if org.cursor.is_some() { 2 } else { 1 });
            out.extend_from_slice(org.org.as_bytes());
            if let Some(at) = &org.cursor {
                cursor(&mut out, at);
            }
        }
    }
    match &hello.personal {
        None => out.push(0),
        Some(at) => {
            out.push(2);
            cursor(&mut out, at);
        }
    }
    out
}

/// The bytes that prove an HTTP request: label, zero byte, method, zero byte, path with query, zero byte,
/// time (u64 ms, big endian), SHA-256 of the body (for an upload: the announced hash). The proof travels as
/// `Authorization: Relais <session hex>.<kid>.<time>.<HMAC hex>`.
#[must_use]
pub fn http_proof_input(method: &str, path: &str, time: Millis, body_sha256: &[u8; 32]) -> Vec<u8> {
    let mut out = Vec::with_capacity(HTTP_LABEL.len() + method.len() + path.len() + 48);
    for part in [HTTP_LABEL, method, path] {
        out.extend_from_slice(part.as_bytes());
        out.push(0);
    }
    out.extend_from_slice(&time.get().to_be_bytes());
    out.extend_from_slice(body_sha256);
    out
}

/// The server's answer to a valid `Hello`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct Welcome {
    /// The store's history; a cursor of another epoch is worthless.
    pub epoch: Epoch,
    /// Server time.
    pub now: Millis,
    /// Head of the followed organization's stream.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub org_head: Option<Seq>,
    /// Head of the personal stream; absent on a connection that signs in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub personal_head: Option<Seq>,
    /// For the next `Hello` within ten minutes after this connection ends.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub ticket: Option<Bin>,
    /// A newer session key, when the ticket key has been rotated since the one that was proved.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub rekey: Option<SessionKey>,
    /// Bounds of this server that a client plans with.
    pub limits: Limits,
}

/// A session key and the number of the ticket key it was derived from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct SessionKey {
    /// Number of the ticket key.
    pub kid: u32,
    /// `HMAC-SHA-256(ticket key, session id)`; held as a non-extractable HMAC key where the platform can.
    pub key: Bin,
}

/// Bounds that a client plans with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct Limits {
    /// Bytes of one frame on this connection.
    pub frame_bytes: u32,
    /// Requests under way at once.
    pub requests_in_flight: u32,
    /// Bytes of one file's ciphertext.
    pub file_bytes: ByteSize,
    /// Milliseconds between heartbeats, before jitter.
    pub ping_interval: Millis,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            frame_bytes: u32::try_from(limits::FRAME_BYTES_MAX).expect("64 KiB fits"),
            requests_in_flight: u32::try_from(limits::REQUESTS_IN_FLIGHT_MAX).expect("a small number fits"),
            file_bytes: ByteSize::saturating(limits::FILE_BYTES_MAX),
            ping_interval: Millis::saturating(limits::PING_INTERVAL_MS),
        }
    }
}

/// Heartbeat of the server, with the heads so that a client can tell that it missed something.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct Ping {
    /// Server time.
    pub now: Millis,
    /// Head of the followed organization's stream.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub org: Option<Seq>,
    /// Head of the personal stream.
    pub personal: Seq,
}

/// The client's answer: what it has applied, durably where it keeps anything. This is the delivery receipt.
/// A client may also send it unasked, at most once a second.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct Pong {
    /// Last applied entry of the followed organization's stream.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub org: Option<Seq>,
    /// Last applied entry of the personal stream.
    pub personal: Seq,
}

/// Everything up to `seq` of a stream has been sent; what follows is live.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct CaughtUp {
    /// Which stream.
    pub stream: Followed,
    /// The last entry sent.
    pub seq: Seq,
}

/// The stream cannot be continued from the client's cursor: read a snapshot, which carries the cursor it was
/// cut at, then send `Focus` (organization) or `FollowPersonal` with it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct Resync {
    /// Which stream.
    pub stream: Followed,
    /// Why.
    pub reason: ResyncReason,
}

/// A followed stream, in a body.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub enum Followed {
    /// The organization in focus.
    Org,
    /// The personal one.
    Personal,
}

impl From<StreamTag> for Followed {
    fn from(tag: StreamTag) -> Self {
        match tag {
            StreamTag::Org => Self::Org,
            StreamTag::Personal => Self::Personal,
        }
    }
}

impl From<Followed> for StreamTag {
    fn from(followed: Followed) -> Self {
        match followed {
            Followed::Org => Self::Org,
            Followed::Personal => Self::Personal,
        }
    }
}

/// Why a stream cannot be continued.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub enum ResyncReason {
    /// The client has no cursor yet.
    NoCursor,
    /// The cursor is of another epoch: the store was restored from a backup.
    OtherEpoch,
    /// The cursor is ahead of the stream: the client has seen what this store has not.
    Ahead,
    /// The entries after the cursor are no longer kept.
    TooOld,
}

#[cfg(test)]
mod tests {
    use super::{Cursor, HelloSession, OrgCursor, proof_input};
    use crate::ids::{Epoch, OrgId, Seq, SessionId};
    use crate::scalar::Bin;

    fn hello() -> HelloSession {
        HelloSession {
            session: SessionId::from_bytes([1; 16]),
            kid: 7,
            proof: Bin::default(),
            ticket: None,
            org: None,
            personal: None,
        }
    }

    #[test]
    fn no_two_hellos_share_a_proof() {
        let at = Cursor { epoch: Epoch::from_bytes([2; 16]), seq: Seq::new(9).unwrap() };
        let org = OrgId::from_bytes([3; 16]);
        let variants = [
            hello(),
            HelloSession { kid: 8, ..hello() },
            HelloSession { personal: Some(at), ..hello() },
            HelloSession { org: Some(OrgCursor { org, cursor: None }), ..hello() },
            HelloSession { org: Some(OrgCursor { org, cursor: Some(at) }), ..hello() },
        ];
        for (i, a) in variants.iter().enumerate() {
            for b in &variants[i + 1..] {
                assert_ne!(proof_input(&[0; 32], a), proof_input(&[0; 32], b));
            }
            assert_ne!(proof_input(&[0; 32], a), proof_input(&[1; 32], a));
        }
    }
}

//! Error codes of refusals and close codes of connections. Numbers are never reused; the interface has words
//! for each in both languages.
//!
//! Not known here: the words.

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::ids::{Bytes32, KeyringId, Seq};
use crate::scalar::Millis;

/// Declares the number table of a code enum once, both ways.
macro_rules! code_table {
    ($name:ident: $repr:ty { $($variant:ident = $value:literal),* $(,)? }) => {
        impl $name {
            /// Every known code, in ascending order.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];

            /// The number on the wire.
            #[must_use]
            pub const fn code(self) -> $repr {
                match self { $(Self::$variant => $value,)* Self::Unknown(code) => code }
            }

            /// The code with this number; [`Self::Unknown`] when a newer peer sent one that is not known here.
            #[must_use]
            pub const fn from_code(code: $repr) -> Self {
                match code { $($value => Self::$variant,)* other => Self::Unknown(other) }
            }
        }
    };
}

/// Why a request was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ErrorCode {
    /// The body does not decode, or a field is out of its range.
    Malformed,
    /// No such request type in this version.
    UnknownType,
    /// The request, or something in it, is over its limit.
    TooLarge,
    /// The request needs a session.
    Unauthenticated,
    /// The session has ended by time.
    SessionExpired,
    /// The session, device or account was revoked or suspended.
    Revoked,
    /// Unknown login or wrong password: never said which.
    WrongCredentials,
    /// The code is not the one that was sent.
    CodeWrong,
    /// The code's time is over, or the sign-in it belongs to.
    CodeExpired,
    /// Too many wrong codes or passwords; start again after `retry_after`.
    TooManyTries,
    /// Too many requests; come back after `retry_after`.
    Throttled,
    /// This instance takes members by invitation only.
    InviteNeeded,
    /// The invitation is unknown, used, withdrawn or expired.
    InviteInvalid,
    /// The right for it is missing.
    Forbidden,
    /// It does not exist, or not for this user: never said which.
    NotFound,
    /// Somebody else was first: read again and retry (compare-and-set lost).
    Conflict,
    /// The epoch, keyring generation or head the request builds on is not the current one; `stale` says which.
    Stale,
    /// The thread is closed (THR-03).
    Closed,
    /// The idempotency key was used for other bytes.
    IdempotencyMismatch,
    /// A signed object breaks a rule of its chain; `chain_code` says which.
    ChainRefused,
    /// A named count or size limit is reached.
    LimitReached,
    /// A box that the link or epoch names was not staged.
    BoxMissing,
    /// The server is over its bound; come back after `retry_after`.
    Overloaded,
    /// Something the server needs does not answer; come back after `retry_after`.
    Unavailable,
    /// The disk is full: nothing was accepted, nothing is lost.
    StorageFull,
    /// A bug of the server; it was counted and nothing was accepted.
    Internal,
    /// Known, but not built yet.
    NotSupported,
    /// The hash or size of an uploaded file is not what was announced.
    ContentMismatch,
    /// A waiting period set by policy is not over; come back after `retry_after`.
    CoolingDown,
    /// Another device, or a colleague of the team, answered first (Q33).
    AnsweredElsewhere,
    /// The call is over, or does not ring for this user any more.
    CallOver,
    /// The user is in another call, which they leave first.
    InAnotherCall,
    /// The thread has a call under way, which is to be joined.
    CallUnderWay,
    /// There is nobody to ring.
    NobodyToRing,
    /// A code of a newer version.
    Unknown(u16),
}

code_table!(ErrorCode: u16 {
    Malformed = 1, UnknownType = 2, TooLarge = 3,
    Unauthenticated = 10, SessionExpired = 11, Revoked = 12, WrongCredentials = 13, CodeWrong = 14,
    CodeExpired = 15, TooManyTries = 16, Throttled = 17, InviteNeeded = 18, InviteInvalid = 19, CoolingDown = 20,
    Forbidden = 30, NotFound = 31, Conflict = 32, Stale = 33, Closed = 34, IdempotencyMismatch = 35,
    ChainRefused = 36, LimitReached = 37, BoxMissing = 38, ContentMismatch = 39,
    AnsweredElsewhere = 40, CallOver = 41, InAnotherCall = 42,
    CallUnderWay = 43, NobodyToRing = 44,
    Overloaded = 50, Unavailable = 51, StorageFull = 52, Internal = 53, NotSupported = 54,
});

impl ErrorCode {
    /// Whether the same bytes may succeed later without anybody doing anything else.
    #[must_use]
    pub const fn is_transient(self) -> bool {
        matches!(
            self,
            Self::Throttled | Self::Overloaded | Self::Unavailable | Self::StorageFull | Self::Internal
        )
    }
}

/// Why the server ended a connection. Below 4500 the client comes back after the delay that the close
/// reason carries (decimal milliseconds); from 4500 on it must first change something.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CloseCode {
    /// The server is going away; each client gets its own delay so that they do not all return at once.
    Draining,
    /// No byte was taken for 30 s.
    TooSlow,
    /// The node is over its bound.
    Overloaded,
    /// What was due did not come in time: the answer to a heartbeat, the `Hello`, the end of a sign-in.
    PingTimeout,
    /// The same session connected again; this connection is the older one.
    Replaced,
    /// The store is not available.
    Unavailable,
    /// A room or shard of the server was restarted after a bug.
    Internal,
    /// Bytes that are not a frame, or a frame that has no place here.
    Malformed,
    /// Another protocol version.
    UnsupportedVersion,
    /// A frame over the limit.
    TooLarge,
    /// A proof that does not fit.
    AuthFailed,
    /// The session ended by time.
    SessionExpired,
    /// The session, device or account was revoked.
    Revoked,
    /// A code of a newer version.
    Unknown(u16),
}

code_table!(CloseCode: u16 {
    Draining = 4000, TooSlow = 4001, Overloaded = 4002, PingTimeout = 4003, Replaced = 4004, Unavailable = 4005,
    Internal = 4006,
    Malformed = 4500, UnsupportedVersion = 4501, TooLarge = 4502, AuthFailed = 4503, SessionExpired = 4504,
    Revoked = 4505,
});

impl CloseCode {
    /// Whether the client comes back by itself.
    #[must_use]
    pub const fn should_reconnect(self) -> bool {
        self.code() < 4500
    }
}

impl Serialize for ErrorCode {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u16(self.code())
    }
}

impl<'de> Deserialize<'de> for ErrorCode {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        u16::deserialize(deserializer).map(Self::from_code)
    }
}

/// The body of a refusing reply.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct Refusal {
    /// What is wrong.
    #[cfg_attr(feature = "ts", ts(type = "number"))]
    pub code: ErrorCode,
    /// Milliseconds after which it may be tried again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub retry_after: Option<Millis>,
    /// With [`ErrorCode::ChainRefused`]: the number of the broken rule.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub chain_code: Option<u16>,
    /// With [`ErrorCode::Stale`]: what is current.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub stale: Option<Stale>,
}

impl Refusal {
    /// A refusal without details.
    #[must_use]
    pub const fn new(code: ErrorCode) -> Self {
        Self { code, retry_after: None, chain_code: None, stale: None }
    }

    /// A refusal that may be retried after `ms` milliseconds.
    #[must_use]
    pub const fn retry(code: ErrorCode, ms: u64) -> Self {
        Self { retry_after: Some(Millis::saturating(ms)), ..Self::new(code) }
    }
}

/// What is current, for a request that built on something older.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct Stale {
    /// The keyring whose generation is newer, or absent when the thread itself moved on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub keyring: Option<KeyringId>,
    /// Its generation; for a thread, its epoch.
    pub generation: u32,
    /// Length of the chain.
    pub n: Seq,
    /// Head of the chain; for a thread, the head of its control entries.
    pub head: Bytes32,
}

#[cfg(test)]
mod tests {
    use super::{CloseCode, ErrorCode};

    #[test]
    fn codes_come_back_from_their_numbers() {
        for code in ErrorCode::ALL {
            assert_eq!(ErrorCode::from_code(code.code()), *code);
        }
        for code in CloseCode::ALL {
            assert_eq!(CloseCode::from_code(code.code()), *code);
        }
        assert_eq!(ErrorCode::from_code(9_999), ErrorCode::Unknown(9_999));
    }

    #[test]
    fn close_codes_say_whether_to_come_back() {
        assert!(CloseCode::Draining.should_reconnect());
        assert!(!CloseCode::Revoked.should_reconnect());
        assert!(CloseCode::ALL.iter().all(|code| (4000..5000).contains(&code.code())));
    }
}

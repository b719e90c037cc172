//! Control messages by number.
//!
//! Not known here: in which order they may come.

use crate::codec::{self, DecodeError};
use crate::control::{CaughtUp, Greeting, Hello, Ping, Pong, Resync, Welcome};
use crate::frame::{Class, Header, encode_frame};

/// Any control message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Control {
    /// See [`Greeting`].
    Greeting(Greeting),
    /// See [`Hello`].
    Hello(Hello),
    /// See [`Welcome`].
    Welcome(Welcome),
    /// See [`Ping`].
    Ping(Ping),
    /// See [`Pong`].
    Pong(Pong),
    /// See [`CaughtUp`].
    CaughtUp(CaughtUp),
    /// See [`Resync`].
    Resync(Resync),
}

impl From<Greeting> for Control {
    fn from(body: Greeting) -> Self {
        Self::Greeting(body)
    }
}

impl From<Hello> for Control {
    fn from(body: Hello) -> Self {
        Self::Hello(body)
    }
}

impl From<Welcome> for Control {
    fn from(body: Welcome) -> Self {
        Self::Welcome(body)
    }
}

impl From<Ping> for Control {
    fn from(body: Ping) -> Self {
        Self::Ping(body)
    }
}

impl From<Pong> for Control {
    fn from(body: Pong) -> Self {
        Self::Pong(body)
    }
}

impl From<CaughtUp> for Control {
    fn from(body: CaughtUp) -> Self {
        Self::CaughtUp(body)
    }
}

impl From<Resync> for Control {
    fn from(body: Resync) -> Self {
        Self::Resync(body)
    }
}

impl Control {
    /// Numbers and names of all types, ascending by number.
    pub const ALL: &'static [(u16, &'static str)] = &[
        (1, "Greeting"),
        (2, "Hello"),
        (3, "Welcome"),
        (4, "Ping"),
        (5, "Pong"),
        (6, "CaughtUp"),
        (7, "Resync"),
    ];

    /// Number on the wire.
    #[must_use]
    pub const fn kind(&self) -> u16 {
        match self {
            Self::Greeting(_) => 1,
            Self::Hello(_) => 2,
            Self::Welcome(_) => 3,
            Self::Ping(_) => 4,
            Self::Pong(_) => 5,
            Self::CaughtUp(_) => 6,
            Self::Resync(_) => 7,
        }
    }

    /// Decodes a body with this number.
    ///
    /// # Errors
    /// [`DecodeError::UnknownKind`] for a number that is not known (to be skipped), [`DecodeError::Body`] for a body that does not fit.
    pub fn decode(kind: u16, body: &[u8]) -> Result<Self, DecodeError> {
        Ok(match kind {
            1 => Self::Greeting(codec::decode(body)?),
            2 => Self::Hello(codec::decode(body)?),
            3 => Self::Welcome(codec::decode(body)?),
            4 => Self::Ping(codec::decode(body)?),
            5 => Self::Pong(codec::decode(body)?),
            6 => Self::CaughtUp(codec::decode(body)?),
            7 => Self::Resync(codec::decode(body)?),
            other => return Err(DecodeError::UnknownKind(other)),
        })
    }

    /// Body, MessagePack with named fields.
    #[must_use]
    pub fn encode_body(&self) -> Vec<u8> {
        match self {
            Self::Greeting(body) => codec::encode(body),
            Self::Hello(body) => codec::encode(body),
            Self::Welcome(body) => codec::encode(body),
            Self::Ping(body) => codec::encode(body),
            Self::Pong(body) => codec::encode(body),
            Self::CaughtUp(body) => codec::encode(body),
            Self::Resync(body) => codec::encode(body),
        }
    }
}

impl Control {
    /// The whole frame.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        encode_frame(&Header::new(Class::Control, self.kind(), 0), &self.encode_body())
    }
}

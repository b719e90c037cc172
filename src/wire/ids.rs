//! Identifiers and small numbers. Ids are 16 random bytes everywhere; they are opaque, never derived from
//! personal data, and redact themselves in `Debug` because a stable id in a log identifies a person.
//!
//! Not known here: what an id refers to, or whether it exists.

use core::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// The text was not the hexadecimal form of an id. Carries the length, never the value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("an id is {expected} bytes in lower-case hexadecimal; got {len} characters")]
pub struct InvalidId {
    /// Bytes an id of this kind has.
    pub expected: usize,
    /// Characters that were given.
    pub len: usize,
}

/// Declares byte-array newtypes that redact themselves, travel as `bin` in MessagePack and as hex in JSON.
macro_rules! byte_newtypes {
    ($($(#[$doc:meta])* $name:ident[$len:literal];)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(type = "Uint8Array"))]
        pub struct $name([u8; $len]);

        impl $name {
            /// Length in bytes.
            pub const LEN: usize = $len;

            /// Wraps bytes that are already known to be such an id.
            #[must_use]
            pub const fn from_bytes(bytes: [u8; $len]) -> Self {
                Self(bytes)
            }

            /// The bytes.
            #[must_use]
            pub const fn as_bytes(&self) -> &[u8; $len] {
                &self.0
            }

            /// Lower-case hexadecimal, for URLs and files a person may see. Never for logs.
            #[must_use]
            pub fn to_hex(&self) -> String {
                hex::encode(self.0)
            }

            /// Parses the form that [`Self::to_hex`] gives.
            ///
            /// # Errors
            /// [`InvalidId`] when the text has another length or a character that is not hexadecimal.
            pub fn parse_hex(text: &str) -> Result<Self, InvalidId> {
                let mut bytes = [0_u8; $len];
                hex::decode_to_slice(text, &mut bytes)
                    .map_err(|_| InvalidId { expected: $len, len: text.chars().count() })?;
                Ok(Self(bytes))
            }
        }

        impl TryFrom<&[u8]> for $name {
            type Error = InvalidId;
            fn try_from(bytes: &[u8]) -> Result<Self, Self::Error> {
                <[u8; $len]>::try_from(bytes)
                    .map(Self)
                    .map_err(|_| InvalidId { expected: $len, len: bytes.len() })
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(concat!(stringify!($name), "(…)"))
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                if serializer.is_human_readable() {
                    serializer.serialize_str(&self.to_hex())
                } else {
                    serializer.serialize_bytes(&self.0)
                }
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                if deserializer.is_human_readable() {
                    let text = <String as Deserialize>::deserialize(deserializer)?;
                    Self::parse_hex(&text).map_err(de::Error::custom)
                } else {
                    let bytes = serde_bytes::ByteBuf::deserialize(deserializer)?;
                    Self::try_from(bytes.as_slice()).map_err(de::Error::custom)
                }
            }
        }
    )*};
}

byte_newtypes! {
    /// A user account.
    UserId[16];
    /// An organization; equal to the [`UnitId`] of its root unit.
    OrgId[16];
    /// An organizational unit (on the wire of the audit log: a *group*).
    UnitId[16];
    /// A discussion thread.
    ThreadId[16];
    /// A message or control entry of a thread; made by its author, unique in the thread.
    MsgId[16];
    /// A device of a user: one per sign-in unless the device is a trusted one.
    DeviceId[16];
    /// A signed-in session.
    SessionId[16];
    /// A sign-in or registration under way, before there is a session.
    LoginId[16];
    /// A keyring: a user's `U` or `I`, a team's `TM` or `TA`, a unit's `OA` or `OD`.
    KeyringId[16];
    /// A team; its keyrings have ids of their own.
    TeamId[16];
    /// Anything that has a chain or boxes, where the kind is said beside it.
    ObjectId[16];
    /// A patient file.
    FileId[16];
    /// A ciphertext blob of an exchanged file.
    BlobId[16];
    /// An invitation to join the instance, an organization or a thread.
    InviteId[16];
    /// A call, made by whoever starts it.
    CallId[16];
    /// One connection of a session to one server process.
    ConnId[16];
    /// Idempotency key of a mutating request: a ULID made by the client. One key names one exact byte string.
    IdemKey[16];
    /// A 32-byte hash, head, nonce or public key.
    Bytes32[32];
}

impl From<OrgId> for UnitId {
    fn from(org: OrgId) -> Self {
        Self(org.0)
    }
}

/// Declares that an id may stand where the kind of the object is said beside it.
macro_rules! object_ids {
    ($($name:ident),*) => {$(
        impl From<$name> for ObjectId {
            fn from(id: $name) -> Self {
                Self(id.0)
            }
        }

        impl From<ObjectId> for $name {
            fn from(id: ObjectId) -> Self {
                Self(id.0)
            }
        }
    )*};
}

object_ids!(UserId, UnitId, ThreadId, KeyringId);

/// The largest integer that may cross the wire: beyond it JavaScript loses precision.
pub const INT_MAX: u64 = (1 << 53) - 1;

/// A number above [`INT_MAX`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("integer over 2^53-1")]
pub struct IntTooLarge;

/// Position of an entry in a stream or thread. The first entry is 1; 0 means "before the first".
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(type = "number"))]
pub struct Seq(u64);

impl Seq {
    /// Before the first entry.
    pub const ZERO: Self = Self(0);

    /// Wraps a number.
    ///
    /// # Errors
    /// [`IntTooLarge`] above [`INT_MAX`].
    pub const fn new(n: u64) -> Result<Self, IntTooLarge> {
        if n > INT_MAX { Err(IntTooLarge) } else { Ok(Self(n)) }
    }

    /// The number.
    #[must_use]
    pub const fn get(self) -> u64 {
        self.0
    }

    /// The position after this one. Saturates at [`INT_MAX`], which no stream reaches.
    #[must_use]
    pub const fn next(self) -> Self {
        if self.0 >= INT_MAX { self } else { Self(self.0 + 1) }
    }
}

impl Serialize for Seq {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u64(self.0)
    }
}

impl<'de> Deserialize<'de> for Seq {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::new(u64::deserialize(deserializer)?).map_err(de::Error::custom)
    }
}

byte_newtypes! {
    /// Identity of a store's history: renewed by a restore from backup, so that every cursor made before it
    /// is refused and clients resynchronise instead of silently missing entries.
    Epoch[16];
}

#[cfg(test)]
mod tests {
    use super::{IntTooLarge, Seq, UserId};

    #[test]
    fn debug_never_shows_the_value() {
        assert_eq!(format!("{:?}", UserId::from_bytes([7; 16])), "UserId(…)");
    }

    #[test]
    fn sequence_numbers_stay_exact_in_javascript() {
        assert_eq!(Seq::new(1 << 53), Err(IntTooLarge));
    }
}

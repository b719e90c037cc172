//! Values that travel differently on the two carriers, and integers that stay exact in JavaScript.
//!
//! Not known here: what the bytes mean.

use core::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::ids::{INT_MAX, IntTooLarge};

/// Bytes: `bin` in MessagePack, standard base64 with padding in JSON. `Debug` shows the length only, because
/// most of them are ciphertext, keys or tokens.
#[derive(Clone, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(type = "Uint8Array"))]
pub struct Bin(pub Vec<u8>);

impl Bin {
    /// The bytes.
    #[must_use]
    pub fn as_slice(&self) -> &[u8] {
        &self.0
    }

    /// Length in bytes.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are no bytes.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl From<Vec<u8>> for Bin {
    fn from(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }
}

impl From<&[u8]> for Bin {
    fn from(bytes: &[u8]) -> Self {
        Self(bytes.to_vec())
    }
}

impl AsRef<[u8]> for Bin {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for Bin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Bin({} B)", self.0.len())
    }
}

impl Serialize for Bin {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if serializer.is_human_readable() {
            serializer.serialize_str(&STANDARD.encode(&self.0))
        } else {
            serializer.serialize_bytes(&self.0)
        }
    }
}

impl<'de> Deserialize<'de> for Bin {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        if deserializer.is_human_readable() {
            let text = <String as Deserialize>::deserialize(deserializer)?;
            STANDARD.decode(text).map(Self).map_err(|_| de::Error::custom("not base64"))
        } else {
            serde_bytes::ByteBuf::deserialize(deserializer).map(|bytes| Self(bytes.into_vec()))
        }
    }
}

/// Text that identifies a person or opens something: an address, a name, a code. `Debug` shows nothing, so
/// that it cannot reach a log by accident.
#[derive(Clone, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(type = "string"))]
pub struct Private(pub String);

impl Private {
    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<&str> for Private {
    fn from(text: &str) -> Self {
        Self(text.to_owned())
    }
}

impl fmt::Debug for Private {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Private(…)")
    }
}

/// Declares newtypes of integers that stay exact in JavaScript: at most 2^53 - 1.
macro_rules! exact_integers {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(type = "number"))]
        pub struct $name(u64);

        impl $name {
            /// Wraps a number; a larger one than can be carried becomes the largest.
            #[must_use]
            pub const fn saturating(n: u64) -> Self {
                if n > INT_MAX { Self(INT_MAX) } else { Self(n) }
            }

            /// Wraps a number.
            ///
            /// # Errors
            /// [`IntTooLarge`] above 2^53 - 1.
            pub const fn new(n: u64) -> Result<Self, IntTooLarge> {
                if n > INT_MAX { Err(IntTooLarge) } else { Ok(Self(n)) }
            }

            /// The number.
            #[must_use]
            pub const fn get(self) -> u64 {
                self.0
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_u64(self.0)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                Self::new(u64::deserialize(deserializer)?).map_err(de::Error::custom)
            }
        }
    )*};
}

exact_integers! {
    /// Milliseconds: since 1970 in server time, or a duration, as the field says.
    Millis;
    /// A size in bytes.
    ByteSize;
}

#[cfg(test)]
mod tests {
    use super::{Bin, Millis, Private};

    #[test]
    fn private_text_and_bytes_do_not_show_in_debug() {
        assert_eq!(format!("{:?}", Private::from("ada@example.org")), "Private(…)");
        assert_eq!(format!("{:?}", Bin(vec![1, 2])), "Bin(2 B)");
    }

    #[test]
    fn binary_is_bin_in_messagepack_and_base64_in_json() {
        let bin = Bin(vec![1, 2, 255]);
        assert_eq!(rmp_serde::to_vec_named(&bin).unwrap(), [0xc4, 3, 1, 2, 255]);
        assert_eq!(serde_json::to_string(&bin).unwrap(), "\"AQL/\"");
        assert_eq!(serde_json::from_str::<Bin>("\"AQL/\"").unwrap(), bin);
    }

    #[test]
    fn times_beyond_javascript_are_refused() {
        assert!(rmp_serde::from_slice::<Millis>(&rmp_serde::to_vec(&u64::MAX).unwrap()).is_err());
    }
}

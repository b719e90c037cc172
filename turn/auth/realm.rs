//! The realm of a server, short enough for its first answer not to amplify.

use thiserror::Error;

use super::nonce::NONCE_LEN;
use crate::limits::AMPLIFICATION_MAX;
use crate::wire::{HEADER_LEN, padded};

/// Bytes of the smallest Allocate request: header and REQUESTED-TRANSPORT. Browsers send exactly this first.
const SMALLEST_ALLOCATE: usize = HEADER_LEN + 8;

/// Bytes of the first answer beside the realm's value: header, ERROR-CODE, NONCE, the head of REALM.
const ANSWER: usize = HEADER_LEN + 8 + 4 + padded(NONCE_LEN) + 4;

/// Bytes that PASSWORD-ALGORITHMS adds.
const ALGORITHMS: usize = 12;

/// Why a text is no realm for this server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum RealmError {
    /// No bytes, or others than printable ASCII, or a colon or quote.
    #[error("a realm is printable ASCII without quotes, colons and blanks")]
    Characters,
    /// The first answer would be longer than three times the smallest request.
    #[error("a realm has at most {0} bytes, or the first answer would amplify")]
    TooLong(usize),
}

/// The realm: 1 to 8 bytes, or to 20 where SHA-256 is not offered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Realm {
    text: Box<str>,
}

impl Realm {
    /// Checks a realm.
    ///
    /// # Errors
    /// It is too long, or not plain text.
    pub fn new(text: &str, sha256: bool) -> Result<Self, RealmError> {
        let plain = |byte: u8| byte.is_ascii_graphic() && !matches!(byte, b'"' | b':' | b'\\');
        if text.is_empty() || !text.bytes().all(plain) {
            return Err(RealmError::Characters);
        }
        let max = Self::len_max(sha256);
        if text.len() > max {
            return Err(RealmError::TooLong(max));
        }
        Ok(Self { text: text.into() })
    }

    /// Longest realm.
    #[must_use]
    pub const fn len_max(sha256: bool) -> usize {
        let room = SMALLEST_ALLOCATE * AMPLIFICATION_MAX - ANSWER;
        if sha256 { room - ALGORITHMS } else { room }
    }

    /// As text.
    #[must_use]
    pub const fn as_str(&self) -> &str {
        &self.text
    }
}

const _: () = assert!(Realm::len_max(true) == 8 && Realm::len_max(false) == 20);

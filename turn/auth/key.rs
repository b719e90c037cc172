//! Keys of long-term credentials (RFC 8489 §18.5.1).

use std::fmt;

use md5::Md5;
use sha2::{Digest, Sha256};

/// How a password becomes a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u16)]
pub enum Algorithm {
    /// What every client knows.
    Md5 = 1,
    /// RFC 8489.
    Sha256 = 2,
}

impl Algorithm {
    /// The algorithm with this number.
    #[must_use]
    pub const fn from_number(number: u16) -> Option<Self> {
        match number {
            1 => Some(Self::Md5),
            2 => Some(Self::Sha256),
            _ => None,
        }
    }
}

/// A key that integrity is made with.
#[derive(Clone, PartialEq, Eq)]
pub enum Key {
    /// Of [`Algorithm::Md5`].
    Md5([u8; 16]),
    /// Of [`Algorithm::Sha256`].
    Sha256([u8; 32]),
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Key(…)")
    }
}

impl Key {
    /// The key of a user in a realm.
    #[must_use]
    pub fn derive(algorithm: Algorithm, username: &[u8], realm: &str, password: &[u8]) -> Self {
        let parts: [&[u8]; 5] = [username, b":", realm.as_bytes(), b":", password];
        match algorithm {
            Algorithm::Md5 => Self::Md5(fold::<Md5>(&parts).into()),
            Algorithm::Sha256 => Self::Sha256(fold::<Sha256>(&parts).into()),
        }
    }

    /// Its algorithm.
    #[must_use]
    pub const fn algorithm(&self) -> Algorithm {
        match self {
            Self::Md5(_) => Algorithm::Md5,
            Self::Sha256(_) => Algorithm::Sha256,
        }
    }

    /// Its bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8] {
        match self {
            Self::Md5(bytes) => bytes,
            Self::Sha256(bytes) => bytes,
        }
    }
}

/// USERHASH: the name hashed with the realm (RFC 8489 §14.4).
#[must_use]
pub fn userhash(username: &[u8], realm: &str) -> [u8; 32] {
    fold::<Sha256>(&[username, b":", realm.as_bytes()]).into()
}

fn fold<D: Digest>(parts: &[&[u8]]) -> sha2::digest::Output<D> {
    let mut digest = D::new();
    for part in parts {
        digest.update(part);
    }
    digest.finalize()
}

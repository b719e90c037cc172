//! The database key: 32 random bytes from a file that lies outside the data folder.

use core::fmt;
use std::{
    fs,
    io::{self, Write as _},
    os::unix::fs::OpenOptionsExt as _,
    path::Path,
};

/// The key the pages are encrypted under. `Debug` does not show it.
#[derive(Clone, PartialEq, Eq)]
pub struct StoreKey([u8; 32]);

impl StoreKey {
    /// Wraps 32 bytes that came from a good source of randomness.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// Reads a key file: 64 hexadecimal characters, and perhaps a line end.
    ///
    /// # Errors
    /// What reading it says, or [`io::ErrorKind::InvalidData`] when it holds something else.
    pub fn read(path: &Path) -> io::Result<Self> {
        let text = fs::read_to_string(path)?;
        let mut bytes = [0_u8; 32];
        hex::decode_to_slice(text.trim(), &mut bytes).map_err(|_| {
            io::Error::new(io::ErrorKind::InvalidData, "a key file holds 64 hexadecimal characters")
        })?;
        Ok(Self(bytes))
    }

    /// Makes a key file that only its owner can read. Refuses to replace one.
    ///
    /// # Errors
    /// What the operating system says; [`io::ErrorKind::AlreadyExists`] when there is a file.
    pub fn create(path: &Path) -> io::Result<Self> {
        let mut bytes = [0_u8; 32];
        getrandom::fill(&mut bytes).map_err(io::Error::other)?;
        let mut file = fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
        writeln!(file, "{}", hex::encode(bytes))?;
        file.sync_all()?;
        Ok(Self(bytes))
    }

    /// The raw-key form of the engine: no derivation per connection.
    pub(super) fn pragma(&self) -> String {
        format!("x'{}'", hex::encode(self.0))
    }
}

impl fmt::Debug for StoreKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("StoreKey(…)")
    }
}

//! What the embedded engine promises beyond the interface: keys, locks, faults, a full disk, blobs.

mod backups;
mod blobs;
mod faults;
mod folder;
mod full;
mod log;
mod model;

use std::path::Path;

use relais_store::{Embedded, Options, StoreKey};

/// The key of these tests.
pub(crate) fn key() -> StoreKey {
    StoreKey::from_bytes([7; 32])
}

/// Opens a keyed store.
pub(crate) fn open(dir: &Path) -> Embedded {
    Embedded::open(&Options::new(dir, key())).unwrap()
}

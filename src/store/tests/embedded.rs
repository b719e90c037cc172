//! The embedded engine under the suite, and what only it promises.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test stops where its claim does not hold; its helpers are not test functions themselves"
)]

mod conformance;
mod engine;

use conformance::Subject;
use relais_store::{Embedded, Options, StoreKey};

/// A keyed store in a folder of its own.
struct Fresh {
    store: Embedded,
    _dir: tempfile::TempDir,
}

impl Subject for Fresh {
    type Store = Embedded;

    fn fresh() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let store = Embedded::open(&Options::new(dir.path(), StoreKey::from_bytes([7; 32]))).unwrap();
        Self { store, _dir: dir }
    }

    fn store(&self) -> &Embedded {
        &self.store
    }
}

suite!(crate::Fresh);

//! How long the write-ahead log becomes.

use std::{fs::File, io::Read as _, path::Path};

use relais_store::{
    Embedded, Store,
    embedded::{database, scan},
};

use super::{key, open};
use crate::conformance::kit::{create_account, create_thread, domain, message, thread, user};

/// Commits of a few pages each, together fewer pages than a log is let grow to while commits wait.
const COMMITS: u64 = 600;

/// The number that each new beginning of the log changes; nothing while there is no log.
fn beginning(dir: &Path) -> Option<[u8; 4]> {
    let mut log = database(dir).into_os_string();
    log.push("-wal");
    let mut header = [0; 32];
    File::open(log).ok()?.read_exact(&mut header).ok()?;
    header.get(16..20)?.try_into().ok()
}

#[test]
fn while_no_commit_waits_the_log_is_moved_early() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    create_account(&store, user(1));
    create_thread(&store, thread(1));
    let first = beginning(dir.path());
    assert!(first.is_some(), "nothing was logged");
    // The committer need find nobody waiting but once.
    assert!(begins_again(&store, dir.path(), 0), "it is only moved when it is long");
}

/// Whether the log begins again while messages after these are committed.
fn begins_again(store: &Embedded, dir: &Path, written: u64) -> bool {
    let first = beginning(dir);
    (written + 1..=written + COMMITS).any(|aseq| {
        store.commit_blocking(domain().write(message(thread(1), user(1), aseq))).unwrap();
        beginning(dir) != first
    })
}

#[test]
fn a_long_read_keeps_the_log_and_holds_up_no_commit() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    create_account(&store, user(1));
    create_thread(&store, thread(1));
    let mut kept = None;
    scan(dir.path(), &key(), |_, _| {
        // In the middle of the read, once.
        kept.get_or_insert_with(|| {
            let first = beginning(dir.path());
            assert!(!begins_again(&store, dir.path(), 0), "what the reader still needs is there");
            first
        });
    })
    .unwrap();
    assert!(kept.is_some_and(|first| first.is_some()), "nothing was read, or nothing logged");
    assert!(begins_again(&store, dir.path(), COMMITS), "it goes on once nobody reads");
}

//! How long the write-ahead log becomes.

use std::{fs, path::Path};

use relais_store::{Store, embedded::database};

use super::open;
use crate::conformance::kit::{create_account, create_thread, domain, message, thread, user};

/// Commits of a few pages each, together fewer pages than a log is let grow to while commits wait.
const COMMITS: u64 = 600;

/// The number that each new beginning of the log changes; nothing while there is no log.
fn beginning(dir: &Path) -> Option<[u8; 4]> {
    let mut log = database(dir).into_os_string();
    log.push("-wal");
    fs::read(log).ok()?.get(16..20)?.try_into().ok()
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
    let begins_again = (1..=COMMITS).any(|aseq| {
        store.commit_blocking(domain().write(message(thread(1), user(1), aseq))).unwrap();
        beginning(dir.path()) != first
    });
    assert!(begins_again, "it is only moved when it is long");
}

//! How long the write-ahead log becomes.

use std::{fs, path::Path};

use relais_store::{
    Store,
    embedded::database,
    limits::{CHECKPOINT_EARLY_PAGES, CHECKPOINT_PAGES},
    reads::ThreadById,
};

use super::open;
use crate::conformance::kit::{create_account, create_thread, domain, message, thread, user};

/// Bytes of a page with its header in the log.
const PAGE: u64 = 4096 + 24;

/// Commits of a few pages each: far more than a log that is let grow would hold.
const COMMITS: u64 = 600;

fn log_bytes(dir: &Path) -> u64 {
    let mut log = database(dir).into_os_string();
    log.push("-wal");
    fs::metadata(log).unwrap().len()
}

#[test]
fn while_no_commit_waits_the_log_is_moved_early() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    create_account(&store, user(1));
    create_thread(&store, thread(1));
    for aseq in 1..=COMMITS {
        store.commit_blocking(domain().write(message(thread(1), user(1), aseq))).unwrap();
    }
    // The file keeps the length it once had. Now and then the next commit comes before the committer looks, so
    // some room is left; a log that is only moved when it is long is eight times this.
    let long = log_bytes(dir.path()) / PAGE;
    assert!(long >= u64::from(CHECKPOINT_EARLY_PAGES), "{long} pages: nothing was logged?");
    assert!(long < u64::from(CHECKPOINT_PAGES) / 8, "{long} pages");
    assert_eq!(store.read_blocking(ThreadById(thread(1))).unwrap().unwrap().n.get(), COMMITS + 1);
}

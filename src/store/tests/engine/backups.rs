//! Copies of a running store, restored into another folder.

use std::sync::atomic::{AtomicBool, Ordering};

use relais_store::{
    Embedded, OpenError, Options, Store, StoreKey,
    embedded::{backup, database, restore},
    reads::{AccountById, AuditHead, Scrub, ThreadById},
};

use super::{key, open};
use crate::conformance::kit::{ORG, create_account, create_thread, domain, message, thread, user};

#[test]
fn a_copy_made_under_load_is_whole_and_continues_under_a_new_epoch() {
    let (dir, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let copy = other.path().join("copy.db");
    let store = open(dir.path());
    create_account(&store, user(1));
    create_thread(&store, thread(1));
    let (stop, begun) = (AtomicBool::new(false), std::sync::Barrier::new(2));
    let written = std::thread::scope(|scope| {
        let writer = scope.spawn(|| {
            let mut aseq = 0;
            while !stop.load(Ordering::Relaxed) {
                aseq += 1;
                store.commit_blocking(domain().write(message(thread(1), user(1), aseq))).unwrap();
                if aseq == 5 {
                    begun.wait();
                }
            }
            aseq
        });
        begun.wait();
        let made = backup(dir.path(), &key(), &copy);
        stop.store(true, Ordering::Relaxed);
        made.unwrap();
        writer.join().unwrap()
    });
    let target = Options::new(other.path().join("store"), key());
    restore(&copy, &target).unwrap();
    let restored = Embedded::open(&target).unwrap();
    assert_ne!(restored.epoch(), store.epoch(), "cursors of the other history are refused");
    assert!(restored.read_blocking(AccountById(user(1))).unwrap().is_some());
    let n = restored.read_blocking(ThreadById(thread(1))).unwrap().unwrap().n.get();
    assert!((6..=written + 1).contains(&n), "{n} of {written}");
    let (rows, _) = restored.read_blocking(AuditHead(Some(ORG))).unwrap().unwrap();
    assert_eq!(rows, n + 1, "every entry with its audit line, and the account's");
    assert!(restored.read_blocking(Scrub).unwrap().is_empty());
    restored.commit_blocking(domain().write(message(thread(1), user(1), n))).unwrap();
}

#[test]
fn a_restore_replaces_nothing_and_another_key_leaves_nothing() {
    let (dir, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let copy = other.path().join("copy.db");
    drop(open(dir.path()));
    backup(dir.path(), &key(), &copy).unwrap();
    assert!(matches!(backup(dir.path(), &key(), &copy), Err(OpenError::Io(_))), "a copy is not overwritten");
    assert!(matches!(restore(&copy, &Options::new(dir.path(), key())), Err(OpenError::Io(_))));
    let wrong = Options::new(other.path().join("store"), StoreKey::from_bytes([9; 32]));
    assert!(matches!(restore(&copy, &wrong), Err(OpenError::WrongKey)));
    assert!(!database(&wrong.dir).exists());
}

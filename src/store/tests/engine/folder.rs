//! Keys, locks, versions, immutability, and what the files show.

use std::fs;

use relais_store::{
    AccountWrite, AppendLink, Embedded, OpenError, Options, Store, StoreKey,
    embedded::{database, scan},
    facts::chain::ChainId,
    reads::{AccountById, Scrub},
};
use rusqlite::Connection;

use super::{key, open};
use crate::conformance::kit::{create_account, create_thread, domain, hash32, message, thread, user};

/// A raw connection beside the store's own.
fn raw(dir: &std::path::Path) -> Connection {
    let conn = Connection::open(database(dir)).unwrap();
    conn.pragma_update(None, "key", format!("x'{}'", hex::encode([7; 32]))).unwrap();
    conn.execute_batch("PRAGMA cipher_hmac_algorithm = HMAC_SHA256").unwrap();
    conn
}

#[test]
fn the_engine_linked_in_is_past_the_log_reset_race() {
    assert!(rusqlite::version_number() >= relais_store::embedded::ENGINE_VERSION_MIN);
}

#[test]
fn a_folder_serves_one_process_at_a_time() {
    let dir = tempfile::tempdir().unwrap();
    let first = open(dir.path());
    let second = Embedded::open(&Options::new(dir.path(), key()));
    assert!(matches!(second, Err(OpenError::Locked)), "{second:?}");
    drop(first);
    open(dir.path());
}

#[test]
fn another_key_opens_nothing() {
    let dir = tempfile::tempdir().unwrap();
    drop(open(dir.path()));
    let wrong = Embedded::open(&Options::new(dir.path(), StoreKey::from_bytes([8; 32])));
    assert!(matches!(wrong, Err(OpenError::WrongKey)), "{wrong:?}");
    let none = Embedded::open(&Options::plain(dir.path()));
    assert!(matches!(none, Err(OpenError::WrongKey)), "{none:?}");
}

#[test]
fn a_newer_database_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    drop(open(dir.path()));
    raw(dir.path()).pragma_update(None, "user_version", 99).unwrap();
    let newer = Embedded::open(&Options::new(dir.path(), key()));
    assert!(matches!(newer, Err(OpenError::TooNew { found: 99, .. })), "{newer:?}");
}

#[test]
fn facts_and_epoch_outlive_the_process() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    create_account(&store, user(1));
    let epoch = store.epoch();
    drop(store);
    let store = open(dir.path());
    assert_eq!(store.epoch(), epoch);
    assert!(store.read_blocking(AccountById(user(1))).unwrap().is_some());
    assert!(store.read_blocking(Scrub).unwrap().is_empty());
}

// AUD-04, THR-17
#[test]
fn audit_rows_links_and_entries_cannot_be_changed_by_sql() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    create_thread(&store, thread(1));
    let link =
        AppendLink { chain: ChainId::User(user(1)), prev: None, hash: hash32(1), object: vec![1].into() };
    store.commit_blocking(domain().write(message(thread(1), user(1), 1)).write(link)).unwrap();
    let conn = raw(dir.path());
    for sql in [
        "DELETE FROM audit",
        "UPDATE audit SET at_ms = 0",
        "DELETE FROM link",
        "UPDATE link SET object = x'00'",
        "DELETE FROM entry",
        "UPDATE entry SET core = x'00'",
        "UPDATE entry SET payload = x'00'",
    ] {
        let outcome = conn.execute(sql, []);
        assert!(
            outcome.as_ref().is_err_and(|e| e.to_string().contains("immutable") || sql.contains("payload")),
            "{sql}: {outcome:?}"
        );
    }
    conn.execute("UPDATE entry SET payload = NULL", []).unwrap();
}

/// Whether any file of a folder contains a text.
fn shows(dir: &std::path::Path, needle: &[u8]) -> bool {
    fs::read_dir(dir).unwrap().any(|file| {
        let bytes = fs::read(file.unwrap().path()).unwrap();
        bytes.windows(needle.len()).any(|window| window == needle)
    })
}

// SEC-02
#[test]
fn the_files_show_nothing_without_the_key() {
    const MARKER: &str = "MARKER-4f1c-in-a-name";
    for (options, shown) in [
        (Options::plain as fn(_) -> Options, true),
        (|dir: std::path::PathBuf| Options::new(dir, key()), false),
    ] {
        let dir = tempfile::tempdir().unwrap();
        let store = Embedded::open(&options(dir.path().to_owned())).unwrap();
        create_account(&store, user(1));
        let name = AccountWrite::SetProfile { user: user(1), name: MARKER.into(), locale: "fr".to_owned() };
        store.commit_blocking(domain().write(name)).unwrap();
        assert_eq!(shows(dir.path(), MARKER.as_bytes()), shown, "in the write-ahead log");
        drop(store);
        assert_eq!(shows(dir.path(), MARKER.as_bytes()), shown, "in the database");
        let mut found = Vec::new();
        let scanned = scan(dir.path(), &key(), |table, bytes| {
            if bytes == MARKER.as_bytes() {
                found.push(table.to_owned());
            }
        });
        assert_eq!(
            (scanned.is_ok(), found.contains(&"account".to_owned())),
            (!shown, !shown),
            "with the key"
        );
    }
}

#[test]
fn a_flipped_bit_in_a_page_is_loud() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    (1..50).for_each(|n| create_account(&store, user(n)));
    drop(store);
    let path = database(dir.path());
    let mut bytes = fs::read(&path).unwrap();
    // Every page but the first, which would refuse to open.
    for page in bytes.chunks_mut(4096).skip(1) {
        page[2000] ^= 1;
    }
    fs::write(&path, bytes).unwrap();
    let silent = Embedded::open(&Options::new(dir.path(), key()))
        .is_ok_and(|store| store.read_blocking(AccountById(user(1))).is_ok());
    assert!(!silent);
}

#[test]
fn a_key_file_is_made_once_and_read_again() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("store.key");
    let made = StoreKey::create(&path).unwrap();
    assert!(StoreKey::read(&path).unwrap() == made);
    assert_eq!(StoreKey::create(&path).unwrap_err().kind(), std::io::ErrorKind::AlreadyExists);
    fs::write(&path, "short").unwrap();
    assert_eq!(StoreKey::read(&path).unwrap_err().kind(), std::io::ErrorKind::InvalidData);
    assert_eq!(format!("{made:?}"), "StoreKey(…)");
}

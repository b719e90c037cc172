//! Every page of an encrypted database in clear: the file's, free ones included, and the ones in its write-ahead
//! log, so that a search for plaintext also sees what no query shows any more.
//!
//! The layout is SQLCipher 4's with a raw key: AES-256-CBC for each page, the last 48 bytes of a page holding the
//! initialisation vector (16) and the page's HMAC-SHA-256 (32); page 1 starts with the 16 bytes of salt in clear.
//!
//! Not known here: tables, or what is looked for.

use std::fs;
use std::path::{Path, PathBuf};

use aes::Aes256;
use aes::cipher::{BlockModeDecrypt as _, KeyIvInit as _, block_padding::NoPadding};
use anyhow::{Context, Result, ensure};

const PAGE: usize = 4096;
/// Initialisation vector and HMAC-SHA-256.
const RESERVE: usize = 48;
const SALT: usize = 16;
const WAL_HEADER: usize = 32;
const FRAME_HEADER: usize = 24;

/// Decrypted contents of pages, one after the other, and how many there were.
#[derive(Debug, Default)]
pub struct Pages {
    /// The bytes.
    pub clear: Vec<u8>,
    /// Pages of the main file.
    pub in_file: usize,
    /// Pages of the write-ahead log.
    pub in_wal: usize,
}

/// Decrypts all pages of `database` and of its `-wal`.
///
/// # Errors
/// A file cannot be read, or the first page does not decrypt to a database: then a search would prove nothing.
pub fn decrypt(database: &Path, key: &[u8; 32]) -> Result<Pages> {
    let mut pages = Pages::default();
    let file = fs::read(database).context("the database file")?;
    for (index, page) in file.chunks_exact(PAGE).enumerate() {
        let skip = if index == 0 { SALT } else { 0 };
        if let Some(clear) = decrypt_page(page, skip, key) {
            if index == 0 {
                // After the 16 bytes of "SQLite format 3" come page size and format versions (WAL: 2, 2).
                ensure!(clear.get(..4) == Some(&[0x10, 0x00, 2, 2]), "the key does not open the database");
            }
            pages.clear.extend_from_slice(&clear);
            pages.in_file += 1;
        }
    }
    ensure!(pages.in_file > 0, "the database has no page");
    let mut wal = database.as_os_str().to_owned();
    wal.push("-wal");
    let wal = PathBuf::from(wal);
    if wal.exists() {
        let bytes = fs::read(&wal).context("the write-ahead log")?;
        for frame in bytes.get(WAL_HEADER..).unwrap_or_default().chunks_exact(FRAME_HEADER + PAGE) {
            let (head, page) = frame.split_at(FRAME_HEADER);
            let skip = if head.starts_with(&[0, 0, 0, 1]) { SALT } else { 0 };
            if let Some(clear) = decrypt_page(page, skip, key) {
                pages.clear.extend_from_slice(&clear);
                pages.in_wal += 1;
            }
        }
    }
    Ok(pages)
}

fn decrypt_page(page: &[u8], skip: usize, key: &[u8; 32]) -> Option<Vec<u8>> {
    let (content, reserve) = page.split_at_checked(PAGE - RESERVE)?;
    let iv: [u8; 16] = reserve.get(..16)?.try_into().ok()?;
    let mut clear = content.get(skip..)?.to_vec();
    let len = cbc::Decryptor::<Aes256>::new(&(*key).into(), &iv.into())
        .decrypt_padded::<NoPadding>(&mut clear)
        .ok()?
        .len();
    clear.truncate(len);
    Some(clear)
}

#[cfg(test)]
mod tests {
    use rusqlite::Connection;

    use super::decrypt;
    use crate::search::Marker;

    const DELETED: &str = "effacé-depuis-longtemps-0815";
    const OVERWRITTEN: &str = "remplacé-depuis-longtemps-0815";

    #[test]
    fn what_no_query_shows_any_more_is_still_found() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("t.db");
        let key = [9_u8; 32];
        let database = Connection::open(&path).unwrap();
        database.pragma_update(None, "key", format!("x'{}'", hex::encode(key))).unwrap();
        database.execute_batch("PRAGMA cipher_hmac_algorithm = HMAC_SHA256").unwrap();
        database.pragma_update_and_check(None, "journal_mode", "WAL", |_| Ok(())).unwrap();
        database.pragma_update(None, "wal_autocheckpoint", 0).unwrap();
        database.execute_batch("CREATE TABLE t (a TEXT)").unwrap();
        database.execute("INSERT INTO t VALUES (?1)", [DELETED]).unwrap();
        database.execute_batch("DELETE FROM t; PRAGMA wal_checkpoint(TRUNCATE)").unwrap();
        database.execute("INSERT INTO t VALUES (?1)", [OVERWRITTEN]).unwrap();
        database.execute("UPDATE t SET a = 'x'", []).unwrap();

        let pages = decrypt(&path, &key).unwrap();
        assert!(pages.in_file > 0 && pages.in_wal > 0);
        let clear = &pages.clear;
        assert!(Marker::new(OVERWRITTEN).found_in(clear).is_some(), "in the write-ahead log");
        assert!(Marker::new("jamais-écrit-nulle-part-0815").found_in(clear).is_none());
        assert!(decrypt(&path, &[8; 32]).is_err(), "a wrong key must not look like a clean database");
    }
}

//! Copies of a running store, and what a restore must change: a restored store continues another history than
//! the one its clients saw, so it gets a new epoch and every cursor made before is refused.
//!
//! Not known here: when copies are made, where they are kept, and the blobs, which are files of their own.

use std::{fs, io, path::Path, time::Duration};

use rusqlite::{
    Connection, OpenFlags,
    backup::{Backup, StepResult},
};

use super::{
    key::StoreKey,
    open::{EPOCH_ROW, OpenError, Options, database, lock, random_epoch, unlock},
};

/// Writes a consistent copy of the store in `dir`, under the same key, while it is in use. The copy is durable
/// when this returns. Holds the write-ahead log back for as long as it takes, so not for a slow target.
///
/// # Errors
/// [`OpenError::Io`] also when `to` exists; [`OpenError::WrongKey`]; what the engine says.
pub fn backup(dir: &Path, key: &StoreKey, to: &Path) -> Result<(), OpenError> {
    fs::File::create_new(to)?;
    let from = Connection::open_with_flags(database(dir), OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    unlock(&from, key)?;
    from.busy_timeout(Duration::from_secs(5))?;
    let mut copy = Connection::open(to)?;
    unlock(&copy, key)?;
    // All pages in one step: a copy in pieces would start again with every commit of the running store.
    let step = Backup::new(&from, &mut copy)?.step(-1)?;
    if step != StepResult::Done {
        return Err(OpenError::Io(io::ErrorKind::ResourceBusy.into()));
    }
    drop(copy);
    Ok(fs::File::open(to)?.sync_all()?)
}

/// Puts a copy into an empty data folder and gives it a new epoch.
///
/// # Errors
/// [`OpenError::Io`] also when the folder has a database already; [`OpenError::WrongKey`] when the copy is of
/// another key, and then the folder stays empty; what the engine says.
pub fn restore(from: &Path, options: &Options) -> Result<(), OpenError> {
    fs::create_dir_all(&options.dir)?;
    let _lock = lock(&options.dir)?;
    let target = database(&options.dir);
    if target.exists() {
        return Err(OpenError::Io(io::ErrorKind::AlreadyExists.into()));
    }
    // Under its own name only once it is whole.
    let part = target.with_extension("restoring");
    fs::copy(from, &part)?;
    if let Err(error) = renew(&part, options) {
        fs::remove_file(&part)?;
        return Err(error);
    }
    fs::File::open(&part)?.sync_all()?;
    fs::rename(&part, &target)?;
    Ok(fs::File::open(&options.dir)?.sync_all()?)
}

fn renew(part: &Path, options: &Options) -> Result<(), OpenError> {
    let conn = Connection::open_with_flags(part, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    if let Some(key) = &options.key {
        unlock(&conn, key)?;
    }
    // One file that is whole by itself; opening the store turns the log on again.
    conn.pragma_update_and_check(None, "journal_mode", "DELETE", |row| row.get::<_, String>(0))?;
    let epoch = options.epoch.map_or_else(random_epoch, |epoch| Ok(*epoch.as_bytes()))?;
    conn.execute("UPDATE instance SET value = ?2 WHERE key = ?1", (EPOCH_ROW, epoch))?;
    Ok(())
}

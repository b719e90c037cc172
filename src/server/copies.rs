//! Copies of the database: made beside a running server, put back into an empty data folder.
//!
//! Not known here: the files folder, which is copied after the database with any tool (a file is complete before
//! the database names it), and the keys, which are kept elsewhere on purpose.

use std::path::Path;

use relais_store::embedded::{backup as copy, restore as put_back};
use relais_store::{OpenError, Options};

use crate::config::Config;
use crate::keys::{DATABASE_DIR, KeysError, private_dir, store_key};

/// Why a copy cannot be made or put back.
#[derive(Debug, thiserror::Error)]
pub enum CopyError {
    /// The keys: they must be in place first.
    #[error("keys: {0}")]
    Keys(#[from] KeysError),
    /// The database, or the copy.
    #[error("database: {0}")]
    Store(#[from] OpenError),
}

/// Writes a consistent, durable copy of the database to a new file, encrypted under the same key. The server may
/// run meanwhile.
///
/// # Errors
/// [`CopyError`]; an existing file is not overwritten.
pub fn backup(config: &Config, to: &Path) -> Result<(), CopyError> {
    let key = store_key(&config.keys_dir)?;
    Ok(copy(&config.data_dir.join(DATABASE_DIR), &key, to)?)
}

/// Puts a copy into a data folder without a database, under a new epoch: every client starts again from a snapshot
/// instead of silently missing what the copy does not have.
///
/// # Errors
/// [`CopyError`]; an existing database is not replaced.
pub fn restore(config: &Config, from: &Path) -> Result<(), CopyError> {
    let key = store_key(&config.keys_dir)?;
    private_dir(&config.data_dir)?;
    Ok(put_back(from, &Options::new(config.data_dir.join(DATABASE_DIR), key))?)
}

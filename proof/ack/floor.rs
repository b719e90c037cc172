//! The disk's own floor: what an append and its sync take at the same times, where nothing else is done for a
//! message. A disk that is slow today is slow here too.
//!
//! Not known here: the server.

use std::fs::File;
use std::io::Write as _;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context as _, Result};

use super::pace;
use crate::clock;

/// Bytes of an append: one page of the database, the least a commit writes.
const APPEND: usize = 4_096;

/// Appends to a new file in `folder` and syncs it at each of the `arrivals`, one after the other; answers how long
/// after it was due each was on the disk, in microseconds.
///
/// # Errors
/// The file cannot be made or written.
pub(super) fn measure(folder: &Path, arrivals: &[Duration]) -> Result<Vec<u64>> {
    let path = folder.join("floor");
    let mut file = File::create_new(&path).context("a file for the floor")?;
    let start = clock::now();
    let mut taken = Vec::with_capacity(arrivals.len());
    for after in arrivals {
        let due = start + *after;
        pace::sleep_until(due);
        file.write_all(&[0x5a; APPEND])?;
        file.sync_data()?;
        taken.push(u64::try_from(clock::now().duration_since(due).as_micros()).unwrap_or(u64::MAX));
    }
    std::fs::remove_file(&path)?;
    Ok(taken)
}

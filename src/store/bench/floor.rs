//! The floor: as many bytes as the rows hold, appended to a file, one `fdatasync` per batch.

use std::{fs::File, io::Write as _, path::Path, time::Duration};

use crate::stats::{Figure, now};

/// Bytes of one commit's rows, about.
const COMMIT_BYTES: usize = 1500;

pub(crate) fn measure(dir: &Path, batch: u64, time: Duration) -> anyhow::Result<Figure> {
    let mut file = File::create(dir.join("log"))?;
    let bytes = vec![0x5a; COMMIT_BYTES];
    let mut times = Vec::new();
    let start = now();
    while start.elapsed() < time {
        let asked = now();
        for _ in 0..batch {
            file.write_all(&bytes)?;
        }
        file.sync_data()?;
        times.extend((0..batch).map(|_| asked.elapsed()));
    }
    Ok(Figure::of(times, start.elapsed()))
}

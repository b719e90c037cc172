//! The whole commit path: writers are tasks, as sessions of a server are.

use std::{path::Path, time::Duration};

use futures_util::future::try_join_all;
use relais_store::{Embedded, Options, Store, StoreKey};

use crate::{
    facts,
    stats::{Figure, now},
};

pub(crate) fn measure(
    dir: &Path,
    key: Option<StoreKey>,
    writers: u64,
    time: Duration,
) -> anyhow::Result<Figure> {
    let store = Embedded::open(&Options { key, ..Options::plain(dir) })?;
    for writer in 0..facts::THREADS {
        store.commit_blocking(facts::first(writer))?;
    }
    let runtime = tokio::runtime::Builder::new_current_thread().build()?;
    let start = now();
    let one = async |writer: u64| -> anyhow::Result<Vec<Duration>> {
        let mut times = Vec::new();
        let mut count = 1;
        while start.elapsed() < time {
            count += 1;
            let commit = facts::message(writer, count, None);
            let asked = now();
            store.commit(commit).await?;
            times.push(asked.elapsed());
        }
        Ok(times)
    };
    let all = runtime.block_on(try_join_all((0..writers).map(one)))?;
    Ok(Figure::of(all.concat(), start.elapsed()))
}

//! The process that is killed: opens the store, says `R`, and prints one line per acknowledged commit.
//!
//! A line `A writer count n seq audit head` is printed only after the store has answered. The process ends by
//! itself when the store stops, as a server does.

use std::{
    io::Write as _,
    path::PathBuf,
    process::ExitCode,
    sync::atomic::{AtomicBool, Ordering},
};

use anyhow::Context as _;
use relais_store::{Embedded, Receipt, Store, embedded::Durability, reads::AuthorSeq};

use crate::load;

/// Exit code when the store has stopped.
const STOPPED: u8 = 3;

pub(crate) fn run(mut args: impl Iterator<Item = String>) -> anyhow::Result<ExitCode> {
    let dir = PathBuf::from(args.next().context("the writer needs a folder")?);
    let durability = match args.next().as_deref() {
        Some("unsynced") => Durability::DangerousUnsynced,
        _ => Durability::Synced,
    };
    let store = Embedded::open(&load::options(&dir, durability))?;
    line("R")?;
    let stopped = AtomicBool::new(false);
    std::thread::scope(|scope| {
        for writer in 0..load::WRITERS {
            let (store, stopped) = (&store, &stopped);
            scope.spawn(move || {
                if write(store, writer).is_err() {
                    stopped.store(true, Ordering::Relaxed);
                }
            });
        }
    });
    Ok(ExitCode::from(STOPPED))
}

/// Writes until the store stops or nobody listens.
fn write(store: &Embedded, writer: u64) -> anyhow::Result<()> {
    let last = store.read_blocking(AuthorSeq(load::thread(writer), load::author(writer), load::DEVICE))?;
    for count in last.get() + 1.. {
        let receipt = store.commit_blocking(load::commit(writer, count))?;
        line(&ack(writer, count, &receipt).context("a receipt names its entry, streams and audit line")?)?;
    }
    Ok(())
}

fn ack(writer: u64, count: u64, receipt: &Receipt) -> Option<String> {
    let entry = receipt.entries.first()?;
    let own = load::streams(writer);
    let own = receipt.streams.first()?.iter().find(|(stream, _)| Some(stream) == own.first())?;
    let audit = receipt.audit.first()?;
    Some(format!("A {writer} {count} {} {} {audit} {}", entry.n.get(), own.1.get(), entry.head.to_hex()))
}

/// One line, in one piece.
fn line(text: &str) -> std::io::Result<()> {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{text}")?;
    out.flush()
}

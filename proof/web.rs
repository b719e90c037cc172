//! How the web client carries long lists of threads and long threads: a real browser signs in, with a fresh profile
//! each time, as people whose lists are of different lengths, and pages through one thread of many messages.
//!
//! The server is the built program, a process of its own on loopback with its data in a temporary folder; the data
//! is made through the client library and its making is not measured. The browser is driven by
//! `web/e2e/bench-web.mjs`, which hands back what it saw; what it means is decided here. Boxes opened, signatures
//! checked and messages opened are counted by the client's worker where it does these things.
//!
//! Paging through messages is measured beside a floor: the same document as plain HTML with the same style sheets and
//! no program, scrolled the same way in the same browser.
//!
//! Not known here: what a figure on another machine would be.

mod data;

use std::path::{Path, PathBuf};
use std::process::Stdio;

use anyhow::{Context, Result, ensure};
use serde::{Deserialize, Serialize};
use tokio::process::Command;

use crate::server::Server;
use crate::{clock, say};

/// Threads of a list that the client opens at first: what a screen and a flick of the finger show
/// (`PAGE_ROWS` of its worker).
const OPENED_MAX: u64 = 50;

/// Entries of a thread of a list: its creation and one message, both signed.
const ENTRIES_EACH: u64 = 2;

/// Links of the chains of everybody in a list, and the own account's: signatures that do not grow with the list.
const CHAIN_SIGNATURES_MAX: u64 = 60;

/// Boxes of an account that are no thread's: its unit's keyring.
const OWN_BOXES_MAX: u64 = 4;

/// Pixels by which older messages may move what is read: the line over it may be joined to theirs.
const MOVED_MAX: f64 = 60.0;

/// What the largest paint of the first screen may take on a slow mobile line, in milliseconds.
const PAINT_GOAL_MS: f64 = 2_500.0;

/// What is measured.
#[derive(Clone, Debug, clap::Args)]
pub struct Plan {
    /// Lengths of lists.
    #[arg(long, value_delimiter = ',', default_values_t = [50, 500, 5_000])]
    pub lists: Vec<usize>,
    /// Messages of the long thread.
    #[arg(long, default_value_t = 10_000)]
    pub messages: usize,
    /// File for the figures.
    #[arg(long)]
    pub json: Option<PathBuf>,
}

impl Plan {
    /// The short form for the ordinary test run: what is visible is counted, and no goal is set.
    #[must_use]
    pub fn quick(self) -> Self {
        Self { lists: vec![60, 120], messages: 500, ..self }
    }
}

/// Work of the client's worker since it began.
#[derive(Clone, Copy, Debug, Deserialize, Serialize)]
struct Counts {
    signatures: u64,
    boxes: u64,
    messages: u64,
}

/// A start of the page, in milliseconds since its beginning.
#[derive(Clone, Copy, Debug, Deserialize, Serialize)]
struct Started {
    /// The first row is painted.
    first: f64,
    /// Every row on the screen has its decrypted title.
    usable: f64,
    /// Every thread of the first page was verified and opened.
    opened: f64,
    counts: Counts,
}

/// What was seen of one list.
#[derive(Clone, Debug, Deserialize, Serialize)]
struct List {
    threads: usize,
    rows: usize,
    /// A sign-in in a browser that knows nothing.
    sign_in: Started,
    /// From a click on a row to its message.
    click: f64,
    /// The page loaded anew, the session kept and the key index written.
    again: Started,
    /// Work when the next page of the list was asked for and opened; absent where there is none.
    next_page: Option<Counts>,
    oldest: Oldest,
}

/// What was seen when the list was scrolled to its end.
#[derive(Clone, Copy, Debug, Deserialize, Serialize)]
struct Oldest {
    /// Threads that the list names then, each counted once.
    named: usize,
    /// Times the list went on.
    pages: usize,
    /// Milliseconds of all of them.
    ms: f64,
}

/// Busy time of the page's main thread while it was scrolled.
#[derive(Clone, Debug, Deserialize, Serialize)]
struct Scrolled {
    /// Tasks of more than 50 ms, in milliseconds.
    long: Vec<f64>,
    /// Seconds that tasks took in all.
    busy: f64,
    /// Elements of the document at the end.
    elements: usize,
}

/// What was seen of the long thread.
#[derive(Clone, Debug, Deserialize, Serialize)]
struct Long {
    messages: usize,
    /// From the sign-in to the newest message on the screen.
    shown: f64,
    counts: Counts,
    pages: usize,
    /// Of every page: from the click to its messages.
    page_ms: Vec<f64>,
    /// Pixels by which what a reader was at moved when older messages came, at most.
    moved: f64,
    client: Scrolled,
    still: Scrolled,
}

/// Everything the browser saw.
#[derive(Clone, Debug, Deserialize, Serialize)]
struct Seen {
    lists: Vec<List>,
    long: Long,
    /// The largest paint of the first screen on a slow mobile line.
    paint: f64,
}

/// Measures, and says whether only what is visible was opened and the goal reached; the quick form has no goal.
///
/// # Errors
/// The server, the data or the browser failed.
pub async fn run(program: &Path, web: &Path, plan: Plan, quick: bool) -> Result<bool> {
    let plan = if quick { plan.quick() } else { plan };
    ensure!(!plan.lists.is_empty() && plan.messages > 1, "something to measure");
    if cfg!(debug_assertions) && !quick {
        say::line("note: this is a debug build; its figures say nothing about a release");
    }
    let mut server = Server::start(program, &[("RELAIS_LOG_LEVEL", "info")]).await?;
    say::progress(&format!(
        "lists of {:?} threads, and a thread of {} messages …",
        plan.lists, plan.messages
    ));
    let began = clock::now();
    let readers = data::make(&server, &plan.lists, plan.messages).await?;
    let made = began.elapsed();
    say::progress(&format!("made in {:.1} s; the browser …", made.as_secs_f64()));
    let seen = browse(&server, web, &readers).await?;
    server.stop().await?;
    report(&plan, &seen, made.as_secs_f64(), quick)
}

async fn browse(server: &Server, web: &Path, readers: &[data::Reader]) -> Result<Seen> {
    let plan = serde_json::json!({
        "origin": format!("http://{}", server.address()), "password": data::PASSWORD, "readers": readers,
    });
    let driver = Command::new("node")
        .arg("e2e/bench-web.mjs")
        .arg(plan.to_string())
        .current_dir(web)
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .context("Node.js drives the browser")?;
    let output = driver.wait_with_output().await?;
    ensure!(output.status.success(), "the browser's driver failed");
    serde_json::from_slice(&output.stdout).context("what the browser saw")
}

fn report(plan: &Plan, seen: &Seen, made: f64, quick: bool) -> Result<bool> {
    let mut faults = Vec::new();
    say::line(&format!("\nweb client in a real browser; data made in {made:.1} s"));
    for list in &seen.lists {
        report_list(list);
        faults.extend(faults_of(list));
    }
    report_long(&seen.long);
    if seen.long.moved > MOVED_MAX {
        faults.push(format!("older messages moved the reader by {:.0} pixels", seen.long.moved));
    }
    let reached = seen.paint <= PAINT_GOAL_MS;
    let words = if reached { "reached" } else { "missed" };
    say::line(&format!(
        "\nfirst screen on a slow mobile line: {:.0} ms (goal {PAINT_GOAL_MS:.0} ms): {words}",
        seen.paint
    ));
    if faults.is_empty() {
        say::line("opened and verified: only what is visible");
    }
    for fault in &faults {
        say::line(&format!("FAILED {fault}"));
    }
    if let Some(path) = &plan.json {
        let figures = serde_json::json!({
            "made_s": made, "seen": seen, "paint_goal_ms": PAINT_GOAL_MS, "reached": reached, "faults": faults,
        });
        std::fs::write(path, serde_json::to_vec_pretty(&figures)?)?;
    }
    Ok(faults.is_empty() && (quick || reached))
}

fn report_list(list: &List) {
    say::line(&format!("\nlist of {} threads, {} of them in the page", list.threads, list.rows));
    for (name, start) in [("sign-in", &list.sign_in), ("page loaded anew", &list.again)] {
        let Started { first, usable, opened, counts } = start;
        say::figure(&format!("{name}: first row, list usable"), format!("{first:.0}, {usable:.0} ms"));
        say::figure(&format!("{name}: first page opened"), format!("{opened:.0} ms"));
        say::figure(&format!("{name}: boxes, signatures, texts"), words(*counts));
    }
    say::figure("click to the thread's message", format!("{:.0} ms", list.click));
    if let Some(counts) = list.next_page {
        say::figure("next page: boxes, signatures, texts", words(counts));
    }
    let Oldest { named, pages, ms } = list.oldest;
    say::figure(
        "scrolled to the oldest: threads, pages",
        format!("{named}, {pages} in {:.1} s", ms / 1_000.0),
    );
}

fn words(counts: Counts) -> String {
    format!("{}, {}, {}", counts.boxes, counts.signatures, counts.messages)
}

/// What speaks against the claim that only what is visible is opened.
fn faults_of(list: &List) -> Vec<String> {
    let threads = u64::try_from(list.threads).unwrap_or(u64::MAX);
    let mut faults = Vec::new();
    for (name, counts, pages) in [
        ("sign-in", Some(list.sign_in.counts), 1),
        ("page loaded anew", Some(list.again.counts), 1),
        ("next page", list.next_page, 2),
    ] {
        let Some(counts) = counts else { continue };
        let visible = threads.min(OPENED_MAX * pages);
        let mut check = |what: &str, count: u64, least: u64, most: u64| {
            if count < least || count > most {
                faults.push(format!("{threads} threads, {name}: {count} {what}, not {least} to {most}"));
            }
        };
        check("messages", counts.messages, visible, visible);
        check("boxes", counts.boxes, 0, visible + OWN_BOXES_MAX);
        let entries = visible * ENTRIES_EACH;
        check("signatures", counts.signatures, entries, entries + CHAIN_SIGNATURES_MAX);
    }
    if list.rows > list.threads {
        faults.push(format!("{} rows of {threads}", list.rows));
    }
    if list.oldest.named != list.threads {
        faults.push(format!("{threads} threads: the list ends at {} of them", list.oldest.named));
    }
    faults
}

fn report_long(long: &Long) {
    let Long { messages, shown, counts, pages, page_ms, moved, client, still } = long;
    say::line(&format!("\nthread of {messages} messages"));
    say::figure("sign-in to its newest message", format!("{shown:.0} ms"));
    say::figure("boxes, signatures, texts", words(*counts));
    let mut micros: Vec<u64> = page_ms.iter().map(|ms| micros(*ms)).collect();
    let [p50, p99] = [50, 99].map(|percent| clock::percentile(&mut micros, percent) / 1_000);
    say::figure(&format!("{pages} pages of older ones: p50, p99"), format!("{p50}, {p99} ms"));
    say::figure("what was read moved by at most", format!("{moved:.0} px"));
    for (name, seen) in [("paging", client), ("plain HTML, scrolled the same", still)] {
        let longest = seen.long.iter().copied().fold(0.0, f64::max);
        say::figure(&format!("{name}: elements"), seen.elements);
        say::figure(
            &format!("{name}: tasks > 50 ms"),
            format!("{}, longest {longest:.0} ms", seen.long.len()),
        );
        say::figure(&format!("{name}: busy"), format!("{:.2} s", seen.busy));
    }
    if still.busy > 0.0 {
        say::figure("busy beside plain HTML", format!("{:.1} times", client.busy / still.busy));
    }
}

/// Whole microseconds; what no duration is becomes none.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "bounded on the line itself")]
fn micros(ms: f64) -> u64 {
    (ms * 1_000.0).clamp(0.0, 1e12) as u64
}

#[cfg(test)]
mod tests {
    use super::{Counts, List, Oldest, Started, faults_of};

    fn list(threads: usize, counts: Counts) -> List {
        let start = Started { first: 1.0, usable: 2.0, opened: 3.0, counts };
        let oldest = Oldest { named: threads, pages: 0, ms: 1.0 };
        let rows = threads.min(50);
        List { threads, rows, sign_in: start, click: 1.0, again: start, next_page: None, oldest }
    }

    #[test]
    fn a_client_that_opens_the_whole_list_fails() {
        let visible = Counts { boxes: 51, signatures: 130, messages: 50 };
        assert!(faults_of(&list(5_000, visible)).is_empty());
        assert!(faults_of(&list(5_000, Counts { boxes: 0, ..visible })).is_empty(), "out of the key index");
        let all = Counts { boxes: 5_000, signatures: 10_030, messages: 5_000 };
        assert_eq!(faults_of(&list(5_000, all)).len(), 6);
        assert!(!faults_of(&list(5_000, Counts { messages: 0, ..visible })).is_empty(), "nothing was opened");
        let mut cut = list(5_000, visible);
        cut.oldest.named = 200;
        assert_eq!(faults_of(&cut), ["5000 threads: the list ends at 200 of them"]);
        assert!(!faults_of(&list(5_000, Counts { signatures: 50, ..visible })).is_empty(), "or not verified");
    }
}

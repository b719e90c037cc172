//! What a durable commit costs: through the whole commit path (queue, batch, guards, numbering, hashing, sync,
//! answer) with 1, 16 and 64 writers, beside two bounds measured in the same run: bare statements that insert
//! the same rows, batched the same way, and a bare append with `fdatasync`.
//!
//! `relais-store-bench [--seconds N] [--rounds N] [--json FILE] [--dir FOLDER] [--only NAME]`. Figures are medians over the
//! rounds; every round measures everything once, so that a busy machine disturbs all alike.

mod bare;
mod facts;
mod floor;
mod path;
mod stats;

use std::{io::Write as _, path::PathBuf, process::ExitCode, time::Duration};

use anyhow::{Context as _, bail};
use serde::Serialize;

use stats::{Figure, median};

/// Writers at once, and commits per batch of the bare statements.
const WRITERS: [u64; 3] = [1, 16, 64];

/// What the path must reach of the bare statements with the same key.
const GOAL: f64 = 0.8;

struct Plan {
    seconds: f64,
    rounds: usize,
    json: Option<PathBuf>,
    dir: PathBuf,
    /// Only the line of this name: for a profiler. There is no ratio then, and no goal.
    only: Option<String>,
}

/// One line of the table.
#[derive(Serialize)]
struct Line {
    name: &'static str,
    /// One per number of writers.
    figures: Vec<Figure>,
}

fn main() -> ExitCode {
    match plan().and_then(|plan| run(&plan)) {
        Ok(reached) => ExitCode::from(u8::from(!reached)),
        Err(error) => {
            say(&format!("could not measure: {error:#}"));
            ExitCode::FAILURE
        }
    }
}

fn plan() -> anyhow::Result<Plan> {
    let mut plan = Plan { seconds: 2.0, rounds: 3, json: None, dir: std::env::temp_dir(), only: None };
    let mut args = std::env::args().skip(1);
    while let Some(flag) = args.next() {
        let value = args.next().with_context(|| format!("{flag} needs a value"))?;
        match flag.as_str() {
            "--seconds" => plan.seconds = value.parse()?,
            "--rounds" => plan.rounds = value.parse::<usize>()?.max(1),
            "--json" => plan.json = Some(value.into()),
            "--only" => plan.only = Some(value),
            "--dir" => plan.dir = value.into(),
            other => bail!("unknown option {other}"),
        }
    }
    Ok(plan)
}

/// Something that is measured: its name, and how.
type Measured = (&'static str, fn(&std::path::Path, u64, Duration) -> anyhow::Result<Figure>);

const MEASURED: [Measured; 5] = [
    ("append + fdatasync", floor::measure),
    ("bare SQLite", |dir, writers, time| bare::measure(dir, None, writers, time)),
    ("store, no key", |dir, writers, time| path::measure(dir, None, writers, time)),
    ("bare SQLCipher", |dir, writers, time| bare::measure(dir, Some(facts::key()), writers, time)),
    ("store", |dir, writers, time| path::measure(dir, Some(facts::key()), writers, time)),
];

fn run(plan: &Plan) -> anyhow::Result<bool> {
    if cfg!(debug_assertions) {
        say("note: this is a debug build; its figures say nothing about a release");
    }
    let time = Duration::from_secs_f64(plan.seconds);
    let mut samples: Vec<Vec<Vec<Figure>>> =
        MEASURED.iter().map(|_| vec![Vec::new(); WRITERS.len()]).collect();
    for round in 0..plan.rounds {
        for ((name, measure), of_name) in MEASURED.iter().zip(&mut samples) {
            if plan.only.as_ref().is_some_and(|only| only != name) {
                continue;
            }
            for (writers, of_writers) in WRITERS.iter().zip(of_name) {
                let dir = tempfile::tempdir_in(&plan.dir)?;
                of_writers.push(measure(dir.path(), *writers, time)?);
                say(&format!("round {}/{}: {name}, {writers} writers", round + 1, plan.rounds));
            }
        }
    }
    let lines: Vec<_> = MEASURED
        .iter()
        .zip(&samples)
        .map(|((name, _), figures)| Line { name, figures: figures.iter().map(|all| median(all)).collect() })
        .collect();
    report(&lines, plan)
}

fn report(lines: &[Line], plan: &Plan) -> anyhow::Result<bool> {
    say("\ndurable commits/s (p50/p99 ms)        1 writer            16 writers            64 writers");
    for line in lines {
        let cells: Vec<_> = line.figures.iter().map(ToString::to_string).collect();
        say(&format!("{:<24}{}", line.name, cells.join("")));
    }
    let rates = |name: &str| {
        let line = lines.iter().find(|line| line.name == name);
        line.map(|line| line.figures.iter().map(|figure| figure.rate).collect::<Vec<_>>()).unwrap_or_default()
    };
    let ratios: Vec<_> =
        rates("store").iter().zip(rates("bare SQLCipher")).map(|(path, bare)| path / bare).collect();
    let shown: Vec<_> = ratios.iter().map(|ratio| format!("{ratio:.2}")).collect();
    let reached = ratios.iter().all(|ratio| *ratio >= GOAL);
    say(&format!(
        "store / bare SQLCipher: {} (goal {GOAL}): {}",
        shown.join(" / "),
        if reached { "reached" } else { "missed" }
    ));
    if let Some(path) = &plan.json {
        let all = serde_json::json!({
            "writers": WRITERS, "seconds": plan.seconds, "rounds": plan.rounds, "lines": lines,
            "ratio": ratios, "goal": GOAL, "reached": reached,
        });
        std::fs::write(path, serde_json::to_vec_pretty(&all)?)?;
    }
    Ok(reached)
}

/// One line for the person who measures.
fn say(text: &str) {
    // Nobody to tell when standard output is gone.
    drop(writeln!(std::io::stdout(), "{text}"));
}

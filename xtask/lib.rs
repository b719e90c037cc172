//! What `cargo x` does: set-up, the whole test run, proofs, benchmarks, the demo, and the checks of the
//! workspace on itself ([`tidy`]).
//!
//! Invariant: nothing here knows what a message, a key or a clinical rule is; it starts programs and reads
//! their output.

pub mod bench;
pub mod cargo;
pub mod clock;
pub mod demo;
pub mod fuzz;
pub mod libtest;
pub mod metadata;
pub mod picture;
pub mod process;
pub mod prove;
pub mod say;
pub mod setup;
pub mod stages;
pub mod tidy;
pub mod web;
pub mod wire_ts;

use std::process::ExitCode;

use anyhow::{Context, Result, bail};

const USAGE: &str = "\
cargo x demo               start a server with fictitious data and say how to look at it
cargo x test               everything the continuous integration runs (`cargo x ci` is the same)
cargo x tidy               the checks of the workspace on itself
cargo x prove [NAME]       show that a claim of the README holds; without a name, list the claims
cargo x bench [NAME]       measure; `--json FILE` also writes the figures; without a name, list
cargo x seed N             replay one simulated run
cargo x wire-ts [--check]  write, or compare, the TypeScript types of the wire
cargo x fuzz [NAME]        coverage-guided fuzzing, `--minutes N`; without a name, list
cargo x picture            make the picture of the README anew from the demonstration
cargo x setup              install what the build needs from the system";

/// Runs one command line.
///
/// # Errors
/// What kept the command from being carried out; a check that failed is an exit code, not an error.
pub fn run(arguments: &[String]) -> Result<ExitCode> {
    let Some((command, rest)) = arguments.split_first() else {
        say::line(USAGE);
        return Ok(ExitCode::FAILURE);
    };
    match command.as_str() {
        "demo" => demo::run(rest),
        "test" | "ci" => stages::run(rest),
        "tidy" => tidy::run(rest),
        "prove" => prove::run(rest),
        "bench" => bench::run(rest),
        "seed" => seed(rest),
        "wire-ts" => wire_ts::run(rest),
        "fuzz" => fuzz::run(rest),
        "picture" => picture::run(rest),
        "setup" => setup::run(rest),
        "help" | "--help" | "-h" => {
            say::line(USAGE);
            Ok(ExitCode::SUCCESS)
        }
        other => bail!("unknown command `{other}`\n\n{USAGE}"),
    }
}

/// Replays one simulated run, with every event of it on the terminal.
fn seed(arguments: &[String]) -> Result<ExitCode> {
    let [number] = arguments else { bail!("which seed? `cargo x seed N`") };
    let number: u64 = number.parse().with_context(|| format!("`{number}` is not a seed number"))?;
    cargo::cargo()?
        .args([
            "test",
            "--package",
            "relais-sim",
            "--test",
            "replay",
            "--",
            "--nocapture",
            "--include-ignored",
        ])
        .env("RELAIS_SIM_SEED", number.to_string())
        .status()
        .map(cargo::exit_code)
        .context("cargo test")
}

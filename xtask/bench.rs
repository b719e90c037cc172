//! Measurements: each builds what it needs for speed, measures against a floor in the same run, and prints
//! its figures; `--json FILE` also writes them.

use std::process::ExitCode;

use anyhow::{Context, Result, bail};

use crate::{cargo, say, setup};

/// One measurement.
struct Bench {
    name: &'static str,
    what: &'static str,
    package: &'static str,
    program: &'static str,
}

const BENCHES: &[Bench] = &[Bench {
    name: "store",
    what: "durable commits per second and their latency, beside bare SQLite and the disk's own floor",
    package: "relais-store",
    program: "relais-store-bench",
}];

/// The names one can type.
#[must_use]
pub fn names() -> Vec<&'static str> {
    BENCHES.iter().map(|bench| bench.name).collect()
}

/// `cargo x bench [NAME] [--json FILE] [options of the measurement]`.
///
/// # Errors
/// No such measurement, or it could not be built.
pub fn run(arguments: &[String]) -> Result<ExitCode> {
    let Some((name, options)) = arguments.split_first() else {
        for bench in BENCHES {
            say::line(&format!("{:<15} {}", bench.name, bench.what));
        }
        return Ok(ExitCode::SUCCESS);
    };
    let Some(bench) = BENCHES.iter().find(|bench| bench.name == name) else {
        bail!("no measurement is called `{name}`; there are: {}", names().join(", "));
    };
    setup::ensure()?;
    let status = cargo::cargo()?
        .args(["run", "--release", "--package", bench.package, "--bin", bench.program, "--"])
        .args(options)
        .status()
        .context("cargo run")?;
    Ok(cargo::exit_code(status))
}

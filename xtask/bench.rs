//! Measurements: each builds what it needs for speed, measures against a floor in the same run, and prints
//! its figures; `--json FILE` also writes them.

use std::process::{Command, ExitCode};

use anyhow::{Context, Result, bail};

use crate::cargo::{self, Profile};
use crate::{say, setup, web};

/// One measurement.
struct Bench {
    name: &'static str,
    what: &'static str,
    parts: &'static [Part],
}

/// A program that measures.
struct Part {
    /// What is built for it: without test-only switches, so that the product is measured.
    packages: &'static [&'static str],
    program: &'static str,
    arguments: &'static [&'static str],
    /// Whether it is told where the built server is.
    measures_server: bool,
    /// Whether it drives a browser, and is told where the web client's folder is.
    drives_browser: bool,
    /// Whether it takes any option; otherwise `--json FILE` alone is handed on.
    takes_options: bool,
}

const STORE: Part = Part {
    packages: &["relais-store"],
    program: "relais-store-bench",
    arguments: &[],
    measures_server: false,
    drives_browser: false,
    takes_options: true,
};

const ACK: Part = Part {
    packages: &["relais-server", "relais-client", "relais-proof"],
    program: "relais-proof",
    arguments: &["ack"],
    measures_server: true,
    drives_browser: false,
    takes_options: false,
};

const WEB: Part = Part {
    packages: &["relais-server", "relais-client", "relais-proof"],
    program: "relais-proof",
    arguments: &["web"],
    measures_server: true,
    drives_browser: true,
    takes_options: true,
};

const BENCHES: &[Bench] = &[
    Bench {
        name: "store",
        what: "durable commits per second and their latency, beside bare SQLite and the disk's own floor; then `ack`",
        parts: &[STORE, ACK],
    },
    Bench {
        name: "ack",
        what: "how long the whole server takes to acknowledge a message, at 1 000 a second over 32 sockets",
        parts: &[Part { takes_options: true, ..ACK }],
    },
    Bench {
        name: "web",
        what: "lists of 50, 500 and 5 000 threads and a thread of 10 000 messages in a real browser, beside plain HTML",
        parts: &[WEB],
    },
];

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
    if bench.parts.iter().any(|part| part.drives_browser) {
        setup::ensure_for_tests()?;
    } else {
        setup::ensure()?;
    }
    // All of it first: what a build writes would be on its way to the disk in the middle of a measurement.
    for part in bench.parts {
        build(part, Profile::Release)?;
    }
    settle_disk();
    let mut all = ExitCode::SUCCESS;
    for part in bench.parts {
        let mut command = command(part, Profile::Release)?;
        command.args(if part.takes_options { options } else { json(options) });
        let status = command.status().context("the program that measures")?;
        if !status.success() {
            all = cargo::exit_code(status);
        }
    }
    Ok(all)
}

/// Waits until what the builds wrote is on the disk.
fn settle_disk() {
    // Nothing is wrong where the tool is missing; the figures are then a little worse.
    drop(Command::new("sync").status());
}

/// `--json FILE` out of all options.
fn json(options: &[String]) -> &[String] {
    let at = options.iter().position(|option| option == "--json");
    at.and_then(|at| options.get(at..at.saturating_add(2))).unwrap_or_default()
}

fn build(part: &Part, profile: Profile) -> Result<()> {
    // A server is measured as it is released, and it is not released without its client.
    if part.measures_server {
        web::build()?;
    }
    let mut command = cargo::cargo()?;
    command.args(["build", "--locked", profile.option()]);
    for package in part.packages {
        command.args(["--package", package]);
    }
    if !command.status().context("cargo build")?.success() {
        bail!("the build failed");
    }
    Ok(())
}

fn command(part: &Part, profile: Profile) -> Result<Command> {
    let mut command = Command::new(cargo::program(profile, part.program)?);
    command.args(part.arguments).current_dir(cargo::root());
    if part.measures_server {
        command.arg("--server").arg(cargo::program(profile, "relais")?);
    }
    if part.drives_browser {
        command.arg("--web").arg(web::folder());
    }
    Ok(command)
}

/// The quick form of what measures the server, on programs that are already built: a stage of the test run. What
/// measures a room alone is tested there.
///
/// # Errors
/// There is no target folder.
pub fn quick() -> Result<Vec<(&'static str, Command)>> {
    let of_server = BENCHES.iter().filter(|bench| bench.parts.iter().all(|part| part.measures_server));
    let mut all = Vec::new();
    for bench in of_server {
        for part in bench.parts {
            let mut command = command(part, Profile::Dev)?;
            command.arg("--quick");
            all.push((bench.name, command));
        }
    }
    Ok(all)
}

#[cfg(test)]
mod tests {
    use super::json;

    #[test]
    fn only_the_file_is_handed_on() {
        let options: Vec<String> =
            ["--rounds", "1", "--json", "f", "--seconds", "2"].map(str::to_owned).into();
        assert_eq!(json(&options), ["--json", "f"]);
        assert!(json(&options[..2]).is_empty() && json(&options[..3]).is_empty());
    }
}

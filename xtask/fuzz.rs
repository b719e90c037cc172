//! Starts the fuzz driver with coverage instrumentation of our own crates. The driver and the targets are in
//! `fuzz/`; here only how they are built and for how long they run.

use std::process::ExitCode;

use anyhow::{Result, bail};

use crate::say;

/// Names of the targets; the driver has the functions.
pub const TARGETS: &[&str] = &[];

/// `cargo x fuzz [NAME] [--minutes N]`.
///
/// # Errors
/// No such target.
pub fn run(arguments: &[String]) -> Result<ExitCode> {
    let Some(name) = arguments.first() else {
        say::line(&TARGETS.join("\n"));
        return Ok(ExitCode::SUCCESS);
    };
    bail!("no target is called `{name}`; there are: {}", TARGETS.join(", "))
}

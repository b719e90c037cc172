//! The picture of the README, made anew from the demonstration.

use std::process::{Command, ExitCode};

use anyhow::{Context, Result};

use crate::cargo::{self, Profile};
use crate::{demo, setup};

/// Where it is, from the workspace's folder.
const FILE: &str = "docs/picture.webp";

/// `cargo x picture`.
///
/// # Errors
/// The build failed, or the browser did not show what is to be seen.
pub fn run(_arguments: &[String]) -> Result<ExitCode> {
    setup::ensure_for_tests()?;
    demo::build()?;
    let status = Command::new("node")
        .arg("web/e2e/picture.mjs")
        .arg("--server")
        .arg(cargo::program(Profile::Release, "relais")?)
        .arg("--demo")
        .arg(cargo::program(Profile::Release, "relais-demo")?)
        .args(["--out", FILE])
        .current_dir(cargo::root())
        .status()
        .context("node")?;
    Ok(cargo::exit_code(status))
}

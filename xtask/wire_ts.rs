//! The TypeScript types of the wire: written from the Rust types, committed, and compared in every test run.

use std::path::Path;
use std::process::{Command, ExitCode};

use anyhow::{Context, Result, bail};

use crate::{cargo, say};

/// Where the generated file is committed.
pub const FILE: &str = "web/src/wire/gen/wire.ts";

/// `cargo x wire-ts [--check]`.
///
/// # Errors
/// The generator could not be built or run.
pub fn run(arguments: &[String]) -> Result<ExitCode> {
    let fresh = generate()?;
    let path = cargo::root().join(FILE);
    match arguments {
        [] => {
            if let Some(folder) = path.parent() {
                std::fs::create_dir_all(folder).context(FILE)?;
            }
            std::fs::write(&path, fresh).context(FILE)?;
            say::line(&format!("wrote {FILE}"));
            Ok(ExitCode::SUCCESS)
        }
        [option] if option == "--check" => Ok(report(difference(&path, &fresh).as_deref())),
        _ => bail!("cargo x wire-ts [--check]"),
    }
}

fn report(difference: Option<&str>) -> ExitCode {
    match difference {
        None => ExitCode::SUCCESS,
        Some(words) => {
            say::line(words);
            ExitCode::FAILURE
        }
    }
}

/// What the committed file and the fresh one do not share; `None` when they are equal.
#[must_use]
pub fn difference(path: &Path, fresh: &str) -> Option<String> {
    let committed = std::fs::read_to_string(path).unwrap_or_default();
    if committed == fresh {
        return None;
    }
    let line = committed.lines().zip(fresh.lines()).take_while(|(old, new)| old == new).count() + 1;
    Some(format!("{FILE} is not what the wire crate says, from line {line} on; run `cargo x wire-ts`"))
}

/// What the wire crate's generator prints, built first.
///
/// # Errors
/// It could not be built or run.
pub fn generate() -> Result<String> {
    let mut command = cargo::cargo()?;
    command.args(["run", "--quiet", "--package", "relais-wire", "--features", "ts", "--example", "wire_ts"]);
    printed(command)
}

/// What a command that runs the generator prints.
///
/// # Errors
/// It could not be run.
pub fn printed(mut command: Command) -> Result<String> {
    let output = command.output().context("the generator")?;
    if !output.status.success() {
        bail!("the generator ended badly:\n{}", String::from_utf8_lossy(&output.stderr).trim());
    }
    String::from_utf8(output.stdout).context("the generator's output")
}

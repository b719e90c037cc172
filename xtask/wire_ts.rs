//! The TypeScript types of the wire: written from the Rust types, committed, and compared in every test run.

use std::process::{Command, ExitCode};

use anyhow::{Context, Result, bail};

use crate::{cargo, say};

/// A generated file.
#[derive(Clone, Copy, Debug)]
pub struct Generated {
    /// Where it is committed.
    pub file: &'static str,
    /// What the generator is asked for.
    pub part: &'static str,
}

/// All of them.
pub const FILES: [Generated; 3] = [
    Generated { file: "web/src/wire/gen/wire.ts", part: "types" },
    Generated { file: "web/src/wire/gen/limits.ts", part: "limits" },
    Generated { file: "web/src/wire/gen/errors.ts", part: "errors" },
];

/// `cargo x wire-ts [--check]`.
///
/// # Errors
/// The generator could not be built or run.
pub fn run(arguments: &[String]) -> Result<ExitCode> {
    let check = match arguments {
        [] => false,
        [option] if option == "--check" => true,
        _ => bail!("cargo x wire-ts [--check]"),
    };
    let mut all = ExitCode::SUCCESS;
    for one in FILES {
        let fresh = generate(one.part)?;
        if !check {
            write(one.file, &fresh)?;
        } else if let Some(words) = difference(one.file, &fresh) {
            say::line(&words);
            all = ExitCode::FAILURE;
        }
    }
    Ok(all)
}

fn write(file: &str, fresh: &str) -> Result<()> {
    let path = cargo::root().join(file);
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).context("the folder of the generated files")?;
    }
    std::fs::write(&path, fresh).with_context(|| file.to_owned())?;
    say::line(&format!("wrote {file}"));
    Ok(())
}

/// What the committed file and the fresh one do not share; `None` when they are equal.
#[must_use]
pub fn difference(file: &str, fresh: &str) -> Option<String> {
    let committed = std::fs::read_to_string(cargo::root().join(file)).unwrap_or_default();
    if committed == fresh {
        return None;
    }
    let line = committed.lines().zip(fresh.lines()).take_while(|(old, new)| old == new).count() + 1;
    Some(format!("{file} is not what the wire crate says, from line {line} on; run `cargo x wire-ts`"))
}

/// What the wire crate's generator prints, built first.
///
/// # Errors
/// It could not be built or run.
pub fn generate(part: &str) -> Result<String> {
    let mut command = cargo::cargo()?;
    command.args([
        "run",
        "--quiet",
        "--package",
        "relais-wire",
        "--features",
        "ts",
        "--example",
        "wire_ts",
        "--",
        part,
    ]);
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

//! Starts the fuzz driver, built so that the code under test counts its edges. The driver and the targets are in
//! `fuzz/`; here only how they are built and for how long they run.

use std::process::ExitCode;

use anyhow::{Context, Result, bail};

use crate::{cargo, say, setup};

/// Names of the targets; the driver has the functions.
pub const TARGETS: &[&str] = &["entry", "frame", "link", "relay", "stun"];

/// `cargo x fuzz [NAME] [--minutes N]`.
///
/// # Errors
/// No such target, or the driver could not be built.
pub fn run(arguments: &[String]) -> Result<ExitCode> {
    let Some(name) = arguments.first() else {
        say::line(&TARGETS.join("\n"));
        return Ok(ExitCode::SUCCESS);
    };
    if !TARGETS.contains(&name.as_str()) {
        bail!("no target is called `{name}`; there are: {}", TARGETS.join(", "));
    }
    setup::ensure()?;
    let status = cargo::cargo()?
        .args(["run", "--quiet", "--profile", "fuzz", "--package", "relais-fuzz", "--"])
        .args(arguments)
        .env("RUSTC_WORKSPACE_WRAPPER", cargo::root().join("fuzz/sancov-rustc"))
        .status()
        .context("cargo run")?;
    Ok(cargo::exit_code(status))
}

#[cfg(test)]
mod tests {
    use super::TARGETS;
    use crate::cargo;

    #[test]
    fn the_driver_knows_the_same_targets() {
        let driver =
            std::fs::read_to_string(cargo::root().join("fuzz/targets.rs")).expect("the driver's targets");
        let (_, table) = driver.split_once("pub const TARGETS").expect("its table");
        let (table, _) = table.split_once("];").expect("the table's end");
        assert_eq!(table.matches("(\"").count(), TARGETS.len());
        assert!(TARGETS.iter().all(|name| table.contains(&format!("(\"{name}\""))), "{table}");
    }
}

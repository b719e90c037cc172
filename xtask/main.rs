//! `cargo x`: the one way in for people and for the continuous integration.
//!
//! Invariant: this package depends on nothing of the workspace and on no system library, so that it builds on
//! a machine where nothing else does yet, and can put that right.

use std::process::ExitCode;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match xtask::run(&arguments) {
        Ok(code) => code,
        Err(error) => {
            xtask::say::error(&format!("{error:#}"));
            ExitCode::FAILURE
        }
    }
}

//! Claims of the README as commands: each starts what it needs from nothing, prints its figures last, and
//! succeeds only where the claim holds.

pub mod blind;

use std::process::{Command, ExitCode};

use anyhow::{Context, Result, bail};

use crate::cargo::{self, Profile};
use crate::{say, setup};

/// One claim.
#[derive(Clone, Copy, Debug)]
pub struct Proof {
    /// What one types.
    pub name: &'static str,
    /// The claim in one line.
    pub claim: &'static str,
    how: How,
}

/// What carries a proof out.
#[derive(Clone, Copy, Debug)]
enum How {
    /// `relais-proof NAME` against built programs.
    Program,
    /// A function of this package: it is about the build, not about the running server.
    Here(fn() -> Result<ExitCode>),
}

/// Every proof.
pub const PROOFS: &[Proof] = &[
    Proof {
        name: "chat",
        claim: "two people exchange messages through a server that is killed again and again; none lost or doubled",
        how: How::Program,
    },
    Proof {
        name: "blind",
        claim: "the server is built without any code that could open what people write",
        how: How::Here(blind::run),
    },
    Proof {
        name: "hostile-server",
        claim: "a client notices each of a lying server's listed attacks, by an error of its own",
        how: How::Program,
    },
    Proof {
        name: "crash",
        claim: "what was acknowledged is there after kill -9 and after a power cut, whole",
        how: How::Program,
    },
];

/// The names one can type.
#[must_use]
pub fn names() -> Vec<&'static str> {
    PROOFS.iter().map(|proof| proof.name).collect()
}

/// `cargo x prove [NAME] [options of the proof]`.
///
/// # Errors
/// No such proof, or what it needs could not be built.
pub fn run(arguments: &[String]) -> Result<ExitCode> {
    let Some((name, options)) = arguments.split_first() else {
        for proof in PROOFS {
            say::line(&format!("{:<15} {}", proof.name, proof.claim));
        }
        return Ok(ExitCode::SUCCESS);
    };
    let Some(proof) = PROOFS.iter().find(|proof| proof.name == name) else {
        bail!("no proof is called `{name}`; there are: {}", names().join(", "));
    };
    if let How::Here(function) = proof.how {
        return function();
    }
    setup::ensure()?;
    build(Profile::Release)?;
    let status = command(proof, Profile::Release)?.args(options).status().context("relais-proof")?;
    Ok(cargo::exit_code(status))
}

/// Builds the server with its test-only switches, the client program and the proofs.
fn build(profile: Profile) -> Result<()> {
    say::progress("building the server, the client and the proof …");
    let status = cargo::cargo()?
        .args(["build", profile.option()])
        .args(["--package", "relais-server", "--features", "relais-server/mutations"])
        .args(["--package", "relais-client", "--package", "relais-proof"])
        .status()
        .context("cargo build")?;
    if !status.success() {
        bail!("the build failed");
    }
    Ok(())
}

/// The command that carries out a proof with programs that are already built.
///
/// # Errors
/// The proof is a function of this package, or there is no target folder.
pub fn command(proof: &Proof, profile: Profile) -> Result<Command> {
    if !matches!(proof.how, How::Program) {
        bail!("{} is not carried out by a program", proof.name);
    }
    let mut command = Command::new(cargo::program(profile, "relais-proof")?);
    command
        .current_dir(cargo::root())
        .arg(proof.name)
        .arg("--server")
        .arg(cargo::program(profile, "relais")?)
        .arg("--cli")
        .arg(cargo::program(profile, "relais-cli")?);
    Ok(command)
}

/// The proofs that a program carries out; the others are called as functions.
pub fn by_program() -> impl Iterator<Item = &'static Proof> {
    PROOFS.iter().filter(|proof| matches!(proof.how, How::Program))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::{PROOFS, names};

    #[test]
    fn names_are_distinct_and_claims_fit_a_line() {
        assert_eq!(names().iter().collect::<BTreeSet<_>>().len(), PROOFS.len());
        assert!(PROOFS.iter().all(|proof| proof.claim.len() < 110));
    }
}

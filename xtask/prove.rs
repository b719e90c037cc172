//! Claims of the README as commands: each starts what it needs from nothing, prints its figures last, and
//! succeeds only where the claim holds.

pub mod blind;
pub mod turn;

use std::process::{Command, ExitCode};

use anyhow::{Context, Result, bail};

use crate::cargo::{self, Profile};
use crate::{say, setup, web};

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
    /// The same, and the web client's code on Node beside the native client.
    BothClients,
    /// A program of one room that needs neither server nor client.
    Tool { package: &'static str, program: &'static str, arguments: &'static [&'static str] },
    /// A script of `web/` that drives real browsers against the built server.
    Browser { script: &'static str },
    /// A script of `web/` that looks at the page over made-up people, without a server.
    Page { script: &'static str },
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
        name: "account",
        claim: "a second device, a restarted one and a lost password cost an account holder nothing",
        how: How::Program,
    },
    Proof {
        name: "hostile-server",
        claim: "a client notices each of a lying server's listed attacks, by an error of its own",
        how: How::BothClients,
    },
    Proof {
        name: "threads",
        claim: "people join, part and renew their keys; what is due is done by whoever is online, once",
        how: How::Program,
    },
    Proof {
        name: "web-chat",
        claim: "two people in real browsers see all within a second, once, though the server is killed; no plaintext is kept",
        how: How::Browser { script: "e2e/web-chat.mjs" },
    },
    Proof {
        name: "web-screens",
        claim: "every screen and state is accessible, in both languages and every look, and breaks no security policy",
        how: How::Page { script: "e2e/web-screens.mjs" },
    },
    Proof {
        name: "crash",
        claim: "what was acknowledged is there after kill -9 and after a power cut, whole",
        how: How::Tool { package: "relais-store", program: "relais-store-crash", arguments: &["run"] },
    },
    Proof {
        name: "turn",
        claim: "another project's clients relay through `relais-turn` by UDP, TCP and TLS, and nothing is lost",
        how: How::Here(turn::run),
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
    if let How::Browser { .. } = proof.how {
        setup::ensure_for_tests()?;
        web::build()?;
    } else if let How::Page { .. } = proof.how {
        setup::ensure_for_tests()?;
    } else {
        setup::ensure()?;
    }
    build(proof, Profile::Proof)?;
    let status = command(proof, Profile::Proof)?.args(options).status().context("the proof's program")?;
    Ok(cargo::exit_code(status))
}

/// Builds what a proof runs: for most the server with its test-only switches, the client program and the proofs.
fn build(proof: &Proof, profile: Profile) -> Result<()> {
    let packages: &[&str] = match &proof.how {
        How::Here(_) | How::Page { .. } => return Ok(()),
        How::Tool { package, .. } => &[*package],
        How::Program | How::BothClients => &["relais-server", "relais-client", "relais-proof"],
        How::Browser { .. } => &["relais-server", "relais-client"],
    };
    say::progress(&format!("building {} …", packages.join(", ")));
    let mut command = cargo::cargo()?;
    if !matches!(proof.how, How::Browser { .. }) {
        // No other proof looks at the web client as the server serves it.
        command.env("RELAIS_WITHOUT_WEB", "1");
    }
    command.args(["build", "--locked", profile.option()]);
    for package in packages {
        command.args(["--package", package]);
    }
    if packages.contains(&"relais-server") {
        command.args(["--features", "relais-server/mutations"]);
    }
    if packages.contains(&"relais-proof") {
        command.args(["--features", "relais-proof/mutations"]);
    }
    if !command.status().context("cargo build")?.success() {
        bail!("the build failed");
    }
    Ok(())
}

/// The command that carries out a proof with programs that are already built.
///
/// # Errors
/// The proof is a function of this package, or there is no target folder.
pub fn command(proof: &Proof, profile: Profile) -> Result<Command> {
    let mut command = match &proof.how {
        How::Here(_) => bail!("{} is not carried out by a program", proof.name),
        How::Tool { program, arguments, .. } => {
            let mut command = Command::new(cargo::program(profile, program)?);
            command.args(*arguments);
            command
        }
        How::Program | How::BothClients => {
            let mut command = Command::new(cargo::program(profile, "relais-proof")?);
            command.arg(proof.name).arg("--server").arg(cargo::program(profile, "relais")?);
            command.arg("--cli").arg(cargo::program(profile, "relais-cli")?);
            if matches!(proof.how, How::BothClients) {
                web::install()?;
                command.arg("--web").arg(web::folder());
            }
            command
        }
        How::Browser { script } => {
            let mut command = Command::new("node");
            command.arg(cargo::root().join("web").join(script));
            command.arg("--server").arg(cargo::program(profile, "relais")?);
            command.arg("--demo").arg(cargo::program(profile, "relais-demo")?);
            command
        }
        How::Page { script } => {
            web::install()?;
            let mut command = Command::new("node");
            command.arg(web::folder().join(script));
            command
        }
    };
    command.current_dir(cargo::root());
    Ok(command)
}

/// The proofs whose quick form is a stage of the test run. That of a room's own program is a test of that room,
/// that of a function here a test of this package.
pub fn by_program() -> impl Iterator<Item = &'static Proof> {
    PROOFS.iter().filter(|proof| !matches!(proof.how, How::Here(_) | How::Tool { .. }))
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

//! What the build needs from the system, and how it gets there: asked first at a terminal, done at once where
//! `CI=true`, explained where it cannot be done.

use std::path::Path;
use std::process::{Command, ExitCode, Stdio};

use anyhow::{Context, Result, bail};

use crate::say;

/// One thing the build or the tests need.
struct Need {
    /// Debian's package.
    package: &'static str,
    /// What breaks without it.
    reason: &'static str,
    probe: Probe,
}

/// How to see whether it is there.
enum Probe {
    /// A program on the path.
    Program(&'static str),
    /// One of these files.
    File(&'static [&'static str]),
}

const NEEDS: &[Need] = &[
    Need { package: "gcc", reason: "compiles SQLCipher and the TLS library", probe: Probe::Program("cc") },
    Need {
        package: "libc6-dev",
        reason: "headers of the C library",
        probe: Probe::File(&["/usr/include/stdio.h"]),
    },
    Need { package: "pkg-config", reason: "finds libcrypto", probe: Probe::Program("pkg-config") },
    Need {
        package: "libssl-dev",
        reason: "SQLCipher encrypts its pages with libcrypto",
        probe: Probe::File(&["/usr/include/openssl/evp.h", "/usr/local/include/openssl/evp.h"]),
    },
    Need { package: "perl", reason: "used by C libraries' build scripts", probe: Probe::Program("perl") },
    Need { package: "git", reason: "lists the files that are checked", probe: Probe::Program("git") },
    Need {
        package: "e2fsprogs",
        reason: "makes the file system of the power-cut test",
        probe: Probe::Program("mkfs.ext4"),
    },
    Need { package: "python3", reason: "re-makes and checks test vectors", probe: Probe::Program("python3") },
    Need { package: "nodejs", reason: "builds the web client", probe: Probe::Program("node") },
    Need {
        package: "npm",
        reason: "fetches what the web client is built with",
        probe: Probe::Program("npm"),
    },
];

/// What only the tests need.
const TEST_NEEDS: &[Need] = &[
    Need { package: "chromium", reason: "runs the web client's tests", probe: Probe::Program("chromium") },
    Need {
        package: "firefox-esr",
        reason: "runs the web client in a second engine",
        probe: Probe::Program("firefox-esr"),
    },
];

/// What only the proof of the relay needs.
const TURN_NEEDS: &[Need] = &[
    Need {
        package: "coturn",
        reason: "another project's clients of the relay",
        probe: Probe::Program("turnutils_uclient"),
    },
    Need { package: "openssl", reason: "makes a certificate for one run", probe: Probe::Program("openssl") },
];

impl Need {
    fn is_met(&self) -> bool {
        match self.probe {
            Probe::Program(name) => on_path(name),
            Probe::File(paths) => paths.iter().any(|path| Path::new(path).exists()),
        }
    }
}

fn on_path(name: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    // System tools live outside the path of ordinary users.
    std::env::split_paths(&path)
        .chain(["/sbin".into(), "/usr/sbin".into()])
        .any(|folder| folder.join(name).is_file())
}

/// `cargo x setup`.
///
/// # Errors
/// Something is missing and could not be installed; the message says what to type.
pub fn run(_arguments: &[String]) -> Result<ExitCode> {
    ensure_for_tests()?;
    say::line("everything the build and the tests need is installed");
    Ok(ExitCode::SUCCESS)
}

/// Installs what is missing; does nothing where nothing is.
///
/// # Errors
/// Something is missing and could not be installed; the message says what to type.
pub fn ensure() -> Result<()> {
    install(NEEDS.iter())
}

/// The same, and what only the tests need.
///
/// # Errors
/// See [`ensure`].
pub fn ensure_for_tests() -> Result<()> {
    install(NEEDS.iter().chain(TEST_NEEDS))
}

/// The same as [`ensure`], and what the proof of the relay needs.
///
/// # Errors
/// See [`ensure`].
pub fn ensure_for_turn() -> Result<()> {
    install(NEEDS.iter().chain(TURN_NEEDS))
}

fn install<'a>(needs: impl Iterator<Item = &'a Need>) -> Result<()> {
    let missing: Vec<&Need> = needs.filter(|need| !need.is_met()).collect();
    if missing.is_empty() {
        return Ok(());
    }
    for need in &missing {
        say::progress(&format!("missing: {:<12} {}", need.package, need.reason));
    }
    let packages: Vec<&str> = missing.iter().map(|need| need.package).collect();
    let by_hand = format!("as root: apt-get install --no-install-recommends {}", packages.join(" "));
    if !on_path("apt-get") {
        bail!("this is not a Debian system; install the packages above by its own means");
    }
    let in_ci = std::env::var("CI").is_ok_and(|value| value == "true");
    let agreed = in_ci || (say::at_a_terminal() && say::ask("Install them with apt-get?"));
    if !agreed {
        bail!("not installed; {by_hand}");
    }
    let prefix: &[&str] = match (is_root()?, on_path("sudo")) {
        (true, _) => &[],
        (false, true) => &["sudo", "--preserve-env=DEBIAN_FRONTEND"],
        (false, false) => bail!("this needs root and there is no sudo; {by_hand}"),
    };
    apt_get(prefix, &["update", "-q"])?;
    let mut arguments = vec!["install", "-y", "-q", "--no-install-recommends"];
    arguments.extend(packages);
    apt_get(prefix, &arguments).with_context(|| by_hand)?;
    match missing.iter().find(|need| !need.is_met()) {
        None => Ok(()),
        Some(need) => bail!("{} is installed but what it brings was not found", need.package),
    }
}

fn is_root() -> Result<bool> {
    let output = Command::new("id").arg("-u").output().context("id -u")?;
    Ok(output.stdout.trim_ascii() == b"0")
}

fn apt_get(prefix: &[&str], arguments: &[&str]) -> Result<()> {
    let mut words = prefix.iter().copied().chain(["apt-get"]).chain(arguments.iter().copied());
    let program = words.next().context("no program")?;
    let status = Command::new(program)
        .args(words)
        .env("DEBIAN_FRONTEND", "noninteractive")
        .stdin(Stdio::null())
        .status()
        .with_context(|| format!("could not start {program}"))?;
    if !status.success() {
        bail!("apt-get {} failed", arguments.first().copied().unwrap_or_default());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::{NEEDS, TEST_NEEDS, TURN_NEEDS, on_path};

    #[test]
    fn every_need_says_what_it_is_for() {
        assert!(
            NEEDS
                .iter()
                .chain(TEST_NEEDS)
                .chain(TURN_NEEDS)
                .all(|need| !need.package.is_empty() && need.reason.len() > 10)
        );
    }

    #[test]
    fn a_program_that_nobody_has_is_not_found() {
        assert!(on_path("sh"));
        assert!(!on_path("relais-no-such-program"));
    }
}

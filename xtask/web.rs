//! The web client: its packages, its build, its tests. Everything in `web/` is done by npm from the committed lock
//! file; nothing here knows what the client does.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, SystemTime};

use anyhow::{Context, Result, bail};
use serde::Deserialize;

use crate::cargo::{self, Profile};
use crate::process::{Ending, run_lines};
use crate::{clock, say};

/// Time to fetch and unpack the packages.
const INSTALL_TIME: Duration = Duration::from_secs(10 * 60);
/// Time for one step: a build, a check, one kind of tests.
const STEP_TIME: Duration = Duration::from_secs(10 * 60);

/// Oldest Node that the build tools run on.
const NODE_FLOOR: (u32, u32) = (20, 19);

/// What is looked at to see whether the built client is the present one.
const SOURCES: &[&str] =
    &["src", "public", "scripts", "index.html", "package-lock.json", "vite.config.ts", "svelte.config.js"];

/// One step of checking the client.
#[derive(Clone, Copy, Debug)]
pub struct Step {
    /// Its name in the list of tests.
    pub name: &'static str,
    script: &'static str,
    /// Whether it is a run of tests that are counted one by one.
    counts: bool,
}

/// What the client is checked by, from cheap to dear. The tests of `node` talk to a real server. What Rust draws is drawn
/// from one seed, so that a red run is its commit's doing; `node web/scripts/differential.mjs` draws another one.
pub const STEPS: &[Step] = &[
    Step { name: "web format", script: "format", counts: false },
    Step { name: "web lint", script: "lint", counts: false },
    Step { name: "web types", script: "check", counts: false },
    Step { name: "web tests", script: "test", counts: true },
    Step { name: "web on what Rust draws", script: "test:differential", counts: true },
    Step { name: "web tests in a browser", script: "test:browser", counts: true },
    Step { name: "web in Firefox", script: "test:firefox", counts: false },
];

/// What a run of tests came to.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Counted {
    /// Tests that passed.
    pub passed: u64,
    /// Tests that failed, or were to run and did not.
    pub failed: u64,
    /// Names of those.
    pub failures: Vec<String>,
}

/// Where the web client's sources are.
#[must_use]
pub fn folder() -> PathBuf {
    cargo::root().join("web")
}

fn npm(arguments: &[&str]) -> Command {
    let mut command = Command::new("npm");
    command.args(arguments).current_dir(folder()).env("NO_UPDATE_NOTIFIER", "1");
    command
}

fn finish(what: &str, command: Command, limit: Duration) -> Result<()> {
    match run_lines(command, limit, |line| say::progress(&format!("   {line}")))? {
        Ending::Good => Ok(()),
        Ending::Bad(_) => bail!("{what} failed"),
        Ending::TimedOut => bail!("{what} took longer than {}", clock::show(limit)),
    }
}

/// Installs the packages of the lock file, unless those are there.
///
/// # Errors
/// No Node, one that is too old, or npm's failure.
pub fn install() -> Result<()> {
    check_node()?;
    let lock = fs::read(folder().join("package-lock.json")).context("web/package-lock.json")?;
    let stamp = folder().join("node_modules/.installed-lock.json");
    if fs::read(&stamp).is_ok_and(|installed| installed == lock) {
        return Ok(());
    }
    say::progress("installing the web client's packages …");
    finish("npm ci", npm(&["ci", "--no-audit", "--no-fund"]), INSTALL_TIME)?;
    fs::write(stamp, lock).context("web/node_modules")
}

fn check_node() -> Result<()> {
    let output =
        Command::new("node").arg("--version").output().context("Node.js is needed to build the client")?;
    let version = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    match parse_version(&version) {
        Some(found) if found >= NODE_FLOOR => Ok(()),
        _ => {
            bail!("Node.js {version} is too old: the client needs {}.{} or newer", NODE_FLOOR.0, NODE_FLOOR.1)
        }
    }
}

/// Major and minor of `v20.19.2`.
fn parse_version(text: &str) -> Option<(u32, u32)> {
    let mut numbers = text.strip_prefix('v')?.split('.').map(str::parse::<u32>);
    Some((numbers.next()?.ok()?, numbers.next()?.ok()?))
}

/// Builds the client into `web/dist`, unless what is there is newer than everything it is made of.
///
/// # Errors
/// See [`install`]; the build's failure.
pub fn build() -> Result<()> {
    install()?;
    let built = modified(&folder().join("dist/build.json"));
    let sources = SOURCES.iter().map(|name| newest(&folder().join(name))).max().flatten();
    if built.is_some() && built > sources {
        return Ok(());
    }
    say::progress("building the web client …");
    finish("the web client's build", npm(&["run", "--silent", "build"]), STEP_TIME)
}

fn modified(path: &Path) -> Option<SystemTime> {
    fs::metadata(path).and_then(|found| found.modified()).ok()
}

/// When the newest file below a path was changed.
fn newest(path: &Path) -> Option<SystemTime> {
    let below = fs::read_dir(path).into_iter().flatten().flatten().map(|entry| newest(&entry.path())).max();
    below.flatten().max(modified(path))
}

/// Carries out one step, with the programs that were built in this profile.
///
/// # Errors
/// What failed, in words.
pub fn check(step: &Step, profile: Profile) -> Result<Counted> {
    install()?;
    let mut command = npm(&["run", "--silent", step.script]);
    command.env("RELAIS_BIN", cargo::program(profile, "relais")?);
    command.env("RELAIS_CLI", cargo::program(profile, "relais-cli")?);
    command.env("RELAIS_DEMO", cargo::program(profile, "relais-demo")?);
    command.env("RELAIS_EXAMPLES", cargo::program(profile, "examples")?);
    if !step.counts {
        finish(step.name, command, STEP_TIME)?;
        return Ok(Counted::default());
    }
    let report = cargo::target_dir()?.join(format!("{}.json", step.script.replace(':', "-")));
    drop(fs::remove_file(&report));
    command.args(["--", "--reporter=default", "--reporter=json"]);
    command.arg(format!("--outputFile.json={}", report.display()));
    let ended = finish(step.name, command, STEP_TIME);
    let counted = fs::read(&report).ok().and_then(|text| count(&text));
    match (ended, counted) {
        (Ok(()), Some(counted)) if counted.passed > 0 => Ok(counted),
        (Ok(()), _) => bail!("{}: no test ran", step.name),
        (Err(_), Some(counted)) if counted.failed > 0 => Ok(counted),
        (Err(error), _) => Err(error),
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Report {
    test_results: Vec<File>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct File {
    name: String,
    status: String,
    assertion_results: Vec<Test>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Test {
    full_name: String,
    status: String,
}

/// Reads Vitest's report. A file that could not be run at all counts as a failure of its own.
fn count(report: &[u8]) -> Option<Counted> {
    let report: Report = serde_json::from_slice(report).ok()?;
    let mut counted = Counted::default();
    for file in report.test_results {
        if file.assertion_results.is_empty() && file.status != "passed" {
            counted.failed += 1;
            counted.failures.push(file.name);
        }
        for test in file.assertion_results {
            match test.status.as_str() {
                "passed" => counted.passed += 1,
                // Switched off on purpose, or by a condition that says so in its own words.
                "skipped" | "pending" | "todo" | "disabled" => {}
                _ => {
                    counted.failed += 1;
                    counted.failures.push(test.full_name);
                }
            }
        }
    }
    Some(counted)
}

#[cfg(test)]
mod tests {
    use super::{Counted, count, parse_version};

    #[test]
    fn versions_of_node_are_read() {
        assert_eq!(parse_version("v20.19.2"), Some((20, 19)));
        assert_eq!(parse_version("20"), None);
    }

    #[test]
    fn a_file_that_does_not_load_is_a_failure() {
        let report = br#"{"testResults":[
            {"name":"a.test.ts","status":"passed","assertionResults":[
                {"fullName":"one","status":"passed"},{"fullName":"two","status":"failed"},
                {"fullName":"three","status":"skipped"}]},
            {"name":"b.test.ts","status":"failed","assertionResults":[]}]}"#;
        let failures = vec!["two".to_owned(), "b.test.ts".to_owned()];
        assert_eq!(count(report), Some(Counted { passed: 1, failed: 2, failures }));
        assert_eq!(count(b"nonsense"), None);
    }
}

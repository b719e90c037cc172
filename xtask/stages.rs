//! The whole test run, in stages from cheap to dear. A stage that fails does not keep the next from running;
//! each stage counts as one test beside the tests it runs. The last line says `N passed, N failed`.

use std::fs::{self, File};
use std::io::Write;
use std::process::{Command, ExitCode};
use std::time::Duration;

use anyhow::{Context, Result, bail};

use crate::cargo::{self, Profile};
use crate::libtest::Tally;
use crate::process::{Ending, run_lines};
use crate::{bench, clock, prove, say, setup, tidy, web, wire_ts};

/// Features that everything here is built with: all, so that the stages share what they compile. Among them are the
/// test-only switches, so that a proof can show that it fails without the check it proves; they do nothing unless
/// they are switched.
const FEATURES: &str = "--all-features";

/// Seed of all generated test cases of a full run.
const GENERATED_CASES_SEED: &str = "20261121";

/// Time for one stage that compiles, from an empty target folder on two slow cores.
const BUILD_TIME: Duration = Duration::from_secs(25 * 60);
/// Time for all tests of the workspace.
const TEST_TIME: Duration = Duration::from_secs(20 * 60);
/// Time for the quick form of one proof.
const PROOF_TIME: Duration = Duration::from_secs(8 * 60);

/// What the run has come to.
#[derive(Debug, Default)]
struct Outcome {
    passed: u64,
    failed: u64,
    failures: Vec<String>,
    times: Vec<(String, Duration)>,
}

impl Outcome {
    fn count(&mut self, name: &str, failure: Option<String>) {
        match failure {
            None => self.passed += 1,
            Some(words) => {
                self.failed += 1;
                say::progress(&format!("   FAILED: {words}"));
                self.failures.push(format!("{name}: {words}"));
            }
        }
    }

    /// Runs one stage, prints its time, counts it as one test.
    fn stage(&mut self, name: &str, stage: impl FnOnce(&mut Self) -> Result<()>) -> bool {
        say::progress(&format!("== {name}"));
        let start = clock::now();
        let result = stage(self);
        let time = clock::now().duration_since(start);
        let holds = result.is_ok();
        self.count(name, result.err().map(|error| format!("{error:#}")));
        let word = if holds { "done" } else { "FAILED" };
        say::progress(&format!("== {name}: {word} in {}", clock::show(time)));
        self.times.push((name.to_owned(), time));
        holds
    }
}

/// `cargo x test`. `cargo x test NAME …` runs only the stages that are named.
///
/// # Errors
/// A stage is named that there is not.
pub fn run(arguments: &[String]) -> Result<ExitCode> {
    let known: Vec<&str> = STAGES.iter().map(|(name, _)| *name).collect();
    if let Some(unknown) = arguments.iter().find(|name| !known.contains(&name.as_str())) {
        bail!("no stage is called `{unknown}`; there are: {}", known.join(", "));
    }
    let start = clock::now();
    let mut outcome = Outcome::default();
    for (name, stage) in STAGES {
        if arguments.is_empty() || arguments.iter().any(|named| named == name) {
            outcome.stage(name, stage);
        }
    }
    say::line("");
    for (name, time) in &outcome.times {
        say::line(&format!("{name:<10} {:>12}", clock::show(*time)));
    }
    say::line(&format!("{:<10} {:>12}", "in all", clock::show(clock::now().duration_since(start))));
    for failure in &outcome.failures {
        say::line(&format!("FAILED {failure}"));
    }
    say::line(&format!("{} passed, {} failed", outcome.passed, outcome.failed));
    Ok(if outcome.failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

type Stage = fn(&mut Outcome) -> Result<()>;

const STAGES: &[(&str, Stage)] = &[
    ("setup", |_| setup::ensure_for_tests()),
    ("format", format),
    ("tidy", run_tidy),
    ("clippy", clippy),
    ("build", build),
    ("test", test),
    ("wire-ts", check_wire_ts),
    ("web", check_web),
    ("proofs", proofs),
    ("docs", docs),
];

fn format(_: &mut Outcome) -> Result<()> {
    let mut command = cargo::cargo()?;
    command.args(["fmt", "--all", "--check"]);
    finish("cargo fmt --all would change files", command, BUILD_TIME)
}

fn run_tidy(outcome: &mut Outcome) -> Result<()> {
    let checks = tidy::check_all()?;
    let bad = checks.iter().filter(|check| !check.findings.is_empty()).count();
    for check in checks {
        let words = (!check.findings.is_empty()).then(|| check.findings.join("\n      "));
        outcome.count(check.name, words);
    }
    if bad > 0 {
        bail!("{bad} checks of the workspace on itself");
    }
    Ok(())
}

/// Once with every feature, and once the product as it is released, without the test-only switches.
fn clippy(_: &mut Outcome) -> Result<()> {
    let everything: &[&str] = &["--workspace", "--all-targets", FEATURES];
    let product: &[&str] = &["--package", "relais-server", "--package", "relais-client"];
    for selection in [everything, product] {
        let mut command = cargo::cargo()?;
        command.args(["clippy", "--locked"]).args(selection).args(["--", "--deny", "warnings"]);
        finish("clippy has findings", command, BUILD_TIME)?;
    }
    Ok(())
}

fn build(_: &mut Outcome) -> Result<()> {
    // The server takes the web client in while it is compiled. That it cannot be built is counted where it is checked.
    drop(web::build());
    let mut command = cargo::cargo()?;
    command.args(["build", "--locked", "--workspace", "--all-targets", FEATURES]);
    finish("the build failed", command, BUILD_TIME)
}

fn test(outcome: &mut Outcome) -> Result<()> {
    let mut command = cargo::cargo()?;
    command.args(["test", "--locked", "--workspace", "--no-fail-fast", FEATURES]);
    command.env("INSTA_UPDATE", "no");
    // A gate must not depend on luck: generated cases are the same in every such run. `cargo test` by itself draws new
    // ones, and what it finds becomes a test of its own.
    command.env("PROPTEST_RNG_SEED", GENERATED_CASES_SEED);
    let log_path = cargo::target_dir()?.join("tests.log");
    fs::create_dir_all(cargo::target_dir()?).context("target folder")?;
    let mut log = File::create(&log_path).context("tests.log")?;
    let mut logged = Ok(());
    let mut tally = Tally::default();
    let ending = run_lines(command, TEST_TIME, |line| {
        if logged.is_ok() {
            logged = writeln!(log, "{line}");
        }
        if tally.read(line) {
            say::progress(&format!("   {line}"));
        }
    })?;
    logged.context("tests.log")?;
    outcome.passed += tally.passed;
    outcome.failed += tally.failed;
    if tally.ignored > 0 {
        say::progress(&format!("   {} tests are switched off", tally.ignored));
    }
    let failed = tally.failures.len();
    outcome.failures.extend(tally.failures);
    match ending {
        Ending::Good if tally.passed > 0 => Ok(()),
        Ending::Good => bail!("no test ran"),
        Ending::Bad(_) => bail!("{failed} tests failed; everything they printed: {}", log_path.display()),
        Ending::TimedOut => bail!("the tests took longer than {}", clock::show(TEST_TIME)),
    }
}

fn check_wire_ts(_: &mut Outcome) -> Result<()> {
    for one in wire_ts::FILES {
        let mut command = Command::new(cargo::program(Profile::Dev, "examples/wire_ts")?);
        command.arg(one.part);
        if let Some(words) = wire_ts::difference(one.file, &wire_ts::printed(command)?) {
            bail!(words);
        }
    }
    Ok(())
}

/// The web client: built within its budgets, linted, typed, tested against the server that was just built.
fn check_web(outcome: &mut Outcome) -> Result<()> {
    let mut bad = 0_u64;
    let built = web::build();
    bad += u64::from(built.is_err());
    outcome.count("web build", built.err().map(|error| format!("{error:#}")));
    for step in web::STEPS {
        let start = clock::now();
        let result = web::check(step, Profile::Dev);
        let time = clock::show(clock::now().duration_since(start));
        say::progress(&format!("   {}: {time}", step.name));
        match result {
            Ok(counted) => {
                bad += counted.failed;
                outcome.passed += counted.passed;
                outcome.failed += counted.failed;
                let named = counted.failures.iter().map(|test| format!("{}: {test}", step.name));
                outcome.failures.extend(named);
                if counted.failed == 0 {
                    outcome.count(step.name, None);
                }
            }
            Err(error) => {
                bad += 1;
                outcome.count(step.name, Some(format!("{error:#}")));
            }
        }
    }
    if bad > 0 {
        bail!("{bad} checks of the web client");
    }
    Ok(())
}

/// The quick form of each proof and measurement that needs running programs; the others are tests of a room.
fn proofs(outcome: &mut Outcome) -> Result<()> {
    let mut bad = 0_u32;
    for proof in prove::by_program() {
        let start = clock::now();
        let mut command = prove::command(proof, Profile::Dev)?;
        command.arg("--quick");
        let result = finish("the claim does not hold", command, PROOF_TIME);
        let time = clock::show(clock::now().duration_since(start));
        say::progress(&format!("   {}: {time}", proof.name));
        bad += u32::from(result.is_err());
        outcome.count(&format!("proof {}", proof.name), result.err().map(|error| format!("{error:#}")));
    }
    for (name, command) in bench::quick()? {
        let result = finish("the measurement failed", command, PROOF_TIME);
        bad += u32::from(result.is_err());
        outcome.count(&format!("bench {name}"), result.err().map(|error| format!("{error:#}")));
    }
    if bad > 0 {
        bail!("{bad} proofs");
    }
    Ok(())
}

fn docs(_: &mut Outcome) -> Result<()> {
    let mut command = cargo::cargo()?;
    command.args(["doc", "--locked", "--workspace", "--no-deps", "--document-private-items", FEATURES]);
    command.env("RUSTDOCFLAGS", "--deny warnings");
    finish("the documentation has findings", command, BUILD_TIME)
}

/// Runs a command to its end, shows its output, and says in which of three ways it ended badly.
fn finish(failure: &str, command: Command, limit: Duration) -> Result<()> {
    match run_lines(command, limit, |line| say::progress(&format!("   {line}")))? {
        Ending::Good => Ok(()),
        Ending::Bad(Some(code)) => bail!("{failure} (exit code {code})"),
        Ending::Bad(None) => bail!("{failure} (ended by a signal)"),
        Ending::TimedOut => bail!("took longer than {}", clock::show(limit)),
    }
}

#[cfg(test)]
mod tests {
    use anyhow::bail;

    use super::{Outcome, STAGES, run};

    #[test]
    fn a_failed_stage_counts_and_does_not_stop_the_next() {
        let mut outcome = Outcome::default();
        assert!(!outcome.stage("one", |_| bail!("no luck")));
        assert!(outcome.stage("two", |outcome| {
            outcome.count("inner", None);
            Ok(())
        }));
        assert_eq!((outcome.passed, outcome.failed), (2, 1));
        assert_eq!(outcome.failures, ["one: no luck"]);
    }

    #[test]
    fn a_stage_that_there_is_not_is_refused() {
        assert!(run(&["formatt".to_owned()]).is_err());
        assert!(STAGES.len() > 5);
    }
}

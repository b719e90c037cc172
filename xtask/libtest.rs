//! Reads what Rust's test harness prints: how many tests passed and failed, and which failed.
//!
//! Not known here: who ran the tests.

/// Sums over every test program of a run, documentation tests included.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Tests that held.
    pub passed: u64,
    /// Tests that did not.
    pub failed: u64,
    /// Tests that were not run because they are marked so.
    pub ignored: u64,
    /// `program: test` of each test that did not hold.
    pub failures: Vec<String>,
    program: String,
}

impl Tally {
    /// Takes one line of output into account; says whether a person watching wants to see it.
    pub fn read(&mut self, line: &str) -> bool {
        if let Some(program) = running(line) {
            program.clone_into(&mut self.program);
            return true;
        }
        if let Some((passed, failed, ignored)) = result(line) {
            self.passed += passed;
            self.failed += failed;
            self.ignored += ignored;
            return passed + failed > 0;
        }
        let Some(test) = line.strip_prefix("test ") else {
            return !(line.is_empty() || line.starts_with("running "));
        };
        if let Some(name) = test.strip_suffix(" ... FAILED") {
            self.failures.push(format!("{}: {name}", self.program));
            return true;
        }
        // A test that only says it runs long is news; one that held is not.
        test.contains(" has been running for ")
    }
}

/// The program in `Running unittests lib.rs (path)` or `Doc-tests name`.
fn running(line: &str) -> Option<&str> {
    let line = line.trim_start();
    if let Some(name) = line.strip_prefix("Doc-tests ") {
        return Some(name);
    }
    let rest = line.strip_prefix("Running ")?;
    let path = rest.rsplit_once('(')?.1.strip_suffix(')')?;
    let file = path.rsplit_once('/').map_or(path, |(_, file)| file);
    Some(file.rsplit_once('-').map_or(file, |(name, _)| name))
}

/// The three sums of `test result: ok. 8 passed; 0 failed; 0 ignored; …`.
fn result(line: &str) -> Option<(u64, u64, u64)> {
    let rest = line.strip_prefix("test result: ")?;
    let (_, counts) = rest.split_once(". ")?;
    let count =
        |word: &str| counts.split("; ").find_map(|part| part.strip_suffix(word)?.trim().parse::<u64>().ok());
    Some((count("passed")?, count("failed")?, count("ignored")?))
}

#[cfg(test)]
mod tests {
    use super::Tally;

    const OUTPUT: &str = "\
     Running unittests lib.rs (/t/debug/deps/relais_care-468e1df34aa0d840)

running 3 tests
test audit::tests::one ... ok
test audit::tests::two ... FAILED
test audit::tests::three ... ignored
test result: FAILED. 1 passed; 1 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.00s
   Doc-tests relais_care
test src/care/lib.rs - thing (line 3) ... ok
test result: ok. 4 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.10s";

    #[test]
    fn sums_cover_every_program_and_failures_have_names() {
        let mut tally = Tally::default();
        let shown: Vec<&str> = OUTPUT.lines().filter(|line| tally.read(line)).collect();
        assert_eq!((tally.passed, tally.failed, tally.ignored), (5, 1, 1));
        assert_eq!(tally.failures, ["relais_care: audit::tests::two"]);
        assert_eq!(shown.len(), 5, "{shown:#?}");
    }
}

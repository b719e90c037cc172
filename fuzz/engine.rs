//! The loop: take an input, change it, run it, keep it if it reached something new. An input that makes the target
//! panic, or keeps it busy for too long, ends the run and is shown.
//!
//! Not known here: what a target does.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant};

use crate::coverage;
use crate::mutate::{Random, mutate};
use crate::targets::Target;

/// The longest one input may take. The slowest honest one takes microseconds.
const TIME_MAX: Duration = Duration::from_secs(2);

/// Executions between two looks at the clock.
const BATCH: u64 = 4096;

/// Inputs that are committed for a target at most: replaying them stays a matter of a second, and the file of a size
/// that can be looked at.
pub const COMMITTED_MAX: usize = 1000;

/// Time between two lines of progress.
const PROGRESS: Duration = Duration::from_secs(10);

/// Which edges were ever reached how often: a bit for each power of two of the count.
#[derive(Clone, Debug, Default)]
pub struct Seen {
    buckets: Vec<u8>,
}

impl Seen {
    /// Takes one run's counters in; says whether an edge, or a new order of magnitude of one, was reached.
    pub fn take(&mut self, counters: &[u8]) -> bool {
        self.buckets.resize(counters.len().max(self.buckets.len()), 0);
        let mut novel = false;
        for (seen, count) in self.buckets.iter_mut().zip(counters) {
            if *count != 0 {
                let bucket = 1 << count.ilog2();
                novel |= *seen & bucket == 0;
                *seen |= bucket;
            }
        }
        novel
    }

    /// Edges that were ever reached.
    #[must_use]
    pub fn reached(&self) -> usize {
        self.buckets.iter().filter(|seen| **seen != 0).count()
    }
}

/// What a run came to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    /// Inputs that were run.
    pub executions: u64,
    /// Edges in the code under test.
    pub edges: usize,
    /// Edges that were reached.
    pub reached: usize,
    /// Edges that the committed inputs and seeds reached before anything was changed.
    pub reached_before: usize,
    /// Inputs known before.
    pub corpus_before: usize,
    /// Inputs worth keeping now: the committed corpus from now on.
    pub corpus: Vec<Vec<u8>>,
}

/// Why a run ended before its time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Failure {
    /// The code under test has no counters, or none moved: nothing would be found.
    FeedbackOff,
    /// The target panicked on this input.
    Panicked(Vec<u8>),
    /// The target took longer than it may on this input.
    Slow(Vec<u8>),
}

/// Fuzzes a target for that long, starting from `known` inputs, telling progress once in a while.
///
/// # Errors
/// [`Failure`].
pub fn run(
    target: Target,
    known: &[Vec<u8>],
    time: Duration,
    seed: u64,
    mut progress: impl FnMut(&str),
) -> Result<Summary, Failure> {
    let mut session = Session::new(target);
    if coverage::edges() == 0 {
        return Err(Failure::FeedbackOff);
    }
    for input in known.iter().chain([&Vec::new()]) {
        session.execute(input)?;
    }
    let reached_before = session.seen.reached();
    if reached_before == 0 {
        return Err(Failure::FeedbackOff);
    }
    let mut random = Random::new(seed);
    let start = now();
    let mut next_line = start + PROGRESS;
    while now() < start + time {
        for _ in 0..BATCH {
            session.one(&mut random)?;
        }
        if now() >= next_line {
            next_line += PROGRESS;
            progress(&session.line(now().duration_since(start)));
        }
    }
    let executions = session.executions;
    Ok(Summary {
        executions,
        edges: coverage::edges(),
        reached: session.seen.reached(),
        reached_before,
        corpus_before: known.len(),
        corpus: minimal(target, session.corpus)?,
    })
}

struct Session {
    target: Target,
    seen: Seen,
    corpus: Vec<Vec<u8>>,
    counters: Vec<u8>,
    executions: u64,
}

impl Session {
    fn new(target: Target) -> Self {
        Self { target, seen: Seen::default(), corpus: Vec::new(), counters: Vec::new(), executions: 0 }
    }

    /// Runs one changed input.
    fn one(&mut self, random: &mut Random) -> Result<(), Failure> {
        // Recent inputs lead to new ones more often: half of the time one of the last sixteen is taken.
        let recent = self.corpus.len().saturating_sub(16);
        let from = if random.below(2) == 0 { self.corpus.get(recent..) } else { self.corpus.get(..) };
        let mut input = random.pick(from.unwrap_or_default()).cloned().unwrap_or_default();
        let other = random.pick(&self.corpus).cloned().unwrap_or_default();
        mutate(&mut input, &other, random);
        self.execute(&input)
    }

    /// Runs one input and keeps it if it reached something new.
    fn execute(&mut self, input: &[u8]) -> Result<(), Failure> {
        self.executions += 1;
        count(self.target, input, &mut self.counters)?;
        if self.seen.take(&self.counters) {
            self.corpus.push(input.to_vec());
        }
        Ok(())
    }

    fn line(&self, time: Duration) -> String {
        format!(
            "{:>5} s  {:>12} executions  {:>6} of {} edges  corpus {}",
            time.as_secs(),
            self.executions,
            self.seen.reached(),
            coverage::edges(),
            self.corpus.len()
        )
    }
}

/// Runs one input and reads its counters.
fn count(target: Target, input: &[u8], counters: &mut Vec<u8>) -> Result<(), Failure> {
    coverage::clear();
    let start = now();
    let held = catch_unwind(AssertUnwindSafe(|| target(input))).is_ok();
    let time = now().duration_since(start);
    coverage::read(counters);
    if !held {
        return Err(Failure::Panicked(input.to_vec()));
    }
    if time > TIME_MAX { Err(Failure::Slow(input.to_vec())) } else { Ok(()) }
}

/// Inputs worth committing: those that reach most come first, each of the others only if it reaches an edge that
/// none before it did; of these, the [`COMMITTED_MAX`] that added most.
fn minimal(target: Target, corpus: Vec<Vec<u8>>) -> Result<Vec<Vec<u8>>, Failure> {
    let mut counters = Vec::new();
    let mut ranked = Vec::new();
    for input in corpus {
        count(target, &input, &mut counters)?;
        ranked.push((counters.iter().filter(|count| **count != 0).count(), input));
    }
    ranked.sort_by(|(reach, input), (other_reach, other)| {
        (other_reach, input.len()).cmp(&(reach, other.len()))
    });
    let mut seen = Seen::default();
    let mut kept = Vec::new();
    for (_, input) in ranked {
        count(target, &input, &mut counters)?;
        counters.iter_mut().for_each(|count| *count = (*count).min(1));
        let before = seen.reached();
        if seen.take(&counters) {
            kept.push((seen.reached() - before, input));
        }
    }
    kept.sort_by_key(|(gain, _)| std::cmp::Reverse(*gain));
    kept.truncate(COMMITTED_MAX);
    Ok(kept.into_iter().map(|(_, input)| input).collect())
}

#[expect(clippy::disallowed_methods, reason = "the one function of the driver that reads the clock")]
fn now() -> Instant {
    Instant::now()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{Failure, Seen, run};
    use crate::coverage;

    #[test]
    fn only_a_new_edge_or_a_new_magnitude_is_news() {
        let mut seen = Seen::default();
        assert!(seen.take(&[0, 1, 0]));
        assert!(!seen.take(&[0, 1, 0]));
        assert!(seen.take(&[0, 2, 0]));
        assert!(!seen.take(&[0, 3, 0]));
        assert!(seen.take(&[1, 0, 0]));
        assert_eq!(seen.reached(), 2);
    }

    // Without instrumentation a run would look busy and find nothing, so it refuses.
    #[test]
    fn a_build_without_feedback_is_refused() {
        if coverage::edges() == 0 {
            assert_eq!(run(|_| {}, &[], Duration::from_secs(1), 1, |_| {}), Err(Failure::FeedbackOff));
        }
    }
}

//! The fuzz driver: `relais-fuzz NAME --minutes N`. Run it by `cargo x fuzz`, which builds it with feedback.

use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use relais_fuzz::engine::{self, Failure, Summary};
use relais_fuzz::{corpus, targets};

fn main() -> Result<ExitCode> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let (name, time) = match words.as_slice() {
        [name] => (*name, Duration::from_secs(60)),
        [name, "--minutes", minutes] => (*name, minutes_of(minutes)?),
        _ => bail!("relais-fuzz NAME [--minutes N]"),
    };
    let Some(target) = targets::by_name(name) else { bail!("no target is called `{name}`") };
    let committed = corpus::load(name)?;
    let known: Vec<Vec<u8>> = committed.iter().cloned().chain(targets::seeds(name)).collect();
    println!("{name}: {} committed inputs, {} seeds", committed.len(), known.len() - committed.len());
    match engine::run(target, &known, time, seed(&committed), |line| println!("{line}")) {
        Ok(summary) => {
            corpus::store(name, &summary.corpus)?;
            report(name, committed.len(), &summary);
            Ok(ExitCode::SUCCESS)
        }
        Err(Failure::FeedbackOff) => {
            bail!("no coverage feedback: build with fuzz/sancov-rustc (`cargo x fuzz`)")
        }
        Err(Failure::Panicked(input)) => bail!("{name} panics on {}", hex::encode(input)),
        Err(Failure::Slow(input)) => bail!("{name} takes too long on {}", hex::encode(input)),
    }
}

fn minutes_of(text: &str) -> Result<Duration> {
    let minutes: f64 = text.parse().context("--minutes takes a number")?;
    Duration::try_from_secs_f64(minutes * 60.0).context("--minutes takes a number of minutes")
}

/// Another seed for another corpus, so that a second run does not repeat the first.
fn seed(committed: &[Vec<u8>]) -> u64 {
    committed.iter().flatten().fold(0xcbf2_9ce4_8422_2325, |hash: u64, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

fn report(name: &str, committed: usize, summary: &Summary) {
    println!("executions          {}", summary.executions);
    println!("edges               {}", summary.edges);
    println!("edges reached       {} (before: {})", summary.reached, summary.reached_before);
    println!("corpus              {} inputs (before: {committed})", summary.corpus.len());
    println!("{name}: held");
}

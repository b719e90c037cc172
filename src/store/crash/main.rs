//! Crash tests of the embedded store under load: does every acknowledged commit survive, whole?
//!
//! A writer process commits as fast as it can and prints what was acknowledged; it is killed at random moments
//! (SIGKILL), or its disk loses power (a loop-mounted ext4 whose file system is shut down without flushing its
//! log, so that everything not synced is gone). Then the store is opened again and read from end to end.
//!
//! The control runs the same power cuts with syncs turned off and must fail, or the method proves nothing.
//!
//! `relais-store-crash run [--kills N] [--cuts N] [--seed N] [--quick] [--json FILE]` exits 0 only where nothing
//! was lost or torn and the control failed; 2 where power cuts cannot be made here and `--quick` was not given.

mod cut;
mod kill;
mod load;
mod report;
mod verify;
mod writer;

use std::{path::PathBuf, process::ExitCode};

use anyhow::{Context as _, bail};

/// What to run.
struct Plan {
    kills: u32,
    cuts: u32,
    seed: u64,
    quick: bool,
    json: Option<PathBuf>,
}

fn main() -> ExitCode {
    match start() {
        Ok(code) => code,
        Err(error) => {
            report::say(&format!("crash test could not run: {error:#}"));
            ExitCode::FAILURE
        }
    }
}

fn start() -> anyhow::Result<ExitCode> {
    let mut args = std::env::args().skip(1);
    match args.next().as_deref() {
        Some("run") => run(&plan(args)?),
        Some("writer") => writer::run(args),
        Some("can-cut") => Ok(match cut::why_not() {
            None => ExitCode::SUCCESS,
            Some(why) => {
                report::say(why);
                ExitCode::from(2)
            }
        }),
        _ => bail!("usage: relais-store-crash run [--kills N] [--cuts N] [--seed N] [--quick] [--json FILE]"),
    }
}

fn plan(mut args: impl Iterator<Item = String>) -> anyhow::Result<Plan> {
    let mut plan = Plan { kills: 50, cuts: 30, seed: 4711, quick: false, json: None };
    while let Some(flag) = args.next() {
        if flag == "--quick" {
            (plan.quick, plan.kills, plan.cuts) = (true, 6, 3);
            continue;
        }
        let value = args.next().with_context(|| format!("{flag} needs a value"))?;
        match flag.as_str() {
            "--kills" => plan.kills = value.parse()?,
            "--cuts" => plan.cuts = value.parse()?,
            "--seed" => plan.seed = value.parse()?,
            "--json" => plan.json = Some(value.into()),
            other => bail!("unknown option {other}"),
        }
    }
    Ok(plan)
}

fn run(plan: &Plan) -> anyhow::Result<ExitCode> {
    let mut dice = load::Dice::new(plan.seed);
    let kills = kill::rounds(plan.kills, &mut dice)?;
    let why_not = if plan.cuts == 0 { Some("none were asked for") } else { cut::why_not() };
    let (cuts, control) = match why_not {
        None => {
            let cuts = cut::rounds(plan.cuts, &mut dice)?;
            (Some(cuts), Some(cut::control(&mut dice)?))
        }
        Some(why) => {
            report::say(&format!("power cuts not made: {why}"));
            (None, None)
        }
    };
    let outcome = report::Outcome { seed: plan.seed, kills, cuts, control };
    report::finish(&outcome, plan.json.as_deref())?;
    Ok(if !outcome.holds() {
        ExitCode::FAILURE
    } else if outcome.control.is_none() && !plan.quick && plan.cuts > 0 {
        ExitCode::from(2)
    } else {
        ExitCode::SUCCESS
    })
}

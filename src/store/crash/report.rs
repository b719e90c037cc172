//! What is said at the end, to a person and to a file.

use std::{fmt, io::Write as _, path::Path};

use serde::Serialize;

use crate::verify::Found;

/// Sums over rounds.
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub(crate) struct Tally {
    pub(crate) rounds: u64,
    /// Acknowledged commits, counted once per store.
    pub(crate) acknowledged: u64,
    /// Times an acknowledged commit was looked for.
    pub(crate) checked: u64,
    pub(crate) lost: u64,
    pub(crate) torn: u64,
    #[serde(skip)]
    on_this_store: u64,
}

impl Tally {
    pub(crate) fn add(&mut self, found: &Found) {
        self.rounds += 1;
        self.checked += found.acks;
        // The list of a store grows with each round and starts again with the next store.
        let before = if found.acks >= self.on_this_store { self.on_this_store } else { 0 };
        self.acknowledged += found.acks - before;
        self.on_this_store = found.acks;
        self.lost += found.lost;
        self.torn += found.torn;
    }

    pub(crate) const fn is_whole(&self) -> bool {
        self.lost == 0 && self.torn == 0
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} acknowledged, {} lost, {} torn", self.acknowledged, self.lost, self.torn)
    }
}

/// Everything.
#[derive(Debug, Serialize)]
pub(crate) struct Outcome {
    pub(crate) seed: u64,
    pub(crate) kills: Tally,
    pub(crate) cuts: Option<Tally>,
    pub(crate) control: Option<Tally>,
}

impl Outcome {
    pub(crate) fn holds(&self) -> bool {
        self.kills.is_whole()
            && self.cuts.as_ref().is_none_or(Tally::is_whole)
            && self.control.as_ref().is_none_or(|control| !control.is_whole())
    }
}

/// Prints the figures, the control last.
pub(crate) fn finish(outcome: &Outcome, json: Option<&Path>) -> anyhow::Result<()> {
    say(&format!("SIGKILL     {:>3} rounds: {}", outcome.kills.rounds, outcome.kills));
    if let Some(cuts) = &outcome.cuts {
        say(&format!("power cut   {:>3} rounds: {cuts}", cuts.rounds));
    }
    let sum = |of: fn(&Tally) -> u64| of(&outcome.kills) + outcome.cuts.as_ref().map_or(0, of);
    say(&format!(
        "rounds {}, acknowledged {}, lost {}, torn {}",
        sum(|t| t.rounds),
        sum(|t| t.acknowledged),
        sum(|t| t.lost),
        sum(|t| t.torn)
    ));
    match &outcome.control {
        Some(control) if control.is_whole() => {
            say("control (no syncs): lost nothing, so this method proves nothing here");
        }
        Some(control) => {
            say(&format!("control (no syncs): failed as it must after {} rounds: {control}", control.rounds));
        }
        None => say("control (no syncs): not run"),
    }
    if let Some(path) = json {
        std::fs::write(path, serde_json::to_vec_pretty(outcome)?)?;
    }
    Ok(())
}

/// One line for the person who runs it.
pub(crate) fn say(text: &str) {
    // Nobody to tell when standard output is gone.
    drop(writeln!(std::io::stdout(), "{text}"));
}

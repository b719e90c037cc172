//! What happened in a run, so that a suite can prove that every fault was met.

use std::collections::BTreeMap;

use relais_hub::{Phase, Stats};

/// Counts by name.
#[derive(Clone, Debug, Default)]
pub struct Counters(BTreeMap<String, u64>);

impl Counters {
    /// Counts one.
    pub fn hit(&mut self, name: &str) {
        self.add(name, 1);
    }

    /// Counts some.
    pub fn add(&mut self, name: &str, count: u64) {
        if count > 0 {
            *self.0.entry(name.to_owned()).or_default() += count;
        }
    }

    /// How often.
    #[must_use]
    pub fn get(&self, name: &str) -> u64 {
        self.0.get(name).copied().unwrap_or(0)
    }

    /// Takes in another run's.
    pub fn merge(&mut self, other: &Self) {
        for (name, count) in &other.0 {
            self.add(name, *count);
        }
    }

    /// Takes in what a hub counted in its life.
    pub fn hub(&mut self, stats: &Stats) {
        for from in Phase::ALL {
            for to in Phase::ALL {
                self.add(&format!("{from:?} to {to:?}"), stats.transitions(from, to));
            }
        }
        self.add("entries sent", stats.entries_sent);
        self.add("entries sent live", stats.entries_live);
        self.add("gaps repaired from the store", stats.gaps);
        self.add("duplicates ignored", stats.duplicates);
        self.add("gates overflowed", stats.gate_overflows);
        self.add("queues dropped", stats.queue_overflows);
        self.add("pages read", stats.pages);
        self.add("resyncs", stats.resyncs);
        self.add("heartbeats", stats.pings);
    }
}

impl core::fmt::Display for Counters {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        self.0.iter().try_for_each(|(name, count)| writeln!(f, "{count:>9}  {name}"))
    }
}

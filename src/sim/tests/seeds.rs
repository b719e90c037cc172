//! The committed seeds: each a run of 500 operations among faults, then rest, then the oracle. Together they meet
//! every fault and every change of state that there is.

use std::sync::atomic::{AtomicU64, Ordering};

use relais_sim::{Counters, chaos, guard};

/// Runs that are played every time. A seed that once failed is added by its number and stays.
const SEEDS: core::ops::Range<u64> = 1..201;

/// What the seeds must have met, each at least once.
const MUST_HAPPEN: &[&str] = &[
    // Faults.
    "connection cut",
    "connection half open",
    "connection stalled",
    "connection slow",
    "connection not made",
    "device killed",
    "network out",
    "server killed",
    "server drained",
    "disk full",
    "disk error",
    "crash before the sync",
    "crash after the sync",
    "server stopped by its store",
    "delivery lost",
    "delivery doubled",
    "delivery late",
    "page not given by the store",
    "request replayed",
    "append without an answer",
    "append refused as StorageFull",
    "visitor without a session",
    "epoch in front",
    "snapshot refused",
    // The ways out of them.
    "gaps repaired from the store",
    "duplicates ignored",
    "queues dropped",
    "resyncs",
    "snapshot read",
    "focus switched",
    "heartbeats",
    "receipts kept",
    "closed as PingTimeout",
    "closed as Replaced",
    "closed as Draining",
    "closed as TooSlow",
    // Every change of a session's state.
    "Opening to Replaying",
    "Opening to Live",
    "Opening to SignIn",
    "Opening to Closed",
    "SignIn to Closed",
    "Replaying to Live",
    "Replaying to Lagging",
    "Replaying to Draining",
    "Replaying to Closed",
    "Live to Replaying",
    "Live to Lagging",
    "Live to Draining",
    "Live to Closed",
    "Lagging to Live",
    "Lagging to Replaying",
    "Lagging to Closed",
    "Draining to Closed",
];

#[test]
fn every_committed_seed_holds_and_every_fault_was_met() {
    guard::install();
    tracing::info!("the suite begins");
    assert!(guard::seen() > 0, "the guard sees nothing");
    let next = AtomicU64::new(SEEDS.start);
    let work = || {
        let mut counters = Counters::default();
        loop {
            let seed = next.fetch_add(1, Ordering::Relaxed);
            if !SEEDS.contains(&seed) {
                return counters;
            }
            counters.merge(&chaos::run(seed));
            counters.hit("seeds");
        }
    };
    let threads = std::thread::available_parallelism().map_or(1, usize::from).min(8);
    let mut total = Counters::default();
    std::thread::scope(|scope| {
        let runs: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
        for run in runs {
            total.merge(&run.join().expect("a seed failed; its number is above"));
        }
    });
    println!("{total}");
    guard::assert_clean();
    assert!(total.get("seeds") >= 200 && total.get("operations") >= 500 * total.get("seeds"));
    let missed: Vec<_> = MUST_HAPPEN.iter().filter(|name| total.get(name) == 0).collect();
    assert!(missed.is_empty(), "never happened: {missed:?}");
}

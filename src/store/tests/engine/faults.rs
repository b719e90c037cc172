//! A full disk, a failing disk, a crash around the sync, an overloaded queue.

use std::sync::{
    Arc, Barrier,
    atomic::{AtomicUsize, Ordering},
};

use futures_util::{StreamExt as _, stream::FuturesUnordered};
use relais_store::{
    Commit, CommitError, Domain, Embedded, EventBody, Fatal, NewEvent, Options, Store, StreamId,
    embedded::{Failure, Fault, FaultPoint},
    limits,
    reads::{IdemLookup, IdemOutcome, Scrub, StreamHeads},
};
use relais_wire::ids::Seq;

use super::{key, open};
use crate::conformance::kit::{domain, hash32, idem, seq, user};

/// Fails once, at the n-th batch, at a point.
struct Once(FaultPoint, Failure, AtomicUsize);

impl Once {
    fn new(point: FaultPoint, failure: Failure, batch: usize) -> Arc<Self> {
        Arc::new(Self(point, failure, AtomicUsize::new(batch)))
    }
}

impl Fault for Once {
    fn at(&self, point: FaultPoint, _: usize) -> Option<Failure> {
        (point == self.0 && self.2.fetch_sub(1, Ordering::SeqCst) == 1).then_some(self.1)
    }
}

fn faulty(dir: &std::path::Path, fault: Arc<dyn Fault>) -> Embedded {
    Embedded::open(&Options { fault: Some(fault), ..Options::new(dir, key()) }).unwrap()
}

fn told(n: u64) -> Domain {
    let event = NewEvent { to: vec![stream()], body: EventBody::Fixed(vec![1; 1000].into()) };
    domain().idem(idem(n, n)).event(event)
}

fn stream() -> StreamId {
    StreamId::new(user(1), None)
}

fn head(store: &Embedded) -> Seq {
    store.read_blocking(StreamHeads(vec![stream()])).unwrap()[0]
}

#[test]
fn a_full_disk_fails_the_batch_and_nothing_else() {
    let dir = tempfile::tempdir().unwrap();
    let store = faulty(dir.path(), Once::new(FaultPoint::BeforeSync, Failure::DiskFull, 2));
    store.commit_blocking(told(1)).unwrap();
    assert_eq!(store.commit_blocking(told(2)), Err(CommitError::DiskFull));
    assert_eq!(head(&store), seq(1));
    let receipt = store.commit_blocking(told(2)).unwrap();
    assert_eq!(receipt.streams[0][0].1, seq(2), "numbers continue where the last durable one was");
    assert_eq!(store.stopped(), None);
}

#[test]
fn a_database_at_its_largest_size_refuses_and_recovers() {
    let dir = tempfile::tempdir().unwrap();
    let small = Options { pages_max: Some(150), ..Options::new(dir.path(), key()) };
    let store = Embedded::open(&small).unwrap();
    let stored = (1..10_000).find(|n| store.commit_blocking(told(*n)).is_err()).unwrap() - 1;
    assert_eq!(store.commit_blocking(told(stored + 1)), Err(CommitError::DiskFull));
    assert_eq!(head(&store), seq(stored), "what was acknowledged is there, what failed is not");
    drop(store);
    let store = open(dir.path());
    assert_eq!(store.commit_blocking(told(stored + 1)).unwrap().streams[0][0].1, seq(stored + 1));
    assert!(store.read_blocking(Scrub).unwrap().is_empty());
}

#[test]
fn an_error_of_the_disk_stops_the_store_for_good() {
    let dir = tempfile::tempdir().unwrap();
    let store = faulty(dir.path(), Once::new(FaultPoint::BeforeSync, Failure::Io, 1));
    assert_eq!(store.commit_blocking(told(1)), Err(CommitError::Unknown));
    assert_eq!(store.stopped(), Some(Fatal::Io));
    assert_eq!(store.commit_blocking(told(2)), Err(CommitError::Fatal(Fatal::Io)));
    drop(store);
    assert_eq!(head(&open(dir.path())), Seq::ZERO);
}

#[test]
fn a_crash_before_the_sync_leaves_nothing_and_after_it_everything() {
    for (point, kept) in [(FaultPoint::BeforeSync, 1), (FaultPoint::AfterSync, 2)] {
        let dir = tempfile::tempdir().unwrap();
        let store = faulty(dir.path(), Once::new(point, Failure::Crash, 2));
        store.commit_blocking(told(1)).unwrap();
        assert_eq!(store.commit_blocking(told(2)), Err(CommitError::Unknown));
        drop(store);
        let store = open(dir.path());
        assert_eq!(head(&store), seq(kept));
        let lookup = IdemLookup { user: user(1), key: idem(2, 2).key, request: hash32(2) };
        let known = matches!(store.read_blocking(lookup).unwrap(), IdemOutcome::Done(_));
        assert_eq!(known, kept == 2, "the key says which of the two it was");
        assert_eq!(store.commit_blocking(told(2)).unwrap().replayed, kept == 2);
        assert_eq!(head(&store), seq(2), "sent again, it is there once");
    }
}

/// Holds the committer at its first batch until the test lets go.
struct Held(Barrier, AtomicUsize);

impl Fault for Held {
    fn at(&self, point: FaultPoint, _: usize) -> Option<Failure> {
        if point == FaultPoint::BeforeSync && self.1.fetch_add(1, Ordering::SeqCst) == 0 {
            self.0.wait();
            self.0.wait();
        }
        None
    }
}

#[test]
fn a_full_queue_says_so_and_what_was_queued_is_committed() {
    let dir = tempfile::tempdir().unwrap();
    let held = Arc::new(Held(Barrier::new(2), AtomicUsize::new(0)));
    let store = faulty(dir.path(), Arc::clone(&held) as Arc<dyn Fault>);
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let (mut done, mut overloaded) = (0, 0);
    runtime.block_on(async {
        let mut all: FuturesUnordered<_> = FuturesUnordered::new();
        all.push(store.commit(Commit::from(domain())));
        assert!(futures_util::poll!(all.next()).is_pending());
        held.0.wait();
        all.extend((0..limits::COMMIT_QUEUE + 10).map(|_| store.commit(Commit::from(domain()))));
        while let std::task::Poll::Ready(Some(outcome)) = futures_util::poll!(all.next()) {
            assert_eq!(outcome, Err(CommitError::Overloaded));
            overloaded += 1;
        }
        held.0.wait();
        while let Some(outcome) = all.next().await {
            match outcome {
                Ok(_) => done += 1,
                Err(CommitError::Overloaded) => overloaded += 1,
                Err(other) => panic!("{other:?}"),
            }
        }
    });
    assert_eq!(done + overloaded, limits::COMMIT_QUEUE + 11);
    assert!(overloaded >= 10, "the queue holds no more than its limit: {overloaded}");
}

/// A bug in the committer.
struct Panics;

impl Fault for Panics {
    fn at(&self, _: FaultPoint, _: usize) -> Option<Failure> {
        panic!("a bug, on purpose")
    }
}

#[test]
fn a_committer_that_panics_leaves_a_store_that_says_so() {
    let dir = tempfile::tempdir().unwrap();
    let store = faulty(dir.path(), Arc::new(Panics));
    assert_eq!(store.commit_blocking(told(1)), Err(CommitError::Unknown));
    let second = store.commit_blocking(told(1));
    assert!(matches!(second, Err(CommitError::Unknown | CommitError::Fatal(Fatal::Internal))), "{second:?}");
    assert_eq!(store.stopped(), Some(Fatal::Internal));
    assert_eq!(store.read_blocking(StreamHeads(vec![stream()])).unwrap(), [Seq::ZERO], "reads go on");
}

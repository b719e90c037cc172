//! The store beside a naive model of it: whatever the order of commits, refusals, repeats, full disks, crashes and
//! restarts, both say the same. This is what the committer's memory of heads has to live up to.

use std::{
    collections::BTreeMap,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicU8, Ordering},
    },
};

use proptest::prelude::*;
use relais_store::{
    CommitError, Embedded, EventBody, NewEvent, Options, Refusal, Store, StreamId,
    embedded::{Durability, Failure, Fault, FaultPoint},
    reads::{AuditHead, StreamHeads, ThreadById},
};

use super::key;
use crate::conformance::kit::{ORG, create_thread, domain, idem, message, seq, thread, user};

const THREADS: u64 = 2;
const USERS: u64 = 3;

#[derive(Clone, Copy, Debug)]
enum Step {
    /// A message of a user in a thread, told to that user and the next.
    Send { thread: u64, user: u64 },
    /// The last message that was sent, byte for byte.
    Repeat,
    /// A message whose count skips one.
    Skip { thread: u64, user: u64 },
    /// A message that is appended before its commit is refused.
    RefusedLate { thread: u64, user: u64 },
    /// The process ends and starts again.
    Restart,
    /// The next message meets a full disk.
    DiskFull { thread: u64, user: u64 },
    /// The process dies around the sync of the next message, and starts again.
    Crash { thread: u64, user: u64, durable: bool },
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let place = || (0..THREADS, 0..USERS);
    let step = prop_oneof![
        8 => place().prop_map(|(thread, user)| Step::Send { thread, user }),
        2 => Just(Step::Repeat),
        1 => place().prop_map(|(thread, user)| Step::Skip { thread, user }),
        2 => place().prop_map(|(thread, user)| Step::RefusedLate { thread, user }),
        1 => Just(Step::Restart),
        1 => place().prop_map(|(thread, user)| Step::DiskFull { thread, user }),
        1 => (place(), any::<bool>())
            .prop_map(|((thread, user), durable)| Step::Crash { thread, user, durable }),
    ];
    prop::collection::vec(step, 1..40)
}

/// Fails once, as it was last told to.
#[derive(Default)]
struct Told(AtomicU8);

impl Fault for Told {
    fn at(&self, point: FaultPoint, _: usize) -> Option<Failure> {
        let failure = match (self.0.load(Ordering::SeqCst), point) {
            (1, FaultPoint::BeforeSync) => Failure::DiskFull,
            (2, FaultPoint::BeforeSync) | (3, FaultPoint::AfterSync) => Failure::Crash,
            _ => return None,
        };
        self.0.store(0, Ordering::SeqCst);
        Some(failure)
    }
}

/// What the store should hold.
#[derive(Default)]
struct Model {
    entries: BTreeMap<u64, u64>,
    counts: BTreeMap<(u64, u64), u64>,
    streams: BTreeMap<u64, u64>,
    audit: u64,
    /// Thread, user, count, key and position of the last message that was stored.
    last: Option<(u64, u64, u64, u64, u64)>,
}

impl Model {
    fn store(&mut self, (t, u): (u64, u64), key: u64) -> u64 {
        let n = self.entries.entry(t).or_insert(1);
        *n += 1;
        let count = self.counts.entry((t, u)).or_default();
        *count += 1;
        for to in [u, (u + 1) % USERS] {
            *self.streams.entry(to).or_default() += 1;
        }
        self.audit += 1;
        self.last = Some((t, u, *count, key, *n));
        *n
    }

    fn next(&self, t: u64, u: u64) -> u64 {
        self.counts.get(&(t, u)).copied().unwrap_or(0) + 1
    }
}

/// The store under test, its faults and its model.
struct Pair<'a> {
    dir: &'a Path,
    told: Arc<Told>,
    store: Option<Embedded>,
    model: Model,
    keys: u64,
}

impl<'a> Pair<'a> {
    fn new(dir: &'a Path) -> Self {
        let mut pair = Self { dir, told: Arc::default(), store: None, model: Model::default(), keys: 0 };
        pair.restart();
        for t in 0..THREADS {
            create_thread(pair.store(), thread(t));
            pair.model.audit += 1;
            pair.model.entries.insert(t, 1);
        }
        pair
    }

    fn store(&self) -> &Embedded {
        self.store.as_ref().unwrap()
    }

    fn restart(&mut self) {
        self.store = None;
        let fault: Arc<dyn Fault> = Arc::clone(&self.told) as Arc<dyn Fault>;
        let options = Options::new(self.dir, key());
        let durability = Durability::DangerousUnsynced;
        let options = Options { fault: Some(fault), durability, readers: 1, ..options };
        self.store = Some(Embedded::open(&options).unwrap());
    }

    fn commit(
        &self,
        (t, u): (u64, u64),
        count: u64,
        key: u64,
        late: bool,
    ) -> Result<relais_store::Receipt, CommitError> {
        let to = [u, (u + 1) % USERS].map(|u| StreamId::new(user(u), None)).to_vec();
        let mut idem = idem(key, key);
        idem.user = user(u);
        let body = EventBody::Appended(usize::from(late));
        let append = message(thread(t), user(u), count);
        self.store().commit_blocking(domain().idem(idem).write(append).event(NewEvent { to, body }))
    }

    fn step(&mut self, step: Step) {
        self.keys += 1;
        let key = self.keys;
        match step {
            Step::Send { thread, user } => {
                let receipt = self.commit((thread, user), self.model.next(thread, user), key, false).unwrap();
                let n = self.model.store((thread, user), key);
                assert_eq!((receipt.entries[0].n, receipt.replayed), (seq(n), false));
            }
            Step::Repeat => {
                let Some((t, u, count, key, n)) = self.model.last else { return };
                let receipt = self.commit((t, u), count, key, false).unwrap();
                assert_eq!((receipt.entries[0].n, receipt.replayed), (seq(n), true));
            }
            Step::Skip { thread, user } => {
                let expected = self.model.next(thread, user);
                let outcome = self.commit((thread, user), expected + 1, key, false);
                let expected = seq(expected);
                assert_eq!(outcome, Err(CommitError::Refused(Refusal::AuthorSeq { expected })));
            }
            Step::RefusedLate { thread, user } => {
                let outcome = self.commit((thread, user), self.model.next(thread, user), key, true);
                assert!(matches!(outcome, Err(CommitError::Refused(_))), "{outcome:?}");
            }
            Step::Restart => self.restart(),
            Step::DiskFull { thread, user } => {
                self.told.0.store(1, Ordering::SeqCst);
                let outcome = self.commit((thread, user), self.model.next(thread, user), key, false);
                assert_eq!(outcome, Err(CommitError::DiskFull));
            }
            Step::Crash { thread, user, durable } => {
                self.told.0.store(if durable { 3 } else { 2 }, Ordering::SeqCst);
                let outcome = self.commit((thread, user), self.model.next(thread, user), key, false);
                assert_eq!(outcome, Err(CommitError::Unknown));
                if durable {
                    self.model.store((thread, user), key);
                }
                self.restart();
            }
        }
    }

    fn agree(&self) {
        for t in 0..THREADS {
            let row = self.store().read_blocking(ThreadById(thread(t))).unwrap().unwrap();
            assert_eq!(row.n, seq(self.model.entries[&t]));
        }
        let streams = (0..USERS).map(|u| StreamId::new(user(u), None)).collect();
        let heads = self.store().read_blocking(StreamHeads(streams)).unwrap();
        let expected: Vec<_> =
            (0..USERS).map(|u| seq(self.model.streams.get(&u).copied().unwrap_or(0))).collect();
        assert_eq!(heads, expected);
        let (rows, _) = self.store().read_blocking(AuditHead(Some(ORG))).unwrap().unwrap();
        assert_eq!(rows, self.model.audit);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_store_and_its_model_agree_after_every_step(steps in steps()) {
        let dir = tempfile::tempdir().unwrap();
        let mut pair = Pair::new(dir.path());
        for step in steps {
            pair.step(step);
            pair.agree();
        }
    }
}

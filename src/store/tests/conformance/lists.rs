//! Lists of threads: their order, whom they name, and what happens to a page when threads move.

use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet};

use proptest::{prelude::*, test_runner::TestRunner};
use relais_store::{
    Domain, Store, Write,
    facts::thread::{Participant, Party, Standing},
    limits::QUARTER_MS,
    reads::ThreadsOf,
};
use relais_wire::ids::{OrgId, ThreadId};

use super::{
    Subject,
    kit::{NOW, ORG, create_thread, domain, message, seq, thread, user},
};

const OTHER: OrgId = OrgId::from_bytes([0x0b; 16]);

/// Where a thread stands in a list.
type Place = (u64, ThreadId);

fn part(n: u64, as_org: Option<OrgId>, standing: Standing) -> Participant {
    Participant {
        party: Party::User(user(n)),
        as_org,
        standing,
        role: 0,
        visible_from: seq(1),
        visible_to: None,
        triage: None,
        responsible: None,
        invite_key: None,
    }
}

fn put(store: &impl Store, id: ThreadId, row: Participant) {
    store.commit_blocking(domain().write(Write::PutParticipant(id, row))).unwrap();
}

/// Somebody's `count`-th message, at a time of the server.
fn write_at(store: &impl Store, id: ThreadId, count: u64, at_ms: u64) {
    let domain = Domain { at_ms, ..domain() };
    store.commit_blocking(domain.write(message(id, user(9), count))).unwrap();
}

fn page(store: &impl Store, n: u64, context: Option<OrgId>, before: Option<Place>, max: u32) -> Vec<Place> {
    let list = ThreadsOf { party: Party::User(user(n)), context, before, max };
    let rows = store.read_blocking(list).unwrap();
    rows.iter().map(|(row, _)| (row.last_ms, row.thread)).collect()
}

fn all(store: &impl Store, n: u64, context: Option<OrgId>, max: u32) -> Vec<Place> {
    let mut read = Vec::new();
    loop {
        let next = page(store, n, context, read.last().copied(), max);
        if next.is_empty() {
            return read;
        }
        read.extend(next);
    }
}

// THR-11
pub(crate) fn a_list_goes_page_by_page_from_the_newest_to_the_oldest<S: Subject>(subject: &S) {
    let store = subject.store();
    // Of one moment, of one quarter of an hour, of several; in no order.
    let times = [5, 0, 7, 5, QUARTER_MS, 3 * QUARTER_MS + 1, QUARTER_MS - 1, 2 * QUARTER_MS, 5];
    let mut expected = Vec::new();
    for (n, after) in (1..).zip(times) {
        create_thread(store, thread(n));
        put(store, thread(n), part(1, Some(ORG), Standing::Active));
        write_at(store, thread(n), 1, NOW + after);
        expected.push((NOW + after, thread(n)));
    }
    expected.sort_by_key(|place| core::cmp::Reverse(*place));
    for max in [1, 2, 4, 100] {
        assert_eq!(all(store, 1, Some(ORG), max), expected, "pages of {max}");
    }
}

// THR-05, THR-07, THR-11, ACC-11
pub(crate) fn a_list_names_those_invited_or_active_in_its_context_and_nobody_else<S: Subject>(subject: &S) {
    let store = subject.store();
    let standings =
        [Standing::Invited, Standing::Active, Standing::Left, Standing::Declined, Standing::Removed];
    for (n, standing) in (1..).zip(standings) {
        create_thread(store, thread(n));
        put(store, thread(n), part(1, Some(ORG), standing));
        put(store, thread(n), part(2, None, Standing::Active));
    }
    let ids = |n, context| -> Vec<_> { all(store, n, context, 2).into_iter().map(|(_, id)| id).collect() };
    assert_eq!(ids(1, Some(ORG)), [thread(2), thread(1)]);
    assert!(ids(1, None).is_empty() && ids(1, Some(OTHER)).is_empty() && ids(3, None).is_empty());
    assert_eq!(ids(2, None).len(), 5);
    // Whoever accepts comes in, whoever is removed goes.
    put(store, thread(1), part(1, Some(ORG), Standing::Active));
    put(store, thread(2), part(1, Some(ORG), Standing::Removed));
    put(store, thread(3), part(1, Some(ORG), Standing::Active));
    assert_eq!(ids(1, Some(ORG)), [thread(3), thread(1)]);
}

pub(crate) fn a_clock_that_goes_back_moves_no_thread_back<S: Subject>(subject: &S) {
    let store = subject.store();
    create_thread(store, thread(1));
    put(store, thread(1), part(1, None, Standing::Active));
    write_at(store, thread(1), 1, NOW + 2 * QUARTER_MS);
    write_at(store, thread(1), 2, NOW);
    assert_eq!(all(store, 1, None, 10), [(NOW + 2 * QUARTER_MS, thread(1))]);
}

/// What happens while somebody reads a list.
#[derive(Clone, Copy, Debug)]
enum Step {
    Page(u32),
    /// A message in this thread, so much later.
    Write(u64, u64),
    /// A new thread, so much later.
    Begin(u64),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let later = || prop_oneof![Just(0), 1..50_u64, Just(QUARTER_MS / 2), Just(QUARTER_MS)];
    let step = prop_oneof![
        3 => (1..6_u32).prop_map(Step::Page),
        4 => (1..=12_u64, later()).prop_map(|(n, by)| Step::Write(n, by)),
        1 => later().prop_map(Step::Begin),
    ];
    prop::collection::vec(step, 0..40)
}

/// Threads of one reader, and what the reader met of them.
struct Reading<'a, S> {
    store: &'a S,
    context: Option<OrgId>,
    base: u64,
    now: u64,
    counts: BTreeMap<ThreadId, u64>,
    before: Option<Place>,
    met: BTreeSet<ThreadId>,
    /// What a stream would have told since the first page.
    told: BTreeSet<ThreadId>,
}

impl<S: Store> Reading<'_, S> {
    fn begin(&mut self) {
        let id = thread(self.base + u64::try_from(self.counts.len()).unwrap() + 1);
        create_thread(self.store, id);
        put(self.store, id, part(1, self.context, Standing::Active));
        self.counts.insert(id, 0);
        self.write(id);
    }

    fn write(&mut self, id: ThreadId) {
        let count = self.counts.get_mut(&id).unwrap();
        *count += 1;
        write_at(self.store, id, *count, self.now);
        self.told.insert(id);
    }

    /// Whether there was anything left.
    fn turn(&mut self, max: u32) -> bool {
        let next = page(self.store, 1, self.context, self.before, max);
        assert!(next.is_sorted_by(|a, b| a > b) && next.len() <= usize::try_from(max).unwrap());
        for place in &next {
            assert!(self.before.is_none_or(|before| *place < before));
            assert!(self.met.insert(place.1), "met twice");
        }
        self.before = next.last().copied().or(self.before);
        !next.is_empty()
    }

    fn step(&mut self, step: Step) {
        match step {
            Step::Page(max) => drop(self.turn(max)),
            Step::Write(n, by) => {
                self.now += by;
                self.write(thread(self.base + n));
            }
            Step::Begin(by) => {
                self.now += by;
                self.begin();
            }
        }
    }
}

/// Whoever follows the stream from the first page on, and turns pages to the end, knows every thread and met none
/// twice (docs/PROTOCOL.md, §3).
pub(crate) fn threads_that_move_while_pages_are_turned_are_met_once_or_moved_to_the_front<S: Subject>(
    subject: &S,
) {
    let mut runner = TestRunner::new(ProptestConfig { cases: 12, ..ProptestConfig::default() });
    let cases = Cell::new(0_u64);
    runner
        .run(&steps(), |steps| {
            let case = cases.get() + 1;
            cases.set(case);
            // Each case in a context of its own.
            let mut context = [0x0c; 16];
            context[..8].copy_from_slice(&case.to_be_bytes());
            let mut reading = Reading {
                store: subject.store(),
                context: Some(OrgId::from_bytes(context)),
                base: case * 1_000,
                now: NOW,
                counts: BTreeMap::new(),
                before: None,
                met: BTreeSet::new(),
                told: BTreeSet::new(),
            };
            for _ in 0..12 {
                reading.begin();
                reading.now += QUARTER_MS / 3;
            }
            reading.told.clear();
            steps.into_iter().for_each(|step| reading.step(step));
            while reading.turn(5) {}
            let known: BTreeSet<_> = reading.met.union(&reading.told).copied().collect();
            prop_assert_eq!(known, reading.counts.keys().copied().collect());
            Ok(())
        })
        .unwrap();
}

//! What holds whatever happens, in whatever order.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::wildcard_enum_match_arm,
    reason = "a test: what cannot be done fails it"
)]

mod common;

use std::collections::{BTreeMap, BTreeSet};

use common::{ADA, Bench, CALL, device, managers, person, start, user};
use proptest::prelude::*;
use relais_call::limits::{AWAY_MS, RECOVER_MS, RING_MS};
use relais_call::{Call, Callee, Desk, Fact, Input, Output, Phase, Turn};
use relais_wire::UserId;

#[derive(Clone, Debug)]
enum Step {
    Give(Input),
    Pass(u64),
    Restart(u64),
}

fn callees() -> impl Strategy<Value = Vec<Callee>> {
    prop::collection::vec(
        prop_oneof![
            (1_u8..7).prop_map(person),
            (prop::collection::vec(1_u8..7, 1..4), 7_u8..9).prop_map(|(phones, of)| managers(of, &phones)),
        ],
        1..4,
    )
}

fn input() -> impl Strategy<Value = Input> {
    let who = (1_u8..7, 1_u8..4);
    prop_oneof![
        3 => (1_u8..7).prop_map(|n| Input::Ack { user: user(n) }),
        4 => (who.clone(), any::<bool>()).prop_map(|((n, nth), camera)| Input::Join {
            user: user(n), device: device(n, nth), camera,
        }),
        2 => (1_u8..7).prop_map(|n| Input::Decline { user: user(n) }),
        2 => who.clone().prop_map(|(n, nth)| Input::Leave { user: user(n), device: device(n, nth) }),
        1 => (1_u8..7).prop_map(|n| Input::End { user: user(n) }),
        2 => (1_u8..7, callees(), any::<bool>()).prop_map(|(n, callees, confirmed)| Input::Add {
            user: user(n), callees, confirmed,
        }),
        2 => who.prop_map(|(n, nth)| Input::Gone { user: user(n), device: device(n, nth) }),
        1 => (1_u8..7).prop_map(|n| Input::Removed { user: user(n) }),
        1 => Just(Input::Timeout),
    ]
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        8 => input().prop_map(Step::Give),
        3 => (0_u64..50_000).prop_map(Step::Pass),
        1 => (0_u64..50_000).prop_map(Step::Restart),
    ]
}

/// What telephones know, by what they were told.
#[derive(Default)]
struct Telephones {
    ringing: BTreeMap<UserId, u64>,
    /// Rings that came to an end for the record: joined, declined, missed, or answered by a colleague.
    open: BTreeSet<UserId>,
    ended: bool,
    now: u64,
}

impl Telephones {
    fn told(&mut self, turn: &Turn) {
        assert!(!self.ended || turn.outputs.is_empty(), "something happens after the end");
        for output in &turn.outputs {
            match output {
                Output::Ring { user, until_ms } => {
                    assert_eq!(*until_ms, self.now + RING_MS);
                    assert_eq!(self.ringing.insert(*user, *until_ms), None, "rung twice");
                    self.open.insert(*user);
                }
                Output::StopRing { user, .. } => {
                    assert!(self.ringing.remove(user).is_some(), "stopped without ringing");
                }
                Output::Fact(Fact::Missed { user, .. } | Fact::Declined { user }) => {
                    self.open.remove(user);
                }
                Output::Fact(Fact::Joined { user }) => {
                    // A colleague's answer is one for all who were rung with them.
                    let seat = turn.call.seats().iter().find(|seat| seat.rung.contains(user)).unwrap();
                    self.open.retain(|open| !seat.rung.contains(open));
                }
                Output::Fact(Fact::Ended { .. }) => self.ended = true,
                Output::Fact(_) | Output::Changed(_) => {}
                Output::Wait(_) => panic!("not drained"),
            }
        }
        // What rings by the record is what was told to ring and not told to stop.
        let rings: BTreeMap<UserId, u64> = turn.call.rings().collect();
        assert_eq!(rings, self.ringing);
        assert!(rings.values().all(|until| *until > self.now), "rings beyond its time");
    }
}

struct Run {
    desk: Desk,
    telephones: Telephones,
    kept: Vec<u8>,
    joined: BTreeMap<UserId, relais_wire::DeviceId>,
}

impl Run {
    fn took(&mut self, turn: &Turn) {
        if turn.facts().next().is_some() {
            self.kept = turn.call.to_kept();
        }
        self.desk.apply(turn);
        self.desk.check();
        turn.call.check();
        self.telephones.told(turn);
    }

    fn give(&mut self, input: Input) {
        let Ok(turn) = self.desk.turn(self.telephones.now, CALL, input.clone()) else { return };
        if let (Input::Join { user, device, .. }, Ok(())) = (&input, &turn.answer) {
            self.joined.insert(*user, *device);
        }
        let before = self.desk.call(CALL).unwrap();
        if turn.outputs.is_empty() {
            assert_eq!(
                (before.phase(), before.seats()),
                (turn.call.phase(), turn.call.seats()),
                "changed in silence"
            );
        }
        self.took(&turn);
    }

    fn pass(&mut self, ms: u64) {
        let until = self.telephones.now + ms;
        let mut turns = 0;
        while let Some(at) = self.desk.wakes_at().filter(|at| *at <= until) {
            self.telephones.now = self.telephones.now.max(at);
            let turn = self.desk.turn(self.telephones.now, CALL, Input::Timeout).unwrap();
            self.took(&turn);
            turns += 1;
            assert!(turns < 200, "a timer that does not move on");
        }
        self.telephones.now = until;
    }

    fn restart(&mut self, down: u64) {
        self.telephones.now += down;
        let Ok(call) = Call::from_kept(self.telephones.now, &self.kept) else { panic!("kept, but not read") };
        if call.is_over() {
            return;
        }
        self.desk = Desk::default();
        // Telephones forget what was only said to them, and are told again what rings by the record.
        self.telephones.ringing = call.rings().collect();
        let turn = self.desk.recovered(self.telephones.now, call);
        self.took(&turn);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_024, ..ProptestConfig::default() })]

    // CAL-03, Q33: whatever comes, in whatever order, with restarts in between.
    #[test]
    fn a_call_keeps_its_promises(callees in callees(), steps in prop::collection::vec(step(), 0..40)) {
        let mut run = Run {
            desk: Desk::default(), telephones: Telephones::default(), kept: Vec::new(), joined: BTreeMap::new(),
        };
        let Ok(turn) = run.desk.start(0, &start(callees)) else { return Ok(()) };
        run.took(&turn);
        for step in steps {
            match step {
                Step::Give(input) => run.give(input),
                Step::Pass(ms) => run.pass(ms),
                Step::Restart(down) => run.restart(down),
            }
        }
        // Left alone, whoever is away is given up and every ring ends: it is over, or two are left talking.
        run.pass(RING_MS + AWAY_MS + RECOVER_MS);
        prop_assert!(run.telephones.ringing.is_empty());
        match run.desk.call(CALL) {
            None => {}
            Some(call) => {
                let active = matches!(call.phase(), Phase::Active { .. });
                prop_assert!(active);
                prop_assert!(call.present().len() >= 2);
                for user in call.present() {
                    prop_assert!(user == common::user(ADA) || run.joined.contains_key(&user), "in, but never answered");
                }
            }
        }
    }

    // Every ring comes to one end that is on record.
    #[test]
    fn nobody_is_forgotten(callees in callees(), inputs in prop::collection::vec(input(), 0..30)) {
        let mut run = Run {
            desk: Desk::default(), telephones: Telephones::default(), kept: Vec::new(), joined: BTreeMap::new(),
        };
        let Ok(turn) = run.desk.start(0, &start(callees)) else { return Ok(()) };
        run.took(&turn);
        let removed: BTreeSet<UserId> = inputs.iter().filter_map(|input| match input {
            Input::Removed { user } => Some(*user),
            _ => None,
        }).collect();
        for input in inputs {
            run.give(input);
        }
        run.pass(RING_MS + AWAY_MS);
        // A colleague's answer ends the ring of a team; who was removed is told nothing.
        let forgotten: Vec<_> = run.telephones.open.difference(&removed).collect();
        prop_assert!(forgotten.is_empty(), "{} rung and never told of", forgotten.len());
    }

    // Kept and read again, a call differs only in who is there and in who must say again that it rings.
    #[test]
    fn what_is_kept_is_the_whole_call(callees in callees(), inputs in prop::collection::vec(input(), 0..20), at in 0_u64..100_000) {
        let mut b = Bench::default();
        if b.start(&start(callees)).is_err() {
            return Ok(());
        }
        for input in inputs {
            b.give(input);
        }
        let call = b.last.unwrap();
        let again = Call::from_kept(at, &call.to_kept()).unwrap();
        prop_assert_eq!(again.seats().len(), call.seats().len());
        prop_assert_eq!(again.present(), call.present());
        prop_assert_eq!(again.rings().collect::<Vec<_>>(), call.rings().collect::<Vec<_>>());
        prop_assert_eq!(again.is_over(), call.is_over());
    }

    #[test]
    fn bytes_that_are_no_call_are_refused_without_harm(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        prop_assert!(Call::from_kept(0, &bytes).is_err());
    }
}

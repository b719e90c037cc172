//! Random comings and goings against a model made of numbers: whoever the model says can read a message reads
//! it with real keys, and nobody else does (SEC-01).

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test: a failure here is the failure to report"
)]

mod world;

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use relais_chain::control::{Control, Form};
use relais_chain::party::{History, PartyId, ThreadRole};
use relais_chain::unit::Standing;
use relais_e2ee::{Seed, thread};
use world::{Person, Thread, World};

#[derive(Clone, Copy, Debug)]
enum Op {
    Write,
    Renew,
    Remove(usize),
    AddWithHistory(usize),
    AddFromJoining(usize),
}

fn op() -> impl Strategy<Value = Op> {
    prop_oneof![
        3 => Just(Op::Write),
        1 => Just(Op::Renew),
        2 => (1..4_usize).prop_map(Op::Remove),
        2 => (1..4_usize).prop_map(Op::AddWithHistory),
        2 => (1..4_usize).prop_map(Op::AddFromJoining),
    ]
}

/// Who was boxed which epoch, where history is walled off, and the epoch of each message.
#[derive(Default)]
struct Model {
    boxed: BTreeMap<usize, BTreeSet<u64>>,
    present: BTreeSet<usize>,
    walls: BTreeSet<u64>,
    epoch: u64,
    messages: Vec<u64>,
}

impl Model {
    fn start() -> Self {
        let mut model = Self::default();
        model.present.extend([0, 1]);
        model.boxed_to_all();
        model
    }

    fn boxed_to_all(&mut self) {
        for who in self.present.clone() {
            self.boxed.entry(who).or_default().insert(self.epoch);
        }
    }

    fn renewed(&mut self, wall: bool) {
        self.epoch += 1;
        if wall {
            self.walls.insert(self.epoch);
        }
        self.boxed_to_all();
    }

    /// From some epoch that was boxed, backward, without passing a wall.
    fn reads(&self, who: usize, epoch: u64) -> bool {
        let boxed = self.boxed.get(&who).into_iter().flatten();
        let walled = |from: u64| self.walls.iter().any(|wall| epoch < *wall && *wall <= from);
        boxed.copied().any(|from| from >= epoch && !walled(from))
    }
}

struct Real {
    world: World,
    people: Vec<Person>,
    thread: Thread,
    seed: Seed,
}

impl Real {
    fn start() -> Self {
        let mut world = World::new();
        let people: Vec<_> = (1..5).map(|n| world.person(n)).collect();
        let role = |i: usize| if i == 0 { ThreadRole::Owner } else { ThreadRole::Member };
        let parties = (0..2).map(|i| people[i].as_party(role(i), Standing::Professional)).collect();
        let (thread, seed) = world.thread(0x11, &people[0], Form::Thread, parties);
        Self { world, people, thread, seed }
    }

    fn control(&mut self, control: &Control) {
        self.world.control(&mut self.thread, &self.people[0], control).unwrap();
    }

    fn renew(&mut self) {
        self.seed = self.world.renew(&mut self.thread, &self.people[0], Some(&self.seed)).unwrap();
    }

    fn add(&mut self, who: usize, history: History) {
        let party = self.people[who].as_party(ThreadRole::Member, Standing::Professional);
        let mut boxes = Vec::new();
        if history == History::Full {
            let target = self.world.target(self.people[who].account.inbox().id);
            let (id, roster) = (self.thread.id, self.thread.state.roster());
            let (sealed, named) =
                thread::box_current(id, roster, &self.seed, &[target], &mut self.world.entropy).unwrap();
            self.world.boxes.extend(sealed);
            boxes = named;
        }
        self.control(&Control::Add { party, boxes, history });
    }
}

fn step(model: &mut Model, real: &mut Real, op: Op) {
    match op {
        Op::Write => {
            real.world.write(&mut real.thread, &real.people[0], &real.seed, "text").unwrap();
            model.messages.push(model.epoch);
        }
        Op::Renew => {
            real.renew();
            model.renewed(false);
        }
        Op::Remove(who) if model.present.contains(&who) => {
            let party = PartyId::User(real.people[who].user());
            real.control(&Control::Remove { party, reason: None });
            real.renew();
            model.present.remove(&who);
            model.renewed(false);
        }
        Op::AddWithHistory(who) if !model.present.contains(&who) => {
            real.add(who, History::Full);
            model.present.insert(who);
            model.boxed.entry(who).or_default().insert(model.epoch);
        }
        Op::AddFromJoining(who) if !model.present.contains(&who) => {
            real.add(who, History::FromJoin);
            real.renew();
            model.present.insert(who);
            model.renewed(true);
        }
        Op::Remove(_) | Op::AddWithHistory(_) | Op::AddFromJoining(_) => {}
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn exactly_those_can_read_who_the_membership_says(ops in proptest::collection::vec(op(), 1..12)) {
        let (mut model, mut real) = (Model::start(), Real::start());
        for op in ops {
            step(&mut model, &mut real, op);
        }
        for (who, person) in real.people.iter().enumerate() {
            let (id, seeds) = person.inbox();
            let read: Vec<_> =
                real.world.read(&real.thread, id, seeds).iter().map(Result::is_ok).collect();
            let expected: Vec<_> = model.messages.iter().map(|epoch| model.reads(who, *epoch)).collect();
            prop_assert_eq!(read, expected, "person {}", who);
        }
    }
}

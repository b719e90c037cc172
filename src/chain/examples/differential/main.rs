//! Writes random histories of a small hospital as lines of JSON: every operation, valid or not, with what became of
//! it. Another implementation reads the lines and must come to the same state, or the same error, at each.
//!
//! `differential SEED HISTORIES STEPS`; equal arguments give equal lines. The lines are described at [`print_history`].

#![expect(clippy::print_stdout, reason = "the output is the product")]
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a generator for tests: what cannot be encoded or found is a bug of it"
)]

mod entries;
mod links;
mod prints;
mod rng;
#[path = "../../tests/world/mod.rs"]
mod world;

use relais_chain::facts::Capacity;
use relais_chain::{ChainError, Mode};
use relais_wire::ids::{KeyringId, UnitId};
use rng::Rng;
use serde_json::{Value, json};
use world::{Chain, NOW, Person, World};

/// People, two units, three teams, and what was made in them so far.
pub(crate) struct Hospital {
    pub(crate) world: World,
    pub(crate) people: Vec<Person>,
    pub(crate) units: Vec<UnitId>,
    pub(crate) teams: Vec<KeyringId>,
    /// Every keyring that is known.
    pub(crate) keyrings: Vec<KeyringId>,
    pub(crate) rng: Rng,
}

fn main() {
    let mut args = std::env::args().skip(1).map(|arg| arg.parse::<u64>().expect("SEED HISTORIES STEPS"));
    let (seed, histories, steps) = (args.next(), args.next(), args.next());
    let (seed, histories, steps) = (seed.unwrap_or(1), histories.unwrap_or(10), steps.unwrap_or(60));
    for history in 0..histories {
        print_history(Rng::new(seed.wrapping_mul(1_000_003).wrapping_add(history)), history, steps);
    }
}

/// The lines of one history:
/// * `{history}`: everything known is forgotten;
/// * `{link: [type, id, bytes], now?, seq, hash, print}` or `{…, error}`: a link, replayed unless `now` is there;
///   `print` is the digest of the chain's state after it (see [`prints`]);
/// * `{entry: [thread, bytes], now?, n, head, entry_hash, anchor_checked, snapshot}` or `{…, error}`: a thread's
///   entry; an accepted one's head and id are remembered for later anchors and ids.
fn print_history(rng: Rng, history: u64, steps: u64) {
    println!("{}", json!({ "history": history }));
    let mut hospital = Hospital::new(rng);
    for (chain, bytes) in hospital.world.order.clone() {
        println!("{}", json!({ "link": named(chain, &bytes), "now": NOW }));
    }
    let mut threads = entries::Threads::new();
    for _ in 0..steps {
        let line =
            if hospital.rng.one_in(3) { links::step(&mut hospital) } else { threads.step(&mut hospital) };
        println!("{line}");
    }
}

fn named(chain: Chain, bytes: &[u8]) -> Value {
    let (kind, id) = match chain {
        Chain::User(id) => ("user", id.to_hex()),
        Chain::Keyring(id) => ("keyring", id.to_hex()),
        Chain::Unit(id) => ("unit", id.to_hex()),
    };
    json!([kind, id, hex::encode(bytes)])
}

/// A line with what became of the operation.
pub(crate) fn line(mut line: Value, mode: Mode, outcome: Result<Value, ChainError>) -> Value {
    if let Mode::Append { now_ms } = mode {
        line["now"] = json!(now_ms);
    }
    match outcome {
        Ok(Value::Object(fields)) => line.as_object_mut().unwrap().extend(fields),
        Ok(_) => {}
        Err(error) => line["error"] = json!(error.code()),
    }
    line
}

impl Hospital {
    fn new(rng: Rng) -> Self {
        let mut world = World::new();
        let people: Vec<_> = (1..=6).map(|n| world.person(n)).collect();
        let root = world.unit(1, &people[0]);
        let ward = world.unit_under(2, Some(root), &people[0]);
        let lab = world.unit_under(3, Some(root), &people[0]);
        let teams = vec![
            world.team(1, root, &people[0], &[&people[1], &people[2]]),
            world.team(2, ward, &people[0], &[&people[3]]),
        ];
        let all = world.team_all(1, root, &people[1], &[&people[1], &people[2], &people[4]]);
        let mut keyrings: Vec<_> = people.iter().flat_map(|person| [person.personal, person.inbox]).collect();
        keyrings.extend(teams.iter().copied().chain([all]));
        for n in 1..=3 {
            keyrings.extend([world::keyring_id(b'A', n), world::keyring_id(b'D', n)]);
        }
        Self { world, people, units: vec![root, ward, lab], teams, keyrings, rng }
    }

    pub(crate) fn person(&mut self) -> Person {
        self.rng.pick(&self.people).clone()
    }

    pub(crate) fn keyring(&mut self) -> KeyringId {
        *self.rng.pick(&self.keyrings)
    }

    /// Usually an append; sometimes what a later reader would do.
    pub(crate) fn mode(&mut self) -> Mode {
        if self.rng.one_in(8) { Mode::Replay } else { Mode::Append { now_ms: NOW } }
    }

    /// A capacity as it stands now, or as it stood, or will, or nothing.
    pub(crate) fn capacity(&mut self, of: KeyringId) -> Option<Capacity> {
        let mut capacity = self.world.capacity(of)?;
        match self.rng.below(12) {
            0 => capacity.seq = self.rng.below(capacity.seq + 2),
            1 => return None,
            _ => {}
        }
        Some(capacity)
    }

    /// Damages one in twelve.
    pub(crate) fn damage(&mut self, mut bytes: Vec<u8>) -> Vec<u8> {
        if self.rng.one_in(12) {
            let at = self.rng.index(bytes.len());
            bytes[at] ^= 1 << self.rng.below(8);
            if self.rng.one_in(3) {
                bytes.truncate(at);
            }
        }
        bytes
    }
}

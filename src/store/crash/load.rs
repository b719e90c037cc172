//! The load: who writes what, so that a verifier can say of any byte whether it is the right one.
//!
//! Eight writers, each the only author of its thread, so that an entry's position equals its author's count.
//! Every commit appends an entry, tells three streams, writes an audit line and remembers an idempotency key.

use relais_care::audit::{Actor, AuditEntry, Event, Scope};
use relais_chain::{
    entry::{Anchor, Kind},
    hash,
    head::{Claim, Phase},
};
use relais_store::{
    AuditLine, Domain, EventBody, Idem, NewEvent, Options, StoreKey, StreamId, embedded::Durability,
};
use relais_wire::ids::{Bytes32, DeviceId, IdemKey, MsgId, OrgId, ThreadId, UserId};
use sha2::{Digest as _, Sha256};

/// Threads, and writers at once.
pub(crate) const WRITERS: u64 = 8;

/// Server time of every commit; nothing here depends on it.
pub(crate) const NOW: u64 = 1_800_000_000_000;

/// The organization whose log is written.
pub(crate) const ORG: OrgId = OrgId::from_bytes([0x0a; 16]);

/// The device all writers use.
pub(crate) const DEVICE: DeviceId = DeviceId::from_bytes([0xde; 16]);

/// A small deterministic generator (xorshift64*): enough for delays, and the same on every machine.
pub(crate) struct Dice(u64);

impl Dice {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    /// A number in `low..high`.
    pub(crate) fn between(&mut self, low: u64, high: u64) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        low + self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) % (high - low).max(1)
    }
}

/// How the store under test is opened.
pub(crate) fn options(dir: &std::path::Path, durability: Durability) -> Options {
    Options { durability, readers: 1, ..Options::new(dir, StoreKey::from_bytes([0x5a; 32])) }
}

fn derived(label: &str, writer: u64, count: u64) -> [u8; 32] {
    let mut hash = Sha256::new();
    hash.update(label);
    hash.update(writer.to_be_bytes());
    hash.update(count.to_be_bytes());
    hash.finalize().into()
}

fn short(label: &str, writer: u64, count: u64) -> [u8; 16] {
    let mut id = [0; 16];
    id.iter_mut().zip(derived(label, writer, count)).for_each(|(to, from)| *to = from);
    id
}

/// The author of a writer.
pub(crate) fn author(writer: u64) -> UserId {
    UserId::from_bytes(short("user", writer, 0))
}

/// The thread of a writer.
pub(crate) fn thread(writer: u64) -> ThreadId {
    ThreadId::from_bytes(short("thread", writer, 0))
}

/// The id of a writer's entry.
pub(crate) fn msg_id(writer: u64, count: u64) -> MsgId {
    MsgId::from_bytes(short("msg", writer, count))
}

/// The bytes of a writer's entry, 64 to 2 111 of them.
pub(crate) fn payload(writer: u64, count: u64) -> Vec<u8> {
    let block = derived("payload", writer, count);
    let blocks = 2 + usize::from(block.first().copied().unwrap_or(0)) / 4;
    block.iter().copied().cycle().take(blocks * 32).collect()
}

/// The hash a writer's entry stands under.
pub(crate) fn entry_hash(writer: u64, count: u64) -> Bytes32 {
    Bytes32::from_bytes(derived("entry", writer, count))
}

/// The streams a writer's entries go to: its own, one shared by three, one shared by all.
pub(crate) fn streams(writer: u64) -> [StreamId; 3] {
    [
        StreamId::new(author(writer), None),
        StreamId::new(author(100 + writer % 3), Some(ORG)),
        StreamId::new(author(200), Some(ORG)),
    ]
}

/// The idempotency key of a writer's commit.
pub(crate) fn idem(writer: u64, count: u64) -> Idem {
    Idem {
        user: author(writer),
        key: IdemKey::from_bytes(short("idem", writer, count)),
        request: Bytes32::from_bytes(derived("request", writer, count)),
        note: Vec::new().into(),
    }
}

/// The audit line of a writer's commit.
pub(crate) fn line(writer: u64, count: u64) -> AuditLine {
    let entry = AuditEntry::new(None, Actor::User(author(writer)), Event::DiscussionUpdate);
    AuditLine { log: Some(ORG), entry: entry.on(Scope::Message(msg_id(writer, count))) }
}

/// A writer's commit; the first one creates its thread.
pub(crate) fn commit(writer: u64, count: u64) -> Domain {
    let domain = Domain::new(NOW, line(writer, count)).idem(idem(writer, count));
    let domain = if count == 1 { domain.write(new_thread(writer)) } else { domain };
    domain
        .write(append(writer, count))
        .event(NewEvent { to: streams(writer).to_vec(), body: EventBody::Appended(0) })
}

fn new_thread(writer: u64) -> relais_store::NewThread {
    relais_store::NewThread { thread: thread(writer), org: Some(ORG), kind: 1 }
}

/// The claim of a writer's entry: `create` first, then messages anchored to where the thread began.
fn claim(writer: u64, count: u64) -> Claim {
    let zero = hash::head_zero(thread(writer));
    let first = count == 1;
    Claim {
        kind: if first { Kind::Create } else { Kind::Message },
        entry: entry_hash(writer, count),
        epoch: 0,
        aseq: count,
        key_generation: 1,
        anchor: Anchor { seq: 0, head: zero },
        ctrl_head: first.then_some(zero),
        against: if first { zero } else { hash::head(&zero, 1, &entry_hash(writer, 1)) },
        next_epoch: 0,
        next_phase: Phase::Open,
    }
}

fn append(writer: u64, count: u64) -> relais_store::Append {
    relais_store::Append {
        thread: thread(writer),
        msg_id: msg_id(writer, count),
        author: author(writer),
        device: DEVICE,
        claim: claim(writer, count),
        core: derived("core", writer, count).to_vec().into(),
        payload_hash: Bytes32::from_bytes(derived("hash", writer, count)),
        payload: payload(writer, count).into(),
        sig: [7; 64],
    }
}

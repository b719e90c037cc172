//! The commit that is measured: one message of about 800 bytes in a thread, told to four streams, with its
//! audit line and idempotency key.

use relais_care::audit::{Actor, AuditEntry, Event, Scope};
use relais_chain::{
    entry::{Anchor, Kind},
    hash::{head, head_zero},
    head::{Claim, Phase},
};
use relais_store::{Append, AuditLine, Domain, EventBody, Idem, NewEvent, NewThread, StoreKey, StreamId};
use relais_wire::ids::{Bytes32, DeviceId, IdemKey, MsgId, OrgId, ThreadId, UserId};

/// Server time of every commit.
pub(crate) const NOW: u64 = 1_800_000_000_000;

/// Recipients of a message.
pub(crate) const RECIPIENTS: u64 = 4;

/// Threads, one per writer at most.
pub(crate) const THREADS: u64 = 64;

/// The bytes of the key of keyed measurements.
pub(crate) const KEY: [u8; 32] = [0x42; 32];

/// The key of keyed measurements.
pub(crate) const fn key() -> StoreKey {
    StoreKey::from_bytes(KEY)
}

/// The organization.
pub(crate) const ORG: OrgId = OrgId::from_bytes([0x0a; 16]);

/// The device of every author.
pub(crate) const DEVICE: DeviceId = DeviceId::from_bytes([0xde; 16]);

/// Sixteen spread-out bytes from two numbers, as ids are.
pub(crate) fn spread(a: u64, b: u64) -> [u8; 16] {
    let mix = |x: u64| {
        let x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        x ^ (x >> 31)
    };
    let first = mix(a.wrapping_mul(0x9e37_79b9_7f4a_7c15).wrapping_add(b));
    let both = (u128::from(first) << 64) | u128::from(mix(first ^ b));
    both.to_be_bytes()
}

/// The author of a writer.
pub(crate) fn author(writer: u64) -> UserId {
    UserId::from_bytes(spread(1, writer))
}

/// The thread of a writer.
pub(crate) fn thread(writer: u64) -> ThreadId {
    ThreadId::from_bytes(spread(2, writer))
}

/// The streams a writer's messages go to.
pub(crate) fn streams(writer: u64) -> Vec<StreamId> {
    (0..RECIPIENTS).map(|n| StreamId::new(author((writer * 3 + n) % THREADS), Some(ORG))).collect()
}

/// A hash from two numbers.
pub(crate) fn hash(a: u64, b: u64) -> Bytes32 {
    let mut bytes = [0; 32];
    let halves = spread(a, b).into_iter().chain(spread(b, a));
    bytes.iter_mut().zip(halves).for_each(|(to, from)| *to = from);
    Bytes32::from_bytes(bytes)
}

/// The bytes of a message: 220 of core, 590 of payload.
pub(crate) fn core_and_payload(writer: u64, count: u64) -> (Vec<u8>, Vec<u8>) {
    let block = spread(writer, count);
    (block.into_iter().cycle().take(220).collect(), block.into_iter().rev().cycle().take(590).collect())
}

/// A message's id.
pub(crate) fn msg_id(writer: u64, count: u64) -> MsgId {
    MsgId::from_bytes(spread(1000 + writer, count))
}

/// A key as clients make them: time first, so that a user's keys are in order.
pub(crate) fn idem_key(writer: u64, count: u64) -> IdemKey {
    let random = spread(2000 + writer, count);
    let mut key = [0; 16];
    let parts = count.to_be_bytes().into_iter().chain(random);
    key.iter_mut().zip(parts).for_each(|(to, from)| *to = from);
    IdemKey::from_bytes(key)
}

/// The audit line of a message.
pub(crate) fn line(writer: u64, count: u64) -> AuditLine {
    let entry = AuditEntry::new(None, Actor::User(author(writer)), Event::DiscussionUpdate)
        .on(Scope::Discussion(thread(writer)))
        .on(Scope::Message(msg_id(writer, count)));
    AuditLine { log: Some(ORG), entry }
}

/// The commit that begins a writer's thread, told to the streams so that they exist.
pub(crate) fn first(writer: u64) -> Domain {
    let new = NewThread { thread: thread(writer), org: Some(ORG), kind: 1 };
    message(writer, 1, Some(new))
}

/// The claim of a writer's entry: `create` first, then messages anchored to where the thread began.
fn claim(writer: u64, count: u64) -> Claim {
    let zero = head_zero(thread(writer));
    let first = count == 1;
    Claim {
        kind: if first { Kind::Create } else { Kind::Message },
        entry: hash(writer, count),
        epoch: 0,
        aseq: count,
        key_generation: 1,
        anchor: Anchor { seq: 0, head: zero },
        ctrl_head: first.then_some(zero),
        against: if first { zero } else { head(&zero, 1, &hash(writer, 1)) },
        next_epoch: 0,
        next_phase: Phase::Open,
    }
}

/// A writer's message.
pub(crate) fn message(writer: u64, count: u64, new: Option<NewThread>) -> Domain {
    let (core, payload) = core_and_payload(writer, count);
    let append = Append {
        thread: thread(writer),
        msg_id: msg_id(writer, count),
        author: author(writer),
        device: DEVICE,
        claim: claim(writer, count),
        core: core.into(),
        payload_hash: hash(count, writer),
        payload: payload.into(),
        sig: [7; 64],
    };
    let idem = Idem {
        user: author(writer),
        key: idem_key(writer, count),
        request: hash(writer, count),
        note: Vec::new().into(),
    };
    let domain = Domain::new(NOW, line(writer, count)).idem(idem);
    let domain = if let Some(new) = new { domain.write(new) } else { domain };
    domain.write(append).event(NewEvent { to: streams(writer), body: EventBody::Appended(0) })
}

//! Small makers of facts, so that a test says only what it is about.

use relais_care::audit::{Actor, AuditEntry, Event};
use relais_chain::{
    entry::{Anchor, Kind},
    hash,
    head::{Claim, Phase},
};
use relais_store::{
    AccountWrite, Append, AuditLine, CommitError, Domain, Idem, NewThread, Refusal, Store,
    facts::account::Account,
};
use relais_wire::ids::{Bytes32, DeviceId, IdemKey, MsgId, OrgId, Seq, ThreadId, UserId};

/// Server time of most tests.
pub(crate) const NOW: u64 = 1_800_000_000_000;

/// The organization of most tests.
pub(crate) const ORG: OrgId = OrgId::from_bytes([0x0a; 16]);

/// Sixteen bytes from a number.
pub(crate) fn bytes16(n: u64) -> [u8; 16] {
    let mut bytes = [0; 16];
    bytes[..8].copy_from_slice(&n.to_be_bytes());
    bytes
}

/// Thirty-two bytes from a number.
pub(crate) fn hash32(n: u64) -> Bytes32 {
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&n.to_be_bytes());
    Bytes32::from_bytes(bytes)
}

/// A user by number.
pub(crate) fn user(n: u64) -> UserId {
    UserId::from_bytes(bytes16(n))
}

/// A thread by number.
pub(crate) fn thread(n: u64) -> ThreadId {
    ThreadId::from_bytes(bytes16(n))
}

/// A position.
pub(crate) fn seq(n: u64) -> Seq {
    Seq::new(n).unwrap()
}

/// A line in a log.
pub(crate) fn line(log: Option<OrgId>) -> AuditLine {
    AuditLine { log, entry: AuditEntry::new(None, Actor::User(user(1)), Event::DiscussionUpdate) }
}

/// A commit that writes its audit line only.
pub(crate) fn domain() -> Domain {
    Domain::new(NOW, line(Some(ORG)))
}

/// An idempotency key by number, for a request by number.
pub(crate) fn idem(key: u64, request: u64) -> Idem {
    Idem {
        user: user(1),
        key: IdemKey::from_bytes(bytes16(key)),
        request: hash32(request),
        note: b"note".as_slice().into(),
    }
}

/// Where every thread of these tests stands after [`create_thread`]: one `create` entry.
pub(crate) fn created(thread: ThreadId) -> Bytes32 {
    hash::head(&hash::head_zero(thread), 1, &hash32(77))
}

fn append(thread: ThreadId, author: UserId, claim: Claim) -> Append {
    let mut id = *author.as_bytes();
    id[8..].copy_from_slice(&claim.aseq.to_be_bytes());
    Append {
        thread,
        msg_id: MsgId::from_bytes(id),
        author,
        device: DeviceId::from_bytes([9; 16]),
        claim,
        core: vec![1; 120].into(),
        payload_hash: claim.entry,
        payload: vec![2; 400].into(),
        sig: [3; 64],
    }
}

/// A message of an author, its `aseq`-th, anchored to where the thread began and checked against its `create`.
pub(crate) fn message(thread: ThreadId, author: UserId, aseq: u64) -> Append {
    let claim = Claim {
        kind: Kind::Message,
        entry: hash32(aseq),
        epoch: 0,
        aseq,
        key_generation: 1,
        anchor: Anchor { seq: 0, head: hash::head_zero(thread) },
        ctrl_head: None,
        against: created(thread),
        next_epoch: 0,
        next_phase: Phase::Open,
    };
    append(thread, author, claim)
}

/// A control entry of an author, its `aseq`-th, on the control head it names.
pub(crate) fn control(thread: ThreadId, author: UserId, aseq: u64, kind: Kind, on: Bytes32) -> Append {
    let mut control = message(thread, author, aseq);
    (control.claim.kind, control.claim.ctrl_head, control.claim.against) = (kind, Some(on), on);
    control
}

/// Creates a thread with its `create` entry, signed by user 99.
pub(crate) fn create_thread(store: &impl Store, thread: ThreadId) {
    let new = NewThread { thread, org: Some(ORG), kind: 1 };
    let mut create = control(thread, user(99), 1, Kind::Create, hash::head_zero(thread));
    create.claim.entry = hash32(77);
    store.commit_blocking(domain().write(new).write(create)).unwrap();
}

/// Creates an account.
pub(crate) fn create_account(store: &impl Store, user: UserId) {
    let account = Account {
        user,
        name: "name".into(),
        locale: "fr-CA".to_owned(),
        record: None,
        suspended_ms: None,
        created_ms: NOW,
        version: 0,
    };
    store.commit_blocking(domain().write(AccountWrite::Create(account))).unwrap();
}

/// The refusal of a commit that must be refused.
#[track_caller]
pub(crate) fn refusal<T: core::fmt::Debug>(outcome: Result<T, CommitError>) -> Refusal {
    match outcome {
        Err(CommitError::Refused(refusal)) => refusal,
        other => panic!("should have been refused: {other:?}"),
    }
}

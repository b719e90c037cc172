//! Small makers of facts, so that a test says only what it is about.

use relais_care::audit::{Actor, AuditEntry, Event};
use relais_store::{
    AccountWrite, Anchor, Append, AuditLine, CommitError, Domain, Effect, Idem, NewThread, Refusal, Store,
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
pub(crate) fn hash(n: u64) -> Bytes32 {
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
        request: hash(request),
        note: b"note".as_slice().into(),
    }
}

/// A message of an author in a thread, its `aseq`-th.
pub(crate) fn message(thread: ThreadId, author: UserId, aseq: u64) -> Append {
    let mut id = *author.as_bytes();
    id[8..].copy_from_slice(&aseq.to_be_bytes());
    Append {
        thread,
        kind: 1,
        anchor: Anchor::Message,
        msg_id: MsgId::from_bytes(id),
        author,
        device: DeviceId::from_bytes([9; 16]),
        aseq: seq(aseq),
        epoch: Some(0),
        hash: hash(aseq),
        core: vec![1; 120].into(),
        payload_hash: hash(aseq),
        payload: vec![2; 400].into(),
        sig: [3; 64],
        effect: Effect::None,
    }
}

/// Creates an empty thread.
pub(crate) fn create_thread(store: &impl Store, thread: ThreadId) {
    let new = NewThread { thread, org: Some(ORG), kind: 1 };
    store.commit_blocking(domain().write(new)).unwrap();
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

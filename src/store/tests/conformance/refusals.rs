//! Guards, idempotency, and what the committer checks by itself.

use relais_chain::{
    entry::{
        Anchor,
        Kind::{Close, Create, Epoch, Policy, Remove},
    },
    error::ChainError,
    head::Phase,
};
use relais_store::{
    AccountWrite, Chore, Commit, EventBody, Guard, Kind, NewEvent, Refusal, Store, StreamId, Write,
    facts::thread::KeptState,
    limits,
    reads::{
        AccountById, AuditHead, AuthorSeq, IdemLookup, IdemOutcome, KeptThreadState, StreamHeads, ThreadById,
    },
};
use relais_wire::ids::{Bytes32, DeviceId, INT_MAX, MsgId, Seq};

use super::{
    Subject,
    kit::{
        NOW, ORG, control, create_account, create_thread, created, domain, hash32, idem, line, message,
        refusal, seq, thread, user,
    },
};

/// The head that the first entry of the thread left.
fn start() -> Bytes32 {
    created(thread(1))
}

pub(crate) fn a_failed_guard_undoes_its_own_commit_only<S: Subject>(subject: &S) {
    let store = subject.store();
    create_account(store, user(1));
    let stream = StreamId::new(user(1), None);
    let event = || NewEvent { to: vec![stream], body: EventBody::Fixed(b"e".as_slice().into()) };
    std::thread::scope(|scope| {
        for n in 0..32_u64 {
            scope.spawn(move || {
                let version = if n % 2 == 0 { 1 } else { 99 };
                let commit = domain().guard(Guard::AccountVersion(user(1), version)).event(event());
                let outcome = store.commit_blocking(commit);
                assert_eq!(outcome.is_ok(), n % 2 == 0, "{outcome:?}");
            });
        }
    });
    assert_eq!(store.read_blocking(StreamHeads(vec![stream])).unwrap(), [seq(16)]);
    let (rows, _) = store.read_blocking(AuditHead(Some(ORG))).unwrap().unwrap();
    assert_eq!(rows, 17, "one line for the account, one per commit that stands");
}

pub(crate) fn a_refusal_in_the_last_write_leaves_no_trace_of_the_first<S: Subject>(subject: &S) {
    let store = subject.store();
    create_thread(store, thread(1));
    let event = NewEvent { to: vec![StreamId::new(user(1), None)], body: EventBody::Appended(9) };
    let commit = domain().write(message(thread(1), user(1), 1)).event(event);
    assert_eq!(refusal(store.commit_blocking(commit)), Refusal::Missing(Kind::Event));
    assert_eq!(store.read_blocking(ThreadById(thread(1))).unwrap().unwrap().n, seq(1));
    let author = AuthorSeq(thread(1), user(1), DeviceId::from_bytes([9; 16]));
    assert_eq!(store.read_blocking(author).unwrap(), Seq::ZERO);
    let receipt = store.commit_blocking(domain().write(message(thread(1), user(1), 1))).unwrap();
    assert_eq!(receipt.entries[0].n, seq(2), "what is remembered between commits was taken back too");
}

pub(crate) fn the_same_request_gets_the_same_receipt_and_writes_nothing<S: Subject>(subject: &S) {
    let store = subject.store();
    create_thread(store, thread(1));
    let (own, other) = (StreamId::new(user(1), None), StreamId::new(user(2), None));
    let commit = || {
        let event = NewEvent { to: vec![own, other], body: EventBody::Appended(0) };
        domain().idem(idem(1, 1)).write(message(thread(1), user(1), 1)).event(event)
    };
    let first = store.commit_blocking(commit()).unwrap();
    let again = store.commit_blocking(commit()).unwrap();
    assert!(!first.replayed && again.replayed);
    assert_eq!((&again.entries, &again.audit, &again.note), (&first.entries, &first.audit, &first.note));
    assert_eq!(again.streams, [vec![(own, seq(1))]], "only the asking user's own position");
    assert_eq!(store.read_blocking(StreamHeads(vec![own, other])).unwrap(), [seq(1), seq(1)]);
    let lookup = IdemLookup { user: user(1), key: idem(1, 1).key, request: hash32(1) };
    assert_eq!(store.read_blocking(lookup).unwrap(), IdemOutcome::Done(again));
}

pub(crate) fn another_request_under_the_same_key_is_refused<S: Subject>(subject: &S) {
    let store = subject.store();
    store.commit_blocking(domain().idem(idem(1, 1))).unwrap();
    assert_eq!(refusal(store.commit_blocking(domain().idem(idem(1, 2)))), Refusal::IdemReused);
    let mut stranger = idem(1, 2);
    stranger.user = user(2);
    store.commit_blocking(domain().idem(stranger)).unwrap();
}

pub(crate) fn a_refused_request_is_not_remembered<S: Subject>(subject: &S) {
    let store = subject.store();
    let commit = || domain().idem(idem(1, 1)).guard(Guard::AccountActive(user(1)));
    assert_eq!(refusal(store.commit_blocking(commit())), Refusal::Missing(Kind::Account));
    create_account(store, user(1));
    assert!(!store.commit_blocking(commit()).unwrap().replayed);
}

pub(crate) fn an_idempotency_key_is_forgotten_after_seven_days<S: Subject>(subject: &S) {
    let store = subject.store();
    store.commit_blocking(domain().idem(idem(1, 1))).unwrap();
    let sweep = |at_ms| Commit::Housekeeping { at_ms, chores: vec![Chore::Sweep] };
    store.commit_blocking(sweep(NOW + limits::IDEM_KEEP_MS)).unwrap();
    assert!(store.commit_blocking(domain().idem(idem(1, 1))).unwrap().replayed);
    store.commit_blocking(sweep(NOW + limits::IDEM_KEEP_MS + 1)).unwrap();
    assert!(!store.commit_blocking(domain().idem(idem(1, 1))).unwrap().replayed);
}

pub(crate) fn a_message_under_an_old_epoch_is_told_where_the_thread_stands<S: Subject>(subject: &S) {
    let store = subject.store();
    create_thread(store, thread(1));
    let mut epoch = control(thread(1), user(1), 1, Epoch, start());
    epoch.claim.next_epoch = 1;
    let head = store.commit_blocking(domain().write(epoch)).unwrap().entries[0].head;
    let stale = Refusal::Stale { thread: thread(1), epoch: 1, n: seq(2), head, ctrl_head: head };
    let mut late = message(thread(1), user(2), 1);
    assert_eq!(refusal(store.commit_blocking(domain().write(late.clone()))), stale);
    late.claim.epoch = 1;
    assert_eq!(refusal(store.commit_blocking(domain().write(late.clone()))), stale, "checked before it came");
    late.claim.against = head;
    store.commit_blocking(domain().write(late)).unwrap();
}

// THR-05
pub(crate) fn the_chain_decides_where_an_entry_may_stand<S: Subject>(subject: &S) {
    let store = subject.store();
    create_thread(store, thread(1));
    let send = |append: relais_store::Append| store.commit_blocking(domain().write(append));
    let again = control(thread(1), user(1), 1, Create, start());
    assert_eq!(refusal(send(again)), Refusal::Entry(ChainError::MisplacedCreate));
    let mut ahead = message(thread(1), user(1), 1);
    ahead.claim.anchor.seq = 2;
    assert_eq!(refusal(send(ahead)), Refusal::Entry(ChainError::AnchorAhead));
    let mut newer = message(thread(1), user(1), 1);
    newer.claim.key_generation = 2;
    send(newer).unwrap();
    let mut older = message(thread(1), user(1), 1);
    (older.device, older.msg_id) = (DeviceId::from_bytes([5; 16]), MsgId::from_bytes([5; 16]));
    assert_eq!(refusal(send(older)), Refusal::Entry(ChainError::KeyGoesBack), "on no device");
    let mut due = control(thread(1), user(2), 1, Remove, start());
    due.claim.next_phase = Phase::EpochDue;
    let ctrl_head = send(due).unwrap().entries[0].head;
    let mut written = message(thread(1), user(2), 2);
    written.claim.against = ctrl_head;
    assert_eq!(refusal(send(written)), Refusal::Entry(ChainError::EpochDue));
    let row = store.read_blocking(ThreadById(thread(1))).unwrap().unwrap();
    assert_eq!((row.phase, row.ctrl_n, row.position().ctrl_head), (Phase::EpochDue, seq(3), ctrl_head));
}

pub(crate) fn an_older_kept_state_does_not_replace_a_newer_one<S: Subject>(subject: &S) {
    let store = subject.store();
    create_thread(store, thread(1));
    let keep = |n: u64| {
        let state = KeptState { n: seq(n), digest: hash32(n), bytes: vec![1; 9].into() };
        let chores = vec![Chore::KeepThreadState(thread(1), Box::new(state))];
        store.commit_blocking(Commit::Housekeeping { at_ms: NOW, chores }).unwrap();
        store.read_blocking(KeptThreadState(thread(1))).unwrap().unwrap().n
    };
    assert_eq!([keep(4), keep(3), keep(5)], [seq(4), seq(4), seq(5)]);
}

pub(crate) fn an_authors_count_may_not_skip_or_repeat<S: Subject>(subject: &S) {
    let store = subject.store();
    create_thread(store, thread(1));
    let send = |aseq| store.commit_blocking(domain().write(message(thread(1), user(1), aseq)));
    assert_eq!(refusal(send(2)), Refusal::AuthorSeq { expected: seq(1) });
    send(1).unwrap();
    let mut repeated = message(thread(1), user(1), 1);
    repeated.msg_id = MsgId::from_bytes([8; 16]);
    let outcome = store.commit_blocking(domain().write(repeated));
    assert_eq!(refusal(outcome), Refusal::AuthorSeq { expected: seq(2) });
    let mut elsewhere = message(thread(1), user(1), 1);
    (elsewhere.device, elsewhere.msg_id) = (DeviceId::from_bytes([5; 16]), MsgId::from_bytes([5; 16]));
    store.commit_blocking(domain().write(elsewhere)).unwrap();
}

pub(crate) fn a_message_id_is_used_once_in_a_thread<S: Subject>(subject: &S) {
    let store = subject.store();
    create_thread(store, thread(1));
    create_thread(store, thread(2));
    let first = message(thread(1), user(1), 1);
    store.commit_blocking(domain().write(first.clone())).unwrap();
    let mut second = message(thread(1), user(1), 2);
    second.msg_id = first.msg_id;
    assert_eq!(refusal(store.commit_blocking(domain().write(second))), Refusal::Exists(Kind::Entry));
    let mut elsewhere = message(thread(2), user(1), 1);
    elsewhere.msg_id = first.msg_id;
    store.commit_blocking(domain().write(elsewhere)).unwrap();
}

pub(crate) fn nothing_is_appended_to_a_closed_thread<S: Subject>(subject: &S) {
    let store = subject.store();
    create_thread(store, thread(1));
    let head = store.commit_blocking(domain().write(message(thread(1), user(1), 1))).unwrap().entries[0].head;
    let close = |anchor| {
        let mut close = control(thread(1), user(2), 1, Close, start());
        (close.claim.anchor, close.claim.next_phase) = (anchor, Phase::Closed);
        store.commit_blocking(domain().write(close))
    };
    let early = Anchor { seq: 1, head: start() };
    assert!(matches!(refusal(close(early)), Refusal::Stale { .. }), "close names the head");
    close(Anchor { seq: 2, head }).unwrap();
    let late = store.commit_blocking(domain().write(message(thread(1), user(1), 2)));
    assert_eq!(refusal(late), Refusal::Closed);
    assert_eq!(store.read_blocking(ThreadById(thread(1))).unwrap().unwrap().closed_ms, Some(NOW));
}

pub(crate) fn control_entries_race_on_the_last_control_entry_only<S: Subject>(subject: &S) {
    let store = subject.store();
    create_thread(store, thread(1));
    let policy = |n: u64, ctrl_head| {
        store.commit_blocking(domain().write(control(thread(1), user(n), 1, Policy, ctrl_head)))
    };
    let first = policy(1, start()).unwrap().entries[0].head;
    let mut between = message(thread(1), user(9), 1);
    between.claim.against = first;
    store.commit_blocking(domain().write(between)).unwrap();
    assert!(matches!(refusal(policy(2, start())), Refusal::Stale { ctrl_head, .. } if ctrl_head == first));
    policy(2, first).unwrap();
}

pub(crate) fn a_number_beyond_the_range_is_refused<S: Subject>(subject: &S) {
    let store = subject.store();
    let mut commit = domain();
    commit.at_ms = u64::MAX;
    assert!(matches!(refusal(store.commit_blocking(commit)), Refusal::TooLarge(_)));
    let commit = domain().write(Write::DropTicketKeysBelow(INT_MAX));
    store.commit_blocking(commit).unwrap();
}

pub(crate) fn oversized_parts_are_refused_before_they_are_queued<S: Subject>(subject: &S) {
    let store = subject.store();
    create_account(store, user(1));
    let record = vec![0; limits::OBJECT_BYTES_MAX + 1].into();
    let commit = domain().write(AccountWrite::SetRecord { user: user(1), record });
    assert_eq!(refusal(store.commit_blocking(commit)), Refusal::TooLarge("an object"));
    let lines = (0..limits::COMMIT_PARTS_MAX).fold(domain(), |commit, _| commit.audit(line(None)));
    assert!(matches!(refusal(store.commit_blocking(lines)), Refusal::TooLarge(_)));
    assert_eq!(store.read_blocking(AccountById(user(1))).unwrap().unwrap().version, 1);
}

//! Applied and read cursors, and what a stream answers to a cursor.

use relais_store::{
    Chore, Commit, EventBody, NewEvent, Refusal, Store, StreamId,
    facts::stream::{ResyncReason, StreamPage},
    limits,
    reads::{AppliedOf, ReadCursors, ReadCursorsOf, StreamAfter, StreamHeads},
};
use relais_wire::ids::{DeviceId, Seq};

use super::{
    Subject,
    kit::{NOW, create_thread, domain, message, refusal, seq, thread, user},
};

fn chore(chore: Chore) -> Commit {
    Commit::Housekeeping { at_ms: NOW, chores: vec![chore] }
}

fn tell(store: &impl Store, stream: StreamId, times: u64) {
    for _ in 0..times {
        let event = NewEvent { to: vec![stream], body: EventBody::Fixed(b"e".as_slice().into()) };
        store.commit_blocking(domain().event(event)).unwrap();
    }
}

pub(crate) fn a_cursor_moves_forward_only_and_never_beyond_the_head<S: Subject>(subject: &S) {
    let store = subject.store();
    let (stream, device) = (StreamId::new(user(1), None), DeviceId::from_bytes([1; 16]));
    let apply = |upto| store.commit_blocking(chore(Chore::Applied { stream, device, upto: seq(upto) }));
    assert_eq!(refusal(apply(1)), Refusal::CursorAhead);
    tell(store, stream, 3);
    apply(2).unwrap();
    apply(1).unwrap();
    assert_eq!(store.read_blocking(AppliedOf(user(1))).unwrap(), [(stream, device, seq(2))]);
    assert_eq!(refusal(apply(4)), Refusal::CursorAhead);
}

pub(crate) fn a_cursor_ahead_of_the_stream_is_told_to_resynchronise<S: Subject>(subject: &S) {
    let store = subject.store();
    let stream = StreamId::new(user(1), None);
    let ask = |after| store.read_blocking(StreamAfter { stream, after, max: 10 }).unwrap();
    assert_eq!(ask(Seq::ZERO), StreamPage::Entries { entries: Vec::new(), head: Seq::ZERO });
    assert_eq!(ask(seq(1)), StreamPage::Resync { reason: ResyncReason::Ahead, head: Seq::ZERO });
    tell(store, stream, 2);
    assert_eq!(ask(seq(2)), StreamPage::Entries { entries: Vec::new(), head: seq(2) });
    assert_eq!(ask(seq(3)), StreamPage::Resync { reason: ResyncReason::Ahead, head: seq(2) });
}

pub(crate) fn a_cursor_older_than_what_is_kept_is_told_to_resynchronise<S: Subject>(subject: &S) {
    let store = subject.store();
    let stream = StreamId::new(user(1), None);
    tell(store, stream, 3);
    let mut late =
        domain().event(NewEvent { to: vec![stream], body: EventBody::Fixed(b"l".as_slice().into()) });
    late.at_ms = NOW + 5;
    store.commit_blocking(late).unwrap();
    let sweep =
        |at_ms| store.commit_blocking(Commit::Housekeeping { at_ms, chores: vec![Chore::Sweep] }).unwrap();
    let ask = |after| store.read_blocking(StreamAfter { stream, after: seq(after), max: 10 }).unwrap();
    sweep(NOW + limits::STREAM_KEEP_MS);
    assert!(matches!(ask(0), StreamPage::Entries { entries, .. } if entries.len() == 4));
    sweep(NOW + limits::STREAM_KEEP_MS + 1);
    assert_eq!(ask(2), StreamPage::Resync { reason: ResyncReason::Pruned, head: seq(4) });
    assert!(matches!(ask(3), StreamPage::Entries { entries, .. } if entries.len() == 1));
    sweep(NOW + limits::STREAM_KEEP_MS + 6);
    assert_eq!(
        store.read_blocking(StreamHeads(vec![stream])).unwrap(),
        [seq(4)],
        "the head outlives its entry"
    );
    tell(store, stream, 1);
    assert!(matches!(ask(4), StreamPage::Entries { entries, .. } if entries[0].seq == seq(5)));
}

pub(crate) fn a_stream_keeps_so_many_entries_and_no_more<S: Subject>(subject: &S) {
    let store = subject.store();
    let stream = StreamId::new(user(1), None);
    let beyond = u64::from(limits::SWEEP_MAX) + 10;
    let (total, part) = (limits::STREAM_KEEP_ENTRIES + beyond, limits::COMMIT_PARTS_MAX as u64);
    for from in (0..total).step_by(limits::COMMIT_PARTS_MAX) {
        let events = (from..total.min(from + part))
            .map(|_| NewEvent { to: vec![stream], body: EventBody::Fixed(b"e".as_slice().into()) });
        store.commit_blocking(events.fold(domain(), relais_store::Domain::event)).unwrap();
    }
    let sweep =
        || store.commit_blocking(Commit::Housekeeping { at_ms: NOW, chores: vec![Chore::Sweep] }).unwrap();
    let served = |after| {
        let page = store.read_blocking(StreamAfter { stream, after: seq(after), max: 1 }).unwrap();
        matches!(page, StreamPage::Entries { entries, .. } if entries[0].seq == seq(after + 1))
    };
    sweep();
    assert!(!served(beyond - 11) && served(beyond - 10), "one round removes so many and no more");
    sweep();
    sweep();
    assert!(!served(beyond - 1) && served(beyond), "what may stay, stays");
}

pub(crate) fn read_cursors_follow_the_thread<S: Subject>(subject: &S) {
    let store = subject.store();
    create_thread(store, thread(1));
    let read = |upto| {
        store.commit_blocking(chore(Chore::Read {
            thread: thread(1),
            user: user(2),
            upto: seq(upto),
            told: None,
        }))
    };
    assert_eq!(refusal(read(2)), Refusal::CursorAhead);
    for aseq in 1..=2 {
        store.commit_blocking(domain().write(message(thread(1), user(1), aseq))).unwrap();
    }
    read(3).unwrap();
    read(1).unwrap();
    let of_thread = store.read_blocking(ReadCursors(thread(1))).unwrap();
    let of_user = store.read_blocking(ReadCursorsOf(user(2), vec![thread(1), thread(7)])).unwrap();
    assert_eq!(of_thread, of_user);
    assert_eq!((of_thread[0].user, of_thread[0].upto), (user(2), seq(3)));
    assert_eq!(of_thread[0].delivered, seq(3), "what was read was delivered");
}

pub(crate) fn what_was_delivered_is_kept_beside_what_was_read<S: Subject>(subject: &S) {
    let store = subject.store();
    create_thread(store, thread(1));
    let delivered = |upto| Chore::Delivered { thread: thread(1), user: user(2), upto: seq(upto) };
    let own = StreamId::new(user(2), None);
    let told = NewEvent { to: vec![own], body: EventBody::Fixed(b"read".as_slice().into()) };
    let read =
        |upto| Chore::Read { thread: thread(1), user: user(2), upto: seq(upto), told: Some(told.clone()) };
    let cursor = || {
        let cursor = store.read_blocking(ReadCursors(thread(1))).unwrap().remove(0);
        (cursor.upto, cursor.delivered)
    };
    assert_eq!(refusal(store.commit_blocking(chore(delivered(2)))), Refusal::CursorAhead);
    for aseq in 1..=2 {
        store.commit_blocking(domain().write(message(thread(1), user(1), aseq))).unwrap();
    }
    store.commit_blocking(chore(delivered(3))).unwrap();
    store.commit_blocking(chore(delivered(2))).unwrap();
    assert_eq!(cursor(), (Seq::ZERO, seq(3)), "delivered is not read, and does not go back");
    let receipt = store.commit_blocking(chore(read(2))).unwrap();
    assert_eq!(receipt.streams, [vec![(own, seq(1))]], "the own devices are told");
    let receipt = store.commit_blocking(chore(read(2))).unwrap();
    assert_eq!(receipt.streams, [vec![]], "and not told twice");
    assert_eq!(cursor(), (seq(2), seq(3)));
}

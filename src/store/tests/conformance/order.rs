//! Numbering: streams, threads, audit logs, pages.

use std::collections::BTreeSet;

use relais_chain::hash;
use relais_store::{
    Domain, EventBody, NewEvent, Opaque, Store, StreamId, Write,
    facts::stream::{StreamBody, StreamPage},
    limits,
    reads::{AuditHead, AuditPage, ControlEntries, StreamAfter, StreamHeads, ThreadById, ThreadPage},
};
use relais_wire::ids::{Bytes32, Seq};
use sha2::{Digest as _, Sha256};

use super::{
    Subject,
    kit::{NOW, ORG, create_thread, domain, line, message, seq, thread, user},
};

fn told(to: Vec<StreamId>, text: &[u8]) -> Domain {
    domain().event(NewEvent { to, body: EventBody::Fixed(text.into()) })
}

fn entries(page: StreamPage) -> Vec<(u64, Opaque)> {
    let StreamPage::Entries { entries, .. } = page else { panic!("must not resynchronise") };
    let fixed = |body| match body {
        StreamBody::Fixed(bytes) => bytes,
        StreamBody::Entry(_) => panic!("must be fixed bytes"),
    };
    entries.into_iter().map(|entry| (entry.seq.get(), fixed(entry.body))).collect()
}

pub(crate) fn numbers_of_a_stream_have_no_hole_under_64_writers<S: Subject>(subject: &S) {
    const WRITERS: u64 = 64;
    const EACH: u64 = 20;
    let store = subject.store();
    let shared = StreamId::new(user(0), Some(ORG));
    let mut seen = BTreeSet::new();
    std::thread::scope(|scope| {
        let writers: Vec<_> = (1..=WRITERS)
            .map(|writer| {
                scope.spawn(move || {
                    let own = StreamId::new(user(writer), None);
                    let mut got = Vec::new();
                    for _ in 0..EACH {
                        let receipt = store.commit_blocking(told(vec![own, shared], b"x")).unwrap();
                        got.extend(
                            receipt.streams[0].iter().filter(|(to, _)| *to == shared).map(|(_, s)| s.get()),
                        );
                    }
                    got
                })
            })
            .collect();
        for writer in writers {
            let got = writer.join().unwrap();
            assert!(got.is_sorted(), "one writer's commits are in its order");
            seen.extend(got);
        }
    });
    assert_eq!(seen, (1..=WRITERS * EACH).collect());
    let mut after = Seq::ZERO;
    let mut read = Vec::new();
    loop {
        let page = entries(store.read_blocking(StreamAfter { stream: shared, after, max: 500 }).unwrap());
        let Some((last, _)) = page.last() else { break };
        after = seq(*last);
        read.extend(page.into_iter().map(|(n, _)| n));
    }
    assert_eq!(read, (1..=WRITERS * EACH).collect::<Vec<_>>());
    let heads: Vec<_> = (1..=WRITERS).map(|n| StreamId::new(user(n), None)).collect();
    assert_eq!(store.read_blocking(StreamHeads(heads)).unwrap(), vec![seq(EACH); 64]);
}

// THR-05
pub(crate) fn entries_of_a_thread_are_numbered_and_chained_in_order<S: Subject>(subject: &S) {
    let store = subject.store();
    create_thread(store, thread(1));
    let receipt = store
        .commit_blocking(domain().write(message(thread(1), user(1), 1)).write(message(thread(1), user(2), 1)))
        .unwrap();
    let page = store.read_blocking(ThreadPage::After(thread(1), Seq::ZERO, 10)).unwrap();
    assert_eq!(page.iter().map(|e| e.n.get()).collect::<Vec<_>>(), [1, 2, 3]);
    let mut head = hash::head_zero(thread(1));
    for entry in &page {
        head = hash::head(&head, entry.n.get(), &entry.hash);
        assert_eq!((entry.head, entry.at_ms), (head, NOW));
    }
    let given: Vec<_> = receipt.entries.iter().map(|e| (e.n, e.head, e.msg_id)).collect();
    let stored: Vec<_> = page.iter().skip(1).map(|e| (e.n, e.head, e.msg_id)).collect();
    assert_eq!(given, stored);
    let row = store.read_blocking(ThreadById(thread(1))).unwrap().unwrap();
    assert_eq!((row.n, row.head, row.ctrl_head), (seq(3), head, page[0].head));
    let control = ControlEntries { thread: thread(1), after: Seq::ZERO, max: 10 };
    assert_eq!(store.read_blocking(control).unwrap(), page[..1]);
    let back = store.read_blocking(ThreadPage::Before(thread(1), Some(seq(3)), 1)).unwrap();
    assert_eq!(back, page[1..2]);
}

pub(crate) fn an_event_reaches_each_stream_once_and_its_body_is_shared<S: Subject>(subject: &S) {
    let store = subject.store();
    create_thread(store, thread(1));
    let (a, b) = (StreamId::new(user(1), None), StreamId::new(user(2), Some(ORG)));
    let event = NewEvent { to: vec![b, a, b], body: EventBody::Appended(0) };
    let receipt = store.commit_blocking(domain().write(message(thread(1), user(1), 1)).event(event)).unwrap();
    assert_eq!(receipt.streams, [vec![(a, seq(1)), (b, seq(1))]]);
    let entry = store.read_blocking(ThreadPage::After(thread(1), seq(1), 1)).unwrap().remove(0);
    for stream in [a, b] {
        let page = store.read_blocking(StreamAfter { stream, after: Seq::ZERO, max: 10 }).unwrap();
        let StreamPage::Entries { entries, head } = page else { panic!("must not resynchronise") };
        assert_eq!(head, seq(1));
        assert_eq!(entries[0].body, StreamBody::Entry(Box::new(entry.clone())));
    }
}

pub(crate) fn a_page_is_bounded_by_rows_and_by_bytes<S: Subject>(subject: &S) {
    let store = subject.store();
    let stream = StreamId::new(user(1), None);
    let large = vec![7; limits::PAGE_BYTES_MAX / 2];
    for _ in 0..3 {
        store.commit_blocking(told(vec![stream], &large)).unwrap();
    }
    let many = (0..limits::PAGE_MAX + 5)
        .map(|_| NewEvent { to: vec![stream], body: EventBody::Fixed(b"s".as_slice().into()) });
    store.commit_blocking(many.fold(domain(), Domain::event)).unwrap();
    let read = |after, max| entries(store.read_blocking(StreamAfter { stream, after, max }).unwrap()).len();
    assert_eq!(read(Seq::ZERO, u32::MAX), 2, "two halves fill a page");
    assert_eq!(read(seq(3), 7), 7);
    assert_eq!(read(seq(3), u32::MAX), limits::PAGE_MAX as usize);
    assert_eq!(read(seq(3), 0), 1, "a page is never empty while there is more");
}

// THR-17
pub(crate) fn a_dropped_payload_leaves_the_chain_intact<S: Subject>(subject: &S) {
    let store = subject.store();
    create_thread(store, thread(1));
    store.commit_blocking(domain().write(message(thread(1), user(1), 1))).unwrap();
    let read = || store.read_blocking(ThreadPage::After(thread(1), seq(1), 1)).unwrap().remove(0);
    let before = read();
    store.commit_blocking(domain().write(Write::DropPayload(thread(1), seq(2)))).unwrap();
    let after = read();
    assert!(before.payload.is_some() && after.payload.is_none());
    assert_eq!(after, relais_store::facts::thread::Entry { payload: None, ..before });
}

// AUD-04, NON-04
pub(crate) fn audit_indexes_have_no_hole_and_the_rows_chain<S: Subject>(subject: &S) {
    let store = subject.store();
    for n in 0..5 {
        let receipt = store.commit_blocking(domain().audit(line(Some(ORG))).audit(line(None))).unwrap();
        assert_eq!(receipt.audit, [2 * n, 2 * n + 1, n]);
    }
    let mut chain = Bytes32::from_bytes([0; 32]);
    for (log, count) in [(Some(ORG), 10), (None, 5)] {
        let rows = store.read_blocking(AuditPage { log, from: 0, max: 100 }).unwrap();
        assert_eq!(rows.iter().map(|row| row.index).collect::<Vec<_>>(), (0..count).collect::<Vec<_>>());
        chain = Bytes32::from_bytes([0; 32]);
        for row in rows {
            let mut hash = Sha256::new();
            hash.update(b"relais/v1/audit\0");
            hash.update(chain.as_bytes());
            hash.update(&row.leaf);
            chain = Bytes32::from_bytes(hash.finalize().into());
            assert_eq!((row.chain, row.line), (chain, line(log)));
        }
    }
    assert_eq!(store.read_blocking(AuditHead(None)).unwrap(), Some((5, chain)));
}

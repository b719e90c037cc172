//! Calls: their ids are used once, what is over stays over, and a restart finds what is not.

use relais_store::facts::call::Call;
use relais_store::reads::{CallById, OpenCalls};
use relais_store::{CallWrite, Kind, Refusal, Store as _};
use relais_wire::ids::CallId;

use super::Subject;
use super::kit::{NOW, bytes16, domain, refusal, thread, user};

fn id(n: u64) -> CallId {
    CallId::from_bytes(bytes16(n))
}

fn ringing(n: u64) -> Call {
    Call {
        call: id(n),
        thread: thread(n),
        caller: user(1),
        started_ms: NOW,
        ended_ms: None,
        state: b"rings".as_slice().into(),
    }
}

fn end(n: u64) -> CallWrite {
    CallWrite::Change { call: id(n), ended_ms: Some(NOW + 1), state: Vec::new().into() }
}

pub(crate) fn the_id_of_a_call_is_used_once(subject: &impl Subject) {
    let store = subject.store();
    let start = || store.commit_blocking(domain().write(CallWrite::Start(ringing(1))));
    start().unwrap();
    assert_eq!(refusal(start()), Refusal::Exists(Kind::Call));
    store.commit_blocking(domain().write(end(1))).unwrap();
    // Nor once it is over: a start that arrives again rings nobody again.
    assert_eq!(refusal(start()), Refusal::Exists(Kind::Call));
}

pub(crate) fn a_call_that_is_over_does_not_change_any_more(subject: &impl Subject) {
    let store = subject.store();
    let change = |n| CallWrite::Change { call: id(n), ended_ms: None, state: b"active".as_slice().into() };
    assert_eq!(refusal(store.commit_blocking(domain().write(change(1)))), Refusal::Missing(Kind::Call));
    store.commit_blocking(domain().write(CallWrite::Start(ringing(1)))).unwrap();
    store.commit_blocking(domain().write(change(1))).unwrap();
    let active = Call { state: b"active".as_slice().into(), ..ringing(1) };
    assert_eq!(store.read_blocking(CallById(id(1))).unwrap(), Some(active));
    store.commit_blocking(domain().write(end(1))).unwrap();
    assert_eq!(refusal(store.commit_blocking(domain().write(change(1)))), Refusal::Missing(Kind::Call));
    let over = Call { ended_ms: Some(NOW + 1), state: Vec::new().into(), ..ringing(1) };
    assert_eq!(store.read_blocking(CallById(id(1))).unwrap(), Some(over));
    assert_eq!(store.read_blocking(CallById(id(2))).unwrap(), None);
}

pub(crate) fn calls_that_are_not_over_are_found_page_by_page(subject: &impl Subject) {
    let store = subject.store();
    for n in 1..=5 {
        store.commit_blocking(domain().write(CallWrite::Start(ringing(n)))).unwrap();
    }
    store.commit_blocking(domain().write(end(2))).unwrap();
    let mut found = Vec::new();
    let mut after = None;
    loop {
        let page = store.read_blocking(OpenCalls { after, max: 2 }).unwrap();
        let Some(last) = page.last() else { break };
        assert!(page.len() <= 2);
        after = Some(last.call);
        found.extend(page);
    }
    assert_eq!(found, [ringing(1), ringing(3), ringing(4), ringing(5)]);
}

pub(crate) fn a_call_whose_state_is_too_long_is_refused(subject: &impl Subject) {
    let store = subject.store();
    let long = vec![0; relais_store::limits::OBJECT_BYTES_MAX + 1];
    let call = Call { state: long.into(), ..ringing(1) };
    let outcome = store.commit_blocking(domain().write(CallWrite::Start(call)));
    assert!(matches!(refusal(outcome), Refusal::TooLarge(_)));
    assert_eq!(store.read_blocking(CallById(id(1))).unwrap(), None);
}

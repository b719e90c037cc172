//! Signed chains, keyrings and boxes.

use relais_store::{
    AppendLink, BoxWrite, Chore, Commit, CommitError, Guard, Receipt, Refusal, Store, Write,
    facts::chain::{BoxScope, BoxTo, ChainHead, ChainId, Keyring, KeyringKind, SealedBox},
    limits,
    reads::{BoxesFor, ChainHeads, ChainLinks, KeyringById, StagedBoxes},
};
use relais_wire::ids::{Bytes32, KeyringId, Seq, SessionId};

use super::{
    Subject,
    kit::{NOW, bytes16, domain, hash32, refusal, seq, user},
};

const CHAIN: ChainId = ChainId::User(relais_wire::ids::UserId::from_bytes([1; 16]));
const SESSION: SessionId = SessionId::from_bytes([7; 16]);

fn keyring(n: u64) -> KeyringId {
    KeyringId::from_bytes(bytes16(n))
}

fn link(store: &impl Store, prev: Option<Bytes32>, n: u64) -> Result<Receipt, CommitError> {
    let link = AppendLink { chain: CHAIN, prev, hash: hash32(n), object: vec![4; 200].into() };
    store.commit_blocking(domain().write(link))
}

pub(crate) fn a_link_is_accepted_only_on_the_head_its_signer_saw<S: Subject>(subject: &S) {
    let store = subject.store();
    assert_eq!(refusal(link(store, Some(hash32(9)), 1)), Refusal::ChainHead { chain: CHAIN, actual: None });
    link(store, None, 1).unwrap();
    let head = Some(ChainHead { n: seq(1), hash: hash32(1) });
    assert_eq!(refusal(link(store, None, 2)), Refusal::ChainHead { chain: CHAIN, actual: head });
    link(store, Some(hash32(1)), 2).unwrap();
    let links = store.read_blocking(ChainLinks { chain: CHAIN, after: Seq::ZERO, max: 10 }).unwrap();
    assert_eq!(
        links.iter().map(|l| (l.n.get(), l.hash)).collect::<Vec<_>>(),
        [(1, hash32(1)), (2, hash32(2))]
    );
    let heads = store.read_blocking(ChainHeads(vec![CHAIN, ChainId::User(user(8))])).unwrap();
    assert_eq!(heads, [Some(ChainHead { n: seq(2), hash: hash32(2) }), None]);
    store.commit_blocking(domain().guard(Guard::ChainHead(CHAIN, Some(hash32(2))))).unwrap();
}

pub(crate) fn two_links_on_one_head_are_one_link<S: Subject>(subject: &S) {
    let store = subject.store();
    link(store, None, 1).unwrap();
    let won = std::thread::scope(|scope| {
        let racers: Vec<_> =
            (2..10).map(|n| scope.spawn(move || link(store, Some(hash32(1)), n).is_ok())).collect();
        racers.into_iter().map(|racer| usize::from(racer.join().unwrap())).sum::<usize>()
    });
    assert_eq!(won, 1);
}

fn sealed(n: u64, size: usize) -> SealedBox {
    SealedBox {
        generation: 1,
        to: BoxTo { recipient: keyring(n), generation: 1 },
        hash: hash32(n),
        bytes: vec![6; size].into(),
    }
}

fn scope() -> BoxScope {
    BoxScope::Keyring(keyring(100))
}

fn stage(store: &impl Store, boxes: Vec<SealedBox>) -> Result<Receipt, CommitError> {
    let chore = Chore::StageBoxes { session: SESSION, scope: scope(), boxes };
    store.commit_blocking(Commit::Housekeeping { at_ms: NOW, chores: vec![chore] })
}

fn take(store: &impl Store, session: SessionId, boxes: &[u64], at_ms: u64) -> Result<Receipt, CommitError> {
    let expect = boxes.iter().map(|n| (sealed(*n, 0).to, hash32(*n))).collect();
    let mut commit = domain().write(BoxWrite::Take { session, scope: scope(), generation: 1, expect });
    commit.at_ms = at_ms;
    store.commit_blocking(commit)
}

fn boxes_for(store: &impl Store, n: u64) -> Vec<SealedBox> {
    let query = BoxesFor { scope: scope(), recipient: keyring(n), generation: None, max: 10 };
    store.read_blocking(query).unwrap()
}

pub(crate) fn staged_boxes_are_taken_whole_or_not_at_all<S: Subject>(subject: &S) {
    let store = subject.store();
    stage(store, vec![sealed(1, 1200), sealed(2, 1200)]).unwrap();
    assert_eq!(refusal(take(store, SESSION, &[1, 2, 3], NOW)), Refusal::BoxesMissing { missing: 1 });
    assert_eq!(store.read_blocking(StagedBoxes(SESSION, scope())).unwrap().len(), 2, "the staged set stays");
    assert!(boxes_for(store, 1).is_empty());
    stage(store, vec![sealed(3, 1200)]).unwrap();
    take(store, SESSION, &[1, 2, 3], NOW).unwrap();
    assert_eq!(boxes_for(store, 1), [sealed(1, 1200)]);
    assert!(store.read_blocking(StagedBoxes(SESSION, scope())).unwrap().is_empty());
    let drop = BoxWrite::Drop { scope: scope(), recipient: keyring(1) };
    store.commit_blocking(domain().write(drop)).unwrap();
    assert!(boxes_for(store, 1).is_empty() && !boxes_for(store, 2).is_empty());
}

pub(crate) fn a_staged_box_of_another_session_is_not_taken<S: Subject>(subject: &S) {
    let store = subject.store();
    stage(store, vec![sealed(1, 10)]).unwrap();
    let outcome = take(store, SessionId::from_bytes([8; 16]), &[1], NOW);
    assert_eq!(refusal(outcome), Refusal::BoxesMissing { missing: 1 });
}

pub(crate) fn staging_is_bounded_and_over_after_ten_minutes<S: Subject>(subject: &S) {
    let store = subject.store();
    let half = usize::try_from(limits::STAGED_BYTES_MAX / 2).unwrap();
    stage(store, vec![sealed(1, half)]).unwrap();
    stage(store, vec![sealed(2, half)]).unwrap();
    assert_eq!(refusal(stage(store, vec![sealed(3, 1)])), Refusal::StagedTooMuch);
    let late = NOW + limits::STAGED_KEEP_MS + 1;
    assert_eq!(refusal(take(store, SESSION, &[1], late)), Refusal::BoxesMissing { missing: 1 });
    take(store, SESSION, &[1], late - 1).unwrap();
}

pub(crate) fn a_keyring_row_is_what_was_put_last<S: Subject>(subject: &S) {
    let store = subject.store();
    let mut row = Keyring {
        keyring: keyring(1),
        kind: KeyringKind::TeamManagers,
        owner: bytes16(4),
        generation: 3,
        rotation_due: false,
    };
    store.commit_blocking(domain().write(Write::PutKeyring(row.clone()))).unwrap();
    row.rotation_due = true;
    store.commit_blocking(domain().write(Write::PutKeyring(row.clone()))).unwrap();
    assert_eq!(store.read_blocking(KeyringById(keyring(1))).unwrap(), Some(row));
}

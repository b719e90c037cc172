//! Lists of threads beyond a snapshot: whom they name, where they go on, and what is written of it.

use std::collections::BTreeSet;

use relais_care::audit::Event as Audited;
use relais_chain::control::{Control, Outcome};
use relais_server::services::Caller;
use relais_store::facts::thread::{Participant, Party, Standing};
use relais_store::reads::AuditPage;
use relais_store::{AuditLine, Domain, NewThread, Store as _, Write};
use relais_wire::ids::{OrgId, Seq, ThreadId, UserId};
use relais_wire::limits::{SNAPSHOT_THREADS, THREADS_PAGE_MAX};
use relais_wire::streams::{GetSnapshot, ListThreads, Snapshot, ThreadPlace};
use relais_wire::threads::{MarkRead, ThreadCard};
use relais_wire::{ErrorCode, Event};

use crate::kit::*;
use crate::organization::ward;
use crate::outsiders::expel_cyd;
use crate::talk::*;

/// Rows of a thread that somebody takes part in, as if it had last been active then.
async fn row(server: &Server, user: UserId, at_ms: u64, number: u64) -> ThreadId {
    let mut id = [0xAA; 16];
    id[..8].copy_from_slice(&number.to_be_bytes());
    let thread = ThreadId::from_bytes(id);
    let row = Participant {
        party: Party::User(user),
        as_org: None,
        standing: Standing::Active,
        role: 0,
        visible_from: Seq::new(1).unwrap(),
        visible_to: None,
        triage: None,
        responsible: None,
        invite_key: None,
    };
    let line = AuditLine {
        log: None,
        entry: relais_care::audit::AuditEntry::new(
            None,
            relais_care::audit::Actor::User(user),
            Audited::DiscussionUpdate,
        ),
    };
    let new = NewThread { thread, org: None, kind: 1 };
    let domain = Domain::new(at_ms, line).write(new).write(Write::PutParticipant(thread, row));
    server.app.store.commit(domain).await.unwrap();
    thread
}

/// All pages of a snapshot.
async fn snapshot(server: &Server, me: Caller, org: Option<OrgId>) -> (Vec<ThreadCard>, Snapshot) {
    let mut cards = Vec::new();
    let mut page = None;
    loop {
        let got = server.call(me, GetSnapshot { org, page }).await.unwrap();
        cards.extend(got.threads.clone());
        assert!(got.next.is_none() || got.older.is_none(), "the last page says where the list goes on");
        if got.next.is_none() {
            return (cards, got);
        }
        page = got.next;
    }
}

async fn ids(server: &Server, me: Caller, org: Option<OrgId>) -> Vec<ThreadId> {
    let list = server.call(me, ListThreads { org, before: None, max: 50 }).await.unwrap();
    assert!(list.next.is_none());
    list.threads.iter().map(|card| card.thread).collect()
}

async fn listings(server: &Server) -> usize {
    let mut from = 0;
    let mut count = 0;
    loop {
        let rows = server.app.store.read(AuditPage { log: None, from, max: 1_000 }).await.unwrap();
        let Some(last) = rows.last() else { return count };
        from = last.index + 1;
        count += rows.iter().filter(|row| row.line.entry.event() == Audited::DiscussionList).count();
    }
}

#[tokio::test]
async fn a_list_goes_on_where_a_snapshot_ends_and_loses_no_thread_that_moves() {
    // THR-11, AUD-03
    let mut server = Server::open(Wish::default()).await;
    let mut world = World::default();
    let ada = register(&mut server, &mut world, "ada@example.org").await;
    let ben = register(&mut server, &mut world, "ben@example.org").await;
    let me = Caller::Session(ben.who);
    let mut talk = Talk::new();
    let create = talk.create(&world, None, vec![owner(&ada, None), member(&ben, None)]);
    talk.act(&server, &world, &ada, None, &create).await.unwrap();
    let begun = server.app.clock.now_ms();
    let others = u64::from(SNAPSHOT_THREADS) + 3 * u64::from(THREADS_PAGE_MAX);
    for number in 0..others {
        // Two of each moment.
        row(&server, ben.user, begun + 1_000 + number / 2, number).await;
    }
    server.pass(600_000);

    let written = listings(&server).await;
    let (cards, last) = snapshot(&server, me, None).await;
    assert_eq!(cards.len(), SNAPSHOT_THREADS as usize);
    let end = cards.last().unwrap();
    assert_eq!(last.older, Some(ThreadPlace { at: end.at, thread: end.thread }));
    let mut met: Vec<ThreadId> = cards.iter().map(|card| card.thread).collect();
    let (mut before, mut pages) = (last.older, 0);
    while before.is_some() {
        let list = server.call(me, ListThreads { org: None, before, max: u32::MAX }).await.unwrap();
        assert!(list.threads.len() <= THREADS_PAGE_MAX as usize);
        let places: Vec<_> = list.threads.iter().map(|card| (card.at, card.thread)).collect();
        assert!(places.is_sorted_by(|a, b| a > b), "newest first");
        met.extend(list.threads.iter().map(|card| card.thread));
        (before, pages) = (list.next, pages + 1);
        if pages == 1 {
            // The oldest, which no page has named yet, moves to the front.
            talk.say(&server, &world, &ada, None).await.unwrap();
        }
    }
    assert_eq!(pages, 3, "and no empty one after them");
    let once: BTreeSet<_> = met.iter().copied().collect();
    let others = usize::try_from(others).unwrap();
    assert_eq!((once.len(), met.len()), (others, others), "each once");
    assert!(!once.contains(&talk.id()));
    let told = relais_server::services::read_stream(&server.app, ben.user, None, last.cursor.seq, 200).await;
    let relais_server::services::StreamRead::Entries { entries, .. } = told.unwrap() else { panic!() };
    let moved = |event: &Event| matches!(event, Event::EntriesAppended(told) if told.thread == talk.id());
    let told: Vec<_> = entries.iter().map(|entry| Event::decode(entry.kind, &entry.body).unwrap()).collect();
    assert!(told.iter().any(moved), "the stream names it");

    assert_eq!(listings(&server).await, written + 1, "one line for the snapshot and its pages");
    server.pass(600_000 + 600_000);
    let page = ListThreads { org: None, before: last.older, max: 1 };
    server.call(me, page.clone()).await.unwrap();
    server.call(me, page).await.unwrap();
    assert_eq!(listings(&server).await, written + 2, "and one more ten minutes later");
}

#[tokio::test]
async fn a_list_names_the_threads_of_a_team_to_its_managers_and_not_to_its_members() {
    // TEA-05
    let mut w = ward().await;
    let talk = w.talk().await;
    w.server.pass(1);
    let org = Some(w.org);
    assert_eq!(ids(&w.server, Caller::Session(w.ben.who), org).await, [talk.id()]);
    let mut whole = Talk::new();
    let parties = vec![owner(&w.ada, org), team(w.managers, Some(w.all), w.org)];
    let create = whole.create(&w.world, org, parties);
    whole.act(&w.server, &w.world, &w.ada, None, &create).await.unwrap();
    let cyds = ids(&w.server, Caller::Session(w.cyd.who), org).await;
    assert!(!cyds.contains(&talk.id()), "a list names threads of a team to its members");
    assert_eq!(cyds, [whole.id()]);
    // Ada is in both by herself and by her team: once each.
    assert_eq!(ids(&w.server, Caller::Session(w.ada.who), org).await, [whole.id(), talk.id()]);
    assert!(ids(&w.server, Caller::Session(w.ben.who), None).await.is_empty(), "nor in another context");
}

#[tokio::test]
async fn a_list_of_an_organization_is_for_its_members_and_for_as_long() {
    // ACC-10, ACC-11, SEC-08
    let mut w = ward().await;
    let org = Some(w.org);
    let mut talk = Talk::new();
    let create = talk.create(&w.world, org, vec![owner(&w.ada, org), member(&w.cyd, org)]);
    talk.act(&w.server, &w.world, &w.ada, None, &create).await.unwrap();
    let ask = ListThreads { org, before: None, max: 10 };
    let eve = Caller::Session(w.eve.who);
    assert_eq!(refused(w.server.call(eve, ask.clone()).await), ErrorCode::NotFound);
    let cyd = Caller::Session(w.cyd.who);
    assert_eq!(w.server.call(cyd, ask.clone()).await.unwrap().threads.len(), 1);
    expel_cyd(&mut w).await;
    assert_eq!(refused(w.server.call(cyd, ask.clone()).await), ErrorCode::NotFound);
    assert!(ids(&w.server, cyd, None).await.is_empty());
    assert_eq!(refused(w.server.anonymous(ask).await), ErrorCode::Unauthenticated);
}

#[tokio::test]
async fn a_closed_thread_stays_listed_until_it_was_seen_and_pages_pass_over_it() {
    // THR-11, THR-12
    let mut server = Server::open(Wish::default()).await;
    let mut world = World::default();
    let ada = register(&mut server, &mut world, "ada@example.org").await;
    let ben = register(&mut server, &mut world, "ben@example.org").await;
    let me = Caller::Session(ben.who);
    let oldest = row(&server, ben.user, server.app.clock.now_ms() - 1_000, 1).await;
    let mut closed = Vec::new();
    for _ in 0..9 {
        let mut talk = Talk::new();
        let create = talk.create(&world, None, vec![owner(&ada, None), member(&ben, None)]);
        talk.act(&server, &world, &ada, None, &create).await.unwrap();
        let head = *talk.state.head();
        let close =
            Control::Close { final_seq: head.n, final_head: head.head, outcome: Outcome::Done, reason: None };
        talk.act(&server, &world, &ada, None, &close).await.unwrap();
        closed.push(talk.id());
        server.pass(1);
    }
    let unseen = closed.remove(4);
    for thread in closed {
        server.call(me, MarkRead { thread, n: Seq::new(2).unwrap() }).await.unwrap();
    }
    assert_eq!(ids(&server, me, None).await, [unseen, oldest]);
    // With pages of one row, more closed ones lie between than a page looks at: it is empty, and goes on.
    let (mut before, mut found, mut empty) = (None, Vec::new(), 0);
    loop {
        let list = server.call(me, ListThreads { org: None, before, max: 1 }).await.unwrap();
        empty += usize::from(list.threads.is_empty());
        found.extend(list.threads.iter().map(|card| card.thread));
        before = list.next;
        if before.is_none() {
            break;
        }
    }
    assert_eq!((found, empty), (vec![unseen, oldest], 2));
}

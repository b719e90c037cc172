//! Threads in the personal context: appending, reading, streams, epochs, closing.

use relais_chain::control::{Control, Outcome};
use relais_chain::entry::{Anchor, Kind};
use relais_chain::party::{History, PartyId};
use relais_chain::sign;
use relais_server::services::{self, Caller, StreamRead};
use relais_wire::chains::{BoxScope, GetBoxes, PutBoxes};
use relais_wire::events::ThreadGone;
use relais_wire::ids::{Bytes32, DeviceId, IdemKey, Seq, ThreadId};
use relais_wire::streams::{GetSnapshot, Pull};
use relais_wire::threads::{Append, GetEntries, GetReads, GetThread, MarkRead, PartyState};
use relais_wire::{ErrorCode, Event};

use crate::kit::*;
use crate::talk::*;

struct Room {
    server: Server,
    world: World,
    ada: Person,
    ben: Person,
    talk: Talk,
}

/// Ada's thread with Ben, in nobody's organization.
async fn room() -> Room {
    room_with(Wish::default()).await
}

async fn room_with(wish: Wish) -> Room {
    let mut server = Server::open(wish).await;
    let mut world = World::default();
    let ada = register(&mut server, &mut world, "ada@example.org").await;
    let ben = register(&mut server, &mut world, "ben@example.org").await;
    let mut talk = Talk::new();
    let create = talk.create(&world, None, vec![owner(&ada, None), member(&ben, None)]);
    talk.act(&server, &world, &ada, None, &create).await.unwrap();
    Room { server, world, ada, ben, talk }
}

fn all(thread: ThreadId) -> GetEntries {
    GetEntries { thread, from: Seq::new(1).unwrap(), max: 200, backward: false }
}

async fn stream(server: &Server, person: &Person) -> Vec<Event> {
    let page = services::read_stream(&server.app, person.user, None, Seq::ZERO, 200).await.unwrap();
    let StreamRead::Entries { entries, head } = page else { panic!("no resync") };
    assert_eq!(entries.last().map_or(0, |entry| entry.seq.get()), head.get());
    entries.iter().map(|entry| Event::decode(entry.kind, &entry.body).unwrap()).collect()
}

#[tokio::test]
async fn two_people_exchange_messages_and_read_the_same_thread() {
    // SEC-04, THR-06
    let mut r = room().await;
    r.server.app.directory.join(r.ben.user, 0);
    r.talk.say(&r.server, &r.world, &r.ada, None).await.unwrap();
    r.talk.say(&r.server, &r.world, &r.ben, None).await.unwrap();
    for person in [&r.ada, &r.ben] {
        let entries = r.server.call(Caller::Session(person.who), all(r.talk.id())).await.unwrap();
        assert_eq!(entries.len.get(), 3);
        assert_eq!(entries.head, r.talk.state.head().head);
        let positions: Vec<_> = entries.entries.iter().map(|entry| entry.n.get()).collect();
        assert_eq!(positions, [1, 2, 3]);
        assert!(entries.entries.iter().all(|entry| entry.payload.is_some()));
    }
    let live = r.server.delivered();
    let to_ben: usize = live.iter().map(|delivery| delivery.to.len()).sum();
    assert_eq!(to_ben, 2, "both messages, as they were committed");
    let told = stream(&r.server, &r.ben).await;
    let appended = told.iter().filter(|event| matches!(event, Event::EntriesAppended(_))).count();
    assert_eq!(appended, 3);
    let card = r.server.call(Caller::Session(r.ben.who), GetThread { thread: r.talk.id() }).await.unwrap();
    assert_eq!((card.len.get(), card.epoch, card.closed, card.state), (3, 0, false, PartyState::Active));
    assert_eq!(card.ctrl_head, r.talk.state.head().ctrl_head);
}

#[tokio::test]
async fn a_request_sent_twice_is_appended_once() {
    // duplicated, replayed
    let r = room().await;
    let signed = r.talk.message(&r.world, &r.ada, None);
    let append = Append { idem: idem(), thread: r.talk.id(), entries: vec![wire(&signed)] };
    let first = r.server.call(Caller::Session(r.ada.who), append.clone()).await.unwrap();
    let again = r.server.call(Caller::Session(r.ada.who), append.clone()).await.unwrap();
    assert_eq!(first, again);
    let elsewhere = Append { idem: IdemKey::from_bytes(random()), ..append.clone() };
    let refusal = r.server.call(Caller::Session(r.ada.who), elsewhere).await.unwrap_err();
    assert_eq!(refusal.code, ErrorCode::ChainRefused);
    let other = r.talk.message(&r.world, &r.ada, None);
    let reused = Append { entries: vec![wire(&other)], ..append };
    assert_eq!(
        refused(r.server.call(Caller::Session(r.ada.who), reused).await),
        ErrorCode::IdempotencyMismatch
    );
}

#[tokio::test]
async fn strangers_see_nothing_and_say_nothing() {
    // SEC-08: not found, never forbidden, where existence would be told
    let mut r = room().await;
    let eve = register(&mut r.server, &mut r.world, "eve@example.org").await;
    let me = Caller::Session(eve.who);
    let thread = r.talk.id();
    assert_eq!(refused(r.server.call(me, GetThread { thread }).await), ErrorCode::NotFound);
    assert_eq!(refused(r.server.call(me, all(thread)).await), ErrorCode::NotFound);
    assert_eq!(refused(r.server.call(me, GetReads { thread }).await), ErrorCode::NotFound);
    let unknown = ThreadId::from_bytes([1; 16]);
    assert_eq!(refused(r.server.call(me, GetThread { thread: unknown }).await), ErrorCode::NotFound);
    let signed = r.talk.message(&r.world, &eve, None);
    assert_eq!(refused(r.talk.send(&r.server, &eve, &[&signed]).await), ErrorCode::NotFound);
    let nowhere = Talk::new();
    let signed = nowhere.message(&r.world, &eve, None);
    assert_eq!(refused(nowhere.send(&r.server, &eve, &[&signed]).await), ErrorCode::NotFound);
}

#[tokio::test]
async fn an_entry_is_sent_by_its_own_author_from_its_own_device() {
    // "a token of another device"
    let r = room().await;
    let signed = r.talk.message(&r.world, &r.ada, None);
    assert_eq!(refused(r.talk.send(&r.server, &r.ben, &[&signed]).await), ErrorCode::Forbidden);
    let core = relais_chain::entry::EntryCore {
        device: DeviceId::from_bytes([9; 16]),
        ..r.talk.draft(&r.world, &r.ada, None, Kind::Message)
    };
    let elsewhere = sign::message(&r.ada.key, &core, b"x".to_vec()).unwrap();
    assert_eq!(refused(r.talk.send(&r.server, &r.ada, &[&elsewhere]).await), ErrorCode::Forbidden);
}

#[tokio::test]
async fn forged_skipped_and_forked_entries_name_the_rule_they_break() {
    let r = room().await;
    let code = |outcome: Result<_, relais_wire::Refusal>| {
        let refusal = outcome.map(|_: relais_wire::threads::Appended| ()).unwrap_err();
        (refusal.code, refusal.chain_code)
    };
    let mut forged = wire(&r.talk.message(&r.world, &r.ada, None));
    forged.payload.0[0] ^= 1;
    let append = Append { idem: idem(), thread: r.talk.id(), entries: vec![forged] };
    let outcome = r.server.call(Caller::Session(r.ada.who), append).await;
    assert_eq!(code(outcome), (ErrorCode::ChainRefused, Some(203)));
    let draft = || r.talk.draft(&r.world, &r.ada, None, Kind::Message);
    let variants = [
        (relais_chain::entry::EntryCore { aseq: draft().aseq + 1, ..draft() }, 610),
        (
            relais_chain::entry::EntryCore {
                anchor: Anchor { seq: 1, head: Bytes32::from_bytes([9; 32]) },
                ..draft()
            },
            606,
        ),
        (
            relais_chain::entry::EntryCore {
                anchor: Anchor { seq: 9, head: Bytes32::from_bytes([9; 32]) },
                ..draft()
            },
            607,
        ),
    ];
    for (core, rule) in variants {
        let signed = sign::message(&r.ada.key, &core, b"x".to_vec()).unwrap();
        let outcome = r.talk.send(&r.server, &r.ada, &[&signed]).await;
        assert_eq!(code(outcome), (ErrorCode::ChainRefused, Some(rule)));
    }
    let mut cut = wire(&r.talk.message(&r.world, &r.ada, None));
    cut.core.0.pop();
    let append = Append { idem: idem(), thread: r.talk.id(), entries: vec![cut] };
    let outcome = r.server.call(Caller::Session(r.ada.who), append).await;
    assert_eq!(code(outcome).0, ErrorCode::ChainRefused);
    let none = Append { idem: idem(), thread: r.talk.id(), entries: Vec::new() };
    let outcome = r.server.call(Caller::Session(r.ada.who), none).await;
    assert_eq!(code(outcome).0, ErrorCode::Malformed);
}

#[tokio::test]
async fn what_builds_on_something_older_is_told_what_is_current() {
    // "wrong epoch or stale generation"
    let mut r = room().await;
    let old = r.talk.clone();
    r.talk.rotate(&r.server, &r.world, &r.ada, None).await;
    let late = old.message(&r.world, &r.ben, None);
    let refusal = r.talk.send(&r.server, &r.ben, &[&late]).await.unwrap_err();
    let stale = refusal.stale.unwrap();
    assert_eq!((refusal.code, stale.keyring, stale.generation), (ErrorCode::Stale, None, 1));
    assert_eq!((stale.n.get(), stale.head), (2, r.talk.state.head().ctrl_head));
    r.talk.say(&r.server, &r.world, &r.ben, None).await.unwrap();
}

#[tokio::test]
async fn an_epoch_needs_its_boxes_and_serves_them_to_their_recipients_alone() {
    let mut r = room().await;
    let control = r.talk.next_epoch(&r.world);
    let signed = r.talk.control(&r.world, &r.ada, None, &control);
    assert_eq!(refused(r.talk.send(&r.server, &r.ada, &[&signed]).await), ErrorCode::BoxMissing);
    let boxes = r.talk.boxes(&control);
    // Staged by somebody else, or with another content, they do not count.
    r.server.call(Caller::Session(r.ben.who), PutBoxes { boxes: boxes.clone() }).await.unwrap();
    assert_eq!(refused(r.talk.send(&r.server, &r.ada, &[&signed]).await), ErrorCode::BoxMissing);
    let mut short = boxes.clone();
    short[0].bytes.0.pop();
    let short = r.server.call(Caller::Session(r.ada.who), PutBoxes { boxes: short }).await;
    assert_eq!(refused(short), ErrorCode::Malformed);
    r.server.call(Caller::Session(r.ada.who), PutBoxes { boxes }).await.unwrap();
    r.talk.send(&r.server, &r.ada, &[&signed]).await.unwrap();
    r.talk.take(&r.world, &signed);

    let ask =
        |recipient| GetBoxes { scope: BoxScope::Thread, id: r.talk.id().into(), from: 0, to: 9, recipient };
    let mine = r.server.call(Caller::Session(r.ben.who), ask(r.ben.inbox)).await.unwrap().boxes;
    assert_eq!(mine.iter().map(|sealed| sealed.generation).collect::<Vec<_>>(), [0, 1]);
    assert!(mine.iter().all(|sealed| sealed.recipient == r.ben.inbox));
    assert_eq!(
        refused(r.server.call(Caller::Session(r.ben.who), ask(r.ada.inbox)).await),
        ErrorCode::NotFound
    );
    let own = GetBoxes {
        scope: BoxScope::Keyring,
        id: r.ben.inbox.into(),
        from: 1,
        to: 1,
        recipient: r.ben.personal,
    };
    assert_eq!(r.server.call(Caller::Session(r.ben.who), own.clone()).await.unwrap().boxes.len(), 1);
    assert_eq!(refused(r.server.call(Caller::Session(r.ada.who), own).await), ErrorCode::NotFound);
}

#[tokio::test]
async fn a_closed_thread_takes_nothing_more_and_stays_readable() {
    // THR-03
    let mut r = room().await;
    let head = *r.talk.state.head();
    let close =
        Control::Close { final_seq: head.n, final_head: head.head, outcome: Outcome::Done, reason: None };
    let late = r.talk.message(&r.world, &r.ben, None);
    r.talk.act(&r.server, &r.world, &r.ada, None, &close).await.unwrap();
    assert_eq!(refused(r.talk.send(&r.server, &r.ben, &[&late]).await), ErrorCode::Closed);
    let card = r.server.call(Caller::Session(r.ben.who), GetThread { thread: r.talk.id() }).await.unwrap();
    assert!(card.closed);
    let entries = r.server.call(Caller::Session(r.ben.who), all(r.talk.id())).await.unwrap();
    assert_eq!(entries.len.get(), 2);
}

#[tokio::test]
async fn whoever_leaves_keeps_what_was_there_and_who_is_removed_keeps_nothing() {
    // THR-07
    let mut r = room().await;
    let cyd = register(&mut r.server, &mut r.world, "cyd@example.org").await;
    let add = Control::Add { party: member(&cyd, None), boxes: Vec::new(), history: History::Full };
    r.talk.act(&r.server, &r.world, &r.ada, None, &add).await.unwrap();
    r.talk.rotate(&r.server, &r.world, &r.ada, None).await;
    r.talk.act(&r.server, &r.world, &r.ben, None, &Control::Leave).await.unwrap();
    let left = r.talk.state.head().n;
    let remove = Control::Remove { party: PartyId::User(cyd.user), reason: None };
    r.talk.act(&r.server, &r.world, &r.ada, None, &remove).await.unwrap();
    r.talk.rotate(&r.server, &r.world, &r.ada, None).await;
    r.talk.say(&r.server, &r.world, &r.ada, None).await.unwrap();

    let seen = r.server.call(Caller::Session(r.ben.who), all(r.talk.id())).await.unwrap();
    assert_eq!((seen.len.get(), seen.entries.len() as u64), (left, left));
    let card = r.server.call(Caller::Session(r.ben.who), GetThread { thread: r.talk.id() }).await.unwrap();
    assert_eq!(card.state, PartyState::Left);
    assert_eq!(refused(r.server.call(Caller::Session(cyd.who), all(r.talk.id())).await), ErrorCode::NotFound);
    let told = stream(&r.server, &cyd).await;
    let gone = Event::from(ThreadGone { thread: r.talk.id() });
    assert_eq!(told.last(), Some(&gone));
    // Numbers have no holes: what cyd had been told reads as gone now.
    assert!(!told.iter().any(|event| matches!(event, Event::EntriesAppended(_))));
    let ask =
        GetBoxes { scope: BoxScope::Thread, id: r.talk.id().into(), from: 0, to: 9, recipient: cyd.inbox };
    assert_eq!(refused(r.server.call(Caller::Session(cyd.who), ask).await), ErrorCode::NotFound);
    for person in [&r.ben, &cyd] {
        let page = GetSnapshot { org: None, page: None };
        let snapshot = r.server.call(Caller::Session(person.who), page).await.unwrap();
        assert!(snapshot.threads.is_empty());
    }
}

#[tokio::test]
async fn newcomers_without_history_get_stubs_of_what_was_said_before() {
    // Q31
    let mut r = room().await;
    r.talk.say(&r.server, &r.world, &r.ada, None).await.unwrap();
    let cyd = register(&mut r.server, &mut r.world, "cyd@example.org").await;
    let add = Control::Add { party: member(&cyd, None), boxes: Vec::new(), history: History::FromJoin };
    r.talk.act(&r.server, &r.world, &r.ada, None, &add).await.unwrap();
    r.talk.rotate(&r.server, &r.world, &r.ada, None).await;
    r.talk.say(&r.server, &r.world, &r.ada, None).await.unwrap();
    let seen = r.server.call(Caller::Session(cyd.who), all(r.talk.id())).await.unwrap().entries;
    let withheld: Vec<_> = seen.iter().filter(|e| e.payload.is_none()).map(|e| e.n.get()).collect();
    assert_eq!(withheld, [2], "the message before; control entries stay whole");
    assert!(seen[1].payload_hash.is_some());
    let card = r.server.call(Caller::Session(cyd.who), GetThread { thread: r.talk.id() }).await.unwrap();
    assert_eq!(card.first.get(), 3);
}

#[tokio::test]
async fn marks_go_forward_only_and_never_beyond_the_end() {
    let mut r = room().await;
    r.talk.say(&r.server, &r.world, &r.ada, None).await.unwrap();
    let thread = r.talk.id();
    let me = Caller::Session(r.ben.who);
    let mark = |n| MarkRead { thread, n: Seq::new(n).unwrap() };
    r.server.call(me, mark(2)).await.unwrap();
    r.server.call(me, mark(1)).await.unwrap();
    assert_eq!(refused(r.server.call(me, mark(3)).await), ErrorCode::Malformed);
    let marks = r.server.call(Caller::Session(r.ada.who), GetReads { thread }).await.unwrap().marks;
    let ben = marks.iter().find(|mark| mark.user == r.ben.user).unwrap();
    assert_eq!((ben.read.get(), ben.delivered.get()), (2, 2));
    let head = services::may_follow(&r.server.app, &r.ada.who, None).await.unwrap();
    services::applied(&r.server.app, r.ada.user, r.ada.who.device, None, head).await;
    let marks = r.server.call(me, GetReads { thread }).await.unwrap().marks;
    let ada = marks.iter().find(|mark| mark.user == r.ada.user).unwrap();
    assert_eq!((ada.delivered.get(), ada.read.get()), (2, 0));
}

#[tokio::test]
async fn a_stream_is_pulled_in_order_and_a_cursor_ahead_is_refused() {
    let mut r = room().await;
    for _ in 0..5 {
        r.talk.say(&r.server, &r.world, &r.ada, None).await.unwrap();
    }
    let me = Caller::Session(r.ben.who);
    let snapshot = r.server.call(me, GetSnapshot { org: None, page: None }).await.unwrap();
    assert_eq!(snapshot.threads.len(), 1);
    let mut cursor = relais_wire::control::Cursor { seq: Seq::ZERO, ..snapshot.cursor };
    let mut seen = Vec::new();
    loop {
        let page = r.server.call(me, Pull { org: None, after: cursor, max: 2 }).await.unwrap();
        let Some(last) = page.entries.last() else { break };
        cursor.seq = last.seq;
        seen.extend(page.entries.iter().map(|item| item.seq.get()));
    }
    assert_eq!(seen, (1..=snapshot.cursor.seq.get()).collect::<Vec<_>>());
    let ahead = relais_wire::control::Cursor { seq: Seq::new(999).unwrap(), ..cursor };
    let refusal = r.server.call(me, Pull { org: None, after: ahead, max: 2 }).await;
    assert_eq!(refused(refusal), ErrorCode::Conflict);
    let ahead =
        services::read_stream(&r.server.app, r.ben.user, None, Seq::new(999).unwrap(), 9).await.unwrap();
    assert!(matches!(ahead, StreamRead::Resync { reason: relais_wire::control::ResyncReason::Ahead, .. }));
}

#[tokio::test]
async fn a_thread_goes_on_after_a_restart_as_if_nothing_had_been() {
    let mut r = room().await;
    for _ in 0..3 {
        r.talk.say(&r.server, &r.world, &r.ada, None).await.unwrap();
    }
    let mut server = r.server.restart().await;
    server.pass(1_000);
    r.talk.say(&server, &r.world, &r.ben, None).await.unwrap();
    let entries = server.call(Caller::Session(r.ada.who), all(r.talk.id())).await.unwrap();
    assert_eq!((entries.len.get(), entries.head), (5, r.talk.state.head().head));
}

#[tokio::test]
async fn receipts_are_the_servers_signed_word() {
    let mut r = room().await;
    let receipt = r.talk.say(&r.server, &r.world, &r.ada, None).await.unwrap().receipts[0].clone();
    let card = r.server.anonymous(relais_wire::directory::GetServer {}).await.unwrap();
    let key = <[u8; 32]>::try_from(card.receipt_key.as_slice()).unwrap();
    let key = relais_chain::PublicKey::from_bytes(&key).unwrap();
    let mut bytes = r.talk.id().as_bytes().to_vec();
    bytes.extend_from_slice(&receipt.n.get().to_be_bytes());
    bytes.extend_from_slice(receipt.head.as_bytes());
    bytes.extend_from_slice(&receipt.at.get().to_be_bytes());
    let sig = <[u8; 64]>::try_from(receipt.sig.as_slice()).unwrap();
    assert!(key.verify("relais/v1/receipt", &bytes, &sig).is_ok());
    bytes[0] ^= 1;
    assert!(key.verify("relais/v1/receipt", &bytes, &sig).is_err());
}

#[tokio::test]
async fn a_full_disk_refuses_what_is_new_and_loses_nothing() {
    let mut r = room_with(Wish { pages_max: Some(400), ..Wish::default() }).await;
    let long = |r: &Room| {
        let core = r.talk.draft(&r.world, &r.ada, None, Kind::Message);
        sign::message(&r.ada.key, &core, vec![0xaa; relais_wire::limits::CIPHERTEXT_BYTES_MAX]).unwrap()
    };
    let mut kept = 1;
    let refusal = loop {
        let signed = long(&r);
        match r.talk.send(&r.server, &r.ada, &[&signed]).await {
            Ok(_) => r.talk.take(&r.world, &signed),
            Err(refusal) => break refusal,
        }
        kept += 1;
        assert!(kept < 200, "the bound of this test's disk was never met");
    };
    assert_eq!(refusal.code, ErrorCode::StorageFull);
    assert!(refusal.retry_after.is_some() && kept > 3);
    let server = r.server.restart().await;
    let card = server.call(Caller::Session(r.ben.who), GetThread { thread: r.talk.id() }).await.unwrap();
    assert_eq!(card.len.get(), kept);
    let page = services::read_stream(&server.app, r.ben.user, None, Seq::ZERO, 200).await.unwrap();
    let StreamRead::Entries { head, .. } = page else { panic!("no resync") };
    assert_eq!(head.get(), kept + 3, "three links and every acknowledged entry");
}

#[tokio::test]
async fn what_is_over_its_bound_is_too_large() {
    let r = room().await;
    let core = r.talk.draft(&r.world, &r.ada, None, Kind::Message);
    let size = relais_wire::limits::CIPHERTEXT_BYTES_MAX + 1;
    let signed = sign::message(&r.ada.key, &core, vec![0xaa; size]).unwrap();
    assert_eq!(refused(r.talk.send(&r.server, &r.ada, &[&signed]).await), ErrorCode::TooLarge);
    let entry = wire(&r.talk.message(&r.world, &r.ada, None));
    let many = vec![entry; relais_wire::limits::ENTRIES_PER_APPEND + 1];
    let append = Append { idem: idem(), thread: r.talk.id(), entries: many };
    assert_eq!(refused(r.server.call(Caller::Session(r.ada.who), append).await), ErrorCode::Malformed);
    let sealed = r.talk.boxes(&r.talk.next_epoch(&r.world)).remove(0);
    let boxes = vec![sealed; relais_wire::limits::BOXES_PER_PUT + 1];
    assert_eq!(
        refused(r.server.call(Caller::Session(r.ada.who), PutBoxes { boxes }).await),
        ErrorCode::TooLarge
    );
}

#[tokio::test]
async fn two_who_write_at_once_are_both_heard_in_one_order() {
    let mut r = room().await;
    let (from_ada, from_ben) =
        (r.talk.message(&r.world, &r.ada, None), r.talk.message(&r.world, &r.ben, None));
    let (ada, ben) = ([&from_ada], [&from_ben]);
    let (one, two) = tokio::join!(r.talk.send(&r.server, &r.ada, &ada), r.talk.send(&r.server, &r.ben, &ben));
    let mut positions = [one.unwrap().receipts[0].n.get(), two.unwrap().receipts[0].n.get()];
    positions.sort_unstable();
    assert_eq!(positions, [2, 3]);
    let entries = r.server.call(Caller::Session(r.ada.who), all(r.talk.id())).await.unwrap().entries;
    for entry in &entries[1..] {
        let sig = <[u8; 64]>::try_from(entry.sig.as_slice()).unwrap();
        let payload = entry.payload.clone().unwrap().0;
        r.talk.take(&r.world, &relais_chain::Signed::whole(entry.core.0.clone(), payload, sig));
    }
    assert_eq!(r.talk.state.head().n, 3);
}

#[tokio::test]
async fn all_pages_of_a_snapshot_are_of_the_moment_it_was_cut() {
    let mut r = room().await;
    for _ in 0..50 {
        let mut talk = Talk::new();
        let create = talk.create(&r.world, None, vec![owner(&r.ada, None), member(&r.ben, None)]);
        talk.act(&r.server, &r.world, &r.ada, None, &create).await.unwrap();
    }
    let me = Caller::Session(r.ben.who);
    let first = r.server.call(me, GetSnapshot { org: None, page: None }).await.unwrap();
    let next = first.next.clone().expect("more than a page");
    // What happens now belongs to the stream after the cursor, not to the second page.
    r.talk.say(&r.server, &r.world, &r.ada, None).await.unwrap();
    let ask = GetSnapshot { org: None, page: Some(next) };
    let second = r.server.call(me, ask.clone()).await.unwrap();
    assert_eq!((second.cursor, second.next.is_none()), (first.cursor, true));
    assert_eq!(first.threads.len() + second.threads.len(), 51);
    let mut ids: Vec<_> = first.threads.iter().chain(&second.threads).map(|card| card.thread).collect();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), 51, "no thread twice, none left out");
    let old = second.threads.iter().find(|card| card.thread == r.talk.id()).expect("the oldest is last");
    assert_eq!(old.len.get(), 1);
    let other = r.server.call(Caller::Session(r.ada.who), ask.clone()).await;
    assert_eq!(refused(other), ErrorCode::Conflict, "it is Ben's session's");
    r.server.pass(120_000);
    assert_eq!(refused(r.server.call(me, ask).await), ErrorCode::Conflict, "begin again");
}

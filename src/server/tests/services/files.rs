//! Ciphertext files and what the audit log says.

use bytes::Bytes;
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use relais_care::audit::Event as Audited;
use relais_chain::control::Control;
use relais_chain::entry::{EntryCore, Kind};
use relais_chain::sign;
use relais_server::services::{self, Caller, FileBytes};
use relais_store::Store as _;
use relais_store::reads::AuditPage;
use relais_wire::ErrorCode;
use relais_wire::files::GetBlob;
use relais_wire::ids::{BlobId, Bytes32, Seq};
use relais_wire::threads::{GetEntries, GetThread};
use sha2::{Digest as _, Sha256};

use crate::kit::*;
use crate::talk::*;

fn bytes(of: &[u8]) -> (Bytes32, FileBytes) {
    let parts: Vec<_> = of.chunks(1_000).map(|part| Ok(Bytes::copy_from_slice(part))).collect();
    (Bytes32::from_bytes(Sha256::digest(of).into()), stream::iter(parts).boxed())
}

#[tokio::test]
async fn a_file_is_read_by_readers_of_a_thread_that_names_it_and_nobody_else() {
    // SEC-02, THR-02
    let mut server = Server::open(Wish::default()).await;
    let mut world = World::default();
    let ada = register(&mut server, &mut world, "ada@example.org").await;
    let ben = register(&mut server, &mut world, "ben@example.org").await;
    let eve = register(&mut server, &mut world, "eve@example.org").await;
    let content = vec![0x5a; 10_000];
    let blob = BlobId::from_bytes(random());
    let named = |talk: &Talk| {
        let core = EntryCore { blobs: vec![blob], ..talk.draft(&world, &ada, None, Kind::Message) };
        sign::message(&ada.key, &core, b"with a file".to_vec()).unwrap()
    };
    let mut talk = Talk::new();
    let create = talk.create(&world, None, vec![owner(&ada, None), member(&ben, None)]);
    talk.act(&server, &world, &ada, None, &create).await.unwrap();
    assert_eq!(refused(talk.send(&server, &ada, &[&named(&talk)]).await), ErrorCode::NotFound);

    let (hash, wrong) = (bytes(&content).0, bytes(b"something else").1);
    let mismatch = services::upload(&server.app, &ada.who, blob, hash, wrong).await;
    assert_eq!(refused(mismatch), ErrorCode::ContentMismatch);
    assert!(!server.call(Caller::Session(ada.who), GetBlob { blob }).await.unwrap().complete);
    assert_eq!(refused(talk.send(&server, &ada, &[&named(&talk)]).await), ErrorCode::Conflict);
    let theft = services::upload(&server.app, &eve.who, blob, hash, bytes(&content).1).await;
    assert_eq!(refused(theft), ErrorCode::NotFound);
    let card = services::upload(&server.app, &ada.who, blob, hash, bytes(&content).1).await.unwrap();
    assert_eq!((card.complete, card.bytes.get()), (true, 10_000));
    let again = services::upload(&server.app, &ada.who, blob, hash, bytes(&content).1).await.unwrap();
    assert_eq!(again, card);
    let before = services::file(&server.app, &ben.who, blob).await;
    assert_eq!(before.err().unwrap().code, ErrorCode::NotFound);
    talk.send(&server, &ada, &[&named(&talk)]).await.unwrap();
    let file = services::file(&server.app, &ben.who, blob).await.unwrap();
    let read = async |part| {
        let bytes = services::file_bytes(&server.app, &file, part).await.unwrap();
        bytes.try_collect::<Vec<Bytes>>().await.unwrap().concat()
    };
    assert_eq!(file.len, 10_000);
    assert_eq!(read(Some(4_000..4_100)).await, content[4_000..4_100]);
    assert_eq!(read(None).await, content);
    let stranger = services::file(&server.app, &eve.who, blob).await;
    assert_eq!(stranger.err().unwrap().code, ErrorCode::NotFound);
    assert_eq!(refused(server.call(Caller::Session(ben.who), GetBlob { blob }).await), ErrorCode::NotFound);
}

#[tokio::test]
async fn a_file_over_the_bound_is_refused_and_leaves_nothing() {
    let mut server = Server::open(Wish::default()).await;
    let mut world = World::default();
    let ada = register(&mut server, &mut world, "ada@example.org").await;
    let blob = BlobId::from_bytes(random());
    let (hash, content) = bytes(&vec![1; (1 << 20) + 1]);
    assert_eq!(
        refused(services::upload(&server.app, &ada.who, blob, hash, content).await),
        ErrorCode::TooLarge
    );
    assert!(!server.call(Caller::Session(ada.who), GetBlob { blob }).await.unwrap().complete);
}

#[tokio::test]
async fn acts_are_audited_once_each_and_readings_once_in_ten_minutes() {
    // AUD-01, AUD-02, AUD-03
    let mut server = Server::open(Wish::default()).await;
    let mut world = World::default();
    let ada = register(&mut server, &mut world, "ada@example.org").await;
    assert_eq!(refused(password(&server, "ada@example.org", b"wrong").await), ErrorCode::WrongCredentials);
    let mut talk = Talk::new();
    let create = talk.create(&world, None, vec![owner(&ada, None)]);
    talk.act(&server, &world, &ada, None, &create).await.unwrap();
    let message = talk.say(&server, &world, &ada, None).await.unwrap();
    assert_eq!(message.receipts.len(), 1);
    let thread = talk.id();
    let entries = GetEntries { thread, from: Seq::new(1).unwrap(), max: 9, backward: false };
    for _ in 0..3 {
        server.call(Caller::Session(ada.who), entries.clone()).await.unwrap();
        server.call(Caller::Session(ada.who), GetThread { thread }).await.unwrap();
        services::read_stream(&server.app, ada.user, None, Seq::ZERO, 50).await.unwrap();
    }
    let counts = |event: Audited, server: &Server| {
        let app = std::sync::Arc::clone(&server.app);
        async move {
            let page = app.store.read(AuditPage { log: None, from: 0, max: 1_000 }).await.unwrap();
            page.iter().filter(|row| row.line.entry.event() == event).count()
        }
    };
    for (event, count) in [
        (Audited::AccountCreate, 1),
        (Audited::SessionCreate, 1),
        (Audited::SessionFail, 1),
        (Audited::DiscussionCreate, 1),
        (Audited::MessageSend, 1),
        (Audited::DiscussionRead, 1),
    ] {
        assert_eq!(counts(event, &server).await, count, "{}", event.code());
    }
    server.pass(600_001);
    server.call(Caller::Session(ada.who), entries).await.unwrap();
    assert_eq!(counts(Audited::DiscussionRead, &server).await, 2);
}

/// Bytes of a file whose rest comes when the test lets it.
fn slow(of: &[u8]) -> (Bytes32, FileBytes, tokio::sync::oneshot::Sender<()>) {
    let (first, rest) = of.split_at(of.len() / 2);
    let (first, rest) = (Bytes::copy_from_slice(first), Bytes::copy_from_slice(rest));
    let (go, wait) = tokio::sync::oneshot::channel();
    let rest = stream::once(async move {
        drop(wait.await);
        Ok(rest)
    });
    let hash = Bytes32::from_bytes(Sha256::digest(of).into());
    (hash, stream::once(async { Ok(first) }).chain(rest).boxed(), go)
}

async fn content(server: &Server, person: &Person, blob: BlobId) -> Vec<u8> {
    let file = services::file(&server.app, &person.who, blob).await.unwrap();
    let bytes = services::file_bytes(&server.app, &file, None).await.unwrap();
    bytes.try_collect::<Vec<Bytes>>().await.unwrap().concat()
}

#[tokio::test]
async fn what_is_complete_is_never_replaced_nor_removed_by_its_uploader() {
    // SEC-02
    let mut server = Server::open(Wish::default()).await;
    let mut world = World::default();
    let ada = register(&mut server, &mut world, "ada@example.org").await;
    let blob = BlobId::from_bytes(random());
    let (other, late, go_late) = slow(b"what comes second");
    let (_, broken, go_broken) = slow(b"bytes that do not hash to what was announced");
    let (hash, first) = bytes(b"what comes first");
    let upload = |hash, bytes| services::upload(&server.app, &ada.who, blob, hash, bytes);
    let (late, broken, complete) = tokio::join!(upload(other, late), upload(hash, broken), async {
        // The others have begun, as this one is polled last.
        let complete = upload(hash, first).await;
        go_late.send(()).unwrap();
        go_broken.send(()).unwrap();
        complete
    });
    complete.unwrap();
    assert!(late.is_err(), "it says so");
    assert_eq!(refused(broken), ErrorCode::ContentMismatch);
    assert_eq!(content(&server, &ada, blob).await, b"what comes first");
    // The same bytes twice at once: both have succeeded.
    let blob = BlobId::from_bytes(random());
    let upload = |bytes| services::upload(&server.app, &ada.who, blob, hash, bytes);
    let (_, again, go) = slow(b"what comes first");
    let (again, first) = tokio::join!(upload(again), async {
        let first = upload(bytes(b"what comes first").1).await;
        go.send(()).unwrap();
        first
    });
    assert_eq!(again.unwrap(), first.unwrap());
}

#[tokio::test]
async fn one_person_fills_the_disk_up_to_their_bound() {
    let mut server = Server::open(Wish::default()).await;
    let mut world = World::default();
    let ada = register(&mut server, &mut world, "ada@example.org").await;
    let ben = register(&mut server, &mut world, "ben@example.org").await;
    let large = vec![7; 1 << 20];
    let upload = |person: &Person| {
        let (hash, bytes) = bytes(&large);
        let (app, who) = (std::sync::Arc::clone(&server.app), person.who);
        async move { services::upload(&app, &who, BlobId::from_bytes(random()), hash, bytes).await }
    };
    upload(&ada).await.unwrap();
    upload(&ada).await.unwrap();
    assert_eq!(refused(upload(&ada).await), ErrorCode::LimitReached);
    upload(&ben).await.unwrap();
}

#[tokio::test]
async fn whoever_reads_a_part_of_a_thread_reads_the_files_named_in_it() {
    // THR-06, THR-07
    let mut server = Server::open(Wish::default()).await;
    let mut world = World::default();
    let ada = register(&mut server, &mut world, "ada@example.org").await;
    let ben = register(&mut server, &mut world, "ben@example.org").await;
    let cyd = register(&mut server, &mut world, "cyd@example.org").await;
    let mut talk = Talk::new();
    let create = talk.create(&world, None, vec![owner(&ada, None), member(&ben, None)]);
    talk.act(&server, &world, &ada, None, &create).await.unwrap();
    let mut files = Vec::new();
    for step in 0..3 {
        match step {
            1 => {
                let history = relais_chain::party::History::FromJoin;
                let add = Control::Add { party: member(&cyd, None), boxes: Vec::new(), history };
                talk.act(&server, &world, &ada, None, &add).await.unwrap();
                talk.rotate(&server, &world, &ada, None).await;
            }
            2 => {
                talk.act(&server, &world, &ben, None, &Control::Leave).await.unwrap();
                talk.rotate(&server, &world, &ada, None).await;
            }
            _ => {}
        }
        let blob = BlobId::from_bytes(random());
        let (hash, content) = bytes(&[step; 100]);
        services::upload(&server.app, &ada.who, blob, hash, content).await.unwrap();
        let core = EntryCore { blobs: vec![blob], ..talk.draft(&world, &ada, None, Kind::Message) };
        let signed = sign::message(&ada.key, &core, b"with a file".to_vec()).unwrap();
        talk.send(&server, &ada, &[&signed]).await.unwrap();
        talk.take(&world, &signed);
        files.push(blob);
    }
    let mut seen = Vec::new();
    for person in [&ada, &ben, &cyd] {
        for blob in &files {
            seen.push(services::file(&server.app, &person.who, *blob).await.is_ok());
        }
    }
    assert_eq!(seen[..3], [true, true, true]);
    assert_eq!(seen[3..6], [true, true, false], "Ben left before the third was named");
    assert_eq!(seen[6..], [false, true, true], "Cyd joined after the first was named, and without history");
}

#[tokio::test]
async fn an_organizations_log_says_who_read_its_files() {
    // AUD-03, AUD-05
    let w = crate::organization::ward().await;
    let mut talk = Talk::new();
    let parties = vec![owner(&w.ada, Some(w.org)), member(&w.cyd, Some(w.org))];
    let create = talk.create(&w.world, Some(w.org), parties);
    talk.act(&w.server, &w.world, &w.ada, None, &create).await.unwrap();
    let blob = BlobId::from_bytes(random());
    let (hash, content) = bytes(b"a report");
    services::upload(&w.server.app, &w.ada.who, blob, hash, content).await.unwrap();
    let core = EntryCore { blobs: vec![blob], ..talk.draft(&w.world, &w.ada, None, Kind::Message) };
    let signed = sign::message(&w.ada.key, &core, b"with a file".to_vec()).unwrap();
    talk.send(&w.server, &w.ada, &[&signed]).await.unwrap();
    services::file(&w.server.app, &w.cyd.who, blob).await.unwrap();
    let mut found = Vec::new();
    for log in [Some(w.org), None] {
        let page = w.server.app.store.read(AuditPage { log, from: 0, max: 1_000 }).await.unwrap();
        found.push(page.iter().filter(|row| row.line.entry.event() == Audited::FileRead).count());
    }
    assert_eq!(found, [1, 0]);
}

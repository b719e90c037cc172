//! Ciphertext files and what the audit log says.

use bytes::Bytes;
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use relais_care::audit::Event as Audited;
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
    let before = services::download(&server.app, &ben.who, blob).await;
    assert_eq!(before.err().unwrap().code, ErrorCode::NotFound);
    talk.send(&server, &ada, &[&named(&talk)]).await.unwrap();
    let download = services::download(&server.app, &ben.who, blob).await.unwrap();
    let read: Vec<Bytes> = download.bytes.try_collect().await.unwrap();
    assert_eq!((download.len, read.concat()), (10_000, content));
    assert_eq!(
        services::download(&server.app, &eve.who, blob).await.err().unwrap().code,
        ErrorCode::NotFound
    );
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

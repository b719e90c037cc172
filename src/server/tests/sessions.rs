//! Sessions on the running edge: proof, live entries, resume, revocation, slow clients. The account, the session
//! and the entries are put into the store directly; what signs in and what the entries say is tested elsewhere.

#[cfg(test)]
mod world;

use relais_server::copies;
use relais_server::deliver::End as EndSessions;
use relais_store::Store as _;
use relais_wire::control::{CaughtUp, Cursor, Followed, Pong, ResyncReason};
use relais_wire::frame::{Class, StreamTag};
use relais_wire::limits::{PING_INTERVAL_MS, PING_JITTER_MS};
use relais_wire::{CloseCode, Control, Seq};
use tokio::net::TcpSocket;
use world::person::{USER, person};
use world::{Client, End, World, config};

/// The next entries of the personal stream, until `upto`; each must follow the one before.
async fn entries(client: &mut Client, after: u64, upto: u64) {
    let mut at = after;
    while at < upto {
        let (header, _) = client.frame().await;
        if header.class == Class::Event {
            assert_eq!((header.stream, header.id), (Some(StreamTag::Personal), at + 1));
            at += 1;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn entries_reach_a_live_session_and_wait_for_one_that_comes_back_after_a_restart() {
    let world = World::start(&[]).await;
    let ada = person(world.server.app(), USER).await;
    let (mut client, welcome) = ada.connect(&world, 0).await;
    assert_eq!(welcome.personal_head, Some(Seq::ZERO));
    assert!(welcome.ticket.is_some());
    let Control::CaughtUp(caught_up) = client.control().await else { panic!("not caught up") };
    assert_eq!(caught_up, CaughtUp { stream: Followed::Personal, seq: Seq::ZERO });
    ada.told(world.server.app(), 3).await;
    entries(&mut client, 0, 3).await;
    assert!(world.metrics().await.contains("relais_users_online 1"));
    drop(client);
    ada.told(world.server.app(), 4).await;
    let world = world.restart(&[]).await;
    ada.told(world.server.app(), 250).await;
    let (mut client, welcome) = ada.connect(&world, 3).await;
    assert_eq!(welcome.personal_head, Some(Seq::new(257).unwrap()));
    entries(&mut client, 3, 257).await;
    ada.told(world.server.app(), 1).await;
    entries(&mut client, 257, 258).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cursor_ahead_of_the_server_or_of_another_history_is_told_to_start_again() {
    let world = World::start(&[]).await;
    let ada = person(world.server.app(), USER).await;
    ada.told(world.server.app(), 2).await;
    let (mut client, _) = ada.connect(&world, 9).await;
    let Control::Resync(resync) = client.control().await else { panic!("not told") };
    assert_eq!((resync.stream, resync.reason), (Followed::Personal, ResyncReason::Ahead));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restored_copy_has_what_was_copied_and_tells_every_client_to_start_again() {
    let world = World::start(&[]).await;
    let ada = person(world.server.app(), USER).await;
    let old_epoch = world.server.app().store.epoch();
    let copied = ada.told(world.server.app(), 5).await;
    let copy = world.dir.path().join("copy.db");
    copies::backup(&config(world.dir.path(), &[]), &copy).expect("a running store is copied");
    ada.told(world.server.app(), 5).await;
    assert!(copies::restore(&config(world.dir.path(), &[]), &copy).is_err(), "a database is not replaced");
    let elsewhere = format!("{:?}", world.dir.path().join("restored"));
    let options = [("data.dir", elsewhere.as_str())];
    copies::restore(&config(world.dir.path(), &options), &copy).expect("an empty folder takes the copy");
    let world = world.restart(&options).await;
    assert_ne!(world.server.app().store.epoch(), old_epoch);
    let (mut client, greeting) = world.greeted().await;
    let seen = Cursor { epoch: old_epoch, seq: Seq::new(9).expect("a small number") };
    client.say(&ada.hello(world.server.app(), greeting.nonce.as_slice(), Some(seen)).await.into()).await;
    let Control::Welcome(welcome) = client.control().await else { panic!("the session goes on") };
    assert_eq!(welcome.personal_head, Some(copied));
    let Control::Resync(resync) = client.control().await else { panic!("not told") };
    assert_eq!(resync.reason, ResyncReason::OtherEpoch);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_proof_holds_for_its_own_greeting_and_cursors_only() {
    let world = World::start(&[]).await;
    let app = world.server.app();
    let ada = person(app, USER).await;
    let (mut client, _) = world.greeted().await;
    client.say(&ada.hello(app, &[7; 32], None).await.into()).await;
    assert_eq!(client.end().await, End::Closed(CloseCode::AuthFailed, String::new()), "a replayed proof");
    let (mut client, greeting) = world.greeted().await;
    let mut hello = ada.hello(app, greeting.nonce.as_slice(), None).await;
    hello.session.as_mut().unwrap().personal = Some(Cursor { epoch: app.store.epoch(), seq: Seq::ZERO });
    client.say(&hello.into()).await;
    assert_eq!(client.end().await, End::Closed(CloseCode::AuthFailed, String::new()), "other cursors");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_that_connects_again_replaces_itself_and_a_revoked_one_ends() {
    let world = World::start(&[("server.shards", "1")]).await;
    let app = world.server.app();
    let ada = person(app, USER).await;
    let (first, _) = ada.connect(&world, 0).await;
    let (second, _) = ada.connect(&world, 0).await;
    assert!(matches!(first.end().await, End::Closed(CloseCode::Replaced, _)));
    app.end_sessions(EndSessions { user: USER, session: Some(ada.session), code: CloseCode::Revoked });
    assert_eq!(second.end().await, End::Closed(CloseCode::Revoked, String::new()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slow_client_is_served_from_the_store_and_loses_nothing() {
    let world = World::start(&[("server.shards", "1")]).await;
    let app = world.server.app();
    let ada = person(app, USER).await;
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_recv_buffer_size(4 * 1024).unwrap();
    let client = Client::on(socket.connect(world.address()).await.unwrap()).await.unwrap();
    let (mut slow, _) = ada.sign_on(&world, client, 0).await;
    // 6 MiB: far more than the pipes and the session's queue hold together.
    let all: u64 = 768;
    let mut tasks = Vec::new();
    for _ in 0..16 {
        tasks.push(ada.told_at_length(app, usize::try_from(all).unwrap() / 16, 8 * 1024));
    }
    futures_util::future::join_all(tasks).await;
    let metrics = world.metrics().await;
    assert!(metrics.contains("relais_hub_connections{shard=\"0\",phase=\"lagging\"} 1"), "{metrics}");
    entries(&mut slow, 0, all).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_heartbeat_that_is_answered_keeps_the_connection_and_one_that_is_not_ends_it() {
    let world = World::start(&[]).await;
    let ada = person(world.server.app(), USER).await;
    let (mut client, _) = ada.connect(&world, 0).await;
    let interval = i64::try_from(PING_INTERVAL_MS + PING_JITTER_MS).unwrap();
    let mut offset = 0;
    for _ in 0..3 {
        offset += interval;
        world.pass(offset);
        while !matches!(client.control().await, Control::Ping(_)) {}
        client.say(&Pong { org: None, personal: Seq::ZERO }.into()).await;
    }
    world.pass(offset + interval);
    while !matches!(client.control().await, Control::Ping(_)) {}
    world.pass(offset + 2 * interval);
    assert!(matches!(client.end().await, End::Closed(CloseCode::PingTimeout, _)));
}

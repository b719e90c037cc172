//! What people see of each other over real sockets of the whole server: how far their messages have come, and the
//! end of somebody who is suspended. Accounts and threads are made by the services beforehand.

use hmac::{Hmac, KeyInit as _, Mac as _};
use relais_care::audit::{Event as Audited, Scope};
use relais_store::Store as _;
use relais_store::reads::AuditPage;
use relais_wire::account::{GetVault, SessionGrant};
use relais_wire::control::{Cursor, Hello, HelloSession, Pong, proof_input};
use relais_wire::directory::SetSuspended;
use relais_wire::frame::Class;
use relais_wire::ids::{Seq, ThreadId, UserId};
use relais_wire::scalar::Bin;
use relais_wire::streams::GetSnapshot;
use relais_wire::threads::{GetReads, MarkRead, ReadMark};
use relais_wire::{Call, CloseCode, Control, ErrorCode, Event, codec};
use sha2::Sha256;

use crate::kit::*;
use crate::talk::*;
use crate::world::{Client, End, World as Running};

/// Ada, who runs the server, and Ben with two devices in a thread of hers with one message, served.
pub struct Scene {
    pub running: Running,
    pub ada: Person,
    pub ben: Person,
    /// Ben's other device.
    pub other: SessionGrant,
    pub thread: ThreadId,
}

pub async fn scene() -> Scene {
    let mut server = Server::open(Wish { served: true, ..Wish::default() }).await;
    let mut world = World::default();
    let token = server.setup_token();
    let ada = register_with(&mut server, &mut world, "ada@example.org", Some(token)).await;
    let ben = register(&mut server, &mut world, "ben@example.org").await;
    let other = sign_in(&mut server, "ben@example.org").await.unwrap();
    let mut talk = Talk::new();
    let create = talk.create(&world, None, vec![owner(&ada, None), member(&ben, None)]);
    talk.act(&server, &world, &ada, None, &create).await.unwrap();
    talk.say(&server, &world, &ada, None).await.unwrap();
    let running = Running::on(server.close(), &[]).await;
    Scene { running, ada, ben, other, thread: talk.id() }
}

/// A socket of a session, before its `Hello` is answered.
async fn knock(running: &Running, grant: &SessionGrant, after: u64) -> Client {
    let (mut client, greeting) = running.greeted().await;
    let at = Cursor { epoch: running.server.app().store.epoch(), seq: Seq::new(after).unwrap() };
    let mut hello = HelloSession {
        session: grant.session,
        kid: grant.key.kid,
        proof: Bin::default(),
        ticket: None,
        org: None,
        personal: Some(at),
    };
    let mut mac = Hmac::<Sha256>::new_from_slice(grant.key.key.as_slice()).unwrap();
    mac.update(&proof_input(greeting.nonce.as_slice(), &hello));
    hello.proof = Bin(mac.finalize().into_bytes().to_vec());
    client.say(&Hello { session: Some(hello) }.into()).await;
    client
}

/// A socket of a session that follows its stream, and the stream's head.
pub async fn line(running: &Running, grant: &SessionGrant, after: u64) -> (Client, Seq) {
    let mut client = knock(running, grant, after).await;
    let Control::Welcome(welcome) = client.control().await else { panic!("not welcome") };
    (client, welcome.personal_head.unwrap())
}

pub async fn ask<C: Call>(client: &mut Client, call: C) -> Result<C::Answer, ErrorCode> {
    client.ask(C::KIND, &codec::encode(&call)).await;
    let (_, answer) = client.reply().await;
    answer.map(|reply| C::answer(reply).expect("the answer of this request")).map_err(|refusal| refusal.code)
}

/// The next event that `pick` takes.
pub async fn event<T>(client: &mut Client, pick: impl Fn(Event) -> Option<T>) -> T {
    loop {
        let (header, body) = client.frame().await;
        if header.class == Class::Event
            && let Some(found) = Event::decode(header.kind, &body).ok().and_then(&pick)
        {
            return found;
        }
    }
}

/// The next mark of somebody that the sender is told of.
async fn mark_of(client: &mut Client, user: UserId) -> (u64, u64) {
    let pick = |event| match event {
        Event::Progress(progress) if progress.mark.user == user => Some(marks(&progress.mark)),
        _ => None,
    };
    event(client, pick).await
}

fn marks(mark: &ReadMark) -> (u64, u64) {
    (mark.delivered.get(), mark.read.get())
}

async fn read_by(client: &mut Client, thread: ThreadId, user: UserId) -> (u64, u64) {
    let reads = ask(client, GetReads { thread }).await.unwrap();
    reads.marks.iter().find(|mark| mark.user == user).map(marks).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sender_sees_delivered_then_read_of_somebody_who_was_away_and_after_a_restart() {
    let Scene { running, ada, ben, other, thread } = scene().await;
    let (mut sender, _) = line(&running, &ada.grant, 0).await;
    assert_eq!(read_by(&mut sender, thread, ben.user).await, (0, 0), "he is away");
    // He comes, takes what was said, and says so.
    let (mut reader, head) = line(&running, &ben.grant, 0).await;
    let is_message = |event| match event {
        Event::EntriesAppended(appended) => {
            appended.entries.iter().find(|entry| entry.n.get() == 2).map(drop)
        }
        _ => None,
    };
    event(&mut reader, is_message).await;
    reader.say(&Pong { org: None, personal: head }.into()).await;
    assert_eq!(mark_of(&mut sender, ben.user).await, (2, 0));
    drop((sender, reader));
    // What was delivered is known to a server that has just started, and to a sender who was away.
    let running = running.restart(&[]).await;
    let (mut sender, _) = line(&running, &ada.grant, 0).await;
    assert_eq!(read_by(&mut sender, thread, ben.user).await, (2, 0));
    let (mut reader, head) = line(&running, &ben.grant, 0).await;
    ask(&mut reader, MarkRead { thread, n: Seq::new(2).unwrap() }).await.unwrap();
    assert_eq!(mark_of(&mut sender, ben.user).await, (2, 2));
    // His other device was away and counts right when it comes back.
    let (mut elsewhere, _) = line(&running, &other, head.get()).await;
    let moved = |event| match event {
        Event::ReadMoved(moved) => Some((moved.thread, moved.read.get())),
        _ => None,
    };
    assert_eq!(event(&mut elsewhere, moved).await, (thread, 2));
    drop((sender, reader, elsewhere));
    let running = running.restart(&[]).await;
    let (mut sender, _) = line(&running, &ada.grant, 0).await;
    assert_eq!(read_by(&mut sender, thread, ben.user).await, (2, 2));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_suspended_account_loses_its_sockets_and_gets_in_again_only_when_it_is_readmitted() {
    let Scene { running, ada, ben, other, .. } = scene().await;
    let (mut admin, _) = line(&running, &ada.grant, 0).await;
    let (first, _) = line(&running, &ben.grant, 0).await;
    let (second, _) = line(&running, &other, 0).await;
    let set = |suspended| SetSuspended { idem: idem(), user: ben.user, suspended };
    ask(&mut admin, set(true)).await.unwrap();
    let revoked = || End::Closed(CloseCode::Revoked, String::new());
    assert_eq!((first.end().await, second.end().await), (revoked(), revoked()));
    assert_eq!(knock(&running, &ben.grant, 0).await.end().await, revoked());
    drop(admin);
    let running = running.restart(&[]).await;
    assert_eq!(knock(&running, &ben.grant, 0).await.end().await, revoked(), "a restart forgives nothing");
    let (mut admin, _) = line(&running, &ada.grant, 0).await;
    ask(&mut admin, set(false)).await.unwrap();
    let (mut back, _) = line(&running, &ben.grant, 0).await;
    assert!(ask(&mut back, GetVault {}).await.is_ok());
    assert!(ask(&mut back, GetSnapshot { org: None, page: None }).await.is_ok());
    let page = AuditPage { log: None, from: 0, max: 1_000 };
    let told: Vec<_> = running.server.app().store.read(page).await.unwrap();
    let about_ben = |event: Audited| {
        let all = told.iter().map(|row| &row.line.entry).filter(|entry| entry.event() == event);
        all.filter(|entry| entry.scopes().contains(&Scope::User(ben.user))).count()
    };
    assert_eq!((about_ben(Audited::AccountEnd), about_ben(Audited::AccountStart)), (1, 1));
}

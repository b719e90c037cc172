//! What happens between two steps of the server, and when somebody goes away in the middle of one.

use core::future::Future;
use core::pin::pin;
use core::task::{Context, Poll, Waker};
use core::time::Duration;

use relais_chain::Signed;
use relais_chain::user_body::UserBody;
use relais_server::services::{self, Caller, Incoming};
use relais_store::Store as _;
use relais_store::reads::{AuditHead, SessionById};
use relais_wire::account::{
    GetVault, Locale, PasswordStart, RecoverProve, RecoverStart, Rekey, RevokeSession, SecondFactor,
};
use relais_wire::chains::{AppendLinks, ChainKind};
use relais_wire::ids::DeviceId;
use relais_wire::scalar::Bin;
use relais_wire::threads::{Append, GetThread};
use relais_wire::{Call, CloseCode, ErrorCode, Refusal};

use crate::kit::*;
use crate::organization::ward;
use crate::talk::*;

/// Time that anything here takes at most on a busy machine.
const PATIENCE: Duration = Duration::from_secs(20);

/// Waits until something holds.
async fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let wait = async {
        while !holds() {
            tokio::task::yield_now().await;
        }
    };
    assert!(tokio::time::timeout(PATIENCE, wait).await.is_ok(), "{what}");
}

/// Asks while the batch of another request is held before its sync, and lets it go on once the commit of this one
/// waits behind it: all that this one looked at was there before the other.
async fn behind<T>(server: &Server, request: impl Future<Output = T>) -> T {
    until("the first is on its way to the disk", || server.hold.reached()).await;
    let released = async {
        until("the second waits behind it", || server.app.store.waiting() > 0).await;
        server.hold.release();
    };
    tokio::join!(request, released).0
}

#[tokio::test]
async fn a_session_ends_although_nobody_waits_for_the_revocation_any_more() {
    // BEY-18: the peer goes away, or its time is over, while the commit is on its way to the disk.
    let mut server = Server::open(Wish::default()).await;
    let mut world = World::default();
    let ada = register(&mut server, &mut world, "ada@example.org").await;
    let thief = authenticated(&sign_in(&mut server, "ada@example.org").await.unwrap());
    let revoke = RevokeSession { idem: idem(), session: thief.session };
    let incoming: Incoming = incoming(revoke.clone());
    server.hold.hold();
    {
        let mut request = pin!(services::handle(&server.app, Caller::Session(ada.who), incoming));
        let mut cx = Context::from_waker(Waker::noop());
        until("the commit begins", || {
            assert!(matches!(request.as_mut().poll(&mut cx), Poll::Pending), "nothing is durable yet");
            server.hold.reached()
        })
        .await;
    }
    server.hold.release();
    until("it ends", || services::still_valid(&server.app, &thief) == Err(CloseCode::Revoked)).await;
    assert_eq!(refused(server.call(Caller::Session(thief), GetVault {}).await), ErrorCode::Revoked);
    server.call(Caller::Session(ada.who), revoke).await.unwrap();
}

/// A change of password, ready to be sent.
pub async fn new_password(server: &Server, world: &mut World, person: &Person) -> Rekey {
    use opaque_ke::{ClientRegistration, ClientRegistrationFinishParameters, RegistrationResponse};
    let (start, opaque) = {
        let mut rng = rand08::rngs::OsRng;
        let start = ClientRegistration::<relais_server::keys::Suite>::start(&mut rng, b"another").unwrap();
        (start.state, Bin(start.message.serialize().to_vec()))
    };
    let started = server.call(Caller::Session(person.who), PasswordStart { opaque }).await.unwrap();
    let upload = start
        .finish(
            &mut rand08::rngs::OsRng,
            b"another",
            RegistrationResponse::deserialize(started.opaque.as_slice()).unwrap(),
            ClientRegistrationFinishParameters::new(identifiers(&person.user.to_hex()), Some(&cheap())),
        )
        .unwrap();
    world.put(ChainKind::User, *person.user.as_bytes(), person, None, &vault_link(2));
    Rekey {
        idem: idem(),
        login: None,
        opaque: Bin(upload.message.serialize().to_vec()),
        vault: vault(2),
        wraps: wraps(),
        recovery: None,
        links: world.fresh(),
        device: None,
    }
}

#[tokio::test]
async fn what_was_proved_with_the_old_password_opens_nothing_after_the_new_one() {
    // SEC-09, SEC-15: whoever knows the old password and reads the mailbox has it all but the last step.
    let mut server = Server::open(Wish::default()).await;
    let mut world = World::default();
    let ada = register(&mut server, &mut world, "ada@example.org").await;
    let login = password(&server, "ada@example.org", PASSWORD).await.unwrap();
    let code = server.code();
    let recovery = RecoverStart { email: "ada@example.org".into(), locale: Locale::En };
    let recovery = server.anonymous(recovery).await.unwrap().login;
    let recovery_code = server.code();
    let rekey = new_password(&server, &mut world, &ada).await;
    server.call(Caller::Session(ada.who), rekey).await.unwrap();
    let device = DeviceId::from_bytes(random());
    let late = server.anonymous(SecondFactor { login, code, device }).await;
    assert_eq!(refused(late), ErrorCode::CodeExpired);
    let late = server.anonymous(RecoverProve { login: recovery, code: recovery_code }).await;
    assert_eq!(refused(late), ErrorCode::CodeExpired);
}

#[tokio::test]
async fn a_session_that_opens_while_the_password_changes_ends_with_the_others() {
    let mut server = Server::open(Wish::default()).await;
    let mut world = World::default();
    let ada = register(&mut server, &mut world, "ada@example.org").await;
    let login = password(&server, "ada@example.org", PASSWORD).await.unwrap();
    let (code, device) = (server.code(), DeviceId::from_bytes(random()));
    let rekey = new_password(&server, &mut world, &ada).await;
    // Both are on their way to the disk, the sign-in first: the change looked before it was there. The first
    // commit of the sign-in is the try of its code.
    server.hold.hold_after(1);
    let second = SecondFactor { login, code, device };
    let changing = server.call(Caller::Session(ada.who), rekey);
    let (opened, changed) = tokio::join!(server.anonymous(second), behind(&server, changing));
    changed.unwrap();
    // The session was opened before the change and ended by it; whether the answer still left is a matter of luck.
    let thief = match opened {
        Ok(grant) => authenticated(&grant),
        Err(refusal) => return assert_eq!(refusal.code, ErrorCode::SessionExpired),
    };
    let row = server.app.store.read(SessionById(thief.session)).await.unwrap().unwrap();
    assert!(row.revoked_ms.is_some());
    assert_eq!(services::still_valid(&server.app, &thief), Err(CloseCode::Revoked));
    assert_eq!(refused(server.call(Caller::Session(thief), GetVault {}).await), ErrorCode::Revoked);
}

/// What adds a device to a chain.
pub fn added(device: DeviceId) -> UserBody {
    let key = ed25519_dalek::SigningKey::from_bytes(&random());
    UserBody::DeviceAdd { device, key: public(&key) }
}

#[tokio::test]
async fn a_session_that_opens_while_its_device_is_ended_ends_with_it() {
    // BEY-18
    let mut server = Server::open(Wish::default()).await;
    let mut world = World::default();
    let ada = register(&mut server, &mut world, "ada@example.org").await;
    let login = password(&server, "ada@example.org", PASSWORD).await.unwrap();
    let (code, device) = (server.code(), DeviceId::from_bytes(random()));
    world.put(ChainKind::User, *ada.user.as_bytes(), &ada, None, &added(device));
    let add = AppendLinks { idem: idem(), links: world.fresh() };
    server.call(Caller::Session(ada.who), add).await.unwrap();
    world.put(ChainKind::User, *ada.user.as_bytes(), &ada, None, &UserBody::DeviceRevoke { device });
    let end = AppendLinks { idem: idem(), links: world.fresh() };
    // As above: the link looked for sessions before the one that it ends was there.
    server.hold.hold_after(1);
    let ending = server.call(Caller::Session(ada.who), end);
    let second = SecondFactor { login, code, device };
    let (opened, ended) = tokio::join!(server.anonymous(second), behind(&server, ending));
    ended.unwrap();
    let thief = match opened {
        Ok(grant) => authenticated(&grant),
        Err(refusal) => return assert_eq!(refusal.code, ErrorCode::SessionExpired),
    };
    assert_eq!(services::still_valid(&server.app, &thief), Err(CloseCode::Revoked));
    assert_eq!(refused(server.call(Caller::Session(thief), GetVault {}).await), ErrorCode::Revoked);
}

/// Two requests of which the first is on its way to the disk while the second is looked at; the second's answer.
async fn meanwhile<A: Call, B: Call>(
    server: &Server,
    (first, change): (Caller, A),
    (second, request): (Caller, B),
) -> Result<B::Answer, Refusal> {
    server.hold.hold();
    let behind = behind(server, server.call(second, request));
    let (changed, answered) = tokio::join!(server.call(first, change), behind);
    changed.map(drop).unwrap();
    answered
}

fn append(talk: &Talk, entry: &Signed) -> Append {
    Append { idem: idem(), thread: talk.id(), entries: vec![wire(entry)] }
}

#[tokio::test]
async fn nothing_is_written_to_those_who_were_sealed_out_a_moment_ago() {
    // TEA-05, THR-05
    let mut w = ward().await;
    let mut talk = w.talk().await;
    let links = w.rotation().await;
    let message = append(&talk, &talk.message(&w.world, &w.ada, None));
    let (ada, ben) = (Caller::Session(w.ada.who), Caller::Session(w.ben.who));
    let rotate = AppendLinks { idem: idem(), links };
    let refusal = meanwhile(&w.server, (ben, rotate), (ada, message)).await.unwrap_err();
    let stale = refusal.stale.unwrap();
    assert_eq!((refusal.code, stale.keyring, stale.generation), (ErrorCode::Stale, Some(w.managers), 2));
    talk.rotate(&w.server, &w.world, &w.ada, None).await;
    talk.say(&w.server, &w.world, &w.ada, None).await.unwrap();
}

#[tokio::test]
async fn nothing_is_written_in_a_session_that_ended_a_moment_ago() {
    // BEY-18
    let w = ward().await;
    let talk = w.talk().await;
    let message = append(&talk, &talk.message(&w.world, &w.ada, None));
    let ada = Caller::Session(w.ada.who);
    let revoke = RevokeSession { idem: idem(), session: w.ada.who.session };
    let refusal = meanwhile(&w.server, (ada, revoke), (ada, message)).await;
    assert_eq!(refused(refusal), ErrorCode::Revoked);
}

#[tokio::test]
async fn a_link_that_changes_nothing_for_an_entry_holds_it_up_and_no_more() {
    let mut w = ward().await;
    let talk = w.talk().await;
    let message = append(&talk, &talk.message(&w.world, &w.ada, None));
    w.world.put(
        ChainKind::User,
        *w.ada.user.as_bytes(),
        &w.ada,
        None,
        &added(DeviceId::from_bytes(random())),
    );
    let add = AppendLinks { idem: idem(), links: w.world.fresh() };
    let ada = Caller::Session(w.ada.who);
    meanwhile(&w.server, (ada, add), (ada, message)).await.unwrap();
}

#[tokio::test]
async fn guesses_that_cost_no_try_leave_no_line_in_the_audit_log() {
    // AUD-04: the log is kept for good.
    let server = Server::open(Wish::default()).await;
    let recovery = RecoverStart { email: "nobody@example.org".into(), locale: Locale::En };
    let login = server.anonymous(recovery).await.unwrap().login;
    let lines = || async { server.app.store.read(AuditHead(None)).await.unwrap().map_or(0, |head| head.0) };
    let before = lines().await;
    let mut codes = Vec::new();
    for _ in 0..20 {
        let guess = RecoverProve { login, code: "000000".into() };
        codes.push(refused(server.anonymous(guess).await));
    }
    assert_eq!(codes.iter().filter(|code| **code == ErrorCode::CodeWrong).count(), 5);
    assert_eq!(codes.last(), Some(&ErrorCode::TooManyTries));
    assert_eq!(lines().await - before, 5);
}

#[tokio::test]
async fn nothing_is_shown_before_its_line_of_the_log_is_durable() {
    // AUD-03
    let mut server = Server::open(Wish::default()).await;
    let mut world = World::default();
    let ada = register(&mut server, &mut world, "ada@example.org").await;
    let ben = register(&mut server, &mut world, "ben@example.org").await;
    let mut talk = Talk::new();
    let create = talk.create(&world, None, vec![owner(&ada, None), member(&ben, None)]);
    talk.act(&server, &world, &ada, None, &create).await.unwrap();
    let read = GetThread { thread: talk.id() };
    let me = Caller::Session(ben.who);
    server.hold.disk_full(true);
    for _ in 0..2 {
        assert_eq!(refused(server.call(me, read.clone()).await), ErrorCode::StorageFull);
    }
    server.hold.disk_full(false);
    // Of two at once, neither is answered before a line is written.
    server.hold.hold();
    let lines = || async { server.app.store.read(AuditHead(None)).await.unwrap().map_or(0, |head| head.0) };
    let before = lines().await;
    {
        let mut first = pin!(server.call(me, read.clone()));
        let mut second = pin!(server.call(me, read.clone()));
        let mut cx = Context::from_waker(Waker::noop());
        until("a line is on its way", || {
            assert!(first.as_mut().poll(&mut cx).is_pending() && second.as_mut().poll(&mut cx).is_pending());
            server.hold.reached()
        })
        .await;
        for _ in 0..1_000 {
            assert!(first.as_mut().poll(&mut cx).is_pending() && second.as_mut().poll(&mut cx).is_pending());
            tokio::task::yield_now().await;
        }
        server.hold.release();
        first.await.unwrap();
        second.await.unwrap();
    }
    let written = lines().await;
    assert!(written > before);
    server.call(me, read).await.unwrap();
    assert_eq!(lines().await, written, "one read in ten minutes has one line");
}

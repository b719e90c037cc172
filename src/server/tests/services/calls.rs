//! Calls over real sockets of the whole server, and what is refused to whom.

use std::sync::Arc;

use relais_care::audit::{Event as Audited, Scope};
use relais_chain::control::{Control as Act, Outcome};
use relais_server::services::{self, Caller};
use relais_store::Store as _;
use relais_store::reads::AuditPage;
use relais_wire::calls::{
    CallAck, CallCard, CallDecline, CallEnd, CallEndReason, CallJoin, CallLeave, CallPhase, CallStart,
    Callee, GetCalls, MissReason, SeatState, StopReason,
};
use relais_wire::directory::SetSuspended;
use relais_wire::ids::{CallId, ThreadId};
use relais_wire::limits::{CALL_ACK_MS, CALL_RING_MS, CALL_SEATS_MAX};
use relais_wire::{ErrorCode, Event};

use crate::kit::*;
use crate::live::{Scene, ask, event, line, scene};
use crate::talk::*;
use crate::world::{Client, World as Running};

fn calling(thread: ThreadId) -> CallStart {
    let call = CallId::from_bytes(random());
    CallStart { call, thread, callees: None, camera: true, confirmed: false }
}

fn answer(start: &CallStart) -> CallJoin {
    CallJoin { call: start.call, camera: false }
}

/// The next ring; its call.
async fn rings(client: &mut Client) -> CallId {
    event(client, |event| if let Event::CallRings(ring) = event { Some(ring.call) } else { None }).await
}

/// The next word that it rings no more.
async fn stopped(client: &mut Client) -> StopReason {
    event(client, |event| if let Event::CallStopped(stop) = event { Some(stop.why) } else { None }).await
}

/// The next picture of the call in which somebody's place, by order, stands like this.
async fn shown(client: &mut Client, place: usize, state: SeatState) -> CallCard {
    let pick = |event| match event {
        Event::CallChanged(changed) if changed.card.seats.get(place)?.state == state => Some(changed.card),
        _ => None,
    };
    event(client, pick).await
}

async fn missed(client: &mut Client) -> MissReason {
    event(client, |event| if let Event::CallMissed(missed) = event { Some(missed.why) } else { None }).await
}

/// The next word that it rings no more, or that it was missed: one comes at once, the other with the stream.
async fn word_of_end(client: &mut Client) -> String {
    let pick = |event| match event {
        Event::CallStopped(stop) => Some(format!("stopped: {:?} ", stop.why)),
        Event::CallMissed(missed) => Some(format!("missed: {:?} ", missed.why)),
        _ => None,
    };
    event(client, pick).await
}

/// Time passes for the server.
fn pass(running: &Running, ms: u64) {
    assert!(running.server.app().clock.set_offset(i64::try_from(ms).unwrap()));
}

#[tokio::test(flavor = "multi_thread")]
async fn all_devices_ring_and_stop_when_one_has_answered() {
    // CAL-03, Q33
    let Scene { running, ada, ben, other, thread } = scene().await;
    let (mut caller, _) = line(&running, &ada.grant, 0).await;
    let (mut phone, _) = line(&running, &ben.grant, 0).await;
    let (mut tablet, _) = line(&running, &other, 0).await;
    let start = calling(thread);
    let started = ask(&mut caller, start.clone()).await.unwrap();
    let card = started.card.unwrap();
    assert_eq!(
        (card.phase, card.seats[1].state),
        (CallPhase::Ringing, SeatState::Called),
        "nobody said it rings"
    );
    assert!(started.warnings.is_empty(), "nobody has a schedule yet");
    assert_eq!((rings(&mut phone).await, rings(&mut tablet).await), (start.call, start.call));
    ask(&mut phone, CallAck { call: start.call }).await.unwrap();
    shown(&mut caller, 1, SeatState::Ringing).await;
    let joined = ask(&mut phone, answer(&start)).await.unwrap();
    assert_eq!((joined.phase, joined.seats[1].device), (CallPhase::Active, Some(ben.who.device)));
    assert_eq!(stopped(&mut tablet).await, StopReason::AnsweredElsewhere);
    assert_eq!(ask(&mut tablet, answer(&start)).await, Err(ErrorCode::AnsweredElsewhere));
    assert_eq!(shown(&mut caller, 1, SeatState::In).await.phase, CallPhase::Active);
    // The answer again, as after a lost reply.
    assert_eq!(ask(&mut phone, answer(&start)).await.unwrap().version, joined.version);
    ask(&mut phone, CallLeave { call: start.call }).await.unwrap();
    assert_eq!(shown(&mut caller, 1, SeatState::Left).await.why, Some(CallEndReason::HungUp));
    assert_eq!(ask(&mut caller, answer(&start)).await, Err(ErrorCode::NotFound));
    assert_eq!(ask(&mut caller, start).await.unwrap_err(), ErrorCode::CallOver, "an id is used once");
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_there_is_told_at_once_and_stands_as_missed_in_the_stream() {
    let Scene { running, ada, ben, thread, .. } = scene().await;
    let (mut caller, _) = line(&running, &ada.grant, 0).await;
    let start = calling(thread);
    ask(&mut caller, start.clone()).await.unwrap();
    pass(&running, CALL_ACK_MS);
    let card = shown(&mut caller, 1, SeatState::Unreachable).await;
    assert_eq!((card.phase, card.why), (CallPhase::Ended, Some(CallEndReason::Unanswered)));
    let (mut phone, _) = line(&running, &ben.grant, 0).await;
    assert_eq!(missed(&mut phone).await, MissReason::Unreachable);
    let calls = ask(&mut phone, GetCalls {}).await.unwrap();
    assert!(calls.rings.is_empty() && calls.card.is_none(), "a stale ring is not told again");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cancelled_or_declined_call_stops_everywhere() {
    let Scene { running, ada, ben, other, thread } = scene().await;
    let (mut caller, _) = line(&running, &ada.grant, 0).await;
    let (mut phone, _) = line(&running, &ben.grant, 0).await;
    let (mut tablet, _) = line(&running, &other, 0).await;
    let first = calling(thread);
    ask(&mut caller, first.clone()).await.unwrap();
    rings(&mut phone).await;
    assert_eq!(ask(&mut phone, CallEnd { call: first.call }).await, Err(ErrorCode::Forbidden));
    ask(&mut caller, CallEnd { call: first.call }).await.unwrap();
    let told = [word_of_end(&mut phone).await, word_of_end(&mut phone).await].concat();
    assert!(told.contains("stopped: Cancelled") && told.contains("missed: Cancelled"), "{told}");
    let second = calling(thread);
    ask(&mut caller, second.clone()).await.unwrap();
    rings(&mut phone).await;
    ask(&mut phone, CallDecline { call: second.call }).await.unwrap();
    shown(&mut caller, 1, SeatState::Declined).await;
    // The tablet hears of both ends, and of nothing missed the second time.
    assert_eq!(
        (stopped(&mut tablet).await, stopped(&mut tablet).await),
        (StopReason::Cancelled, StopReason::Declined)
    );
    let page = AuditPage { log: None, from: 0, max: 1_000 };
    let lines: Vec<Audited> = running
        .server
        .app()
        .store
        .read(page)
        .await
        .unwrap()
        .iter()
        .map(|row| &row.line.entry)
        .filter(|entry| entry.scopes().contains(&Scope::Discussion(thread)))
        .map(relais_care::audit::AuditEntry::event)
        .filter(|event| event.code().starts_with("x-call"))
        .collect();
    let (start, end) = (Audited::CallStart, Audited::CallEnd);
    assert_eq!(lines, [start, Audited::CallFail, end, start, Audited::CallDecline, end]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_ring_survives_a_reconnect_and_a_restart_while_it_is_worth_something() {
    let Scene { running, ada, ben, thread, .. } = scene().await;
    let (mut caller, _) = line(&running, &ada.grant, 0).await;
    let (mut phone, _) = line(&running, &ben.grant, 0).await;
    let start = calling(thread);
    ask(&mut caller, start.clone()).await.unwrap();
    rings(&mut phone).await;
    ask(&mut phone, CallAck { call: start.call }).await.unwrap();
    drop(phone);
    let (mut phone, _) = line(&running, &ben.grant, 0).await;
    assert_eq!(rings(&mut phone).await, start.call, "told again to a connection that is new");
    drop((caller, phone));
    // The whole server again: both come back, and the call goes on where it was.
    let running = running.restart(&[]).await;
    let (mut phone, _) = line(&running, &ben.grant, 0).await;
    assert_eq!(rings(&mut phone).await, start.call);
    let (mut caller, _) = line(&running, &ada.grant, 0).await;
    let card = shown(&mut caller, 0, SeatState::Away).await;
    assert_eq!(card.phase, CallPhase::Recovering);
    ask(&mut caller, CallJoin { call: start.call, camera: true }).await.unwrap();
    assert_eq!(ask(&mut phone, answer(&start)).await.unwrap().phase, CallPhase::Active);
    // A restart in mid-call to which only one comes back is its end.
    drop((caller, phone));
    let running = running.restart(&[]).await;
    let (mut caller, _) = line(&running, &ada.grant, 0).await;
    ask(&mut caller, CallJoin { call: start.call, camera: true }).await.unwrap();
    pass(&running, CALL_RING_MS);
    assert_eq!(shown(&mut caller, 1, SeatState::Lost).await.why, Some(CallEndReason::Lost));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_connection_keeps_its_place_and_is_shown_as_away() {
    let Scene { running, ada, ben, thread, .. } = scene().await;
    let (mut caller, _) = line(&running, &ada.grant, 0).await;
    let (mut phone, _) = line(&running, &ben.grant, 0).await;
    let start = calling(thread);
    ask(&mut caller, start.clone()).await.unwrap();
    rings(&mut phone).await;
    ask(&mut phone, answer(&start)).await.unwrap();
    drop(phone);
    shown(&mut caller, 1, SeatState::Away).await;
    let (mut phone, _) = line(&running, &ben.grant, 0).await;
    shown(&mut phone, 1, SeatState::Away).await;
    ask(&mut phone, answer(&start)).await.unwrap();
    assert_eq!(shown(&mut caller, 1, SeatState::In).await.phase, CallPhase::Active);
}

/// Ada and Ben in a thread of Ada's, and Cyd who is in none; no sockets.
async fn quiet() -> (Server, World, Talk, [Person; 3]) {
    let mut server = Server::open(Wish::default()).await;
    let mut world = World::default();
    let ada = register(&mut server, &mut world, "ada@example.org").await;
    let ben = register(&mut server, &mut world, "ben@example.org").await;
    let cyd = register(&mut server, &mut world, "cyd@example.org").await;
    let mut talk = Talk::new();
    let create = talk.create(&world, None, vec![owner(&ada, None), member(&ben, None)]);
    talk.act(&server, &world, &ada, None, &create).await.unwrap();
    (server, world, talk, [ada, ben, cyd])
}

#[tokio::test]
async fn only_those_in_a_thread_call_in_it_and_are_called() {
    // CAL-02, CAL-06
    let (server, _, talk, [ada, ben, cyd]) = quiet().await;
    let start = calling(talk.id());
    let by = |who: &Person| Caller::Session(who.who);
    assert_eq!(refused(server.call(by(&cyd), start.clone()).await), ErrorCode::NotFound);
    let ring = |callee: Callee| CallStart { callees: Some(vec![callee]), ..start.clone() };
    let stranger = ring(Callee { user: Some(cyd.user), team: None });
    assert_eq!(refused(server.call(by(&ada), stranger).await), ErrorCode::NotFound);
    let nobody = ring(Callee { user: None, team: None });
    assert_eq!(refused(server.call(by(&ada), nobody).await), ErrorCode::Malformed);
    let oneself = ring(Callee { user: Some(ada.user), team: None });
    assert_eq!(refused(server.call(by(&ada), oneself).await), ErrorCode::NobodyToRing);
    server.call(by(&ada), start.clone()).await.unwrap();
    // Whoever has nothing to do with a call learns nothing of it.
    assert_eq!(refused(server.call(by(&cyd), answer(&start)).await), ErrorCode::NotFound);
    assert_eq!(refused(server.call(by(&cyd), CallAck { call: start.call }).await), ErrorCode::NotFound);
    assert!(server.call(by(&cyd), GetCalls {}).await.unwrap().rings.is_empty());
    // Two who call each other come into one call.
    assert_eq!(refused(server.call(by(&ben), calling(talk.id())).await), ErrorCode::CallUnderWay);
    assert_eq!(server.call(by(&ben), GetCalls {}).await.unwrap().rings[0].call, start.call);
}

#[tokio::test]
async fn who_left_the_thread_does_not_call_in_it() {
    let (server, world, mut talk, [_, ben, _]) = quiet().await;
    talk.act(&server, &world, &ben, None, &Act::Leave).await.unwrap();
    assert_eq!(refused(server.call(Caller::Session(ben.who), calling(talk.id())).await), ErrorCode::NotFound);
}

#[tokio::test]
async fn who_loses_the_thread_is_out_of_its_call() {
    let (server, world, mut talk, [ada, ben, _]) = quiet().await;
    let by = |who: &Person| Caller::Session(who.who);
    let start = calling(talk.id());
    server.call(by(&ada), start.clone()).await.unwrap();
    server.call(by(&ben), answer(&start)).await.unwrap();
    talk.act(&server, &world, &ben, None, &Act::Leave).await.unwrap();
    assert!(server.call(by(&ada), GetCalls {}).await.unwrap().card.is_none(), "nobody is left to talk to");
}

#[tokio::test]
async fn a_turn_that_could_not_be_kept_has_not_happened() {
    let (server, _, talk, [ada, ben, _]) = quiet().await;
    let by = |who: &Person| Caller::Session(who.who);
    let start = calling(talk.id());
    server.hold.disk_full(true);
    assert_eq!(refused(server.call(by(&ada), start.clone()).await), ErrorCode::StorageFull);
    server.hold.disk_full(false);
    assert!(server.call(by(&ben), GetCalls {}).await.unwrap().rings.is_empty(), "nobody was rung");
    server.call(by(&ada), start.clone()).await.unwrap();
    server.hold.disk_full(true);
    assert_eq!(refused(server.call(by(&ben), answer(&start)).await), ErrorCode::StorageFull);
    server.hold.disk_full(false);
    let card = server.call(by(&ben), answer(&start)).await.unwrap();
    assert_eq!(card.phase, CallPhase::Active);
}

#[tokio::test]
async fn no_more_names_are_looked_up_than_a_call_has_places() {
    // CAL-02
    let (server, _, talk, [ada, ben, cyd]) = quiet().await;
    let by = |who: &Person| Caller::Session(who.who);
    let ring = |who: &Person, times: usize| {
        let callees = vec![Callee { user: Some(who.user), team: None }; times];
        CallStart { callees: Some(callees), ..calling(talk.id()) }
    };
    // The list is refused before its first name, which is nobody of this thread, is looked at.
    let many = server.call(by(&ada), ring(&cyd, CALL_SEATS_MAX + 1)).await;
    assert_eq!(refused(many), ErrorCode::LimitReached);
    let few = server.call(by(&ada), ring(&cyd, CALL_SEATS_MAX)).await;
    assert_eq!(refused(few), ErrorCode::NotFound);
    let again = server.call(by(&ada), ring(&ben, CALL_SEATS_MAX)).await.unwrap();
    assert_eq!(again.card.unwrap().seats.len(), 2, "named twice is named once");
}

/// The call somebody is in.
async fn call_of(server: &Server, who: &Person) -> Option<CallCard> {
    server.call(Caller::Session(who.who), GetCalls {}).await.unwrap().card
}

#[tokio::test]
async fn a_call_that_cannot_be_kept_does_not_hold_up_the_start_of_the_server() {
    let (server, _, talk, [ada, ben, _]) = quiet().await;
    server.call(Caller::Session(ada.who), calling(talk.id())).await.unwrap();
    let mut server = server.restart().await;
    server.pass(i64::try_from(CALL_RING_MS).unwrap());
    // That it was missed cannot be written down.
    server.hold.disk_full(true);
    services::recover_calls(&server.app).await.unwrap();
    let card = call_of(&server, &ada).await.unwrap();
    assert_eq!(card.phase, CallPhase::Recovering, "what could not be kept has not happened");
    server.hold.disk_full(false);
    // It happens as soon as it can be.
    let over = async {
        while call_of(&server, &ada).await.is_some() {
            tokio::task::yield_now().await;
        }
    };
    tokio::select! {
        () = services::calls_over_time(Arc::clone(&server.app)) => unreachable!("it has no end"),
        () = over => {}
    }
    assert!(server.call(Caller::Session(ben.who), GetCalls {}).await.unwrap().rings.is_empty());
}

#[tokio::test]
async fn a_place_stands_by_the_connection_of_its_own_device() {
    // Q33
    let (server, _, talk, [ada, ben, _]) = quiet().await;
    let by = |who: &Person| Caller::Session(who.who);
    let start = calling(talk.id());
    let state = async |place: usize| call_of(&server, &ben).await.unwrap().seats[place].state;
    server.call(by(&ada), start.clone()).await.unwrap();
    // Another device of Ben's is connected; the one that answers is not.
    server.app.directory.join(ben.user, 0);
    server.call(by(&ben), answer(&start)).await.unwrap();
    assert_eq!(state(1).await, SeatState::Away, "the device that answered cannot be told anything");
    // Two connections of it overlap, as when it changes networks: the end of the old one says nothing.
    server.app.directory.opened(ben.user, ben.who.device);
    server.app.directory.opened(ben.user, ben.who.device);
    server.call(by(&ben), answer(&start)).await.unwrap();
    server.app.directory.closed(ben.user, ben.who.device);
    services::disconnected(&server.app, &ben.who).await;
    assert_eq!(state(1).await, SeatState::In, "it has a connection");
    server.app.directory.closed(ben.user, ben.who.device);
    services::disconnected(&server.app, &ben.who).await;
    assert_eq!(state(1).await, SeatState::Away);
}

#[tokio::test]
async fn who_is_suspended_is_out_of_the_call() {
    // CAL-06
    let mut server = Server::open(Wish::default()).await;
    let mut world = World::default();
    let token = server.setup_token();
    let ada = register_with(&mut server, &mut world, "ada@example.org", Some(token)).await;
    let ben = register(&mut server, &mut world, "ben@example.org").await;
    let cyd = register(&mut server, &mut world, "cyd@example.org").await;
    let mut talk = Talk::new();
    let parties = vec![owner(&ada, None), member(&ben, None), member(&cyd, None)];
    let create = talk.create(&world, None, parties);
    talk.act(&server, &world, &ada, None, &create).await.unwrap();
    let by = |who: &Person| Caller::Session(who.who);
    let start = calling(talk.id());
    server.call(by(&ada), start.clone()).await.unwrap();
    server.call(by(&ben), answer(&start)).await.unwrap();
    let suspend = |user| SetSuspended { idem: idem(), user, suspended: true };
    server.call(by(&ada), suspend(ben.user)).await.unwrap();
    let card = call_of(&server, &ada).await.unwrap();
    let seat = card.seats.iter().find(|seat| seat.callee.user == Some(ben.user)).unwrap();
    assert_eq!(seat.state, SeatState::Removed);
    // The last who rings: nobody is left to talk to.
    server.call(by(&ada), suspend(cyd.user)).await.unwrap();
    assert!(call_of(&server, &ada).await.is_none());
}

#[tokio::test]
async fn a_thread_that_is_closed_has_no_call() {
    // THR-03
    let (server, world, mut talk, [ada, ben, _]) = quiet().await;
    let by = |who: &Person| Caller::Session(who.who);
    let start = calling(talk.id());
    server.call(by(&ada), start.clone()).await.unwrap();
    server.call(by(&ben), answer(&start)).await.unwrap();
    let head = *talk.state.head();
    let close = Act::Close { final_seq: head.n, final_head: head.head, outcome: Outcome::Done, reason: None };
    talk.act(&server, &world, &ada, None, &close).await.unwrap();
    assert!(call_of(&server, &ada).await.is_none() && call_of(&server, &ben).await.is_none());
}

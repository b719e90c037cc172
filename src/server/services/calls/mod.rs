//! Calls: each request is one turn of the core, durable before anybody is told of it.
//!
//! All turns of a node go through one lock, from looking to telling: the order of commits is the order of answers,
//! so the first one wins. A node takes some hundred turns a second at one sync each, which is more than people dial.
//!
//! Not known here: media, which does not exist yet; sockets, which are reached by hints.

mod card;
mod people;
mod record;
mod time;

use bytes::Bytes;
use relais_call::{Call, Desk, Input, Output, Refused, Start, Turn};
use relais_wire::account::Done;
use relais_wire::calls::{
    CallAck, CallAdd, CallCard, CallChanged, CallDecline, CallEnd, CallJoin, CallLeave, CallStart,
    CallStarted, CallStopped, Calls,
};
use relais_wire::ids::{CallId, ThreadId, UserId};
use relais_wire::limits::CALL_RING_MS;
use relais_wire::{ErrorCode, Event, Refusal};
use tokio::sync::{Mutex, Notify};

use crate::app::App;
use crate::deliver::Hint;
use crate::metrics::to_f64;
use crate::services::context::Ctx;
use crate::services::permit::{self, InThread, Own, Permit};
use crate::services::{Authenticated, refuse};

pub(super) use time::{recover, run};

/// The calls of this node, and what wakes its timer.
#[derive(Debug, Default)]
pub(crate) struct CallDesk {
    desk: Mutex<Desk>,
    changed: Notify,
}

/// Starts a call and rings.
///
/// # Errors
/// `in another call`, `call under way`, `nobody to ring`, `limit reached`; `call over` for an id that was used.
pub(crate) async fn start(
    ctx: &Ctx<'_>,
    permit: &Permit<InThread>,
    request: CallStart,
) -> Result<CallStarted, Refusal> {
    let who = permit.who();
    let start = Start {
        call: request.call,
        thread: request.thread,
        org: permit.target().thread.org,
        caller: who.user,
        device: who.device,
        context: permit.target().as_org,
        camera: request.camera,
        callees: people::callees(ctx, permit, request.callees.as_deref()).await?,
        confirmed: request.confirmed,
    };
    let started = started(turn(ctx, Some(who), |desk, now| desk.start(now, &start)).await)?;
    gone(ctx, who).await;
    Ok(started)
}

/// Has more people rung.
///
/// # Errors
/// As [`start`]; `conflict` for whoever is not in the call.
pub(crate) async fn add(
    ctx: &Ctx<'_>,
    permit: &Permit<InThread>,
    request: CallAdd,
) -> Result<CallStarted, Refusal> {
    let who = permit.who();
    let callees = people::callees(ctx, permit, Some(&request.callees)).await?;
    let input = Input::Add { user: who.user, callees, confirmed: request.confirmed };
    started(turn(ctx, Some(who), |desk, now| desk.turn(now, request.call, input)).await)
}

fn started(outcome: Result<Call, Failed>) -> Result<CallStarted, Refusal> {
    match outcome {
        Ok(call) => Ok(CallStarted { card: Some(card::card(&call)), warnings: Vec::new() }),
        Err(Failed::Refused(refused)) => Ok(CallStarted { card: None, warnings: card::asks(refused)? }),
        Err(Failed::Other(refusal)) => Err(refusal),
    }
}

/// Answers, comes back, or joins late.
///
/// # Errors
/// `answered elsewhere`, `in another call`, `call over`, `not found`.
pub(crate) async fn join(
    ctx: &Ctx<'_>,
    permit: &Permit<InThread>,
    request: &CallJoin,
) -> Result<CallCard, Refusal> {
    let who = permit.who();
    let input = Input::Join { user: who.user, device: who.device, camera: request.camera };
    let call = turn(ctx, Some(who), |desk, now| desk.turn(now, request.call, input)).await?;
    gone(ctx, who).await;
    Ok(card::card(&call))
}

/// A device says that it rings.
///
/// # Errors
/// `call over` when it does not ring for this user any more, `not found`.
pub(crate) async fn ack(ctx: &Ctx<'_>, permit: &Permit<Own>, request: &CallAck) -> Result<Done, Refusal> {
    act(ctx, permit, request.call, Input::Ack { user: permit.who().user }).await
}

/// Does not answer.
///
/// # Errors
/// `answered elsewhere`, `call over`, `not found`.
pub(crate) async fn decline(
    ctx: &Ctx<'_>,
    permit: &Permit<Own>,
    request: &CallDecline,
) -> Result<Done, Refusal> {
    act(ctx, permit, request.call, Input::Decline { user: permit.who().user }).await
}

/// Leaves.
///
/// # Errors
/// `answered elsewhere` from a device that is not in it, `conflict` for whoever is not, `not found`.
pub(crate) async fn leave(ctx: &Ctx<'_>, permit: &Permit<Own>, request: &CallLeave) -> Result<Done, Refusal> {
    let who = permit.who();
    act(ctx, permit, request.call, Input::Leave { user: who.user, device: who.device }).await
}

/// Ends a call for everybody.
///
/// # Errors
/// `forbidden` for whoever did not start it, `not found`.
pub(crate) async fn end(ctx: &Ctx<'_>, permit: &Permit<Own>, request: &CallEnd) -> Result<Done, Refusal> {
    act(ctx, permit, request.call, Input::End { user: permit.who().user }).await
}

async fn act(ctx: &Ctx<'_>, permit: &Permit<Own>, call: CallId, input: Input) -> Result<Done, Refusal> {
    turn(ctx, Some(permit.who()), |desk, now| desk.turn(now, call, input)).await?;
    Ok(Done {})
}

/// What rings for somebody, and the call they are in.
pub(crate) async fn all(ctx: &Ctx<'_>, permit: &Permit<Own>) -> Calls {
    let user = permit.who().user;
    let desk = ctx.app.state.calls.desk.lock().await;
    let rings = ringing(&desk, user).map(|(call, until)| card::rings(call, until)).collect();
    Calls { rings, card: desk.of(user).map(card::card) }
}

/// The thread of a call that somebody has to do with; only its id is told, to be permitted.
///
/// # Errors
/// `not found` for everybody else.
pub(crate) async fn thread_of(ctx: &Ctx<'_>, user: UserId, call: CallId) -> Result<ThreadId, Refusal> {
    let desk = ctx.app.state.calls.desk.lock().await;
    let found = desk.call(call).filter(|call| call.knows(user));
    found.map(Call::thread).ok_or_else(|| refuse::refuse(ErrorCode::NotFound))
}

/// A session has connected: it is told what rings, and how the call stands that its user is in (Q33). What rings no
/// more is not told again.
pub(crate) async fn connected(app: &App, user: UserId) {
    let desk = app.state.calls.desk.lock().await;
    for (call, until) in ringing(&desk, user) {
        ring(app, call, user, until);
    }
    if let Some(call) = desk.of(user) {
        show(app, call, vec![user]);
    }
}

fn ringing(desk: &Desk, user: UserId) -> impl Iterator<Item = (&Call, u64)> {
    let mine = move |call: &Call| call.rings().find(|(rung, _)| *rung == user).map(|(_, until)| until);
    desk.ringing(user).filter_map(move |call| mine(call).map(|until| (call, until)))
}

/// A device that is in a call and has no connection, because its last one is gone or because it asked by HTTP, cannot
/// be told that the call goes on: its place is kept for a while. What other devices of its user have, or a connection
/// of its own that is newer, does not count as none.
pub(crate) async fn gone(ctx: &Ctx<'_>, who: &Authenticated) {
    let (directory, user, device) = (&ctx.app.directory, who.user, who.device);
    if directory.has_socket(user, device) {
        return;
    }
    let call = ctx.app.state.calls.desk.lock().await.of(who.user).map(Call::id);
    let Some(call) = call else { return };
    // Asked again with the desk in hand: a connection comes before the answer that is given on it.
    let prepare = |desk: &Desk, now| match directory.has_socket(user, device) {
        true => Err(Refused::Elsewhere),
        false => desk.turn(now, call, Input::Gone { user, device }),
    };
    // No fact, so nothing that could fail but that the call has ended meanwhile.
    drop(turn(ctx, None, prepare).await);
}

/// Rights have changed: whoever of these people may not call in a thread any more is out of its call (CAL-06).
pub(crate) async fn rights_changed(ctx: &Ctx<'_>, users: &[UserId]) {
    let desk = ctx.app.state.calls.desk.lock().await;
    let theirs = |user: &UserId| {
        let calls = desk.of(*user).into_iter().chain(desk.ringing(*user));
        calls.map(|call| (*user, call.thread())).collect::<Vec<_>>()
    };
    let all: Vec<(UserId, ThreadId)> = users.iter().flat_map(theirs).collect();
    drop(desk);
    for (user, thread) in all {
        match permit::takes_part(ctx, user, thread).await {
            Ok(true) => {}
            Ok(false) => removed(ctx, thread, &[user]).await,
            Err(refusal) => {
                tracing::warn!(code = refusal.code.code(), "who is in a call could not be looked at again");
            }
        }
    }
}

/// A thread is closed: nobody calls in it any more (THR-03).
pub(crate) async fn closed(ctx: &Ctx<'_>, thread: ThreadId) {
    let desk = ctx.app.state.calls.desk.lock().await;
    let users = desk.in_thread(thread).map(|call| {
        let ringing = call.rings().map(|(user, _)| user);
        call.present().into_iter().chain(ringing).collect::<Vec<_>>()
    });
    drop(desk);
    removed(ctx, thread, &users.unwrap_or_default()).await;
}

/// People have lost a thread: whoever of them is in its call, or is rung, is out.
pub(crate) async fn removed(ctx: &Ctx<'_>, thread: ThreadId, users: &[UserId]) {
    for user in users {
        let desk = ctx.app.state.calls.desk.lock().await;
        let call = desk.in_thread(thread).filter(|call| call.knows(*user)).map(Call::id);
        drop(desk);
        let Some(call) = call else { continue };
        let input = Input::Removed { user: *user };
        if let Err(error) = turn(ctx, None, |desk, now| desk.turn(now, call, input)).await {
            let refusal = Refusal::from(error);
            tracing::warn!(
                code = refusal.code.code(),
                "somebody who lost a thread could not be taken out of its call"
            );
        }
    }
}

/// Why a turn came to nothing.
enum Failed {
    /// The core refuses it.
    Refused(Refused),
    /// It could not be kept.
    Other(Refusal),
}

impl From<Failed> for Refusal {
    fn from(failed: Failed) -> Self {
        match failed {
            Failed::Refused(refused) => card::refused(refused),
            Failed::Other(refusal) => refusal,
        }
    }
}

/// One turn: prepared, durable, put back, told. The call after it.
async fn turn(
    ctx: &Ctx<'_>,
    by: Option<&Authenticated>,
    prepare: impl FnOnce(&Desk, u64) -> Result<Turn, Refused>,
) -> Result<Call, Failed> {
    let calls = &ctx.app.state.calls;
    let mut desk = calls.desk.lock().await;
    // The time is read inside, so that turns never go back in it.
    let now_ms = ctx.app.clock.now_ms();
    let turn = prepare(&desk, now_ms).map_err(Failed::Refused)?;
    let kept = record::keep(ctx, now_ms, by, &turn).await;
    if matches!(kept, Err(record::NotKept::Over)) {
        // It ended by a commit whose outcome was not known then.
        desk.forget(turn.call.id());
    }
    kept.map_err(|error| Failed::Other(error.into()))?;
    put_back(ctx.app, &mut desk, &turn);
    drop(desk);
    turn.answer.map(|()| turn.call).map_err(Failed::Refused)
}

fn put_back(app: &App, desk: &mut Desk, turn: &Turn) {
    desk.apply(turn);
    app.state.calls.changed.notify_one();
    app.metrics.calls.set(to_f64(desk.len()));
    tell(app, turn);
}

/// Ends a call whose turns could not be kept: those in it are told, and nobody is told later that they missed it.
async fn give_up(ctx: &Ctx<'_>, id: CallId) {
    let mut desk = ctx.app.state.calls.desk.lock().await;
    let now_ms = ctx.app.clock.now_ms();
    let Ok(turn) = desk.turn(now_ms, id, Input::GiveUp) else { return };
    let over = record::over(ctx, now_ms, (turn.call.org(), turn.call.thread()), id).await;
    if let Err(refusal) = over {
        tracing::warn!(code = refusal.code.code(), "a call is given up, and a restart will find it again");
    }
    put_back(ctx.app, &mut desk, &turn);
}

fn tell(app: &App, turn: &Turn) {
    for output in &turn.outputs {
        match output {
            Output::Ring { user, until_ms } => ring(app, &turn.call, *user, *until_ms),
            Output::StopRing { user, why, except } => {
                let event = CallStopped { call: turn.call.id(), why: card::stop(*why), device: *except };
                let expires_ms = app.clock.now_ms().saturating_add(CALL_RING_MS);
                hint(app, vec![*user], turn.call.id(), event.into(), Some(expires_ms));
            }
            Output::Changed(users) => show(app, &turn.call, users.clone()),
            Output::Fact(fact) => app.metrics.call(fact),
            Output::Wait(_) => {}
        }
    }
}

fn ring(app: &App, call: &Call, user: UserId, until_ms: u64) {
    hint(app, vec![user], call.id(), card::rings(call, until_ms).into(), Some(until_ms));
}

fn show(app: &App, call: &Call, users: Vec<UserId>) {
    hint(app, users, call.id(), CallChanged { card: card::card(call) }.into(), None);
}

fn hint(app: &App, users: Vec<UserId>, call: CallId, event: Event, expires_ms: Option<u64>) {
    let body = Bytes::from(event.encode_body());
    app.hint(Hint { users, kind: event.kind(), about: *call.as_bytes(), whose: [0; 16], expires_ms, body });
}

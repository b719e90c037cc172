//! The server's calls: the core of calls as it is, its rows in the store, its rings through the hub.
//!
//! Not known here: what a device does when it rings.

use relais_call::{
    Call, Callee, Desk, EndReason, Fact, Input, Output, Party, Phase, Refused, SeatState as State, Start,
    Turn,
};
use relais_hub::{Input as HubInput, Key, Notice, NoticeLane, Scope};
use relais_store::facts::call::Call as Row;
use relais_store::reads::OpenCalls;
use relais_store::{CallWrite, CommitError, Domain, Kind, Refusal as StoreRefusal, Store as _};
use relais_wire::account::Done;
use relais_wire::calls::{
    CallCard, CallChanged, CallEndReason, CallPhase, CallRings, CallSeat, CallStart, CallStarted,
    CallStopped, Callee as Named, Calls, SeatState, StopReason,
};
use relais_wire::{
    CallId, DeviceId, ErrorCode, Event as WireEvent, Millis, Refusal, Reply, Request, Seq, UserId,
};

use crate::server::{Server, line};
use crate::trap::Next;
use crate::world::Env;

/// What a turn came to; nothing when the process died of it.
type Outcome = Option<Result<Call, Refusal>>;

impl Server {
    /// Answers a request about calls.
    #[expect(clippy::wildcard_enum_match_arm, reason = "the other requests are not simulated")]
    pub(crate) fn call_request(
        &mut self,
        env: &mut Env,
        (user, device): (UserId, DeviceId),
        request: Request,
    ) -> Option<Result<Reply, Refusal>> {
        let (call, input) = match request {
            Request::CallStart(start) => return self.call_start(env, (user, device), &start),
            Request::GetCalls(_) => return Some(Ok(self.calls_of(user)?.into())),
            Request::CallJoin(join) => (join.call, Input::Join { user, device, camera: join.camera }),
            Request::CallAck(ack) => (ack.call, Input::Ack { user }),
            Request::CallDecline(decline) => (decline.call, Input::Decline { user }),
            Request::CallLeave(leave) => (leave.call, Input::Leave { user, device }),
            Request::CallEnd(end) => (end.call, Input::End { user }),
            _ => return Some(Err(Refusal::new(ErrorCode::NotSupported))),
        };
        let joins = matches!(input, Input::Join { .. });
        let outcome = self.call_turn(env, |desk, now| desk.turn(now, call, input))?;
        Some(outcome.map(|call| if joins { card(&call).into() } else { Done {}.into() }))
    }

    fn calls_of(&self, user: UserId) -> Option<Calls> {
        let desk = self.desk()?;
        let rings = desk.ringing(user).map(|call| rings(call, 0)).collect();
        Some(Calls { rings, card: desk.of(user).map(card) })
    }

    fn call_start(
        &mut self,
        env: &mut Env,
        (caller, device): (UserId, DeviceId),
        start: &CallStart,
    ) -> Option<Result<Reply, Refusal>> {
        let streams = self.threads.get(&start.thread).cloned().unwrap_or_default();
        let callee = |user| Callee {
            party: Party::User(user),
            context: None,
            phones: vec![user],
            dot: None,
            offer: None,
        };
        let start = Start {
            call: start.call,
            thread: start.thread,
            org: None,
            caller,
            device,
            context: None,
            camera: start.camera,
            callees: streams
                .iter()
                .filter(|stream| stream.user != caller)
                .map(|stream| callee(stream.user))
                .collect(),
            confirmed: start.confirmed,
        };
        let outcome = self.call_turn(env, |desk, now| desk.start(now, &start))?;
        Some(outcome.map(|call| CallStarted { card: Some(card(&call)), warnings: vec![] }.into()))
    }

    /// One turn: prepared, durable, put back, told.
    fn call_turn(
        &mut self,
        env: &mut Env,
        prepare: impl FnOnce(&Desk, u64) -> Result<Turn, Refused>,
    ) -> Outcome {
        let turn = match prepare(self.desk()?, env.now) {
            Ok(turn) => turn,
            Err(refused) => return Some(Err(refusal(&refused))),
        };
        if turn.facts().next().is_some() {
            let armed = self.armed();
            let outcome = self
                .store()
                .commit_blocking(Domain::new(env.now, line(turn.call.caller())).write(write(&turn)));
            if let Some(next) = armed.filter(|_| self.armed().is_none()) {
                env.counters.hit(next.name());
            }
            match outcome {
                Ok(_) => {}
                Err(CommitError::Refused(
                    StoreRefusal::Exists(Kind::Call) | StoreRefusal::Missing(Kind::Call),
                )) => {
                    return Some(Err(Refusal::new(ErrorCode::CallOver)));
                }
                Err(error) => return self.failed(env, &error).map(Err),
            }
        }
        let desk = self.desk_mut()?;
        desk.apply(&turn);
        desk.check();
        for output in &turn.outputs {
            self.call_output(env, &turn.call, output);
        }
        Some(turn.answer.map(|()| turn.call).map_err(|refused| refusal(&refused)))
    }

    fn call_output(&mut self, env: &mut Env, call: &Call, output: &Output) {
        match output {
            Output::Ring { user, until_ms } => self.ring(env, call, *user, *until_ms),
            Output::StopRing { user, why, except } => {
                env.counters.hit(&format!("ring stopped: {why:?}"));
                let why = match why {
                    relais_call::Stopped::Elsewhere => StopReason::AnsweredElsewhere,
                    relais_call::Stopped::Declined => StopReason::Declined,
                    relais_call::Stopped::Cancelled => StopReason::Cancelled,
                    relais_call::Stopped::Missed => StopReason::Missed,
                    relais_call::Stopped::Unreachable => StopReason::Unreachable,
                };
                let event = CallStopped { call: call.id(), why, device: *except };
                let lane = NoticeLane::Control { expires_at: env.now + relais_call::limits::RING_MS };
                self.hint(env, vec![*user], lane, &event.into());
            }
            Output::Changed(users) => self.show(env, call, users.clone()),
            Output::Fact(Fact::Missed { why, .. }) => env.counters.hit(&format!("call missed: {why:?}")),
            Output::Fact(Fact::Ended { why }) => env.counters.hit(&format!("call ended: {why:?}")),
            Output::Fact(_) | Output::Wait(_) => {}
        }
    }

    fn ring(&mut self, env: &mut Env, call: &Call, user: UserId, until_ms: u64) {
        let event = rings(call, until_ms);
        self.hint(env, vec![user], NoticeLane::Control { expires_at: until_ms }, &event.into());
    }

    fn show(&mut self, env: &mut Env, call: &Call, users: Vec<UserId>) {
        let key = Key { about: *call.id().as_bytes(), whose: [0; 16] };
        self.hint(env, users, NoticeLane::Keyed(key), &CallChanged { card: card(call) }.into());
    }

    fn hint(&mut self, env: &mut Env, to: Vec<UserId>, lane: NoticeLane, event: &WireEvent) {
        let body = event.encode_body().into();
        let notice = Notice { to, scope: Scope::Everywhere, lane, kind: event.kind(), body };
        self.turn(env, HubInput::Notice(Box::new(notice)));
    }

    /// Everything of calls that is due.
    pub(crate) fn call_time(&mut self, env: &mut Env) {
        while let Some(id) = self.desk().and_then(|desk| desk.due(env.now)) {
            let turned = self.call_turn(env, |desk, now| desk.turn(now, id, Input::Timeout));
            if !matches!(turned, Some(Ok(_))) {
                return;
            }
        }
    }

    /// Takes up what the store has of calls that are not over.
    pub(crate) fn recover_calls(&mut self, env: &mut Env) {
        let rows = self
            .store()
            .read_blocking(OpenCalls { after: None, max: 1_000 })
            .expect("reads do not fail here");
        for row in rows {
            env.counters.hit("call recovered");
            let call = Call::from_kept(env.now, row.state.as_slice()).expect("kept by this very version");
            if self.call_turn(env, |desk, now| Ok(desk.recovered(now, call))).is_none() {
                return;
            }
        }
    }

    /// A session has connected: what rings is told again, and how the user's call stands.
    pub(crate) fn call_hello(&mut self, env: &mut Env, user: UserId) {
        let Some(desk) = self.desk() else { return };
        let ringing: Vec<(Call, u64)> = desk
            .ringing(user)
            .flat_map(|call| {
                call.rings().filter(|(rung, _)| *rung == user).map(|(_, until)| (call.clone(), until))
            })
            .collect();
        let of = desk.of(user).cloned();
        for (call, until) in ringing {
            env.counters.hit("ring told again");
            self.ring(env, &call, user, until);
        }
        if let Some(call) = of {
            self.show(env, &call, vec![user]);
        }
    }

    /// A connection is gone: its device keeps its place in a call for a while.
    pub(crate) fn call_gone(&mut self, env: &mut Env, user: UserId, device: DeviceId) {
        let Some(call) = self.desk().and_then(|desk| desk.of(user)).map(Call::id) else { return };
        drop(self.call_turn(env, |desk, now| desk.turn(now, call, Input::Gone { user, device })));
    }

    /// The trap that waits for the next commit.
    fn armed(&self) -> Option<Next> {
        self.trap().is_set()
    }
}

fn rings(call: &Call, until_ms: u64) -> CallRings {
    let (id, thread, from) = (call.id(), call.thread(), call.caller());
    CallRings { call: id, thread, org: None, from, until: Millis::saturating(until_ms) }
}

fn write(turn: &Turn) -> CallWrite {
    let call = &turn.call;
    let ended_ms = match call.phase() {
        Phase::Ended { at_ms, .. } => Some(at_ms),
        Phase::Ringing | Phase::Active { .. } | Phase::Recovering { .. } => None,
    };
    let state = call.to_kept().into();
    if turn.facts().any(|fact| matches!(fact, Fact::Started { .. })) {
        let (thread, caller, started_ms) = (call.thread(), call.caller(), call.started_ms());
        return CallWrite::Start(Row { call: call.id(), thread, caller, started_ms, ended_ms, state });
    }
    CallWrite::Change { call: call.id(), ended_ms, state }
}

fn refusal(refused: &Refused) -> Refusal {
    Refusal::new(match refused {
        Refused::Elsewhere => ErrorCode::AnsweredElsewhere,
        Refused::Over | Refused::NotRinging => ErrorCode::CallOver,
        Refused::InAnotherCall => ErrorCode::InAnotherCall,
        Refused::UnderWay => ErrorCode::CallUnderWay,
        Refused::Unknown => ErrorCode::NotFound,
        Refused::Ask(_)
        | Refused::Nobody
        | Refused::TooMany
        | Refused::Full
        | Refused::NotIn
        | Refused::NotStarter => ErrorCode::Forbidden,
    })
}

/// The picture of a call, as far as these devices look at it.
fn card(call: &Call) -> CallCard {
    let (phase, why) = match call.phase() {
        Phase::Ringing => (CallPhase::Ringing, None),
        Phase::Active { .. } => (CallPhase::Active, None),
        Phase::Recovering { .. } => (CallPhase::Recovering, None),
        Phase::Ended { why, .. } => (CallPhase::Ended, Some(why)),
    };
    let why = why.map(|why| match why {
        EndReason::Cancelled => CallEndReason::Cancelled,
        EndReason::Unanswered => CallEndReason::Unanswered,
        EndReason::HungUp => CallEndReason::HungUp,
        EndReason::ForAll => CallEndReason::ForAll,
        EndReason::Lost => CallEndReason::Lost,
    });
    let seat = |seat: &relais_call::Seat| {
        let (state, user, device) = match &seat.state {
            State::Ringing { .. } => (SeatState::Ringing, None, None),
            State::In { user, device, .. } => (SeatState::In, Some(*user), Some(*device)),
            State::Away { user, .. } => (SeatState::Away, Some(*user), None),
            State::Out(_) => (SeatState::Left, None, None),
        };
        let user_of = match seat.party {
            Party::User(user) => Some(user),
            Party::Team(_) => None,
        };
        CallSeat {
            callee: Named { user: user_of, team: None },
            state,
            user,
            device,
            camera: false,
            until: None,
        }
    };
    CallCard {
        call: call.id(),
        thread: call.thread(),
        starter: call.caller(),
        started: Millis::saturating(call.started_ms()),
        version: Seq::new(call.version()).unwrap_or_default(),
        phase,
        since: None,
        why,
        seats: call.seats().iter().map(seat).collect(),
    }
}

/// The call of a run.
pub(crate) fn some_call(env: &mut Env) -> CallId {
    CallId::from_bytes(env.rng.bytes16())
}

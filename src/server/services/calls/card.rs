//! A call as its participants are shown it, and the refusals of the core as clients are told them.
//!
//! Not known here: who is shown it.

use relais_call::{
    Call, Dot as CoreDot, EndReason, Outcome, Party, Phase, PhoneState, Refused, Seat, SeatState as State,
    Stopped, Unanswered, Warning,
};
use relais_wire::calls::{
    CallCard, CallEndReason, CallPhase, CallRings, CallSeat, CallWarning, Callee, Dot, MissReason, SeatState,
    StopReason,
};
use relais_wire::ids::{KeyringId, Seq, TeamId};
use relais_wire::scalar::Millis;
use relais_wire::{ErrorCode, Refusal};

use crate::services::refuse;

/// Milliseconds after which a node that is full of calls may be asked again.
const FULL_MS: u64 = 5_000;

/// The call as it stands.
pub(super) fn card(call: &Call) -> CallCard {
    let (phase, why) = match call.phase() {
        Phase::Ringing => (CallPhase::Ringing, None),
        Phase::Active { .. } => (CallPhase::Active, None),
        Phase::Recovering { .. } => (CallPhase::Recovering, None),
        Phase::Ended { why, .. } => (CallPhase::Ended, Some(end(why))),
    };
    CallCard {
        call: call.id(),
        thread: call.thread(),
        starter: call.caller(),
        started: Millis::saturating(call.started_ms()),
        version: Seq::new(call.version()).unwrap_or_default(),
        phase,
        since: call.active_since().map(Millis::saturating),
        why,
        seats: call.seats().iter().map(seat).collect(),
    }
}

fn seat(seat: &Seat) -> CallSeat {
    let plain = |state| CallSeat {
        callee: callee(seat.party),
        state,
        user: None,
        device: None,
        camera: false,
        until: None,
    };
    match &seat.state {
        State::Ringing { until_ms, phones } => {
            let rings = phones.iter().any(|phone| phone.state == PhoneState::Rings);
            let until = Some(Millis::saturating(*until_ms));
            CallSeat { until, ..plain(if rings { SeatState::Ringing } else { SeatState::Called }) }
        }
        State::In { user, device, camera } => {
            let (user, device) = (Some(*user), Some(*device));
            CallSeat { user, device, camera: *camera, ..plain(SeatState::In) }
        }
        State::Away { user, until_ms } => {
            let until = Some(Millis::saturating(*until_ms));
            CallSeat { user: Some(*user), until, ..plain(SeatState::Away) }
        }
        State::Out(outcome) => match outcome {
            Outcome::Declined => plain(SeatState::Declined),
            Outcome::Unanswered(Unanswered::RangOut) => plain(SeatState::Missed),
            Outcome::Unanswered(Unanswered::Unreachable) => plain(SeatState::Unreachable),
            Outcome::Unanswered(Unanswered::Busy) => plain(SeatState::Busy),
            Outcome::Unanswered(Unanswered::Cancelled) => plain(SeatState::Cancelled),
            Outcome::Absent { until_ms } => {
                CallSeat { until: Some(Millis::saturating(*until_ms)), ..plain(SeatState::Absent) }
            }
            Outcome::Left => plain(SeatState::Left),
            Outcome::Lost => plain(SeatState::Lost),
            Outcome::Removed => plain(SeatState::Removed),
        },
    }
}

/// The ring of a call that goes on until a time.
pub(super) fn rings(call: &Call, until_ms: u64) -> CallRings {
    CallRings {
        call: call.id(),
        thread: call.thread(),
        org: call.org(),
        from: call.caller(),
        until: Millis::saturating(until_ms),
    }
}

const fn callee(party: Party) -> Callee {
    match party {
        Party::User(user) => Callee { user: Some(user), team: None },
        Party::Team(team) => Callee { user: None, team: Some(team_id(team)) },
    }
}

/// On the wire a team is named by its managers' keyring.
pub(super) const fn team_id(team: KeyringId) -> TeamId {
    TeamId::from_bytes(*team.as_bytes())
}

fn warning(warning: &Warning) -> CallWarning {
    let (dot, until) = match warning.dot {
        CoreDot::Yellow { until_ms } => (Dot::Yellow, until_ms),
        CoreDot::Red { until_ms } => (Dot::Red, Some(until_ms)),
    };
    CallWarning {
        callee: callee(warning.party),
        dot,
        until: until.map(Millis::saturating),
        offer: warning.offer.map(team_id),
    }
}

/// The warnings, where that is all that stands between a caller and a ring.
///
/// # Errors
/// The refusal as the client is told it.
pub(super) fn asks(refused: Refused) -> Result<Vec<CallWarning>, Refusal> {
    let code = match refused {
        Refused::Ask(warnings) => return Ok(warnings.iter().map(warning).collect()),
        Refused::Nobody => ErrorCode::NobodyToRing,
        Refused::TooMany => ErrorCode::LimitReached,
        Refused::Full => return Err(Refusal::retry(ErrorCode::Overloaded, FULL_MS)),
        Refused::Unknown => ErrorCode::NotFound,
        Refused::Over | Refused::NotRinging => ErrorCode::CallOver,
        Refused::NotIn => ErrorCode::Conflict,
        Refused::Elsewhere => ErrorCode::AnsweredElsewhere,
        Refused::NotStarter => ErrorCode::Forbidden,
        Refused::InAnotherCall => ErrorCode::InAnotherCall,
        Refused::UnderWay => ErrorCode::CallUnderWay,
    };
    Err(refuse::refuse(code))
}

/// A refusal as the client is told it.
pub(super) fn refused(refused: Refused) -> Refusal {
    match asks(refused) {
        Err(refusal) => refusal,
        // Only starting and adding ask.
        Ok(_) => refuse::refuse(ErrorCode::Internal),
    }
}

pub(super) const fn stop(why: Stopped) -> StopReason {
    match why {
        Stopped::Elsewhere => StopReason::AnsweredElsewhere,
        Stopped::Declined => StopReason::Declined,
        Stopped::Cancelled => StopReason::Cancelled,
        Stopped::Missed => StopReason::Missed,
        Stopped::Unreachable => StopReason::Unreachable,
    }
}

pub(super) const fn miss(why: Unanswered) -> MissReason {
    match why {
        Unanswered::RangOut => MissReason::RangOut,
        Unanswered::Unreachable => MissReason::Unreachable,
        Unanswered::Busy => MissReason::Busy,
        Unanswered::Cancelled => MissReason::Cancelled,
    }
}

const fn end(why: EndReason) -> CallEndReason {
    match why {
        EndReason::Cancelled => CallEndReason::Cancelled,
        EndReason::Unanswered => CallEndReason::Unanswered,
        EndReason::HungUp => CallEndReason::HungUp,
        EndReason::ForAll => CallEndReason::ForAll,
        EndReason::Lost => CallEndReason::Lost,
    }
}

//! What is kept of a turn: the call, its audit lines, and missed calls in the streams of those who missed them.
//!
//! Not known here: who is told live.

use relais_call::{Fact, Party, Phase, Turn};
use relais_care::audit::{Actor, Event as Audited, Scope};
use relais_store::facts::audit::AuditLine;
use relais_store::facts::call::Call as Row;
use relais_store::{CallWrite, CommitError, Domain, Guard, Kind, Refusal as Refused};
use relais_wire::calls::CallMissed;
use relais_wire::ids::{CallId, OrgId, ThreadId};
use relais_wire::scalar::Millis;
use relais_wire::{ErrorCode, Refusal};

use super::card;
use crate::services::context::{Ctx, Told, line};
use crate::services::{Authenticated, refuse};

/// Why a turn was not kept.
pub(super) enum NotKept {
    /// The store knows the call as over, or its id as used.
    Over,
    /// The committer's word.
    Other(Refusal),
}

impl From<NotKept> for Refusal {
    fn from(error: NotKept) -> Self {
        match error {
            NotKept::Over => refuse::refuse(ErrorCode::CallOver),
            NotKept::Other(refusal) => refusal,
        }
    }
}

/// Keeps a turn. One without facts leaves nothing to be kept.
///
/// # Errors
/// [`NotKept`]; the turn has then not happened.
pub(super) async fn keep(
    ctx: &Ctx<'_>,
    now_ms: u64,
    by: Option<&Authenticated>,
    turn: &Turn,
) -> Result<(), NotKept> {
    let mut lines = turn.facts().map(|fact| audit(turn, fact));
    let Some(first) = lines.next() else { return Ok(()) };
    let mut domain = lines.fold(Domain::new(now_ms, first), Domain::audit).write(write(turn));
    if let Some(who) = by {
        domain = domain.guard(Guard::SessionLive(who.session)).guard(Guard::AccountActive(who.user));
    }
    for event in turn.facts().filter_map(|fact| missed(turn, fact)) {
        domain = domain.event(event.into());
    }
    match ctx.try_commit(domain).await {
        Ok(_) => Ok(()),
        Err(CommitError::Refused(Refused::Exists(Kind::Call) | Refused::Missing(Kind::Call))) => {
            Err(NotKept::Over)
        }
        Err(error) => Err(NotKept::Other(refuse::commit(error))),
    }
}

/// Keeps nothing of a call but that it is over.
///
/// # Errors
/// The store's.
pub(super) async fn over(
    ctx: &Ctx<'_>,
    now_ms: u64,
    (org, thread): (Option<OrgId>, ThreadId),
    call: CallId,
) -> Result<(), Refusal> {
    let AuditLine { log, entry } = line(org, Actor::Server, Audited::CallEnd);
    let entry = entry.on(Scope::Discussion(thread));
    let over = CallWrite::Change { call, ended_ms: Some(now_ms), state: Vec::new().into() };
    ctx.commit(Domain::new(now_ms, AuditLine { log, entry }).write(over)).await.map(drop)
}

fn write(turn: &Turn) -> CallWrite {
    let call = &turn.call;
    let ended_ms = match call.phase() {
        Phase::Ended { at_ms, .. } => Some(at_ms),
        Phase::Ringing | Phase::Active { .. } | Phase::Recovering { .. } => None,
    };
    let state = if ended_ms.is_some() { Vec::new() } else { call.to_kept() };
    if turn.facts().any(|fact| matches!(fact, Fact::Started { .. })) {
        return CallWrite::Start(Row {
            call: call.id(),
            thread: call.thread(),
            caller: call.caller(),
            started_ms: call.started_ms(),
            ended_ms,
            state: state.into(),
        });
    }
    CallWrite::Change { call: call.id(), ended_ms, state: state.into() }
}

/// AUD-03: who did it, and in which thread; for what happens by itself, the server, and to whom.
fn audit(turn: &Turn, fact: &Fact) -> AuditLine {
    let (actor, event, about) = match fact {
        Fact::Started { user } => (Actor::User(*user), Audited::CallStart, None),
        Fact::Added { user, party } => {
            let about = match party {
                Party::User(user) => Scope::User(*user),
                Party::Team(team) => Scope::Team(*team),
            };
            (Actor::User(*user), Audited::CallInvite, Some(about))
        }
        Fact::Joined { user } => (Actor::User(*user), Audited::CallAccept, None),
        Fact::Declined { user } => (Actor::User(*user), Audited::CallDecline, None),
        Fact::Left { user } => (Actor::User(*user), Audited::CallLeave, None),
        Fact::Missed { user, .. } => (Actor::Server, Audited::CallFail, Some(Scope::User(*user))),
        Fact::Ended { .. } => (Actor::Server, Audited::CallEnd, None),
    };
    let AuditLine { log, entry } = line(turn.call.org(), actor, event);
    let entry = entry.on(Scope::Discussion(turn.call.thread()));
    AuditLine { log, entry: about.into_iter().fold(entry, |entry, scope| entry.on(scope)) }
}

fn missed(turn: &Turn, fact: &Fact) -> Option<Told> {
    let Fact::Missed { user, context, why } = fact else { return None };
    let event = CallMissed {
        call: turn.call.id(),
        thread: turn.call.thread(),
        from: turn.call.caller(),
        at: Millis::saturating(turn.call.started_ms()),
        why: card::miss(*why),
    };
    Some(Told::one(*user, *context, event))
}

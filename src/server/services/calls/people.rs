//! Whom a call rings: those who take part in its thread, each by their own devices; for a team its responsible, else
//! its managers who are not away (CAL-02, Q23).
//!
//! Not known here: what becomes of the ringing.

use relais_call::limits::{PHONES_MAX, SEATS_MAX};
use relais_call::{Callee, Dot, Party};
use relais_care::availability;
use relais_store::facts::directory::Group;
use relais_store::facts::thread::{Participant, Party as Row, Standing};
use relais_store::reads::MembersOf;
use relais_wire::calls::Callee as Asked;
use relais_wire::ids::{KeyringId, OrgId, UserId};
use relais_wire::{ErrorCode, Refusal};

use super::card::team_id;
use crate::services::context::Ctx;
use crate::services::permit::{self, InThread, Permit};
use crate::services::refuse;

/// Managers of one team that are looked at.
const MANAGERS: u32 = 1_000;

/// The callees that a caller names, or everybody in the thread but the caller. Naming somebody twice is naming them
/// once. No more are looked up than a call has places, for each may cost reading a team.
///
/// # Errors
/// `limit reached` for more names than a call has places, before any is looked at; `not found` for somebody who does
/// not take part; `malformed` for a callee that is nobody or two.
pub(super) async fn callees(
    ctx: &Ctx<'_>,
    permit: &Permit<InThread>,
    asked: Option<&[Asked]>,
) -> Result<Vec<Callee>, Refusal> {
    let parties = &permit.target().parties;
    let caller = permit.who().user;
    let mut callees = Vec::new();
    match asked {
        None => {
            for row in active(parties).filter(|row| row.party != Row::User(caller)) {
                // With the caller they are too many already, which the core says.
                if callees.len() == SEATS_MAX {
                    break;
                }
                callees.extend(callee(ctx, parties, row).await?);
            }
        }
        Some(asked) => {
            if asked.len() > SEATS_MAX {
                return Err(refuse::refuse(ErrorCode::LimitReached));
            }
            for (at, one) in asked.iter().enumerate() {
                if asked.iter().take(at).any(|earlier| earlier == one) {
                    continue;
                }
                let named = named(one).ok_or_else(|| refuse::refuse(ErrorCode::Malformed))?;
                let row = active(parties).find(|row| is(row, &named));
                let row = row.ok_or_else(|| refuse::refuse(ErrorCode::NotFound))?;
                callees.extend(callee(ctx, parties, row).await?);
            }
        }
    }
    Ok(callees)
}

fn active(parties: &[Participant]) -> impl Iterator<Item = &Participant> {
    parties.iter().filter(|row| row.standing == Standing::Active)
}

const fn named(asked: &Asked) -> Option<Asked> {
    match (asked.user, asked.team) {
        (user @ Some(_), None) => Some(Asked { user, team: None }),
        (None, team @ Some(_)) => Some(Asked { user: None, team }),
        (None, None) | (Some(_), Some(_)) => None,
    }
}

fn is(row: &Participant, asked: &Asked) -> bool {
    match row.party {
        Row::User(user) => asked.user == Some(user),
        Row::Team(team) => asked.team == Some(team_id(team)),
        Row::Invite(_) => false,
    }
}

/// Nobody for a person who may not act for their organization any more, and for a team without anybody to ring.
async fn callee(
    ctx: &Ctx<'_>,
    parties: &[Participant],
    row: &Participant,
) -> Result<Option<Callee>, Refusal> {
    let context = row.as_org;
    match row.party {
        Row::Invite(_) => Ok(None),
        Row::User(user) => {
            if !permit::rights(ctx, user).await?.acts_for(context) {
                return Ok(None);
            }
            let dot = dot(ctx, user);
            let offer = match dot {
                Some(Dot::Red { .. }) => team_of(ctx, parties, user).await?,
                Some(Dot::Yellow { .. }) | None => None,
            };
            Ok(Some(Callee { party: Party::User(user), context, phones: vec![user], dot, offer }))
        }
        Row::Team(team) => {
            let phones = on_duty(ctx, team, row.responsible).await?;
            let callee = team_callee(team, context, phones);
            Ok((!callee.phones.is_empty()).then_some(callee))
        }
    }
}

const fn team_callee(team: KeyringId, context: Option<OrgId>, phones: Vec<UserId>) -> Callee {
    Callee { party: Party::Team(team), context, phones, dot: None, offer: None }
}

/// Whose devices ring for a team: the responsible if there is one who is there, else managers who are.
async fn on_duty(
    ctx: &Ctx<'_>,
    team: KeyringId,
    responsible: Option<UserId>,
) -> Result<Vec<UserId>, Refusal> {
    if let Some(user) = responsible
        && permit::rights(ctx, user).await?.is_in(team)
        && dot(ctx, user).is_none()
    {
        return Ok(vec![user]);
    }
    let members = ctx.read(MembersOf { group: Group::Team(team), after: None, max: MANAGERS }).await?;
    let mut phones = Vec::new();
    for member in members.into_iter().filter(|member| member.manager) {
        if phones.len() == PHONES_MAX {
            break;
        }
        if dot(ctx, member.user).is_none() && permit::rights(ctx, member.user).await?.manages(team) {
            phones.push(member.user);
        }
    }
    Ok(phones)
}

/// The team of the thread that somebody absent is in: it can be rung instead (Q23).
async fn team_of(ctx: &Ctx<'_>, parties: &[Participant], user: UserId) -> Result<Option<KeyringId>, Refusal> {
    let rights = permit::rights(ctx, user).await?;
    let mut teams = active(parties).filter_map(|row| match row.party {
        Row::Team(team) => Some(team),
        Row::User(_) | Row::Invite(_) => None,
    });
    Ok(teams.find(|team| rights.is_in(*team)))
}

/// The one question to the rules of availability.
fn dot(ctx: &Ctx<'_>, _user: UserId) -> Option<Dot> {
    // Nobody can tell their hours yet, so there is no schedule to look up.
    match availability::dot(None, ctx.now_ms)? {
        availability::Dot::Yellow { back_ms } => Some(Dot::Yellow { until_ms: back_ms }),
        availability::Dot::Red { back_ms } => Some(Dot::Red { until_ms: back_ms }),
    }
}

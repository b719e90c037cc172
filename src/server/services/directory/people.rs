//! Finding people and teams (NET-03, NET-12).
//!
//! Not known here: messages, titles and patients, which are searched in the client.

use relais_care::audit::{Actor, Event as Audited, Scope};
use relais_store::Domain;
use relais_store::facts::Personal;
use relais_store::facts::audit::AuditLine;
use relais_store::facts::directory::Person;
use relais_store::reads::{MembersSearch, PeopleById, PeopleSearch, TeamsOf};
use relais_wire::directory::{Found, GetPerson, PersonCard, Search};
use relais_wire::ids::{OrgId, UserId};
use relais_wire::limits::SEARCH_RESULTS_MAX;
use relais_wire::scalar::Private;
use relais_wire::{ErrorCode, Refusal};

use super::units::team_card;
use crate::services::account::charge;
use crate::services::context::{Ctx, instance_line, line};
use crate::services::limits::SEARCH_USER;
use crate::services::permit::{Look, Permit, Rights};
use crate::services::profile::{self, PersonProfile};
use crate::services::{Authenticated, permit, refuse, text};

/// Characters a search needs.
const QUERY_CHARS_MIN: usize = 2;

/// Teams looked at for one search.
const SCAN: u32 = 500;

/// People looked at: those that are shown, and one more, to say that there are more.
const SHOWN: u32 = 51;
const _: () = assert!(SHOWN as usize == SEARCH_RESULTS_MAX + 1);

/// People and teams whose names contain the query, accents and case aside.
///
/// # Errors
/// `malformed` for a shorter query; `not found` for an organization one is not a member of.
pub(crate) async fn search(ctx: &Ctx<'_>, permit: &Permit<Look>, request: Search) -> Result<Found, Refusal> {
    let query = text::folded(request.query.as_str());
    if query.chars().count() < QUERY_CHARS_MIN {
        return Err(refuse::refuse(ErrorCode::Malformed));
    }
    let user = permit.who().user;
    ctx.upkeep(vec![charge(ctx, SEARCH_USER, user.as_bytes())]).await?;
    let orgs = permit.rights().orgs();
    if request.org.is_some_and(|org| !orgs.contains(&org)) {
        return Err(refuse::refuse(ErrorCode::NotFound));
    }
    let (text, max) = (Personal(query.clone()), SHOWN);
    let found = match request.org {
        Some(org) => ctx.read(MembersSearch { org, text, max }).await?,
        None => ctx.read(PeopleSearch { org: None, text, skip: 0, max }).await?,
    };
    let found: Vec<UserId> = found.into_iter().map(|person| person.user).collect();
    let mut people = cards(ctx, permit.rights(), found).await?;
    let mut teams = Vec::new();
    for org in orgs.iter().copied().filter(|org| request.org.is_none_or(|wanted| wanted == *org)) {
        let all = ctx.read(TeamsOf { org, after: None, max: SCAN }).await?;
        teams.extend(
            all.iter().filter(|t| text::folded(&t.name).contains(&query)).map(|t| team_card(t, None)),
        );
    }
    let more = people.len() > SEARCH_RESULTS_MAX || teams.len() > SEARCH_RESULTS_MAX;
    people.truncate(SEARCH_RESULTS_MAX);
    teams.truncate(SEARCH_RESULTS_MAX);
    audit(ctx, permit.who(), request.org).await?;
    Ok(Found { people, teams, more })
}

/// Writes a search into the audit log, once per session and directory in ten minutes: typing a name searches at
/// every letter.
async fn audit(ctx: &Ctx<'_>, who: &Authenticated, org: Option<OrgId>) -> Result<(), Refusal> {
    let directory = org.map_or([0; 16], |org| *org.as_bytes());
    let reads = &ctx.app.state.reads;
    if !reads.is_new(who, &directory, ctx.now_ms) {
        return Ok(());
    }
    ctx.commit(Domain::new(ctx.now_ms, listed(org, who.user))).await?;
    reads.written(who, &directory, ctx.now_ms);
    Ok(())
}

fn listed(org: Option<OrgId>, user: UserId) -> AuditLine {
    match org {
        Some(org) => line(Some(org), Actor::User(user), Audited::GroupMembersList),
        None => instance_line(Actor::User(user), Audited::AccountList),
    }
}

/// One person.
///
/// # Errors
/// `not found`.
pub(crate) async fn get(
    ctx: &Ctx<'_>,
    permit: &Permit<Look>,
    request: &GetPerson,
) -> Result<PersonCard, Refusal> {
    let found = cards(ctx, permit.rights(), vec![request.user]).await?;
    let card = found.into_iter().next().ok_or_else(|| refuse::refuse(ErrorCode::NotFound))?;
    if request.user != permit.who().user {
        let AuditLine { log, entry } = instance_line(Actor::User(permit.who().user), Audited::AccountRead);
        let line = AuditLine { log, entry: entry.on(Scope::User(request.user)) };
        ctx.commit(Domain::new(ctx.now_ms, line)).await?;
    }
    Ok(card)
}

/// Cards of people, in the given order; organizations are those in common with the asker.
///
/// # Errors
/// The store's.
pub(crate) async fn cards(
    ctx: &Ctx<'_>,
    asker: &Rights,
    users: Vec<UserId>,
) -> Result<Vec<PersonCard>, Refusal> {
    let people: Vec<Person> = ctx.read(PeopleById(users)).await?;
    let mut cards: Vec<PersonCard> = Vec::new();
    for person in people {
        if cards.iter().any(|card| card.user == person.user) {
            continue;
        }
        let Some(profile) = profile::decode::<PersonProfile>(person.profile.as_slice()) else { continue };
        let theirs = permit::rights(ctx, person.user).await?;
        let orgs = theirs.orgs().iter().copied().filter(|org| asker.orgs().contains(org)).collect();
        cards.push(PersonCard {
            user: person.user,
            name: Private(person.name.0),
            personal: profile.personal,
            inbox: profile.inbox,
            orgs,
        });
    }
    Ok(cards)
}

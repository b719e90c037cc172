//! Organizational units and teams: their chains, keyrings and rows come into being in one commit (ORG-02,
//! TEA-01).
//!
//! Not known here: what administrators sign later.

use relais_care::audit::{Actor, Event as Audited, Scope};
use relais_care::permission::Permission;
use relais_chain::facts::{KeyringKind, Owner};
use relais_store::facts::audit::AuditLine;
use relais_store::facts::chain::ChainId;
use relais_store::facts::directory::{Group, Team, Unit};
use relais_store::reads::{MembersOf, TeamsOf, UnitById};
use relais_store::{DirectoryWrite, Domain, Guard, InstanceKey, Write};
use relais_wire::account::Done;
use relais_wire::directory::{CreateTeam, CreateUnit, GetUnit, TeamCard, UnitCard};
use relais_wire::ids::{KeyringId, OrgId, TeamId, UnitId};
use relais_wire::scalar::Private;
use relais_wire::{ErrorCode, Refusal};

use super::people::cards;
use crate::services::chains::surroundings;
use crate::services::context::{Ctx, line};
use crate::services::links::{self, Validated};
use crate::services::permit::{self, InUnit, Permit};
use crate::services::profile::{self, UnitProfile};
use crate::services::{Authenticated, boxes, refuse, text};

/// Members shown on a unit's card.
const CARD_MEMBERS: usize = 50;

/// Teams and members read at once.
const PAGE: u32 = 1_000;

/// Creates a unit; without a parent, an organization.
///
/// # Errors
/// `forbidden`, `malformed`, `chain refused`, `box missing`, `conflict`.
pub(crate) async fn create(ctx: &Ctx<'_>, who: &Authenticated, request: CreateUnit) -> Result<Done, Refusal> {
    if ctx.replay(who.user, request.idem).await?.is_some() {
        return Ok(Done {});
    }
    let org = match request.parent {
        None => {
            permit::new_organization(ctx, who).await?;
            OrgId::from_bytes(*request.unit.as_bytes())
        }
        Some(parent) => {
            permit::in_unit(ctx, who, parent, Permission::ManageGroupMember).await?.target().unit.org
        }
    };
    let malformed = || refuse::refuse(ErrorCode::Malformed);
    let name = text::name(request.name.as_str()).ok_or_else(malformed)?;
    let validated = links::validate(ctx, &request.links).await?;
    let unit = request.unit;
    let chain = validated.unit(unit).ok_or_else(malformed)?;
    let own = validated.after.keys().all(|id| match id {
        ChainId::Unit(id) => *id == unit,
        ChainId::Keyring(id) => validated.keyring(*id).is_some_and(|k| k.owner() == Owner::Unit(unit)),
        ChainId::User(_) => false,
    });
    if !own || !validated.all_by(who.user) || chain.fact().parent != request.parent {
        return Err(malformed());
    }
    let data = keyring_of(&validated, KeyringKind::OD);
    let profile = UnitProfile { admins: chain.admins().id, data };
    boxes::stage_all(ctx, who.session, &request.boxes).await?;
    let around = surroundings(ctx, &validated, &[(unit, org)]).await?;
    let AuditLine { log, entry } = line(Some(org), Actor::User(who.user), Audited::OrganizationalUnitCreate);
    let line = AuditLine { log, entry: entry.on(Scope::Unit(unit)) };
    let mut domain = Domain::new(ctx.now_ms, line)
        .idem(ctx.idem(who.user, request.idem, Vec::new()))
        .guard(Guard::ChainHead(ChainId::Unit(unit), None))
        .write(DirectoryWrite::PutUnit(Unit {
            unit,
            org,
            parent: request.parent,
            name,
            profile: profile::encode(&profile).into(),
            version: 0,
        }));
    if request.parent.is_none() && root(ctx).await?.is_none() {
        domain = domain.write(Write::Instance(InstanceKey::RootUnit, unit.as_bytes().to_vec().into()));
    }
    let (domain, touched) = validated.plan(ctx, who.session, &around).into_domain(domain);
    ctx.commit(domain).await?;
    permit::changed(ctx, touched).await;
    validated.settle(ctx);
    Ok(Done {})
}

/// The instance's root unit, once there is one.
///
/// # Errors
/// The store's.
pub(crate) async fn root(ctx: &Ctx<'_>) -> Result<Option<UnitId>, Refusal> {
    let stored = ctx.read(relais_store::reads::InstanceValue(InstanceKey::RootUnit)).await?;
    Ok(stored.and_then(|bytes| UnitId::try_from(bytes.as_slice()).ok()))
}

fn keyring_of(validated: &Validated, kind: KeyringKind) -> Option<KeyringId> {
    validated.after.keys().find_map(|id| match id {
        ChainId::Keyring(id) => {
            validated.keyring(*id).is_some_and(|chain| chain.fact().kind == kind).then_some(*id)
        }
        ChainId::User(_) | ChainId::Unit(_) => None,
    })
}

/// Creates a team with its two keyrings. Its id has the bytes of its managers' keyring.
///
/// # Errors
/// As [`create`].
pub(crate) async fn create_team(
    ctx: &Ctx<'_>,
    who: &Authenticated,
    request: CreateTeam,
) -> Result<Done, Refusal> {
    if ctx.replay(who.user, request.idem).await?.is_some() {
        return Ok(Done {});
    }
    let permit = permit::in_unit(ctx, who, request.unit, Permission::ManageInbox).await?;
    let org = permit.target().unit.org;
    let malformed = || refuse::refuse(ErrorCode::Malformed);
    let name = text::name(request.name.as_str()).ok_or_else(malformed)?;
    let validated = links::validate(ctx, &request.links).await?;
    let managers = keyring_of(&validated, KeyringKind::TM).ok_or_else(malformed)?;
    let all = keyring_of(&validated, KeyringKind::TA).ok_or_else(malformed)?;
    let paired = validated.keyring(all).and_then(|chain| chain.fact().paired) == Some(managers);
    let own = validated.after.keys().all(|id| match id {
        ChainId::Keyring(id) => {
            validated.keyring(*id).is_some_and(|chain| chain.owner() == Owner::Unit(request.unit))
        }
        ChainId::User(_) | ChainId::Unit(_) => false,
    });
    if !own || !paired || !validated.all_by(who.user) || *request.team.as_bytes() != *managers.as_bytes() {
        return Err(malformed());
    }
    boxes::stage_all(ctx, who.session, &request.boxes).await?;
    let around = surroundings(ctx, &validated, &[(request.unit, org)]).await?;
    let AuditLine { log, entry } = line(Some(org), Actor::User(who.user), Audited::WorkTeamCreate);
    let line = AuditLine { log, entry: entry.on(Scope::Team(managers)).on(Scope::Unit(request.unit)) };
    let domain = Domain::new(ctx.now_ms, line)
        .idem(ctx.idem(who.user, request.idem, Vec::new()))
        .guard(Guard::ChainHead(ChainId::Keyring(managers), None))
        .write(DirectoryWrite::PutTeam(Team {
            team: managers,
            all: Some(all),
            org,
            unit: request.unit,
            name,
            profile: Vec::new().into(),
            version: 0,
        }));
    let (domain, touched) = validated.plan(ctx, who.session, &around).into_domain(domain);
    ctx.commit(domain).await?;
    permit::changed(ctx, touched).await;
    validated.settle(ctx);
    Ok(Done {})
}

/// A team's card; what waits in its box is for its managers (TRI-04).
pub(crate) fn team_card(team: &Team, triage: Option<u32>) -> TeamCard {
    TeamCard {
        team: TeamId::from_bytes(*team.team.as_bytes()),
        unit: team.unit,
        org: team.org,
        name: Private(team.name.clone()),
        managers: team.team,
        all: team.all.unwrap_or(team.team),
        triage,
    }
}

/// A unit with its teams and some of its members.
///
/// # Errors
/// The store's.
pub(crate) async fn get(
    ctx: &Ctx<'_>,
    permit: &Permit<InUnit>,
    request: &GetUnit,
) -> Result<UnitCard, Refusal> {
    let unit = &permit.target().unit;
    let profile =
        UnitProfile::decode(unit.profile.as_slice()).ok_or_else(|| refuse::refuse(ErrorCode::Internal))?;
    let members = MembersOf { group: Group::Unit(request.unit), after: None, max: PAGE };
    let (teams, members) = ctx.read((TeamsOf { org: unit.org, after: None, max: PAGE }, members)).await?;
    let users: Vec<_> = members.iter().map(|member| member.user).collect();
    let shown: Vec<_> = users.iter().copied().take(CARD_MEMBERS).collect();
    let more = users.len().saturating_sub(shown.len());
    let AuditLine { log, entry } =
        line(Some(unit.org), Actor::User(permit.who().user), Audited::OrganizationalUnitRead);
    let line = AuditLine { log, entry: entry.on(Scope::Unit(unit.unit)) };
    ctx.commit(Domain::new(ctx.now_ms, line)).await?;
    Ok(UnitCard {
        unit: unit.unit,
        org: unit.org,
        parent: unit.parent,
        name: Private(unit.name.clone()),
        admins: profile.admins,
        data: profile.data.unwrap_or(profile.admins),
        teams: teams.iter().filter(|team| team.unit == unit.unit).map(|team| team_card(team, None)).collect(),
        members: cards(ctx, permit.rights(), shown).await?,
        more_members: u32::try_from(more).unwrap_or(u32::MAX),
    })
}

/// The row of a unit, for cards.
///
/// # Errors
/// The store's.
pub(crate) async fn row(ctx: &Ctx<'_>, unit: UnitId) -> Result<Option<Unit>, Refusal> {
    ctx.read(UnitById(unit)).await
}

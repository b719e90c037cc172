//! Invitations (USR-02, USR-07): a token that works once, kept only as its hash. Accepting one makes nobody a
//! member; an administrator's signature does.
//!
//! Not known here: who signs.

use relais_care::audit::{Actor, Event as Audited, Scope};
use relais_care::permission::Permission;
use relais_chain::PublicKey;
use relais_chain::hash::LABEL_ACCEPT;
use relais_store::facts::audit::AuditLine;
use relais_store::facts::chain::ChainId;
use relais_store::facts::directory::{Group, Invite, InviteKind};
use relais_store::facts::stream::StreamId;
use relais_store::reads::{
    AccountById, InviteById, InviteByToken, InvitesWaiting, MembersOf, PeopleById, UnitById,
};
use relais_store::{DirectoryWrite, Domain};
use relais_wire::account::Done;
use relais_wire::directory::{
    AcceptInvite, CreateInvite, GetPending, InviteCreated, Pending, PendingMember, WithdrawInvite,
};
use relais_wire::events::MemberWaits;
use relais_wire::ids::{Bytes32, InviteId, OrgId, UnitId, UserId};
use relais_wire::scalar::{Bin, Millis, Private};
use relais_wire::{ErrorCode, Refusal};

use crate::mail::{Lane, Mail, MailBody};
use crate::services::account::{charge, place};
use crate::services::context::{Ctx, Told, line};
use crate::services::limits::{INVITE_PERSONAL, INVITE_TTL_MS, INVITE_USER, PENDING_MAX};
use crate::services::loading;
use crate::services::permit::{self, InUnit, Own, Permit};
use crate::services::profile::{self, InviteDetails};
use crate::services::sessions::{fresh, sha256};
use crate::services::world::World;
use crate::services::{Authenticated, refuse, text};

/// Members read at once when administrators are looked for.
const ADMINS_PAGE: u32 = 1_000;

/// Whether an invitation can still be used.
pub(crate) fn is_open(invite: &Invite, now_ms: u64) -> bool {
    invite.used.is_none() && invite.withdrawn_ms.is_none() && now_ms < invite.expires_ms
}

fn about(org: Option<OrgId>, user: UserId, event: Audited, invite: InviteId) -> AuditLine {
    let AuditLine { log, entry } = line(org, Actor::User(user), event);
    AuditLine { log, entry: entry.on(Scope::Invitation(invite)) }
}

/// Invites somebody to the instance, or into a unit.
///
/// # Errors
/// `forbidden` without the right to add members there; `not found` for a unit one does not see.
pub(crate) async fn create(
    ctx: &Ctx<'_>,
    who: &Authenticated,
    request: CreateInvite,
) -> Result<InviteCreated, Refusal> {
    let unit = match request.unit {
        Some(unit) => Some(permit::in_unit(ctx, who, unit, Permission::AddGroupMember).await?),
        None => {
            permit::own(ctx, who).await?;
            None
        }
    };
    let token = derived_token(ctx, who.user, &request);
    let created =
        |invite, expires_ms| InviteCreated { invite, token, expires: Millis::saturating(expires_ms) };
    if let Some(receipt) = ctx.replay(who.user, request.idem).await? {
        let (invite, expires_ms): (InviteId, u64) =
            profile::decode(receipt.note.as_slice()).ok_or_else(|| refuse::refuse(ErrorCode::Internal))?;
        return Ok(created(invite, expires_ms));
    }
    let email = match &request.email {
        Some(email) => Some(text::email(email.as_str()).ok_or_else(|| refuse::refuse(ErrorCode::Malformed))?),
        None => None,
    };
    if let Some(key) = &request.key {
        public_key(key.as_slice())?;
    }
    let place = email.is_some().then(|| place(ctx, Lane::Other)).transpose()?;
    let mut charges = vec![charge(ctx, INVITE_USER, who.user.as_bytes())];
    if unit.is_none() {
        charges.push(charge(ctx, INVITE_PERSONAL, who.user.as_bytes()));
    }
    ctx.upkeep(charges).await?;
    let org = unit.as_ref().map(|permit| permit.target().unit.org);
    let details = InviteDetails { unit: request.unit, key: request.key.clone(), proof: None };
    let token = derived_token(ctx, who.user, &request);
    let invite = Invite {
        invite: InviteId::from_bytes(fresh()),
        token_hash: sha256(token.as_slice()),
        kind: if org.is_some() { InviteKind::Organization } else { InviteKind::Account },
        org,
        thread: None,
        by: Some(who.user),
        details: profile::encode(&details).into(),
        expires_ms: ctx.now_ms.saturating_add(INVITE_TTL_MS),
        used: None,
        withdrawn_ms: None,
    };
    let (id, expires_ms) = (invite.invite, invite.expires_ms);
    let note = profile::encode(&(id, expires_ms));
    let domain = Domain::new(ctx.now_ms, about(org, who.user, Audited::InvitationCreate, id))
        .idem(ctx.idem(who.user, request.idem, note))
        .write(DirectoryWrite::PutInvite(invite));
    ctx.commit(domain).await?;
    if let Some((email, place)) = email.zip(place) {
        let body = MailBody::Invite(Private(hex::encode(token.as_slice())));
        place.send(Mail { to: email.as_str().into(), locale: request.locale, body });
    }
    Ok(InviteCreated { invite: id, token, expires: Millis::saturating(expires_ms) })
}

/// The token is derived from the request's key under a secret, so that a replay gives the same one and the store
/// never holds it.
fn derived_token(ctx: &Ctx<'_>, user: UserId, request: &CreateInvite) -> Bin {
    let mut input = user.as_bytes().to_vec();
    input.extend_from_slice(request.idem.as_bytes());
    input.extend_from_slice(ctx.request.as_bytes());
    Bin(ctx.app.keys.derive("relais/v1/invite", &input).to_vec())
}

fn public_key(bytes: &[u8]) -> Result<PublicKey, Refusal> {
    let malformed = || refuse::refuse(ErrorCode::Malformed);
    let bytes = <[u8; 32]>::try_from(bytes).map_err(|_| malformed())?;
    PublicKey::from_bytes(&bytes).map_err(|_| malformed())
}

/// Withdraws an invitation.
///
/// # Errors
/// `not found` for one that is not one's own nor of a unit one administers; `invite invalid` for a used one.
pub(crate) async fn withdraw(
    ctx: &Ctx<'_>,
    permit: &Permit<Own>,
    request: WithdrawInvite,
) -> Result<Done, Refusal> {
    let who = permit.who();
    if ctx.replay(who.user, request.idem).await?.is_some() {
        return Ok(Done {});
    }
    let missing = || refuse::refuse(ErrorCode::NotFound);
    let invite = ctx.read(InviteById(request.invite)).await?.ok_or_else(missing)?;
    if invite.by != Some(who.user) {
        let details: InviteDetails = profile::decode(invite.details.as_slice()).ok_or_else(missing)?;
        let unit = details.unit.ok_or_else(missing)?;
        permit::in_unit(ctx, who, unit, Permission::ManageGroupMember).await.map_err(|_| missing())?;
    }
    let line = about(invite.org, who.user, Audited::InvitationDelete, request.invite);
    let domain = Domain::new(ctx.now_ms, line)
        .idem(ctx.idem(who.user, request.idem, Vec::new()))
        .write(DirectoryWrite::WithdrawInvite(request.invite));
    ctx.commit(domain).await?;
    Ok(Done {})
}

/// Accepts an invitation with an existing account (ACC-06). Within an organization one is a member of already
/// there is nothing more to do (USR-03).
///
/// # Errors
/// `invite invalid` for an unknown, used, withdrawn or expired one.
pub(crate) async fn accept(
    ctx: &Ctx<'_>,
    permit: &Permit<Own>,
    request: AcceptInvite,
) -> Result<Done, Refusal> {
    let user = permit.who().user;
    if ctx.replay(user, request.idem).await?.is_some() {
        return Ok(Done {});
    }
    let found = ctx.read(InviteByToken(sha256(request.token.as_slice()))).await?;
    let invite = found.filter(|invite| is_open(invite, ctx.now_ms));
    let invite = invite.ok_or_else(|| refuse::refuse(ErrorCode::InviteInvalid))?;
    let root = root_of(ctx, user).await?;
    let line = about(invite.org, user, Audited::InvitationUpdate, invite.invite);
    let domain = Domain::new(ctx.now_ms, line).idem(ctx.idem(user, request.idem, Vec::new()));
    let domain = used(ctx, &invite, (user, root), request.proof, domain).await?;
    ctx.commit(domain).await?;
    Ok(Done {})
}

/// Marks an invitation as used by somebody with this root, and tells the unit's administrators who waits.
///
/// # Errors
/// `invite invalid` where its key asks for a proof that is missing or does not hold.
pub(crate) async fn used(
    ctx: &Ctx<'_>,
    invite: &Invite,
    (user, root): (UserId, Bytes32),
    proof: Option<Bin>,
    domain: Domain,
) -> Result<Domain, Refusal> {
    let invalid = || refuse::refuse(ErrorCode::InviteInvalid);
    let mut details: InviteDetails = profile::decode(invite.details.as_slice()).ok_or_else(invalid)?;
    let mut domain = domain;
    if let Some(key) = &details.key {
        let proof = proof.ok_or_else(invalid)?;
        check_proof(&root, key, &proof)?;
        details.proof = Some(proof);
        let details = profile::encode(&details).into();
        domain = domain.write(DirectoryWrite::PutInviteDetails(invite.invite, details));
    }
    domain = domain.write(DirectoryWrite::UseInvite(invite.invite, user));
    let Some(unit) = details.unit else { return Ok(domain) };
    let Some(row) = ctx.read(UnitById(unit)).await? else { return Ok(domain) };
    let name = ctx.read(AccountById(user)).await?.map(|account| account.name.0).unwrap_or_default();
    let members = ctx.read(MembersOf { group: Group::Unit(unit), after: None, max: ADMINS_PAGE }).await?;
    let to: Vec<StreamId> = members
        .iter()
        .filter(|member| member.manager)
        .map(|member| StreamId::new(member.user, Some(row.org)))
        .collect();
    if !to.is_empty() {
        let event = MemberWaits { unit, user, name: Private(name), invite: invite.invite }.into();
        domain = domain.event(Told { to, event }.into());
    }
    Ok(domain)
}

async fn root_of(ctx: &Ctx<'_>, user: UserId) -> Result<Bytes32, Refusal> {
    let mut world = World::default();
    loading::load(ctx, &mut world, vec![ChainId::User(user)]).await?;
    let root = world.user_chain(user).map(|chain| chain.fact().root);
    root.ok_or_else(|| refuse::refuse(ErrorCode::InviteInvalid))
}

/// The invitation's key must have signed the acceptor's root.
fn check_proof(root: &Bytes32, key: &Bin, proof: &Bin) -> Result<(), Refusal> {
    let invalid = || refuse::refuse(ErrorCode::InviteInvalid);
    let signature = <[u8; 64]>::try_from(proof.as_slice()).map_err(|_| invalid())?;
    public_key(key.as_slice())?.verify(LABEL_ACCEPT, root.as_bytes(), &signature).map_err(|_| invalid())
}

/// Those who accepted an invitation into a unit and wait for a signature, the newest first; where there are too many,
/// those who were members long ago are left out first.
///
/// # Errors
/// As the permit.
pub(crate) async fn waiting(
    ctx: &Ctx<'_>,
    permit: &Permit<InUnit>,
    request: &GetPending,
) -> Result<Pending, Refusal> {
    let org = permit.target().unit.org;
    let mut members = Vec::new();
    let mut after = None;
    while members.len() < PENDING_MAX {
        let page = ctx.read(InvitesWaiting { org, unit: request.unit, after, max: ADMINS_PAGE }).await?;
        let Some(last) = page.last() else { break };
        let Some((used_ms, _)) = last.used else { break };
        after = Some((used_ms, last.invite));
        members.extend(waiters(ctx, &page, request.unit).await?);
    }
    members.truncate(PENDING_MAX);
    let line = line(Some(org), Actor::User(permit.who().user), Audited::InvitationList);
    ctx.commit(Domain::new(ctx.now_ms, line)).await?;
    Ok(Pending { members })
}

async fn waiters(ctx: &Ctx<'_>, invites: &[Invite], unit: UnitId) -> Result<Vec<PendingMember>, Refusal> {
    let mut waiters = Vec::new();
    for invite in invites {
        let details: Option<InviteDetails> = profile::decode(invite.details.as_slice());
        let details = details.filter(|details| details.unit == Some(unit));
        let Some(((_, user), details)) = invite.used.zip(details) else { continue };
        let name = Private::default();
        waiters.push(PendingMember { user, name, invite: invite.invite, proof: details.proof });
    }
    let people = ctx.read(PeopleById(waiters.iter().map(|waiter| waiter.user).collect())).await?;
    for person in people {
        for waiter in waiters.iter_mut().filter(|waiter| waiter.user == person.user) {
            waiter.name = Private(person.name.0.clone());
        }
    }
    Ok(waiters)
}

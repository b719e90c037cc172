//! Reading chains and adding to them.
//!
//! Links hold hashes, commitments and public keys, never names: whoever is signed in may read them, because
//! everybody must be able to verify a key before sealing to it.
//!
//! Not known here: how a link is validated.

use std::sync::Arc;

use relais_care::audit::{Actor, Event as Audited, Scope};
use relais_chain::facts::{KeyringKind, Owner};
use relais_chain::keyring_body::KeyringBody;
use relais_chain::unit::UnitBody;
use relais_chain::user_body::UserBody;
use relais_store::facts::audit::AuditLine;
use relais_store::facts::chain::ChainId;
use relais_store::reads::{ChainHeads, ChainLinks, SessionsOf, TeamById, UnitById};
use relais_store::{Domain, SessionWrite};
use relais_wire::chains::{AppendLinks, ChainHead, GetLinks, Links, LinksAppended};
use relais_wire::events::SessionEnded;
use relais_wire::ids::{Bytes32, DeviceId, OrgId, Seq, UnitId, UserId};
use relais_wire::limits::{PAGE_BYTES_MAX, PAGE_ENTRIES_MAX};
use relais_wire::scalar::Bin;
use relais_wire::{ErrorCode, Refusal};

use super::context::{Ctx, Told, line};
use super::links::{self, Body, Surroundings, Validated};
use super::loading;
use super::permit::{self, Look, Own, Permit};
use super::world::{Chain, World};
use super::{refuse, sessions};

/// A part of a chain.
///
/// # Errors
/// `not found` for a chain that does not exist.
pub(crate) async fn get(ctx: &Ctx<'_>, _permit: &Permit<Look>, request: GetLinks) -> Result<Links, Refusal> {
    page(ctx, &request).await
}

/// A part of a chain, for whoever was let in to ask.
///
/// # Errors
/// As [`get`].
pub(crate) async fn page(ctx: &Ctx<'_>, request: &GetLinks) -> Result<Links, Refusal> {
    let chain = links::chain_id(request.chain, request.id);
    let max = request.max.clamp(1, PAGE_ENTRIES_MAX);
    let (found, heads) =
        ctx.read((ChainLinks { chain, after: request.after, max }, ChainHeads(vec![chain]))).await?;
    let head = heads.into_iter().flatten().next().ok_or_else(|| refuse::refuse(ErrorCode::NotFound))?;
    let mut bytes = 0;
    let mut page: Vec<Bin> = Vec::new();
    for link in found {
        bytes += link.object.as_slice().len();
        if bytes > PAGE_BYTES_MAX && !page.is_empty() {
            break;
        }
        page.push(link.object.as_slice().into());
    }
    Ok(Links { links: page, n: head.n, head: head.hash })
}

/// Appends links, all or none.
///
/// # Errors
/// `chain refused`, `conflict`, `box missing`; `malformed` for links that come into being with their owner.
pub(crate) async fn append(
    ctx: &Ctx<'_>,
    permit: &Permit<Own>,
    request: AppendLinks,
) -> Result<LinksAppended, Refusal> {
    let who = permit.who();
    let ids: Vec<ChainId> = request.links.iter().map(|link| links::chain_id(link.chain, link.id)).collect();
    if ctx.replay(who.user, request.idem).await?.is_some() {
        // The sockets of a device that the first try ended, should it have been cut short.
        sessions::all_ended(ctx, who.user).await?;
        return heads(ctx, &ids).await;
    }
    if request.links.is_empty() {
        return Err(refuse::refuse(ErrorCode::Malformed));
    }
    let validated = links::validate(ctx, &request.links).await?;
    if !validated.all_by(who.user) {
        return Err(refuse::refuse(ErrorCode::Forbidden));
    }
    if validated.links.iter().any(|link| begins(&link.body)) {
        return Err(refuse::refuse(ErrorCode::Malformed));
    }
    let around = surroundings(ctx, &validated, &[]).await?;
    let mut domain: Option<Domain> = None;
    for entry in audit(&validated, who.user, &around) {
        domain = Some(match domain {
            None => Domain::new(ctx.now_ms, entry),
            Some(domain) => domain.audit(entry),
        });
    }
    let domain = domain.ok_or_else(|| refuse::refuse(ErrorCode::Malformed))?;
    let domain = domain.idem(ctx.idem(who.user, request.idem, Vec::new()));
    let lost = ended_devices(&validated);
    let domain = end_sessions(ctx, who.user, &lost, domain).await?;
    let plan = validated.plan(ctx, who.session, &around);
    let moved = plan.moved;
    let (domain, touched) = plan.into_domain(domain);
    if let Err(refusal) = ctx.commit(domain).await {
        ids.iter().for_each(|id| ctx.app.state.chains.forget(*id));
        return Err(refusal);
    }
    if moved {
        ctx.app.state.rights.clear();
    }
    permit::changed(ctx, touched).await;
    let heads = ids.iter().filter_map(|id| validated.after.get(id)).map(|chain| {
        let (n, head) = chain.head();
        let head = head.unwrap_or(Bytes32::from_bytes([0; 32]));
        ChainHead { n: Seq::new(n).unwrap_or_default(), head }
    });
    let appended = LinksAppended { heads: heads.collect() };
    validated.settle(ctx);
    if !lost.is_empty() {
        sessions::all_ended(ctx, who.user).await?;
    }
    Ok(appended)
}

/// The devices that these links end.
fn ended_devices(validated: &Validated) -> Vec<DeviceId> {
    let ended = |body: &Body| match body {
        Body::User(UserBody::DeviceRevoke { device }) => Some(*device),
        Body::User(_) | Body::Keyring(_) | Body::Unit(_) => None,
    };
    validated.links.iter().filter_map(|link| ended(&link.body)).collect()
}

/// Ends what is open on these devices: a lost telephone that may not write must not go on reading either.
async fn end_sessions(
    ctx: &Ctx<'_>,
    user: UserId,
    devices: &[DeviceId],
    mut domain: Domain,
) -> Result<Domain, Refusal> {
    if devices.is_empty() {
        return Ok(domain);
    }
    for device in devices {
        domain = domain.write(SessionWrite::RevokeDevice { user, device: *device });
    }
    let open = ctx.read(SessionsOf { user, now_ms: ctx.now_ms }).await?;
    for session in open.iter().filter(|session| devices.contains(&session.device)) {
        let told = Told::one(user, None, SessionEnded { session: session.session });
        domain = domain.event(told.into());
    }
    Ok(domain)
}

/// Links that come into being with a user, unit or team have requests of their own.
const fn begins(body: &Body) -> bool {
    matches!(
        body,
        Body::User(UserBody::Root { .. } | UserBody::Vault { .. })
            | Body::Keyring(KeyringBody::Create { .. })
            | Body::Unit(UnitBody::Genesis { .. })
    )
}

async fn heads(ctx: &Ctx<'_>, ids: &[ChainId]) -> Result<LinksAppended, Refusal> {
    let found = ctx.read(ChainHeads(ids.to_vec())).await?;
    let heads = found.into_iter().flatten().map(|head| ChainHead { n: head.n, head: head.hash });
    Ok(LinksAppended { heads: heads.collect() })
}

/// What stands beside the changed chains; `known` are units that are not stored yet.
pub(crate) async fn surroundings(
    ctx: &Ctx<'_>,
    validated: &Validated,
    known: &[(UnitId, OrgId)],
) -> Result<Surroundings, Refusal> {
    let mut around = Surroundings { orgs: known.iter().copied().collect(), ..Surroundings::default() };
    let mut wanted = Vec::new();
    for (id, chain) in &validated.after {
        let unit = match (id, chain) {
            (ChainId::Unit(unit), Chain::Unit(chain)) => {
                wanted.push(ChainId::Keyring(chain.admins().id));
                *unit
            }
            (ChainId::Keyring(id), Chain::Keyring(chain)) => {
                let Owner::Unit(unit) = chain.owner() else { continue };
                let fact = chain.fact();
                wanted.extend(fact.paired.map(ChainId::Keyring));
                if fact.kind == KeyringKind::OA {
                    wanted.push(ChainId::Unit(unit));
                }
                if fact.kind == KeyringKind::TM
                    && let Some(all) = ctx.read(TeamById(*id)).await?.and_then(|team| team.all)
                {
                    around.everyone.insert(*id, all);
                    wanted.push(ChainId::Keyring(all));
                }
                unit
            }
            _ => continue,
        };
        if !around.orgs.contains_key(&unit)
            && let Some(row) = ctx.read(UnitById(unit)).await?
        {
            around.orgs.insert(unit, row.org);
            around.rows.insert(unit, row);
        }
    }
    wanted.retain(|id| !validated.after.contains_key(id));
    let mut world = World::default();
    loading::load(ctx, &mut world, wanted.clone()).await?;
    for id in wanted {
        match world.chain(id) {
            Some(Chain::Keyring(chain)) => drop(around.keyrings.insert(chain.id(), Arc::clone(chain))),
            Some(Chain::Unit(chain)) => drop(around.units.insert(chain.unit(), Arc::clone(chain))),
            Some(Chain::User(_)) | None => {}
        }
    }
    Ok(around)
}

/// One audit line for each chain that changed.
fn audit(validated: &Validated, user: UserId, around: &Surroundings) -> Vec<AuditLine> {
    let actor = Actor::User(user);
    let mut lines = Vec::new();
    for link in &validated.links {
        let (org, event, scope) = match (link.chain, &link.body) {
            (ChainId::User(owner), Body::User(UserBody::DeviceRevoke { .. })) => {
                (None, Audited::KeyEnd, Scope::User(owner))
            }
            (ChainId::User(owner), _) => (None, Audited::KeyUpdate, Scope::User(owner)),
            (ChainId::Keyring(id), _) => {
                let unit = validated.keyring(id).map(relais_chain::KeyringChain::owner);
                let org = match unit {
                    Some(Owner::Unit(unit)) => around.org(unit),
                    Some(Owner::User(_)) | None => None,
                };
                (org, Audited::KeyUpdate, Scope::Keyring(id))
            }
            (ChainId::Unit(unit), Body::Unit(UnitBody::Attest(attestation))) => {
                (around.org(unit), Audited::GroupMembersCreate, Scope::User(attestation.user))
            }
            (ChainId::Unit(unit), Body::Unit(UnitBody::Revoke { user })) => {
                (around.org(unit), Audited::GroupMembersDelete, Scope::User(*user))
            }
            (ChainId::Unit(unit), _) => {
                (around.org(unit), Audited::OrganizationalUnitUpdate, Scope::Unit(unit))
            }
        };
        let AuditLine { log, entry } = line(org, actor, event);
        lines.push(AuditLine { log, entry: entry.on(scope) });
    }
    lines
}

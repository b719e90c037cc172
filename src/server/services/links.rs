//! Links of user, keyring and unit chains: validated exactly as a client would, then committed together with the
//! rows they imply (keyrings, members, memberships) and the boxes they name.
//!
//! Not known here: seeds, and what a box opens.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use relais_chain::facts::{KeyringKind as Kind, Mode, Owner};
use relais_chain::keyring::KeyringChain;
use relais_chain::keyring_body::{KeyringBody, Recipient, Role};
use relais_chain::link::{LinkBody, LinkCore};
use relais_chain::unit::{UnitBody, UnitChain};
use relais_chain::user::UserChain;
use relais_chain::user_body::UserBody;
use relais_chain::{ChainError, Signed};
use relais_store::facts::chain::{BoxScope, BoxTo, ChainId, Keyring, KeyringKind, KeyringMember};
use relais_store::facts::directory::{Group, Membership, Unit};
use relais_store::facts::stream::StreamId;
use relais_store::{AppendLink, BoxWrite, DirectoryWrite, Domain, Write};
use relais_wire::chains::{ChainKind, ChainLink};
use relais_wire::events::ChainGrew;
use relais_wire::ids::{Bytes32, KeyringId, ObjectId, OrgId, Seq, SessionId, UnitId, UserId};
use relais_wire::limits::LINK_BYTES_MAX;
use relais_wire::scalar::Bin;
use relais_wire::{ErrorCode, Refusal};

use super::context::{Ctx, Told};
use super::limits::LINKS_PER_REQUEST;
use super::profile::{self, UnitProfile};
use super::refuse;
use super::tree;
use super::world::{self, Chain, World};

/// Bytes of links an event carries; above it the event only says that the chain grew.
const EVENT_LINK_BYTES_MAX: usize = 40 * 1024;

/// A link that the validator accepted.
#[derive(Debug)]
pub(crate) struct Accepted {
    /// Its chain.
    pub(crate) chain: ChainId,
    /// Who signed it.
    pub(crate) author: UserId,
    /// What it says.
    pub(crate) body: Body,
    prev: Option<Bytes32>,
    hash: Bytes32,
    bytes: Vec<u8>,
}

/// What a link says.
#[derive(Debug)]
pub(crate) enum Body {
    /// Of a user chain.
    User(UserBody),
    /// Of a keyring chain.
    Keyring(KeyringBody),
    /// Of a unit chain.
    Unit(UnitBody),
}

/// Links that were accepted together, and the chains as they will stand.
#[derive(Debug)]
pub(crate) struct Validated {
    /// In the request's order.
    pub(crate) links: Vec<Accepted>,
    /// What each changed chain was before.
    before: HashMap<ChainId, Option<Chain>>,
    /// The chains after the links.
    pub(crate) after: BTreeMap<ChainId, Chain>,
}

/// The chain a wire link names.
pub(crate) fn chain_id(kind: ChainKind, id: ObjectId) -> ChainId {
    match kind {
        ChainKind::User => ChainId::User(id.into()),
        ChainKind::Keyring => ChainId::Keyring(id.into()),
        ChainKind::Unit => ChainId::Unit(id.into()),
    }
}

/// The wire's name of a chain.
pub(crate) fn wire_id(chain: ChainId) -> (ChainKind, ObjectId) {
    match chain {
        ChainId::User(id) => (ChainKind::User, id.into()),
        ChainId::Keyring(id) => (ChainKind::Keyring, id.into()),
        ChainId::Unit(id) => (ChainKind::Unit, id.into()),
    }
}

/// Validates links in order, each against the chains as those before it left them.
///
/// # Errors
/// `chain refused` with the rule's number; `conflict` is left to the committer.
pub(crate) async fn validate(ctx: &Ctx<'_>, links: &[ChainLink]) -> Result<Validated, Refusal> {
    if links.len() > LINKS_PER_REQUEST || links.iter().any(|link| link.link.len() > LINK_BYTES_MAX) {
        return Err(refuse::refuse(ErrorCode::TooLarge));
    }
    let ids: Vec<ChainId> = links.iter().map(|link| chain_id(link.chain, link.id)).collect();
    // A chain in memory may be older than the store's: forget it once and look again.
    match attempt(ctx, &ids, links).await {
        Err(refusal) if refusal.chain_code == Some(ChainError::PrevMismatch.code()) => {
            ids.iter().for_each(|id| ctx.app.state.chains.forget(*id));
            attempt(ctx, &ids, links).await
        }
        other => other,
    }
}

async fn attempt(ctx: &Ctx<'_>, ids: &[ChainId], links: &[ChainLink]) -> Result<Validated, Refusal> {
    let mut world = World::default();
    let mode = Mode::Append { now_ms: ctx.now_ms };
    let mut before = HashMap::new();
    let accepted: Vec<Accepted> = world::decide(ctx, &mut world, wanted(ids, links), |world| {
        before = ids.iter().map(|id| (*id, world.chain(*id).cloned())).collect();
        ids.iter().zip(links).map(|(id, link)| take(world, *id, link.link.as_slice(), mode)).collect()
    })
    .await?;
    for link in &accepted {
        if let (ChainId::Unit(unit), Body::Unit(UnitBody::Parent { parent })) = (link.chain, &link.body) {
            tree::check_move(ctx, unit, *parent).await?;
        }
    }
    let after = world.take_staged().into_iter().map(|chain| (chain.id(), chain)).collect();
    Ok(Validated { links: accepted, before, after })
}

/// The chains that links name: loaded at once rather than one by one as the validator misses them.
fn wanted(ids: &[ChainId], links: &[ChainLink]) -> Vec<ChainId> {
    let mut wanted = ids.to_vec();
    for (id, link) in ids.iter().zip(links) {
        // A link that does not parse is refused when it is taken.
        let Ok((core, Body::Keyring(body), _)) = read(*id, link.link.as_slice()) else { continue };
        wanted.push(ChainId::User(core.author.user));
        wanted.extend(recipients(&body, 0).1.iter().map(|to| ChainId::Keyring(to.keyring)));
    }
    wanted
}

/// Validates one link and takes it into the world.
fn take(world: &mut World, id: ChainId, bytes: &[u8], mode: Mode) -> Result<Accepted, ChainError> {
    let present = world.chain(id).cloned();
    let (core, body, hash) = read(id, bytes)?;
    let next = match (id, present) {
        (ChainId::User(_), None) => Chain::User(Arc::new(UserChain::start(bytes)?)),
        (ChainId::Keyring(_), None) => Chain::Keyring(Arc::new(KeyringChain::start(bytes, world, mode)?)),
        (ChainId::Unit(_), None) => Chain::Unit(Arc::new(UnitChain::start(bytes, world, mode)?)),
        (_, Some(Chain::User(chain))) => {
            let mut chain = UserChain::clone(&chain);
            chain.append(bytes, world, mode)?;
            Chain::User(Arc::new(chain))
        }
        (_, Some(Chain::Keyring(chain))) => {
            let mut chain = KeyringChain::clone(&chain);
            chain.append(bytes, world, mode)?;
            Chain::Keyring(Arc::new(chain))
        }
        (_, Some(Chain::Unit(chain))) => {
            let mut chain = UnitChain::clone(&chain);
            chain.append(bytes, world, mode)?;
            Chain::Unit(Arc::new(chain))
        }
    };
    if next.id() != id {
        return Err(ChainError::WrongChain);
    }
    world.stage(next);
    let LinkCore { place, author, .. } = core;
    Ok(Accepted { chain: id, author: author.user, body, prev: place.prev, hash, bytes: bytes.to_vec() })
}

fn read(id: ChainId, bytes: &[u8]) -> Result<(LinkCore, Body, Bytes32), ChainError> {
    fn body<B: LinkBody>(signed: &Signed) -> Result<(LinkCore, B), ChainError> {
        let core = LinkCore::parse(signed.core(), B::TYPE)?;
        let payload = signed.payload().ok_or(ChainError::PayloadMissing)?;
        Ok((core, B::parse(core.kind, payload)?))
    }
    let signed = Signed::parse(bytes)?;
    let hash = signed.link_hash();
    let (core, body) = match id {
        ChainId::User(_) => body(&signed).map(|(core, body)| (core, Body::User(body)))?,
        ChainId::Keyring(_) => body(&signed).map(|(core, body)| (core, Body::Keyring(body)))?,
        ChainId::Unit(_) => body(&signed).map(|(core, body)| (core, Body::Unit(body)))?,
    };
    Ok((core, body, hash))
}

/// What stands beside the chains that a request changes: organizations of their units, and the chains that give
/// the same memberships.
#[derive(Debug, Default)]
pub(crate) struct Surroundings {
    /// Organization of each unit.
    pub(crate) orgs: HashMap<UnitId, OrgId>,
    /// `TM` of a changed `TA`, `TA` of a changed `TM`, `OA` of a changed unit.
    pub(crate) keyrings: HashMap<KeyringId, Arc<KeyringChain>>,
    /// The unit of a changed `OA`.
    pub(crate) units: HashMap<UnitId, Arc<UnitChain>>,
    /// Rows of the changed units.
    pub(crate) rows: HashMap<UnitId, Unit>,
    /// `TA` of each `TM`.
    pub(crate) everyone: HashMap<KeyringId, KeyringId>,
}

impl Surroundings {
    /// The organization of a unit.
    pub(crate) fn org(&self, unit: UnitId) -> Option<OrgId> {
        self.orgs.get(&unit).copied()
    }
}

/// What the links of a request are committed with.
#[derive(Debug)]
pub(crate) struct Plan {
    /// Adds the links, their rows and events to a commit.
    writes: Vec<Write>,
    told: Vec<Told>,
    /// Whose rights change.
    pub(crate) touched: BTreeSet<UserId>,
    /// Whether a unit moved, so that anybody's may.
    pub(crate) moved: bool,
}

impl Plan {
    /// Puts it all into a commit.
    pub(crate) fn into_domain(self, mut domain: Domain) -> (Domain, BTreeSet<UserId>) {
        domain.writes.extend(self.writes);
        domain.events.extend(self.told.into_iter().map(Into::into));
        (domain, self.touched)
    }
}

impl Validated {
    /// A keyring's chain after the links.
    pub(crate) fn keyring(&self, id: KeyringId) -> Option<&KeyringChain> {
        if let Some(Chain::Keyring(chain)) = self.after.get(&ChainId::Keyring(id)) {
            Some(chain)
        } else {
            None
        }
    }

    /// A user's chain after the links.
    pub(crate) fn user(&self, id: UserId) -> Option<&UserChain> {
        if let Some(Chain::User(chain)) = self.after.get(&ChainId::User(id)) { Some(chain) } else { None }
    }

    /// A unit's chain after the links.
    pub(crate) fn unit(&self, id: UnitId) -> Option<&UnitChain> {
        if let Some(Chain::Unit(chain)) = self.after.get(&ChainId::Unit(id)) { Some(chain) } else { None }
    }

    /// Whether every link was signed by this user.
    pub(crate) fn all_by(&self, user: UserId) -> bool {
        self.links.iter().all(|link| link.author == user)
    }

    /// After the commit: the chains are what stands in the store now.
    pub(crate) fn settle(self, ctx: &Ctx<'_>) {
        for chain in self.after.into_values() {
            ctx.app.state.chains.put(chain);
        }
    }

    /// Writes, events and box moves. `around` is what stands beside the changed chains.
    pub(crate) fn plan(&self, ctx: &Ctx<'_>, session: SessionId, around: &Surroundings) -> Plan {
        let mut plan = Plan { writes: Vec::new(), told: Vec::new(), touched: BTreeSet::new(), moved: false };
        for link in &self.links {
            plan.writes.push(
                AppendLink {
                    chain: link.chain,
                    prev: link.prev,
                    hash: link.hash,
                    object: link.bytes.as_slice().into(),
                }
                .into(),
            );
            if let (ChainId::Keyring(id), Body::Keyring(body)) = (link.chain, &link.body) {
                let generation = self.keyring(id).map_or(1, KeyringChain::generation);
                plan.writes.extend(take_boxes(session, id, generation, body));
            }
        }
        for (id, chain) in &self.after {
            match chain {
                Chain::Keyring(chain) => self.project_keyring(ctx, chain, around, &mut plan),
                Chain::Unit(chain) => self.project_unit(ctx, chain, around, &mut plan),
                Chain::User(_) => {}
            }
            plan.told.extend(self.tell(*id, chain, around));
        }
        plan
    }

    fn project_keyring(&self, ctx: &Ctx<'_>, chain: &KeyringChain, around: &Surroundings, plan: &mut Plan) {
        let id = chain.id();
        let fact = chain.fact();
        plan.writes.push(Write::PutKeyring(Keyring {
            keyring: id,
            kind: stored_kind(fact.kind),
            owner: *chain.owner().bytes(),
            generation: chain.generation(),
            rotation_due: chain.rotation_due(),
        }));
        let old = self.before_keyring(id);
        let had: HashMap<KeyringId, (u64, Role)> = old
            .map(|chain| chain.members().map(|(id, m)| (id, (m.generation, m.role))).collect())
            .unwrap_or_default();
        for (member, now) in chain.members() {
            if had.get(&member).is_none_or(|(generation, _)| *generation != now.generation) {
                let generation = now.generation;
                plan.writes.push(Write::PutKeyringMember(KeyringMember { keyring: id, member, generation }));
            }
        }
        for gone in had.keys().filter(|member| chain.member(**member).is_none()) {
            plan.writes.push(Write::DropKeyringMember(id, *gone));
        }
        let Owner::Unit(unit) = chain.owner() else { return };
        let Some(org) = around.org(unit) else { return };
        let group = match fact.kind {
            Kind::TM => Group::Team(id),
            Kind::TA => match fact.paired {
                Some(managers) => Group::Team(managers),
                None => return,
            },
            Kind::OA => Group::Unit(unit),
            Kind::OD | Kind::U | Kind::I => return,
        };
        let manager = matches!(fact.kind, Kind::TM | Kind::OA);
        self.project_members(ctx, (old, chain), &Place { group, org, manager }, around, plan);
    }

    /// Memberships follow the keyrings that give them; one who loses a keyring keeps what another one gives.
    fn project_members(
        &self,
        ctx: &Ctx<'_>,
        (old, chain): (Option<&KeyringChain>, &KeyringChain),
        place: &Place,
        around: &Surroundings,
        plan: &mut Plan,
    ) {
        let now: BTreeSet<UserId> = people(chain).collect();
        let was: BTreeSet<UserId> = old.into_iter().flat_map(people).collect();
        for user in now.difference(&was) {
            let manager = place.manager || self.manages(place.group, *user, around);
            plan.writes.push(place.membership(*user, manager, ctx.now_ms));
            plan.touched.insert(*user);
        }
        for user in was.difference(&now) {
            let write = if place.manager && self.remains(place.group, *user, around) {
                place.membership(*user, false, ctx.now_ms)
            } else if !place.manager && self.manages(place.group, *user, around) {
                continue;
            } else {
                DirectoryWrite::DropMembership(place.group, *user).into()
            };
            plan.writes.push(write);
            plan.touched.insert(*user);
        }
    }

    /// Whether somebody is a manager of a team, or administrator of a unit, after the links.
    fn manages(&self, group: Group, user: UserId, around: &Surroundings) -> bool {
        match group {
            Group::Team(managers) => self.holds(managers, user, around),
            Group::Unit(unit) => self.admins(unit, around).is_some_and(|oa| self.holds(oa, user, around)),
        }
    }

    /// Whether somebody who does not manage any more is still a member otherwise.
    fn remains(&self, group: Group, user: UserId, around: &Surroundings) -> bool {
        match group {
            Group::Unit(unit) => {
                let chain = self.unit(unit).or_else(|| around.units.get(&unit).map(AsRef::as_ref));
                chain.is_some_and(|chain| chain.member(user).is_some())
            }
            Group::Team(managers) => {
                around.everyone.get(&managers).is_some_and(|all| self.holds(*all, user, around))
            }
        }
    }

    fn holds(&self, keyring: KeyringId, user: UserId, around: &Surroundings) -> bool {
        let chain = self.keyring(keyring).or_else(|| around.keyrings.get(&keyring).map(AsRef::as_ref));
        chain.is_some_and(|chain| people(chain).any(|person| person == user))
    }

    fn admins(&self, unit: UnitId, around: &Surroundings) -> Option<KeyringId> {
        let chain = self.unit(unit).or_else(|| around.units.get(&unit).map(AsRef::as_ref));
        chain.map(|chain| chain.admins().id)
    }

    fn project_unit(&self, ctx: &Ctx<'_>, chain: &UnitChain, around: &Surroundings, plan: &mut Plan) {
        let unit = chain.unit();
        let Some(org) = around.org(unit) else { return };
        self.project_place(chain, around, plan);
        let is_admin = |user| self.manages(Group::Unit(unit), user, around);
        for link in &self.links {
            let (ChainId::Unit(id), Body::Unit(body)) = (link.chain, &link.body) else { continue };
            if id != unit {
                continue;
            }
            match body {
                UnitBody::Attest(attestation) => {
                    let user = attestation.user;
                    let place = Place { group: Group::Unit(unit), org, manager: false };
                    plan.writes.push(place.membership(user, is_admin(user), ctx.now_ms));
                    plan.touched.insert(user);
                }
                UnitBody::Revoke { user } if !is_admin(*user) => {
                    plan.writes.push(DirectoryWrite::DropMembership(Group::Unit(unit), *user).into());
                    plan.touched.insert(*user);
                }
                UnitBody::Revoke { .. }
                | UnitBody::Genesis { .. }
                | UnitBody::Parent { .. }
                | UnitBody::Policy(_)
                | UnitBody::Data { .. } => {}
            }
        }
    }

    /// A unit that moves, or names its data keyring later, keeps its row in step: paths and rights follow it.
    fn project_place(&self, chain: &UnitChain, around: &Surroundings, plan: &mut Plan) {
        let unit = chain.unit();
        let places = |link: &&Accepted| {
            let place = matches!(link.body, Body::Unit(UnitBody::Parent { .. } | UnitBody::Data { .. }));
            link.chain == ChainId::Unit(unit) && place
        };
        let Some(row) = around.rows.get(&unit).filter(|_| self.links.iter().any(|link| places(&link))) else {
            return;
        };
        let fact = chain.fact();
        let profile = UnitProfile { admins: fact.admins, data: chain.data().map(|data| data.id) };
        let profile = profile::encode(&profile).into();
        plan.writes
            .push(DirectoryWrite::PutUnit(Unit { parent: fact.parent, profile, ..row.clone() }).into());
        plan.moved = true;
    }

    fn before_keyring(&self, id: KeyringId) -> Option<&KeyringChain> {
        match self.before.get(&ChainId::Keyring(id)) {
            Some(Some(Chain::Keyring(chain))) => Some(chain),
            _ => None,
        }
    }

    /// Who is told that a chain grew: its own members, before and after; never everybody who might care.
    fn tell(&self, id: ChainId, chain: &Chain, around: &Surroundings) -> Option<Told> {
        let to: BTreeSet<StreamId> = match chain {
            Chain::User(chain) => [StreamId::new(chain.user(), None)].into(),
            Chain::Keyring(chain) => {
                let context = match chain.owner() {
                    Owner::User(user) => return Some(self.grew(id, [StreamId::new(user, None)].into())),
                    Owner::Unit(unit) => around.org(unit),
                };
                let before = self.before_keyring(chain.id()).into_iter().flat_map(people);
                people(chain).chain(before).map(|user| StreamId::new(user, context)).collect()
            }
            Chain::Unit(chain) => {
                let context = around.org(chain.unit());
                let attested = self.links.iter().filter_map(|link| match (&link.chain, &link.body) {
                    (ChainId::Unit(unit), Body::Unit(UnitBody::Attest(attestation)))
                        if *unit == chain.unit() =>
                    {
                        Some(attestation.user)
                    }
                    _ => None,
                });
                let signers = self.links.iter().map(|link| StreamId::new(link.author, context));
                attested.map(|user| StreamId::new(user, None)).chain(signers).collect()
            }
        };
        Some(self.grew(id, to))
    }

    fn grew(&self, id: ChainId, to: BTreeSet<StreamId>) -> Told {
        let (kind, object) = wire_id(id);
        let mut links: Vec<Bin> = Vec::new();
        for link in self.links.iter().filter(|link| link.chain == id) {
            links.push(link.bytes.as_slice().into());
        }
        if links.iter().map(Bin::len).sum::<usize>() > EVENT_LINK_BYTES_MAX {
            links.clear();
        }
        let n = self.after.get(&id).map_or(0, |chain| chain.head().0);
        let event = ChainGrew { chain: kind, id: object, n: Seq::new(n).unwrap_or_default(), links };
        Told { to: to.into_iter().collect(), event: event.into() }
    }
}

/// What membership a keyring gives.
struct Place {
    group: Group,
    org: OrgId,
    manager: bool,
}

impl Place {
    fn membership(&self, user: UserId, manager: bool, since_ms: u64) -> Write {
        let role = match (self.group, manager) {
            (Group::Unit(_), true) => "admin",
            (Group::Unit(_), false) => "member",
            (Group::Team(_), true) => "team-manager",
            (Group::Team(_), false) => "team-participant",
        };
        DirectoryWrite::PutMembership(Membership {
            group: self.group,
            org: self.org,
            user,
            manager,
            roles: vec![role.to_owned()],
            since_ms,
        })
        .into()
    }
}

/// The people who hold a keyring directly.
pub(crate) fn people(chain: &KeyringChain) -> impl Iterator<Item = UserId> + '_ {
    chain.members().filter_map(|(_, member)| match member.owner {
        Owner::User(user) => Some(user),
        Owner::Unit(_) => None,
    })
}

fn take_boxes(session: SessionId, keyring: KeyringId, generation: u64, body: &KeyringBody) -> Option<Write> {
    let (generation, recipients) = recipients(body, generation);
    if recipients.is_empty() {
        return None;
    }
    let expect = recipients.iter().map(named).collect();
    Some(BoxWrite::Take { session, scope: BoxScope::Keyring(keyring), generation, expect }.into())
}

/// Whom a link boxes a seed to, and of which generation; `current` is the keyring's.
fn recipients(body: &KeyringBody, current: u64) -> (u64, Vec<Recipient>) {
    match body {
        KeyringBody::Create { first, .. } => (first.generation, first.recipients.clone()),
        KeyringBody::Rotate(body) => (body.generation, body.recipients.clone()),
        KeyringBody::Add { recipient, .. } | KeyringBody::Parent { recipient: Some(recipient) } => {
            (current, vec![*recipient])
        }
        KeyringBody::Remove { .. }
        | KeyringBody::Role { .. }
        | KeyringBody::Parent { recipient: None }
        | KeyringBody::AddRequest { .. } => (current, Vec::new()),
    }
}

/// A recipient as the store names it.
pub(crate) fn named(recipient: &Recipient) -> (BoxTo, Bytes32) {
    let Recipient { keyring, generation, box_hash } = *recipient;
    (BoxTo { recipient: keyring, generation }, box_hash)
}

const fn stored_kind(kind: Kind) -> KeyringKind {
    match kind {
        Kind::U => KeyringKind::User,
        Kind::I => KeyringKind::Inbox,
        Kind::TM => KeyringKind::TeamManagers,
        Kind::TA => KeyringKind::TeamAll,
        Kind::OA => KeyringKind::Admins,
        Kind::OD => KeyringKind::Data,
    }
}

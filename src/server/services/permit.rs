//! The authorizer, and the values only it can make. A service function that touches something takes a
//! [`Permit`] for it, so a path that was not checked does not compile.
//!
//! A right is signed membership AND role AND not suspended. What nothing grants is denied; where a refusal would
//! tell that something exists, the answer is "not found".
//!
//! Not known here: what is done with a permit.

use std::sync::Arc;

use relais_care::permission::{Authority, BasicRole, Grant, Permission, TeamPlace, TeamStatus, UnitTree};
use relais_chain::party::ALLOW_CALLS;
use relais_store::InstanceKey;
use relais_store::facts::directory::{Group, Membership, Unit};
use relais_store::facts::file::BlobRecord;
use relais_store::facts::thread::{Participant, Party, Standing, Thread};
use relais_store::reads::{
    AccountById, BlobById, BlobNamedFor, InstanceValue, MembershipsOf, Participants, TeamById, ThreadById,
    UnitById,
};
use relais_wire::ids::{BlobId, KeyringId, OrgId, Seq, ThreadId, UnitId, UserId};
use relais_wire::{CloseCode, ErrorCode, Refusal};

use super::context::Ctx;
use super::limits::BLOB_THREADS;
use super::mutation::{self, Check};
use super::profile::{self, InstanceSettings};
use super::threads::project::WHOLE_TEAM;
use super::threads::state;
use super::{Authenticated, calls, refuse};
use crate::deliver::End;

/// A checked right of somebody to something. Only this module makes one.
#[derive(Debug)]
pub(crate) struct Permit<T> {
    who: Authenticated,
    rights: Arc<Rights>,
    target: T,
}

impl<T> Permit<T> {
    /// Who has it.
    pub(crate) const fn who(&self) -> &Authenticated {
        &self.who
    }

    /// All rights of whoever has it.
    pub(crate) fn rights(&self) -> &Rights {
        &self.rights
    }

    /// To what.
    pub(crate) const fn target(&self) -> &T {
        &self.target
    }
}

/// One's own account, sessions, vault and chain.
#[derive(Debug)]
pub(crate) struct Own;

/// The directory, as far as each answer allows.
#[derive(Debug)]
pub(crate) struct Look;

/// A unit, for one kind of act.
#[derive(Debug)]
pub(crate) struct InUnit {
    /// The unit.
    pub(crate) unit: Unit,
}

/// A new organization.
#[derive(Debug)]
pub(crate) struct NewOrganization;

/// A context to follow: an organization's, or the personal one.
#[derive(Debug)]
pub(crate) struct Context(pub(crate) Option<OrgId>);

/// What somebody may read of a thread.
#[derive(Debug)]
pub(crate) struct ReadThread {
    /// The thread.
    pub(crate) thread: Thread,
    /// Everybody in it.
    pub(crate) parties: Vec<Participant>,
    /// How they stand in it themselves, best first.
    pub(crate) standing: Standing,
    /// First entry they may read.
    pub(crate) from: Seq,
    /// Last entry they may read; absent = no end.
    pub(crate) to: Option<Seq>,
    /// The organization it is read for.
    pub(crate) as_org: Option<OrgId>,
}

/// A thread to call in.
#[derive(Debug)]
pub(crate) struct InThread {
    /// The thread.
    pub(crate) thread: Thread,
    /// Everybody in it.
    pub(crate) parties: Vec<Participant>,
    /// The organization it is taken part in for.
    pub(crate) as_org: Option<OrgId>,
}

/// A thread to add entries to, whether or not it exists yet.
#[derive(Debug)]
pub(crate) struct WriteThread(pub(crate) ThreadId);

/// An account to suspend or readmit.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SuspendUser(pub(crate) UserId);

/// A file to read.
#[derive(Debug)]
pub(crate) struct ReadBlob {
    /// Its record.
    pub(crate) record: BlobRecord,
    /// From where it is read; absent = by whoever uploaded it.
    pub(crate) via: Option<Via>,
}

/// The thread in which a file is read.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Via {
    /// The thread.
    pub(crate) thread: ThreadId,
    /// Whose it is.
    pub(crate) org: Option<OrgId>,
}

/// One user's rights, and the units they are about.
#[derive(Debug)]
pub(crate) struct Rights {
    /// The picture.
    pub(crate) authority: Authority,
    /// Units above everything the picture names.
    pub(crate) tree: UnitTree,
}

impl Rights {
    /// The teams the user is in.
    pub(crate) fn teams(&self) -> impl Iterator<Item = KeyringId> + '_ {
        self.authority.teams.iter().map(|place| place.team)
    }

    /// Whether the user manages the team.
    pub(crate) fn manages(&self, team: KeyringId) -> bool {
        let manages = |place: &TeamPlace| place.team == team && place.status == TeamStatus::Manager;
        !self.authority.suspended && self.authority.teams.iter().any(manages)
    }

    /// Whether the user is in the team.
    pub(crate) fn is_in(&self, team: KeyringId) -> bool {
        !self.authority.suspended && self.authority.teams.iter().any(|place| place.team == team)
    }

    /// Whether the user may act for an organization they were named with; for themselves, always (ACC-10).
    pub(crate) fn acts_for(&self, org: Option<OrgId>) -> bool {
        let member = org.is_none_or(|org| self.orgs().contains(&org));
        (member && !self.authority.suspended) || !mutation::is_on(Check::Roles)
    }

    /// The organizations the user is a member of.
    pub(crate) fn orgs(&self) -> &[OrgId] {
        &self.authority.member_of
    }
}

/// A user's rights as they are now.
///
/// # Errors
/// The store's refusal.
pub(crate) async fn rights(ctx: &Ctx<'_>, user: UserId) -> Result<Arc<Rights>, Refusal> {
    let cache = &ctx.app.state.rights;
    let as_of = match cache.find(user) {
        Ok(rights) => return Ok(rights),
        Err(as_of) => as_of,
    };
    let (account, memberships, settings) =
        ctx.read((AccountById(user), MembershipsOf(user), InstanceValue(InstanceKey::Settings))).await?;
    let settings: InstanceSettings =
        settings.and_then(|bytes| profile::decode(bytes.as_slice())).unwrap_or_default();
    let mut tree = UnitTree::new();
    let mut authority = Authority::none(user);
    authority.suspended = account.is_none_or(|account| account.suspended_ms.is_some());
    authority.operator = settings.operators.contains(&user) || ctx.app.settings.demo;
    for membership in memberships {
        add(ctx, &mut tree, &mut authority, &membership).await?;
    }
    let rights = Arc::new(Rights { authority, tree });
    cache.keep(user, &rights, as_of);
    Ok(rights)
}

/// Basic roles come with the signed membership they are named after.
async fn add(
    ctx: &Ctx<'_>,
    tree: &mut UnitTree,
    authority: &mut Authority,
    membership: &Membership,
) -> Result<(), Refusal> {
    let grant = |unit, role: BasicRole| Grant { unit, permissions: role.role().permissions() };
    match membership.group {
        Group::Unit(unit) => {
            plant(ctx, tree, unit).await?;
            if !authority.member_of.contains(&membership.org) {
                authority.member_of.push(membership.org);
            }
            authority.grants.push(grant(unit, BasicRole::Member));
            if membership.manager {
                authority.grants.push(grant(unit, BasicRole::Admin));
            }
        }
        Group::Team(team) => {
            let Some(found) = ctx.read(TeamById(team)).await? else { return Ok(()) };
            plant(ctx, tree, found.unit).await?;
            let (status, role) = if membership.manager {
                (TeamStatus::Manager, BasicRole::TeamManager)
            } else {
                (TeamStatus::Participant, BasicRole::TeamParticipant)
            };
            authority.teams.push(TeamPlace { team, unit: found.unit, status });
            authority.grants.push(grant(found.unit, role));
        }
    }
    Ok(())
}

/// Puts a unit and those above it into the tree.
async fn plant(ctx: &Ctx<'_>, tree: &mut UnitTree, unit: UnitId) -> Result<(), Refusal> {
    let mut path = Vec::new();
    let mut next = Some(unit);
    while let Some(unit) = next.filter(|unit| !tree.contains(*unit)) {
        let Some(row) = ctx.read(UnitById(unit)).await? else { break };
        path.push((unit, row.parent));
        next = row.parent;
        if path.len() > relais_care::permission::UNIT_DEPTH_MAX {
            break;
        }
    }
    for (unit, parent) in path.into_iter().rev() {
        // A unit that does not fit the tree gives no right.
        if tree.insert(unit, parent).is_err() {
            return Ok(());
        }
    }
    Ok(())
}

/// After a commit that changed users' rights. Whoever is connected and lost an organization is sent away, and
/// comes back without it (ACC-11).
pub(crate) async fn changed(ctx: &Ctx<'_>, users: impl IntoIterator<Item = UserId>) {
    let cache = &ctx.app.state.rights;
    let users: Vec<UserId> = users.into_iter().collect();
    let online: Vec<_> = users
        .iter()
        .filter(|user| ctx.app.directory.is_online(**user))
        .map(|user| (*user, cache.find(*user).ok()))
        .collect();
    cache.forget(users.iter().copied());
    calls::rights_changed(ctx, &users).await;
    for (user, before) in online {
        let now = rights(ctx, user).await.ok();
        let keeps = before
            .zip(now)
            .is_some_and(|(before, now)| before.orgs().iter().all(|org| now.orgs().contains(org)));
        if !keeps {
            ctx.app.end_sessions(End { user, session: None, code: CloseCode::Unavailable });
        }
    }
}

/// Whether a user may go on reading a stream of theirs.
///
/// # Errors
/// `revoked` for a suspended account, `not found` for an organization that they are not a member of any more.
pub(crate) async fn follows(ctx: &Ctx<'_>, user: UserId, org: Option<OrgId>) -> Result<(), Refusal> {
    let rights = rights(ctx, user).await?;
    if rights.authority.suspended && mutation::is_on(Check::Suspension) {
        return Err(refuse::refuse(ErrorCode::Revoked));
    }
    if rights.acts_for(org) { Ok(()) } else { Err(refuse::refuse(ErrorCode::NotFound)) }
}

async fn permit<T>(ctx: &Ctx<'_>, who: &Authenticated, target: T) -> Result<Permit<T>, Refusal> {
    let rights = rights(ctx, who.user).await?;
    if rights.authority.suspended && mutation::is_on(Check::Suspension) {
        return Err(refuse::refuse(ErrorCode::Revoked));
    }
    Ok(Permit { who: *who, rights, target })
}

/// To act on one's own account.
///
/// # Errors
/// `revoked` for a suspended account.
pub(crate) async fn own(ctx: &Ctx<'_>, who: &Authenticated) -> Result<Permit<Own>, Refusal> {
    permit(ctx, who, Own).await
}

/// To look into the directory.
///
/// # Errors
/// As [`own`].
pub(crate) async fn look(ctx: &Ctx<'_>, who: &Authenticated) -> Result<Permit<Look>, Refusal> {
    permit(ctx, who, Look).await
}

/// To follow a context (ACC-11).
///
/// # Errors
/// `not found` for an organization one is not a member of.
pub(crate) async fn context(
    ctx: &Ctx<'_>,
    who: &Authenticated,
    org: Option<OrgId>,
) -> Result<Permit<Context>, Refusal> {
    let permit = permit(ctx, who, Context(org)).await?;
    if permit.rights.acts_for(org) { Ok(permit) } else { Err(refuse::refuse(ErrorCode::NotFound)) }
}

/// To make a new organization (PRM-15).
///
/// # Errors
/// `forbidden`.
pub(crate) async fn new_organization(
    ctx: &Ctx<'_>,
    who: &Authenticated,
) -> Result<Permit<NewOrganization>, Refusal> {
    let permit = permit(ctx, who, NewOrganization).await?;
    if permit.rights.authority.may_create_organization().is_ok() || !mutation::is_on(Check::Roles) {
        return Ok(permit);
    }
    Err(refuse::refuse(ErrorCode::Forbidden))
}

/// To act in a unit.
///
/// # Errors
/// `not found` for a unit of an organization one is not a member of; `forbidden` without the permission.
pub(crate) async fn in_unit(
    ctx: &Ctx<'_>,
    who: &Authenticated,
    unit: UnitId,
    permission: Permission,
) -> Result<Permit<InUnit>, Refusal> {
    let row = ctx.read(UnitById(unit)).await?.ok_or_else(|| refuse::refuse(ErrorCode::NotFound))?;
    let org = row.org;
    let permit = permit(ctx, who, InUnit { unit: row }).await?;
    if !mutation::is_on(Check::Roles) {
        return Ok(permit);
    }
    if !permit.rights.orgs().contains(&org) {
        return Err(refuse::refuse(ErrorCode::NotFound));
    }
    let mut tree = permit.rights.tree.clone();
    plant(ctx, &mut tree, unit).await?;
    if permit.rights.authority.may(&tree, permission, unit).is_ok() {
        return Ok(permit);
    }
    Err(refuse::refuse(ErrorCode::Forbidden))
}

/// To suspend or readmit somebody: by running the server, or by managing members in every organization the person
/// belongs to. Nobody suspends themselves, and only who runs the server suspends who runs it.
///
/// # Errors
/// `not found` for an account that does not exist; `forbidden`.
pub(crate) async fn suspend(
    ctx: &Ctx<'_>,
    who: &Authenticated,
    user: UserId,
) -> Result<Permit<SuspendUser>, Refusal> {
    let permit = permit(ctx, who, SuspendUser(user)).await?;
    let (account, settings) = ctx.read((AccountById(user), InstanceValue(InstanceKey::Settings))).await?;
    account.ok_or_else(|| refuse::refuse(ErrorCode::NotFound))?;
    if !mutation::is_on(Check::Roles) {
        return Ok(permit);
    }
    let settings: InstanceSettings =
        settings.and_then(|bytes| profile::decode(bytes.as_slice())).unwrap_or_default();
    let runs = |user: &UserId| settings.operators.contains(user);
    let orgs = rights(ctx, user).await?.authority.member_of.clone();
    let Rights { authority, tree } = &*permit.rights;
    let manages =
        |org: &OrgId| authority.may(tree, Permission::ManageGroupMember, UnitId::from(*org)).is_ok();
    let may = runs(&who.user) || (!runs(&user) && !orgs.is_empty() && orgs.iter().all(manages));
    if may && user != who.user { Ok(permit) } else { Err(refuse::refuse(ErrorCode::Forbidden)) }
}

/// To read a thread: by taking part, or as a manager of a team that does (TEA-05).
///
/// # Errors
/// `not found` for everybody else, and for those who declined or were removed (THR-05).
pub(crate) async fn read_thread(
    ctx: &Ctx<'_>,
    who: &Authenticated,
    thread: ThreadId,
) -> Result<Permit<ReadThread>, Refusal> {
    let (row, parties) = ctx.read((ThreadById(thread), Participants(thread))).await?;
    let row = row.ok_or_else(|| refuse::refuse(ErrorCode::NotFound))?;
    let permit = permit(ctx, who, ()).await?;
    let seen = view(&permit.rights, who.user, &parties);
    let seen = match seen {
        Some(seen) => seen,
        None if mutation::is_on(Check::Reading) => return Err(refuse::refuse(ErrorCode::NotFound)),
        None => View { standing: Standing::Active, from: Seq::ZERO, to: None, as_org: row.org },
    };
    let View { standing, from, to, as_org } = seen;
    let target = ReadThread { thread: row, parties, standing, from, to, as_org };
    Ok(Permit { who: permit.who, rights: permit.rights, target })
}

/// To call in a thread: by taking part in it, while it is open and its policy allows calls (CAL-01).
///
/// # Errors
/// `not found` as for reading, and before an invitation is accepted or after leaving; `closed` (THR-03); `forbidden`
/// by the thread's policy.
pub(crate) async fn call_in(
    ctx: &Ctx<'_>,
    who: &Authenticated,
    thread: ThreadId,
) -> Result<Permit<InThread>, Refusal> {
    let Permit { who, rights, target } = read_thread(ctx, who, thread).await?;
    if target.standing != Standing::Active && mutation::is_on(Check::Calling) {
        return Err(refuse::refuse(ErrorCode::NotFound));
    }
    let slot = ctx.app.state.threads.slot(thread);
    let mut held = slot.lock().await;
    let state = match held.take() {
        Some(state) => state,
        None => state::load(ctx, thread).await?,
    };
    let allowed = state.roster().policy().allows(ALLOW_CALLS);
    *held = Some(state);
    drop(held);
    if target.thread.closed_ms.is_some() {
        return Err(refuse::refuse(ErrorCode::Closed));
    }
    if !allowed && mutation::is_on(Check::Calling) {
        return Err(refuse::refuse(ErrorCode::Forbidden));
    }
    let ReadThread { thread, parties, as_org, .. } = target;
    Ok(Permit { who, rights, target: InThread { thread, parties, as_org } })
}

/// Whether somebody still takes part in a thread that is open, for themselves or with a team, as [`call_in`] asks.
///
/// # Errors
/// The store's refusal.
pub(crate) async fn takes_part(ctx: &Ctx<'_>, user: UserId, thread: ThreadId) -> Result<bool, Refusal> {
    let (row, parties) = ctx.read((ThreadById(thread), Participants(thread))).await?;
    let rights = rights(ctx, user).await?;
    let open = row.is_some_and(|row| row.closed_ms.is_none());
    let active = view(&rights, user, &parties).is_some_and(|seen| seen.standing == Standing::Active);
    Ok(open && active && !rights.authority.suspended)
}

/// To add entries to a thread. Whether the author takes part is the chain's to say, and the committer's.
///
/// # Errors
/// As [`own`].
pub(crate) async fn write_thread(
    ctx: &Ctx<'_>,
    who: &Authenticated,
    thread: ThreadId,
) -> Result<Permit<WriteThread>, Refusal> {
    permit(ctx, who, WriteThread(thread)).await
}

/// To read a file: by having uploaded it, or by reading the part of a thread that names it.
///
/// # Errors
/// `not found` for everybody else.
pub(crate) async fn blob(
    ctx: &Ctx<'_>,
    who: &Authenticated,
    blob: BlobId,
) -> Result<Permit<ReadBlob>, Refusal> {
    let missing = || refuse::refuse(ErrorCode::NotFound);
    let record = ctx.read(BlobById(blob)).await?.ok_or_else(missing)?;
    let mut permit = permit(ctx, who, ReadBlob { record, via: None }).await?;
    let mut parties = vec![Party::User(who.user)];
    parties.extend(permit.rights.teams().map(Party::Team));
    for party in parties {
        for (thread, org, row) in ctx.read(BlobNamedFor { blob, party, max: BLOB_THREADS }).await? {
            let seen = view(&permit.rights, who.user, core::slice::from_ref(&row));
            if seen.is_some_and(|view| view.standing != Standing::Invited) {
                permit.target.via = Some(Via { thread, org });
                return Ok(permit);
            }
        }
    }
    let own = permit.target.record.owner == who.user;
    if own || !mutation::is_on(Check::BlobReader) { Ok(permit) } else { Err(missing()) }
}

/// How somebody sees a thread.
#[derive(Clone, Copy, Debug)]
pub(crate) struct View {
    /// Their standing.
    pub(crate) standing: Standing,
    /// First entry.
    pub(crate) from: Seq,
    /// Last entry; absent = no end.
    pub(crate) to: Option<Seq>,
    /// For which organization.
    pub(crate) as_org: Option<OrgId>,
}

/// How somebody sees a thread with these participants: the widest of what their own part and their teams give.
pub(crate) fn view(rights: &Rights, user: UserId, parties: &[Participant]) -> Option<View> {
    let mut best: Option<View> = None;
    for party in parties {
        let mine = match party.party {
            Party::User(id) => id == user && rights.acts_for(party.as_org),
            Party::Team(team) => rights.manages(team) || (party.role == WHOLE_TEAM && rights.is_in(team)),
            Party::Invite(_) => false,
        };
        let readable = matches!(party.standing, Standing::Active | Standing::Left | Standing::Invited);
        if !mine || !readable {
            continue;
        }
        let seen = View {
            standing: party.standing,
            from: party.visible_from,
            to: party.visible_to,
            as_org: party.as_org,
        };
        best = Some(best.map_or(seen, |best| wider(best, seen)));
    }
    best
}

fn wider(a: View, b: View) -> View {
    let rank = |standing: Standing| match standing {
        Standing::Active => 0,
        Standing::Left => 1,
        Standing::Invited => 2,
        Standing::Declined => 3,
        Standing::Removed => 4,
    };
    if (rank(b.standing), b.from) < (rank(a.standing), a.from) { b } else { a }
}

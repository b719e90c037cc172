//! What the server asks of an entry besides what its chain shows: who sends it, organizations, roles, files.
//!
//! Not known here: signatures and positions, which the validator checked.

use relais_care::audit::Event as Audited;
use relais_care::permission::Permission;
use relais_chain::ChainError;
use relais_chain::control::{Control, Form, Invitee};
use relais_chain::entry::{EntryCore, Kind};
use relais_chain::facts::Facts as _;
use relais_chain::keyring_body::Recipient;
use relais_chain::party::Party;
use relais_chain::thread::{Checked, ThreadState};
use relais_store::facts::file::BlobState;
use relais_store::reads::BlobById;
use relais_wire::ids::{BlobId, KeyringId, OrgId, Seq};
use relais_wire::{ErrorCode, Refusal, Stale};

use crate::services::context::Ctx;
use crate::services::mutation::{self, Check};
use crate::services::permit::{self, Permit, WriteThread};
use crate::services::refuse;
use crate::services::world::World;

fn forbidden() -> Refusal {
    refuse::refuse(ErrorCode::Forbidden)
}

/// Checks an entry that the validator accepted, for a thread of this context.
///
/// # Errors
/// `forbidden`, `not found`, `conflict` for a file that is not complete.
pub(crate) async fn check(
    ctx: &Ctx<'_>,
    permit: &Permit<WriteThread>,
    context: Option<OrgId>,
    checked: &Checked,
) -> Result<(), Refusal> {
    let who = permit.who();
    let core = &checked.core;
    // A session writes for itself, from its own device.
    let own = core.author.user == who.user && core.device == who.device;
    if !own && mutation::is_on(Check::Author) {
        return Err(forbidden());
    }
    for blob in &core.blobs {
        file(ctx, permit, *blob).await?;
    }
    let Some(control) = &checked.control else { return Ok(()) };
    match control {
        Control::Create(create) => {
            member_of(permit, create.context)?;
            for party in &create.parties {
                if create.form == Form::Direct {
                    personal(party)?;
                    continue;
                }
                join(ctx, permit, create.context, party).await?;
            }
            Ok(())
        }
        Control::Add { party, .. } => join(ctx, permit, context, party).await,
        Control::Invite { invitee: Invitee::Known { party, .. }, .. } => context_of(ctx, party).await,
        Control::LinkPatient { org, .. } => member_of(permit, Some(*org)),
        Control::Take { team } => in_team(permit, *team, Permission::AssignSelfInboxDiscussion),
        Control::Assign { team, user } => {
            in_team(permit, *team, Permission::AssignInboxDiscussion)?;
            let theirs = permit::rights(ctx, *user).await?;
            theirs.authority.may_be_assigned(&theirs.tree, *team).map_err(|_| forbidden())
        }
        Control::Return { team } => in_team(permit, *team, Permission::UnassignSelfInboxDiscussion),
        Control::Forward { from, .. } => in_team(permit, *from, Permission::SendInboxDiscussion),
        // Whoever comes with an invitation says for which organization; nobody else vouches for that.
        Control::Accept { bearer: Some(bearer), .. } => context_of(ctx, &bearer.party).await,
        Control::Invite { invitee: Invitee::Bearer { .. }, .. }
        | Control::Policy(_)
        | Control::Accept { bearer: None, .. }
        | Control::Decline { .. }
        | Control::WithdrawTeam { .. }
        | Control::WithdrawInvite { .. }
        | Control::Remove { .. }
        | Control::Leave
        | Control::Role { .. }
        | Control::Priority(_)
        | Control::Ack { .. }
        | Control::Epoch(_)
        | Control::Close { .. }
        | Control::ReboxRequest { .. }
        | Control::CallJoin { .. }
        | Control::CallLeave { .. } => Ok(()),
    }
}

fn member_of(permit: &Permit<WriteThread>, org: Option<OrgId>) -> Result<(), Refusal> {
    let fits = org.is_none_or(|org| permit.rights().orgs().contains(&org));
    if fits { Ok(()) } else { Err(forbidden()) }
}

fn in_team(permit: &Permit<WriteThread>, team: KeyringId, right: Permission) -> Result<(), Refusal> {
    let rights = permit.rights();
    rights.authority.may_in_team(&rights.tree, right, team).map(|_| ()).map_err(|_| forbidden())
}

/// A direct thread is two people's own: nobody is put into it for an organization.
fn personal(party: &Party) -> Result<(), Refusal> {
    match party {
        Party::User(user) if user.as_org.is_none() => Ok(()),
        Party::User(_) | Party::Team(_) => Err(forbidden()),
    }
}

/// Whoever joins without being asked shares the author's organization (THR-04); in a thread of the personal
/// context, where there is none to share, both act for themselves.
async fn join(
    ctx: &Ctx<'_>,
    permit: &Permit<WriteThread>,
    context: Option<OrgId>,
    party: &Party,
) -> Result<(), Refusal> {
    context_of(ctx, party).await?;
    match party {
        Party::User(user) if user.as_org.is_none() && context.is_some() => Err(forbidden()),
        Party::User(user) => member_of(permit, user.as_org),
        Party::Team(team) => member_of(permit, Some(team.org)),
    }
}

/// A party stands for an organization it belongs to.
async fn context_of(ctx: &Ctx<'_>, party: &Party) -> Result<(), Refusal> {
    let fits = match party {
        Party::User(user) => match user.as_org {
            None => true,
            Some(org) => permit::rights(ctx, user.user).await?.orgs().contains(&org),
        },
        Party::Team(team) => {
            let row = ctx.read(relais_store::reads::TeamById(team.managers)).await?;
            row.is_some_and(|row| row.org == team.org)
        }
    };
    if fits { Ok(()) } else { Err(forbidden()) }
}

/// A message names files that are whole, and that its author uploaded or may read.
async fn file(ctx: &Ctx<'_>, permit: &Permit<WriteThread>, blob: BlobId) -> Result<(), Refusal> {
    let missing = || refuse::refuse(ErrorCode::NotFound);
    let record = ctx.read(BlobById(blob)).await?.ok_or_else(missing)?;
    if record.owner != permit.who().user {
        permit::blob(ctx, permit.who(), blob).await?;
    }
    match record.state {
        BlobState::Complete { .. } => Ok(()),
        BlobState::Uploading => Err(refuse::refuse(ErrorCode::Conflict)),
    }
}

/// The boxes an entry names, and the epoch they open.
#[expect(clippy::wildcard_enum_match_arm, reason = "no other control entry names boxes")]
pub(crate) fn boxes(control: &Control, epoch: u64) -> Option<(u64, &[Recipient])> {
    match control {
        Control::Create(create) => Some((create.epoch.epoch, &create.epoch.recipients)),
        Control::Epoch(body) => Some((body.epoch, &body.recipients)),
        Control::Add { boxes, .. } | Control::Invite { invitee: Invitee::Known { boxes, .. }, .. }
            if !boxes.is_empty() =>
        {
            Some((epoch, boxes))
        }
        _ => None,
    }
}

/// A validator's refusal as the client is told: what it builds on is not current, and what is.
pub(crate) fn stale(
    refusal: Refusal,
    state: &ThreadState,
    control: Option<&Control>,
    world: &World,
) -> Refusal {
    let is = |error: ChainError| refusal.chain_code == Some(error.code());
    let thread = [
        ChainError::StaleEpoch,
        ChainError::EpochDue,
        ChainError::StaleCtrlHead,
        ChainError::StaleAnchor,
        ChainError::Moved,
    ];
    if thread.into_iter().any(is) {
        let head = state.head();
        let stale = Stale {
            keyring: None,
            generation: u32::try_from(head.epoch).unwrap_or(u32::MAX),
            n: Seq::new(head.n).unwrap_or_default(),
            head: head.ctrl_head,
        };
        return Refusal {
            stale: Some(stale),
            chain_code: refusal.chain_code,
            ..Refusal::new(ErrorCode::Stale)
        };
    }
    if is(ChainError::StaleGeneration) {
        return keyring(state, control, world).unwrap_or(refusal);
    }
    let hidden = [ChainError::NotParticipant, ChainError::NoInvitation];
    if hidden.into_iter().any(is) || (is(ChainError::MisplacedCreate) && state.head().n == 0) {
        return refuse::refuse(ErrorCode::NotFound);
    }
    refusal
}

/// Which of the keyrings an entry is sealed to has moved on.
fn keyring(state: &ThreadState, control: Option<&Control>, world: &World) -> Option<Refusal> {
    let named: Vec<Recipient> = match control.and_then(|control| boxes(control, 0)) {
        Some((_, recipients)) => recipients.to_vec(),
        None => state.roster().epoch().recipients.values().copied().collect(),
    };
    let old = |r: &&Recipient| world.generation(r.keyring, r.generation).is_none_or(|fact| !fact.current);
    let stale = named.iter().find(old)?;
    let chain = world.keyring_chain(stale.keyring)?;
    let n = Seq::new(chain.tail().seq()).unwrap_or_default();
    Some(refuse::stale_keyring(stale.keyring, chain.generation(), n, chain.tail().head()?))
}

/// What the audit log calls an entry.
pub(crate) const fn audited(core: &EntryCore) -> Audited {
    match core.kind {
        Kind::Message => Audited::MessageSend,
        Kind::Create => Audited::DiscussionCreate,
        Kind::Add | Kind::Invite => Audited::AssignmentInvite,
        Kind::Accept => Audited::AssignmentAccept,
        Kind::Decline => Audited::AssignmentDecline,
        Kind::Take => Audited::AssignmentTake,
        Kind::Assign => Audited::AssignmentAssign,
        Kind::Return => Audited::AssignmentReturn,
        Kind::Forward => Audited::AssignmentForward,
        Kind::Leave => Audited::AssignmentLeave,
        Kind::Remove | Kind::Withdraw => Audited::AssignmentDelete,
        Kind::Close => Audited::AssignmentEnd,
        Kind::CallJoin => Audited::CallAccept,
        Kind::CallLeave => Audited::CallLeave,
        Kind::Epoch | Kind::ReboxRequest => Audited::KeyUpdate,
        Kind::Policy | Kind::Role | Kind::LinkPatient | Kind::Priority | Kind::Ack | Kind::Unknown(_) => {
            Audited::DiscussionUpdate
        }
    }
}

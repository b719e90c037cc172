//! Sealed boxes: staged before the link or epoch that names them, served to their recipients only.
//!
//! Not known here: what is in a box.

use std::collections::BTreeMap;

use relais_chain::Facts as _;
use relais_store::Chore;
use relais_store::facts::chain::{BoxScope as Scope, BoxTo, ChainId, SealedBox as Stored};
use relais_store::reads::{BoxesFor, KeyringMembers, StagedBoxes};
use relais_wire::chains::{BoxScope, Boxes, BoxesStaged, GetBoxes, PutBoxes, SealedBox};
use relais_wire::ids::{KeyringId, ObjectId, SessionId, UserId};
use relais_wire::limits::{BOX_BYTES, BOXES_PER_PUT, KEYRING_RECIPIENTS_MAX, STAGED_BOX_TTL_MS};
use relais_wire::scalar::{Bin, Millis};
use relais_wire::{ErrorCode, Refusal};

use super::context::Ctx;
use super::mutation::{self, Check};
use super::permit::{self, Own, Permit};
use super::refuse;
use super::sessions::sha256;
use super::world::{self, World};

/// Boxes of one answer, so that it fits a frame.
const BOXES_PER_PAGE: usize = 40;

/// A wire scope and id as the store names them.
pub(crate) fn scope(scope: BoxScope, id: ObjectId) -> Scope {
    match scope {
        BoxScope::Keyring => Scope::Keyring(id.into()),
        BoxScope::Thread => Scope::Thread(id.into()),
    }
}

/// Chores that stage boxes, one per scope.
///
/// # Errors
/// `too large` for more boxes than allowed, `malformed` for a box of another size.
pub(crate) fn staging(session: SessionId, boxes: &[SealedBox], max: usize) -> Result<Vec<Chore>, Refusal> {
    if boxes.len() > max {
        return Err(refuse::refuse(ErrorCode::TooLarge));
    }
    if boxes.iter().any(|sealed| sealed.bytes.len() != BOX_BYTES) {
        return Err(refuse::refuse(ErrorCode::Malformed));
    }
    let mut by_scope: BTreeMap<Scope, Vec<Stored>> = BTreeMap::new();
    for sealed in boxes {
        by_scope.entry(scope(sealed.scope, sealed.id)).or_default().push(Stored {
            generation: u64::from(sealed.generation),
            to: BoxTo { recipient: sealed.recipient, generation: u64::from(sealed.recipient_generation) },
            hash: sha256(sealed.bytes.as_slice()),
            bytes: sealed.bytes.as_slice().into(),
        });
    }
    let stage = |(scope, boxes)| Chore::StageBoxes { session, scope, boxes };
    Ok(by_scope.into_iter().map(stage).collect())
}

/// Stages boxes that came with the link that names them.
///
/// # Errors
/// As [`staging`], and the store's.
pub(crate) async fn stage_all(ctx: &Ctx<'_>, session: SessionId, boxes: &[SealedBox]) -> Result<(), Refusal> {
    let chores = staging(session, boxes, KEYRING_RECIPIENTS_MAX)?;
    if chores.is_empty() { Ok(()) } else { ctx.upkeep(chores).await }
}

/// Stages boxes for a link or epoch that follows.
///
/// # Errors
/// As [`staging`]; `limit reached` when the session has staged too much.
pub(crate) async fn put(
    ctx: &Ctx<'_>,
    permit: &Permit<Own>,
    request: PutBoxes,
) -> Result<BoxesStaged, Refusal> {
    let session = permit.who().session;
    let chores = staging(session, &request.boxes, BOXES_PER_PUT)?;
    let scopes: Vec<Scope> = request.boxes.iter().map(|sealed| scope(sealed.scope, sealed.id)).collect();
    if !chores.is_empty() {
        ctx.upkeep(chores).await?;
    }
    let staged =
        ctx.read(scopes.first().map(|scope| StagedBoxes(session, *scope)).into_iter().collect::<Vec<_>>());
    let bytes: usize = staged.await?.iter().flatten().map(|sealed| sealed.bytes.as_slice().len()).sum();
    Ok(BoxesStaged {
        bytes: u32::try_from(bytes).unwrap_or(u32::MAX),
        expires: Millis::saturating(ctx.now_ms.saturating_add(STAGED_BOX_TTL_MS)),
    })
}

/// The boxes that a keyring of the asker can open.
///
/// # Errors
/// `not found` for whoever is no recipient, or not any more.
pub(crate) async fn get(ctx: &Ctx<'_>, permit: &Permit<Own>, request: GetBoxes) -> Result<Boxes, Refusal> {
    let who = permit.who();
    if !opens(ctx, who.user, request.recipient).await? && mutation::is_on(Check::BoxReader) {
        return Err(refuse::refuse(ErrorCode::NotFound));
    }
    let what = scope(request.scope, request.id);
    match what {
        Scope::Keyring(keyring) => member(ctx, keyring, request.recipient).await?,
        Scope::Thread(thread) => {
            let seen = permit::read_thread(ctx, who, thread).await?;
            if seen.target().standing == relais_store::facts::thread::Standing::Invited {
                return Err(refuse::refuse(ErrorCode::NotFound));
            }
        }
        Scope::File(_) => return Err(refuse::refuse(ErrorCode::NotFound)),
    }
    let max = u32::try_from(KEYRING_RECIPIENTS_MAX).unwrap_or(u32::MAX);
    let query = BoxesFor { scope: what, recipient: request.recipient, generation: None, max };
    let wanted = u64::from(request.from)..=u64::from(request.to);
    let mut found = ctx.read(query).await?;
    found.retain(|sealed| wanted.contains(&sealed.generation));
    found.sort_by_key(|sealed| (sealed.generation, sealed.to.generation));
    found.truncate(BOXES_PER_PAGE);
    Ok(Boxes { boxes: found.into_iter().map(|sealed| wire(&request, sealed)).collect() })
}

fn wire(request: &GetBoxes, sealed: Stored) -> SealedBox {
    SealedBox {
        scope: request.scope,
        id: request.id,
        generation: u32::try_from(sealed.generation).unwrap_or(u32::MAX),
        recipient: sealed.to.recipient,
        recipient_generation: u32::try_from(sealed.to.generation).unwrap_or(u32::MAX),
        bytes: Bin(sealed.bytes.0.to_vec()),
    }
}

/// Whether the user holds this keyring today: removal ends it at once, before any rotation.
async fn opens(ctx: &Ctx<'_>, user: UserId, keyring: KeyringId) -> Result<bool, Refusal> {
    let mut world = World::default();
    let id = ChainId::Keyring(keyring);
    world::decide(ctx, &mut world, vec![id], |world| {
        let Some(length) = world.chain(id).map(|chain| chain.head().0) else { return Ok(false) };
        let held = world.holds(keyring, user, length).ok_or(relais_chain::ChainError::UnknownKeyring)?;
        Ok(held.now)
    })
    .await
}

/// Whether a keyring is a member of another today.
async fn member(ctx: &Ctx<'_>, keyring: KeyringId, member: KeyringId) -> Result<(), Refusal> {
    let max = u32::try_from(KEYRING_RECIPIENTS_MAX).unwrap_or(u32::MAX);
    let members = ctx.read(KeyringMembers { keyring, after: None, max }).await?;
    let is_member = members.iter().any(|found| found.member == member);
    if is_member || !mutation::is_on(Check::BoxReader) {
        return Ok(());
    }
    Err(refuse::refuse(ErrorCode::NotFound))
}

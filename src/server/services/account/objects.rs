//! The user's own ciphertext: the vault and the two objects beside it, each replaced as a whole under
//! compare-and-set.
//!
//! Not known here: keys.

use relais_care::audit::{Actor, Event as Audited};
use relais_chain::user_body::UserBody;
use relais_store::facts::account::UserObject;
use relais_store::reads::{ObjectOf, Throttle};
use relais_store::{AccountWrite, Domain};
use relais_wire::account::{Done, GetObject, Object, ObjectKind, ObjectStored, PutObject, PutVault, Vault};
use relais_wire::events::ObjectChanged;
use relais_wire::ids::Seq;
use relais_wire::limits::USER_OBJECT_BYTES_MAX;
use relais_wire::scalar::Bin;
use relais_wire::{ErrorCode, Refusal};

use super::{charge, check_vault, counter};
use crate::services::boxes;
use crate::services::chains::surroundings;
use crate::services::context::{Ctx, Told, instance_line};
use crate::services::limits::{Limit, OBJECT_USER};
use crate::services::links::{self, Body};
use crate::services::permit::{self, Own, Permit};
use crate::services::refuse;

/// The vault as it is now.
///
/// # Errors
/// `not found` before there is one.
pub(crate) async fn vault(ctx: &Ctx<'_>, permit: &Permit<Own>) -> Result<Vault, Refusal> {
    let found = ctx.read(ObjectOf(permit.who().user, UserObject::Vault)).await?;
    let found = found.ok_or_else(|| refuse::refuse(ErrorCode::NotFound))?;
    Ok(Vault {
        version: Seq::new(found.version).unwrap_or_default(),
        ciphertext: Bin(found.bytes.0.to_vec()),
    })
}

/// Changes the vault together with the links made with it.
///
/// # Errors
/// `conflict` when another device was first; `malformed` when the `vault` link does not name this vault; `forbidden`
/// with links that have a request of their own.
pub(crate) async fn put_vault(
    ctx: &Ctx<'_>,
    permit: &Permit<Own>,
    request: PutVault,
) -> Result<Done, Refusal> {
    let who = permit.who();
    if ctx.replay(who.user, request.idem).await?.is_some() {
        return Ok(Done {});
    }
    let validated = links::validate(ctx, &request.links).await?;
    let own = validated.all_by(who.user);
    // Ending a device ends its sessions too, which is done where links are appended by themselves.
    let elsewhere = |body: &Body| {
        matches!(body, Body::User(UserBody::Root { .. } | UserBody::DeviceRevoke { .. }) | Body::Unit(_))
    };
    if !own || validated.links.iter().any(|link| elsewhere(&link.body)) {
        return Err(refuse::refuse(ErrorCode::Forbidden));
    }
    let told = validated.user(who.user).and_then(relais_chain::UserChain::vault);
    check_vault(&request.vault, told)?;
    boxes::stage_all(ctx, who.session, &request.boxes).await?;
    let around = surroundings(ctx, &validated, &[]).await?;
    let line = instance_line(Actor::User(who.user), Audited::KeyUpdate);
    let domain = Domain::new(ctx.now_ms, line).idem(ctx.idem(who.user, request.idem, Vec::new())).write(
        AccountWrite::PutObject {
            user: who.user,
            object: UserObject::Vault,
            expect: request.vault.version.get().saturating_sub(1),
            bytes: request.vault.ciphertext.as_slice().into(),
        },
    );
    let (domain, touched) = validated.plan(ctx, who.session, &around).into_domain(domain);
    if let Err(refusal) = ctx.commit(domain).await {
        validated.after.keys().for_each(|id| ctx.app.state.chains.forget(*id));
        return Err(refusal);
    }
    permit::changed(ctx, touched).await;
    validated.settle(ctx);
    Ok(Done {})
}

const fn stored(kind: ObjectKind) -> UserObject {
    match kind {
        ObjectKind::KeyIndex => UserObject::KeyIndex,
        ObjectKind::Pins => UserObject::Pins,
    }
}

/// An object beside the vault.
///
/// # Errors
/// The store's.
pub(crate) async fn object(
    ctx: &Ctx<'_>,
    permit: &Permit<Own>,
    request: GetObject,
) -> Result<Object, Refusal> {
    let found = ctx.read(ObjectOf(permit.who().user, stored(request.object))).await?;
    Ok(found.map_or(Object { version: Seq::ZERO, ciphertext: Bin::default() }, |found| Object {
        version: Seq::new(found.version).unwrap_or_default(),
        ciphertext: Bin(found.bytes.0.to_vec()),
    }))
}

/// Replaces an object, at most once a minute.
///
/// # Errors
/// `conflict`, `throttled`, `too large`.
pub(crate) async fn put_object(
    ctx: &Ctx<'_>,
    permit: &Permit<Own>,
    request: PutObject,
) -> Result<ObjectStored, Refusal> {
    let user = permit.who().user;
    let version = request.replaces.next();
    if ctx.replay(user, request.idem).await?.is_some() {
        return Ok(ObjectStored { version });
    }
    if request.ciphertext.len() > USER_OBJECT_BYTES_MAX {
        return Err(refuse::refuse(ErrorCode::TooLarge));
    }
    let limit = Limit {
        name: match request.object {
            ObjectKind::KeyIndex => "object-key-index",
            ObjectKind::Pins => "object-pins",
        },
        ..OBJECT_USER
    };
    let key = counter(ctx, limit, user.as_bytes());
    if let Some((count, ends_ms)) = ctx.read(Throttle { key, now_ms: ctx.now_ms }).await?
        && count >= limit.count
    {
        return Err(Refusal::retry(ErrorCode::Throttled, ends_ms.saturating_sub(ctx.now_ms)));
    }
    let told = Told::one(user, None, ObjectChanged { object: request.object, version });
    let domain = Domain::new(ctx.now_ms, instance_line(Actor::User(user), Audited::KeyUpdate))
        .idem(ctx.idem(user, request.idem, Vec::new()))
        .write(AccountWrite::PutObject {
            user,
            object: stored(request.object),
            expect: request.replaces.get(),
            bytes: request.ciphertext.0.into(),
        })
        .event(told.into());
    ctx.commit(domain).await?;
    // Counted after the success: a lost race may be tried again at once.
    drop(ctx.upkeep(vec![charge(ctx, limit, user.as_bytes())]).await);
    Ok(ObjectStored { version })
}

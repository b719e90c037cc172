//! A new password, and with it a new vault key: from a running session, or at the end of a recovery.
//!
//! Not known here: the vault key.

use relais_care::audit::Event as Audited;
use relais_chain::user_body::UserBody;
use relais_store::facts::account::Recovery as StoredRecovery;
use relais_store::facts::session::LoginStage;
use relais_store::reads::SessionsOf;
use relais_store::{AccountWrite, Domain, Guard, SessionWrite};
use relais_wire::account::Ksf;
use relais_wire::account::{PasswordStart, PasswordStarted, Rekey, Rekeyed, WrapKind};
use relais_wire::events::{SessionEnded, SessionOpened};
use relais_wire::ids::{DeviceId, LoginId, SessionId, UserId};
use relais_wire::scalar::{Bin, Millis};
use relais_wire::{ErrorCode, Refusal};

use super::register::{WRAP_KINDS, audited, opened, put_vault, stored_recovery};
use super::{check_vault, grant, new_session, notify, pending, stored_wraps};
use crate::mail::Notice;
use crate::services::chains::surroundings;
use crate::services::context::{Ctx, Told};
use crate::services::links::{self, Body, Validated};
use crate::services::opaque::OpaqueServer;
use crate::services::permit::{Own, Permit};
use crate::services::profile::{self, GrantNote, RecoveryStep};
use crate::services::sessions::all_ended;
use crate::services::{Authenticated, refuse};

/// Begins a change of password in a running session.
///
/// # Errors
/// `malformed`.
pub(crate) fn start(
    ctx: &Ctx<'_>,
    permit: &Permit<Own>,
    request: &PasswordStart,
) -> Result<PasswordStarted, Refusal> {
    let opaque = OpaqueServer::of(ctx.app)
        .register_start(permit.who().user, request.opaque.as_slice())
        .map_err(|_| refuse::refuse(ErrorCode::Malformed))?;
    Ok(PasswordStarted { opaque: Bin(opaque), ksf: Ksf::V1 })
}

/// Whose password changes, and by what right.
struct Right {
    user: UserId,
    /// Scope of the idempotency key.
    scope: UserId,
    /// The session that stays.
    session: Option<SessionId>,
    /// The recovery that ends, and the device it signs in.
    recovery: Option<(LoginId, DeviceId)>,
}

/// Ends a change of password, by session or by recovery. All other sessions end with it.
///
/// # Errors
/// `unauthenticated` with neither; `conflict`, `chain refused`, `malformed`.
pub(crate) async fn finish(
    ctx: &Ctx<'_>,
    who: Option<&Authenticated>,
    request: Rekey,
) -> Result<Rekeyed, Refusal> {
    let scope = match (request.login, who) {
        (Some(login), _) => UserId::from_bytes(*login.as_bytes()),
        (None, Some(who)) => who.user,
        (None, None) => return Err(refuse::refuse(ErrorCode::Unauthenticated)),
    };
    if let Some(receipt) = ctx.replay(scope, request.idem).await? {
        if let Some(who) = who {
            all_ended(ctx, who.user).await?;
        }
        return match profile::decode::<GrantNote>(receipt.note.as_slice()) {
            Some(note) if request.login.is_some() => {
                Ok(Rekeyed { session: Some(grant(ctx, note.user, note.session).await?) })
            }
            _ => Ok(Rekeyed { session: None }),
        };
    }
    let right = right(ctx, who, scope, &request).await?;
    change(ctx, right, request).await
}

async fn right(
    ctx: &Ctx<'_>,
    who: Option<&Authenticated>,
    scope: UserId,
    request: &Rekey,
) -> Result<Right, Refusal> {
    let malformed = || refuse::refuse(ErrorCode::Malformed);
    let Some(login) = request.login else {
        let who = who.ok_or_else(|| refuse::refuse(ErrorCode::Unauthenticated))?;
        let permit = crate::services::permit::own(ctx, who).await?;
        let who = permit.who();
        return Ok(Right { user: who.user, scope, session: Some(who.session), recovery: None });
    };
    let pending = pending(ctx, login, LoginStage::Recovery).await?;
    let user = pending.login.user.ok_or_else(malformed)?;
    if !matches!(pending.state.recovery, RecoveryStep::Granted) {
        return Err(refuse::refuse(ErrorCode::CodeExpired));
    }
    if request.recovery.is_none() {
        return Err(malformed());
    }
    let device = request.device.ok_or_else(malformed)?;
    Ok(Right { user, scope, session: None, recovery: Some((login, device)) })
}

/// The links must be the user's, and name the vault and, where there is one, the key of the new recovery code.
fn named_in_chain(
    validated: &Validated,
    user: UserId,
    request: &Rekey,
) -> Result<Option<StoredRecovery>, Refusal> {
    let allowed = |body: &Body| {
        matches!(
            body,
            Body::User(UserBody::Vault { .. } | UserBody::RecoveryRenewed { .. } | UserBody::Rotate { .. })
        )
    };
    if !validated.all_by(user) || !validated.links.iter().all(|link| allowed(&link.body)) {
        return Err(refuse::refuse(ErrorCode::Forbidden));
    }
    let chain = validated.user(user);
    check_vault(&request.vault, chain.and_then(relais_chain::UserChain::vault))?;
    let recovery = request.recovery.as_ref().map(stored_recovery).transpose()?;
    let named = chain.and_then(relais_chain::UserChain::recovery);
    if recovery.as_ref().is_some_and(|recovery| named != Some(*recovery.auth_key.as_bytes())) {
        return Err(refuse::refuse(ErrorCode::Malformed));
    }
    Ok(recovery)
}

async fn change(ctx: &Ctx<'_>, right: Right, request: Rekey) -> Result<Rekeyed, Refusal> {
    let user = right.user;
    let record = OpaqueServer::register_finish(request.opaque.as_slice())
        .map_err(|_| refuse::refuse(ErrorCode::Malformed))?;
    let needed: &[WrapKind] = if right.recovery.is_some() {
        &[WrapKind::Password, WrapKind::Recovery]
    } else {
        &[WrapKind::Password]
    };
    let wraps = stored_wraps(&request.wraps, needed)?;
    let validated = links::validate(ctx, &request.links).await?;
    let recovery = named_in_chain(&validated, user, &request)?;
    let session = right.recovery.map(|(_, device)| new_session(ctx, user, device));
    let note = session.as_ref().map(|session| GrantNote { user, session: session.session });
    let event = if right.recovery.is_some() { Audited::SessionRecover } else { Audited::SessionUpdate };
    let mut domain = Domain::new(ctx.now_ms, audited(user, event))
        .idem(ctx.idem(right.scope, request.idem, note.map_or_else(Vec::new, |note| profile::encode(&note))))
        .guard(Guard::AccountActive(user))
        .write(AccountWrite::SetRecord { user, record: record.into() })
        .write(put_vault(user, &request.vault));
    if let Some((login, _)) = right.recovery {
        // Before all sign-ins end: this one must still be there, so that it is used once.
        domain = domain.write(SessionWrite::CloseLogin(login));
    }
    domain = domain.write(SessionWrite::RevokeAll { user, except: right.session });
    for kind in WRAP_KINDS {
        domain = domain.write(AccountWrite::DropWraps { user, kind });
    }
    for wrap in wraps {
        domain = domain.write(AccountWrite::PutWrap { user, wrap });
    }
    if let Some(recovery) = recovery {
        domain = domain.write(AccountWrite::PutRecovery { user, recovery });
    }
    let others = ctx.read(SessionsOf { user, now_ms: ctx.now_ms }).await?;
    for session in others.iter().map(|other| other.session).filter(|id| Some(*id) != right.session) {
        domain = domain.event(Told::one(user, None, SessionEnded { session }).into());
    }
    if let (Some((_, device)), Some(session)) = (right.recovery, &session) {
        let at = Millis::saturating(ctx.now_ms);
        let told = Told::one(user, None, SessionOpened { session: session.session, device, at });
        domain = domain
            .write(SessionWrite::Open(session.clone()))
            .audit(opened(user, session.session))
            .event(told.into());
    }
    let around = surroundings(ctx, &validated, &[]).await?;
    let keep = right.session.or(note.map(|note| note.session)).unwrap_or(SessionId::from_bytes([0; 16]));
    let (domain, _) = validated.plan(ctx, keep, &around).into_domain(domain);
    if let Err(refusal) = ctx.commit(domain).await {
        validated.after.keys().for_each(|id| ctx.app.state.chains.forget(*id));
        return Err(refusal);
    }
    validated.settle(ctx);
    all_ended(ctx, user).await?;
    notify(ctx, user, Notice::CredentialsChanged).await;
    Ok(Rekeyed {
        session: match note {
            Some(note) => Some(grant(ctx, user, note.session).await?),
            None => None,
        },
    })
}

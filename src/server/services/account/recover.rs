//! Getting back in with the recovery code (SEC-10, SEC-15): a mailed code proves the address, a signature proves
//! the user's half, a waiting period set by policy lets the owner object, and only then the server gives its half.
//!
//! Not known here: the user's half, and what both halves open.

use relais_care::audit::{Actor, Event as Audited};
use relais_chain::PublicKey;
use relais_chain::user_body::UserBody;
use relais_store::facts::Personal;
use relais_store::facts::account::{Recovery as StoredRecovery, UserObject, WrapKind as StoredKind};
use relais_store::facts::session::LoginStage;
use relais_store::reads::{AccountByEmail, ObjectOf, RecoveryOf, WrapsOf};
use relais_store::{AccountWrite, Chore, Domain, Guard};
use relais_wire::account::Ksf;
use relais_wire::account::{
    Done, RecoverAuth, RecoverChallenge, RecoverGranted, RecoverProve, RecoverStart, RecoverStarted,
    RenewRecovery, Vault, WrapKind,
};
use relais_wire::chains::{ChainKind, GetLinks, Links};
use relais_wire::ids::Seq;
use relais_wire::scalar::{Bin, Millis};
use relais_wire::{ErrorCode, Refusal};

use super::login::made_up;
use super::register::{audited, put_vault, stored_recovery};
use super::{
    begin, charge, check_code, check_vault, mail_code, note_failure, note_guess, notify, pending, place,
    stored_wraps, wire_wrap,
};
use crate::keys::random32;
use crate::mail::{Lane, Notice};
use crate::services::chains::{self, surroundings};
use crate::services::context::{Ctx, instance_line};
use crate::services::limits::{RECOVER_ACCOUNT, RECOVER_CLIENT, RESEND_AFTER_MS};
use crate::services::links::{self, Body};
use crate::services::opaque::OpaqueServer;
use crate::services::permit::{Own, Permit};
use crate::services::profile::RecoveryStep;
use crate::services::{refuse, text};

/// Label of the signature that proves the user's half.
pub(crate) const RECOVER_LABEL: &str = "relais/v1/recover";

/// Begins; known and unknown logins are answered alike, only a known one gets a mail.
///
/// # Errors
/// `throttled`, `malformed`.
pub(crate) async fn start(ctx: &Ctx<'_>, request: RecoverStart) -> Result<RecoverStarted, Refusal> {
    let email = text::email(request.email.as_str()).ok_or_else(|| refuse::refuse(ErrorCode::Malformed))?;
    // Also for nobody: whether there is room must not tell who has an account.
    let place = place(ctx, Lane::Other)?;
    let charges =
        vec![charge(ctx, RECOVER_ACCOUNT, email.as_bytes()), charge(ctx, RECOVER_CLIENT, &ctx.client.0)];
    ctx.upkeep(charges).await?;
    let known = ctx.read(AccountByEmail(Personal(email.clone()))).await?.map(|account| account.user);
    let user = known.unwrap_or_else(|| made_up(ctx, &email));
    let mut pending = begin(ctx, LoginStage::Recovery, user, request.locale);
    pending.login.user = known;
    pending.login.email = Some(Personal(email.clone()));
    let code = pending.new_code(ctx);
    ctx.upkeep(vec![Chore::PutLogin(pending.row())]).await?;
    if known.is_some() {
        mail_code(place, &email, request.locale, code);
    }
    Ok(RecoverStarted { login: pending.login.login, resend_after: Millis::saturating(RESEND_AFTER_MS) })
}

/// Checks the mailed code and gives something to sign.
///
/// # Errors
/// `code wrong`, `code expired`, `too many tries`.
pub(crate) async fn prove(ctx: &Ctx<'_>, request: RecoverProve) -> Result<RecoverChallenge, Refusal> {
    let mut pending = pending(ctx, request.login, LoginStage::Recovery).await?;
    if let Err(refusal) = check_code(ctx, &pending, &request.code).await {
        note_guess(ctx, pending.login.user, &refusal).await;
        return Err(refusal);
    }
    if pending.login.user.is_none() {
        return Err(refuse::refuse(ErrorCode::CodeWrong));
    }
    let challenge = Bin(random32().to_vec());
    pending.login.code = None;
    pending.state.recovery = RecoveryStep::Challenge(challenge.clone());
    advance(ctx, &pending).await?;
    Ok(RecoverChallenge { user: pending.state.user, challenge })
}

async fn advance(ctx: &Ctx<'_>, pending: &super::Pending) -> Result<(), Refusal> {
    ctx.upkeep(vec![pending.advance(LoginStage::Recovery)]).await
}

/// Checks the signature of the user's half. After the waiting period the server's half is given.
///
/// # Errors
/// `wrong credentials`; `cooling down` until the waiting period is over.
pub(crate) async fn auth(ctx: &Ctx<'_>, request: RecoverAuth) -> Result<RecoverGranted, Refusal> {
    let mut pending = pending(ctx, request.login, LoginStage::Recovery).await?;
    let over = || refuse::refuse(ErrorCode::CodeExpired);
    let RecoveryStep::Challenge(challenge) = &pending.state.recovery else { return Err(over()) };
    let user = pending.login.user.ok_or_else(over)?;
    let recovery = ctx.read(RecoveryOf(user)).await?.ok_or_else(over)?;
    if !signed(&recovery, challenge, request.signature.as_slice()) {
        // One signature for each challenge.
        pending.state.recovery = RecoveryStep::Code;
        advance(ctx, &pending).await?;
        note_failure(ctx, Some(user)).await;
        return Err(refuse::refuse(ErrorCode::WrongCredentials));
    }
    wait(ctx, user, &recovery).await?;
    let (vault, wraps) = ctx.read((ObjectOf(user, UserObject::Vault), WrapsOf(user))).await?;
    let wrap = wraps.iter().find(|wrap| wrap.kind == StoredKind::Recovery).and_then(wire_wrap);
    let (vault, wrap) = vault.zip(wrap).ok_or_else(over)?;
    let opaque = OpaqueServer::of(ctx.app)
        .register_start(user, request.opaque.as_slice())
        .map_err(|_| refuse::refuse(ErrorCode::Malformed))?;
    pending.state.recovery = RecoveryStep::Granted;
    advance(ctx, &pending).await?;
    ctx.commit(Domain::new(ctx.now_ms, audited(user, Audited::KeyRecover))).await?;
    Ok(RecoverGranted {
        server_half: recovery.server_half.as_slice().into(),
        wrap,
        vault: Vault {
            version: Seq::new(vault.version).unwrap_or_default(),
            ciphertext: Bin(vault.bytes.0.to_vec()),
        },
        opaque: Bin(opaque),
        ksf: Ksf::V1,
    })
}

fn signed(recovery: &StoredRecovery, challenge: &Bin, signature: &[u8]) -> bool {
    let key = PublicKey::from_bytes(recovery.auth_key.as_bytes());
    let signature = <[u8; 64]>::try_from(signature);
    match (key, signature) {
        (Ok(key), Ok(signature)) => key.verify(RECOVER_LABEL, challenge.as_slice(), &signature).is_ok(),
        _ => false,
    }
}

/// The chain of the user whose recovery was granted: without it the vault could not be held against anything, and
/// the links that end the recovery could not be made.
///
/// # Errors
/// `unauthenticated` without a recovery; `code expired` for one that is over or not granted; `forbidden` for any
/// other chain.
pub(crate) async fn links(ctx: &Ctx<'_>, request: &GetLinks) -> Result<Links, Refusal> {
    let login = request.login.ok_or_else(|| refuse::refuse(ErrorCode::Unauthenticated))?;
    let pending = pending(ctx, login, LoginStage::Recovery).await?;
    let granted = matches!(pending.state.recovery, RecoveryStep::Granted);
    let user =
        pending.login.user.filter(|_| granted).ok_or_else(|| refuse::refuse(ErrorCode::CodeExpired))?;
    if request.chain != ChainKind::User || request.id != user.into() {
        return Err(refuse::refuse(ErrorCode::Forbidden));
    }
    chains::page(ctx, request).await
}

/// The waiting period starts with the first right signature, and the owner is told. Renewing the recovery code
/// ends it: what was signed with the old one comes to nothing.
async fn wait(ctx: &Ctx<'_>, user: relais_wire::UserId, recovery: &StoredRecovery) -> Result<(), Refusal> {
    let wait_ms = ctx.app.settings.recovery_wait_ms;
    match recovery.release_at_ms {
        _ if wait_ms == 0 => Ok(()),
        Some(at_ms) if ctx.now_ms >= at_ms => Ok(()),
        Some(at_ms) => Err(refuse::cooling_down(ctx.now_ms, at_ms)),
        None => {
            let at_ms = ctx.now_ms.saturating_add(wait_ms);
            let domain = Domain::new(ctx.now_ms, audited(user, Audited::SessionRecover))
                .write(AccountWrite::ReleaseRecovery { user, auth_key: recovery.auth_key, at_ms });
            ctx.commit(domain).await?;
            notify(ctx, user, Notice::RecoveryWaits).await;
            Err(refuse::cooling_down(ctx.now_ms, at_ms))
        }
    }
}

/// A new recovery code from a running session (SEC-11); the old one is worth nothing from then on. The vault, which
/// shows the code again, changes in the same commit.
///
/// # Errors
/// `chain refused`; `conflict` when another device changed the vault; `malformed` where the links do not name the
/// new key and the vault.
pub(crate) async fn renew(
    ctx: &Ctx<'_>,
    permit: &Permit<Own>,
    request: RenewRecovery,
) -> Result<Done, Refusal> {
    let who = permit.who();
    if ctx.replay(who.user, request.idem).await?.is_some() {
        return Ok(Done {});
    }
    let recovery = stored_recovery(&request.recovery)?;
    let wraps = stored_wraps(core::slice::from_ref(&request.wrap), &[WrapKind::Recovery])?;
    let validated = links::validate(ctx, &request.links).await?;
    let renews =
        |body: &Body| matches!(body, Body::User(UserBody::RecoveryRenewed { .. } | UserBody::Vault { .. }));
    let chain = validated.user(who.user);
    let named = chain.and_then(relais_chain::UserChain::recovery);
    let right = named == Some(*recovery.auth_key.as_bytes())
        && validated.all_by(who.user)
        && validated.links.iter().all(|link| renews(&link.body));
    if !right {
        return Err(refuse::refuse(ErrorCode::Malformed));
    }
    check_vault(&request.vault, chain.and_then(relais_chain::UserChain::vault))?;
    let user = who.user;
    let mut domain = Domain::new(ctx.now_ms, instance_line(Actor::User(user), Audited::KeyRecover))
        .idem(ctx.idem(user, request.idem, Vec::new()))
        .guard(Guard::AccountActive(user))
        .write(put_vault(user, &request.vault))
        .write(AccountWrite::DropWraps { user, kind: StoredKind::Recovery })
        .write(AccountWrite::PutRecovery { user, recovery });
    for wrap in wraps {
        domain = domain.write(AccountWrite::PutWrap { user, wrap });
    }
    let around = surroundings(ctx, &validated, &[]).await?;
    let (domain, _) = validated.plan(ctx, who.session, &around).into_domain(domain);
    if let Err(refusal) = ctx.commit(domain).await {
        validated.after.keys().for_each(|id| ctx.app.state.chains.forget(*id));
        return Err(refusal);
    }
    validated.settle(ctx);
    notify(ctx, user, Notice::RecoveryRenewed).await;
    Ok(Done {})
}

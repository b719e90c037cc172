//! The password's part of a sign-in.
//!
//! Not known here: the second factor.

use relais_store::Chore;
use relais_store::facts::session::LoginStage;
use relais_store::facts::{Opaque, Personal};
use relais_store::reads::{AccountByEmail, AccountById, EmailsOf};
use relais_wire::account::Ksf;
use relais_wire::account::{FactorKind, FactorNeeded, Locale, LoginFinish, LoginStart, LoginStarted};
use relais_wire::ids::UserId;
use relais_wire::scalar::{Bin, Millis};
use relais_wire::{ErrorCode, Refusal};

use super::{begin, charge, counter, mail_code, note_failure, pending, place};
use crate::mail::Lane;
use crate::services::context::Ctx;
use crate::services::limits::{
    LOGIN_ACCOUNT, LOGIN_CLIENT, LOGIN_GLOBAL, LOGIN_TTL_MS, MAIL_ACCOUNT, RESEND_AFTER_MS,
};
use crate::services::mutation::{self, Check};
use crate::services::opaque::OpaqueServer;
use crate::services::{refuse, text};

/// The made-up id of a login that does not exist: stable, so that asking twice tells nothing.
pub(crate) fn made_up(ctx: &Ctx<'_>, email: &str) -> UserId {
    let derived = ctx.app.keys.derive("relais/v1/made-up", email.as_bytes());
    let [id @ .., _, _, _, _, _, _, _, _, _, _, _, _, _, _, _, _] = derived;
    UserId::from_bytes(id)
}

/// Begins: the try is counted before anything is answered, because a failure shows only at the client.
///
/// # Errors
/// `too many tries`, `throttled`, `malformed`.
pub(crate) async fn start(ctx: &Ctx<'_>, request: LoginStart) -> Result<LoginStarted, Refusal> {
    let email = text::email(request.email.as_str()).ok_or_else(|| refuse::refuse(ErrorCode::Malformed))?;
    let charges = vec![
        charge(ctx, LOGIN_ACCOUNT, email.as_bytes()),
        charge(ctx, LOGIN_CLIENT, &ctx.client.0),
        charge(ctx, LOGIN_GLOBAL, &[]),
    ];
    ctx.upkeep(charges).await.map_err(|refusal| {
        let full = refusal.code == ErrorCode::Throttled;
        Refusal { code: if full { ErrorCode::TooManyTries } else { refusal.code }, ..refusal }
    })?;
    let account = ctx.read(AccountByEmail(Personal(email.clone()))).await?;
    let known = account.filter(|account| account.record.is_some());
    let user = known.as_ref().map_or_else(|| made_up(ctx, &email), |account| account.user);
    let record = known.as_ref().and_then(|account| account.record.as_ref()).map(Opaque::as_slice);
    let answer = OpaqueServer::of(ctx.app)
        .login_start(user, record, request.opaque.as_slice())
        .map_err(|_| refuse::refuse(ErrorCode::Malformed))?;
    let mut pending = begin(ctx, LoginStage::Password, user, Locale::Fr);
    pending.login.user = known.as_ref().map(|account| account.user);
    pending.state.version = known.map_or(0, |account| account.version);
    pending.login.email = Some(Personal(email));
    pending.login.tries = 1;
    pending.state.opaque = Bin(answer.state);
    ctx.upkeep(vec![Chore::PutLogin(pending.row())]).await?;
    Ok(LoginStarted { login: pending.login.login, user, opaque: Bin(answer.message), ksf: Ksf::V1 })
}

/// Checks the proof of the password; one try for each start. Then, and only then, a code is mailed.
///
/// # Errors
/// `wrong credentials`, whatever was wrong; `revoked` for a suspended account whose password was right.
pub(crate) async fn finish(ctx: &Ctx<'_>, request: LoginFinish) -> Result<FactorNeeded, Refusal> {
    let mut pending = pending(ctx, request.login, LoginStage::Password).await?;
    // Before the one try is spent: whoever is told to come back comes with the same proof.
    let place = place(ctx, Lane::SignIn)?;
    ctx.upkeep(vec![Chore::SpendTry(request.login)]).await?;
    let user = pending.state.user;
    let state = pending.state.opaque.as_slice();
    let proved = OpaqueServer::of(ctx.app).login_finish(user, state, request.opaque.as_slice()).is_ok();
    let known = pending.login.user;
    if (!proved && mutation::is_on(Check::Password)) || known.is_none() {
        note_failure(ctx, known).await;
        return Err(refuse::refuse(ErrorCode::WrongCredentials));
    }
    let account = ctx.read(AccountById(user)).await?;
    // What was proved is the password of the record that the sign-in began with.
    if account.as_ref().is_some_and(|account| account.version != pending.state.version) {
        return Err(refuse::refuse(ErrorCode::WrongCredentials));
    }
    if account.is_none_or(|account| account.suspended_ms.is_some()) {
        note_failure(ctx, known).await;
        return Err(refuse::refuse(ErrorCode::Revoked));
    }
    // Codes go to the primary address, whatever address was typed (SEC-09, ACC-13).
    let primary = ctx.read(EmailsOf(user)).await?.into_iter().next();
    let primary = primary.ok_or_else(|| refuse::refuse(ErrorCode::Internal))?;
    let typed = pending.login.email.replace(primary.clone()).unwrap_or_default();
    pending.login.stage = LoginStage::SecondFactor;
    pending.login.expires_ms = ctx.now_ms.saturating_add(LOGIN_TTL_MS);
    pending.state.locale = request.locale;
    pending.state.opaque = Bin::default();
    let code = pending.new_code(ctx);
    let chores = vec![
        Chore::Discharge(counter(ctx, LOGIN_ACCOUNT, typed.as_str().as_bytes())),
        charge(ctx, MAIL_ACCOUNT, user.as_bytes()),
        pending.advance(LoginStage::Password),
    ];
    ctx.upkeep(chores).await?;
    mail_code(place, primary.as_str(), request.locale, code);
    Ok(FactorNeeded { factors: vec![FactorKind::Email], resend_after: Millis::saturating(RESEND_AFTER_MS) })
}

//! The second factor, and the session it opens.
//!
//! Not known here: how the password was proved.

use relais_care::audit::{Actor, Event as Audited, Scope};
use relais_store::facts::audit::AuditLine;
use relais_store::facts::session::LoginStage;
use relais_store::reads::{AccountByEmail, LoginById};
use relais_store::{Domain, Guard, SessionWrite};
use relais_wire::account::{CodeSent, ResendCode, SecondFactor, SessionGrant};
use relais_wire::events::SessionOpened;
use relais_wire::limits::CODE_SENDS_MAX;
use relais_wire::scalar::Millis;
use relais_wire::{ErrorCode, Refusal};

use super::{charge, check_code, grant, mail_code, new_session, note_guess, pending, place};
use crate::mail::{Lane, Mail, MailBody, Notice, Place};
use crate::services::context::{Ctx, Told, instance_line};
use crate::services::limits::{MAIL_ACCOUNT, RESEND_AFTER_MS};
use crate::services::refuse;

/// Sends a new code; the one before is worth nothing from then on.
///
/// # Errors
/// `throttled` too soon, `too many tries` after the last one.
pub(crate) async fn resend(ctx: &Ctx<'_>, request: ResendCode) -> Result<CodeSent, Refusal> {
    let over = || refuse::refuse(ErrorCode::CodeExpired);
    let stage = ctx.read(LoginById(request.login)).await?.ok_or_else(over)?.stage;
    if stage == LoginStage::Password {
        return Err(over());
    }
    let mut pending = pending(ctx, request.login, stage).await?;
    let ready = pending.state.sent_ms.saturating_add(RESEND_AFTER_MS);
    if ctx.now_ms < ready {
        return Err(Refusal::retry(ErrorCode::Throttled, ready.saturating_sub(ctx.now_ms)));
    }
    if pending.state.sends >= CODE_SENDS_MAX || pending.login.tries == 0 {
        return Err(refuse::refuse(ErrorCode::TooManyTries));
    }
    let email = pending.login.email.clone().ok_or_else(over)?;
    let place = place(ctx, if stage == LoginStage::SecondFactor { Lane::SignIn } else { Lane::Other })?;
    let tries = pending.login.tries;
    let code = pending.new_code(ctx);
    // A new code is no new set of tries: guesses count for the whole sign-in.
    pending.login.tries = tries;
    let chores = vec![charge(ctx, MAIL_ACCOUNT, pending.state.user.as_bytes()), pending.advance(stage)];
    // Whoever asked at the same time was answered; there is one code for both.
    let lost = |refusal: Refusal| {
        let meanwhile = refusal.code == ErrorCode::CodeExpired;
        if meanwhile { Refusal::retry(ErrorCode::Throttled, RESEND_AFTER_MS) } else { refusal }
    };
    ctx.upkeep(chores).await.map_err(lost)?;
    deliver(ctx, (stage, place), email.as_str(), &pending, code).await?;
    Ok(CodeSent {
        resend_after: Millis::saturating(RESEND_AFTER_MS),
        left: CODE_SENDS_MAX.saturating_sub(pending.state.sends),
    })
}

/// Mails a code to whom it is for; to somebody who has an account already, a notice; to nobody, nothing.
async fn deliver(
    ctx: &Ctx<'_>,
    (stage, place): (LoginStage, Place),
    email: &str,
    pending: &super::Pending,
    code: String,
) -> Result<(), Refusal> {
    let locale = pending.state.locale;
    let exists = ctx.read(AccountByEmail(email.into())).await?.is_some();
    match stage {
        LoginStage::Registration if exists => {
            let body = MailBody::Notice(Notice::AlreadyRegistered);
            place.send(Mail { to: email.into(), locale, body });
        }
        LoginStage::Recovery if !exists => {}
        LoginStage::Registration | LoginStage::Recovery | LoginStage::SecondFactor | LoginStage::Password => {
            mail_code(place, email, locale, code);
        }
    }
    Ok(())
}

/// Checks the code and opens the session; only now is ciphertext handed out.
///
/// # Errors
/// `code wrong`, `code expired`, `too many tries`.
pub(crate) async fn prove(ctx: &Ctx<'_>, request: SecondFactor) -> Result<SessionGrant, Refusal> {
    let pending = pending(ctx, request.login, LoginStage::SecondFactor).await?;
    let user = pending.state.user;
    if let Err(refusal) = check_code(ctx, &pending, &request.code).await {
        note_guess(ctx, Some(user), &refusal).await;
        return Err(refusal);
    }
    let session = new_session(ctx, user, request.device);
    let id = session.session;
    let AuditLine { log, entry } = instance_line(Actor::User(user), Audited::SessionCreate);
    let line = AuditLine { log, entry: entry.on(Scope::Session(id)).on(Scope::Device(request.device)) };
    let at = Millis::saturating(ctx.now_ms);
    let opened = SessionOpened { session: id, device: request.device, at };
    let domain = Domain::new(ctx.now_ms, line)
        .guard(Guard::AccountActive(user))
        .write(SessionWrite::CloseLogin(request.login))
        .write(SessionWrite::Open(session))
        .event(Told::one(user, None, opened).into());
    ctx.commit(domain).await?;
    grant(ctx, user, id).await
}

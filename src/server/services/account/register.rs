//! How an account comes into being: a code proves the address, an invitation or the setup token opens the door
//! where the instance asks for one, and then account, keys and vault are one commit.
//!
//! Not known here: what the first links say beyond what the validator checks.

use relais_care::audit::{Actor, Event as Audited, Scope};
use relais_chain::PublicKey;
use relais_chain::facts::KeyringKind;
use relais_store::facts::account::{Account, Recovery as StoredRecovery, UserObject};
use relais_store::facts::audit::AuditLine;
use relais_store::facts::directory::{Invite, Person};
use relais_store::facts::session::LoginStage;
use relais_store::facts::{Opaque, Personal, account};
use relais_store::reads::{AccountByEmail, InstanceValue, InviteById, InviteByToken};
use relais_store::{AccountWrite, Chore, DirectoryWrite, Domain, Guard, InstanceKey, SessionWrite, Write};
use relais_wire::account::Ksf;
use relais_wire::account::{
    Locale, Recovery, RegisterFinish, RegisterStart, RegisterStarted, SessionGrant, WrapKind,
};
use relais_wire::ids::{Bytes32, UserId};
use relais_wire::scalar::{Bin, Millis};
use relais_wire::{ErrorCode, Refusal};

use super::{
    Pending, begin, charge, check_code, check_vault, grant, mail_code, new_session, pending, place,
    stored_wraps,
};
use crate::mail::{Lane, Mail, MailBody, Notice};
use crate::services::boxes;
use crate::services::context::{Ctx, instance_line};
use crate::services::directory::invites;
use crate::services::limits::{REGISTER_ADDRESS, REGISTER_CLIENT, REGISTER_GLOBAL, RESEND_AFTER_MS};
use crate::services::links::{self, Plan, Surroundings, Validated};
use crate::services::opaque::OpaqueServer;
use crate::services::profile::{self, GrantNote, InstanceSettings, PersonProfile};
use crate::services::sessions::{fresh, sha256};
use crate::services::{refuse, text};

/// BCP 47 tag of a language.
pub(crate) const fn tag(locale: Locale) -> &'static str {
    match locale {
        Locale::Fr => "fr",
        Locale::En => "en",
    }
}

/// Begins. An address that has an account is answered like any other; its owner gets a notice instead of a code.
///
/// # Errors
/// `invite needed`, `invite invalid`, `throttled`, `malformed`.
pub(crate) async fn start(ctx: &Ctx<'_>, request: RegisterStart) -> Result<RegisterStarted, Refusal> {
    let email = text::email(request.email.as_str()).ok_or_else(|| refuse::refuse(ErrorCode::Malformed))?;
    let place = place(ctx, Lane::Other)?;
    let charges = vec![
        charge(ctx, REGISTER_ADDRESS, email.as_bytes()),
        charge(ctx, REGISTER_CLIENT, &ctx.client.0),
        charge(ctx, REGISTER_GLOBAL, &[]),
    ];
    ctx.upkeep(charges).await?;
    let user = UserId::from_bytes(fresh());
    let mut pending = begin(ctx, LoginStage::Registration, user, request.locale);
    admit(ctx, request.invite.as_ref(), &mut pending).await?;
    let opaque = OpaqueServer::of(ctx.app)
        .register_start(user, request.opaque.as_slice())
        .map_err(|_| refuse::refuse(ErrorCode::Malformed))?;
    pending.login.email = Some(Personal(email.clone()));
    let code = pending.new_code(ctx);
    let taken = ctx.read(AccountByEmail(Personal(email.clone()))).await?.is_some();
    ctx.upkeep(vec![Chore::PutLogin(pending.row())]).await?;
    if taken {
        let body = MailBody::Notice(Notice::AlreadyRegistered);
        place.send(Mail { to: email.as_str().into(), locale: request.locale, body });
    } else {
        mail_code(place, &email, request.locale, code);
    }
    Ok(RegisterStarted {
        login: pending.login.login,
        user,
        opaque: Bin(opaque),
        resend_after: Millis::saturating(RESEND_AFTER_MS),
        ksf: Ksf::V1,
    })
}

/// Who may register: anybody on an open instance, else whoever holds an invitation or the setup token (ACC-05).
async fn admit(ctx: &Ctx<'_>, token: Option<&Bin>, pending: &mut Pending) -> Result<(), Refusal> {
    let Some(token) = token else {
        let open = ctx.app.settings.open_registration;
        return if open { Ok(()) } else { Err(refuse::refuse(ErrorCode::InviteNeeded)) };
    };
    if ctx.app.keys.is_setup_token(token.as_slice()) {
        // Somebody runs the instance: the file is what a crash left of a token that was used.
        if !settings(ctx).await?.1.operators.is_empty() {
            return Err(refuse::refuse(ErrorCode::InviteInvalid));
        }
        pending.state.setup = true;
        return Ok(());
    }
    let invite = ctx.read(InviteByToken(sha256(token.as_slice()))).await?;
    let invite = invite.filter(|invite| invites::is_open(invite, ctx.now_ms));
    let invite = invite.ok_or_else(|| refuse::refuse(ErrorCode::InviteInvalid))?;
    pending.state.invite = Some(invite.invite);
    Ok(())
}

/// Ends: the code, the password record, the first links with their boxes, the vault and its wraps.
///
/// # Errors
/// `code wrong`, `code expired`, `chain refused`, `box missing`, `malformed`.
pub(crate) async fn finish(ctx: &Ctx<'_>, request: RegisterFinish) -> Result<SessionGrant, Refusal> {
    // Before there is a user, idempotency keys belong to the registration.
    let scope = UserId::from_bytes(*request.login.as_bytes());
    if let Some(receipt) = ctx.replay(scope, request.idem).await? {
        let note: GrantNote =
            profile::decode(receipt.note.as_slice()).ok_or_else(|| refuse::refuse(ErrorCode::Internal))?;
        return grant(ctx, note.user, note.session).await;
    }
    let pending = pending(ctx, request.login, LoginStage::Registration).await?;
    check_code(ctx, &pending, &request.code).await?;
    let user = pending.state.user;
    let email = pending.login.email.clone().ok_or_else(|| refuse::refuse(ErrorCode::CodeExpired))?;
    if ctx.read(AccountByEmail(email.clone())).await?.is_some() {
        return Err(refuse::refuse(ErrorCode::CodeWrong));
    }
    let name = text::name(request.name.as_str()).ok_or_else(|| refuse::refuse(ErrorCode::Malformed))?;
    let record = OpaqueServer::register_finish(request.opaque.as_slice())
        .map_err(|_| refuse::refuse(ErrorCode::Malformed))?;
    let recovery = stored_recovery(&request.recovery)?;
    let wraps = stored_wraps(&request.wraps, &[WrapKind::Password, WrapKind::Recovery])?;
    let validated = links::validate(ctx, &request.links).await?;
    let keys = first_keys(&validated, user)?;
    let told = validated.user(user).and_then(relais_chain::UserChain::vault);
    check_vault(&request.vault, told)?;
    let session = new_session(ctx, user, request.device);
    boxes::stage_all(ctx, session.session, &request.boxes).await?;
    let note = GrantNote { user, session: session.session };
    let id = session.session;
    let mut domain = Domain::new(ctx.now_ms, audited(user, Audited::AccountCreate))
        .audit(audited(user, Audited::KeyCreate))
        .audit(opened(user, id))
        .idem(ctx.idem(scope, request.idem, profile::encode(&note)))
        .write(SessionWrite::CloseLogin(request.login))
        .write(AccountWrite::Create(Account {
            user,
            name: Personal(name.clone()),
            locale: tag(pending.state.locale).to_owned(),
            record: Some(record.into()),
            suspended_ms: None,
            created_ms: ctx.now_ms,
            version: 0,
        }))
        .write(AccountWrite::AddEmail { user, email })
        .write(AccountWrite::PutRecovery { user, recovery })
        .write(put_vault(user, &request.vault))
        .write(DirectoryWrite::PutPerson(Person {
            user,
            org: None,
            keywords: Personal(text::folded(&name)),
            name: Personal(name),
            profile: profile::encode(&keys).into(),
            version: 0,
        }));
    for wrap in wraps {
        domain = domain.write(AccountWrite::PutWrap { user, wrap });
    }
    let plan: Plan = validated.plan(ctx, id, &Surroundings::default());
    let (mut domain, _) = plan.into_domain(domain);
    domain = domain.write(SessionWrite::Open(session));
    let root = validated.user(user).map(|chain| chain.fact().root);
    domain = entitle(ctx, &pending, root.map(|root| (user, root)), request.proof, domain).await?;
    ctx.commit(domain).await?;
    if pending.state.setup {
        ctx.app.keys.consume_setup_token();
    }
    validated.settle(ctx);
    grant(ctx, user, id).await
}

/// The instance's settings, as they are stored and as they read.
async fn settings(ctx: &Ctx<'_>) -> Result<(Option<Opaque>, InstanceSettings), Refusal> {
    let stored = ctx.read(InstanceValue(InstanceKey::Settings)).await?;
    let settings = stored.as_ref().and_then(|bytes| profile::decode(bytes.as_slice())).unwrap_or_default();
    Ok((stored, settings))
}

/// What the invitation or the setup token entitles to.
///
/// # Errors
/// `invite invalid`, also where the invitation's key did not sign the new root.
async fn entitle(
    ctx: &Ctx<'_>,
    pending: &Pending,
    who: Option<(UserId, Bytes32)>,
    proof: Option<Bin>,
    domain: Domain,
) -> Result<Domain, Refusal> {
    let mut domain = domain;
    let (user, root) = who.ok_or_else(|| refuse::refuse(ErrorCode::Malformed))?;
    if pending.state.setup {
        // Of all registrations that were begun with the token one uses it.
        let (stored, mut settings) = settings(ctx).await?;
        if !settings.operators.is_empty() {
            return Err(refuse::refuse(ErrorCode::InviteInvalid));
        }
        settings.operators.push(user);
        domain = domain
            .guard(Guard::Instance(InstanceKey::Settings, stored))
            .write(Write::Instance(InstanceKey::Settings, profile::encode(&settings).into()))
            .audit(audited(user, Audited::UserRolesCreate));
    }
    if let Some(invite) = pending.state.invite {
        let invite: Invite = ctx
            .read(InviteById(invite))
            .await?
            .filter(|invite| invites::is_open(invite, ctx.now_ms))
            .ok_or_else(|| refuse::refuse(ErrorCode::InviteInvalid))?;
        domain = invites::used(ctx, &invite, (user, root), proof, domain).await?;
    }
    Ok(domain)
}

/// The user chain must be the user's, and its keyrings must come with it.
fn first_keys(validated: &Validated, user: UserId) -> Result<PersonProfile, Refusal> {
    let malformed = || refuse::refuse(ErrorCode::Malformed);
    let fact = validated.user(user).ok_or_else(malformed)?.fact();
    if !validated.all_by(user) || validated.after.len() != 3 {
        return Err(malformed());
    }
    for (named, kind) in [(fact.personal, KeyringKind::U), (fact.inbox, KeyringKind::I)] {
        let chain = validated.keyring(named.id).ok_or_else(malformed)?;
        if chain.fact().kind != kind {
            return Err(malformed());
        }
    }
    Ok(PersonProfile { personal: fact.personal.id, inbox: fact.inbox.id })
}

/// The server's part of a recovery code as it is stored; its key must be one.
///
/// # Errors
/// `malformed`.
pub(crate) fn stored_recovery(recovery: &Recovery) -> Result<StoredRecovery, Refusal> {
    let malformed = |_| refuse::refuse(ErrorCode::Malformed);
    let key = <[u8; 32]>::try_from(recovery.auth_key.as_slice()).map_err(malformed)?;
    PublicKey::from_bytes(&key).map_err(|_| refuse::refuse(ErrorCode::Malformed))?;
    <[u8; 32]>::try_from(recovery.server_half.as_slice()).map_err(malformed)?;
    Ok(StoredRecovery {
        server_half: recovery.server_half.as_slice().into(),
        auth_key: Bytes32::from_bytes(key),
        release_at_ms: None,
    })
}

/// The write of a vault that replaces the version before it.
pub(crate) fn put_vault(user: UserId, vault: &relais_wire::account::Vault) -> AccountWrite {
    AccountWrite::PutObject {
        user,
        object: UserObject::Vault,
        expect: vault.version.get().saturating_sub(1),
        bytes: vault.ciphertext.as_slice().into(),
    }
}

/// An audit line about oneself.
pub(crate) fn audited(user: UserId, event: Audited) -> AuditLine {
    let AuditLine { log, entry } = instance_line(Actor::User(user), event);
    AuditLine { log, entry: entry.on(Scope::User(user)) }
}

/// An audit line about a session that was opened.
pub(crate) fn opened(user: UserId, session: relais_wire::SessionId) -> AuditLine {
    let AuditLine { log, entry } = instance_line(Actor::User(user), Audited::SessionCreate);
    AuditLine { log, entry: entry.on(Scope::Session(session)) }
}

/// The kinds of wrap that a change of vault key replaces.
pub(crate) const WRAP_KINDS: [account::WrapKind; 4] = [
    account::WrapKind::Password,
    account::WrapKind::Recovery,
    account::WrapKind::Passkey,
    account::WrapKind::KeyFile,
];

//! Accounts: coming into being, signing in, getting back in, and the user's own ciphertext objects.
//!
//! Sign-in is password (OPAQUE), then second factor, and only then ciphertext. Nothing before the second factor
//! tells whether a login exists.
//!
//! Not known here: passwords, seeds, and what a vault holds.

pub(crate) mod factor;
pub(crate) mod login;
pub(crate) mod objects;
pub(crate) mod recover;
pub(crate) mod register;
pub(crate) mod rekey;

use relais_care::audit::{Actor, Event as Audited, Scope};
use relais_store::facts::account::{UserObject, Wrap as StoredWrap, WrapKind as StoredKind};
use relais_store::facts::audit::AuditLine;
use relais_store::facts::session::{Login, LoginStage, Session, SessionKind};
use relais_store::reads::{AccountById, EmailsOf, LoginById, ObjectOf, SessionById, WrapsOf};
use relais_store::{Chore, Domain};
use relais_wire::account::{Locale, SessionGrant, Vault, Wrap, WrapKind};
use relais_wire::ids::{Bytes32, DeviceId, LoginId, Seq, SessionId, UserId};
use relais_wire::limits::{CODE_TRIES_MAX, VAULT_BYTES_MAX};
use relais_wire::scalar::{Bin, Millis, Private};
use relais_wire::{ErrorCode, Refusal};

use self::register::tag;
use super::context::{Ctx, instance_line};
use super::limits::{LOGIN_TTL_MS, Limit, WRAP_BYTES_MAX, WRAP_LABEL_BYTES_MAX, WRAPS_MAX};
use super::mutation::{self, Check};
use super::profile::{self, LoginState};
use super::sessions::{self, fresh};
use super::tickets::SessionFacts;
use super::{codes, permit, refuse};
use crate::mail::{Lane, Mail, MailBody, Notice, Place};

/// Counts one of these acts.
pub(crate) fn charge(ctx: &Ctx<'_>, limit: Limit, of: &[u8]) -> Chore {
    let key = counter(ctx, limit, of);
    let count = if mutation::is_on(Check::LoginLimits) { limit.count } else { u32::MAX };
    Chore::Charge { key, limit: count, window_ms: limit.window_ms }
}

/// The name a limit is counted under.
pub(crate) fn counter(ctx: &Ctx<'_>, limit: Limit, of: &[u8]) -> Bytes32 {
    let mut input = limit.name.as_bytes().to_vec();
    input.push(0);
    input.extend_from_slice(of);
    Bytes32::from_bytes(ctx.app.keys.derive("relais/v1/counter", &input))
}

/// A sign-in under way: its row and its state.
pub(crate) struct Pending {
    /// The row.
    pub(crate) login: Login,
    /// The decoded state.
    pub(crate) state: LoginState,
}

impl Pending {
    /// The row as it is to be stored now.
    pub(crate) fn row(&self) -> Box<Login> {
        Box::new(Login { state: profile::encode(&self.state).into(), ..self.login.clone() })
    }

    /// Moves it on, if it is still as it was read.
    pub(crate) fn advance(&self, from: LoginStage) -> Chore {
        let (login, seen) = (self.login.login, self.login.state.clone());
        Chore::AdvanceLogin { login, from, seen, to: self.row() }
    }

    /// Gives it a new code; answers the code.
    pub(crate) fn new_code(&mut self, ctx: &Ctx<'_>) -> String {
        let code = codes::draw();
        self.login.code = Some(codes::kept(&ctx.app.keys, self.login.login, &code));
        self.login.tries = CODE_TRIES_MAX;
        self.state.sends = self.state.sends.saturating_add(1);
        self.state.sent_ms = ctx.now_ms;
        code
    }
}

/// A new sign-in, registration or recovery.
pub(crate) fn begin(ctx: &Ctx<'_>, stage: LoginStage, user: UserId, locale: Locale) -> Pending {
    let login = Login {
        login: LoginId::from_bytes(fresh()),
        user: None,
        email: None,
        stage,
        state: Vec::new().into(),
        code: None,
        tries: 0,
        expires_ms: ctx.now_ms.saturating_add(LOGIN_TTL_MS),
    };
    let state = LoginState {
        user,
        version: 0,
        locale,
        opaque: Bin::default(),
        sends: 0,
        sent_ms: 0,
        invite: None,
        setup: false,
        recovery: profile::RecoveryStep::Code,
    };
    Pending { login, state }
}

/// The sign-in with this id, if it is at this stage and not over.
pub(crate) async fn pending(ctx: &Ctx<'_>, id: LoginId, stage: LoginStage) -> Result<Pending, Refusal> {
    let over = || refuse::refuse(ErrorCode::CodeExpired);
    let login = ctx.read(LoginById(id)).await?.ok_or_else(over)?;
    if login.stage != stage || ctx.now_ms >= login.expires_ms {
        return Err(over());
    }
    let state = profile::decode(login.state.as_slice()).ok_or_else(over)?;
    Ok(Pending { login, state })
}

/// Spends a try, then compares the code: parallel guesses each cost one.
pub(crate) async fn check_code(ctx: &Ctx<'_>, pending: &Pending, typed: &Private) -> Result<(), Refusal> {
    if pending.login.code.is_none() {
        return Err(refuse::refuse(ErrorCode::CodeExpired));
    }
    if mutation::is_on(Check::CodeTries) {
        let spent = ctx.upkeep(vec![Chore::SpendTry(pending.login.login)]).await;
        spent.map_err(|refusal| {
            let none_left = refusal.code == ErrorCode::CodeExpired;
            if none_left { refuse::refuse(ErrorCode::TooManyTries) } else { refusal }
        })?;
    }
    let right = codes::matches(&ctx.app.keys, pending.login.login, pending.login.code, typed.as_str());
    if right { Ok(()) } else { Err(refuse::refuse(ErrorCode::CodeWrong)) }
}

/// Room for a mail, to be taken before anything is changed for which it is needed.
///
/// # Errors
/// `throttled` while too many wait.
pub(crate) fn place(ctx: &Ctx<'_>, lane: Lane) -> Result<Place, Refusal> {
    ctx.app.mailer.place(lane).map_err(|_| Refusal::retry(ErrorCode::Throttled, 5_000))
}

/// Mails a code.
pub(crate) fn mail_code(place: Place, to: &str, locale: Locale, code: String) {
    place.send(Mail { to: to.into(), locale, body: MailBody::Code(Private(code)) });
}

/// Tells the owner of an account what happened to it, at the primary address.
pub(crate) async fn notify(ctx: &Ctx<'_>, user: UserId, notice: Notice) {
    let Ok((Some(account), addresses)) = ctx.read((AccountById(user), EmailsOf(user))).await else { return };
    let Some(to) = addresses.into_iter().next() else { return };
    let locale = if account.locale == tag(Locale::En) { Locale::En } else { Locale::Fr };
    let mail = Mail { to: to.as_str().into(), locale, body: MailBody::Notice(notice) };
    if ctx.app.mailer.send(mail).is_err() {
        tracing::warn!("a notice to the owner of an account found no room among the mails that wait");
    }
}

/// A failed sign-in, for the audit log; never who was guessed at where nobody proved anything.
pub(crate) fn failed(user: Option<UserId>) -> AuditLine {
    let AuditLine { log, entry } = instance_line(Actor::Server, Audited::SessionFail);
    let entry = match user {
        Some(user) => entry.on(Scope::User(user)),
        None => entry,
    };
    AuditLine { log, entry }
}

/// A session to open.
pub(crate) fn new_session(ctx: &Ctx<'_>, user: UserId, device: DeviceId) -> Session {
    Session {
        session: SessionId::from_bytes(fresh()),
        user,
        device,
        kind: SessionKind::Full,
        kid: u64::from(ctx.app.state.sessions.keys().newest()),
        binding: sessions::UNBOUND.to_vec().into(),
        created_ms: ctx.now_ms,
        expires_ms: ctx.now_ms.saturating_add(ctx.app.settings.session_ttl_ms),
        seen_ms: ctx.now_ms,
        revoked_ms: None,
    }
}

/// What a new session is answered with, read from the store: so a replayed request gets the same.
pub(crate) async fn grant(ctx: &Ctx<'_>, user: UserId, session: SessionId) -> Result<SessionGrant, Refusal> {
    let gone = || refuse::refuse(ErrorCode::SessionExpired);
    let (row, vault, wraps) =
        ctx.read((SessionById(session), ObjectOf(user, UserObject::Vault), WrapsOf(user))).await?;
    let row = row.ok_or_else(gone)?;
    if row.revoked_ms.is_some() {
        return Err(gone());
    }
    let facts = SessionFacts { session, user, device: row.device, expires_ms: row.expires_ms };
    let table = &ctx.app.state.sessions;
    table.remember(facts);
    let keys = table.keys();
    let internal = |_| refuse::refuse(ErrorCode::Internal);
    let rights = permit::rights(ctx, user).await?;
    Ok(SessionGrant {
        session,
        user,
        device: row.device,
        key: keys.session_key(session).map_err(internal)?,
        ticket: keys.seal(ctx.now_ms, &facts).map_err(internal)?,
        expires: Millis::saturating(row.expires_ms),
        vault: vault.map_or(Vault { version: Seq::ZERO, ciphertext: Bin::default() }, |vault| Vault {
            version: Seq::new(vault.version).unwrap_or_default(),
            ciphertext: Bin(vault.bytes.0.to_vec()),
        }),
        wraps: wraps.iter().filter_map(wire_wrap).collect(),
        orgs: rights.orgs().to_vec(),
    })
}

/// A stored wrap as it travels.
pub(crate) fn wire_wrap(wrap: &StoredWrap) -> Option<Wrap> {
    let kind = match wrap.kind {
        StoredKind::Password => WrapKind::Password,
        StoredKind::Recovery => WrapKind::Recovery,
        StoredKind::Passkey => WrapKind::Passkey,
        StoredKind::KeyFile => WrapKind::KeyFile,
        StoredKind::Escrow => return None,
    };
    Some(Wrap { kind, label: wrap.slot.as_slice().into(), ciphertext: wrap.bytes.as_slice().into() })
}

/// Wraps as they are stored.
///
/// # Errors
/// `malformed` without the kinds that are needed; `too large`.
pub(crate) fn stored_wraps(wraps: &[Wrap], needed: &[WrapKind]) -> Result<Vec<StoredWrap>, Refusal> {
    let fits =
        |wrap: &Wrap| wrap.ciphertext.len() <= WRAP_BYTES_MAX && wrap.label.len() <= WRAP_LABEL_BYTES_MAX;
    if wraps.len() > WRAPS_MAX || !wraps.iter().all(fits) {
        return Err(refuse::refuse(ErrorCode::TooLarge));
    }
    if !needed.iter().all(|kind| wraps.iter().any(|wrap| wrap.kind == *kind)) {
        return Err(refuse::refuse(ErrorCode::Malformed));
    }
    let stored = |wrap: &Wrap| StoredWrap {
        kind: match wrap.kind {
            WrapKind::Password => StoredKind::Password,
            WrapKind::Recovery => StoredKind::Recovery,
            WrapKind::Passkey => StoredKind::Passkey,
            WrapKind::KeyFile => StoredKind::KeyFile,
        },
        slot: wrap.label.as_slice().into(),
        bytes: wrap.ciphertext.as_slice().into(),
    };
    Ok(wraps.iter().map(stored).collect())
}

/// Checks a vault against the `vault` link that came with it: version and hash must be the chain's.
///
/// # Errors
/// `too large`, or `malformed` when they differ.
pub(crate) fn check_vault(vault: &Vault, told: Option<(u64, Bytes32)>) -> Result<(), Refusal> {
    if vault.ciphertext.len() > VAULT_BYTES_MAX {
        return Err(refuse::refuse(ErrorCode::TooLarge));
    }
    let hash = sessions::sha256(vault.ciphertext.as_slice());
    let right = told == Some((vault.version.get(), hash));
    if right { Ok(()) } else { Err(refuse::refuse(ErrorCode::Malformed)) }
}

/// A wrong code costs its sign-in a try, and has a line in the audit log. Whatever is refused without costing one
/// has none: the log is kept for good, and nobody who has proved nothing may fill it.
pub(crate) async fn note_guess(ctx: &Ctx<'_>, user: Option<UserId>, refusal: &Refusal) {
    if refusal.code == ErrorCode::CodeWrong {
        note_failure(ctx, user).await;
    }
}

/// Commits a refusal's audit line; the refusal itself is what the caller answers.
pub(crate) async fn note_failure(ctx: &Ctx<'_>, user: Option<UserId>) {
    // The refusal is given whether or not the line could be written now.
    drop(ctx.commit(Domain::new(ctx.now_ms, failed(user))).await);
}

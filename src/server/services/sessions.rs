//! Sessions: proving one, remembering it, ending it. A proof is checked from memory; the store is asked only for
//! a session that is neither in a ticket nor remembered.
//!
//! Not known here: how a session comes into being, and sockets.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, RwLock};

use relais_care::audit::{Actor, Event as Audited, Scope};
use relais_store::facts::session::TicketKey as StoredKey;
use relais_store::facts::stream::StreamId;
use relais_store::reads::{
    RevokedOf, RevokedSince, SessionById, SessionsOf, StreamHeads, SuspendedAccounts,
    TicketKeys as StoredKeys,
};
use relais_store::{Chore, Domain, Embedded, SessionWrite, Store as _, Write};
use relais_wire::account::{Done, RevokeSession, SessionCard, Sessions};
use relais_wire::control::HelloSession;
use relais_wire::events::SessionEnded;
use relais_wire::ids::{Bytes32, Seq, SessionId, UserId};
use relais_wire::scalar::Millis;
use relais_wire::{CloseCode, ErrorCode, Refusal};
use zeroize::Zeroizing;

use super::context::{Ctx, Told, instance_line};
use super::limits::SESSIONS_CACHED;
use super::mutation::{self, Check};
use super::permit::{self, Own, Permit};
use super::tickets::{ProofError, Proved, SessionFacts, TicketKey, TicketKeys};
use super::{Authenticated, ClientKey, HelloAccepted, HttpProof, refuse};
use crate::app::App;
use crate::deliver::End;
use crate::keys::random32;

/// Milliseconds for which revocations are kept in memory: as long as the two live ticket keys. A session proved
/// under an older one is read from the store, which knows for good.
const REVOKED_KEPT_MS: u64 = 48 * 3_600_000;

/// What is known of sessions without asking the store.
#[derive(Debug, Default)]
pub(crate) struct SessionTable {
    keys: RwLock<TicketKeys>,
    known: RwLock<HashMap<SessionId, SessionFacts>>,
    revoked: RwLock<HashMap<SessionId, u64>>,
    suspended: RwLock<HashSet<UserId>>,
}

impl SessionTable {
    /// Loads ticket keys and recent revocations, and makes the first key.
    ///
    /// # Errors
    /// A message for the operator.
    pub(crate) async fn load(store: &Embedded, now_ms: u64, session_ttl_ms: u64) -> Result<Self, String> {
        let table = Self::default();
        table.refresh_keys(store, now_ms, session_ttl_ms).await?;
        let since = now_ms.saturating_sub(REVOKED_KEPT_MS);
        let revoked = store.read(RevokedSince(since)).await.map_err(|error| error.to_string())?;
        if let Ok(mut map) = table.revoked.write() {
            map.extend(revoked);
        }
        let suspended = store.read(SuspendedAccounts).await.map_err(|error| error.to_string())?;
        if let Ok(mut set) = table.suspended.write() {
            set.extend(suspended);
        }
        Ok(table)
    }

    /// Makes a new ticket key where one is due, and forgets keys and revocations that nothing can depend on.
    ///
    /// # Errors
    /// A message for the operator; the present keys stay.
    pub(crate) async fn refresh_keys(
        &self,
        store: &Embedded,
        now_ms: u64,
        session_ttl_ms: u64,
    ) -> Result<(), String> {
        let stored = store.read(StoredKeys).await.map_err(|error| error.to_string())?;
        let mut keys = live(stored);
        if let Some(kid) = keys.due(now_ms) {
            let key = StoredKey { kid: u64::from(kid), key: random32().to_vec().into(), created_ms: now_ms };
            let line = instance_line(Actor::Server, Audited::KeyCreate);
            let oldest = u64::from(keys.oldest_needed(now_ms, session_ttl_ms));
            let domain = Domain::new(now_ms, line)
                .write(Write::PutTicketKey(key))
                .write(Write::DropTicketKeysBelow(oldest));
            store.commit(domain).await.map_err(|error| error.to_string())?;
            keys = live(store.read(StoredKeys).await.map_err(|error| error.to_string())?);
        }
        if let Ok(mut present) = self.keys.write() {
            *present = keys;
        }
        if let Ok(mut revoked) = self.revoked.write() {
            revoked.retain(|_, at_ms| now_ms.saturating_sub(*at_ms) < REVOKED_KEPT_MS);
        }
        Ok(())
    }

    /// The live ticket keys.
    pub(crate) fn keys(&self) -> TicketKeys {
        self.keys.read().map(|keys| keys.clone()).unwrap_or_default()
    }

    /// Remembers a session.
    pub(crate) fn remember(&self, facts: SessionFacts) {
        let Ok(mut known) = self.known.write() else { return };
        if known.len() >= SESSIONS_CACHED {
            known.clear();
        }
        known.insert(facts.session, facts);
    }

    /// A session has ended: from now on no proof of it holds.
    pub(crate) fn revoke(&self, session: SessionId, now_ms: u64) {
        if let Ok(mut revoked) = self.revoked.write() {
            revoked.insert(session, now_ms);
        }
        if let Ok(mut known) = self.known.write() {
            known.remove(&session);
        }
    }

    /// An account was suspended or readmitted; the store knows already.
    pub(crate) fn set_suspended(&self, user: UserId, suspended: bool) {
        if let Ok(mut set) = self.suspended.write() {
            if suspended {
                set.insert(user)
            } else {
                set.remove(&user)
            };
        }
    }

    fn is_suspended(&self, user: UserId) -> bool {
        let suspended = self.suspended.read().map_or(true, |set| set.contains(&user));
        suspended && mutation::is_on(Check::Suspension)
    }

    fn is_revoked(&self, session: SessionId) -> bool {
        let revoked = self.revoked.read().map_or(true, |map| map.contains_key(&session));
        revoked && mutation::is_on(Check::Revocation)
    }

    fn known(&self, session: SessionId) -> Option<SessionFacts> {
        self.known.read().ok()?.get(&session).copied()
    }
}

fn live(stored: Vec<StoredKey>) -> TicketKeys {
    let key = |stored: StoredKey| {
        Some(TicketKey {
            kid: u32::try_from(stored.kid).ok()?,
            key: Zeroizing::new(stored.key.as_slice().to_vec()),
            created_ms: stored.created_ms,
        })
    };
    TicketKeys::new(stored.into_iter().filter_map(key).collect())
}

/// Whether a session is still what it was when it was proved. From memory.
pub(crate) fn still_valid(app: &App, who: &Authenticated) -> Result<(), CloseCode> {
    let sessions = &app.state.sessions;
    if sessions.is_revoked(who.session) || sessions.is_suspended(who.user) {
        return Err(CloseCode::Revoked);
    }
    if app.clock.now_ms() >= who.expires_ms { Err(CloseCode::SessionExpired) } else { Ok(()) }
}

/// Checks the proof of an HTTP request.
pub(crate) async fn authenticate_http(
    ctx: &Ctx<'_>,
    proof: &HttpProof<'_>,
) -> Result<Authenticated, Refusal> {
    let checked = ctx.app.state.sessions.keys().check_http(ctx.now_ms, proof);
    let proved = checked.map_err(|error| {
        refuse::refuse(match error {
            ProofError::OldKey => ErrorCode::SessionExpired,
            ProofError::Bad | ProofError::Over => ErrorCode::Unauthenticated,
        })
    })?;
    let facts = facts_of(ctx, proof.session, proved, None).await.map_err(|close| {
        let known = [
            (CloseCode::Revoked, ErrorCode::Revoked),
            (CloseCode::SessionExpired, ErrorCode::SessionExpired),
            (CloseCode::Unavailable, ErrorCode::Unavailable),
        ];
        let code = known.iter().find(|(from, _)| *from == close).map(|(_, code)| *code);
        refuse::refuse(code.unwrap_or(ErrorCode::Unauthenticated))
    })?;
    Ok(authenticated(facts, ctx.client))
}

/// Checks a `Hello` against the nonce of this connection.
pub(crate) async fn check_hello(
    ctx: &Ctx<'_>,
    nonce: &[u8; 32],
    hello: &HelloSession,
) -> Result<HelloAccepted, CloseCode> {
    let keys = ctx.app.state.sessions.keys();
    let proved = keys.check_hello(nonce, hello).map_err(close)?;
    let ticket = hello.ticket.as_ref().and_then(|ticket| keys.open(ctx.now_ms, ticket.as_slice()).ok());
    let facts = facts_of(ctx, hello.session, proved, ticket).await?;
    let org = match hello.org.map(|org| org.org) {
        Some(org) => {
            let rights = permit::rights(ctx, facts.user).await.map_err(|_| CloseCode::Unavailable)?;
            Some(org).filter(|org| rights.orgs().contains(org))
        }
        None => None,
    };
    let mut streams = vec![StreamId::new(facts.user, None)];
    streams.extend(org.map(|org| StreamId::new(facts.user, Some(org))));
    let heads = ctx.read(StreamHeads(streams)).await.map_err(|_| CloseCode::Unavailable)?;
    // A touch that is lost costs nothing but an older time in the list of sessions.
    drop(ctx.upkeep(vec![Chore::TouchSession(facts.session)]).await);
    Ok(HelloAccepted {
        who: authenticated(facts, ctx.client),
        epoch: ctx.app.store.epoch(),
        org,
        org_head: heads.get(1).copied().unwrap_or(Seq::ZERO),
        personal_head: heads.first().copied().unwrap_or(Seq::ZERO),
        ticket: keys.seal(ctx.now_ms, &facts).map_err(close)?,
        rekey: if hello.kid == keys.newest() { None } else { keys.session_key(facts.session).ok() },
    })
}

const fn close(error: ProofError) -> CloseCode {
    match error {
        ProofError::OldKey | ProofError::Over => CloseCode::SessionExpired,
        ProofError::Bad => CloseCode::AuthFailed,
    }
}

const fn authenticated(facts: SessionFacts, client: ClientKey) -> Authenticated {
    let SessionFacts { session, user, device, expires_ms } = facts;
    Authenticated { user, session, device, client, expires_ms }
}

/// What a proved session is: from its ticket, from memory, or from the store; from the store alone for one proved
/// under a retired key, because memory does not know of revocations that old. Not for a suspended account.
async fn facts_of(
    ctx: &Ctx<'_>,
    session: SessionId,
    proved: Proved,
    ticket: Option<SessionFacts>,
) -> Result<SessionFacts, CloseCode> {
    let table = &ctx.app.state.sessions;
    if table.is_revoked(session) {
        return Err(CloseCode::Revoked);
    }
    let ticket = ticket.filter(|facts| facts.session == session);
    let at_hand = match proved {
        Proved::Live => ticket.or_else(|| table.known(session)),
        Proved::Retired => None,
    };
    let facts = match at_hand {
        Some(facts) => facts,
        None => stored(ctx, session).await?,
    };
    if ctx.now_ms >= facts.expires_ms {
        return Err(CloseCode::SessionExpired);
    }
    if table.is_suspended(facts.user) {
        return Err(CloseCode::Revoked);
    }
    table.remember(facts);
    Ok(facts)
}

async fn stored(ctx: &Ctx<'_>, session: SessionId) -> Result<SessionFacts, CloseCode> {
    let found = ctx.read(SessionById(session)).await.map_err(|_| CloseCode::Unavailable)?;
    let found = found.ok_or(CloseCode::AuthFailed)?;
    if found.revoked_ms.is_some() && mutation::is_on(Check::Revocation) {
        return Err(CloseCode::Revoked);
    }
    Ok(SessionFacts { session, user: found.user, device: found.device, expires_ms: found.expires_ms })
}

/// The user's sessions.
pub(crate) async fn list(ctx: &Ctx<'_>, permit: &Permit<Own>) -> Result<Sessions, Refusal> {
    let who = permit.who();
    let found = ctx.read(SessionsOf { user: who.user, now_ms: ctx.now_ms }).await?;
    let line = instance_line(Actor::User(who.user), Audited::SessionList);
    ctx.commit(Domain::new(ctx.now_ms, line)).await?;
    let card = |session: relais_store::facts::session::Session| SessionCard {
        session: session.session,
        device: session.device,
        opened: Millis::saturating(session.created_ms),
        seen: Millis::saturating(session.seen_ms),
        expires: Millis::saturating(session.expires_ms),
        current: session.session == who.session,
    };
    Ok(Sessions { sessions: found.into_iter().map(card).collect() })
}

/// Ends one of the user's sessions.
pub(crate) async fn revoke(
    ctx: &Ctx<'_>,
    permit: &Permit<Own>,
    request: RevokeSession,
) -> Result<Done, Refusal> {
    let who = permit.who();
    if ctx.replay(who.user, request.idem).await?.is_some() {
        ended(ctx.app, ctx.now_ms, who.user, request.session);
        return Ok(Done {});
    }
    let found = ctx.read(SessionById(request.session)).await?;
    if found.is_none_or(|session| session.user != who.user) {
        return Err(refuse::refuse(ErrorCode::NotFound));
    }
    let entry = instance_line(Actor::User(who.user), Audited::SessionEnd);
    let line = relais_store::facts::audit::AuditLine {
        entry: entry.entry.on(Scope::Session(request.session)),
        ..entry
    };
    let told = Told::one(who.user, None, SessionEnded { session: request.session });
    let domain = Domain::new(ctx.now_ms, line)
        .idem(ctx.idem(who.user, request.idem, Vec::new()))
        .write(SessionWrite::Revoke(request.session))
        .event(told.into());
    ctx.commit(domain).await?;
    ended(ctx.app, ctx.now_ms, who.user, request.session);
    Ok(Done {})
}

/// After a commit that ended a session: no proof of it holds any more, and its sockets close.
pub(crate) fn ended(app: &Arc<App>, now_ms: u64, user: UserId, session: SessionId) {
    app.state.sessions.revoke(session, now_ms);
    app.end_sessions(End { user, session: Some(session), code: CloseCode::Revoked });
}

/// After a commit that ended all sessions of a user: whatever it found is over, also a session that came into
/// being since the caller looked. Asked again by a repeated request, it says the same.
///
/// # Errors
/// The store's; the sessions then end when the request is repeated.
pub(crate) async fn all_ended(ctx: &Ctx<'_>, user: UserId) -> Result<(), Refusal> {
    let since_ms = ctx.now_ms.saturating_sub(REVOKED_KEPT_MS);
    for session in ctx.read(RevokedOf { user, since_ms }).await? {
        ended(ctx.app, ctx.now_ms, user, session);
    }
    Ok(())
}

/// The all-zero binding: a session is bound by its key, which is derived and never stored.
pub(crate) const UNBOUND: [u8; 0] = [];

/// A fresh 16-byte id.
pub(crate) fn fresh() -> [u8; 16] {
    let [id @ .., _, _, _, _, _, _, _, _, _, _, _, _, _, _, _, _] = random32();
    id
}

/// SHA-256.
pub(crate) fn sha256(bytes: &[u8]) -> Bytes32 {
    relais_chain::hash::sha256(bytes)
}

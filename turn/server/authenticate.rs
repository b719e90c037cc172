//! Long-term credentials (RFC 8489 §9.2.4): who asks, proven by integrity under a key that only they have.

use super::Server;
use super::reply::offered;
use crate::allocation::Signer;
use crate::auth::{Algorithm, Caps, Ephemeral, Key, NonceState};
use crate::config::Sha256Mode;
use crate::io::{Client, Now};
use crate::limits::USERNAME_BYTES_MAX;
use crate::refusal::{Refusal, require};
use crate::wire::{AttributeType, IntegrityKind, Message};

/// Somebody who has proven who they are.
#[derive(Debug)]
pub(super) struct Proven {
    pub(super) username: Box<str>,
    pub(super) signer: Signer,
    pub(super) expires_s: Option<u64>,
    pub(super) caps: Caps,
}

impl Server {
    /// Checks the credentials of a request. Nothing is stored.
    ///
    /// The order is the RFC's (form, offer, integrity, age of the nonce), but for a nonce that was not given to this
    /// client: that comes first, so that nothing is looked up or computed for who cannot receive our answers.
    pub(super) fn authenticate(
        &self,
        now: Now,
        client: &Client,
        message: &Message<'_>,
    ) -> Result<Proven, Refusal> {
        let sha1 = message.integrity(IntegrityKind::Sha1);
        let sha256 = message.integrity(IntegrityKind::Sha256);
        require(sha1.is_some() || sha256.is_some(), Refusal::NoCredentials)?;
        let realm = message.get(AttributeType::REALM).ok_or(Refusal::HalfCredentials)?;
        let nonce = message.get(AttributeType::NONCE).ok_or(Refusal::HalfCredentials)?;
        let named = message.has(AttributeType::USERNAME) || message.has(AttributeType::USERHASH);
        require(named, Refusal::HalfCredentials)?;
        let state = self.nonces.check(nonce, client, now.unix_s);
        require(state != NonceState::Foreign, Refusal::StaleNonce)?;
        let username = self.username(message)?;
        let offers = match state {
            NonceState::Valid { algorithms } | NonceState::Old { algorithms } => algorithms,
            NonceState::Foreign => self.nonces.offers_algorithms(),
        };
        let algorithm = chosen(message, offers)?;
        // With the offer, SHA-256 counts where it is there: or SHA-1 beside it would be a way around it.
        let integrity = match (sha256, sha1) {
            (Some(sha256), sha1) if offers || sha1.is_none() => (IntegrityKind::Sha256, sha256),
            (_, Some(sha1)) => (IntegrityKind::Sha1, sha1),
            (Some(sha256), None) => (IntegrityKind::Sha256, sha256),
            (None, None) => return Err(Refusal::NoCredentials),
        };
        let (kind, integrity) = integrity;
        let strong = kind == IntegrityKind::Sha256 || self.config.sha256 != Sha256Mode::Required;
        require(strong, Refusal::WeakIntegrity)?;
        require(realm == self.config.realm.as_str().as_bytes(), Refusal::WrongIntegrity)?;
        let (keys, expires_s, caps) = self.keys(client, &username, algorithm)?;
        let right = keys.iter().find(|key| integrity.is_by(key.as_bytes()));
        require(right.is_some(), Refusal::WrongIntegrity)?;
        let key = right.or(keys.first()).ok_or(Refusal::WrongIntegrity)?.clone();
        require(matches!(state, NonceState::Valid { .. }), Refusal::StaleNonce)?;
        require(expires_s.is_none_or(|expires| now.unix_s < expires), Refusal::CredentialExpired)?;
        require(!self.is_revoked(now, &username), Refusal::Revoked)?;
        Ok(Proven { username, signer: Signer { key, kind }, expires_s, caps })
    }

    fn username(&self, message: &Message<'_>) -> Result<Box<str>, Refusal> {
        if let Some(name) = message.get(AttributeType::USERNAME) {
            require(name.len() <= USERNAME_BYTES_MAX, Refusal::BadAttribute)?;
            return std::str::from_utf8(name).map(Into::into).map_err(|_| Refusal::BadAttribute);
        }
        let hash = message.get(AttributeType::USERHASH).ok_or(Refusal::HalfCredentials)?;
        self.hashes.get(hash).cloned().ok_or(Refusal::WrongIntegrity)
    }

    /// Keys that prove this name. The key of a live allocation is kept with it, so that a secret may be replaced
    /// while calls go on, and so that no key is derived for each request.
    fn keys(
        &self,
        client: &Client,
        username: &str,
        algorithm: Algorithm,
    ) -> Result<(Vec<Key>, Option<u64>, Caps), Refusal> {
        let own = self.by_client.get(client).and_then(|id| self.allocations.get(*id));
        if let Some(own) = own
            && own.user.as_str() == username
            && own.signer.key.algorithm() == algorithm
        {
            let ends = own.credential_ends_s.filter(|_| self.config.end_at_expiry);
            return Ok((vec![own.signer.key.clone()], ends, Caps::default()));
        }
        let found = self.config.credentials.keys(username, self.config.realm.as_str(), algorithm);
        let (keys, subject) = found.ok_or(Refusal::WrongIntegrity)?;
        Ok((keys, subject.expires_s, subject.caps))
    }

    fn is_revoked(&self, now: Now, username: &str) -> bool {
        let session = Ephemeral::parse(username).and_then(|name| name.session);
        self.revoked.has(now.unix_s, &revoked_name(username))
            || session.is_some_and(|session| self.revoked.has(now.unix_s, &revoked_session(session)))
    }
}

/// How a revoked name is remembered.
pub(super) fn revoked_name(username: &str) -> String {
    format!("n{username}")
}

/// How a revoked session is remembered.
pub(super) fn revoked_session(session: &str) -> String {
    format!("s{session}")
}

/// The algorithm of the key. With an offer, what the client says was offered must be what was (else somebody between
/// has made it shorter), and its choice must be part of it; a client that knows no offers says nothing.
fn chosen(message: &Message<'_>, offers: bool) -> Result<Algorithm, Refusal> {
    let echoed = message.get(AttributeType::PASSWORD_ALGORITHMS);
    let choice = message.get(AttributeType::PASSWORD_ALGORITHM);
    if !offers || (echoed.is_none() && choice.is_none()) {
        return Ok(Algorithm::Md5);
    }
    require(echoed == Some(offered().as_slice()), Refusal::BidDown)?;
    let Some(&[n0, n1, 0, 0]) = choice else { return Err(Refusal::BidDown) };
    Algorithm::from_number(u16::from_be_bytes([n0, n1])).ok_or(Refusal::BidDown)
}

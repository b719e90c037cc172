//! Session keys and resume tickets. A session's key is `HMAC(ticket key, session id)`: it is computed, never
//! stored. A ticket is what the server would otherwise have to read from its store, under the server's own
//! HMAC: `kid(4) || session || user || device || issued(8) || session ends(8) || HMAC(32)`, big endian.
//!
//! A ticket key is made daily and kept in the store. Two are *live*: tickets are sealed and opened under them, and a
//! session proved under one of them may be taken from memory. Older ones are *retired*: they prove a session that
//! was away, whose facts then come from the store, until no session made under them can still last
//! (`docs/adr/0014-retired-ticket-keys.md`).
//!
//! Not known here: whether a session was revoked, and where keys are kept.

use hmac::{Hmac, KeyInit as _, Mac as _};
use relais_wire::control::{HelloSession, SessionKey, http_proof_input, proof_input};
use relais_wire::ids::{DeviceId, SessionId, UserId};
use relais_wire::limits::{HTTP_CLOCK_SKEW_MS, TICKET_TTL_MS};
use relais_wire::scalar::{Bin, Millis};
use sha2::Sha256;
use subtle::ConstantTimeEq as _;
use zeroize::Zeroizing;

use super::HttpProof;
use super::mutation::{self, Check};

/// Milliseconds after which a new ticket key is made.
pub(crate) const TICKET_KEY_AGE_MS: u64 = 24 * 3_600_000;

/// Ticket keys that are live: a ticket sealed just before a rotation is opened after it.
pub(crate) const TICKET_KEYS_LIVE: usize = 2;

const TICKET_LABEL: &[u8] = b"relais/v1/ticket\0";
const TICKET_BYTES: usize = 4 + 16 * 3 + 8 * 2;
const TAG_BYTES: usize = 32;

/// One key that session keys are derived under.
#[derive(Clone)]
pub(crate) struct TicketKey {
    /// Counts up.
    pub(crate) kid: u32,
    /// 32 random bytes.
    pub(crate) key: Zeroizing<Vec<u8>>,
    /// Server time it was made.
    pub(crate) created_ms: u64,
}

/// The kept ticket keys, newest first.
#[derive(Clone, Default)]
pub(crate) struct TicketKeys(Vec<TicketKey>);

/// What a proof was made under.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Proved {
    /// A live key.
    Live,
    /// A retired one: the session is to be read from the store.
    Retired,
}

/// What is known of a session without asking the store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct SessionFacts {
    /// The session.
    pub(crate) session: SessionId,
    /// Its user.
    pub(crate) user: UserId,
    /// Its device.
    pub(crate) device: DeviceId,
    /// Server time at which it ends.
    pub(crate) expires_ms: u64,
}

/// Why a proof or ticket is not accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum ProofError {
    /// Made under a ticket key that is not kept any more (a proof) or no longer live (a ticket).
    #[error("made under a key that is no longer there")]
    OldKey,
    /// It does not verify.
    #[error("it does not verify")]
    Bad,
    /// It is over.
    #[error("it is over")]
    Over,
}

impl core::fmt::Debug for TicketKeys {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "TicketKeys({} kept)", self.0.len())
    }
}

impl TicketKeys {
    /// From stored keys, in any order; the newest are live.
    pub(crate) fn new(mut keys: Vec<TicketKey>) -> Self {
        keys.sort_by_key(|key| core::cmp::Reverse(key.kid));
        Self(keys)
    }

    /// Number of the oldest key that is still needed when sessions last for `session_ttl_ms`: the live ones, and
    /// those that were the newest within that time.
    pub(crate) fn oldest_needed(&self, now_ms: u64, session_ttl_ms: u64) -> u32 {
        let replaced_at = self.0.iter().map(|key| key.created_ms);
        let older = self.0.iter().skip(1).zip(replaced_at);
        let needed = older.enumerate().filter(|(place, (_, replaced_ms))| {
            place + 1 < TICKET_KEYS_LIVE || now_ms.saturating_sub(*replaced_ms) < session_ttl_ms
        });
        needed.map(|(_, (key, _))| key.kid).min().unwrap_or(self.newest())
    }

    fn live(&self) -> impl Iterator<Item = &TicketKey> {
        self.0.iter().take(TICKET_KEYS_LIVE)
    }

    /// Number for the next key, when it is due.
    pub(crate) fn due(&self, now_ms: u64) -> Option<u32> {
        match self.0.first() {
            None => Some(1),
            Some(newest) if now_ms.saturating_sub(newest.created_ms) >= TICKET_KEY_AGE_MS => {
                Some(newest.kid.saturating_add(1))
            }
            Some(_) => None,
        }
    }

    /// Number of the newest key.
    pub(crate) fn newest(&self) -> u32 {
        self.0.first().map_or(0, |key| key.kid)
    }

    /// The key of a session, under the newest ticket key.
    ///
    /// # Errors
    /// [`ProofError::OldKey`] when there is no ticket key at all.
    pub(crate) fn session_key(&self, session: SessionId) -> Result<SessionKey, ProofError> {
        let newest = self.0.first().ok_or(ProofError::OldKey)?;
        let key = hmac_sha256(&newest.key, &[session.as_bytes()]);
        Ok(SessionKey { kid: newest.kid, key: Bin(key.to_vec()) })
    }

    /// Checks the proof of a `Hello` over this connection's nonce.
    ///
    /// # Errors
    /// [`ProofError`].
    pub(crate) fn check_hello(&self, nonce: &[u8], hello: &HelloSession) -> Result<Proved, ProofError> {
        self.check(hello.kid, hello.session, &proof_input(nonce, hello), hello.proof.as_slice())
    }

    /// Checks the proof of an HTTP request.
    ///
    /// # Errors
    /// [`ProofError::Over`] when its time is not about now, else as [`Self::check_hello`].
    pub(crate) fn check_http(&self, now_ms: u64, proof: &HttpProof<'_>) -> Result<Proved, ProofError> {
        if proof.time_ms.abs_diff(now_ms) > HTTP_CLOCK_SKEW_MS {
            return Err(ProofError::Over);
        }
        let time = Millis::saturating(proof.time_ms);
        let input = http_proof_input(proof.method, proof.path, time, &proof.body_sha256);
        self.check(proof.kid, proof.session, &input, &proof.mac)
    }

    fn check(&self, kid: u32, session: SessionId, input: &[u8], proof: &[u8]) -> Result<Proved, ProofError> {
        let key = self.0.iter().find(|key| key.kid == kid).ok_or(ProofError::OldKey)?;
        let session_key = Zeroizing::new(hmac_sha256(&key.key, &[session.as_bytes()]));
        let expected = hmac_sha256(session_key.as_slice(), &[input]);
        let right = bool::from(expected.as_slice().ct_eq(proof)) || !mutation::is_on(Check::SessionProof);
        let is_live = self.live().any(|live| live.kid == kid);
        let proved = if is_live { Proved::Live } else { Proved::Retired };
        if right { Ok(proved) } else { Err(ProofError::Bad) }
    }

    /// A ticket for the next `Hello`.
    ///
    /// # Errors
    /// [`ProofError::OldKey`] when there is no ticket key at all.
    pub(crate) fn seal(&self, now_ms: u64, facts: &SessionFacts) -> Result<Bin, ProofError> {
        let newest = self.0.first().ok_or(ProofError::OldKey)?;
        let mut ticket = Vec::with_capacity(TICKET_BYTES + TAG_BYTES);
        ticket.extend_from_slice(&newest.kid.to_be_bytes());
        ticket.extend_from_slice(facts.session.as_bytes());
        ticket.extend_from_slice(facts.user.as_bytes());
        ticket.extend_from_slice(facts.device.as_bytes());
        ticket.extend_from_slice(&now_ms.to_be_bytes());
        ticket.extend_from_slice(&facts.expires_ms.to_be_bytes());
        let tag = hmac_sha256(&newest.key, &[TICKET_LABEL, &ticket]);
        ticket.extend_from_slice(&tag);
        Ok(Bin(ticket))
    }

    /// Opens a ticket of this server.
    ///
    /// # Errors
    /// [`ProofError`]; the caller then reads the session from the store.
    pub(crate) fn open(&self, now_ms: u64, ticket: &[u8]) -> Result<SessionFacts, ProofError> {
        let (body, tag) = ticket.split_last_chunk::<TAG_BYTES>().ok_or(ProofError::Bad)?;
        let body = <&[u8; TICKET_BYTES]>::try_from(body).map_err(|_| ProofError::Bad)?;
        let (kid, rest) = body.split_first_chunk::<4>().ok_or(ProofError::Bad)?;
        let kid = u32::from_be_bytes(*kid);
        let key = self.live().find(|key| key.kid == kid).ok_or(ProofError::OldKey)?;
        let expected = hmac_sha256(&key.key, &[TICKET_LABEL, body]);
        if !bool::from(expected.ct_eq(tag)) {
            return Err(ProofError::Bad);
        }
        let (session, rest) = rest.split_first_chunk::<16>().ok_or(ProofError::Bad)?;
        let (user, rest) = rest.split_first_chunk::<16>().ok_or(ProofError::Bad)?;
        let (device, rest) = rest.split_first_chunk::<16>().ok_or(ProofError::Bad)?;
        let (issued, rest) = rest.split_first_chunk::<8>().ok_or(ProofError::Bad)?;
        let expires = <[u8; 8]>::try_from(rest).map_err(|_| ProofError::Bad)?;
        let expires_ms = u64::from_be_bytes(expires);
        if now_ms.saturating_sub(u64::from_be_bytes(*issued)) > TICKET_TTL_MS || now_ms >= expires_ms {
            return Err(ProofError::Over);
        }
        Ok(SessionFacts {
            session: SessionId::from_bytes(*session),
            user: UserId::from_bytes(*user),
            device: DeviceId::from_bytes(*device),
            expires_ms,
        })
    }
}

/// HMAC-SHA-256.
pub(crate) fn hmac_sha256(key: &[u8], parts: &[&[u8]]) -> [u8; 32] {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes a key of any length");
    for part in parts {
        mac.update(part);
    }
    mac.finalize().into_bytes().into()
}

#[cfg(test)]
mod tests {
    use relais_wire::control::{HelloSession, http_proof_input, proof_input};
    use relais_wire::ids::{DeviceId, SessionId, UserId};
    use relais_wire::scalar::{Bin, Millis};
    use zeroize::Zeroizing;

    use super::super::HttpProof;
    use super::hmac_sha256;
    use super::{ProofError, Proved, SessionFacts, TICKET_KEY_AGE_MS, TicketKey, TicketKeys};

    fn key(kid: u32) -> TicketKey {
        TicketKey { kid, key: Zeroizing::new(vec![u8::try_from(kid).unwrap(); 32]), created_ms: 1_000 }
    }

    fn facts() -> SessionFacts {
        SessionFacts {
            session: SessionId::from_bytes([1; 16]),
            user: UserId::from_bytes([2; 16]),
            device: DeviceId::from_bytes([3; 16]),
            expires_ms: 10_000_000,
        }
    }

    fn hello(keys: &TicketKeys, nonce: &[u8]) -> HelloSession {
        let session_key = keys.session_key(facts().session).unwrap();
        let mut hello = HelloSession {
            session: facts().session,
            kid: session_key.kid,
            proof: Bin::default(),
            ticket: None,
            org: None,
            personal: None,
        };
        hello.proof = Bin(hmac_sha256(session_key.key.as_slice(), &[&proof_input(nonce, &hello)]).to_vec());
        hello
    }

    #[test]
    fn a_proof_holds_for_one_nonce_and_one_session() {
        let keys = TicketKeys::new(vec![key(1), key(2)]);
        let good = hello(&keys, b"nonce");
        assert_eq!(keys.check_hello(b"nonce", &good), Ok(Proved::Live));
        assert_eq!(keys.check_hello(b"other", &good), Err(ProofError::Bad));
        // A token of another device: the same proof under another session.
        let stolen = HelloSession { session: SessionId::from_bytes([9; 16]), ..good.clone() };
        assert_eq!(keys.check_hello(b"nonce", &stolen), Err(ProofError::Bad));
        let empty = HelloSession { proof: Bin::default(), ..good };
        assert_eq!(keys.check_hello(b"nonce", &empty), Err(ProofError::Bad));
    }

    #[test]
    fn two_keys_are_live_a_third_retires_the_oldest_and_one_that_is_gone_proves_nothing() {
        let old = TicketKeys::new(vec![key(1)]);
        let hello = hello(&old, b"n");
        assert_eq!(TicketKeys::new(vec![key(1), key(2)]).check_hello(b"n", &hello), Ok(Proved::Live));
        let later = TicketKeys::new(vec![key(3), key(1), key(2)]);
        assert_eq!(later.check_hello(b"n", &hello), Ok(Proved::Retired));
        let ticket = old.seal(5_000, &facts()).unwrap();
        assert_eq!(later.open(5_000, ticket.as_slice()), Err(ProofError::OldKey), "a ticket is not");
        assert_eq!(TicketKeys::new(vec![key(3), key(2)]).check_hello(b"n", &hello), Err(ProofError::OldKey));
        assert_eq!(later.newest(), 3);
        assert_eq!(later.due(1_000 + TICKET_KEY_AGE_MS - 1), None);
        assert_eq!(later.due(1_000 + TICKET_KEY_AGE_MS), Some(4));
        assert_eq!(TicketKeys::default().due(0), Some(1));
    }

    #[test]
    fn a_key_is_kept_while_a_session_made_under_it_can_last() {
        let daily =
            (1..=9).map(|day| TicketKey { created_ms: u64::from(day) * TICKET_KEY_AGE_MS, ..key(day) });
        let keys = TicketKeys::new(daily.collect());
        let now = 9 * TICKET_KEY_AGE_MS;
        assert_eq!(keys.oldest_needed(now, 7 * TICKET_KEY_AGE_MS), 2, "replaced on the third day");
        assert_eq!(keys.oldest_needed(now, 0), 8, "the live ones stay");
        assert_eq!(keys.oldest_needed(now, 365 * TICKET_KEY_AGE_MS), 1);
        assert_eq!(TicketKeys::new(vec![key(4)]).oldest_needed(now, 0), 4);
        assert_eq!(TicketKeys::default().oldest_needed(now, 0), 0);
    }

    #[test]
    fn a_ticket_opens_here_for_ten_minutes_and_no_bit_of_it_may_change() {
        let keys = TicketKeys::new(vec![key(1)]);
        let ticket = keys.seal(5_000, &facts()).unwrap();
        assert_eq!(keys.open(5_000 + 600_000, ticket.as_slice()), Ok(facts()));
        assert_eq!(keys.open(5_000 + 600_001, ticket.as_slice()), Err(ProofError::Over));
        assert_eq!(
            keys.open(10_000_000, keys.seal(9_999_000, &facts()).unwrap().as_slice()),
            Err(ProofError::Over)
        );
        for at in 0..ticket.len() {
            let mut bytes = ticket.0.clone();
            bytes[at] ^= 1;
            assert!(keys.open(5_000, &bytes).is_err(), "byte {at}");
        }
        assert_eq!(keys.open(5_000, &[]), Err(ProofError::Bad));
        assert_eq!(TicketKeys::new(vec![key(2)]).open(5_000, ticket.as_slice()), Err(ProofError::OldKey));
    }

    #[test]
    fn an_http_proof_is_for_one_request_at_about_now() {
        let keys = TicketKeys::new(vec![key(1)]);
        let session_key = keys.session_key(facts().session).unwrap();
        let time = Millis::saturating(1_000_000);
        let input = http_proof_input("PUT", "/api/v1/files/x", time, &[7; 32]);
        let mac = hmac_sha256(session_key.key.as_slice(), &[&input]);
        let session = facts().session;
        let proof = |path, body_sha256| HttpProof {
            session,
            kid: 1,
            time_ms: 1_000_000,
            mac,
            method: "PUT",
            path,
            body_sha256,
        };
        let check = |now, path, hash| keys.check_http(now, &proof(path, hash));
        assert_eq!(check(1_000_000, "/api/v1/files/x", [7; 32]), Ok(Proved::Live));
        assert_eq!(check(1_120_000, "/api/v1/files/x", [7; 32]), Ok(Proved::Live));
        assert_eq!(check(1_120_001, "/api/v1/files/x", [7; 32]), Err(ProofError::Over));
        assert_eq!(check(1_000_000, "/api/v1/files/y", [7; 32]), Err(ProofError::Bad));
        assert_eq!(check(1_000_000, "/api/v1/files/x", [8; 32]), Err(ProofError::Bad));
    }
}

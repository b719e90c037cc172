//! Answers: signed ones for those who have proven who they are, short and rationed ones for the others.

use super::Server;
use crate::allocation::Signer;
use crate::auth::{Algorithm, NonceState};
use crate::config::Sha256Mode;
use crate::io::{Client, Effect, Now, Transport};
use crate::limits::{AMPLIFICATION_MAX, TEXT_BYTES_MAX};
use crate::refusal::{Refusal, require};
use crate::wire::{AttributeType, Class, ErrorCode, IntegrityKind, Message, Method, TransactionId, Writer};

/// Bytes of the longest answer: a signed success with two addresses, a token, and a redirect with its domain.
const ANSWER_BYTES_MAX: usize = 640 + 2 * TEXT_BYTES_MAX;

/// Unknown attributes that are named in an answer; one answer need not name all.
const UNKNOWN_MAX: usize = 8;

/// A request, as far as its answer needs it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Asked {
    pub(super) client: Client,
    pub(super) method: Method,
    pub(super) transaction: TransactionId,
    pub(super) fingerprint: bool,
    /// Its length, which bounds an unsigned answer.
    pub(super) len: usize,
}

impl Asked {
    pub(super) const fn new(client: Client, message: &Message<'_>) -> Self {
        Self {
            client,
            method: message.method(),
            transaction: message.transaction(),
            fingerprint: message.has_fingerprint(),
            len: message.bytes().len(),
        }
    }
}

impl Server {
    /// A signed success; remembered for the same question.
    pub(super) fn grant(
        &mut self,
        now: Now,
        asked: &Asked,
        signer: &Signer,
        fill: impl FnOnce(&mut Writer<'_>),
    ) {
        self.counters.granted += 1;
        let bytes = write(asked, Class::Success, Some((signer, self.config.software)), fill);
        self.remember_and_send(now, asked, bytes);
    }

    /// A signed refusal; remembered for the same question.
    pub(super) fn deny(
        &mut self,
        now: Now,
        asked: &Asked,
        signer: &Signer,
        why: Refusal,
        message: Option<&Message<'_>>,
    ) {
        let Some(code) = why.code() else { return };
        let unknown = message.map(|message| self.unknown(message)).unwrap_or_default();
        let redirect = self.config.redirect.clone().filter(|_| why == Refusal::TryAlternate);
        let bytes = write(asked, Class::Error, Some((signer, self.config.software)), |writer| {
            writer.error(code);
            if code == ErrorCode::UnknownAttribute {
                writer.attribute(AttributeType::UNKNOWN_ATTRIBUTES, &unknown);
            }
            if let Some(redirect) = redirect {
                writer.address(AttributeType::ALTERNATE_SERVER, redirect.server);
                if let Some(domain) = redirect.domain {
                    writer.attribute(AttributeType::ALTERNATE_DOMAIN, domain.as_bytes());
                }
            }
        });
        self.remember_and_send(now, asked, bytes);
    }

    /// An answer to somebody who has proven nothing: never much longer than the question, and rationed where the sender's
    /// address may be forged (not on a stream, and not where one of our answers has been `seen`).
    ///
    /// # Errors
    /// It would have been too long, or there were enough.
    pub(super) fn answer_unproven(
        &mut self,
        now: Now,
        asked: &Asked,
        (class, seen): (Class, bool),
        fill: impl FnOnce(&mut Writer<'_>),
    ) -> Result<(), Refusal> {
        let bytes = write(asked, class, None, fill);
        let short = bytes.len() <= asked.len.saturating_mul(AMPLIFICATION_MAX);
        let forgeable = asked.client.transport == Transport::Udp;
        require(short || !forgeable, Refusal::Amplification)?;
        let budgets =
            if asked.method == Method::BINDING { &mut self.binding_budgets } else { &mut self.budgets };
        let paid = seen || !forgeable || budgets.take(now.ms, asked.client.remote.ip());
        require(paid, Refusal::BudgetSpent)?;
        self.counters.unproven += 1;
        self.effects.push_back(Effect::Reply { client: asked.client, bytes });
        Ok(())
    }

    /// A refusal to somebody who has proven nothing. With 401 and 438 goes a challenge.
    ///
    /// # Errors
    /// As [`Self::answer_unproven`].
    pub(super) fn deny_unproven(
        &mut self,
        now: Now,
        asked: &Asked,
        why: Refusal,
        message: &Message<'_>,
    ) -> Result<(), Refusal> {
        let Some(code) = why.code() else { return Ok(()) };
        let nonce = self.nonces.make(&asked.client, now.unix_s);
        let realm = self.config.realm.as_str().to_owned();
        let offers = self.config.sha256 != Sha256Mode::Off;
        let unknown = self.unknown(message);
        let redirect = self.config.redirect.as_ref().map(|redirect| redirect.server);
        // Who shows a nonce given to this address has received an answer there: reflecting is not what it does.
        let nonce_state = message
            .get(AttributeType::NONCE)
            .map(|nonce| self.nonces.check(nonce, &asked.client, now.unix_s));
        let seen = nonce_state.is_some_and(|state| state != NonceState::Foreign);
        self.answer_unproven(now, asked, (Class::Error, seen), |writer| {
            writer.error(code);
            if matches!(code, ErrorCode::Unauthenticated | ErrorCode::StaleNonce) {
                writer.attribute(AttributeType::REALM, realm.as_bytes());
                writer.attribute(AttributeType::NONCE, &nonce);
                if offers {
                    writer.attribute(AttributeType::PASSWORD_ALGORITHMS, &offered());
                }
            }
            if code == ErrorCode::UnknownAttribute {
                writer.attribute(AttributeType::UNKNOWN_ATTRIBUTES, &unknown);
            }
            if let (ErrorCode::TryAlternate, Some(server)) = (code, redirect) {
                writer.address(AttributeType::ALTERNATE_SERVER, server);
            }
        })
    }

    /// Types of attributes that must be understood and are not, as UNKNOWN-ATTRIBUTES has them.
    pub(super) fn unknown(&self, message: &Message<'_>) -> Vec<u8> {
        let unknown = message.attributes().map(|(kind, ..)| kind).filter(|kind| {
            let dont_fragment = *kind == AttributeType::DONT_FRAGMENT && !self.config.dont_fragment;
            kind.is_comprehension_required() && (dont_fragment || !KNOWN.contains(kind))
        });
        unknown.take(UNKNOWN_MAX).flat_map(|kind| kind.0.to_be_bytes()).collect()
    }

    fn remember_and_send(&mut self, now: Now, asked: &Asked, bytes: Vec<u8>) {
        if asked.client.transport == Transport::Udp {
            self.answers.remember(now.ms, (asked.client, asked.transaction), &bytes);
        }
        self.effects.push_back(Effect::Reply { client: asked.client, bytes });
    }
}

/// Attributes of requests that must be understood and are.
const KNOWN: &[AttributeType] = &[
    AttributeType::MESSAGE_INTEGRITY,
    AttributeType::MESSAGE_INTEGRITY_SHA256,
    AttributeType::USERNAME,
    AttributeType::USERHASH,
    AttributeType::REALM,
    AttributeType::NONCE,
    AttributeType::PASSWORD_ALGORITHM,
    AttributeType::CHANNEL_NUMBER,
    AttributeType::LIFETIME,
    AttributeType::XOR_PEER_ADDRESS,
    AttributeType::REQUESTED_ADDRESS_FAMILY,
    AttributeType::EVEN_PORT,
    AttributeType::REQUESTED_TRANSPORT,
    AttributeType::DONT_FRAGMENT,
    AttributeType::RESERVATION_TOKEN,
    AttributeType::DATA,
];

/// The value of PASSWORD-ALGORITHMS: SHA-256 first, then what old clients know; neither has parameters.
pub(super) const fn offered() -> [u8; 8] {
    [0, Algorithm::Sha256 as u8, 0, 0, 0, Algorithm::Md5 as u8, 0, 0]
}

fn write(
    asked: &Asked,
    class: Class,
    signed: Option<(&Signer, Option<&str>)>,
    fill: impl FnOnce(&mut Writer<'_>),
) -> Vec<u8> {
    let mut buffer = [0; ANSWER_BYTES_MAX];
    let mut writer = Writer::new(&mut buffer, class, asked.method, asked.transaction);
    fill(&mut writer);
    if let Some((signer, software)) = signed {
        if let Some(software) = software {
            writer.attribute(AttributeType::SOFTWARE, software.as_bytes());
        }
        match signer.kind {
            IntegrityKind::Sha1 => writer.integrity_sha1(signer.key.as_bytes()),
            IntegrityKind::Sha256 => writer.integrity_sha256(signer.key.as_bytes()),
        };
    }
    if asked.fingerprint {
        writer.fingerprint();
    }
    debug_assert!(writer.finish().is_ok(), "every answer fits");
    writer.written().to_vec()
}

//! A borrowed view of a STUN message.

use std::fmt;

use thiserror::Error;

use super::attribute::AttributeType;
use super::integrity::{self, Integrity, IntegrityKind};
use super::padded;

/// Bytes before the first attribute.
pub const HEADER_LEN: usize = 20;

/// What every message carries after its length (RFC 8489 §5).
pub const MAGIC_COOKIE: u32 = 0x2112_A442;

/// What is wrong with bytes that should be a STUN message. Nothing is answered to any of these.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum ParseError {
    /// The first two bits or the magic cookie are another protocol's.
    #[error("not STUN")]
    NotStun,
    /// Shorter than its header, or than its header says.
    #[error("truncated")]
    Truncated,
    /// Longer than its header says, or a length that is no multiple of four.
    #[error("wrong length")]
    Length,
    /// An attribute goes beyond the end.
    #[error("an attribute goes beyond the end")]
    Attribute,
    /// FINGERPRINT is not the last attribute, has a wrong length or a wrong value.
    #[error("wrong fingerprint")]
    Fingerprint,
}

/// Class of a message (RFC 8489 §5).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Class {
    /// Wants an answer.
    Request,
    /// Wants none.
    Indication,
    /// Granted.
    Success,
    /// Refused.
    Error,
}

/// Method of a message: 12 bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Method(pub u16);

impl Method {
    /// What is my address? (RFC 8489)
    pub const BINDING: Self = Self(0x001);
    /// Give me a relayed address (RFC 8656 §7).
    pub const ALLOCATE: Self = Self(0x003);
    /// Let it live on, or end it (RFC 8656 §8).
    pub const REFRESH: Self = Self(0x004);
    /// Send this to a peer (RFC 8656 §11).
    pub const SEND: Self = Self(0x006);
    /// A peer has sent this (RFC 8656 §11).
    pub const DATA: Self = Self(0x007);
    /// Let peers send to me (RFC 8656 §10).
    pub const CREATE_PERMISSION: Self = Self(0x008);
    /// Give a peer a number (RFC 8656 §12).
    pub const CHANNEL_BIND: Self = Self(0x009);
}

/// The first two bytes of a message.
pub(crate) const fn message_type(class: Class, method: Method) -> u16 {
    let class = match class {
        Class::Request => 0x0000,
        Class::Indication => 0x0010,
        Class::Success => 0x0100,
        Class::Error => 0x0110,
    };
    let m = method.0;
    class | (m & 0x000F) | ((m & 0x0070) << 1) | ((m & 0x0F80) << 2)
}

/// Names one request and its answer, and masks IPv6 addresses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct TransactionId(pub [u8; 12]);

impl TransactionId {
    /// As a number of 96 bits.
    #[must_use]
    pub fn to_bits(self) -> u128 {
        self.0.iter().fold(0, |bits, byte| (bits << 8) | u128::from(*byte))
    }
}

/// A STUN message whose form has been checked: header, lengths, and FINGERPRINT if it has one. It borrows the
/// bytes it was received in. Attributes after an integrity attribute are not seen, except the two that may stand
/// there (RFC 8489 §14.5).
#[derive(Clone, Copy)]
pub struct Message<'a> {
    bytes: &'a [u8],
    class: Class,
    method: Method,
    transaction: TransactionId,
    /// End of the attributes that count.
    end: usize,
    sha1: Option<usize>,
    sha256: Option<usize>,
    fingerprint: bool,
}

impl fmt::Debug for Message<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Message")
            .field("class", &self.class)
            .field("method", &self.method)
            .field("len", &self.bytes.len())
            .finish_non_exhaustive()
    }
}

impl<'a> Message<'a> {
    /// Checks the form of a whole message.
    ///
    /// # Errors
    /// It is not one, or not a whole one, or its FINGERPRINT is wrong.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, ParseError> {
        let (head, _) = bytes.split_first_chunk::<HEADER_LEN>().ok_or(ParseError::Truncated)?;
        let [t0, t1, l0, l1, c0, c1, c2, c3, transaction @ ..] = *head;
        let kind = u16::from_be_bytes([t0, t1]);
        if kind & 0xC000 != 0 || u32::from_be_bytes([c0, c1, c2, c3]) != MAGIC_COOKIE {
            return Err(ParseError::NotStun);
        }
        let len = usize::from(u16::from_be_bytes([l0, l1]));
        if !len.is_multiple_of(4) || bytes.len() > HEADER_LEN + len {
            return Err(ParseError::Length);
        }
        if bytes.len() < HEADER_LEN + len {
            return Err(ParseError::Truncated);
        }
        let class = match kind & 0x0110 {
            0x0000 => Class::Request,
            0x0010 => Class::Indication,
            0x0100 => Class::Success,
            _ => Class::Error,
        };
        let method = Method((kind & 0x000F) | ((kind & 0x00E0) >> 1) | ((kind & 0x3E00) >> 2));
        let mut message = Self {
            bytes,
            class,
            method,
            transaction: TransactionId(transaction),
            end: bytes.len(),
            sha1: None,
            sha256: None,
            fingerprint: false,
        };
        message.walk()?;
        Ok(message)
    }

    /// One pass over the attributes: lengths, where integrity starts, FINGERPRINT at the end.
    fn walk(&mut self) -> Result<(), ParseError> {
        let mut at = HEADER_LEN;
        while at < self.bytes.len() {
            if self.fingerprint {
                return Err(ParseError::Fingerprint);
            }
            let (kind, value) = attribute_at(self.bytes, at).ok_or(ParseError::Attribute)?;
            match kind {
                AttributeType::FINGERPRINT => {
                    let sealed = self.bytes.get(..at).unwrap_or_default();
                    if value != integrity::fingerprint(sealed).as_slice() {
                        return Err(ParseError::Fingerprint);
                    }
                    self.fingerprint = true;
                    self.end = self.end.min(at);
                }
                AttributeType::MESSAGE_INTEGRITY if self.sha1.is_none() && self.sha256.is_none() => {
                    self.sha1 = Some(at);
                    self.end = at;
                }
                AttributeType::MESSAGE_INTEGRITY_SHA256 if self.sha256.is_none() => {
                    self.sha256 = Some(at);
                    self.end = self.end.min(at);
                }
                _ => self.seen_late(at),
            }
            at += 4 + padded(value.len());
        }
        Ok(())
    }

    /// An attribute like any other: ignored when integrity came before it.
    #[cfg_attr(not(feature = "mutations"), expect(clippy::unused_self, reason = "a switch of the tests"))]
    fn seen_late(&mut self, _at: usize) {
        #[cfg(feature = "mutations")]
        if crate::mutations::is_off(crate::Refusal::AfterIntegrity) {
            self.end = self.bytes.len();
        }
    }

    /// The class.
    #[must_use]
    pub const fn class(&self) -> Class {
        self.class
    }

    /// The method.
    #[must_use]
    pub const fn method(&self) -> Method {
        self.method
    }

    /// The transaction.
    #[must_use]
    pub const fn transaction(&self) -> TransactionId {
        self.transaction
    }

    /// The whole message as received.
    #[must_use]
    pub const fn bytes(&self) -> &'a [u8] {
        self.bytes
    }

    /// Whether it ends with a FINGERPRINT (a right one, or it would not have been accepted).
    #[must_use]
    pub const fn has_fingerprint(&self) -> bool {
        self.fingerprint
    }

    /// The attributes that count, in order: those before the first integrity attribute.
    #[must_use]
    pub const fn attributes(&self) -> Attributes<'a> {
        Attributes { bytes: self.bytes, at: HEADER_LEN, end: self.end }
    }

    /// The value of the first attribute of that type; later ones of the same type do not count (RFC 8489 §14).
    #[must_use]
    pub fn get(&self, wanted: AttributeType) -> Option<&'a [u8]> {
        self.attributes().find_map(|(kind, value, _)| (kind == wanted).then_some(value))
    }

    /// Like [`Self::get`], with the place of the value in the message's bytes.
    #[must_use]
    pub fn range_of(&self, wanted: AttributeType) -> Option<std::ops::Range<usize>> {
        self.attributes().find_map(|(kind, value, at)| (kind == wanted).then_some(at..at + value.len()))
    }

    /// Whether there is an attribute of that type.
    #[must_use]
    pub fn has(&self, wanted: AttributeType) -> bool {
        self.get(wanted).is_some()
    }

    /// The integrity attribute of that kind, if there is one.
    #[must_use]
    pub fn integrity(&self, kind: IntegrityKind) -> Option<Integrity<'a>> {
        let at = match kind {
            IntegrityKind::Sha1 => self.sha1?,
            IntegrityKind::Sha256 => self.sha256?,
        };
        let (_, value) = attribute_at(self.bytes, at)?;
        Some(Integrity::new(kind, self.bytes.get(..at)?, value))
    }
}

/// The attribute whose header is at `at`: type and value without padding. `None` when it goes beyond the end.
fn attribute_at(bytes: &[u8], at: usize) -> Option<(AttributeType, &[u8])> {
    let (head, rest) = bytes.get(at..)?.split_first_chunk::<4>()?;
    let [t0, t1, l0, l1] = *head;
    let len = usize::from(u16::from_be_bytes([l0, l1]));
    if padded(len) > rest.len() {
        return None;
    }
    Some((AttributeType(u16::from_be_bytes([t0, t1])), rest.get(..len)?))
}

/// Iterator over attributes: type, value, and where the value starts in the message.
#[derive(Clone, Debug)]
pub struct Attributes<'a> {
    bytes: &'a [u8],
    at: usize,
    end: usize,
}

impl<'a> Iterator for Attributes<'a> {
    type Item = (AttributeType, &'a [u8], usize);

    fn next(&mut self) -> Option<Self::Item> {
        if self.at >= self.end {
            return None;
        }
        let (kind, value) = attribute_at(self.bytes, self.at)?;
        let place = self.at + 4;
        self.at = place + padded(value.len());
        Some((kind, value, place))
    }
}

//! Writes a STUN message into the caller's buffer.

use std::net::SocketAddr;

use thiserror::Error;

use super::address::{encode_address, encode_xor_address};
use super::attribute::{AttributeType, ErrorCode};
use super::integrity::{fingerprint, hmac_sha1, hmac_sha256};
use super::message::{Class, HEADER_LEN, MAGIC_COOKIE, Method, TransactionId, message_type};
use super::padded;

/// The message does not fit the buffer, or a value the 16 bits of its length.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("the message does not fit")]
pub struct Full;

/// A message being written. Attributes are appended in order; integrity and fingerprint cover what is there. What
/// does not fit is noticed at [`Self::finish`]. Padding is zero (RFC 8489 §14).
#[derive(Debug)]
pub struct Writer<'b> {
    buffer: &'b mut [u8],
    len: usize,
    full: bool,
    transaction: TransactionId,
}

impl<'b> Writer<'b> {
    /// Starts a message at the start of the buffer.
    #[must_use]
    pub fn new(buffer: &'b mut [u8], class: Class, method: Method, transaction: TransactionId) -> Self {
        let mut writer = Self { buffer, len: 0, full: false, transaction };
        writer.put(&message_type(class, method).to_be_bytes());
        writer.put(&[0, 0]);
        writer.put(&MAGIC_COOKIE.to_be_bytes());
        writer.put(&transaction.0);
        writer
    }

    /// Appends an attribute.
    pub fn attribute(&mut self, kind: AttributeType, value: &[u8]) -> &mut Self {
        let Ok(len) = u16::try_from(value.len()) else {
            self.full = true;
            return self;
        };
        self.put(&kind.0.to_be_bytes());
        self.put(&len.to_be_bytes());
        self.put(value);
        let zeros = padded(value.len()) - value.len();
        self.put([0; 3].get(..zeros).unwrap_or_default());
        self.set_len(0);
        self
    }

    /// Appends an address, obfuscated.
    pub fn xor_address(&mut self, kind: AttributeType, address: SocketAddr) -> &mut Self {
        let value = encode_xor_address(address, self.transaction);
        self.attribute(kind, &value)
    }

    /// Appends an address in clear.
    pub fn address(&mut self, kind: AttributeType, address: SocketAddr) -> &mut Self {
        let value = encode_address(address);
        self.attribute(kind, &value)
    }

    /// Appends ERROR-CODE without a phrase: a phrase is read by nobody and makes a reflected answer longer.
    pub fn error(&mut self, code: ErrorCode) -> &mut Self {
        self.attribute(AttributeType::ERROR_CODE, &code.to_bytes())
    }

    /// Appends MESSAGE-INTEGRITY.
    pub fn integrity_sha1(&mut self, key: &[u8]) -> &mut Self {
        let tag = hmac_sha1(key, self.written());
        self.attribute(AttributeType::MESSAGE_INTEGRITY, &tag)
    }

    /// Appends MESSAGE-INTEGRITY-SHA256, whole.
    pub fn integrity_sha256(&mut self, key: &[u8]) -> &mut Self {
        let tag = hmac_sha256(key, self.written());
        self.attribute(AttributeType::MESSAGE_INTEGRITY_SHA256, &tag)
    }

    /// Appends FINGERPRINT; nothing may follow.
    pub fn fingerprint(&mut self) -> &mut Self {
        self.set_len(8);
        let value = fingerprint(self.written());
        self.attribute(AttributeType::FINGERPRINT, &value)
    }

    /// The length of the message written.
    ///
    /// # Errors
    /// It did not fit.
    pub fn finish(&self) -> Result<usize, Full> {
        if self.full { Err(Full) } else { Ok(self.len) }
    }

    /// What has been written so far.
    #[must_use]
    pub fn written(&self) -> &[u8] {
        self.buffer.get(..self.len).unwrap_or_default()
    }

    fn put(&mut self, part: &[u8]) {
        let Some(place) = self.buffer.get_mut(self.len..self.len + part.len()) else {
            self.full = true;
            return;
        };
        place.copy_from_slice(part);
        self.len += part.len();
    }

    /// Sets the header's length to what is there and `more` bytes to come.
    fn set_len(&mut self, more: usize) {
        let body = (self.len + more).saturating_sub(HEADER_LEN);
        match (u16::try_from(body), self.buffer.get_mut(2..4)) {
            (Ok(body), Some(place)) => place.copy_from_slice(&body.to_be_bytes()),
            _ => self.full = true,
        }
    }
}

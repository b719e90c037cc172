//! MESSAGE-INTEGRITY, MESSAGE-INTEGRITY-SHA256 and FINGERPRINT (RFC 8489 §14.5 to §14.7).

use hmac::{Hmac, KeyInit, Mac};
use sha1::Sha1;
use sha2::Sha256;
use subtle::ConstantTimeEq;

use super::message::HEADER_LEN;

/// What FINGERPRINT is masked with, so that it is told apart from other checksums.
const FINGERPRINT_XOR: u32 = 0x5354_554E;

/// Shortest MESSAGE-INTEGRITY-SHA256 (RFC 8489 §14.6).
const SHA256_LEN_MIN: usize = 16;

/// Which of the two integrity attributes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum IntegrityKind {
    /// MESSAGE-INTEGRITY.
    Sha1,
    /// MESSAGE-INTEGRITY-SHA256.
    Sha256,
}

/// An integrity attribute with what it covers.
#[derive(Clone, Copy, Debug)]
pub struct Integrity<'a> {
    kind: IntegrityKind,
    covered: &'a [u8],
    value: &'a [u8],
}

impl<'a> Integrity<'a> {
    pub(crate) const fn new(kind: IntegrityKind, covered: &'a [u8], value: &'a [u8]) -> Self {
        Self { kind, covered, value }
    }

    /// Whether it was made with this key, in time that does not depend on where it differs. A SHA-256 one may be
    /// cut to a multiple of four bytes, not below 16.
    #[must_use]
    pub fn is_by(&self, key: &[u8]) -> bool {
        match self.kind {
            IntegrityKind::Sha1 => same(&hmac_sha1(key, self.covered), self.value),
            IntegrityKind::Sha256 => {
                let len = self.value.len();
                if !(SHA256_LEN_MIN..=32).contains(&len) || !len.is_multiple_of(4) {
                    return false;
                }
                let whole = hmac_sha256_cut(key, self.covered, len);
                whole.get(..len).is_some_and(|tag| same(tag, self.value))
            }
        }
    }
}

/// Equal, in time that depends on the lengths only.
pub(crate) fn same(a: &[u8], b: &[u8]) -> bool {
    a.len() == b.len() && bool::from(a.ct_eq(b))
}

/// MESSAGE-INTEGRITY over a message up to (not including) that attribute, as if the message ended with it.
#[must_use]
pub fn hmac_sha1(key: &[u8], covered: &[u8]) -> [u8; 20] {
    let mut mac = Hmac::<Sha1>::new_from_slice(key).expect("HMAC takes a key of any length");
    feed(covered, 20, |part| mac.update(part));
    mac.finalize().into_bytes().into()
}

/// MESSAGE-INTEGRITY-SHA256, whole, over a message up to that attribute.
#[must_use]
pub fn hmac_sha256(key: &[u8], covered: &[u8]) -> [u8; 32] {
    hmac_sha256_cut(key, covered, 32)
}

fn hmac_sha256_cut(key: &[u8], covered: &[u8], len: usize) -> [u8; 32] {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes a key of any length");
    feed(covered, len, |part| mac.update(part));
    mac.finalize().into_bytes().into()
}

/// The covered bytes, their length field set to where an attribute of `len` bytes would end.
fn feed(covered: &[u8], len: usize, mut update: impl FnMut(&[u8])) {
    let body = (covered.len() + 4 + len).saturating_sub(HEADER_LEN);
    update(covered.get(..2).unwrap_or_default());
    update(&u16::try_from(body).unwrap_or(u16::MAX).to_be_bytes());
    update(covered.get(4..).unwrap_or_default());
}

/// The value of a FINGERPRINT that ends a message of these bytes; their length field counts it already.
#[must_use]
pub fn fingerprint(covered: &[u8]) -> [u8; 4] {
    (crc32fast::hash(covered) ^ FINGERPRINT_XOR).to_be_bytes()
}

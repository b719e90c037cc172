//! Ed25519 public keys and the one verification rule.
//!
//! Browsers, Node and most libraries accept small-order public keys, under which one signature "verifies" for
//! any message; this module refuses such keys where they are parsed and verifies strictly (canonical key, `R`
//! not of small order, `S` below the group order), so every implementation agrees on what is signed.
//!
//! A signature is over `label || 0x00 || bytes`; labels start `relais/v1/` (see [`crate::hash`]).
//!
//! Not known here: whose key it is, and private keys (see [`crate::sign`]).

use core::fmt;

use ed25519_dalek::{Signature, VerifyingKey};

use crate::error::{ChainError, refuse};

/// Bytes of a signature.
pub const SIGNATURE_BYTES: usize = 64;

/// A signing public key that is canonical and not of small order.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct PublicKey(VerifyingKey);

impl PublicKey {
    /// Parses 32 bytes.
    ///
    /// # Errors
    /// [`ChainError::KeyNotCanonical`] or [`ChainError::KeySmallOrder`].
    pub fn from_bytes(bytes: &[u8; 32]) -> Result<Self, ChainError> {
        if !y_is_canonical(bytes) {
            return Err(ChainError::KeyNotCanonical);
        }
        let key = VerifyingKey::from_bytes(bytes).map_err(|_| ChainError::KeyNotCanonical)?;
        if key.to_edwards().compress().as_bytes() != bytes {
            return Err(ChainError::KeyNotCanonical);
        }
        if key.is_weak() {
            refuse(ChainError::KeySmallOrder)?;
        }
        Ok(Self(key))
    }

    /// The 32 bytes.
    #[must_use]
    pub fn to_bytes(&self) -> [u8; 32] {
        self.0.to_bytes()
    }

    /// Verifies a signature over `label || 0x00 || bytes`.
    ///
    /// # Errors
    /// [`ChainError::BadSignature`].
    pub fn verify(&self, label: &str, bytes: &[u8], sig: &[u8; 64]) -> Result<(), ChainError> {
        self.verify_raw(&labelled(label, bytes), sig)
    }

    /// Verifies a signature over exactly these bytes. Only for test suites of other projects: everything of
    /// ours is labelled.
    ///
    /// # Errors
    /// [`ChainError::BadSignature`].
    pub fn verify_raw(&self, message: &[u8], sig: &[u8; 64]) -> Result<(), ChainError> {
        let strict = self.0.verify_strict(message, &Signature::from_bytes(sig));
        strict.or_else(|_| refuse(ChainError::BadSignature))
    }
}

impl From<VerifyingKey> for PublicKey {
    /// The key of a private key that is in hand, which cannot be weak.
    fn from(key: VerifyingKey) -> Self {
        Self(key)
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PublicKey(…)")
    }
}

/// `label || 0x00 || bytes`: what is signed.
#[must_use]
pub fn labelled(label: &str, bytes: &[u8]) -> Vec<u8> {
    let mut message = Vec::with_capacity(label.len() + 1 + bytes.len());
    message.extend_from_slice(label.as_bytes());
    message.push(0);
    message.extend_from_slice(bytes);
    message
}

/// Whether the little-endian `y` (without the sign bit) is below 2^255 - 19.
fn y_is_canonical(bytes: &[u8; 32]) -> bool {
    let [first, middle @ .., last] = bytes;
    let all_ones = last & 0x7f == 0x7f && middle.iter().all(|byte| *byte == 0xff);
    !(all_ones && *first >= 0xed)
}

#[cfg(test)]
mod tests {
    use ed25519_dalek::{Signer as _, SigningKey};

    use super::{PublicKey, labelled};
    use crate::error::ChainError;

    #[test]
    fn a_key_of_small_order_is_refused_when_parsed() {
        let identity = {
            let mut bytes = [0_u8; 32];
            bytes[0] = 1;
            bytes
        };
        assert_eq!(PublicKey::from_bytes(&identity).unwrap_err(), ChainError::KeySmallOrder);
        assert_eq!(PublicKey::from_bytes(&[0; 32]).unwrap_err(), ChainError::KeySmallOrder);
    }

    #[test]
    fn a_key_with_two_encodings_is_refused() {
        let mut bytes = [0xff_u8; 32];
        bytes[31] = 0x7f;
        for first in 0xed..=0xff {
            bytes[0] = first;
            assert_eq!(PublicKey::from_bytes(&bytes).unwrap_err(), ChainError::KeyNotCanonical);
        }
    }

    #[test]
    fn a_signature_holds_only_under_its_label() {
        let secret = SigningKey::from_bytes(&[7; 32]);
        let key = PublicKey::from(secret.verifying_key());
        let sig = secret.sign(&labelled("relais/v1/test", b"abc")).to_bytes();
        assert_eq!(key.verify("relais/v1/test", b"abc", &sig), Ok(()));
        assert_eq!(key.verify("relais/v1/other", b"abc", &sig), Err(ChainError::BadSignature));
        assert_eq!(key.verify("relais/v1/test", b"abd", &sig), Err(ChainError::BadSignature));
    }
}

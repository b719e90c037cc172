//! Sealing and opening of media frames by SFrame (RFC 9605), cipher suite 5: AES-256-GCM with SHA-512, a tag of 16
//! octets. A frame is `prefix ‖ header ‖ ciphertext ‖ tag`; the prefix stays in clear and is authenticated as the
//! frame's metadata.
//!
//! Not known here: codecs, where base keys come from.

use core::fmt;
use std::collections::VecDeque;

use hkdf::Hkdf;
use relais_e2ee::Secret;
use relais_e2ee::aead::{open_once, seal_once};
use relais_e2ee::secret::SecretBytes;
use relais_wire::sframe::SframeHeader;
use sha2::Sha512;
use thiserror::Error;

use crate::limits::KEYS_MAX;

/// The number of the suite in labels (RFC 9605 §8.1).
const SUITE: [u8; 2] = [0, 5];

const NONCE_OCTETS: usize = 12;

/// A frame cannot be sealed or opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum SframeError {
    /// Every counter of the key is used up.
    #[error("the key has no counter left")]
    Exhausted,
    /// There is no header where it should be.
    #[error("the frame is not sealed")]
    NotSealed,
    /// The sender's key is not there.
    #[error("the key is not known")]
    UnknownKey,
    /// It was changed on its way, or sealed with another key.
    #[error("the frame cannot be opened")]
    Unauthentic,
}

/// What a base key becomes for one key id.
struct Derived {
    key: Secret<32>,
    salt: [u8; NONCE_OCTETS],
}

impl Derived {
    fn new(base: &[u8], key_id: u64) -> Self {
        let secret = Hkdf::<Sha512>::new(Some(&[]), base);
        let expand = |what: &[u8], out: &mut [u8]| {
            let id = key_id.to_be_bytes();
            secret
                .expand_multi_info(&[b"SFrame 1.0 Secret ", what, b" ", &id, &SUITE], out)
                .expect("32 octets at most");
        };
        let (mut key, mut salt) = ([0; 32], [0; NONCE_OCTETS]);
        expand(b"key", &mut key);
        expand(b"salt", &mut salt);
        Self { key: Secret::from_bytes(key), salt }
    }

    fn nonce(&self, counter: u64) -> [u8; NONCE_OCTETS] {
        let mut nonce = self.salt;
        for (to, from) in nonce.iter_mut().rev().zip(counter.to_be_bytes().iter().rev()) {
            *to ^= from;
        }
        nonce
    }
}

impl fmt::Debug for Derived {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Derived(…)")
    }
}

/// A sender's own key. It is not `Clone`: two of one would use a counter twice.
#[derive(Debug)]
pub struct SealingKey {
    key_id: u64,
    derived: Derived,
    next: Option<u64>,
}

impl SealingKey {
    /// The key of this id, from its base key. No frame may ever have been sealed with it.
    #[must_use]
    pub fn new(base: &[u8], key_id: u64) -> Self {
        Self { key_id, derived: Derived::new(base, key_id), next: Some(0) }
    }

    /// Seals a frame: `prefix` stays in clear, and what comes back goes behind it.
    ///
    /// # Errors
    /// [`SframeError::Exhausted`].
    pub fn seal(&mut self, prefix: &[u8], rest: &[u8]) -> Result<Vec<u8>, SframeError> {
        let counter = self.next.ok_or(SframeError::Exhausted)?;
        self.next = counter.checked_add(1);
        let header = SframeHeader { key_id: self.key_id, counter };
        let mut out = header.to_bytes();
        let aad = [&out, prefix].concat();
        let nonce = self.derived.nonce(counter);
        let sealed = seal_once(self.derived.key.expose(), &nonce, &aad, rest);
        out.append(&mut sealed.map_err(|_| SframeError::Exhausted)?);
        Ok(out)
    }
}

/// The keys of others, by id.
#[derive(Debug, Default)]
pub struct OpeningKeys {
    /// The oldest first.
    keys: VecDeque<(u64, Derived)>,
}

impl OpeningKeys {
    /// Another one's key. One with the same id is replaced; over the bound the oldest is forgotten.
    pub fn learn(&mut self, base: &[u8], key_id: u64) {
        self.keys.retain(|(id, _)| *id != key_id);
        self.keys.push_back((key_id, Derived::new(base, key_id)));
        if self.keys.len() > KEYS_MAX {
            self.keys.pop_front();
        }
    }

    /// Opens a frame whose first octets are in clear. Answers whose it is, by its header, and what was sealed.
    ///
    /// # Errors
    /// [`SframeError::NotSealed`], [`SframeError::UnknownKey`] or [`SframeError::Unauthentic`].
    pub fn open(&self, frame: &[u8], prefix: usize) -> Result<(SframeHeader, SecretBytes), SframeError> {
        let (prefix, sealed) = frame.split_at_checked(prefix).ok_or(SframeError::NotSealed)?;
        let (header, len) = SframeHeader::parse(sealed).ok_or(SframeError::NotSealed)?;
        let (head, ciphertext) = sealed.split_at_checked(len).ok_or(SframeError::NotSealed)?;
        let key = self.keys.iter().find(|(id, _)| *id == header.key_id);
        let (_, derived) = key.ok_or(SframeError::UnknownKey)?;
        let aad = [head, prefix].concat();
        let opened = open_once(derived.key.expose(), &derived.nonce(header.counter), &aad, ciphertext);
        opened.map(|plain| (header, plain)).map_err(|_| SframeError::Unauthentic)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use relais_wire::sframe::key_id;

    use super::{Derived, OpeningKeys, SealingKey, SframeError};

    /// RFC 9605, appendix C.3, cipher suite 5.
    #[test]
    fn the_published_case_is_met() {
        let base = hex::decode("000102030405060708090a0b0c0d0e0f").unwrap();
        let derived = Derived::new(&base, 0x123);
        let key = "d3e27b0d4a5ae9e55df01a70e6d4d28d969b246e2936f4b7a5d9b494da6b9633";
        assert_eq!(hex::encode(derived.key.expose()), key);
        assert_eq!(hex::encode(derived.salt), "84991c167b8cd23c93708ec7");
        assert_eq!(hex::encode(derived.nonce(0x4567)), "84991c167b8cd23c9370cba0");
        let metadata = hex::decode("4945544620534672616d65205747").unwrap();
        let plain = hex::decode("64726166742d696574662d736672616d652d656e63").unwrap();
        let sealed = "990123456794f509d36e9beacb0e261d99c7d1e972f1fed787d4049f17ca21353c1cc24d56ceabced279";
        let mut own = SealingKey { next: Some(0x4567), ..SealingKey::new(&base, 0x123) };
        let out = own.seal(&metadata, &plain).unwrap();
        assert_eq!(hex::encode(&out), sealed);
        let mut keys = OpeningKeys::default();
        keys.learn(&base, 0x123);
        let frame = [&metadata[..], &out].concat();
        assert_eq!(*keys.open(&frame, metadata.len()).unwrap().1, plain);
    }

    #[test]
    fn a_key_is_not_used_beyond_its_last_counter() {
        let mut own = SealingKey { next: Some(u64::MAX), ..SealingKey::new(&[1; 32], key_id(1, 0)) };
        own.seal(&[], b"last").unwrap();
        assert_eq!(own.seal(&[], b"one more").unwrap_err(), SframeError::Exhausted);
    }

    #[test]
    fn a_frame_in_clear_or_of_a_stranger_is_refused() {
        let mut keys = OpeningKeys::default();
        keys.learn(&[1; 32], key_id(1, 0));
        assert_eq!(keys.open(&[0x78], 1).unwrap_err(), SframeError::NotSealed);
        assert_eq!(keys.open(&[0x78], 3).unwrap_err(), SframeError::NotSealed);
        let strange = SealingKey::new(&[1; 32], key_id(2, 0)).seal(&[0x78], b"voice").unwrap();
        assert_eq!(keys.open(&[&[0x78], &strange[..]].concat(), 1).unwrap_err(), SframeError::UnknownKey);
    }

    proptest! {
        #[test]
        fn any_flipped_bit_is_refused(prefix in proptest::collection::vec(any::<u8>(), 0..11), plain in proptest::collection::vec(any::<u8>(), 0..100), at: prop::sample::Index, bit in 0..8_u8) {
            let mut keys = OpeningKeys::default();
            keys.learn(&[7; 32], key_id(9, 3));
            let sealed = SealingKey::new(&[7; 32], key_id(9, 3)).seal(&prefix, &plain).unwrap();
            let mut frame = [&prefix[..], &sealed].concat();
            prop_assert_eq!(&*keys.open(&frame, prefix.len()).unwrap().1, &plain);
            let at = at.index(frame.len());
            frame[at] ^= 1 << bit;
            prop_assert!(keys.open(&frame, prefix.len()).is_err());
        }
    }
}

//! AES-256-GCM in the two ways it is used: with a nonce derived together with its key (one message, one
//! key), and with a random nonce written in front of the ciphertext (few messages under one key).
//!
//! GCM does not commit to its key: a ciphertext may open under two keys. So nothing here tries several keys,
//! and every seed that comes out of a box is checked against its commitment.
//!
//! Not known here: what is encrypted.

use aes_gcm::aead::{Aead as _, Payload};
use aes_gcm::{Aes256Gcm, KeyInit as _};
use zeroize::Zeroizing;

use crate::entropy::{Entropy, draw};
use crate::error::E2eeError;
use crate::limits::NONCE_BYTES;
use crate::secret::{Secret, SecretBytes};

/// Encrypts under a key that is used once with this nonce.
///
/// # Errors
/// [`E2eeError::TooLong`] above 64 GiB.
pub fn seal_once(
    key: &[u8; 32],
    nonce: &[u8; NONCE_BYTES],
    aad: &[u8],
    plaintext: &[u8],
) -> Result<Vec<u8>, E2eeError> {
    Aes256Gcm::new(key.into())
        .encrypt(nonce.into(), Payload { msg: plaintext, aad })
        .map_err(|_| E2eeError::TooLong)
}

/// Opens what [`seal_once`] made.
///
/// # Errors
/// [`E2eeError::DecryptFailed`].
pub fn open_once(
    key: &[u8; 32],
    nonce: &[u8; NONCE_BYTES],
    aad: &[u8],
    ciphertext: &[u8],
) -> Result<SecretBytes, E2eeError> {
    Aes256Gcm::new(key.into())
        .decrypt(nonce.into(), Payload { msg: ciphertext, aad })
        .map(Zeroizing::new)
        .or_else(|_| unauthentic(key, nonce, ciphertext))
}

#[cfg(not(feature = "mutations"))]
const fn unauthentic(_: &[u8; 32], _: &[u8; NONCE_BYTES], _: &[u8]) -> Result<SecretBytes, E2eeError> {
    Err(E2eeError::DecryptFailed)
}

/// What a ciphertext decrypts to when a proof has switched the tag off: encrypting is adding the same key
/// stream.
#[cfg(feature = "mutations")]
fn unauthentic(key: &[u8; 32], nonce: &[u8; NONCE_BYTES], sealed: &[u8]) -> Result<SecretBytes, E2eeError> {
    crate::error::refuse(E2eeError::DecryptFailed)?;
    let len = sealed.len().checked_sub(crate::limits::TAG_BYTES).ok_or(E2eeError::DecryptFailed)?;
    let (ciphertext, _) = sealed.split_at_checked(len).ok_or(E2eeError::DecryptFailed)?;
    let mut plaintext = Zeroizing::new(seal_once(key, nonce, &[], ciphertext)?);
    plaintext.truncate(len);
    Ok(plaintext)
}

/// `nonce || ciphertext || tag` with a random nonce.
///
/// # Errors
/// As [`seal_once`].
pub fn seal(
    key: &Secret<32>,
    aad: &[u8],
    plaintext: &[u8],
    entropy: &mut dyn Entropy,
) -> Result<Vec<u8>, E2eeError> {
    let nonce = draw::<NONCE_BYTES>(entropy);
    let mut out = nonce.to_vec();
    out.append(&mut seal_once(key.expose(), &nonce, aad, plaintext)?);
    Ok(out)
}

/// Opens what [`seal`] made.
///
/// # Errors
/// [`E2eeError::DecryptFailed`].
pub fn open(key: &Secret<32>, aad: &[u8], sealed: &[u8]) -> Result<SecretBytes, E2eeError> {
    let (nonce, ciphertext) = sealed.split_first_chunk::<NONCE_BYTES>().ok_or(E2eeError::DecryptFailed)?;
    open_once(key.expose(), nonce, aad, ciphertext)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{open, open_once, seal, seal_once};
    use crate::entropy::ReplayedEntropy;
    use crate::error::E2eeError;
    use crate::secret::Secret;

    /// NIST GCM test case 16 (256-bit key, 96-bit nonce, with associated data).
    #[test]
    fn the_published_case_is_met() {
        let key: [u8; 32] = hex::decode("feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308")
            .unwrap()
            .try_into()
            .unwrap();
        let nonce: [u8; 12] = hex::decode("cafebabefacedbaddecaf888").unwrap().try_into().unwrap();
        let aad = hex::decode("feedfacedeadbeeffeedfacedeadbeefabaddad2").unwrap();
        let plain = hex::decode(
            "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39",
        )
        .unwrap();
        let sealed = seal_once(&key, &nonce, &aad, &plain).unwrap();
        assert_eq!(
            hex::encode(&sealed),
            "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f66276fc6ece0f4e1768cddf8853bb2d551b"
        );
        assert_eq!(open_once(&key, &nonce, &aad, &sealed).unwrap().as_slice(), plain);
    }

    proptest! {
        #[test]
        fn any_flipped_bit_is_refused(plain in proptest::collection::vec(any::<u8>(), 0..200), at in any::<usize>(), bit in 0..8_u8) {
            let key = Secret::from_bytes([3; 32]);
            let mut sealed = seal(&key, b"aad", &plain, &mut ReplayedEntropy::dangerous_from_seed([1; 32])).unwrap();
            let opened = open(&key, b"aad", &sealed).unwrap();
            prop_assert_eq!(opened.as_slice(), &plain[..]);
            prop_assert_eq!(open(&key, b"aae", &sealed).unwrap_err(), E2eeError::DecryptFailed);
            let at = at % sealed.len();
            sealed[at] ^= 1 << bit;
            prop_assert_eq!(open(&key, b"aad", &sealed).unwrap_err(), E2eeError::DecryptFailed);
            prop_assert_eq!(open(&key, b"aad", &sealed[..at]).unwrap_err(), E2eeError::DecryptFailed);
        }
    }
}

//! Padmé: lengths are rounded up so that a ciphertext tells only the order of magnitude of what it holds
//! (at most 12 % longer, O(log log n) bits told).
//!
//! Padmé length of L: with `E = floor(log2 L)` and `S = floor(log2 E) + 1`, L rounded up to a multiple of
//! `2^(E - S)`. Padded form: `content || 0x80 || 0x00…`, its length the Padmé length of `content + 1`, at least
//! 128 bytes. One content has one padded form; any other is refused.
//!
//! Not known here: what is padded.

use crate::error::E2eeError;
use crate::limits::PADDED_BODY_BYTES_MIN;
use crate::secret::SecretBytes;

/// The padded length of `len` bytes.
#[must_use]
pub const fn padme(len: usize) -> usize {
    if len < 2 {
        return len;
    }
    let exponent = len.ilog2();
    let kept = exponent.ilog2() + 1;
    let mask = match exponent.checked_sub(kept) {
        Some(low_bits) => (1_usize << low_bits) - 1,
        None => 0,
    };
    (len + mask) & !mask
}

/// The length of the padded form of `len` bytes of content.
#[must_use]
pub const fn padded_len(len: usize) -> usize {
    let padded = padme(len + 1);
    if padded < PADDED_BODY_BYTES_MIN { PADDED_BODY_BYTES_MIN } else { padded }
}

/// Pads.
#[must_use]
pub fn pad(content: &[u8]) -> SecretBytes {
    let len = padded_len(content.len());
    let mut padded = SecretBytes::new(Vec::with_capacity(len));
    padded.extend_from_slice(content);
    padded.push(0x80);
    padded.resize(len, 0);
    padded
}

/// The content of a padded form.
///
/// # Errors
/// [`E2eeError::BadPadding`].
pub fn unpad(padded: &[u8]) -> Result<&[u8], E2eeError> {
    let end = padded.iter().rposition(|byte| *byte != 0).ok_or(E2eeError::BadPadding)?;
    let (content, rest) = padded.split_at_checked(end).ok_or(E2eeError::BadPadding)?;
    if rest.first() == Some(&0x80) && padded_len(content.len()) == padded.len() {
        Ok(content)
    } else {
        Err(E2eeError::BadPadding)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{pad, padded_len, padme, unpad};
    use crate::error::E2eeError;
    use crate::limits::{BODY_BYTES_MAX, PADDED_BODY_BYTES_MAX};

    #[test]
    fn lengths_are_those_of_the_padme_paper() {
        for (len, padded) in
            [(1, 1), (8, 8), (9, 10), (100, 104), (1000, 1024), (10_000, 10_240), (1 << 20, 1 << 20)]
        {
            assert_eq!(padme(len), padded, "{len}");
        }
    }

    #[test]
    fn the_longest_body_fits_a_message() {
        assert!((0..=BODY_BYTES_MAX).all(|len| padded_len(len) <= PADDED_BODY_BYTES_MAX));
    }

    #[test]
    fn only_the_canonical_padding_is_accepted() {
        let padded = pad(b"yes");
        assert_eq!(unpad(&padded).unwrap(), b"yes");
        assert_eq!(padded.len(), 128);
        assert_eq!(unpad(&padded[..127]), Err(E2eeError::BadPadding));
        assert_eq!(unpad(&[0; 128]), Err(E2eeError::BadPadding));
        assert_eq!(unpad(&[]), Err(E2eeError::BadPadding));
        let mut longer = padded.to_vec();
        longer.extend_from_slice(&[0; 16]);
        assert_eq!(unpad(&longer), Err(E2eeError::BadPadding));
    }

    proptest! {
        #[test]
        fn padding_comes_off_again(content in proptest::collection::vec(any::<u8>(), 0..3000)) {
            let padded = pad(&content);
            prop_assert!(padded.len() <= 128.max(content.len() + 1 + content.len() / 8));
            prop_assert_eq!(unpad(&padded).unwrap(), &content[..]);
        }
    }
}

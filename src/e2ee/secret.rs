//! Secret bytes: zeroized when dropped, absent from `Debug`, compared in constant time, not `Clone`.
//!
//! Not known here: what a secret opens.

use core::fmt;

use subtle::ConstantTimeEq as _;
use zeroize::Zeroizing;

use crate::entropy::Entropy;

/// `N` secret bytes.
pub struct Secret<const N: usize>(Zeroizing<[u8; N]>);

/// The 32 secret bytes of one generation of a keyring or one epoch of a thread.
pub type Seed = Secret<32>;

impl<const N: usize> Secret<N> {
    /// Fresh random bytes.
    #[must_use]
    pub fn random(entropy: &mut dyn Entropy) -> Self {
        let mut bytes = Zeroizing::new([0; N]);
        entropy.fill(&mut bytes[..]);
        Self(bytes)
    }

    /// Takes bytes over.
    #[must_use]
    pub fn from_bytes(bytes: [u8; N]) -> Self {
        Self(Zeroizing::new(bytes))
    }

    /// Takes a slice over; `None` when it has another length.
    #[must_use]
    pub fn from_slice(bytes: &[u8]) -> Option<Self> {
        <[u8; N]>::try_from(bytes).ok().map(Self::from_bytes)
    }

    /// The bytes, for a cipher. Spelled long, because whoever reads it must look where it goes.
    #[must_use]
    pub fn expose(&self) -> &[u8; N] {
        &self.0
    }

    /// A second copy, where two owners are needed.
    #[must_use]
    pub fn duplicate(&self) -> Self {
        Self(self.0.clone())
    }

    /// Whether two secrets are equal, in constant time.
    #[must_use]
    pub fn same(&self, other: &Self) -> bool {
        self.0[..].ct_eq(&other.0[..]).into()
    }
}

impl<const N: usize> fmt::Debug for Secret<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// Secret bytes of any length.
pub type SecretBytes = Zeroizing<Vec<u8>>;

#[cfg(test)]
mod tests {
    use super::Secret;

    #[test]
    fn debug_shows_nothing() {
        assert_eq!(format!("{:?}", Secret::from_bytes([0xab; 4])), "Secret(…)");
    }

    #[test]
    fn a_slice_of_another_length_is_no_secret() {
        assert!(Secret::<4>::from_slice(&[0; 5]).is_none());
        assert!(Secret::<4>::from_slice(&[1; 4]).is_some_and(|it| it.same(&Secret::from_bytes([1; 4]))));
    }
}

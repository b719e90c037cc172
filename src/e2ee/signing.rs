//! Signing keys of people. A keyring never signs; a signing seed is never boxed to anybody, it lives in its
//! owner's vault alone.
//!
//! Not known here: what is signed; see the chain crate's builders.

use core::fmt;

use ed25519_dalek::SigningKey;
use relais_chain::PublicKey;

use crate::entropy::Entropy;
use crate::secret::{Secret, Seed};

/// An Ed25519 private key. Zeroized when dropped.
pub struct SigningSecret(SigningKey);

impl SigningSecret {
    /// A fresh key.
    #[must_use]
    pub fn random(entropy: &mut dyn Entropy) -> Self {
        Self::from_seed(&Seed::random(entropy))
    }

    /// The key of a seed (RFC 8032).
    #[must_use]
    pub fn from_seed(seed: &Seed) -> Self {
        Self(SigningKey::from_bytes(seed.expose()))
    }

    /// The seed, for the vault.
    #[must_use]
    pub fn seed(&self) -> Seed {
        Secret::from_bytes(self.0.to_bytes())
    }

    /// The private key in the form the chain crate's builders take.
    #[must_use]
    pub const fn key(&self) -> &SigningKey {
        &self.0
    }

    /// The public key.
    #[must_use]
    pub fn public(&self) -> PublicKey {
        PublicKey::from(self.0.verifying_key())
    }

    /// Signs `label || 0x00 || bytes`.
    #[must_use]
    pub fn sign(&self, label: &str, bytes: &[u8]) -> [u8; 64] {
        relais_chain::sign::sign(&self.0, label, bytes)
    }
}

impl fmt::Debug for SigningSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SigningSecret(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::SigningSecret;
    use crate::secret::Secret;

    /// RFC 8032, section 7.1, test 1.
    #[test]
    fn the_published_key_pair_is_met() {
        let seed = hex::decode("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60").unwrap();
        let secret = SigningSecret::from_seed(&Secret::from_slice(&seed).unwrap());
        assert_eq!(
            hex::encode(secret.public().to_bytes()),
            "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a"
        );
        assert_eq!(format!("{secret:?}"), "SigningSecret(…)");
    }
}

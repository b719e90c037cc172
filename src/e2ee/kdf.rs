//! The one key derivation: HKDF-SHA-256 (RFC 5869) with a fixed salt and a label per use.
//!
//! `KDF(seed, label, ctx, len) = Expand(Extract(salt = "relais/v1", seed), label || 0x00 || ctx, len)`.
//! The labels stand in [`label`], so that no two uses share one by accident; none contains a zero byte, so
//! label and context cannot run into each other.
//!
//! Not known here: what a derived key is for.

use hkdf::Hkdf;
use sha2::Sha256;

use crate::secret::Secret;

/// The salt: separates this protocol and version from every other.
pub const SALT: &[u8] = b"relais/v1";

/// Every label of version 1.
pub mod label {
    /// X-Wing private key of a generation.
    pub const KEYRING_ENC: &str = "kr/enc";
    /// Key of the box of the previous seed.
    pub const KEYRING_PREV: &str = "kr/prev";
    /// Public commitment to a seed.
    pub const KEYRING_COMMIT: &str = "kr/commit";
    /// Key and nonce of a message; context `thread || msg || author`.
    pub const MESSAGE: &str = "msg";
    /// Key and nonce of the encrypted reason of a control entry; context as for a message.
    pub const REASON: &str = "reason";
    /// Key and nonce prefix of a file; context: blob id.
    pub const FILE: &str = "file/enc";
    /// Wrap of the vault key by the password's export key.
    pub const VAULT_PASSWORD: &str = "vault/pw";
    /// Wrap of the vault key by both halves of the recovery code.
    pub const VAULT_RECOVERY: &str = "vault/rec";
    /// Wrap of the vault key by a key file.
    pub const VAULT_KEY_FILE: &str = "vault/file";
    /// Wrap of the vault key by a passkey's PRF output.
    pub const VAULT_PASSKEY: &str = "vault/prf";
    /// Signing seed that proves the user's half of a recovery code.
    pub const RECOVERY_AUTH: &str = "rec/auth";
    /// Check characters of a recovery code.
    pub const RECOVERY_CHECK: &str = "rec/check";
    /// Signing seed of a bearer invitation.
    pub const INVITE_KEY: &str = "invite/key";
    /// Key of the key index object.
    pub const KEY_INDEX: &str = "obj/index";
    /// Key of the pins object.
    pub const PINS: &str = "obj/pins";
}

/// Derives `N` bytes (at most 255 * 32).
#[must_use]
pub fn derive<const N: usize>(seed: &[u8], label: &str, ctx: &[u8]) -> Secret<N> {
    derive_salted(SALT, seed, label, ctx)
}

pub(crate) fn derive_salted<const N: usize>(salt: &[u8], seed: &[u8], label: &str, ctx: &[u8]) -> Secret<N> {
    const { assert!(N <= 255 * 32, "HKDF-SHA-256 gives at most 255 blocks") };
    let mut out = zeroize::Zeroizing::new([0; N]);
    Hkdf::<Sha256>::new(Some(salt), seed)
        .expand_multi_info(&[label.as_bytes(), &[0], ctx], &mut out[..])
        .expect("the length is checked when compiled");
    Secret::from_bytes(*out)
}

#[cfg(test)]
mod tests {
    use super::{derive, derive_salted, label};

    /// The vector that was first computed in two languages, under a placeholder prefix.
    #[test]
    fn the_construction_is_the_one_tested_across_languages() {
        let commit = derive_salted::<32>(b"APP/v1", &[0x11; 32], label::KEYRING_COMMIT, &[]);
        assert_eq!(
            hex::encode(commit.expose()),
            "c62b185c2821c461902398c202fb0567971ee13e53db6b7f6d78a35c601a0ddb"
        );
        let ctx = [[0x22; 16], [0x33; 16], [0x44; 16]].concat();
        let key = hex::encode(derive_salted::<44>(b"APP/v1", &[0x11; 32], label::MESSAGE, &ctx).expose());
        assert!(key.starts_with("ebdeb1f6") && key.ends_with("7b00fd27"), "{key}");
    }

    #[test]
    fn label_and_context_separate_keys() {
        let keys = [
            derive::<32>(&[1; 32], "a", b""),
            derive::<32>(&[1; 32], "a", b"x"),
            derive::<32>(&[1; 32], "ax", b""),
            derive::<32>(&[2; 32], "a", b""),
        ];
        for (i, a) in keys.iter().enumerate() {
            for b in &keys[i + 1..] {
                assert!(!a.same(b));
            }
        }
    }

    #[test]
    fn no_label_is_used_twice_or_contains_the_separator() {
        let all = [
            label::KEYRING_ENC,
            label::KEYRING_PREV,
            label::KEYRING_COMMIT,
            label::MESSAGE,
            label::REASON,
            label::FILE,
            label::VAULT_PASSWORD,
            label::VAULT_RECOVERY,
            label::VAULT_KEY_FILE,
            label::VAULT_PASSKEY,
            label::RECOVERY_AUTH,
            label::RECOVERY_CHECK,
            label::INVITE_KEY,
            label::KEY_INDEX,
            label::PINS,
        ];
        let distinct: std::collections::BTreeSet<_> = all.iter().collect();
        assert_eq!(distinct.len(), all.len());
        assert!(all.iter().all(|label| !label.contains('\0')));
    }
}

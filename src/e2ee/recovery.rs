//! The split recovery code: half of the key is the user's, shown once and written down; half is the
//! server's, released after an e-mail code. Neither half alone opens anything (SEC-10).
//!
//! The user's half is 128 random bits, written as 26 characters of Crockford's base 32 (most significant bit
//! first, two zero bits before) and 2 check characters: the first 10 bits of `KDF(half, "rec/check", "", 2)`.
//! Shown in seven groups of four. Reading ignores case, spaces and hyphens, and takes O for 0, I and L for 1.
//!
//! `KEK = KDF(user half || server half, "vault/rec", "", 32)`; the user's half is proved to the server by a
//! signature with `Ed25519(KDF(user half, "rec/auth", "", 32))`, label `relais/v1/recover`, over its challenge.
//!
//! Not known here: how the code reaches paper.

use core::fmt;

use relais_wire::account::Recovery;
use zeroize::Zeroizing;

use crate::entropy::Entropy;
use crate::error::E2eeError;
use crate::kdf::{derive, label};
use crate::secret::Secret;
use crate::signing::SigningSecret;

/// Label of the signature over a recovery challenge.
pub const LABEL_RECOVER: &str = "relais/v1/recover";

const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
const VALUE_CHARS: usize = 26;
const CHECK_CHARS: usize = 2;
const GROUP_CHARS: usize = 4;

/// The user's half.
pub struct RecoveryCode(Secret<16>);

/// The server's half.
pub type ServerHalf = Secret<32>;

impl RecoveryCode {
    /// A new code.
    #[must_use]
    pub fn random(entropy: &mut dyn Entropy) -> Self {
        Self(Secret::random(entropy))
    }

    pub(crate) fn from_half(half: Secret<16>) -> Self {
        Self(half)
    }

    pub(crate) const fn half(&self) -> &Secret<16> {
        &self.0
    }

    /// A second copy, to show and to keep.
    #[must_use]
    pub fn duplicate(&self) -> Self {
        Self(self.0.duplicate())
    }

    /// The text to show: seven groups of four characters.
    #[must_use]
    pub fn text(&self) -> Zeroizing<String> {
        let mut text = Zeroizing::new(String::with_capacity(40));
        let value = u128::from_be_bytes(*self.0.expose());
        let digits = (0..VALUE_CHARS).rev().map(|place| digit(value >> (5 * place)));
        for (i, c) in digits.chain(self.check_digits()).enumerate() {
            if i > 0 && i % GROUP_CHARS == 0 {
                text.push('-');
            }
            text.push(c);
        }
        text
    }

    /// Reads a code as a person typed it.
    ///
    /// # Errors
    /// [`E2eeError::CodeMalformed`]; [`E2eeError::CodeChecksum`].
    pub fn parse(text: &str) -> Result<Self, E2eeError> {
        let mut value = Zeroizing::new(0_u128);
        let mut check = String::with_capacity(CHECK_CHARS);
        let mut count = 0;
        for c in text.chars().filter(|c| !c.is_whitespace() && *c != '-') {
            let digit = digit_value(c).ok_or(E2eeError::CodeMalformed)?;
            if count == 0 && digit > 7 {
                return Err(E2eeError::CodeMalformed);
            }
            if count < VALUE_CHARS {
                *value = (*value << 5) | digit;
            } else {
                check.push(self::digit(digit));
            }
            count += 1;
        }
        if count != VALUE_CHARS + CHECK_CHARS {
            return Err(E2eeError::CodeMalformed);
        }
        let code = Self(Secret::from_bytes(value.to_be_bytes()));
        if code.check_digits().eq(check.chars()) { Ok(code) } else { Err(E2eeError::CodeChecksum) }
    }

    fn check_digits(&self) -> impl Iterator<Item = char> {
        let check = derive::<2>(self.0.expose(), label::RECOVERY_CHECK, &[]);
        let value = u128::from(u16::from_be_bytes(*check.expose()));
        [digit(value >> 11), digit(value >> 6)].into_iter()
    }

    /// The key that proves this half to the server.
    #[must_use]
    pub fn auth(&self) -> SigningSecret {
        SigningSecret::from_seed(&derive(self.0.expose(), label::RECOVERY_AUTH, &[]))
    }

    /// Signs the server's challenge.
    #[must_use]
    pub fn prove(&self, challenge: &[u8]) -> [u8; 64] {
        self.auth().sign(LABEL_RECOVER, challenge)
    }

    /// The server's part of this code, with a fresh half of its own.
    #[must_use]
    pub fn server_part(&self, half: &ServerHalf) -> Recovery {
        Recovery {
            auth_key: self.auth().public().to_bytes().to_vec().into(),
            server_half: half.expose().to_vec().into(),
        }
    }

    /// The key that both halves give together.
    #[must_use]
    pub fn kek(&self, server: &ServerHalf) -> Secret<32> {
        let mut both = Zeroizing::new([0; 48]);
        let (user_part, server_part) = both.split_at_mut(16);
        user_part.copy_from_slice(self.0.expose());
        server_part.copy_from_slice(server.expose());
        derive(&both[..], label::VAULT_RECOVERY, &[])
    }
}

impl fmt::Debug for RecoveryCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RecoveryCode(…)")
    }
}

/// The character of the lowest five bits.
fn digit(value: u128) -> char {
    let index = usize::try_from(value & 31).expect("five bits fit");
    char::from(*ALPHABET.get(index).expect("five bits index 32 characters"))
}

fn digit_value(c: char) -> Option<u128> {
    let canonical = match c.to_ascii_uppercase() {
        'O' => '0',
        'I' | 'L' => '1',
        other => other,
    };
    let index = ALPHABET.iter().position(|known| char::from(*known) == canonical)?;
    u128::try_from(index).ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{LABEL_RECOVER, RecoveryCode};
    use crate::error::E2eeError;
    use crate::secret::Secret;

    #[test]
    fn the_code_is_read_back_however_it_is_typed() {
        let code = RecoveryCode(Secret::from_bytes(
            *b"\x01\x23\x45\x67\x89\xab\xcd\xef\xfe\xdc\xba\x98\x76\x54\x32\x10",
        ));
        let text = code.text();
        assert_eq!(text.len(), 28 + 6);
        let sloppy = text.to_lowercase().replace('-', " ").replace('0', "o").replace('1', "l");
        assert!(RecoveryCode::parse(&sloppy).unwrap().0.same(&code.0));
    }

    #[test]
    fn a_code_of_another_shape_is_refused() {
        let code = RecoveryCode(Secret::from_bytes([0xff; 16])).text();
        let tail: String = code.chars().skip(1).collect();
        for bad in ["", "hello", &tail, &format!("{}0", &*code), &code.replace('Z', "U"), &format!("Z{tail}")]
        {
            assert_eq!(RecoveryCode::parse(bad).unwrap_err(), E2eeError::CodeMalformed, "{bad}");
        }
    }

    #[test]
    fn the_proof_is_bound_to_the_challenge() {
        let code = RecoveryCode(Secret::from_bytes([5; 16]));
        let sig = code.prove(&[1; 32]);
        let key = code.auth().public();
        assert!(key.verify(LABEL_RECOVER, &[1; 32], &sig).is_ok());
        assert!(key.verify(LABEL_RECOVER, &[2; 32], &sig).is_err());
    }

    #[test]
    fn neither_half_alone_gives_the_key() {
        let (a, b) = (RecoveryCode(Secret::from_bytes([5; 16])), RecoveryCode(Secret::from_bytes([6; 16])));
        let (s, t) = (Secret::from_bytes([1; 32]), Secret::from_bytes([2; 32]));
        assert!(!a.kek(&s).same(&b.kek(&s)));
        assert!(!a.kek(&s).same(&a.kek(&t)));
    }

    proptest! {
        #[test]
        fn one_mistyped_character_is_noticed(half in any::<[u8; 16]>(), at in 1..26_usize, by in 1..32_usize) {
            let code = RecoveryCode(Secret::from_bytes(half));
            let text: Vec<u8> = code.text().bytes().filter(|c| *c != b'-').collect();
            let read = RecoveryCode::parse(core::str::from_utf8(&text).unwrap()).unwrap();
            prop_assert!(read.0.same(&code.0));
            let mut mistyped = text;
            let old = super::ALPHABET.iter().position(|c| *c == mistyped[at]).unwrap();
            mistyped[at] = super::ALPHABET[(old + by) % 32];
            // 10 check bits: one mistake in 1024 passes, and then gives another half.
            if let Ok(other) = RecoveryCode::parse(core::str::from_utf8(&mistyped).unwrap()) {
                prop_assert!(!other.0.same(&code.0));
            }
        }
    }
}

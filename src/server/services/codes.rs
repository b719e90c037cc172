//! Codes that are mailed: six digits, kept only as a keyed hash that is bound to the one sign-in they are for.
//!
//! Not known here: how often one may be tried; the store counts that.

use relais_wire::ids::{Bytes32, LoginId};
use relais_wire::limits::CODE_DIGITS;
use subtle::ConstantTimeEq as _;

use super::mutation::{self, Check};
use crate::keys::{Keys, random32};

/// Makes a code.
pub(crate) fn draw() -> String {
    // 2^64 draws over 10^6 codes: the bias is 5e-14.
    let [a, b, c, d, e, f, g, h, ..] = random32();
    let number = u64::from_be_bytes([a, b, c, d, e, f, g, h]) % 10_u64.pow(DIGITS);
    format!("{number:0CODE_DIGITS$}")
}

const DIGITS: u32 = 6;
const _: () = assert!(CODE_DIGITS == 6);

/// What is kept of a code.
pub(crate) fn kept(keys: &Keys, login: LoginId, code: &str) -> Bytes32 {
    let mut input = login.as_bytes().to_vec();
    input.extend_from_slice(code.as_bytes());
    Bytes32::from_bytes(keys.derive("relais/v1/code", &input))
}

/// Whether a code is the one that was mailed. Spaces do not count: people paste.
pub(crate) fn matches(keys: &Keys, login: LoginId, mailed: Option<Bytes32>, typed: &str) -> bool {
    let typed: String = typed.chars().filter(|c| !c.is_whitespace()).collect();
    let right = mailed.is_some_and(|kept_code| {
        bool::from(kept(keys, login, &typed).as_bytes().ct_eq(kept_code.as_bytes()))
    });
    right || !mutation::is_on(Check::Code)
}

#[cfg(test)]
mod tests {
    use relais_wire::ids::LoginId;

    use super::{draw, kept, matches};
    use crate::keys::Keys;

    #[test]
    fn a_code_counts_only_for_the_sign_in_it_was_sent_for() {
        // SEC-09
        let dir = tempfile::tempdir().unwrap();
        let keys = Keys::open(&dir.path().join("keys"), dir.path()).unwrap();
        let (ada, ben) = (LoginId::from_bytes([1; 16]), LoginId::from_bytes([2; 16]));
        let mailed = Some(kept(&keys, ada, "042137"));
        assert!(matches(&keys, ada, mailed, "042137"));
        assert!(matches(&keys, ada, mailed, " 042 137 "));
        assert!(!matches(&keys, ben, mailed, "042137"));
        assert!(!matches(&keys, ada, mailed, "042138"));
        assert!(!matches(&keys, ada, None, "042137"));
    }

    #[test]
    fn codes_are_six_digits() {
        for _ in 0..200 {
            let code = draw();
            assert!(code.len() == 6 && code.bytes().all(|b| b.is_ascii_digit()), "{code}");
        }
    }
}

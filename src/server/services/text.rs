//! Text that people type: addresses and names in one form, so that two spellings of one thing are one thing.
//!
//! Not known here: who typed it.

use relais_wire::limits::TEXT_CHARS_MAX;
use unicode_normalization::{UnicodeNormalization as _, char::is_combining_mark};

/// An e-mail address in the form it is stored and looked up: trimmed, lower-case. `None` for text that cannot
/// be one (RFC 5321: a local part, `@`, a domain, at most 254 characters, no space or control character).
pub(crate) fn email(text: &str) -> Option<String> {
    let text = text.trim();
    if text.chars().count() > TEXT_CHARS_MAX || text.chars().any(|c| c.is_whitespace() || c.is_control()) {
        return None;
    }
    let (local, domain) = text.rsplit_once('@')?;
    let plausible = !local.is_empty() && local.len() <= 64 && !domain.is_empty() && !domain.starts_with('.');
    plausible.then(|| text.to_lowercase())
}

/// A displayed name: trimmed, in normal form C. `None` when empty, too long, or with control characters.
pub(crate) fn name(text: &str) -> Option<String> {
    let text: String = text.trim().nfc().collect();
    let fits = (1..=TEXT_CHARS_MAX).contains(&text.chars().count()) && !text.chars().any(char::is_control);
    fits.then_some(text)
}

/// What names are compared by: without accents, case or doubled spaces.
pub(crate) fn folded(text: &str) -> String {
    let plain: String = text.nfkd().filter(|c| !is_combining_mark(*c)).flat_map(char::to_lowercase).collect();
    let plain = plain.replace('œ', "oe").replace('æ', "ae").replace('ß', "ss");
    plain.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::{email, folded, name};

    #[test]
    fn addresses_have_one_form() {
        assert_eq!(email(" Ada@Example.ORG ").as_deref(), Some("ada@example.org"));
        for wrong in [
            "",
            "ada",
            "@x.org",
            "a@",
            "a b@x.org",
            "a@.org",
            "a\u{0}@x.org",
            &format!("{}@x.org", "a".repeat(300)),
        ] {
            assert_eq!(email(wrong), None, "{wrong:?}");
        }
    }

    #[test]
    fn search_does_not_see_accents_or_case() {
        // NET-03
        assert_eq!(folded("  Hélène  LŒUVRE "), "helene loeuvre");
        assert_eq!(folded("Ça"), folded("ca"));
    }

    #[test]
    fn a_name_is_some_visible_text() {
        assert_eq!(name(" Ada ").as_deref(), Some("Ada"));
        assert_eq!(name("e\u{301}").as_deref(), Some("é"));
        for wrong in ["", "   ", "a\nb", &"a".repeat(255)] {
            assert_eq!(name(wrong), None, "{wrong:?}");
        }
    }
}

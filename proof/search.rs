//! Looking for plaintext where none may be: in bytes of any origin, in UTF-8, in both UTF-16 byte orders and in
//! base64 at every alignment, standard and URL-safe.
//!
//! Not known here: where the bytes come from.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};

/// The forms in which one planted text might appear.
#[derive(Clone, Debug)]
pub struct Marker {
    forms: Vec<(&'static str, Vec<u8>)>,
}

impl Marker {
    /// Prepares a text of at least 12 bytes: shorter ones would be found by chance in base64.
    ///
    /// # Panics
    /// When the text is shorter; markers are constants of a proof.
    #[must_use]
    pub fn new(text: &str) -> Self {
        assert!(text.len() >= 12, "a marker must be long enough not to appear by chance");
        let mut forms = vec![
            ("UTF-8", text.as_bytes().to_vec()),
            ("UTF-16LE", text.encode_utf16().flat_map(u16::to_le_bytes).collect()),
            ("UTF-16BE", text.encode_utf16().flat_map(u16::to_be_bytes).collect()),
        ];
        for shift in 0..3_usize {
            // The first and last characters depend on the neighbours: only the inner part is certain.
            let inner = text.as_bytes().get((3 - shift) % 3..).unwrap_or_default();
            let whole = inner.get(..inner.len() / 3 * 3).unwrap_or_default();
            forms.push(("base64", STANDARD_NO_PAD.encode(whole).into_bytes()));
            forms.push(("base64url", URL_SAFE_NO_PAD.encode(whole).into_bytes()));
        }
        Self { forms }
    }

    /// The first form that is found, by name.
    #[must_use]
    pub fn found_in(&self, haystack: &[u8]) -> Option<&'static str> {
        self.forms.iter().find(|(_, form)| contains(haystack, form)).map(|(name, _)| *name)
    }
}

fn contains(haystack: &[u8], needle: &[u8]) -> bool {
    let Some(first) = needle.first() else { return false };
    let mut rest = haystack;
    while let Some(at) = rest.iter().position(|byte| byte == first) {
        rest = rest.get(at..).unwrap_or_default();
        if rest.starts_with(needle) {
            return true;
        }
        rest = rest.get(1..).unwrap_or_default();
    }
    false
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;
    use base64::engine::general_purpose::{STANDARD, URL_SAFE};

    use super::Marker;

    const TEXT: &str = "marqueur-éphémère-4711";

    #[test]
    fn a_marker_is_found_in_every_form_and_at_every_alignment() {
        let marker = Marker::new(TEXT);
        for pad in 0..7 {
            let mut plain = vec![b'?'; pad];
            plain.extend_from_slice(TEXT.as_bytes());
            plain.extend_from_slice(b"??");
            assert_eq!(marker.found_in(&plain), Some("UTF-8"));
            assert!(marker.found_in(STANDARD.encode(&plain).as_bytes()).is_some(), "base64, {pad} before");
            assert!(marker.found_in(URL_SAFE.encode(&plain).as_bytes()).is_some(), "base64url, {pad} before");
        }
        let wide: Vec<u8> = TEXT.encode_utf16().flat_map(u16::to_le_bytes).collect();
        assert_eq!(marker.found_in(&wide), Some("UTF-16LE"));
        let wide: Vec<u8> = TEXT.encode_utf16().flat_map(u16::to_be_bytes).collect();
        assert_eq!(marker.found_in(&wide), Some("UTF-16BE"));
    }

    #[test]
    fn what_is_not_there_is_not_found() {
        let marker = Marker::new(TEXT);
        assert_eq!(marker.found_in(b"marqueur-ephemere-4711 marqueur"), None);
        assert_eq!(marker.found_in(&[]), None);
    }
}

//! What the protocol document says about sealed objects is what the code does.

#![expect(clippy::unwrap_used, reason = "a test: a failure here is the failure to report")]

use relais_e2ee::{E2eeError, limits};

fn section() -> String {
    let document = std::fs::read_to_string("../../docs/PROTOCOL.md").unwrap();
    let (_, after) = document.split_once("\n## 9. Sealed objects\n").unwrap();
    after.split_once("\n## 10.").unwrap().0.to_owned()
}

#[test]
fn every_error_is_documented_under_its_number() {
    let section = section();
    let mut last = 0;
    for error in E2eeError::ALL {
        let line = format!("| {} | `{}` | {error} |", error.code(), error.name());
        assert!(section.contains(&line), "missing: {line}");
        assert!(error.code() > last, "{error:?} is out of order");
        last = error.code();
    }
}

#[test]
fn every_bound_of_a_body_is_documented() {
    let section = section().replace(' ', "");
    for bound in [
        limits::BODY_BYTES_MAX,
        limits::TEXT_BYTES_MAX,
        limits::TITLE_BYTES_MAX,
        limits::FILE_NAME_BYTES_MAX,
        limits::PATIENT_LABEL_BYTES_MAX,
        limits::ATTACHMENTS_MAX,
        usize::try_from(limits::FILE_PLAIN_BYTES_MAX).unwrap(),
        limits::MENTIONS_MAX,
        limits::REASON_TEXT_BYTES_MAX,
        limits::PADDED_BODY_BYTES_MIN,
        limits::PASSWORD_CHARS_MIN,
    ] {
        assert!(section.contains(&bound.to_string()), "missing: {bound}");
    }
}

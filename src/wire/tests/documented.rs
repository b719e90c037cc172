//! The protocol's document knows every type, code and limit, with its number.

#![expect(clippy::unwrap_used, reason = "a test: a document that cannot be read fails it")]

use relais_wire::{CloseCode, Control, ErrorCode, Event, Request};

fn document() -> String {
    std::fs::read_to_string("../../docs/PROTOCOL.md").unwrap()
}

#[test]
fn every_type_stands_in_the_document_with_its_number() {
    let document = document();
    for (kind, name) in Request::ALL {
        assert!(document.contains(&format!("#### {kind:#06x} {name} → ")), "request {name}");
    }
    for (kind, name) in Event::ALL {
        assert!(document.contains(&format!("#### {kind} {name} (")), "event {name}");
    }
    for (kind, name) in Control::ALL {
        assert!(document.contains(&format!("#### {kind} {name}\n")), "control {name}");
    }
}

#[test]
fn every_code_stands_in_the_document_with_its_number() {
    let document = document();
    for code in ErrorCode::ALL {
        assert!(document.contains(&format!("| {} | `{code:?}` |", code.code())), "{code:?}");
    }
    for code in CloseCode::ALL {
        assert!(document.contains(&format!("| {} | `{code:?}` |", code.code())), "{code:?}");
    }
}

#[test]
fn every_limit_stands_in_the_document() {
    let document = document();
    let source = include_str!("../limits.rs");
    let mut count = 0;
    for line in source.lines() {
        let Some(rest) = line.strip_prefix("pub const ") else { continue };
        let name = rest.split(':').next().unwrap();
        assert!(document.contains(&format!("| `{name}` |")), "{name}");
        count += 1;
    }
    assert!(count > 30);
}

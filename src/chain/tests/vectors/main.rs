//! The vectors of this crate: made from fixed seeds, compared with the committed files, and run from those
//! files alone as another implementation would.
//!
//! The files are immutable per protocol version. With `RELAIS_WRITE_VECTORS=1` in the environment a missing one
//! is written; none is ever overwritten.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test: a failure here is the report"
)]
#![allow(
    clippy::too_many_lines,
    clippy::wildcard_enum_match_arm,
    reason = "tables of cases are long, and JSON is what it is"
)]

mod codec;
mod keys;
mod links;
mod order;
mod run;
mod thread_acts;
mod thread_people;
mod threads;
#[path = "../world/mod.rs"]
mod world;

use std::path::PathBuf;

use relais_chain::ChainError;
use serde_json::{Value, json};

/// One vector: what goes in, and what must come out or be refused.
struct Case {
    id: String,
    op: &'static str,
    inputs: Value,
    outcome: Result<Value, ChainError>,
}

impl Case {
    fn to_json(&self) -> Value {
        match &self.outcome {
            Ok(output) => {
                json!({ "id": self.id, "op": self.op, "inputs": self.inputs, "output": output })
            }
            Err(error) => json!({
                "id": self.id,
                "op": self.op,
                "inputs": self.inputs,
                "error": { "code": error.code(), "name": error.name() },
            }),
        }
    }
}

fn files() -> Vec<(&'static str, Value)> {
    let file = |cases: Vec<Case>, worlds: Value| {
        let cases: Vec<_> = cases.iter().map(Case::to_json).collect();
        json!({ "version": 1, "worlds": worlds, "cases": cases })
    };
    let none = || json!({});
    vec![
        ("chain-codec.json", file(codec::cases(), none())),
        ("chain-keys.json", file(keys::cases(), none())),
        ("chain-links.json", file(links::cases(), links::worlds())),
        ("chain-threads.json", file(threads::cases(), threads::worlds())),
        ("chain-order.json", file(order::cases(), threads::worlds())),
    ]
}

fn path(name: &str) -> PathBuf {
    PathBuf::from("../../vectors").join(name)
}

fn text(value: &Value) -> String {
    serde_json::to_string_pretty(value).unwrap() + "\n"
}

fn committed() -> Vec<(&'static str, Value)> {
    let read = |name| {
        let text = std::fs::read_to_string(path(name)).unwrap_or_else(|e| panic!("{name}: {e}"));
        (name, serde_json::from_str(&text).unwrap())
    };
    ["chain-codec.json", "chain-keys.json", "chain-links.json", "chain-threads.json", "chain-order.json"]
        .map(read)
        .into()
}

#[test]
fn the_committed_vectors_are_what_this_crate_makes() {
    let write = std::env::var_os("RELAIS_WRITE_VECTORS").is_some();
    for (name, made) in files() {
        if write && !path(name).exists() {
            std::fs::write(path(name), text(&made)).unwrap();
        }
        let there = std::fs::read_to_string(path(name)).unwrap_or_else(|e| panic!("{name}: {e}"));
        assert!(there == text(&made), "{name} differs: formats are immutable per protocol version");
    }
}

#[test]
fn the_committed_vectors_hold_when_run_from_the_files_alone() {
    for (name, file) in committed() {
        for case in file["cases"].as_array().unwrap() {
            run::case(name, &file["worlds"], case);
        }
    }
}

#[test]
fn there_are_enough_refusals_and_ids_are_unique() {
    let mut ids = std::collections::BTreeSet::new();
    let mut refusals = std::collections::BTreeSet::new();
    for (_, file) in committed() {
        for case in file["cases"].as_array().unwrap() {
            assert!(ids.insert(case["id"].as_str().unwrap().to_owned()), "{} twice", case["id"]);
            if let Some(code) = case["error"]["code"].as_u64() {
                refusals.insert((case["op"].as_str().unwrap().to_owned(), code));
            }
        }
    }
    assert!(refusals.len() >= 60, "{} different refusals", refusals.len());
}

//! What the vectors are made of.

#![allow(unreachable_pub, clippy::unwrap_used, clippy::indexing_slicing, reason = "shared by tests")]

pub mod account;
pub mod content;
pub mod primitives;

use relais_e2ee::E2eeError;
use relais_e2ee::entropy::ReplayedEntropy;
use serde_json::{Value, json};

pub const NOW: u64 = 1_795_000_000_000;

pub fn entropy(seed: u8) -> ReplayedEntropy {
    ReplayedEntropy::dangerous_from_seed([seed; 32])
}

/// One case: what goes in, and what comes out or the error it ends in.
pub fn case(id: &str, op: &str, inputs: Value, result: Result<Value, E2eeError>) -> Value {
    match result {
        Ok(output) => json!({ "id": id, "op": op, "inputs": inputs, "output": output }),
        Err(error) => {
            json!({ "id": id, "op": op, "inputs": inputs, "error": error.name(), "code": error.code() })
        }
    }
}

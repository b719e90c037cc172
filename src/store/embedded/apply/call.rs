//! Calls.

use crate::{
    embedded::tx::{Stop, Tx},
    error::Kind,
    write::CallWrite,
};

impl Tx<'_> {
    pub(crate) fn call(&self, write: &CallWrite) -> Result<(), Stop> {
        match write {
            CallWrite::Start(call) => self.insert(
                Kind::Call,
                Kind::Call,
                "INSERT INTO call (call, thread, caller, started_ms, ended_ms, state) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
                (
                    call.call.as_bytes(),
                    call.thread.as_bytes(),
                    call.caller.as_bytes(),
                    call.started_ms,
                    call.ended_ms,
                    call.state.as_slice(),
                ),
            ),
            CallWrite::Change { call, ended_ms, state } => self.must(
                Kind::Call,
                "UPDATE call SET ended_ms = ?2, state = ?3 WHERE call = ?1 AND ended_ms IS NULL",
                (call.as_bytes(), ended_ms, state.as_slice()),
            ),
        }
    }
}

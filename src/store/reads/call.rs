//! Reads of calls.

use relais_wire::ids::{CallId, ThreadId, UserId};
use rusqlite::Row;

use super::{Broken, Query, Snapshot, opaque, page};
use crate::facts::call::Call;

fn call(row: &Row<'_>) -> rusqlite::Result<Call> {
    Ok(Call {
        call: CallId::from_bytes(row.get(0)?),
        thread: ThreadId::from_bytes(row.get(1)?),
        caller: UserId::from_bytes(row.get(2)?),
        started_ms: row.get(3)?,
        ended_ms: row.get(4)?,
        state: opaque(row, 5)?,
    })
}

/// One call, also when it is over.
#[derive(Clone, Copy, Debug)]
pub struct CallById(pub CallId);

impl Query for CallById {
    type Out = Option<Call>;
    fn answer(&self, snapshot: &Snapshot<'_>) -> Result<Self::Out, Broken> {
        snapshot.one(
            "SELECT call, thread, caller, started_ms, ended_ms, state FROM call WHERE call = ?1",
            [self.0.as_bytes()],
            call,
        )
    }
}

/// Calls that are not over, by id: what a server begins with after a restart.
#[derive(Clone, Copy, Debug)]
pub struct OpenCalls {
    /// Those after this one.
    pub after: Option<CallId>,
    /// How many at most.
    pub max: u32,
}

impl Query for OpenCalls {
    type Out = Vec<Call>;
    fn answer(&self, snapshot: &Snapshot<'_>) -> Result<Self::Out, Broken> {
        let after: &[u8] = self.after.as_ref().map_or(&[], |call| call.as_bytes());
        snapshot.all(
            "SELECT call, thread, caller, started_ms, ended_ms, state FROM call
             WHERE ended_ms IS NULL AND call > ?1 ORDER BY call LIMIT ?2",
            (after, page(self.max)),
            call,
        )
    }
}

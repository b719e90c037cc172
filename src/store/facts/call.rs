//! Calls: small facts, so that one survives a restart.

use relais_wire::ids::{CallId, ThreadId, UserId};

use super::Opaque;

/// A call, ringing, going on or over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    /// Its id, made by whoever started it.
    pub call: CallId,
    /// The thread it is about.
    pub thread: ThreadId,
    /// Who started it.
    pub caller: UserId,
    /// When it was started, in server milliseconds.
    pub started_ms: u64,
    /// When it ended, in server milliseconds; `None` while it rings or goes on.
    pub ended_ms: Option<u64>,
    /// Phase, places and deadlines, encoded by the core of calls; empty once it is over.
    pub state: Opaque,
}

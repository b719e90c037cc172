//! What decides, without doing anything: connection, cursors, outbox, chores.

pub mod backoff;
pub mod chores;
pub mod link;
pub mod outbox;
pub mod proof;
pub mod stream;

pub use backoff::Backoff;
pub use chores::{Chore, Chores};
pub use link::{CallError, Input, Link, Output, StopReason, Violation};
pub use outbox::{Outbox, Record};
pub use proof::Credentials;

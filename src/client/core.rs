//! What decides, without doing anything: connection, cursors, outbox.

pub mod backoff;
pub mod link;
pub mod outbox;
pub mod proof;
pub mod stream;

pub use backoff::Backoff;
pub use link::{CallError, Input, Link, Output, StopReason, Violation};
pub use outbox::{Outbox, Record};
pub use proof::Credentials;

//! The one place that starts tasks, so that each has a name.

use std::future::Future;

use tokio::task::JoinHandle;
use tracing::Instrument as _;

/// Starts a task whose log lines carry its name.
#[expect(clippy::disallowed_methods, reason = "this is the named spawn that everything else uses")]
pub fn spawn<F>(name: &'static str, work: F) -> JoinHandle<F::Output>
where
    F: Future + Send + 'static,
    F::Output: Send + 'static,
{
    tokio::spawn(work.instrument(tracing::trace_span!("task", name)))
}

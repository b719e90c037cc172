//! The one place where tasks are started.

use std::future::Future;

use tokio::task::JoinHandle;

/// Starts a task; its owner keeps the handle.
#[expect(clippy::disallowed_methods, reason = "this is the named spawn")]
pub(crate) fn spawn<T: Send + 'static>(task: impl Future<Output = T> + Send + 'static) -> JoinHandle<T> {
    tokio::spawn(task)
}

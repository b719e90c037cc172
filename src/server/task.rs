//! Named tasks, the only way this crate starts one.
//!
//! Not known here: what the tasks do.

use std::future::Future;
use std::panic::AssertUnwindSafe;

use futures_util::FutureExt as _;
use tokio::task::JoinHandle;

/// Starts a task of the shared runtime. Its name stands in the trace of its end.
#[expect(clippy::disallowed_methods, reason = "the named way to start a task")]
pub fn spawn<F>(name: &'static str, future: F) -> JoinHandle<()>
where
    F: Future<Output = ()> + Send + 'static,
{
    tokio::spawn(async move {
        if AssertUnwindSafe(future).catch_unwind().await.is_err() {
            tracing::error!(task = name, "a task ended by a panic");
        }
    })
}

/// Starts a task of the current shard, and calls `on_panic` if it panics.
pub fn spawn_local<F>(future: F, on_panic: impl FnOnce() + 'static)
where
    F: Future<Output = ()> + 'static,
{
    tokio::task::spawn_local(async move {
        if AssertUnwindSafe(future).catch_unwind().await.is_err() {
            on_panic();
        }
    });
}

//! Named tasks, the only way this crate starts one.
//!
//! Not known here: what the tasks do.

use std::future::Future;
use std::panic::AssertUnwindSafe;

use futures_util::FutureExt as _;
use tokio::sync::oneshot;
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

/// Runs a future to its end in a task of its own, whether or not whoever waits for it still does. A panic of it
/// goes on in whoever waits; with nobody left, its name stands in the trace.
pub async fn to_the_end<F>(name: &'static str, future: F) -> F::Output
where
    F: Future + Send + 'static,
    F::Output: Send + 'static,
{
    let (answer, answered) = oneshot::channel();
    drop(spawn(name, async move {
        let outcome = AssertUnwindSafe(future).catch_unwind().await;
        if let Err(Err(_)) = answer.send(outcome) {
            tracing::error!(task = name, "a task that nobody waits for ended by a panic");
        }
    }));
    match answered.await {
        Ok(Ok(output)) => output,
        Ok(Err(panic)) => std::panic::resume_unwind(panic),
        // The runtime ends, and with it whoever waits.
        Err(_) => core::future::pending().await,
    }
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

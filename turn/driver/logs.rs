//! Logs: only events of our own crates, whatever the level, and panics by their place alone.

use std::future::Future;

use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt as _;

/// All crates of ours begin with this.
const OURS: &str = "relais";

/// Logs to the standard error stream from here on.
pub fn init(level: tracing::Level, json: bool) {
    let base = tracing_subscriber::registry().with(Targets::new().with_target(OURS, level));
    let layer = tracing_subscriber::fmt::layer().with_writer(std::io::stderr);
    let set = if json {
        tracing::subscriber::set_global_default(base.with(layer.json()))
    } else {
        tracing::subscriber::set_global_default(base.with(layer.with_ansi(false)))
    };
    if set.is_err() {
        tracing::debug!("logs were already set up");
    }
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map_or_else(String::new, ToString::to_string);
        tracing::error!(place, "panic");
    }));
}

/// Runs something beside, under a name.
#[expect(clippy::disallowed_methods, reason = "the one place that starts tasks; each has a name here")]
pub fn beside(name: &'static str, task: impl Future<Output = ()> + Send + 'static) {
    drop(tokio::spawn(async move {
        task.await;
        tracing::trace!(name, "a task has ended");
    }));
}

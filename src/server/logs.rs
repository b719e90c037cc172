//! What may be logged, and how ids look there.
//!
//! Only events of our own crates are written, whatever the level: other crates print addresses and payloads at
//! `debug` and `trace`. An id appears as a [`LogId`], which changes with every start of the server, so that a log
//! can be followed but does not identify anybody. Names, tokens, addresses and content are never logged.
//!
//! Not known here: what is logged.

use core::fmt;
use std::sync::OnceLock;

use tracing_subscriber::filter::Targets;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::SubscriberExt as _;

use crate::config::LogConfig;
use crate::keys::{keyed, random32};

/// All crates of ours begin with this.
const OURS: &str = "relais";

/// An id as it may stand in a log: four bytes of a hash keyed for this process only.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct LogId([u8; 4]);

impl LogId {
    /// The log's name for an id.
    #[must_use]
    pub fn of(id: &[u8]) -> Self {
        static KEY: OnceLock<[u8; 32]> = OnceLock::new();
        let [a, b, c, d, ..] = keyed(KEY.get_or_init(random32), "log", id);
        Self([a, b, c, d])
    }
}

impl fmt::Display for LogId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

impl fmt::Debug for LogId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// A subscriber that writes what may be written to `writer`.
pub fn subscriber<W>(config: LogConfig, writer: W) -> Box<dyn tracing::Subscriber + Send + Sync>
where
    W: for<'a> MakeWriter<'a> + Send + Sync + 'static,
{
    let ours = Targets::new().with_target(OURS, config.level);
    let base = tracing_subscriber::registry().with(ours);
    let layer = tracing_subscriber::fmt::layer().with_writer(writer);
    if config.json { Box::new(base.with(layer.json())) } else { Box::new(base.with(layer.with_ansi(false))) }
}

/// Logs to the standard error stream from here on, and panics by their place only: their text may hold data.
pub fn init(config: LogConfig) {
    // A second call (tests in one process) keeps the first one's subscriber.
    if tracing::subscriber::set_global_default(subscriber(config, std::io::stderr)).is_err() {
        tracing::debug!("logs were already set up");
    }
    // What a proof looks for, to know that it reads the log at this level.
    tracing::trace!("the log reaches down to trace");
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map_or_else(String::new, ToString::to_string);
        tracing::error!(place, "panic");
    }));
}

#[cfg(test)]
mod tests {
    use std::io;
    use std::sync::{Arc, RwLock};

    use tracing_subscriber::fmt::MakeWriter;

    use super::{LogId, subscriber};
    use crate::config::LogConfig;

    #[derive(Clone, Default)]
    struct Captured(Arc<RwLock<Vec<u8>>>);

    impl io::Write for Captured {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.write().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    impl<'a> MakeWriter<'a> for Captured {
        type Writer = Self;
        fn make_writer(&'a self) -> Self {
            self.clone()
        }
    }

    #[test]
    fn only_our_own_crates_are_written_even_at_trace() {
        let captured = Captured::default();
        let config = LogConfig { level: tracing::Level::TRACE, json: false };
        tracing::subscriber::with_default(subscriber(config, captured.clone()), || {
            tracing::error!(target: "hyper::proto", "192.0.2.7");
            tracing::trace!(target: "rustls::server", "secret");
            tracing::trace!(target: "relais_server::edge", "ours");
        });
        let text = String::from_utf8(captured.0.read().unwrap().clone()).unwrap();
        assert!(text.contains("ours") && !text.contains("192.0.2.7") && !text.contains("secret"), "{text}");
    }

    #[test]
    fn a_log_id_is_stable_within_a_run_and_is_not_the_id() {
        let id = [0xab; 16];
        assert_eq!(LogId::of(&id), LogId::of(&id));
        assert_ne!(LogId::of(&id), LogId::of(&[0xac; 16]));
        assert!(!hex::encode(id).contains(&LogId::of(&id).to_string()));
    }
}

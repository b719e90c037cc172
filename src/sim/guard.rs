//! The log guard: a subscriber that takes every event at every level and looks for what must never be in a log.
//! It is installed for all runs, so that each of them tests the logs of store, hub and client for nothing.
//!
//! Found are: addresses (IPv4 with dots, IPv6 with four groups or more), ids and tokens in hexadecimal (16 bytes
//! or more) or as a list of numbers, long base64, e-mail addresses, and [`MARKER`], which every plaintext of a
//! simulated message carries.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};

use tracing::field::{Field, Visit};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::{Context, SubscriberExt as _};

/// Stands in every plaintext of a simulated message.
pub const MARKER: &str = "planted-plaintext";

static FIRST: OnceLock<String> = OnceLock::new();
static SEEN: AtomicU64 = AtomicU64::new(0);

/// Installs the guard for this process. Further calls do nothing.
pub fn install() {
    let subscriber = tracing_subscriber::registry().with(Guard);
    // Somebody else's subscriber would make the guard blind; then `seen` stays 0 and the suite says so.
    tracing::subscriber::set_global_default(subscriber).ok();
}

/// Events that were looked at.
#[must_use]
pub fn seen() -> u64 {
    SEEN.load(Ordering::Relaxed)
}

/// Panics if anything was found since the process began, in whatever thread it was logged.
///
/// # Panics
/// With what was found and where.
pub fn assert_clean() {
    assert!(FIRST.get().is_none(), "in a log: {}", FIRST.get().map_or("", String::as_str));
}

/// What must not be in a log, if the text has something of it.
#[must_use]
pub fn finds(text: &str) -> Option<&'static str> {
    if text.contains(MARKER) {
        return Some("a plaintext");
    }
    if text.split(|c: char| !(c.is_ascii_digit() || c == '.')).any(is_ipv4) {
        return Some("an IPv4 address");
    }
    if text.split(|c: char| !(c.is_ascii_hexdigit() || c == ':')).any(is_ipv6) {
        return Some("an IPv6 address");
    }
    if text.split(|c: char| !c.is_ascii_hexdigit()).any(|run| run.len() >= 32) {
        return Some("an id in hexadecimal");
    }
    if text
        .split(['[', ']'])
        .any(|list| list.split(',').filter(|n| n.trim().parse::<u8>().is_ok()).count() >= 16)
    {
        return Some("bytes as a list");
    }
    let base64 = |c: char| c.is_ascii_alphanumeric() || matches!(c, '+' | '/' | '=' | '-' | '_');
    if text.split(|c: char| !base64(c)).any(|run| run.len() >= 40 && run.chars().any(|c| c.is_ascii_digit()))
    {
        return Some("a token in base64");
    }
    text.split_whitespace().any(is_mail).then_some("an e-mail address")
}

fn is_ipv4(run: &str) -> bool {
    let parts: Vec<&str> = run.split('.').collect();
    parts.len() == 4 && parts.iter().all(|part| part.parse::<u8>().is_ok())
}

fn is_ipv6(run: &str) -> bool {
    run.parse::<core::net::Ipv6Addr>().is_ok() && run.len() > 2
}

fn is_mail(word: &str) -> bool {
    let word = word.trim_matches(|c: char| !c.is_alphanumeric());
    word.split_once('@').is_some_and(|(name, host)| !name.is_empty() && host.contains('.'))
}

struct Guard;

impl<S: tracing::Subscriber> Layer<S> for Guard {
    fn on_event(&self, event: &tracing::Event<'_>, _: Context<'_, S>) {
        SEEN.fetch_add(1, Ordering::Relaxed);
        let mut look = Look(event.metadata().target());
        event.record(&mut look);
    }

    fn on_new_span(&self, attrs: &tracing::span::Attributes<'_>, _: &tracing::span::Id, _: Context<'_, S>) {
        attrs.record(&mut Look(attrs.metadata().target()));
    }

    fn on_record(&self, _: &tracing::span::Id, values: &tracing::span::Record<'_>, _: Context<'_, S>) {
        values.record(&mut Look("a span"));
    }
}

struct Look(&'static str);

impl Look {
    fn at(&self, field: &Field, text: &str) {
        if let Some(what) = finds(text) {
            FIRST.get_or_init(|| format!("{what}, field `{}` of {}", field.name(), self.0));
        }
    }
}

impl Visit for Look {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.at(field, value);
    }

    fn record_error(&mut self, field: &Field, value: &(dyn core::error::Error + 'static)) {
        self.at(field, &value.to_string());
    }

    fn record_debug(&mut self, field: &Field, value: &dyn core::fmt::Debug) {
        self.at(field, &format!("{value:?}"));
    }
}

#[cfg(test)]
mod tests {
    use super::finds;

    #[test]
    fn what_must_not_be_in_a_log_is_found() {
        for text in [
            "user 00112233445566778899aabbccddeeff joined",
            "from 192.0.2.17:443",
            "from [2001:db8::17]:443",
            "id [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16]",
            "ticket AbCd1234AbCd1234AbCd1234AbCd1234AbCd1234ab==",
            "mail for ada@example.org.",
            "body planted-plaintext 7",
        ] {
            assert!(finds(text).is_some(), "{text}");
        }
    }

    #[test]
    fn what_a_log_is_for_is_left_alone() {
        for text in [
            "UserId(…)",
            "12:30:01 commit of 17 in 3.5 ms",
            "version 1.2.3",
            "conn 4711",
            "retry_after 1700000000000",
        ] {
            assert_eq!(finds(text), None, "{text}");
        }
    }
}

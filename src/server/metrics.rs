//! Counters of the server, in the text format of Prometheus.
//!
//! Each server has its own recorder, so that two in one process (tests, a demonstration) do not mix.
//!
//! Not known here: users. No label ever names a person, a thread or an address.

use core::fmt;
use std::collections::HashMap;
use std::time::Duration;

use metrics::{Counter, Gauge, Histogram, Key, Label, Level, Metadata, Recorder as _};
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusRecorder};
use relais_call::{Fact, Unanswered};
use relais_wire::{CloseCode, Request};

static METADATA: Metadata<'static> = Metadata::new("relais", Level::INFO, None);

/// Upper bounds of the buckets of durations, in seconds: from a cached answer to a stuck disk.
const SECONDS: &[f64] = &[
    0.000_25, 0.000_5, 0.001, 0.002, 0.004, 0.008, 0.016, 0.032, 0.064, 0.128, 0.256, 0.512, 1.0, 4.0, 16.0,
];

/// Why a connection was not served.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Turned {
    /// Too many connections.
    Full,
    /// Too many connections that are not sockets (yet).
    Handshakes,
    /// The TLS handshake failed or took too long.
    Tls,
}

/// Where a panic was caught.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Caught {
    /// In one connection, which ended.
    Connection,
    /// In one request, which was answered `internal`.
    Request,
    /// In a shard's core, which was made anew; its clients come back.
    Shard,
}

/// What became of a mail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mailed {
    /// The transport took it.
    Sent,
    /// It was given up after several tries.
    Failed,
    /// It was refused, because too many were waiting.
    Refused,
}

/// Counters that code increments, and the recorder that renders them.
pub struct Metrics {
    recorder: PrometheusRecorder,
    /// Open connections.
    pub connections: Gauge,
    /// Of those, WebSockets.
    pub sockets: Gauge,
    /// Users with a socket.
    pub users_online: Gauge,
    /// HTTP requests under way.
    pub requests_open: Gauge,
    /// Calls that ring or go on.
    pub calls: Gauge,
    /// Commits that wait for the committer; over a few hundred the disk does not keep up.
    pub store_waiting: Gauge,
    hints_dropped: Counter,
    frames_in: Counter,
    frames_out: Counter,
    bytes_in: Counter,
    bytes_out: Counter,
    turned: [Counter; 3],
    panics: [Counter; 3],
    mails: [Counter; 3],
    call_facts: [Counter; 10],
    closes: HashMap<u16, Counter>,
    requests: HashMap<u16, [Counter; 2]>,
    request_seconds: Histogram,
}

impl fmt::Debug for Metrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Metrics(…)")
    }
}

impl Default for Metrics {
    fn default() -> Self {
        Self::new()
    }
}

impl Metrics {
    /// All counters at zero.
    ///
    /// # Panics
    /// Never: the buckets are not empty.
    #[must_use]
    pub fn new() -> Self {
        let recorder = PrometheusBuilder::new()
            .set_buckets_for_metric(Matcher::Suffix("_seconds".to_owned()), SECONDS)
            .expect("there are buckets")
            .build_recorder();
        let made = Maker(&recorder);
        let turned = ["full", "handshakes", "tls"];
        let panics = ["connection", "request", "shard"];
        let mails = ["sent", "failed", "refused"];
        let call_facts = [
            "started",
            "added",
            "joined",
            "declined",
            "rang_out",
            "unreachable",
            "busy",
            "cancelled",
            "left",
            "ended",
        ];
        let closes = CloseCode::ALL.iter().map(|code| {
            (code.code(), made.counter("relais_closes_total", &[("code", code.code().to_string())]))
        });
        let requests = Request::ALL.iter().map(|(kind, name)| {
            let outcome = |outcome: &str| {
                made.counter(
                    "relais_requests_total",
                    &[("type", (*name).to_owned()), ("outcome", outcome.to_owned())],
                )
            };
            (*kind, [outcome("ok"), outcome("refused")])
        });
        Self {
            connections: made.gauge("relais_connections"),
            sockets: made.gauge("relais_sockets"),
            users_online: made.gauge("relais_users_online"),
            requests_open: made.gauge("relais_http_requests_open"),
            calls: made.gauge("relais_calls"),
            store_waiting: made.gauge("relais_store_commits_waiting"),
            hints_dropped: made.counter("relais_hints_dropped_total", &[]),
            frames_in: made.counter("relais_frames_in_total", &[]),
            frames_out: made.counter("relais_frames_out_total", &[]),
            bytes_in: made.counter("relais_bytes_in_total", &[]),
            bytes_out: made.counter("relais_bytes_out_total", &[]),
            turned: made.family("relais_connections_refused_total", "reason", turned),
            panics: made.family("relais_panics_total", "place", panics),
            mails: made.family("relais_mails_total", "outcome", mails),
            call_facts: made.family("relais_call_events_total", "event", call_facts),
            closes: closes.collect(),
            requests: requests.collect(),
            request_seconds: made.histogram("relais_request_seconds"),
            recorder,
        }
    }

    /// The text for a scrape.
    #[must_use]
    pub fn render(&self) -> String {
        self.recorder.handle().render()
    }

    /// Moves samples of histograms into their buckets; to be called every few seconds.
    pub fn upkeep(&self) {
        self.recorder.handle().run_upkeep();
    }

    /// A counter that another part counts by itself, published under a name and label.
    pub fn publish(&self, name: &'static str, label: Option<(&'static str, String)>, value: u64) {
        Maker(&self.recorder).counter(name, label.as_slice()).absolute(value);
    }

    /// Connections of a shard by what they are doing, and the bytes queued for them.
    pub fn publish_phases(&self, shard: &str, phases: &[(String, usize)], queued: usize) {
        let made = Maker(&self.recorder);
        for (phase, count) in phases {
            let labels = [("shard", shard.to_owned()), ("phase", phase.clone())];
            made.gauge_of("relais_hub_connections", &labels).set(to_f64(*count));
        }
        made.gauge_of("relais_hub_queued_bytes", &[("shard", shard.to_owned())]).set(to_f64(queued));
    }

    /// A hint to a shard found its channel full.
    pub fn hint_dropped(&self) {
        self.hints_dropped.increment(1);
    }

    /// A frame came in.
    pub fn frame_in(&self, bytes: usize) {
        self.frames_in.increment(1);
        self.bytes_in.increment(u64::try_from(bytes).unwrap_or(0));
    }

    /// A frame went out.
    pub fn frame_out(&self, bytes: usize) {
        self.frames_out.increment(1);
        self.bytes_out.increment(u64::try_from(bytes).unwrap_or(0));
    }

    /// A connection was not served.
    pub fn turned(&self, why: Turned) {
        let [full, handshakes, tls] = &self.turned;
        match why {
            Turned::Full => full.increment(1),
            Turned::Handshakes => handshakes.increment(1),
            Turned::Tls => tls.increment(1),
        }
    }

    /// A panic was caught.
    pub fn panic(&self, place: Caught) {
        let [connection, request, shard] = &self.panics;
        match place {
            Caught::Connection => connection.increment(1),
            Caught::Request => request.increment(1),
            Caught::Shard => shard.increment(1),
        }
    }

    /// A mail was dealt with.
    pub fn mail(&self, outcome: Mailed) {
        let [sent, failed, refused] = &self.mails;
        match outcome {
            Mailed::Sent => sent.increment(1),
            Mailed::Failed => failed.increment(1),
            Mailed::Refused => refused.increment(1),
        }
    }

    /// Something happened in a call.
    pub(crate) fn call(&self, fact: &Fact) {
        let [started, added, joined, declined, rang_out, unreachable, busy, cancelled, left, ended] =
            &self.call_facts;
        let counter = match fact {
            Fact::Started { .. } => started,
            Fact::Added { .. } => added,
            Fact::Joined { .. } => joined,
            Fact::Declined { .. } => declined,
            Fact::Missed { why: Unanswered::RangOut, .. } => rang_out,
            Fact::Missed { why: Unanswered::Unreachable, .. } => unreachable,
            Fact::Missed { why: Unanswered::Busy, .. } => busy,
            Fact::Missed { why: Unanswered::Cancelled, .. } => cancelled,
            Fact::Left { .. } => left,
            Fact::Ended { .. } => ended,
        };
        counter.increment(1);
    }

    /// The server ended a socket.
    pub fn close(&self, code: CloseCode) {
        if let Some(counter) = self.closes.get(&code.code()) {
            counter.increment(1);
        }
    }

    /// A request was answered.
    pub fn request(&self, kind: u16, refused: bool, took: Duration) {
        if let Some([ok, no]) = self.requests.get(&kind) {
            if refused { no.increment(1) } else { ok.increment(1) }
        }
        self.request_seconds.record(took.as_secs_f64());
    }
}

struct Maker<'a>(&'a PrometheusRecorder);

impl Maker<'_> {
    fn counter(&self, name: &'static str, labels: &[(&'static str, String)]) -> Counter {
        let labels: Vec<Label> = labels.iter().map(|(key, value)| Label::new(*key, value.clone())).collect();
        self.0.register_counter(&Key::from_parts(name, labels), &METADATA)
    }

    fn family<const N: usize>(
        &self,
        name: &'static str,
        label: &'static str,
        values: [&'static str; N],
    ) -> [Counter; N] {
        values.map(|value| self.counter(name, &[(label, value.to_owned())]))
    }

    fn gauge(&self, name: &'static str) -> Gauge {
        self.0.register_gauge(&Key::from_static_name(name), &METADATA)
    }

    fn gauge_of(&self, name: &'static str, labels: &[(&'static str, String)]) -> Gauge {
        let labels: Vec<Label> = labels.iter().map(|(key, value)| Label::new(*key, value.clone())).collect();
        self.0.register_gauge(&Key::from_parts(name, labels), &METADATA)
    }

    fn histogram(&self, name: &'static str) -> Histogram {
        self.0.register_histogram(&Key::from_static_name(name), &METADATA)
    }
}

/// Exact for every count a machine can have.
pub(crate) fn to_f64(count: usize) -> f64 {
    f64::from(u32::try_from(count).unwrap_or(u32::MAX))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use relais_wire::CloseCode;

    use super::{Metrics, Turned};

    #[test]
    fn what_was_counted_is_rendered_and_two_servers_do_not_mix() {
        let (metrics, other) = (Metrics::new(), Metrics::new());
        metrics.turned(Turned::Full);
        metrics.close(CloseCode::Draining);
        metrics.request(0x0101, false, Duration::from_millis(3));
        metrics.publish("relais_hub_pings_total", Some(("shard", "0".to_owned())), 7);
        let text = metrics.render();
        for line in [
            "relais_connections_refused_total{reason=\"full\"} 1",
            "relais_closes_total{code=\"4000\"} 1",
            "relais_requests_total{type=\"GetServer\",outcome=\"ok\"} 1",
            "relais_hub_pings_total{shard=\"0\"} 7",
            "relais_request_seconds_bucket{le=\"0.004\"} 1",
        ] {
            assert!(text.contains(line), "{line} is missing in:\n{text}");
        }
        assert!(other.render().contains("relais_closes_total{code=\"4000\"} 0"));
    }
}

//! Metrics in the text format of Prometheus, and the small HTTP server they are read from.
//!
//! Not known here: users and addresses. The only labels are reasons, from closed lists.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use relais_turn::{CloseReason, Counters, Refusal};
use tokio::net::TcpListener;
use tokio::sync::Semaphore;

use crate::relay::Relay;
use crate::shard::{Report, Stats};

/// Connections to the metrics at once: a collector or two, and a person.
const CONNECTIONS: usize = 16;

/// Time for one connection, from its first byte to the last of the answer.
const CONNECTION: Duration = Duration::from_secs(10);

/// Reasons an allocation ends for, with their label.
const ENDS: [(CloseReason, &str); 6] = [
    (CloseReason::Client, "client"),
    (CloseReason::Expired, "expired"),
    (CloseReason::CredentialExpired, "credential_expired"),
    (CloseReason::Revoked, "revoked"),
    (CloseReason::Disconnected, "disconnected"),
    (CloseReason::NoPort, "no_port"),
];

/// The counters of all shards together.
#[derive(Clone, Debug, Default)]
pub struct Sum {
    /// Allocations that exist.
    pub allocations: usize,
    /// The shells'.
    pub stats: Stats,
    cores: Vec<Counters>,
}

impl Sum {
    /// Adds a shard's.
    pub fn add(&mut self, report: &Report) {
        self.allocations += report.allocations;
        self.stats.add(&report.stats);
        self.cores.push(report.counters.clone());
    }

    /// One counter of the cores.
    fn of(&self, counter: impl Fn(&Counters) -> u64) -> u64 {
        self.cores.iter().map(counter).sum()
    }

    /// As text.
    #[must_use]
    pub fn text(&self) -> String {
        let mut out = String::new();
        let mut line = |name: &str, label: &str, value: u64| {
            out.push_str(&format!("relais_turn_{name}{label} {value}\n"));
        };
        line("shards", "", self.cores.len() as u64);
        line("allocations", "", self.allocations as u64);
        line("allocations_opened_total", "", self.of(|core| core.opened));
        for (reason, name) in ENDS {
            let label = format!("{{reason=\"{name}\"}}");
            line("allocations_closed_total", &label, self.of(|core| core.closed(reason)));
        }
        for why in Refusal::ALL {
            let label = format!("{{reason=\"{}\"}}", snake(why.name()));
            line("refused_total", &label, self.of(|core| core.refused(*why)));
        }
        line("granted_total", "", self.of(|core| core.granted));
        line("unproven_answers_total", "", self.of(|core| core.unproven));
        line("packets_total", "{way=\"up\"}", self.of(|core| core.packets_up));
        line("packets_total", "{way=\"down\"}", self.of(|core| core.packets_down));
        line("bytes_total", "{way=\"up\"}", self.of(|core| core.bytes_up));
        line("bytes_total", "{way=\"down\"}", self.of(|core| core.bytes_down));
        line("hairpins_total", "", self.of(|core| core.hairpins));
        line("icmp_told_total", "", self.of(|core| core.icmp));
        for (name, value) in self.stats.fields() {
            line(name, "", value);
        }
        out
    }
}

/// `NotOurs` as `not_ours`.
fn snake(name: &str) -> String {
    let mut out = String::new();
    for letter in name.chars() {
        if letter.is_ascii_uppercase() && !out.is_empty() {
            out.push('_');
        }
        out.push(letter.to_ascii_lowercase());
    }
    out
}

/// Serves `GET /metrics` for as long as the program runs.
pub async fn serve(listener: TcpListener, relay: Arc<Relay>) {
    let places = Arc::new(Semaphore::new(CONNECTIONS));
    loop {
        let Ok(place) = Arc::clone(&places).acquire_owned().await else { return };
        let Ok((stream, _)) = listener.accept().await else { continue };
        let relay = Arc::clone(&relay);
        crate::logs::beside("metrics", async move {
            let answer = service_fn(move |request| answer(request, Arc::clone(&relay)));
            let connection = hyper::server::conn::http1::Builder::new()
                .timer(TokioTimer::new())
                .keep_alive(false)
                .serve_connection(TokioIo::new(stream), answer);
            // A reader that is too slow or breaks off has nothing to be told.
            drop(tokio::time::timeout(CONNECTION, connection).await);
            drop(place);
        });
    }
}

async fn answer(request: Request<Incoming>, relay: Arc<Relay>) -> Result<Response<Full<Bytes>>, Infallible> {
    if request.method() != hyper::Method::GET || request.uri().path() != "/metrics" {
        let mut response = Response::new(Full::new(Bytes::new()));
        *response.status_mut() = StatusCode::NOT_FOUND;
        return Ok(response);
    }
    // The shards answer at once; should one not, only this thread waits.
    let text = tokio::task::spawn_blocking(move || relay.report().text()).await.unwrap_or_default();
    Ok(Response::new(Full::new(Bytes::from(text))))
}

/// Binds the address that metrics are read from.
///
/// # Errors
/// What the system says.
pub async fn listen(address: SocketAddr) -> std::io::Result<TcpListener> {
    TcpListener::bind(address).await
}

#[cfg(test)]
mod tests {
    use super::{Sum, snake};

    #[test]
    fn names_are_in_the_collectors_form() {
        assert_eq!(snake("NotOurs"), "not_ours");
        let text = Sum::default().text();
        assert!(text.contains("relais_turn_allocations 0\n"));
        assert!(text.contains("relais_turn_refused_total{reason=\"stale_nonce\"} 0\n"));
        for line in text.lines() {
            let (name, value) = line.rsplit_once(' ').expect("a value");
            assert!(value.parse::<u64>().is_ok() && name.starts_with("relais_turn_"), "{line}");
        }
    }
}

//! The edge: one listener, its connections spread over shards, HTTP on them, WebSockets out of them.
//!
//! Not known here: what a request means, where a stream stands.

mod bucket;
mod connection;
mod dev;
mod files;
mod gate;
mod http;
mod range;
mod respond;
mod rpc;
mod run;
mod upgrade;
mod web;

use std::net::IpAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use relais_wire::{Epoch, UserId};
use tokio::sync::{Semaphore, watch};

use crate::app::App;
use crate::config::EdgeLimits;
use crate::keys::keyed;
use crate::mail::Catcher;
use crate::metrics::to_f64;
use crate::services::ClientKey;
use crate::tls::Tls;

pub(crate) use bucket::Buckets;
pub(crate) use gate::{Gate, Share, Shares};
pub(crate) use run::{Shards, accept, listen};

/// Sockets of one address on which nobody has signed in: a ward signs in behind one address at the change of
/// shifts. Each costs about 20 KiB and may stay a quarter of an hour.
pub(crate) const GUESTS_PER_CLIENT: usize = 1_024;

/// Files one user sends at a time: an album goes up a few at once.
pub(crate) const UPLOADS_PER_USER: usize = 8;

/// The part of the handshakes that one address may take up, as a divisor; and what it may take up in any case.
const HANDSHAKES_PART: usize = 4;
const HANDSHAKES_PER_CLIENT_MIN: usize = 64;

/// Connections of one address that are not a socket (yet).
pub(crate) fn handshakes_per_client(handshakes: usize) -> usize {
    (handshakes / HANDSHAKES_PART).max(HANDSHAKES_PER_CLIENT_MIN)
}

/// What every connection of the edge shares.
pub(crate) struct Edge {
    pub(crate) app: Arc<App>,
    pub(crate) limits: EdgeLimits,
    pub(crate) epoch: Epoch,
    pub(crate) tls: Option<Tls>,
    pub(crate) catcher: Option<Catcher>,
    /// File with a demonstration's cast.
    pub(crate) cast: PathBuf,
    pub(crate) metrics_allow: Vec<IpAddr>,
    pub(crate) trusted_proxies: Vec<IpAddr>,
    /// Key of the hashes that stand for addresses, for this process only.
    pub(crate) boot_key: [u8; 32],
    /// Open connections.
    pub(crate) connections: Gate,
    /// Of those, the ones that are not a socket (yet).
    pub(crate) handshakes: Gate,
    /// Of those, the ones from each address.
    pub(crate) handshakes_of: Shares<ClientKey>,
    /// Sockets of each address on which nobody has signed in.
    pub(crate) guests_of: Shares<ClientKey>,
    /// HTTP requests under way.
    pub(crate) requests: Semaphore,
    /// Files on their way in.
    pub(crate) uploads: Semaphore,
    /// Of those, each user's.
    pub(crate) uploads_of: Shares<UserId>,
    /// Request buckets of HTTP callers.
    pub(crate) buckets: Buckets,
    /// Whether the store answers.
    pub(crate) healthy: AtomicBool,
    /// Becomes true when the server goes away.
    pub(crate) draining: watch::Receiver<bool>,
}

impl Edge {
    /// What stands for a peer's address: a keyed hash of it, or of its /64 network, because one subscriber owns
    /// all of that.
    pub(crate) fn client_key(&self, address: IpAddr) -> ClientKey {
        let hash = match address.to_canonical() {
            IpAddr::V4(v4) => keyed(&self.boot_key, "v4", &v4.octets()),
            IpAddr::V6(v6) => {
                let [network @ .., _, _, _, _, _, _, _, _] = v6.octets();
                keyed(&self.boot_key, "v6", &network)
            }
        };
        let mut key = [0; 16];
        key.copy_from_slice(hash.split_at(16).0);
        ClientKey(key)
    }

    /// Whether new work may come.
    pub(crate) fn is_ready(&self) -> bool {
        self.healthy.load(Ordering::Relaxed) && !*self.draining.borrow()
    }
}

impl Edge {
    /// Brings the gauges up to date before a scrape.
    pub(crate) async fn publish(&self) {
        self.app.directory.publish().await;
        let metrics = &self.app.metrics;
        metrics.connections.set(to_f64(self.connections.open()));
        metrics.store_waiting.set(to_f64(self.app.store.waiting()));
        metrics.users_online.set(to_f64(self.app.directory.users_online()));
        metrics.requests_open.set(to_f64(self.requests_open()));
    }

    fn requests_open(&self) -> usize {
        self.limits.requests.saturating_sub(self.requests.available_permits())
    }
}

//! What every part of the server shares.
//!
//! Not known here: sockets. Services reach them only through [`App::deliver`], [`App::hint`] and
//! [`App::end_sessions`].

use std::sync::Arc;

use crate::clock::Clock;
use crate::deliver::{Delivery, End, Hint};
use crate::directory::Directory;
use crate::keys::Keys;
use crate::mail::Mailer;
use crate::metrics::Metrics;
use crate::services;
use relais_store::Embedded;
use relais_store::blobs::Blobs;

/// Shared state, made once at start.
#[derive(Debug)]
pub struct App {
    /// Settings that services obey.
    pub settings: Settings,
    /// Durable facts.
    pub store: Embedded,
    /// Ciphertext of files.
    pub blobs: Blobs,
    /// Server time.
    pub clock: Clock,
    /// Secrets kept as files outside the store.
    pub keys: Keys,
    /// Outgoing mail.
    pub mailer: Mailer,
    /// Which shards a user has sockets on.
    pub directory: Directory,
    /// Counters.
    pub metrics: Metrics,
    /// What services keep in memory.
    pub state: services::State,
}

/// The part of the configuration that services obey.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Origin of the web client and server identity of OPAQUE, as `https://relais.example.org`.
    pub origin: String,
    /// Whether anyone may register without an invitation.
    pub open_registration: bool,
    /// Demonstration with fictitious data: mail is caught, and the server listens on loopback only.
    pub demo: bool,
    /// Milliseconds a session lives.
    pub session_ttl_ms: u64,
    /// Bytes of one file's ciphertext.
    pub file_bytes_max: u64,
    /// Bytes of all files that one user has uploaded and that are kept; 0 = no bound.
    pub user_files_bytes_max: u64,
    /// Milliseconds between the proof of a recovery code and its use, in which the owner can object.
    pub recovery_wait_ms: u64,
}

impl App {
    /// Hands committed stream entries to the shards where their users have sockets. Never waits: a shard whose
    /// channel is full loses the hint, and its sessions find the entries in the store by their cursors.
    /// Entries that share a body stand next to each other.
    pub fn deliver(&self, deliveries: Vec<Delivery>) {
        self.directory.deliver(&self.metrics, &deliveries);
    }

    /// Hands a hint (typing, progress, a badge) to the sockets of its users, or drops it.
    pub fn hint(&self, hint: Hint) {
        self.directory.hint(&self.metrics, &Arc::new(hint));
    }

    /// Closes sockets: a session was revoked, an account suspended, an organization lost. To be called after the commit that says so;
    /// a new `Hello` is then refused by the store's state, so a lost hint only means that the socket ends at its
    /// next request.
    pub fn end_sessions(&self, end: End) {
        self.directory.end(&self.metrics, end);
    }
}

//! The life of a server: start, serve, drain, stop.
//!
//! Not known here: signals and exit codes, which the program sees to.

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use relais_store::blobs::{BlobError, Blobs};
use relais_store::{Embedded, Fatal, OpenError, Options, Store as _};
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinHandle;

use crate::app::App;
use crate::clock::Clock;
use crate::config::Config;
use crate::directory::Directory;
use crate::edge::{
    Buckets, Edge, GUESTS_PER_CLIENT, Gate, Shards, Shares, UPLOADS_PER_USER, accept, handshakes_per_client,
    listen,
};
use crate::keys::{DATABASE_DIR, Keys, KeysError, random32};
use crate::mail::{self, MailSetupError, Mailer, Transport};
use crate::metrics::Metrics;
use crate::services;
use crate::task::spawn;
use crate::tls::{Tls, TlsError};

/// How often the store is asked whether it still works.
const WATCH: Duration = Duration::from_millis(250);

/// How often a draining server looks whether everybody has gone.
const DRAIN_LOOK: Duration = Duration::from_millis(20);

/// Time beyond the drain for requests under way and closing handshakes.
const DRAIN_GRACE: Duration = Duration::from_secs(10);

/// Why a server does not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The keys.
    #[error("keys: {0}")]
    Keys(#[from] KeysError),
    /// The store.
    #[error("store: {0}")]
    Store(#[from] OpenError),
    /// The files.
    #[error("files: {0}")]
    Blobs(#[from] BlobError),
    /// TLS.
    #[error("tls: {0}")]
    Tls(#[from] TlsError),
    /// Mail.
    #[error("mail: {0}")]
    Mail(#[from] MailSetupError),
    /// What services load.
    #[error("services: {0}")]
    Services(String),
    /// The listener or a thread.
    #[error("{0}: {1}")]
    Listen(SocketAddr, io::Error),
}

/// A server that runs. [`Server::stop`] sends its clients away first; dropping it cuts them off.
pub struct Server {
    app: Arc<App>,
    edge: Arc<Edge>,
    address: SocketAddr,
    shards: Option<Shards>,
    accepting: JoinHandle<()>,
    tasks: Vec<JoinHandle<()>>,
    mailing: JoinHandle<()>,
    last_mails: watch::Sender<bool>,
    draining: watch::Sender<bool>,
    transport: Arc<Transport>,
    fatal: watch::Receiver<Option<Fatal>>,
    drain_ms: u64,
    setup_token: PathBuf,
}

impl Server {
    /// Opens everything and begins to listen. To be called inside a runtime, which mail and upkeep run on;
    /// connections run on threads of their own.
    ///
    /// # Errors
    /// [`StartError`].
    pub async fn start(config: Config) -> Result<Self, StartError> {
        let tls = config.tls.as_ref().map(Tls::new).transpose()?;
        let transport = Arc::new(Transport::new(&config.mail)?);
        let (app, inboxes, mails) = open(&config).await?;
        let recovered = services::recover_calls(&app).await;
        recovered.map_err(|refusal| StartError::Services(format!("calls: code {}", refusal.code.code())))?;
        let (draining, drain) = watch::channel(false);
        let edge = Arc::new(Edge {
            epoch: app.store.epoch(),
            limits: config.limits,
            tls,
            catcher: transport.catcher().cloned(),
            cast: config.data_dir.join("cast.json"),
            metrics_allow: config.metrics_allow,
            trusted_proxies: config.trusted_proxies,
            boot_key: random32(),
            connections: Gate::new(config.limits.connections),
            handshakes: Gate::new(config.limits.handshakes),
            handshakes_of: Shares::new(handshakes_per_client(config.limits.handshakes)),
            guests_of: Shares::new(GUESTS_PER_CLIENT),
            requests: Semaphore::new(config.limits.requests),
            uploads: Semaphore::new(config.limits.requests),
            uploads_of: Shares::new(UPLOADS_PER_USER),
            buckets: Buckets::default(),
            healthy: AtomicBool::new(true),
            draining: drain,
            app: Arc::clone(&app),
        });
        let failed = |error| StartError::Listen(config.listen, error);
        let listener = listen(config.listen).map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;
        let shards = Shards::start(&edge, inboxes).map_err(failed)?;
        let (tell, fatal) = watch::channel(None);
        let accepting = spawn("accept", accept(Arc::clone(&edge), listener, shards.handover()));
        let (last_mails, stop) = watch::channel(false);
        let mailing = spawn("mail", mail::run(Arc::clone(&app), Arc::clone(&transport), mails, stop));
        let tasks = vec![
            spawn("upkeep", services::upkeep(Arc::clone(&app))),
            spawn("calls", services::calls_over_time(Arc::clone(&app))),
            spawn("watch", watch_store(Arc::clone(&edge), tell)),
        ];
        let drain_ms = config.limits.drain_ms;
        let setup_token = config.data_dir.join("setup-token");
        tracing::info!(shards = config.shards, tls = edge.tls.is_some(), "the server is ready");
        Ok(Self {
            app,
            edge,
            address,
            shards: Some(shards),
            accepting,
            tasks,
            mailing,
            last_mails,
            draining,
            transport,
            fatal,
            drain_ms,
            setup_token,
        })
    }

    /// Where it listens.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// What its parts share.
    #[must_use]
    pub const fn app(&self) -> &Arc<App> {
        &self.app
    }

    /// Mails, if they are caught.
    #[must_use]
    pub fn catcher(&self) -> Option<&mail::Catcher> {
        self.transport.catcher()
    }

    /// The file with the first administrator's token, until it has been used.
    #[must_use]
    pub fn setup_token(&self) -> Option<&PathBuf> {
        self.setup_token.exists().then_some(&self.setup_token)
    }

    #[cfg(test)]
    pub(crate) fn edge(&self) -> Arc<Edge> {
        Arc::clone(&self.edge)
    }

    /// Reads the certificate and its key again; without TLS there is nothing to read.
    ///
    /// # Errors
    /// [`TlsError`]; the old ones go on.
    pub fn reload(&self) -> Result<(), TlsError> {
        self.edge.tls.as_ref().map_or(Ok(()), Tls::reload)
    }

    /// Waits until the store has stopped for good; the process must end then, and not as a success.
    pub async fn broken(&self) -> Fatal {
        let mut fatal = self.fatal.clone();
        match fatal.wait_for(Option::is_some).await.map(|found| *found) {
            Ok(Some(fatal)) => fatal,
            // The watching task has ended, which only a panic does.
            Ok(None) | Err(_) => Fatal::Internal,
        }
    }

    /// Sends everybody away, each with a time to come back, and stops. Whether everybody had gone in time.
    pub async fn stop(mut self) -> bool {
        self.accepting.abort();
        self.draining.send_replace(true);
        self.app.directory.drain(self.drain_ms).await;
        let gone = async {
            while self.edge.connections.open() > 0 {
                tokio::time::sleep(DRAIN_LOOK).await;
            }
        };
        let limit = Duration::from_millis(self.drain_ms) + DRAIN_GRACE;
        let all_gone = tokio::time::timeout(limit, gone).await.is_ok();
        let shards = self.shards.take();
        // Joining threads blocks; the runtime goes on meanwhile.
        if tokio::task::spawn_blocking(move || shards.map(Shards::stop)).await.is_err() {
            tracing::error!("the shards could not be stopped");
        }
        // Nobody asks for anything any more, so that no mail is added to those that wait.
        self.last_mails.send_replace(true);
        // It ended by a panic only if this is an error, and its end is in the log.
        drop((&mut self.mailing).await);
        for mut task in core::mem::take(&mut self.tasks) {
            task.abort();
            // An aborted task answers with an error that says so.
            drop((&mut task).await);
        }
        drop((&mut self.accepting).await);
        tracing::info!(all_gone, "the server has stopped");
        all_gone
    }
}

impl Drop for Server {
    /// Ends the threads and tasks, which hold the store: its threads must not outlive the program's `main`.
    fn drop(&mut self) {
        self.accepting.abort();
        self.mailing.abort();
        self.tasks.iter().for_each(JoinHandle::abort);
        if let Some(shards) = self.shards.take() {
            shards.stop();
        }
    }
}

type Opened = (Arc<App>, Vec<tokio::sync::mpsc::Receiver<crate::directory::ToShard>>, mail::Waiting);

async fn open(config: &Config) -> Result<Opened, StartError> {
    let keys = Keys::open(&config.keys_dir, &config.data_dir)?;
    let store = Embedded::open(&Options::new(config.data_dir.join(DATABASE_DIR), keys.store.clone()))?;
    let blobs = Blobs::local(&config.data_dir.join("files"))?;
    // Only the first start is in the past: time that was seen to pass does not come again.
    let back_ms = if keys.is_unclaimed() { config.demo_back_ms } else { 0 };
    let clock = Clock::starting_at(-back_ms);
    let state = services::load(&store, &config.settings, &clock).await.map_err(StartError::Services)?;
    let (mailer, mails) = Mailer::new();
    let (directory, inboxes) = Directory::new(config.shards);
    let settings = config.settings.clone();
    let metrics = Metrics::new();
    let app = App { settings, store, blobs, clock, keys, mailer, directory, metrics, state };
    Ok((Arc::new(app), inboxes, mails))
}

async fn watch_store(edge: Arc<Edge>, tell: watch::Sender<Option<Fatal>>) {
    let mut beat = tokio::time::interval(WATCH);
    loop {
        beat.tick().await;
        edge.app.metrics.upkeep();
        if let Some(fatal) = edge.app.store.stopped() {
            edge.healthy.store(false, Ordering::Relaxed);
            tracing::error!(error = %fatal, "the store has stopped");
            tell.send_replace(Some(fatal));
            return;
        }
    }
}

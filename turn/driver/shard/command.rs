//! What a shard is told from outside, and how.

use std::sync::Arc;
use std::sync::mpsc::{SyncSender, TrySendError};

use mio::Waker;
use relais_turn::auth::Credentials;
use relais_turn::policy::Policy;
use relais_turn::{Counters, Now, Quotas};

use super::{Shard, Stats, What};

/// What a running shard takes over.
#[derive(Clone, Debug)]
pub struct Reload {
    /// Who may use the relay.
    pub credentials: Credentials,
    /// Which peers may be reached; what it forbids ends.
    pub policy: Policy,
    /// How much of it.
    pub quotas: Quotas,
    /// TLS of new streams.
    pub tls: Option<Arc<rustls::ServerConfig>>,
}

/// What a shard says of itself.
#[derive(Clone, Debug)]
pub struct Report {
    /// The core's counters.
    pub counters: Counters,
    /// Allocations that exist.
    pub allocations: usize,
    /// The shell's counters.
    pub stats: Stats,
}

/// A word to a shard.
#[derive(Debug)]
pub enum Command {
    /// Take this over.
    Reload(Box<Reload>),
    /// Take no new allocations and no new streams; those that are go on.
    Drain,
    /// Say how things are.
    Report(SyncSender<Report>),
    /// End.
    Stop,
}

/// The way to a shard.
#[derive(Clone, Debug)]
pub struct Handle {
    sender: SyncSender<Command>,
    waker: Arc<Waker>,
}

/// The shard has ended, or does not keep up with what it is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the shard does not listen")]
pub struct Deaf;

impl Handle {
    pub(super) const fn new(sender: SyncSender<Command>, waker: Arc<Waker>) -> Self {
        Self { sender, waker }
    }

    /// Tells the shard.
    ///
    /// # Errors
    /// [`Deaf`].
    pub fn tell(&self, command: Command) -> Result<(), Deaf> {
        self.sender.try_send(command).map_err(|error| match error {
            TrySendError::Full(_) | TrySendError::Disconnected(_) => Deaf,
        })?;
        self.waker.wake().map_err(|_| Deaf)
    }
}

impl Shard {
    /// Does what it was told.
    pub(super) fn obey(&mut self, now: Now) {
        while let Ok(command) = self.commands.try_recv() {
            match command {
                Command::Reload(reload) => {
                    self.server.set_credentials(reload.credentials);
                    self.server.set_policy(reload.policy);
                    self.server.set_quotas(reload.quotas);
                    self.tls = reload.tls;
                    self.obey_core(now);
                }
                Command::Drain => {
                    self.server.set_draining(true);
                    self.slots.retain(|_, slot| !matches!(slot.what, What::Listener(_)));
                }
                Command::Report(to) => {
                    let mut stats = self.stats;
                    stats.truncated = self.inbox.truncated();
                    stats.overflowed = self.inbox.overflowed();
                    let counters = self.server.counters().clone();
                    // Whoever asked may have gone.
                    drop(to.try_send(Report { counters, allocations: self.server.allocations(), stats }));
                }
                Command::Stop => self.stop = true,
            }
        }
    }
}

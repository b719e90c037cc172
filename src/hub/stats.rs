//! What the hub counts. Never by user, device or thread.

/// What a connection is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Phase {
    /// Greeted; no session yet.
    Opening,
    /// Without a session, for good: it may ask public requests.
    SignIn,
    /// At least one stream is being brought up to date after a `Hello` or `Focus`.
    Replaying,
    /// Both streams are at their head; entries go straight out.
    Live,
    /// Slower than its streams, or one entry was missing: served from the store until it has caught up.
    Lagging,
    /// Told to come back later; served until its turn comes.
    Draining,
    /// Gone.
    Closed,
}

impl Phase {
    /// Every phase.
    pub const ALL: [Self; 7] = [
        Self::Opening,
        Self::SignIn,
        Self::Replaying,
        Self::Live,
        Self::Lagging,
        Self::Draining,
        Self::Closed,
    ];
}

/// Counters since the hub began. All of them only grow.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Stats {
    /// Stream entries handed to transports, live ones and replayed ones.
    pub entries_sent: u64,
    /// Stream entries that went out live: without a read.
    pub entries_live: u64,
    /// Entries that were committed for streams followed here, counted per connection.
    pub deliveries: u64,
    /// Entries that came after a missing one; each began a read.
    pub gaps: u64,
    /// Entries that had been seen already.
    pub duplicates: u64,
    /// Gates that overflowed during a replay.
    pub gate_overflows: u64,
    /// Queues that were dropped because a connection was slower than its streams.
    pub queue_overflows: u64,
    /// Pages read.
    pub pages: u64,
    /// Pages that the store could not give.
    pub pages_failed: u64,
    /// Streams that could not be continued.
    pub resyncs: u64,
    /// Frames of the control lane that were worthless by the time they could go.
    pub expired: u64,
    /// Values replaced or dropped in the keyed and droppable lanes.
    pub dropped: u64,
    /// Requests passed on.
    pub requests: u64,
    /// Requests refused here: over a bound, or without a session.
    pub requests_refused: u64,
    /// Heartbeats sent.
    pub pings: u64,
    /// Connections closed by the hub, and the code of each is counted by the shell.
    pub closed_by_hub: u64,
    transitions: [[u64; Phase::ALL.len()]; Phase::ALL.len()],
}

impl Stats {
    pub(crate) fn moved(&mut self, from: Phase, to: Phase) {
        if let Some(count) = self.transitions.get_mut(from as usize).and_then(|row| row.get_mut(to as usize))
        {
            *count += 1;
        }
    }

    /// How often a connection went from one phase to another.
    #[must_use]
    pub fn transitions(&self, from: Phase, to: Phase) -> u64 {
        self.transitions.get(from as usize).and_then(|row| row.get(to as usize)).copied().unwrap_or(0)
    }
}

//! What can wake a connection, and the wheel of the shard.
//!
//! Not known here: what is done when a time has come.

use std::collections::BTreeSet;

use relais_wire::UserId;

use crate::io::Conn;

/// Everything that can wake a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Timer {
    /// No valid `Hello` in time, or no session by the end of a sign-in.
    Auth,
    /// The next heartbeat is due.
    Ping,
    /// The answer to a heartbeat is due.
    Pong,
    /// The transport must have taken something.
    Progress,
    /// What the device has applied is to be reported.
    Applied,
    /// The session ends by time.
    Expiry,
    /// A page that the store could not give is to be asked for again.
    Retry,
    /// A draining connection's turn to close.
    Drain,
}

impl Timer {
    pub(crate) const ALL: [Self; 8] = [
        Self::Auth,
        Self::Ping,
        Self::Pong,
        Self::Progress,
        Self::Applied,
        Self::Expiry,
        Self::Retry,
        Self::Drain,
    ];
}

const NEVER: u64 = u64::MAX;

/// The deadlines of one connection.
#[derive(Clone, Debug)]
pub(crate) struct Deadlines([u64; Timer::ALL.len()]);

impl Deadlines {
    pub(crate) const fn none() -> Self {
        Self([NEVER; Timer::ALL.len()])
    }

    pub(crate) fn set(&mut self, timer: Timer, at: u64) {
        if let Some(slot) = self.0.get_mut(timer as usize) {
            *slot = at;
        }
    }

    pub(crate) fn clear(&mut self, timer: Timer) {
        self.set(timer, NEVER);
    }

    pub(crate) fn get(&self, timer: Timer) -> Option<u64> {
        self.0.get(timer as usize).copied().filter(|at| *at != NEVER)
    }

    pub(crate) fn is_set(&self, timer: Timer) -> bool {
        self.get(timer).is_some()
    }

    pub(crate) fn earliest(&self) -> Option<u64> {
        self.0.iter().copied().min().filter(|at| *at != NEVER)
    }

    /// Takes the first timer whose time has come.
    pub(crate) fn take_due(&mut self, now: u64) -> Option<Timer> {
        let due = Timer::ALL.into_iter().find(|timer| self.get(*timer).is_some_and(|at| at <= now))?;
        self.clear(due);
        Some(due)
    }
}

/// Whom a time of the wheel belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Wakes {
    /// A connection's earliest deadline.
    Conn(Conn),
    /// The bucket of a user without a connection is full again and may be forgotten.
    User(UserId),
}

/// The times of the shard. A connection has at most one time in it, never later than its earliest deadline; a
/// deadline that moves to later is found out when the time comes, so that sending costs no update.
#[derive(Debug, Default)]
pub(crate) struct Wheel(BTreeSet<(u64, Wakes)>);

impl Wheel {
    pub(crate) fn add(&mut self, at: u64, who: Wakes) {
        self.0.insert((at, who));
    }

    pub(crate) fn remove(&mut self, at: u64, who: Wakes) {
        self.0.remove(&(at, who));
    }

    pub(crate) fn contains(&self, at: u64, who: Wakes) -> bool {
        self.0.contains(&(at, who))
    }

    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    pub(crate) fn next(&self) -> Option<u64> {
        self.0.first().map(|(at, _)| *at)
    }

    pub(crate) fn take_due(&mut self, now: u64) -> Option<Wakes> {
        let (at, who) = *self.0.first()?;
        if at > now {
            return None;
        }
        self.0.remove(&(at, who));
        Some(who)
    }
}

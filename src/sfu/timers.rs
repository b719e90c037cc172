//! What can wake the rooms, and when.
//!
//! Not known here: what happens then.

use std::collections::{BTreeSet, HashMap};
use std::time::Instant;

use crate::io::{PeerNo, RoomNo};

/// Everything that waits for a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Who {
    /// A peer's connection: handshakes, feedback, pacing.
    Connection(PeerNo),
    /// A peer that has not connected, or is lost, for too long.
    Patience(PeerNo),
    /// The next look at a room.
    Look(RoomNo),
}

/// One time for each.
#[derive(Debug, Default)]
pub(crate) struct Timers {
    due: BTreeSet<(Instant, Who)>,
    at: HashMap<Who, Instant>,
}

impl Timers {
    /// Waits until then, and no longer for what it waited for before.
    pub(crate) fn set(&mut self, who: Who, at: Instant) {
        match self.at.insert(who, at) {
            Some(before) if before == at => return,
            Some(before) => self.due.remove(&(before, who)),
            None => false,
        };
        self.due.insert((at, who));
    }

    /// Waits no longer.
    pub(crate) fn clear(&mut self, who: Who) {
        if let Some(at) = self.at.remove(&who) {
            self.due.remove(&(at, who));
        }
    }

    /// Takes one whose time has come.
    pub(crate) fn take(&mut self, now: Instant) -> Option<Who> {
        let (at, who) = *self.due.first().filter(|(at, _)| *at <= now)?;
        self.due.remove(&(at, who));
        self.at.remove(&who);
        Some(who)
    }

    /// When the next time comes.
    #[must_use]
    pub(crate) fn next(&self) -> Option<Instant> {
        self.due.first().map(|(at, _)| *at)
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::{Timers, Who};
    use crate::io::{PeerNo, RoomNo};

    #[test]
    fn each_waits_for_its_newest_time_only() {
        #[expect(clippy::disallowed_methods, reason = "any moment will do to count from")]
        let zero = Instant::now();
        let ms = |ms| zero + Duration::from_millis(ms);
        let mut timers = Timers::default();
        timers.set(Who::Look(RoomNo(1)), ms(10));
        timers.set(Who::Connection(PeerNo(1)), ms(5));
        timers.set(Who::Connection(PeerNo(1)), ms(20));
        assert_eq!((timers.next(), timers.take(ms(9))), (Some(ms(10)), None));
        assert_eq!(timers.take(ms(30)), Some(Who::Look(RoomNo(1))));
        timers.clear(Who::Connection(PeerNo(1)));
        assert_eq!((timers.next(), timers.take(ms(30))), (None, None));
    }
}

//! What a client does for others without being asked, and when: renewing keys that somebody has to renew. Every
//! member that is online notices the same at the same time; each waits a moment of its own, and whoever comes
//! first has done it for all. What was just tried rests, so that nobody can keep a client busy.
//!
//! Contract: [`Chores::notice`] what there is to do, [`Chores::take`] it when [`Chores::next_at`] has come, look
//! again whether it is still to be done.
//!
//! Not known here: clocks, and how any of it is done.

use std::collections::BTreeMap;

use relais_wire::ids::{KeyringId, ThreadId};

use super::backoff::Backoff;
use crate::limits::{CHORE_JITTER_MS, CHORE_REST_MS, CHORES_MAX};

/// Something to be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Chore {
    /// A keyring is due: somebody was removed, has newer keys, or was asked in.
    Keyring(KeyringId),
    /// A participant of a thread asked for a box anew.
    Rebox(ThreadId),
}

/// Chores that wait.
#[derive(Clone, Debug)]
pub struct Chores {
    due: BTreeMap<Chore, u64>,
    resting: BTreeMap<Chore, u64>,
    dice: Backoff,
}

impl Chores {
    /// None yet; waits are drawn from `seed`.
    #[must_use]
    pub const fn new(seed: u64) -> Self {
        let dice = Backoff::new(seed, CHORE_JITTER_MS, CHORE_JITTER_MS);
        Self { due: BTreeMap::new(), resting: BTreeMap::new(), dice }
    }

    /// There is something to do. Noticed again while it waits, it waits no longer than before.
    pub fn notice(&mut self, now: u64, chore: Chore) {
        if self.due.contains_key(&chore) || self.due.len() >= CHORES_MAX {
            return;
        }
        self.resting.retain(|_, until| *until > now);
        let rested = self.resting.get(&chore).copied().unwrap_or(now);
        self.due.insert(chore, rested.max(now) + self.dice.next_delay());
    }

    /// When the next chore is to be taken.
    #[must_use]
    pub fn next_at(&self) -> Option<u64> {
        self.due.values().min().copied()
    }

    /// A chore whose moment has come. It rests from now on.
    pub fn take(&mut self, now: u64) -> Option<Chore> {
        let chore = self.due.iter().find(|(_, at)| **at <= now).map(|(chore, _)| *chore)?;
        self.due.remove(&chore);
        if self.resting.len() < CHORES_MAX {
            self.resting.insert(chore, now + CHORE_REST_MS);
        }
        Some(chore)
    }
}

#[cfg(test)]
mod tests {
    use relais_wire::ids::KeyringId;

    use super::{Chore, Chores};
    use crate::limits::{CHORE_JITTER_MS, CHORE_REST_MS, CHORES_MAX};

    fn keyring(n: u16) -> Chore {
        let mut bytes = [0; 16];
        bytes[..2].copy_from_slice(&n.to_be_bytes());
        Chore::Keyring(KeyringId::from_bytes(bytes))
    }

    #[test]
    fn many_clients_do_not_start_at_once() {
        let starts: std::collections::BTreeSet<u64> = (0..100)
            .filter_map(|seed| {
                let mut chores = Chores::new(seed);
                chores.notice(0, keyring(1));
                chores.next_at()
            })
            .collect();
        assert!(starts.len() > 90, "{} moments for 100 clients", starts.len());
        assert!(starts.iter().all(|at| *at <= CHORE_JITTER_MS));
    }

    #[test]
    fn a_chore_that_was_taken_rests_before_it_is_taken_again() {
        let mut chores = Chores::new(1);
        chores.notice(0, keyring(1));
        assert_eq!(chores.take(CHORE_JITTER_MS), Some(keyring(1)));
        chores.notice(CHORE_JITTER_MS, keyring(1));
        assert_eq!(chores.take(CHORE_REST_MS), None);
        assert!(chores.next_at().is_some_and(|at| at >= CHORE_JITTER_MS + CHORE_REST_MS));
        assert_eq!(chores.take(2 * CHORE_JITTER_MS + CHORE_REST_MS), Some(keyring(1)));
    }

    #[test]
    fn noticing_again_does_not_put_a_chore_off() {
        let mut chores = Chores::new(2);
        chores.notice(0, keyring(1));
        let at = chores.next_at();
        for now in 1..1_000 {
            chores.notice(now, keyring(1));
        }
        assert_eq!(chores.next_at(), at);
    }

    #[test]
    fn a_flood_of_chores_is_bounded() {
        let mut chores = Chores::new(3);
        for n in 0..u16::MAX {
            chores.notice(0, keyring(n));
        }
        let taken = std::iter::from_fn(|| chores.take(CHORE_JITTER_MS)).count();
        assert_eq!(taken, CHORES_MAX);
    }
}

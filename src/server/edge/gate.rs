//! Counts what is open and lets no more in than fits.
//!
//! Not known here: what is counted.

use core::hash::Hash;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use dashmap::DashMap;

/// A bound on things that are open. Cloning gives another handle.
#[derive(Clone, Debug)]
pub(crate) struct Gate {
    open: Arc<AtomicUsize>,
    max: usize,
}

/// One thing that is open; dropping it makes room.
#[derive(Debug)]
pub(crate) struct Pass(Arc<AtomicUsize>);

impl Gate {
    pub(crate) fn new(max: usize) -> Self {
        Self { open: Arc::default(), max }
    }

    /// Lets one more in, if there is room.
    pub(crate) fn enter(&self) -> Option<Pass> {
        let fits = |open: usize| (open < self.max).then_some(open + 1);
        self.open.fetch_update(Ordering::Relaxed, Ordering::Relaxed, fits).ok()?;
        Some(Pass(Arc::clone(&self.open)))
    }

    /// How many are in.
    pub(crate) fn open(&self) -> usize {
        self.open.load(Ordering::Relaxed)
    }
}

/// A bound on what is open for each of many. It keeps only those for whom something is open.
#[derive(Debug)]
pub(crate) struct Shares<K: Eq + Hash> {
    open: Arc<DashMap<K, usize>>,
    max: usize,
}

/// One thing that is open for somebody; dropping it makes room for them.
#[derive(Debug)]
pub(crate) struct Share<K: Eq + Hash> {
    of: K,
    open: Arc<DashMap<K, usize>>,
}

impl<K: Copy + Eq + Hash> Shares<K> {
    pub(crate) fn new(max: usize) -> Self {
        Self { open: Arc::default(), max }
    }

    /// Lets one more in for somebody, if their share has room.
    pub(crate) fn enter(&self, of: K) -> Option<Share<K>> {
        let mut open = self.open.entry(of).or_insert(0);
        if *open >= self.max {
            return None;
        }
        *open += 1;
        Some(Share { of, open: Arc::clone(&self.open) })
    }
}

impl<K: Eq + Hash> Drop for Share<K> {
    fn drop(&mut self) {
        self.open.remove_if_mut(&self.of, |_, open| {
            *open = open.saturating_sub(1);
            *open == 0
        });
    }
}

impl Drop for Pass {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::{Gate, Shares};

    #[test]
    fn a_share_is_bounded_for_each_and_forgotten_when_it_is_given_back() {
        let shares = Shares::new(2);
        let first = shares.enter("here");
        let second = shares.enter("here");
        assert!(first.is_some() && second.is_some() && shares.enter("here").is_none());
        assert!(shares.enter("there").is_some(), "others have their own");
        drop(first);
        assert!(shares.enter("here").is_some());
        drop(second);
        assert!(shares.open.is_empty());
    }

    #[test]
    fn a_full_gate_opens_when_somebody_leaves() {
        let gate = Gate::new(2);
        let first = gate.enter();
        let second = gate.enter();
        assert!(first.is_some() && second.is_some() && gate.enter().is_none());
        drop(first);
        assert_eq!(gate.open(), 1);
        assert!(gate.enter().is_some());
    }
}

//! Counts what is open and lets no more in than fits.
//!
//! Not known here: what is counted.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

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

impl Drop for Pass {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::Gate;

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

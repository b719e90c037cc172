//! Test-only: switches single checks off, so that a proof of a refusal can be shown to fail without the check.
//! Exists only with the feature `mutations`, which no released program has; nothing is off until asked.
//!
//! Not known here: who asks, and how. The crates of chains and of encryption have switches of their own.

use core::sync::atomic::{AtomicUsize, Ordering};

use crate::error::Hostile;

/// Place of the check that is off in [`Hostile::ALL`], counted from 1; 0 for none.
static OFF: AtomicUsize = AtomicUsize::new(0);

fn number(attack: Hostile) -> usize {
    Hostile::ALL.iter().position(|(other, _)| *other == attack).map_or(0, |place| place + 1)
}

/// Switches the check for this attack off, in the whole process, and every other one of this crate on.
pub fn switch_off(attack: Hostile) {
    OFF.store(number(attack), Ordering::SeqCst);
}

/// Switches every check of this crate on again.
pub fn switch_on() {
    OFF.store(0, Ordering::SeqCst);
}

pub(crate) fn is_off(attack: Hostile) -> bool {
    OFF.load(Ordering::SeqCst) == number(attack)
}

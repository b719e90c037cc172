//! Test-only: switches single checks off, so that a proof of a refusal can be shown to fail without the check.
//! Exists only with the feature `mutations`, which no released program has; nothing is off until asked.
//!
//! Switching [`E2eeError::DecryptFailed`] off makes AES-256-GCM decrypt without looking at the tag. What HPKE
//! and OPAQUE refuse by themselves has no switch.
//!
//! Not known here: who asks, and how. The chain crate has switches of its own.

use core::sync::atomic::{AtomicU16, Ordering};

use crate::error::E2eeError;

/// Number of the check that is off; 0 for none.
static OFF: AtomicU16 = AtomicU16::new(0);

/// Number of a second check that is off, where two guard the same thing; 0 for none.
static ALSO: AtomicU16 = AtomicU16::new(0);

/// Switches the check with this number off, in the whole process, and every other one of this crate on.
pub fn switch_off(code: u16) {
    OFF.store(code, Ordering::SeqCst);
    ALSO.store(0, Ordering::SeqCst);
}

/// Switches a second check off beside the first: some attacks are stopped twice.
pub fn switch_off_also(code: u16) {
    ALSO.store(code, Ordering::SeqCst);
}

/// Switches every check of this crate on again.
pub fn switch_on() {
    switch_off(0);
}

pub(crate) fn is_off(error: E2eeError) -> bool {
    [&OFF, &ALSO].iter().any(|off| off.load(Ordering::SeqCst) == error.code())
}

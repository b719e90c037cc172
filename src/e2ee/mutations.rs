//! Test-only: switches single checks off, so that a proof of a refusal can be shown to fail without the check.
//! Exists only with the feature `mutations`, which no released program has; nothing is off until asked.
//!
//! Switching [`E2eeError::DecryptFailed`] off makes AES-256-GCM decrypt without looking at the tag. What HPKE
//! and OPAQUE refuse by themselves has no switch.
//!
//! Not known here: who asks, and how. The chain crate has switches of its own.

use relais_chain::mutations::Switches;

use crate::error::E2eeError;

/// The checks of this crate, by [`E2eeError::code`].
pub static SWITCHES: Switches = Switches::new();

pub(crate) fn is_off(error: E2eeError) -> bool {
    SWITCHES.is_off(error.code())
}

//! Test-only: switches single checks off, so that a proof of a refusal can be shown to fail without the check.
//! Exists only with the feature `mutations`, which no released program has; nothing is off until asked.
//!
//! Only the checks that a hostile server or a stranger would have to get past have a switch; see the uses of
//! `refuse` in this crate.
//!
//! Not known here: who asks, and how (an environment variable, an argument).

use core::sync::atomic::{AtomicU16, Ordering};

use crate::error::ChainError;

/// The switches of one crate's checks, each named by the number of the error it raises. Another crate with
/// numbered errors keeps switches of its own.
#[derive(Debug)]
pub struct Switches {
    /// Number of the check that is off; 0 for none.
    off: AtomicU16,
    /// Number of a second check that is off, where two guard the same thing; 0 for none.
    also: AtomicU16,
}

impl Switches {
    /// Every check on.
    #[must_use]
    #[expect(clippy::new_without_default, reason = "made once per crate, as a static")]
    pub const fn new() -> Self {
        Self { off: AtomicU16::new(0), also: AtomicU16::new(0) }
    }

    /// Switches the check with this number off, in the whole process, and every other one on.
    pub fn switch_off(&self, code: u16) {
        self.off.store(code, Ordering::SeqCst);
        self.also.store(0, Ordering::SeqCst);
    }

    /// Switches a second check off beside the first: some attacks are stopped twice.
    pub fn switch_off_also(&self, code: u16) {
        self.also.store(code, Ordering::SeqCst);
    }

    /// Switches every check on again.
    pub fn switch_on(&self) {
        self.switch_off(0);
    }

    /// Whether the check with this number is off.
    #[must_use]
    pub fn is_off(&self, code: u16) -> bool {
        [&self.off, &self.also].iter().any(|off| off.load(Ordering::SeqCst) == code)
    }
}

/// The checks of this crate, by [`ChainError::code`].
pub static SWITCHES: Switches = Switches::new();

pub(crate) fn is_off(error: ChainError) -> bool {
    SWITCHES.is_off(error.code())
}

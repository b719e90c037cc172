//! Test-only: switches single checks off, so that the test of a refusal can be shown to fail without the check.
//! Exists only with the feature `mutations`, which no released program has; nothing is off until asked.
//!
//! Not known here: who asks, and how.

use std::cell::Cell;

use crate::refusal::Refusal;

thread_local! {
    /// The check that is off in this thread: a core lives in one thread, and tests run beside each other.
    static OFF: Cell<Option<Refusal>> = const { Cell::new(None) };
}

/// Runs something with one check off, in this thread.
pub fn without<T>(check: Refusal, run: impl FnOnce() -> T) -> T {
    struct On;
    impl Drop for On {
        fn drop(&mut self) {
            OFF.set(None);
        }
    }
    OFF.set(Some(check));
    let _on = On;
    run()
}

/// Whether that check is off.
#[must_use]
pub fn is_off(check: Refusal) -> bool {
    OFF.get() == Some(check)
}

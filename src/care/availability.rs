//! When somebody works, and what that says about reaching them now (AVL-01, AVL-02).
//!
//! Nobody can tell their hours yet: there is no value of [`Schedule`], so there is no dot for anybody (Q20). What
//! asks for dots (calls do, Q23) asks here, and goes on asking here when there are some.
//!
//! Not known here: who may see a dot, and why somebody is away, which is never told.

/// What is known of somebody's hours and absences. Without a value as long as nobody can tell theirs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Schedule {}

/// What speaks against reaching somebody now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dot {
    /// Outside their hours: might not answer (AVL-01).
    Yellow {
        /// When they are back, in server milliseconds, if that is known.
        back_ms: Option<u64>,
    },
    /// Absent (AVL-02).
    Red {
        /// When they are back, in server milliseconds.
        back_ms: u64,
    },
}

/// Somebody's dot at a time, in server milliseconds. Without a schedule there is none (Q20).
#[must_use]
pub const fn dot(schedule: Option<&Schedule>, _at_ms: u64) -> Option<Dot> {
    match schedule {
        None => None,
        Some(schedule) => match *schedule {},
    }
}

#[cfg(test)]
mod tests {
    use super::dot;

    #[test]
    fn who_has_no_schedule_has_no_dot() {
        // Q20
        assert_eq!([0, u64::MAX].map(|at| dot(None, at)), [None, None]);
    }
}

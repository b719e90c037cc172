//! Names and sessions that are worth nothing any more, remembered until they would have ended by themselves.

use std::collections::{BTreeSet, HashMap};

use crate::limits::REVOKED_MAX;

/// What was revoked, until when (Unix seconds).
#[derive(Debug, Default)]
pub(crate) struct Revoked {
    names: HashMap<Box<str>, u64>,
    ends: BTreeSet<(u64, Box<str>)>,
}

impl Revoked {
    /// Remembers; the one that ends first goes when there are too many.
    pub(crate) fn add(&mut self, unix_s: u64, name: &str, until_s: u64) {
        while self.ends.first().is_some_and(|(until, _)| *until <= unix_s || self.ends.len() >= REVOKED_MAX) {
            if let Some((_, name)) = self.ends.pop_first() {
                self.names.remove(&name);
            }
        }
        if let Some(before) = self.names.insert(name.into(), until_s) {
            self.ends.remove(&(before, name.into()));
        }
        self.ends.insert((until_s, name.into()));
    }

    pub(crate) fn has(&self, unix_s: u64, name: &str) -> bool {
        self.names.get(name).is_some_and(|until| unix_s < *until)
    }
}

#[cfg(test)]
mod tests {
    use super::Revoked;
    use crate::limits::REVOKED_MAX;

    #[test]
    fn what_is_revoked_stays_so_until_its_end_and_the_table_is_bounded() {
        let mut revoked = Revoked::default();
        revoked.add(0, "a", 100);
        revoked.add(0, "a", 200);
        assert!(revoked.has(199, "a") && !revoked.has(200, "a") && !revoked.has(0, "b"));
        for n in 0..REVOKED_MAX as u64 {
            revoked.add(0, &n.to_string(), 1_000 + n);
        }
        assert!(revoked.names.len() == revoked.ends.len() && revoked.ends.len() <= REVOKED_MAX);
        assert!(!revoked.has(0, "a") && revoked.has(0, &(REVOKED_MAX - 1).to_string()));
    }
}

//! Pictures of rights kept in memory, forgotten when a commit changes them.
//!
//! A picture takes several reads to make, and a commit may come in between. So it is kept only if nothing was
//! forgotten since before the first of them.
//!
//! Not known here: how a picture is made.

use std::collections::HashMap;
use std::sync::{Arc, RwLock};

use relais_wire::ids::UserId;

use super::limits::AUTHORITIES_CACHED;
use super::permit::Rights;

/// The pictures.
#[derive(Debug, Default)]
pub(crate) struct RightsCache(RwLock<Kept>);

#[derive(Debug, Default)]
struct Kept {
    of: HashMap<UserId, Arc<Rights>>,
    changes: u64,
}

/// A point in the order of changes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct AsOf(u64);

impl RightsCache {
    /// The picture of a user; without one, as of when a picture that is made now will be.
    pub(crate) fn find(&self, user: UserId) -> Result<Arc<Rights>, AsOf> {
        // A lock that a panic left behind matches no change: nothing is kept.
        let Ok(kept) = self.0.read() else { return Err(AsOf(u64::MAX)) };
        kept.of.get(&user).cloned().ok_or(AsOf(kept.changes))
    }

    /// Keeps a picture that was made as of then, if nothing has changed since.
    pub(crate) fn keep(&self, user: UserId, rights: &Arc<Rights>, AsOf(changes): AsOf) {
        let Ok(mut kept) = self.0.write() else { return };
        if kept.changes != changes {
            return;
        }
        if kept.of.len() >= AUTHORITIES_CACHED {
            kept.of.clear();
        }
        kept.of.insert(user, Arc::clone(rights));
    }

    /// Something about these users' rights changed.
    pub(crate) fn forget(&self, users: impl IntoIterator<Item = UserId>) {
        let Ok(mut kept) = self.0.write() else { return };
        for user in users {
            kept.changes += 1;
            kept.of.remove(&user);
        }
    }

    /// A unit moved: what holds where may have changed for anybody.
    pub(crate) fn clear(&self) {
        let Ok(mut kept) = self.0.write() else { return };
        kept.changes += 1;
        kept.of.clear();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use relais_care::permission::{Authority, UnitTree};
    use relais_wire::ids::UserId;

    use super::RightsCache;
    use crate::services::permit::Rights;

    #[test]
    fn rights_read_before_a_change_are_not_kept_after_it() {
        // PRM-10
        let cache = RightsCache::default();
        let (ada, ben) = (UserId::from_bytes([1; 16]), UserId::from_bytes([2; 16]));
        let rights = Arc::new(Rights { authority: Authority::none(ada), tree: UnitTree::new() });
        let before = cache.find(ada).unwrap_err();
        cache.forget([ada]);
        cache.keep(ada, &rights, before);
        let before = cache.find(ada).expect_err("as it was before they were taken away");
        cache.clear();
        cache.keep(ada, &rights, before);
        let now = cache.find(ada).expect_err("as they were before a unit moved");
        cache.keep(ada, &rights, now);
        assert!(cache.find(ada).is_ok());
        cache.forget([ben]);
        assert!(cache.find(ada).is_ok(), "what changes for others is no concern of hers");
    }
}

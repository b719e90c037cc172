//! Snapshots that were cut and not yet read to their end: all pages of one come from one moment and one cursor.
//!
//! Not known here: what is in a card.

use std::collections::HashMap;
use std::sync::RwLock;

use relais_wire::ids::{OrgId, Seq, SessionId};
use relais_wire::streams::ThreadPlace;
use relais_wire::threads::ThreadCard;

use super::limits::{SNAPSHOT_HELD_MS, SNAPSHOT_PAGE, SNAPSHOTS_HELD};

/// Names one; random, so that it says nothing.
pub(crate) type SnapshotId = [u8; 16];

/// What is left of a snapshot.
#[derive(Debug)]
pub(crate) struct Held {
    /// Whose: nobody else's session reads on in it.
    pub(crate) session: SessionId,
    /// Of which context.
    pub(crate) context: Option<OrgId>,
    /// The cursor it was cut at.
    pub(crate) cut: Seq,
    /// Cards in order, from the first page on.
    pub(crate) cards: Vec<ThreadCard>,
    /// Where the list goes on that it was cut from.
    pub(crate) older: Option<ThreadPlace>,
    /// When it was cut.
    pub(crate) at_ms: u64,
}

/// A page of a held snapshot.
#[derive(Debug)]
pub(crate) struct HeldPage {
    /// The cursor.
    pub(crate) cut: Seq,
    /// The cards.
    pub(crate) cards: Vec<ThreadCard>,
    /// Whether there are more after it.
    pub(crate) more: bool,
    /// On the last page: where the list goes on.
    pub(crate) older: Option<ThreadPlace>,
}

/// Snapshots under way.
#[derive(Debug, Default)]
pub(crate) struct Snapshots(RwLock<HashMap<SnapshotId, Held>>);

impl Snapshots {
    /// Holds what the first page left over. Whatever is too old goes, and where there is no room the oldest does: its
    /// reader begins again.
    pub(crate) fn hold(&self, id: SnapshotId, held: Held) {
        let Ok(mut map) = self.0.write() else { return };
        let now_ms = held.at_ms;
        map.retain(|_, held| now_ms.saturating_sub(held.at_ms) < SNAPSHOT_HELD_MS);
        while map.len() >= SNAPSHOTS_HELD {
            let Some(oldest) = map.iter().min_by_key(|(_, held)| held.at_ms).map(|(id, _)| *id) else {
                break;
            };
            map.remove(&oldest);
        }
        map.insert(id, held);
    }

    /// The page after the first `shown` cards. The last one may be asked for again until the snapshot is too old.
    pub(crate) fn page(
        &self,
        id: &SnapshotId,
        (session, context): (SessionId, Option<OrgId>),
        shown: usize,
        now_ms: u64,
    ) -> Option<HeldPage> {
        let map = self.0.read().ok()?;
        let held = map.get(id).filter(|held| held.session == session && held.context == context)?;
        if now_ms.saturating_sub(held.at_ms) >= SNAPSHOT_HELD_MS {
            return None;
        }
        let cards: Vec<_> = held.cards.iter().skip(shown).take(SNAPSHOT_PAGE).cloned().collect();
        let more = held.cards.len() > shown.saturating_add(SNAPSHOT_PAGE);
        Some(HeldPage { cut: held.cut, cards, more, older: held.older.filter(|_| !more) })
    }
}

#[cfg(test)]
mod tests {
    use relais_wire::ids::{Seq, SessionId};

    use super::{Held, Snapshots};
    use crate::services::limits::{SNAPSHOT_HELD_MS, SNAPSHOTS_HELD};

    fn id(n: usize) -> [u8; 16] {
        let mut id = [0; 16];
        id[..8].copy_from_slice(&n.to_be_bytes());
        id
    }

    fn held(at_ms: u64) -> Held {
        Held {
            session: SessionId::from_bytes([1; 16]),
            context: None,
            cut: Seq::ZERO,
            cards: Vec::new(),
            older: None,
            at_ms,
        }
    }

    #[test]
    fn so_many_are_held_the_oldest_goes_first_and_none_is_held_for_ever() {
        let snapshots = Snapshots::default();
        for n in 0..=SNAPSHOTS_HELD {
            snapshots.hold(id(n), held(u64::try_from(n).unwrap()));
        }
        let asks = (SessionId::from_bytes([1; 16]), None);
        let served = |n, now_ms| snapshots.page(&id(n), asks, 0, now_ms).is_some();
        assert!(!served(0, 300) && served(1, 300));
        assert!(served(SNAPSHOTS_HELD, SNAPSHOT_HELD_MS) && !served(1, 1 + SNAPSHOT_HELD_MS));
        let other = (SessionId::from_bytes([2; 16]), None);
        assert!(snapshots.page(&id(1), other, 0, 300).is_none(), "it is nobody else's");
    }
}

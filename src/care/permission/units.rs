//! The tree of an instance's organizational units (ORG-02). Each organization is one tree; its root's id is the
//! organization's.
//!
//! Not known here: names, members, and the signed chains that this is a picture of.

use std::collections::BTreeMap;

use relais_wire::ids::UnitId;

/// The deepest a unit lies below its root. A client walks the same path by verifying one signature a step, and
/// keyrings of units box along it.
pub const UNIT_DEPTH_MAX: usize = 8;

/// Why a unit cannot be put into the tree.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidUnit {
    /// A unit's parent does not change: it is part of its signed genesis.
    #[error("the unit is there already")]
    Exists,
    /// The parent is not in the tree.
    #[error("the parent is not there")]
    NoParent,
    /// Below [`UNIT_DEPTH_MAX`].
    #[error("units lie at most {UNIT_DEPTH_MAX} deep")]
    TooDeep,
}

/// Every unit with its parent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UnitTree {
    parents: BTreeMap<UnitId, Option<UnitId>>,
}

impl UnitTree {
    /// No unit.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a root (`None`) or a unit below one that is there. So a cycle cannot come to be (ORG-02).
    ///
    /// # Errors
    /// [`InvalidUnit`].
    pub fn insert(&mut self, unit: UnitId, parent: Option<UnitId>) -> Result<(), InvalidUnit> {
        if self.parents.contains_key(&unit) {
            return Err(InvalidUnit::Exists);
        }
        if let Some(parent) = parent {
            if !self.parents.contains_key(&parent) {
                return Err(InvalidUnit::NoParent);
            }
            if self.path(parent).count() > UNIT_DEPTH_MAX {
                return Err(InvalidUnit::TooDeep);
            }
        }
        self.parents.insert(unit, parent);
        Ok(())
    }

    /// Whether the unit is there.
    #[must_use]
    pub fn contains(&self, unit: UnitId) -> bool {
        self.parents.contains_key(&unit)
    }

    /// The unit, its parent, and so on up to the root; nothing for a unit that is not there.
    pub fn path(&self, unit: UnitId) -> impl Iterator<Item = UnitId> {
        let first = self.contains(unit).then_some(unit);
        std::iter::successors(first, |unit| self.parents.get(unit).copied().flatten())
    }

    /// The root above (or at) a unit: its organization.
    #[must_use]
    pub fn root(&self, unit: UnitId) -> Option<UnitId> {
        self.path(unit).last()
    }

    /// Whether `below` is `above` or lies below it.
    #[must_use]
    pub fn is_within(&self, below: UnitId, above: UnitId) -> bool {
        self.path(below).any(|unit| unit == above)
    }
}

#[cfg(test)]
mod tests {
    use super::{InvalidUnit, UNIT_DEPTH_MAX, UnitTree};
    use relais_wire::ids::UnitId;

    fn unit(n: u8) -> UnitId {
        UnitId::from_bytes([n; 16])
    }

    // ORG-02
    #[test]
    fn only_a_root_has_no_parent_and_no_cycle_can_be_made() {
        let mut tree = UnitTree::new();
        assert_eq!(tree.insert(unit(2), Some(unit(1))), Err(InvalidUnit::NoParent));
        assert_eq!(tree.insert(unit(1), Some(unit(1))), Err(InvalidUnit::NoParent));
        assert_eq!(tree.insert(unit(1), None), Ok(()));
        assert_eq!(tree.insert(unit(2), Some(unit(1))), Ok(()));
        assert_eq!(tree.insert(unit(1), Some(unit(2))), Err(InvalidUnit::Exists));
        assert_eq!(tree.root(unit(2)), Some(unit(1)));
        assert_eq!(tree.root(unit(9)), None);
    }

    #[test]
    fn depth_is_bounded() {
        let mut tree = UnitTree::new();
        tree.insert(unit(0), None).expect("a root");
        let deepest = u8::try_from(UNIT_DEPTH_MAX).expect("small");
        for n in 1..=deepest {
            assert_eq!(tree.insert(unit(n), Some(unit(n - 1))), Ok(()), "depth {n}");
        }
        assert_eq!(tree.insert(unit(deepest + 1), Some(unit(deepest))), Err(InvalidUnit::TooDeep));
        assert_eq!(tree.path(unit(deepest)).count(), UNIT_DEPTH_MAX + 1);
    }

    #[test]
    fn siblings_are_not_within_each_other() {
        let mut tree = UnitTree::new();
        tree.insert(unit(1), None).expect("a root");
        tree.insert(unit(2), Some(unit(1))).expect("below");
        tree.insert(unit(3), Some(unit(1))).expect("below");
        assert!(tree.is_within(unit(2), unit(1)));
        assert!(tree.is_within(unit(2), unit(2)));
        assert!(!tree.is_within(unit(1), unit(2)));
        assert!(!tree.is_within(unit(2), unit(3)));
        assert!(!tree.is_within(unit(9), unit(9)));
    }
}

//! Tables: values in numbered places whose numbers are not reused silently, and small maps that are lists first.

use std::collections::HashMap;
use std::hash::Hash;

/// Entries up to which a [`Table`] is a list: an ordinary client has one to four peers.
const LIST_MAX: usize = 8;

/// A place and how often it was taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Id {
    index: u32,
    generation: u32,
}

impl Id {
    pub(crate) fn to_u64(self) -> u64 {
        (u64::from(self.generation) << 32) | u64::from(self.index)
    }

    pub(crate) fn from_u64(number: u64) -> Self {
        let [g0, g1, g2, g3, i0, i1, i2, i3] = number.to_be_bytes();
        Self { index: u32::from_be_bytes([i0, i1, i2, i3]), generation: u32::from_be_bytes([g0, g1, g2, g3]) }
    }
}

#[derive(Debug)]
struct Slot<T> {
    generation: u32,
    value: Option<Box<T>>,
}

/// Values found by place. A value that is gone is not found by its old id.
#[derive(Debug)]
pub(crate) struct Slots<T> {
    slots: Vec<Slot<T>>,
    free: Vec<u32>,
}

impl<T> Default for Slots<T> {
    fn default() -> Self {
        Self { slots: Vec::new(), free: Vec::new() }
    }
}

impl<T> Slots<T> {
    pub(crate) fn insert(&mut self, value: T) -> Id {
        let index = self.free.pop().unwrap_or_else(|| {
            self.slots.push(Slot { generation: 0, value: None });
            u32::try_from(self.slots.len() - 1).expect("bounded far below by quotas and ports")
        });
        let slot = self.slots.get_mut(index as usize).expect("just taken or added");
        slot.generation = slot.generation.wrapping_add(1);
        slot.value = Some(Box::new(value));
        Id { index, generation: slot.generation }
    }

    pub(crate) fn get(&self, id: Id) -> Option<&T> {
        let slot = self.slots.get(id.index as usize)?;
        if slot.generation == id.generation { slot.value.as_deref() } else { None }
    }

    pub(crate) fn get_mut(&mut self, id: Id) -> Option<&mut T> {
        let slot = self.slots.get_mut(id.index as usize)?;
        if slot.generation == id.generation { slot.value.as_deref_mut() } else { None }
    }

    pub(crate) fn remove(&mut self, id: Id) -> Option<T> {
        let slot = self.slots.get_mut(id.index as usize)?;
        if slot.generation != id.generation {
            return None;
        }
        let value = slot.value.take()?;
        self.free.push(id.index);
        Some(*value)
    }

    pub(crate) fn len(&self) -> usize {
        self.slots.len() - self.free.len()
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (Id, &T)> {
        self.slots.iter().enumerate().filter_map(|(index, slot)| {
            let index = u32::try_from(index).ok()?;
            Some((Id { index, generation: slot.generation }, slot.value.as_deref()?))
        })
    }

    pub(crate) fn iter_mut(&mut self) -> impl Iterator<Item = &mut T> {
        self.slots.iter_mut().filter_map(|slot| slot.value.as_deref_mut())
    }
}

/// A map that is a list while it is small: most allocations have a handful of peers, and a list of them is one
/// cache line to search and no memory to spare.
#[derive(Debug)]
pub(crate) enum Table<K, V> {
    List(Vec<(K, V)>),
    Map(HashMap<K, V>),
}

impl<K, V> Default for Table<K, V> {
    fn default() -> Self {
        Self::List(Vec::new())
    }
}

impl<K: Copy + Eq + Hash, V> Table<K, V> {
    pub(crate) fn get(&self, key: &K) -> Option<&V> {
        match self {
            Self::List(list) => list.iter().find(|(known, _)| known == key).map(|(_, value)| value),
            Self::Map(map) => map.get(key),
        }
    }

    pub(crate) fn insert(&mut self, key: K, value: V) {
        match self {
            Self::Map(map) => drop(map.insert(key, value)),
            Self::List(list) => {
                if let Some(place) = list.iter_mut().find(|(known, _)| *known == key) {
                    place.1 = value;
                } else if list.len() < LIST_MAX {
                    list.reserve_exact(1);
                    list.push((key, value));
                } else {
                    let mut map: HashMap<K, V> = std::mem::take(list).into_iter().collect();
                    map.insert(key, value);
                    *self = Self::Map(map);
                }
            }
        }
    }

    pub(crate) fn retain(&mut self, mut keep: impl FnMut(&K, &V) -> bool) {
        match self {
            Self::List(list) => list.retain(|(key, value)| keep(key, value)),
            Self::Map(map) => map.retain(|key, value| keep(key, value)),
        }
    }

    pub(crate) fn len(&self) -> usize {
        match self {
            Self::List(list) => list.len(),
            Self::Map(map) => map.len(),
        }
    }
}

/// How many of each.
#[derive(Debug)]
pub(crate) struct Tally<K>(HashMap<K, u32>);

impl<K> Default for Tally<K> {
    fn default() -> Self {
        Self(HashMap::new())
    }
}

impl<K: Eq + Hash> Tally<K> {
    pub(crate) fn count<Q>(&self, key: &Q) -> u32
    where
        K: std::borrow::Borrow<Q>,
        Q: Eq + Hash + ?Sized,
    {
        self.0.get(key).copied().unwrap_or(0)
    }

    pub(crate) fn add(&mut self, key: K) {
        *self.0.entry(key).or_insert(0) += 1;
    }

    pub(crate) fn take<Q>(&mut self, key: &Q)
    where
        K: std::borrow::Borrow<Q>,
        Q: Eq + Hash + ?Sized,
    {
        let Some(count) = self.0.get_mut(key) else { return };
        *count -= 1;
        if *count == 0 {
            self.0.remove(key);
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::{Id, Slots, Table, Tally};

    #[test]
    fn a_value_that_is_gone_is_not_found_by_its_old_id() {
        let mut slots = Slots::default();
        let first = slots.insert("a");
        assert_eq!(slots.remove(first), Some("a"));
        let second = slots.insert("b");
        assert_eq!((slots.get(first), slots.get(second)), (None, Some(&"b")));
        assert_eq!((slots.remove(first), slots.len()), (None, 1));
        assert_eq!(Id::from_u64(second.to_u64()), second);
    }

    #[test]
    fn a_table_is_the_same_map_small_and_large() {
        let mut table = Table::default();
        for round in 0..2 {
            for key in 0..40_u16 {
                table.insert(key, u32::from(key) + round);
            }
        }
        assert!((0..40).all(|key| table.get(&key) == Some(&(u32::from(key) + 1))));
        table.retain(|key, _| *key != 3 && *key != 4);
        assert_eq!((table.len(), table.get(&3), table.get(&4)), (38, None, None));
    }

    #[test]
    fn a_tally_forgets_what_it_does_not_count() {
        let mut tally: Tally<Box<str>> = Tally::default();
        tally.add("a".into());
        tally.add("a".into());
        tally.take("a");
        assert_eq!(tally.count("a"), 1);
        tally.take("a");
        tally.take("a");
        assert!(tally.is_empty());
    }
}

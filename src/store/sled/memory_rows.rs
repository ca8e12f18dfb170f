//! Rows of an index in memory, which may be changes of rows that are stored elsewhere.

use std::collections::BTreeMap;
use std::ops::Bound;
use std::sync::{PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use ::sled::IVec;

use super::encoding::RowChange;
use super::overlay::{self, Visitor};
use super::unusable_index::UnusableIndex;

/// Stored rows that never change.
pub trait StoredRows: Send + Sync {
    /// Returns the value of a row.
    fn get(&self, key: &[u8]) -> Result<Option<IVec>, UnusableIndex>;

    /// Visits the rows with a key prefix in order, from `start`, until `take` returns false.
    fn walk(
        &self,
        start: Bound<&[u8]>,
        prefix: &[u8],
        take: &mut dyn FnMut(&[u8], &[u8]) -> bool,
    ) -> Result<(), UnusableIndex>;
}

/// Rows in memory, above stored rows if there are any.
#[derive(Default)]
pub struct MemoryRows {
    stored: Option<Box<dyn StoredRows>>,
    /// Rows in memory; without a value for a stored row that was removed.
    rows: RwLock<BTreeMap<IVec, Option<IVec>>>,
}

impl MemoryRows {
    /// Returns stored rows without changes.
    #[cfg(feature = "etcd")]
    pub fn above(stored: impl StoredRows + 'static) -> Self {
        Self {
            stored: Some(Box::new(stored)),
            rows: RwLock::default(),
        }
    }

    /// Number of rows in memory, including those that only remove a stored one.
    #[cfg(feature = "etcd")]
    pub fn change_count(&self) -> usize {
        self.read().len()
    }

    /// Returns true if there are stored rows.
    #[cfg(feature = "etcd")]
    pub fn has_stored(&self) -> bool {
        self.stored.is_some()
    }

    /// Visits all rows in order, until `take` returns false.
    #[cfg(feature = "etcd")]
    pub fn walk_all(&self, take: impl FnMut(&[u8], &[u8]) -> bool) -> Result<(), UnusableIndex> {
        self.walk(Bound::Included(&[]), &[], take)
    }

    /// Returns the value of a row.
    pub fn get(&self, key: &[u8]) -> Result<Option<IVec>, UnusableIndex> {
        match (self.read().get(key), &self.stored) {
            (Some(value), _) => Ok(value.clone()),
            (None, Some(stored)) => stored.get(key),
            (None, None) => Ok(None),
        }
    }

    /// Visits the rows with a key prefix in order, from `start`, until `take` returns false. Changes wait until it ends.
    pub fn walk(
        &self,
        start: Bound<&[u8]>,
        prefix: &[u8],
        mut take: impl FnMut(&[u8], &[u8]) -> bool,
    ) -> Result<(), UnusableIndex> {
        let rows = self.read();
        let range = rows.range((start.map(IVec::from), Bound::Unbounded));
        let changes = range
            .take_while(|(key, _)| key.starts_with(prefix))
            .map(|(key, value)| (&key[..], value.as_deref()));
        let stored = |visit: &mut Visitor<'_>| match &self.stored {
            Some(stored) => stored.walk(start, prefix, &mut |key, value| visit(key, Ok(value))),
            None => Ok(()),
        };
        // Rows that do not change are readable.
        let take = &mut |key: &[u8], value: Result<&[u8], UnusableIndex>| {
            value.is_ok_and(|value| take(key, value))
        };
        overlay::walk(changes, stored, take)
    }

    /// Inserts and removes rows.
    pub fn apply(&self, changes: Vec<RowChange>) {
        let mut rows = self.write();
        for (key, value) in changes {
            match value {
                Some(value) => rows.insert(key.into(), Some(value.into())),
                None if self.is_stored(&key) => rows.insert(key.into(), None),
                None => rows.remove(key.as_slice()),
            };
        }
    }

    /// Returns true if a row is stored, or may be.
    fn is_stored(&self, key: &[u8]) -> bool {
        let stored = self.stored.as_ref();
        stored.is_some_and(|stored| !matches!(stored.get(key), Ok(None)))
    }

    /// A poisoned lock is safe to use: only complete rows are inserted.
    fn read(&self) -> RwLockReadGuard<'_, BTreeMap<IVec, Option<IVec>>> {
        self.rows.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, BTreeMap<IVec, Option<IVec>>> {
        self.rows.write().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    type Rows = BTreeMap<Vec<u8>, Vec<u8>>;

    /// Rows that are stored in memory.
    struct Stored(MemoryRows);

    impl StoredRows for Stored {
        fn get(&self, key: &[u8]) -> Result<Option<IVec>, UnusableIndex> {
            self.0.get(key)
        }

        fn walk(
            &self,
            start: Bound<&[u8]>,
            prefix: &[u8],
            take: &mut dyn FnMut(&[u8], &[u8]) -> bool,
        ) -> Result<(), UnusableIndex> {
            self.0.walk(start, prefix, take)
        }
    }

    fn walked(rows: &MemoryRows, start: Bound<&[u8]>, prefix: &[u8], limit: usize) -> Rows {
        let mut found = Rows::new();
        let walk = rows.walk(start, prefix, |key, value| {
            found.insert(key.to_vec(), value.to_vec());
            found.len() < limit
        });
        walk.unwrap();
        found
    }

    fn rows() -> impl Strategy<Value = Rows> {
        let key = prop::collection::vec(0_u8..3, 1..4);
        prop::collection::btree_map(key, prop::collection::vec(any::<u8>(), 0..3), 0..20)
    }

    proptest! {
        #[test]
        fn rows_above_stored_ones_are_those_of_a_map(
            stored in rows(),
            changes in prop::collection::vec((prop::collection::vec(0_u8..3, 1..4), any::<Option<u8>>()), 0..20),
            start in prop::collection::vec(0_u8..3, 1..4),
            is_included: bool,
            limit in 1_usize..20,
        ) {
            let below = MemoryRows::default();
            below.apply(stored.iter().map(|(key, value)| (key.clone(), Some(value.clone()))).collect());
            let rows = MemoryRows { stored: Some(Box::new(Stored(below))), ..MemoryRows::default() };
            let mut expected = stored;
            for (key, value) in changes {
                let value = value.map(|value| vec![value]);
                rows.apply(vec![(key.clone(), value.clone())]);
                match value {
                    Some(value) => expected.insert(key, value),
                    None => expected.remove(&key),
                };
            }
            for (key, value) in &expected {
                let found = rows.get(key).unwrap();
                prop_assert_eq!(found.as_deref(), Some(&value[..]));
            }
            let all = walked(&rows, Bound::Included(&[]), &[], usize::MAX);
            prop_assert_eq!(&all, &expected);
            let prefix = &start[..1];
            let bound = if is_included { Bound::Included(&start[..]) } else { Bound::Excluded(&start[..]) };
            let part: Rows = expected
                .range::<[u8], _>((bound, Bound::Unbounded))
                .filter(|(key, _)| key.starts_with(prefix))
                .take(limit)
                .map(|(key, value)| (key.clone(), value.clone()))
                .collect();
            prop_assert_eq!(walked(&rows, bound, prefix, limit), part);
        }
    }
}

//! Current index, and consistent reads while it changes.

use std::borrow::Cow;
use std::collections::VecDeque;
use std::ops::Bound;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};
use std::time::Instant;

use uuid::Uuid;

use super::encoding::{self, CurrentState, RecordRow, RowChange};
use super::index::ConnectionIndex;
use super::unusable_index::UnusableIndex;
use super::{list_entry, stored_json};
use crate::connection::{
    Connection, ConnectionItem, ListQuery, Page, PageRequest, SealedSecret, StoreError, Version,
    alias,
};

/// Index in use. It is replaced when it turns out to be damaged.
///
/// Locks are taken in this order: `list_lock`, `trashed`, `current`.
pub struct IndexHandle {
    current: RwLock<Arc<ConnectionIndex>>,
    /// Number of connections including the trash, so that they need not be counted.
    count: AtomicU64,
    /// Number of connections in the trash, once counted. Locked by changes to the trash while they are applied.
    trashed: Mutex<Option<u64>>,
    /// Locked for reading by a list that was disturbed, and for writing by changes that would disturb it.
    list_lock: RwLock<()>,
    /// Time of the last list request.
    last_list: Mutex<Option<Instant>>,
    /// Incremented whenever a connection leaves its position in the list.
    moves: AtomicU64,
}

impl IndexHandle {
    /// Starts with an index.
    pub fn new(index: ConnectionIndex, count: u64) -> Self {
        Self {
            current: RwLock::new(Arc::new(index)),
            count: AtomicU64::new(count),
            trashed: Mutex::new(None),
            list_lock: RwLock::default(),
            last_list: Mutex::default(),
            moves: AtomicU64::new(0),
        }
    }

    /// Returns the index in use.
    pub fn current(&self) -> Arc<ConnectionIndex> {
        Arc::clone(&self.current.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Replaces the index and returns the previous one.
    pub fn replace(&self, index: ConnectionIndex) -> Arc<ConnectionIndex> {
        let mut trashed = self.lock_trashed();
        let mut current = self.current.write().unwrap_or_else(PoisonError::into_inner);
        *trashed = None;
        std::mem::replace(&mut current, Arc::new(index))
    }

    /// Sets the number of connections.
    pub fn set_count(&self, count: u64) {
        self.count.store(count, Ordering::Release);
    }

    /// Applies rows, after which there are `count` connections.
    pub fn apply(&self, changes: Vec<RowChange>, count: u64) -> Result<(), UnusableIndex> {
        let has_move = changes
            .iter()
            .any(|(key, value)| value.is_none() && key.starts_with(encoding::ORDER));
        let is_trash_changed = changes
            .iter()
            .any(|(key, _)| key.starts_with(encoding::TRASH));
        let _list_guard = has_move.then(|| {
            let guard = self.list_lock.write();
            let guard = guard.unwrap_or_else(PoisonError::into_inner);
            self.moves.fetch_add(1, Ordering::AcqRel);
            guard
        });
        let _trashed = is_trash_changed.then(|| {
            let mut trashed = self.lock_trashed();
            *trashed = None;
            trashed
        });
        let applied = self.current().apply(changes);
        self.set_count(count);
        applied
    }

    /// Returns the current state of a connection.
    pub fn record(&self, id: Uuid) -> Result<Option<CurrentState>, StoreError> {
        self.body(&encoding::record_key(id), id)?
            .map(|body| CurrentState::read(id, &body))
            .transpose()
    }

    /// Returns the owner of an alias.
    pub fn owner(&self, alias: &str) -> Result<Option<Uuid>, StoreError> {
        let Some(body) = self.body(&encoding::alias_key(alias), Uuid::nil())? else {
            return Ok(None);
        };
        encoding::read_alias(&body)
            .map(Some)
            .ok_or_else(|| unsound("an alias has no connection"))
    }

    /// Returns a connection.
    pub fn get(&self, id: Uuid) -> Result<Option<Connection<SealedSecret>>, StoreError> {
        let Some(body) = self.body(&encoding::record_key(id), id)? else {
            return Ok(None);
        };
        RecordRow::read(&body)
            .ok_or_else(|| stored_json::damaged(id, "its row is too short"))?
            .connection(id)
            .map(Some)
    }

    /// Returns the versions of a connection, newest first.
    pub fn versions(&self, id: Uuid, window: PageRequest) -> Result<Page<Version>, StoreError> {
        let Some(newest) = self.newest_version(id)? else {
            return Ok(Page {
                items: Vec::new(),
                total: 0,
            });
        };
        let index = self.current();
        let prefix = encoding::versions_prefix(id);
        let mut items = Vec::new();
        if window.skip == 0 && window.take > 0 {
            items.push(newest);
        }
        let skip = window.skip.saturating_sub(1);
        let take = window.take - items.len();
        let mut total = 1;
        // Rows of the end of the walk, oldest first.
        let mut last = VecDeque::new();
        index.walk(&prefix, |key, value| {
            total += 1;
            last.push_back((key.to_vec(), value.to_vec()));
            if last.len() > skip.saturating_add(take) {
                last.pop_front();
            }
            true
        })?;
        for (key, value) in last.iter().rev().skip(skip) {
            let body = encoding::without_checksum(key, value).and_then(encoding::read_version);
            let (_, json) =
                body.ok_or_else(|| stored_json::damaged(id, "the checksum of a version is wrong"))?;
            items.push(stored_json::read_version_json(id, json)?);
        }
        Ok(Page { items, total })
    }

    /// Returns a version of a connection.
    pub fn version(&self, id: Uuid, number: u64) -> Result<Option<Version>, StoreError> {
        let newest = self.newest_version(id)?;
        if newest
            .as_ref()
            .is_none_or(|newest| newest.number() == number)
        {
            return Ok(newest);
        }
        let Some(body) = self.body(&encoding::version_key(id, number), id)? else {
            return Ok(None);
        };
        let (_, json) = encoding::read_version(&body)
            .ok_or_else(|| stored_json::damaged(id, "the row of a version is too short"))?;
        stored_json::read_version_json(id, json).map(Some)
    }

    /// Returns the current version of a connection.
    fn newest_version(&self, id: Uuid) -> Result<Option<Version>, StoreError> {
        let Some(body) = self.body(&encoding::record_key(id), id)? else {
            return Ok(None);
        };
        let row = RecordRow::read(&body)
            .ok_or_else(|| stored_json::damaged(id, "its row is too short"))?;
        stored_json::to_version(id, row.json).map(Some)
    }

    /// Returns the connections matching a query. A connection that moves during the read is listed exactly once: a disturbed list
    /// is read again, and the last attempt blocks such changes.
    pub fn list(&self, query: &ListQuery) -> Result<Page<ConnectionItem>, StoreError> {
        let mut last = self
            .last_list
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        *last = Some(Instant::now());
        drop(last);
        for _ in 0..2 {
            let before = self.moves.load(Ordering::Acquire);
            let page = self.read_list(query)?;
            if self.moves.load(Ordering::Acquire) == before {
                return Ok(page);
            }
        }
        let _guard = self
            .list_lock
            .read()
            .unwrap_or_else(PoisonError::into_inner);
        self.read_list(query)
    }

    /// Returns the time of the last list request.
    pub fn last_list(&self) -> Option<Instant> {
        *self
            .last_list
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns the aliases outside the trash with a prefix, in order, at most `limit`.
    pub fn aliases(&self, prefix: &str, limit: usize) -> Result<Vec<String>, StoreError> {
        let mut found = Vec::new();
        if limit == 0 {
            return Ok(found);
        }
        self.current()
            .walk(&encoding::alias_key(prefix), |key, _| {
                let alias = key
                    .get(encoding::ALIASES.len()..)
                    .map(String::from_utf8_lossy);
                let alias = alias.filter(|alias| !alias::is_in_trash(alias));
                if found.len() < limit {
                    found.extend(alias.map(Cow::into_owned));
                }
                found.len() < limit
            })?;
        Ok(found)
    }

    fn read_list(&self, query: &ListQuery) -> Result<Page<ConnectionItem>, StoreError> {
        let everything = query.is_everything();
        let PageRequest { skip, take } = query.window;
        let after = query
            .cursor()
            .map(|cursor| encoding::cursor_key(cursor, query.is_trash));
        let skip = if after.is_some() { 0 } else { skip };
        let mut items: Vec<ConnectionItem> = Vec::new();
        let mut total = 0;
        let mut failure = None;
        let place = if query.is_trash {
            encoding::TRASH
        } else {
            encoding::ORDER
        };
        let start = after
            .as_deref()
            .map_or(Bound::Included(place), Bound::Excluded);
        self.current().walk_from(start, place, |key, value| {
            if everything && total < skip {
                total += 1;
                return true;
            }
            if everything && items.len() >= take {
                return false;
            }
            match read_item(key, value) {
                Ok(item) if everything || query.contains(&item) => {
                    if total >= skip && items.len() < take {
                        items.push(item);
                    }
                    total += 1;
                    true
                }
                Ok(_) => true,
                Err(error) => {
                    failure = Some(error);
                    false
                }
            }
        })?;
        if let Some(error) = failure {
            return Err(error);
        }
        if everything {
            let trashed = self.trashed()?;
            let count = if query.is_trash {
                trashed
            } else {
                self.count.load(Ordering::Acquire).saturating_sub(trashed)
            };
            total = total.max(usize::try_from(count).unwrap_or(usize::MAX));
        }
        Ok(Page { items, total })
    }

    /// Number of connections in the trash; counted again after a change to the trash.
    fn trashed(&self) -> Result<u64, StoreError> {
        let mut trashed = self.lock_trashed();
        if let Some(known) = *trashed {
            return Ok(known);
        }
        let mut counted = 0;
        self.current().walk(encoding::TRASH, |_, _| {
            counted += 1;
            true
        })?;
        *trashed = Some(counted);
        Ok(counted)
    }

    fn lock_trashed(&self) -> MutexGuard<'_, Option<u64>> {
        self.trashed.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn body(&self, key: &[u8], id: Uuid) -> Result<Option<Vec<u8>>, StoreError> {
        let Some(value) = self.current().get(key)? else {
            return Ok(None);
        };
        encoding::without_checksum(key, &value)
            .map(|body| Some(body.to_vec()))
            .ok_or_else(|| stored_json::damaged(id, "its checksum is wrong"))
    }
}

fn read_item(key: &[u8], value: &[u8]) -> Result<ConnectionItem, StoreError> {
    let (_, id, entry) = encoding::without_checksum(key, value)
        .and_then(encoding::read_order)
        .ok_or_else(|| unsound("the checksum of a list entry is wrong"))?;
    list_entry::read(id, entry)
}

fn unsound(why: &str) -> StoreError {
    UnusableIndex(why.into()).into()
}

impl From<UnusableIndex> for StoreError {
    fn from(broken: UnusableIndex) -> Self {
        Self::Other(format!(
            "The index of the store cannot be read: {}",
            broken.0
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::super::encoding::{order_key, order_row};
    use super::*;

    /// A list that is disturbed again and again waits for changes, and these for it.
    #[test]
    fn lists_and_changes_to_the_trash_do_not_block_each_other() {
        let json = r#"{"id":"3fa85f64-5717-4562-b3fc-2c963f66afa6","alias":"a","name":"A","providerId":"openai","isActive":true,"dateCreated":"2024-01-15T10:30:00Z","dateModified":"2024-01-15T10:30:00Z","version":1}"#;
        let listed: ConnectionItem = serde_json::from_str(json).unwrap();
        let trashed = ConnectionItem {
            date_deleted: Some(listed.date_created),
            ..listed.clone()
        };
        let index = IndexHandle::new(ConnectionIndex::in_memory(), 1);
        let is_over = std::sync::atomic::AtomicBool::new(false);
        std::thread::scope(|scope| {
            for is_trash in [false, true] {
                let (index, is_over) = (&index, &is_over);
                let query = ListQuery {
                    is_trash,
                    ..ListQuery::all(PageRequest { skip: 0, take: 10 })
                };
                scope.spawn(move || {
                    while !is_over.load(Ordering::Acquire) {
                        index.list(&query).unwrap();
                    }
                });
            }
            for turn in 0..20_000 {
                let [from, to] = if turn % 2 == 0 {
                    [&trashed, &listed]
                } else {
                    [&listed, &trashed]
                };
                let rows = vec![(order_key(from), None), order_row(to, 1).unwrap()];
                index.apply(rows, 1).unwrap();
                if turn % 1000 == 0 {
                    index.replace(ConnectionIndex::in_memory());
                }
            }
            is_over.store(true, Ordering::Release);
        });
    }

    #[test]
    fn list_is_recorded_and_other_reads_are_not() {
        let index = IndexHandle::new(ConnectionIndex::in_memory(), 0);
        index.owner("a").unwrap();
        index.aliases("a", 1).unwrap();
        index.get(Uuid::nil()).unwrap();
        assert!(index.last_list().is_none());
        let all = ListQuery::all(PageRequest { skip: 0, take: 10 });
        index.list(&all).unwrap();
        assert!(index.last_list().is_some());
    }
}

//! Index of the connections: order of lists, aliases and list entries, without secrets.
//!
//! It is in memory, above the rows of a saved index ([`super::saved_index`]) if there is one: a start then needs only the changes since.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use sled::IVec;
use uuid::Uuid;

use super::saved_index::{IndexPosition, SavedIndex};
use crate::connection::{ConnectionItem, StoreError};
use crate::store::sled::encoding::{self, RowChange};
use crate::store::sled::index::ConnectionIndex;
use crate::store::sled::index_handle::IndexHandle;
use crate::store::sled::memory_rows::MemoryRows;

/// Prefix of the rows with the key of the list row of each connection, to find the rows that a change replaces.
const PLACES: &[u8] = b"p";

/// Index of a store, with the rows of the store on disk.
pub struct EtcdIndex {
    /// Rows of lists and aliases.
    pub rows: IndexHandle,
    /// Number of connections. Locked while changes are applied.
    count: Mutex<u64>,
    /// File with the rows at the end of an earlier process; none without a folder for it.
    saved: Option<SavedIndex>,
}

/// State of a connection; none after it was deleted permanently.
pub type NewItem = (Uuid, Option<ConnectionItem>);

impl EtcdIndex {
    /// Returns an empty index.
    pub fn new(saved: Option<SavedIndex>) -> Self {
        Self {
            rows: IndexHandle::new(ConnectionIndex::in_memory(), 0),
            count: Mutex::new(0),
            saved,
        }
    }

    /// Uses the saved index and returns its position; none if there is none.
    pub fn open_saved(&self) -> Option<IndexPosition> {
        let (rows, count, position) = self.saved.as_ref()?.open_for_use()?;
        self.use_rows(MemoryRows::above(rows), count);
        Some(position)
    }

    /// Removes the file of the saved index, because it cannot be used. Returns false if it is not in use.
    pub fn discard_saved(&self) -> bool {
        let has_saved =
            matches!(&*self.rows.current(), ConnectionIndex::Memory(rows) if rows.has_stored());
        if let Some(saved) = self.saved.as_ref().filter(|_| has_saved) {
            saved.remove();
        }
        has_saved
    }

    /// Saves the index for the next process if that saves it enough work. It has at least the changes up to `position`.
    pub fn save(&self, position: &IndexPosition) {
        let count = self.count();
        if let (Some(saved), ConnectionIndex::Memory(rows)) = (&self.saved, &*self.rows.current()) {
            saved.save(rows, *count, position);
        }
    }

    /// Replaces all connections.
    pub fn replace(&self, items: Vec<ConnectionItem>) -> Result<(), StoreError> {
        let rows = MemoryRows::default();
        let count = items.len() as u64;
        for item in items {
            rows.apply(item_rows(&item)?.into());
        }
        self.use_rows(rows, count);
        Ok(())
    }

    fn use_rows(&self, rows: MemoryRows, new_count: u64) {
        let mut count = self.count();
        *count = new_count;
        self.rows.set_count(new_count);
        self.rows.replace(ConnectionIndex::Memory(rows));
    }

    /// Applies changes in order.
    pub fn apply(&self, changes: Vec<NewItem>) -> Result<(), StoreError> {
        let mut count = self.count();
        let mut new_count = *count;
        let index = self.rows.current();
        // Places of the connections that were changed.
        let mut places: HashMap<Uuid, Option<IVec>> = HashMap::new();
        let mut rows = Vec::new();
        for (id, item) in changes {
            let before = match places.remove(&id) {
                Some(place) => place,
                None => index.get(&place_key(id))?,
            };
            let written = item.as_ref().map(item_rows).transpose()?;
            let written = written.map_or_else(Vec::new, Vec::from);
            new_count += u64::from(item.is_some());
            new_count = new_count.saturating_sub(u64::from(before.is_some()));
            let left = before.map(|place| rows_at(id, &place)).unwrap_or_default();
            let is_left = |(key, _): &RowChange| written.iter().all(|(other, _)| other != key);
            rows.extend(left.into_iter().filter(is_left));
            rows.extend(written);
            places.insert(id, item.map(|item| encoding::order_key(&item).into()));
        }
        *count = new_count;
        self.rows.apply(rows, new_count)?;
        Ok(())
    }

    fn count(&self) -> MutexGuard<'_, u64> {
        self.count.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn place_key(id: Uuid) -> Vec<u8> {
    [PLACES, id.as_bytes()].concat()
}

/// Returns the rows of an item.
fn item_rows(item: &ConnectionItem) -> Result<[RowChange; 3], StoreError> {
    // The revision of a row is not used.
    let row = encoding::order_row(item, 0)?;
    let place = (place_key(item.id), Some(row.0.clone()));
    Ok([encoding::alias_row(&item.alias, item.id), row, place])
}

/// Returns the removal of the rows of a connection.
fn rows_at(id: Uuid, place: &[u8]) -> Vec<RowChange> {
    let alias = encoding::alias_in_order(place);
    let alias = alias.map(|alias| (encoding::alias_key(&alias), None));
    let others = [(place.to_vec(), None), (place_key(id), None)];
    alias.into_iter().chain(others).collect()
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::connection::{ListQuery, PageRequest};
    use crate::store::etcd::saved_index::StoreHead;
    use crate::store::key::{StoreAuthenticator, StoreKey};

    fn item(number: u128, alias: &str) -> ConnectionItem {
        let json = format!(
            r#"{{"id":"{}","alias":"{alias}","name":"{alias}","providerId":"openai","isActive":true,"dateCreated":"2024-01-15T10:30:00Z","dateModified":"2024-01-15T10:30:00Z","version":1}}"#,
            Uuid::from_u128(number)
        );
        serde_json::from_str(&json).unwrap()
    }

    fn change(number: u128, alias: &str) -> NewItem {
        (Uuid::from_u128(number), Some(item(number, alias)))
    }

    fn auth() -> StoreAuthenticator {
        StoreKey::random().unwrap().authenticator(Uuid::nil())
    }

    fn index(folder: &Path, auth: &StoreAuthenticator) -> EtcdIndex {
        EtcdIndex::new(Some(SavedIndex::new(folder, Uuid::nil(), auth.clone())))
    }

    fn position(applied: i64) -> IndexPosition {
        IndexPosition {
            applied,
            head: StoreHead {
                revision: applied,
                writes: applied,
                request: vec![7],
            },
        }
    }

    /// Aliases in the order of the list, those of the completion, and the total.
    fn content(index: &EtcdIndex) -> (Vec<String>, Vec<String>, usize) {
        let all = ListQuery::all(PageRequest { skip: 0, take: 100 });
        let page = index.rows.list(&all).unwrap();
        let listed = page.items.into_iter().map(|item| item.alias).collect();
        (listed, index.rows.aliases("", 100).unwrap(), page.total)
    }

    fn expected(aliases: &[&str]) -> (Vec<String>, Vec<String>, usize) {
        let aliases: Vec<_> = aliases.iter().copied().map(str::to_owned).collect();
        (aliases.clone(), aliases.clone(), aliases.len())
    }

    #[test]
    fn changes_of_a_batch_are_applied_in_order() {
        let index = EtcdIndex::new(None);
        index.replace(vec![item(1, "a"), item(2, "b")]).unwrap();
        let removed = |number| (Uuid::from_u128(number), None);
        // The second connection takes the alias that the first one leaves; the third one is created and deleted.
        let changes = vec![
            change(1, "c"),
            change(2, "a"),
            change(3, "d"),
            removed(3),
            change(4, "e"),
            change(4, "f"),
        ];
        index.apply(changes).unwrap();
        assert_eq!(content(&index), expected(&["a", "c", "f"]));
        index.apply(vec![removed(1), removed(9)]).unwrap();
        assert_eq!(content(&index), expected(&["a", "f"]));
    }

    #[test]
    fn saved_index_goes_on_where_it_ended() {
        let (folder, auth) = (tempfile::tempdir().unwrap(), auth());
        let first = index(folder.path(), &auth);
        assert_eq!(first.open_saved(), None);
        first.replace(vec![item(1, "a"), item(2, "b")]).unwrap();
        first.save(&position(5));

        let second = index(folder.path(), &auth);
        assert_eq!(second.open_saved(), Some(position(5)));
        assert_eq!(content(&second), expected(&["a", "b"]));
        // What the saved index already has is applied again without effect.
        second.apply(vec![change(2, "b")]).unwrap();
        assert_eq!(content(&second), expected(&["a", "b"]));
        second.apply(vec![change(2, "c"), change(3, "b")]).unwrap();
        assert_eq!(content(&second), expected(&["a", "b", "c"]));
        // Only few changes: it is not written again.
        second.save(&position(6));
        assert_eq!(index(folder.path(), &auth).open_saved(), Some(position(5)));

        let many = (10..1000).map(|number| change(number, &format!("x{number}")));
        second.apply(many.collect()).unwrap();
        second.save(&position(7));
        let third = index(folder.path(), &auth);
        assert_eq!(third.open_saved(), Some(position(7)));
        assert_eq!(content(&third).2, 993);
        // An older state does not replace a newer one.
        first.save(&position(5));
        assert_eq!(index(folder.path(), &auth).open_saved(), Some(position(7)));
    }

    /// A part that lists never read would otherwise stay damaged.
    #[test]
    fn index_that_cannot_be_saved_because_of_damage_is_removed() {
        let (folder, auth) = (tempfile::tempdir().unwrap(), auth());
        let first = index(folder.path(), &auth);
        let items = (5000..7000).map(|number| item(number, &format!("x{number}")));
        first.replace(items.collect()).unwrap();
        first.save(&position(5));
        let path = folder
            .path()
            .join("etcd")
            .join(format!("{}.index", Uuid::nil()));
        let mut bytes = std::fs::read(&path).unwrap();
        // In the places of connections, which are about 40 KB; the last block is also read for the trash.
        let at = bytes.len() - 20_000;
        bytes[at] ^= 1;
        std::fs::write(&path, bytes).unwrap();

        let second = index(folder.path(), &auth);
        assert_eq!(second.open_saved(), Some(position(5)));
        let all = ListQuery::all(PageRequest { skip: 0, take: 9 });
        assert_eq!(second.rows.list(&all).unwrap().total, 2000);
        let many = (0..1000).map(|number| change(number, &format!("y{number}")));
        second.apply(many.collect()).unwrap();
        second.save(&position(6));
        assert!(!path.exists());
    }

    #[test]
    fn index_of_another_key_is_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let other = index(folder.path(), &auth());
        other.replace(vec![item(1, "a")]).unwrap();
        other.save(&position(9));
        let auth = auth();
        let own = index(folder.path(), &auth);
        assert_eq!(own.open_saved(), None);
        own.replace(vec![item(2, "b")]).unwrap();
        // Few changes, but there is no index that can be read: the one of the other key is young.
        own.save(&position(3));
        assert_eq!(index(folder.path(), &auth).open_saved(), Some(position(3)));
    }
}

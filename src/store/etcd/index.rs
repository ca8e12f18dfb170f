//! Index of the connections in memory: order of lists, aliases and slim rows, without secrets.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use uuid::Uuid;

use crate::connection::{ConnectionItem, StoreError};
use crate::store::sled::encoding::{self, RowChange};
use crate::store::sled::index::ConnectionIndex;
use crate::store::sled::index_handle::IndexHandle;

/// Index of a store, with the rows of the store on disk.
pub struct EtcdIndex {
    /// Rows of lists and aliases.
    pub rows: IndexHandle,
    /// List row of each connection, to find the rows that a change replaces.
    places: Mutex<HashMap<Uuid, Vec<u8>>>,
}

/// State of a connection; none after it was deleted permanently.
pub type NewItem = (Uuid, Option<ConnectionItem>);

impl EtcdIndex {
    /// Returns an empty index.
    pub fn new() -> Self {
        Self {
            rows: IndexHandle::new(ConnectionIndex::in_memory(), 0),
            places: Mutex::default(),
        }
    }

    /// Replaces all connections.
    pub fn replace(&self, items: Vec<ConnectionItem>) -> Result<(), StoreError> {
        let mut places = HashMap::with_capacity(items.len());
        let mut rows = Vec::with_capacity(2 * items.len());
        for item in items {
            let (place, row) = item_rows(&item)?;
            places.insert(item.id, place);
            rows.extend(row);
        }
        let index = ConnectionIndex::in_memory();
        index.apply(rows)?;
        let mut current = self.places.lock().unwrap_or_else(PoisonError::into_inner);
        self.rows.set_count(places.len() as u64);
        self.rows.replace(index);
        *current = places;
        Ok(())
    }

    /// Applies changes in order.
    pub fn apply(&self, changes: Vec<NewItem>) -> Result<(), StoreError> {
        let mut places = self.places.lock().unwrap_or_else(PoisonError::into_inner);
        let mut rows = Vec::new();
        for (id, item) in changes {
            let before = places.remove(&id);
            let mut written = Vec::new();
            if let Some(item) = item {
                let (place, row) = item_rows(&item)?;
                written = row;
                places.insert(id, place);
            }
            let left = before.map(rows_at).unwrap_or_default();
            let is_left = |(key, _): &RowChange| written.iter().all(|(other, _)| other != key);
            rows.extend(left.into_iter().filter(is_left));
            rows.extend(written);
        }
        self.rows.apply(rows, places.len() as u64)?;
        Ok(())
    }
}

/// Returns the key of the list row, and the rows of an item.
fn item_rows(item: &ConnectionItem) -> Result<(Vec<u8>, Vec<RowChange>), StoreError> {
    // The revision of a row is of no use in memory.
    let row = encoding::order_row(item, 0)?;
    let place = row.0.clone();
    Ok((place, vec![encoding::alias_row(&item.alias, item.id), row]))
}

/// Returns the removal of the rows of a connection.
fn rows_at(place: Vec<u8>) -> Vec<RowChange> {
    let alias = encoding::alias_in_order(&place);
    let alias = alias.map(|alias| (encoding::alias_key(&alias), None));
    alias.into_iter().chain([(place, None)]).collect()
}

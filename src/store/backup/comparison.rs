//! Comparison of a store with the content that would replace it.

use std::collections::HashMap;
use std::path::Path;

use serde::de::IgnoredAny;
use uuid::Uuid;

use super::keys::AvailableKeys;
use crate::connection::{ConnectionItem, StoreError};
use crate::store::journal::header::StoreIdentity;
use crate::store::journal::replay::{BuiltConnection, BuiltVersion};
use crate::store::key::StoreAccess;
use crate::store::offline_reader::{self, StoreContent};
use crate::store::sled::salvage::FullState;
use crate::store::sled::stored_json::{self, SavedJson};

/// Added to the revision when the newest revision of the store is unknown, so that no revision is used twice.
pub const REVISION_GAP: u64 = 1_000_000;

/// Connection in messages for the user.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct NamedConnection {
    /// Display name.
    pub name: String,
    /// Alias.
    pub alias: String,
    /// ID.
    pub id: Uuid,
}

/// Differences between the store and a backup.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct BackupComparison {
    /// True when a store exists.
    pub has_store: bool,
    /// Reason why the store could not be read completely.
    pub trouble: Option<String>,
    /// True when the backup belongs to another store.
    pub is_another: bool,
    /// Connections only in the store, created after the backup.
    pub only_in_store: Vec<NamedConnection>,
    /// Connections that are newer in the store.
    pub newer_in_store: Vec<NamedConnection>,
    /// Connections that are newer in the backup.
    pub newer_in_backup: Vec<NamedConnection>,
    /// Connections only in the backup, deleted permanently or lost since.
    pub only_in_backup: Vec<NamedConnection>,
}

/// Store that would be replaced.
pub enum CurrentStore<'a> {
    /// There is none.
    Missing,
    /// It cannot be read, for this reason.
    Unreadable(String),
    /// Its content.
    Read(&'a StoreContent),
}

/// Content that would replace a store.
#[derive(Clone, Copy)]
pub struct ComparedContent<'a> {
    /// Store that it comes from.
    pub identity: &'a StoreIdentity,
    /// Revision there.
    pub revision: u64,
    /// Connections and versions.
    pub state: &'a FullState,
}

/// Reads the store in a data directory; none if it has no files.
pub fn read_folder(data: &Path, keys: &AvailableKeys) -> Result<Option<StoreContent>, StoreError> {
    let has_files = has_files(data);
    let found = keys.access(data).and_then(|access| {
        let auth = access.as_ref().and_then(StoreAccess::auth);
        offline_reader::read(data, auth)
    })?;
    if found.is_none() && has_files {
        return Err(StoreError::Other(
            "none of its journal files can be read".into(),
        ));
    }
    Ok(found)
}

/// Returns true if a data directory has files of a store.
pub fn has_files(data: &Path) -> bool {
    ["journal", "snapshots", "sled"]
        .iter()
        .any(|part| data.join(part).exists())
}

/// Compares the store with a content. Also returns the newest known revision of the store.
pub fn compare(current: &CurrentStore<'_>, other: ComparedContent<'_>) -> (BackupComparison, u64) {
    let mut comparison = BackupComparison::default();
    let in_backup = items(other.state);
    let store = match current {
        CurrentStore::Missing => {
            comparison.only_in_backup = names(in_backup.values());
            return (comparison, 0);
        }
        CurrentStore::Unreadable(why) => {
            comparison.has_store = true;
            comparison.trouble = Some(why.clone());
            comparison.only_in_backup = names(in_backup.values());
            return (comparison, other.revision.saturating_add(REVISION_GAP));
        }
        CurrentStore::Read(store) => store,
    };
    comparison.has_store = true;
    let StoreContent {
        identity,
        state,
        problem,
    } = store;
    let gap = if problem.is_some() { REVISION_GAP } else { 0 };
    let newest = state.revision.saturating_add(gap);
    comparison.trouble.clone_from(problem);
    comparison.is_another = identity.store != other.identity.store;
    let in_store = items(state);
    let version = |items: &NamedConnections, id: &Uuid| items.get(id).map(|item| item.version);
    let (mut added, mut ahead, mut behind) = (Vec::new(), Vec::new(), Vec::new());
    for (id, item) in &in_store {
        match version(&in_backup, id).map(|there| item.version.cmp(&there)) {
            None => added.push(item),
            Some(std::cmp::Ordering::Greater) => ahead.push(item),
            Some(std::cmp::Ordering::Less) => behind.push(item),
            Some(std::cmp::Ordering::Equal) => {}
        }
    }
    comparison.only_in_store = names(added);
    comparison.newer_in_store = names(ahead);
    comparison.newer_in_backup = names(behind);
    let missing = in_backup
        .iter()
        .filter(|(id, _)| !in_store.contains_key(*id));
    comparison.only_in_backup = names(missing.map(|(_, item)| item));
    (comparison, newest)
}

/// Returns true if both have the same connections with the same versions. Secrets may be sealed differently.
pub fn is_same_content(one: &FullState, other: &FullState) -> bool {
    let numbers =
        |connection: &BuiltConnection<_>| connection.older.keys().copied().collect::<Vec<_>>();
    let is_same_history = |(id, connection): (&Uuid, &BuiltConnection<_>)| {
        let there = other.connections.get(id);
        there.is_some_and(|there| numbers(there) == numbers(connection))
    };
    one.connections.len() == other.connections.len()
        && one.connections.iter().all(is_same_history)
        && items(one) == items(other)
}

type NamedConnections = HashMap<Uuid, ConnectionItem>;

/// List items of the connections that can be read.
fn items(state: &FullState) -> NamedConnections {
    let read = |(id, built): (&Uuid, &BuiltConnection<_>)| {
        let newest: &BuiltVersion<(_, Vec<u8>)> = built.newest.as_ref()?;
        let saved: SavedJson<ConnectionItem, IgnoredAny> =
            stored_json::read_json(*id, &newest.payload.1).ok()?;
        Some((*id, saved.connection))
    };
    state.connections.iter().filter_map(read).collect()
}

fn names<'a>(items: impl IntoIterator<Item = &'a ConnectionItem>) -> Vec<NamedConnection> {
    let mut names: Vec<NamedConnection> = items
        .into_iter()
        .map(|item| NamedConnection {
            name: item.name.clone(),
            alias: item.alias.clone(),
            id: item.id,
        })
        .collect();
    names.sort();
    names
}

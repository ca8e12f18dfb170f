//! Change as requested and as accepted.

use std::sync::Arc;

use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::encoding::{self, CurrentState, RowChange};
use super::index::ConnectionIndex;
use super::stored_json::{self, SavedJson, write_json};
use super::unusable_index::UnusableIndex;
use crate::connection::store::{ChangeEvent, ChangeKind, Precondition, Revision, SaveConnection};
use crate::connection::{ConnectionItem, SealedSecret, StoreError};
use crate::store::journal::chain::ChainWriter;
use crate::store::journal::digest::StateDigest;
use crate::store::journal::entry::{EntryKind, JournalEntry};

/// Requested change. It is serialized by the caller, so that the writer thread has less to do.
pub enum WriteRequest {
    /// Saves a connection.
    Save(Box<SaveRequest>),
    /// Deletes a connection permanently, at a version.
    Purge {
        /// ID of the connection.
        id: Uuid,
        /// Expected version.
        version: u64,
        /// ID of the request of a process that shares the store, so that a repeated one is recognized (see `write_dedup`); a save is
        /// recognized by its content.
        request: Option<Uuid>,
    },
}

/// Requested save.
pub struct SaveRequest {
    /// List item of the connection.
    pub item: ConnectionItem,
    /// Precondition.
    pub precondition: Precondition,
    /// [`SavedJson`].
    pub json: Arc<[u8]>,
}

/// Payload of a purge in the journal.
#[derive(Serialize, Deserialize)]
pub struct PurgedJson<T> {
    /// Permanently deleted connection.
    pub item: T,
    /// [`ChangeEvent::request`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request: Option<Uuid>,
}

/// Maximum length of a serialized connection in bytes.
const MAX_LENGTH: usize = 64 * 1024 * 1024;

impl WriteRequest {
    /// Serializes a save.
    pub fn save(save: &SaveConnection<SealedSecret>) -> Result<Self, StoreError> {
        let json = write_json(&SavedJson {
            connection: &save.connection,
            change: &save.change,
        })?;
        if json.len() > MAX_LENGTH {
            return Err(StoreError::Other(
                "The connection is too large to store".into(),
            ));
        }
        Ok(Self::Save(Box::new(SaveRequest {
            item: save.connection.listed(),
            precondition: save.precondition,
            json: json.into(),
        })))
    }

    /// Returns true for moving to the trash and for permanent deletion, which may use the space reserved for a full disk.
    pub const fn is_removal(&self) -> bool {
        match self {
            Self::Save(save) => save.item.is_deleted(),
            Self::Purge { .. } => true,
        }
    }

    /// Converts a journal entry back to a change. Returns `None` for other entries.
    pub fn replay(entry: &JournalEntry<'_>) -> Option<Result<Self, StoreError>> {
        match entry.kind {
            EntryKind::Saved => Some(read_saved(entry)),
            EntryKind::Purged => Some(Ok(Self::Purge {
                id: entry.id,
                version: entry.number,
                request: deletion_request(entry),
            })),
            EntryKind::Record | EntryKind::Version | EntryKind::End => None,
        }
    }
}

/// Request in a journal entry of a deletion, if it has one.
fn deletion_request(entry: &JournalEntry<'_>) -> Option<Uuid> {
    let deleted: PurgedJson<IgnoredAny> = serde_json::from_slice(entry.payload).ok()?;
    deleted.request
}

fn read_saved(entry: &JournalEntry<'_>) -> Result<WriteRequest, StoreError> {
    Ok(WriteRequest::Save(Box::new(SaveRequest {
        item: stored_json::read_listed(entry.id, entry.payload)?,
        // A replay checks no precondition.
        precondition: Precondition::Absent,
        json: entry.payload.into(),
    })))
}

/// Converts a journal entry to a change event. Returns `None` for other entries.
pub fn to_event(entry: &JournalEntry<'_>) -> Option<Result<ChangeEvent, StoreError>> {
    let (kind, request) = match entry.kind {
        EntryKind::Saved => {
            let item = stored_json::read_listed(entry.id, entry.payload);
            (item.map(ChangeKind::new_state), None)
        }
        EntryKind::Purged => (Ok(ChangeKind::Deleted(entry.id)), deletion_request(entry)),
        EntryKind::Record | EntryKind::Version | EntryKind::End => return None,
    };
    Some(kind.map(|kind| ChangeEvent {
        revision: Revision(entry.revision),
        kind,
        request,
    }))
}

/// Accepted change, to be journaled as `revision`.
pub struct AcceptedChange {
    /// Revision of the change.
    pub revision: u64,
    /// Digest of the store after the change.
    pub digest: StateDigest,
    /// Connection before the change.
    pub before: Option<CurrentState>,
    /// Connection after the change.
    pub after: NewState,
}

/// Connection after a change.
pub enum NewState {
    /// Saved.
    Saved(CurrentState),
    /// Deleted permanently.
    Purged {
        /// ID of the connection.
        id: Uuid,
        /// Version at the deletion.
        number: u64,
        /// [`ChangeEvent::request`].
        request: Option<Uuid>,
        /// [`PurgedJson`].
        payload: Vec<u8>,
    },
}

impl AcceptedChange {
    /// Appends the journal entry to `out` and to the chain.
    pub fn write(&self, chain: &mut ChainWriter<'_>, out: &mut Vec<u8>) {
        let (kind, id, number, payload) = match &self.after {
            NewState::Saved(current) => {
                let item = &current.item;
                (EntryKind::Saved, item.id, item.version, &*current.json)
            }
            NewState::Purged {
                id,
                number,
                payload,
                ..
            } => (EntryKind::Purged, *id, *number, &**payload),
        };
        let entry = JournalEntry {
            kind,
            revision: self.revision,
            id,
            number,
            digest: self.digest,
            payload,
            codes: None,
        };
        chain.with_codes(&entry).write_in_group(out);
    }

    /// Converts the change to a change event.
    pub fn to_event(&self) -> ChangeEvent {
        let (kind, request) = match &self.after {
            NewState::Saved(current) => (ChangeKind::new_state(current.item.clone()), None),
            NewState::Purged { id, request, .. } => (ChangeKind::Deleted(*id), *request),
        };
        ChangeEvent {
            revision: Revision(self.revision),
            kind,
            request,
        }
    }

    /// Appends the index rows of the change to `rows`, in write order: the row of the connection is last.
    ///
    /// `rows` contains the rows of earlier changes that the index does not have yet.
    pub fn write_rows(
        &self,
        index: &ConnectionIndex,
        rows: &mut Vec<RowChange>,
    ) -> Result<(), StoreError> {
        let before = self.before.as_ref();
        match &self.after {
            NewState::Saved(after) => {
                let item = &after.item;
                if let Some(before) = before {
                    rows.push(before.version_row()?);
                }
                rows.push(encoding::alias_row(&item.alias, item.id));
                rows.push(encoding::order_row(item, self.revision)?);
                if let Some(before) = before {
                    remove_index_rows(&before.item, Some(item), rows);
                }
                rows.push(after.row());
            }
            NewState::Purged { id, .. } => {
                if let Some(before) = before {
                    remove_index_rows(&before.item, None, rows);
                }
                remove_versions(index, *id, rows)?;
                rows.push((encoding::record_key(*id), None));
            }
        }
        Ok(())
    }
}

fn remove_index_rows(
    before: &ConnectionItem,
    after: Option<&ConnectionItem>,
    rows: &mut Vec<RowChange>,
) {
    let alias = encoding::alias_key(&before.alias);
    if after.is_none_or(|after| encoding::alias_key(&after.alias) != alias) {
        rows.push((alias, None));
    }
    let place = encoding::order_key(before);
    if after.is_none_or(|after| encoding::order_key(after) != place) {
        rows.push((place, None));
    }
}

/// Adds deletions for the versions in the index and for those pending in `rows`.
fn remove_versions(
    index: &ConnectionIndex,
    id: Uuid,
    rows: &mut Vec<RowChange>,
) -> Result<(), UnusableIndex> {
    let prefix = encoding::versions_prefix(id);
    let mut versions: Vec<Vec<u8>> = rows
        .iter()
        .map(|(key, _)| key)
        .filter(|key| key.starts_with(&prefix))
        .cloned()
        .collect();
    index.walk(&prefix, |key, _| {
        versions.push(key.to_vec());
        true
    })?;
    rows.extend(versions.into_iter().map(|key| (key, None)));
    Ok(())
}

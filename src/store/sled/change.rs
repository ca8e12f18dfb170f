//! A change on its way: as it is asked for, and as it was admitted.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::rows::{self, Current, RecordRow, Row, VersionJson, write_json};
use super::view::{Broken, View};
use crate::connection::store::{Changed, Put, Revision, Save, What};
use crate::connection::{Change, Connection, ConnectionItem, Mask, Sealed, StoreError};
use crate::store::journal::digest::Digest;
use crate::store::journal::entry::{Entry, Kind};

/// A change that is asked for. What is written of it is made by who asks, so that the one writer has less to do.
pub enum Ask {
    /// Keep a connection.
    Save(Box<AskSave>),
    /// Delete one that is at this version.
    Delete {
        /// Which.
        id: Uuid,
        /// At which version.
        version: u64,
    },
}

/// A connection to keep.
pub struct AskSave {
    /// What lists show of it.
    pub item: ConnectionItem,
    /// New, or over which version.
    pub put: Put,
    /// How it is written.
    pub written: Written,
}

/// What is written of a saved connection.
pub struct Written {
    /// [`Connection<Sealed>`] as JSON.
    pub record: Vec<u8>,
    /// [`VersionJson`].
    pub version: Vec<u8>,
    /// [`SavedJson`].
    pub payload: Vec<u8>,
}

/// The payload of a saved connection in the journal.
#[derive(Serialize, Deserialize)]
pub struct SavedJson<T, C> {
    /// The connection.
    pub connection: T,
    /// What the save did.
    pub change: C,
}

/// The payload of a deletion in the journal.
#[derive(Serialize, Deserialize)]
pub struct DeletedJson<T> {
    /// What was deleted.
    pub item: T,
}

/// What a save leaves of the connection in its history. Sealed secrets cannot be looked into, so all masks are alike.
pub fn snapshot(connection: &Connection<Sealed>) -> Connection<Mask> {
    let masked = connection
        .clone()
        .try_map(|_, _| Ok::<_, std::convert::Infallible>(Mask::Any));
    match masked {
        Ok(masked) => masked,
    }
}

/// A longer connection is refused, in bytes.
const LONGEST: usize = 64 * 1024 * 1024;

impl Written {
    /// Writes a connection and what its save did.
    pub fn new(connection: &Connection<Sealed>, change: &Change) -> Result<Self, StoreError> {
        let written = Self {
            record: write_json(connection)?,
            version: write_json(&VersionJson {
                snapshot: snapshot(connection),
                change,
            })?,
            payload: write_json(&SavedJson { connection, change })?,
        };
        if written.payload.len() > LONGEST {
            return Err(StoreError::Unusable(
                "This connection is too long to be stored".into(),
            ));
        }
        Ok(written)
    }
}

impl Ask {
    /// A save, written.
    pub fn save(save: Save<Sealed>) -> Result<Self, StoreError> {
        let written = Written::new(&save.connection, &save.change)?;
        Ok(Self::Save(Box::new(AskSave {
            item: save.connection.item,
            put: save.put,
            written,
        })))
    }

    /// Whether it only takes away, so that it may use the room kept back for a full disk.
    pub const fn is_delete(&self) -> bool {
        matches!(self, Self::Delete { .. })
    }

    /// The change that an entry of the journal tells again; none when the entry is of another kind.
    pub fn replay(entry: &Entry<'_>) -> Option<Result<Self, StoreError>> {
        match entry.kind {
            Kind::Saved => Some(read_saved(entry)),
            Kind::Deleted => Some(Ok(Self::Delete {
                id: entry.id,
                version: entry.number,
            })),
            Kind::Record | Kind::Version | Kind::End => None,
        }
    }
}

fn read_saved(entry: &Entry<'_>) -> Result<Ask, StoreError> {
    let saved: SavedJson<Connection<Sealed>, Change> = rows::read_json(entry.id, entry.payload)?;
    Ask::save(Save {
        connection: saved.connection,
        put: Put::New,
        change: saved.change,
    })
}

/// What an entry of the journal tells the feed; none when it is of another kind.
pub fn told(entry: &Entry<'_>) -> Option<Result<Changed, StoreError>> {
    let what = match entry.kind {
        Kind::Saved => rows::read_json::<SavedJson<ConnectionItem, serde::de::IgnoredAny>>(
            entry.id,
            entry.payload,
        )
        .map(|saved| What::Saved(saved.connection)),
        Kind::Deleted => Ok(What::Deleted(entry.id)),
        Kind::Record | Kind::Version | Kind::End => return None,
    };
    Some(what.map(|what| Changed {
        revision: Revision(entry.revision),
        what,
    }))
}

/// A change that was admitted: it will be in the journal as `revision`.
pub struct Step {
    /// Its place in the store's history.
    pub revision: u64,
    /// What the store amounts to after it.
    pub digest: Digest,
    /// The connection before.
    pub before: Option<Current>,
    /// The connection after.
    pub after: After,
}

/// A connection after a change.
pub enum After {
    /// Kept.
    Saved(Current, Written),
    /// Gone.
    Deleted {
        /// Which it was.
        id: Uuid,
        /// At which version.
        number: u64,
        /// [`DeletedJson`].
        payload: Vec<u8>,
    },
}

impl Step {
    /// Writes it behind the entries in `out`.
    pub fn write(&self, out: &mut Vec<u8>) {
        let (kind, id, number, payload) = match &self.after {
            After::Saved(current, written) => {
                let item = &current.item;
                (Kind::Saved, item.id, item.version, &written.payload)
            }
            After::Deleted {
                id,
                number,
                payload,
            } => (Kind::Deleted, *id, *number, payload),
        };
        Entry {
            kind,
            revision: self.revision,
            id,
            number,
            digest: self.digest,
            payload,
        }
        .write(out);
    }

    /// What the feed tells of it.
    pub fn told(&self) -> Changed {
        Changed {
            revision: Revision(self.revision),
            what: match &self.after {
                After::Saved(current, _) => What::Saved(current.item.clone()),
                After::Deleted { id, .. } => What::Deleted(*id),
            },
        }
    }

    /// The rows it changes in a view that has every step before it; `rows` may hold such steps that are still to be applied.
    pub fn write_rows(&self, view: &View, rows: &mut Vec<Row>) -> Result<(), StoreError> {
        let before = self.before.as_ref().map(|before| &before.item);
        match &self.after {
            After::Saved(after, written) => {
                let item = &after.item;
                if let Some(before) = before {
                    leave_indexes(before, Some(item), rows);
                }
                let record = RecordRow {
                    revision: self.revision,
                    history: after.history,
                    json: &written.record,
                };
                rows.push(record.row(item.id));
                rows.push(rows::version_row(
                    item.id,
                    item.version,
                    self.revision,
                    &written.version,
                ));
                rows.push(rows::alias_row(&item.alias, item.id));
                rows.push(rows::order_row(item, self.revision)?);
            }
            After::Deleted { id, .. } => {
                if let Some(before) = before {
                    leave_indexes(before, None, rows);
                }
                rows.push((rows::record_key(*id), None));
                forget_versions(view, *id, rows)?;
            }
        }
        Ok(())
    }
}

fn leave_indexes(before: &ConnectionItem, after: Option<&ConnectionItem>, rows: &mut Vec<Row>) {
    let alias = rows::alias_key(&before.alias);
    if after.is_none_or(|after| rows::alias_key(&after.alias) != alias) {
        rows.push((alias, None));
    }
    let place = rows::order_key(before);
    if after.is_none_or(|after| rows::order_key(after) != place) {
        rows.push((place, None));
    }
}

/// Versions that are in the view, and those that are about to be.
fn forget_versions(view: &View, id: Uuid, rows: &mut Vec<Row>) -> Result<(), Broken> {
    let prefix = rows::versions_of(id);
    for (key, value) in rows.iter_mut() {
        if key.starts_with(&prefix) {
            *value = None;
        }
    }
    view.walk(&prefix, |key, _| {
        rows.push((key.to_vec(), None));
        true
    })
}

//! Change of a connection, and the keys that it depends on.

use uuid::Uuid;

use super::wire::{KeyValue, TxnResponse};
use crate::connection::store::{Precondition, SaveConnection};
use crate::connection::{ConnectionItem, SealedSecret, StoreError};
use crate::store::sled::stored_json::{SavedJson, write_json};

/// Value of the mark of a request that must no longer be performed.
pub const CANCELED: &[u8] = b"canceled";

/// Change of a connection.
pub enum EtcdChange {
    /// Saves it.
    Save {
        /// List item after the change.
        item: Box<ConnectionItem>,
        /// Precondition.
        precondition: Precondition,
        /// [`SavedJson`].
        json: Vec<u8>,
    },
    /// Deletes it permanently if it has this version.
    Purge {
        /// ID.
        id: Uuid,
        /// Expected version.
        version: u64,
    },
}

impl EtcdChange {
    /// Serializes a save.
    pub fn save(save: &SaveConnection<SealedSecret>) -> Result<Self, StoreError> {
        Ok(Self::Save {
            item: Box::new(save.connection.listed()),
            precondition: save.precondition,
            json: write_json(&SavedJson {
                connection: &save.connection,
                change: &save.change,
            })?,
        })
    }

    /// ID of the connection.
    pub fn id(&self) -> Uuid {
        match self {
            Self::Save { item, .. } => item.id,
            Self::Purge { id, .. } => *id,
        }
    }
}

/// Keys that a write depends on.
pub struct FoundKeys {
    /// Mark of the request.
    pub mark: Option<KeyValue>,
    /// Revision of the identity key of the store.
    pub identity: i64,
    /// Connection.
    pub record: Option<KeyValue>,
    /// Key of the new alias.
    pub alias: Option<KeyValue>,
}

impl FoundKeys {
    /// No keys besides the identity.
    pub const fn none(fence: i64) -> Self {
        Self {
            mark: None,
            identity: fence,
            record: None,
            alias: None,
        }
    }

    /// Revision at which the write was done, if it was.
    pub fn done(&self) -> Option<i64> {
        let mark = self.mark.as_ref()?;
        (mark.value != CANCELED).then_some(mark.mod_revision)
    }

    /// Takes the responses to the reads of mark, identity, connection and new alias.
    pub fn read(answer: TxnResponse) -> Self {
        let mut found = answer
            .into_ranges()
            .map(|range| range.kvs.into_iter().next());
        let mut next = || found.next().flatten();
        Self {
            mark: next(),
            identity: next().map_or(0, |identity| identity.mod_revision),
            record: next(),
            alias: next(),
        }
    }
}

/// Value of an alias key.
pub fn owner_value(id: Uuid) -> Vec<u8> {
    id.to_string().into_bytes()
}

/// ID in the value of an alias key; one that is not an ID belongs to no connection.
pub fn owner_in(alias: &KeyValue) -> Uuid {
    Uuid::try_parse_ascii(&alias.value).unwrap_or_default()
}

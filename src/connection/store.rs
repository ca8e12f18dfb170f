//! Store trait for connections.

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{Connection, ConnectionItem, ListQuery, Page, PageRequest, Version, VersionChange};

/// Revision of the whole store; increases with every save and delete, and is never reused,
/// unless a snapshot of an etcd cluster was restored.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
pub struct Revision(pub u64);

/// Precondition of a save.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Precondition {
    /// The ID must not exist.
    #[serde(rename = "New")]
    Absent,
    /// The stored version must be this one.
    #[serde(rename = "Over")]
    Version(u64),
}

/// Connection to save.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SaveConnection<S> {
    /// Connection after the save; `item.version` is the new version.
    pub connection: Connection<S>,
    /// Precondition.
    #[serde(rename = "put")]
    pub precondition: Precondition,
    /// Description of the change.
    pub change: VersionChange,
}

/// Durable change in the change feed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ChangeEvent {
    /// Revision of the change.
    pub revision: Revision,
    /// Kind of the change.
    #[serde(flatten)]
    pub kind: ChangeKind,
    /// Request that deleted a connection permanently, in a store that several processes share: its sender recognizes the change as
    /// its own. Not part of the API.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request: Option<Uuid>,
}

/// Kind of a change.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum ChangeKind {
    /// Created or saved.
    Saved(ConnectionItem),
    /// Moved to the trash, or deleted permanently.
    Deleted(Uuid),
}

impl ChangeKind {
    /// Returns the change for a saved item; one in the trash counts as deleted.
    pub fn new_state(item: ConnectionItem) -> Self {
        if item.is_deleted() {
            Self::Deleted(item.id)
        } else {
            Self::Saved(item)
        }
    }
}

/// Stream of the changes after a revision, in order, then of new ones.
pub type ChangeFeed =
    std::pin::Pin<Box<dyn futures_util::Stream<Item = Result<ChangeEvent, StoreError>> + Send>>;

/// Message for the user about the store, in one sentence.
pub type StoreNotice = String;

/// Store of connections whose secrets have the type `S`.
///
/// A write that returns `Ok` is durable. Aliases are unique, case-insensitive; of concurrent saves with one alias exactly one
/// succeeds, because the check is part of the ordered write.
#[async_trait]
pub trait ConnectionStore<S>: Send + Sync {
    /// Returns the connection with this ID.
    async fn get(&self, id: Uuid) -> Result<Option<Connection<S>>, StoreError>;

    /// Returns the connection with this alias, in any case.
    async fn find(&self, alias: &str) -> Result<Option<Connection<S>>, StoreError>;

    /// Lists the connections that match a query, ordered by name, case-insensitive, then by alias.
    async fn list(&self, query: &ListQuery) -> Result<Page<ConnectionItem>, StoreError>;

    /// Returns up to `most` aliases in use that begin with `prefix`, in any case, in order.
    async fn aliases(&self, prefix: &str, most: usize) -> Result<Vec<String>, StoreError>;

    /// Saves a connection.
    async fn save(&self, save: SaveConnection<S>) -> Result<Revision, StoreError>;

    /// Deletes a connection permanently if it has this version. Moving one to the trash is a save.
    async fn purge(&self, id: Uuid, version: u64) -> Result<Revision, StoreError>;

    /// Lists the versions of a connection, newest first; empty if there is no such connection.
    async fn versions(&self, id: Uuid, window: PageRequest) -> Result<Page<Version>, StoreError>;

    /// Returns a version of a connection.
    async fn version(&self, id: Uuid, number: u64) -> Result<Option<Version>, StoreError>;

    /// Returns the newest durable revision.
    fn revision(&self) -> Revision;

    /// Streams the changes after `since`; fails with [`StoreError::FeedTooOld`] if they are no longer available.
    async fn changes(&self, since: Revision) -> Result<ChangeFeed, StoreError>;

    /// Returns the messages since the store was opened.
    fn notices(&self) -> Vec<StoreNotice>;

    /// Checks that changes are accepted at the moment.
    async fn check(&self) -> Result<(), StoreError> {
        Ok(())
    }

    /// Waits for running writes and releases the lock.
    async fn close(&self) -> Result<(), StoreError>;
}

/// Error of a store.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum StoreError {
    /// The alias is used by another connection.
    #[error("A connection with alias '{alias}' already exists")]
    AliasTaken {
        /// Requested alias.
        alias: String,
        /// Connection that uses it.
        by: Box<ConnectionItem>,
    },
    /// The ID of a new connection exists.
    #[error(
        "A connection with ID '{0}' already exists, under another alias or in the trash: update or restore that one, or delete it permanently"
    )]
    IdTaken(Uuid),
    /// Unknown ID.
    #[error("Connection with ID '{0}' not found")]
    NotFound(Uuid),
    /// The connection was saved by another client since it was read.
    #[error(
        "The connection was changed: it is at version {found}, this change is based on version {expected}"
    )]
    #[serde(rename = "versionMoved")]
    VersionConflict {
        /// Expected version.
        expected: u64,
        /// Stored version.
        found: u64,
    },
    /// The feed no longer contains this revision; reload the list.
    #[error("Changes since revision {0} are no longer available; reload the list")]
    FeedTooOld(u64),
    /// Another process has the store open and does not respond.
    #[error(
        "{folder} is in use by another umai (process {pid}) that does not respond. \
         If it is suspended, resume it (fg) or close it; or use another folder with --data"
    )]
    Held {
        /// Data directory.
        folder: String,
        /// Process ID of the lock holder, or `unknown`.
        pid: String,
    },
    /// A write failed; the store accepts no writes until it could reopen its journal.
    #[error(
        "The store is read-only: {0}. Acknowledged changes are safe; umai tries again every second, so fix the problem, then repeat the change"
    )]
    ReadOnly(String),
    /// A record is damaged; the others work.
    #[error("The stored connection {id} is damaged: {why}")]
    Damaged {
        /// Connection ID.
        id: Uuid,
        /// Cause.
        why: String,
    },
    /// The encryption key is missing or wrong or its directory is not safe, a stored secret cannot be decrypted, or the key does not permit the
    /// operation; contains the message.
    #[error("{0}")]
    Key(String),
    /// A cluster cannot be reached or denies access; contains the message.
    #[error("{0}")]
    Unreachable(String),
    /// A write without an answer: it may have been performed. Contains the reason.
    #[error("{0}; the change may have been saved. Check before retrying")]
    Unanswered(String),
    /// The storage of a cluster is full: nothing was changed. Contains the message.
    #[error("{0}")]
    Full(String),
    /// All of a store on a cluster was replaced since it was opened: by a restore, a copy or a new key.
    #[error("The store was restored or its key was changed by another umai; try again")]
    Replaced,
    /// Any other failure of the store or the process that has it open; contains the message.
    #[error("{0}")]
    #[serde(rename = "unusable")]
    Other(String),
}

impl StoreError {
    /// Error of a store that was closed.
    pub fn closed() -> Self {
        Self::Other("The store is closed".into())
    }
}

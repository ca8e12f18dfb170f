//! The lower seam: what keeps connections.

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{Change, Connection, ConnectionItem, Page, Query, Version, Window};

/// A point in the store's history; it grows with every save and delete, and never comes twice.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
pub struct Revision(pub u64);

/// Whether a save makes a connection or follows a version of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Put {
    /// Refused when the id exists.
    New,
    /// Refused when this is not the version that is stored.
    Over(u64),
}

/// A connection to keep.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Save<S> {
    /// The connection after the save; its `item.version` is the version that this save makes.
    pub connection: Connection<S>,
    /// New, or over which version.
    pub put: Put,
    /// What the save did.
    pub change: Change,
}

/// A change that is durable, as the feed tells it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Changed {
    /// Where in the store's history.
    pub revision: Revision,
    /// What happened.
    #[serde(flatten)]
    pub what: What,
}

/// What happened to a connection.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum What {
    /// It was created or saved.
    Saved(ConnectionItem),
    /// It was deleted, or went to the trash.
    Deleted(Uuid),
}

impl What {
    /// What a save that left this item behind is to those who follow: one in the trash is gone.
    pub fn became(item: ConnectionItem) -> Self {
        if item.is_deleted() {
            Self::Deleted(item.id)
        } else {
            Self::Saved(item)
        }
    }
}

/// The changes after a revision, in order, then those that come.
pub type ChangeFeed =
    std::pin::Pin<Box<dyn futures_util::Stream<Item = Result<Changed, StoreError>> + Send>>;

/// What opening a store found that people should know; each is one sentence.
pub type StoreNotice = String;

/// Keeps connections whose secrets are in the state `S`.
///
/// A write that returned `Ok` is durable. Aliases are unique without regard to case, decided where writes are ordered,
/// so of many saves of one alias at once exactly one is kept.
#[async_trait]
pub trait ConnectionStore<S>: Send + Sync {
    /// The connection with this id.
    async fn get(&self, id: Uuid) -> Result<Option<Connection<S>>, StoreError>;

    /// The connection with this alias, in any case.
    async fn find(&self, alias: &str) -> Result<Option<Connection<S>>, StoreError>;

    /// The connections a query admits, ordered by name without regard to case, then alias.
    async fn list(&self, query: &Query) -> Result<Page<ConnectionItem>, StoreError>;

    /// The aliases in use that begin with this, in any case, in their order; at most so many.
    async fn aliases(&self, prefix: &str, most: usize) -> Result<Vec<String>, StoreError>;

    /// Keeps a connection.
    async fn save(&self, save: Save<S>) -> Result<Revision, StoreError>;

    /// Deletes a connection that is at this version.
    async fn delete(&self, id: Uuid, version: u64) -> Result<Revision, StoreError>;

    /// The versions of a connection, newest first; none when it is not there.
    async fn versions(&self, id: Uuid, window: Window) -> Result<Page<Version>, StoreError>;

    /// One version of a connection.
    async fn version(&self, id: Uuid, number: u64) -> Result<Option<Version>, StoreError>;

    /// The newest durable revision.
    fn revision(&self) -> Revision;

    /// Every change after `since`; a revision that is no longer kept is answered with [`StoreError::FeedTooOld`].
    async fn changes(&self, since: Revision) -> Result<ChangeFeed, StoreError>;

    /// What opening it found that people should know.
    fn notices(&self) -> Vec<StoreNotice>;

    /// Waits for the writes under way and lets the next process in.
    async fn close(&self) -> Result<(), StoreError>;
}

/// Why a store did not do what it was asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum StoreError {
    /// Another connection has the alias.
    #[error("A connection with alias '{alias}' already exists")]
    AliasTaken {
        /// The alias as it was asked for.
        alias: String,
        /// The connection that has it.
        by: Box<ConnectionItem>,
    },
    /// A new connection's id is there already.
    #[error("A connection with ID '{0}' already exists")]
    IdTaken(Uuid),
    /// Nothing with this id.
    #[error("Connection with ID '{0}' not found")]
    NotFound(Uuid),
    /// Someone else saved meanwhile.
    #[error(
        "The connection was changed: it is at version {found}, this change is based on version {expected}"
    )]
    VersionMoved {
        /// What the writer thought.
        expected: u64,
        /// What is stored.
        found: u64,
    },
    /// The feed no longer reaches back so far: read the list again.
    #[error("Changes since revision {0} are no longer available; reload the list")]
    FeedTooOld(u64),
    /// Another process has the store open, and does not answer.
    #[error(
        "{folder} is in use by another umai (process {pid}) that does not respond. \
         If it is suspended, resume it (fg) or close it; or use another folder with --data"
    )]
    Held {
        /// The data folder.
        folder: String,
        /// The process that holds it, or `unknown`.
        pid: String,
    },
    /// A write could not be made durable, so nothing more is written until the store is opened again.
    #[error(
        "The store is read-only: {0}. Acknowledged changes are safe; fix the problem, then restart umai"
    )]
    ReadOnly(String),
    /// A record's checksum or form is wrong; the others work.
    #[error("The stored connection {id} is damaged: {why}")]
    Damaged {
        /// The connection.
        id: Uuid,
        /// What is wrong with it.
        why: String,
    },
    /// The key is missing or wrong, or the folder is not safe.
    #[error("{0}")]
    Key(String),
    /// The store cannot be opened or read; the sentence says what to do.
    #[error("{0}")]
    Unusable(String),
}

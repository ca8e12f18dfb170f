//! Protocol between clients and the leader.
//!
//! All messages are JSON. The leader sends the first message, so that a client knows the store and can check its key before it
//! sends requests; the client replies with its protocol version. Every later message belongs to a request, which the client
//! numbers; replies arrive in any order.
//!
//! Names that differ from those in the code, here and in the types of `connection/store.rs`, are those of version 0.1. Its protocol
//! has another number, because it seals secrets in another format: processes of both versions do not share a store.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::connection::store::{ChangeEvent, Revision, SaveConnection, StoreNotice};
use crate::connection::{
    Connection, ConnectionItem, ListQuery, Page, PageRequest, SealedSecret, StoreError, Version,
};
use crate::store::journal::header::StoreIdentity;

/// Protocol version. The first message of both sides contains it as [`Protocol`], in every later version too.
pub const PROTOCOL: u32 = 2;

/// Maximum length of a request in bytes, larger than any connection that can be stored.
pub const MAX_REQUEST: usize = 80 * 1024 * 1024;

/// Number of the first messages.
pub const HELLO: u64 = 0;

/// Fields of every hello, in this and every later protocol version.
#[derive(Debug, Serialize, Deserialize)]
pub struct Protocol {
    /// [`PROTOCOL`].
    pub protocol: u32,
}

/// First message of the leader.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Hello {
    /// [`PROTOCOL`].
    pub protocol: u32,
    /// ID of the store.
    pub store: Uuid,
    /// Check value that identifies the key of the store.
    pub check: Vec<u8>,
    /// Newest revision.
    pub revision: Revision,
    /// Notices for the user.
    pub notices: Vec<StoreNotice>,
}

impl Hello {
    /// Returns the identity of the store, or `None` when the check value is malformed.
    pub fn identity(&self) -> Option<StoreIdentity> {
        let check = self.check.as_slice().try_into().ok()?;
        Some(StoreIdentity::new(self.store, check))
    }
}

/// Message of a client.
#[derive(Debug, Serialize, Deserialize)]
pub enum ClientMessage<R = StoreRequest> {
    /// A request.
    #[serde(rename = "Ask")]
    Request(R),
    /// The client no longer waits for the reply.
    Forget,
}

/// Request to the store.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub enum StoreRequest {
    /// Connection with an ID.
    Get(Uuid),
    /// Connection with an alias.
    Find(String),
    /// Connections matching a query.
    List(ListQuery),
    /// Aliases with a prefix.
    Aliases {
        /// Prefix of the aliases.
        prefix: String,
        /// Maximum number of results.
        most: usize,
    },
    /// A write.
    Write(Write),
    /// Versions of a connection.
    Versions {
        /// ID of the connection.
        id: Uuid,
        /// Requested page.
        window: PageRequest,
    },
    /// Version of a connection.
    Version {
        /// ID of the connection.
        id: Uuid,
        /// Version number.
        number: u64,
    },
    /// Changes after a revision that are available now.
    #[serde(rename = "Follow")]
    ChangesNow(Revision),
    /// Changes after a revision, as soon as there are any.
    #[serde(rename = "Next")]
    AwaitChanges(Revision),
    /// Check that the leader responds.
    Ping,
}

/// Write request.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub enum Write {
    /// Saves a connection; shared, because a write is kept until it is answered.
    Save(Arc<SaveConnection<SealedSecret>>),
    /// Deletes a connection permanently.
    #[serde(rename = "Delete")]
    Purge {
        /// ID of the connection.
        id: Uuid,
        /// Expected version.
        version: u64,
        /// Random ID of the request, recorded with the deletion.
        request: Uuid,
    },
}

/// Reply of the leader.
#[derive(Debug, Serialize, Deserialize)]
pub struct LeaderMessage {
    /// Newest revision at the time of the reply.
    pub revision: Revision,
    /// Notices for the user that were not sent to this client yet.
    pub notices: Vec<StoreNotice>,
    /// Result of the request.
    pub answer: Result<StoreReply, StoreError>,
}

/// Result by type of request.
#[derive(Debug, Serialize, Deserialize)]
pub enum StoreReply {
    /// Result of [`StoreRequest::Get`] and [`StoreRequest::Find`].
    Connection(Option<Box<Connection<SealedSecret>>>),
    /// Result of [`StoreRequest::List`].
    Items(Page<ConnectionItem>),
    /// Result of [`StoreRequest::Aliases`].
    Aliases(Vec<String>),
    /// Result of [`StoreRequest::Write`].
    #[serde(rename = "Kept")]
    Written(Revision),
    /// Result of [`StoreRequest::Versions`].
    Versions(Page<Version>),
    /// Result of [`StoreRequest::Version`].
    Version(Option<Box<Version>>),
    /// Result of [`StoreRequest::ChangesNow`] and [`StoreRequest::AwaitChanges`].
    Changes(Vec<ChangeEvent>),
    /// Result of [`StoreRequest::Ping`].
    #[serde(rename = "Here")]
    Pong,
}

impl StoreReply {
    /// Returns the revision of a write.
    pub fn revision(self) -> Result<Revision, StoreError> {
        let Self::Written(revision) = self else {
            return Err(unexpected_reply());
        };
        Ok(revision)
    }
}

/// Error for a reply that does not match the request.
pub fn unexpected_reply() -> StoreError {
    StoreError::Other("The umai process that has the store open sent an unexpected reply".into())
}

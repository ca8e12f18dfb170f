//! What guests and the holder say to each other.
//!
//! All of it is JSON. The holder speaks first, so that a guest knows whose store it is and whether its key fits before it asks
//! for anything; then the guest says which protocol it speaks, and asks. Every message after that belongs to an ask, which the
//! guest numbers; answers come in any order.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::connection::store::{Changed, Revision, Save, StoreNotice};
use crate::connection::{
    Connection, ConnectionItem, Page, Query, Sealed, StoreError, Version, Window,
};
use crate::store::journal::head::Identity;

/// The protocol that this program speaks. It is said in the first message of both sides, as [`Protocol`], in every later one too.
pub const PROTOCOL: u32 = 1;

/// A longer request is none, in bytes; a connection that can be stored is shorter.
pub const LONGEST: usize = 80 * 1024 * 1024;

/// The number of the first messages.
pub const HELLO: u64 = 0;

/// What every hello begins with, whatever else a later protocol says in it.
#[derive(Debug, Serialize, Deserialize)]
pub struct Protocol {
    /// [`PROTOCOL`].
    pub protocol: u32,
}

/// What the holder says first.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Hello {
    /// [`PROTOCOL`].
    pub protocol: u32,
    /// The id of the store.
    pub store: Uuid,
    /// Tells whether a key is the store's.
    pub check: Vec<u8>,
    /// The newest change.
    pub revision: Revision,
    /// What people should know of the store.
    pub notices: Vec<StoreNotice>,
}

impl Hello {
    /// Which store it is; nothing when that makes no sense.
    pub fn identity(&self) -> Option<Identity> {
        Some(Identity {
            store: self.store,
            check: self.check.as_slice().try_into().ok()?,
        })
    }
}

/// What a guest says.
#[derive(Debug, Serialize, Deserialize)]
pub enum Said<R = Request> {
    /// It asks for something.
    Ask(R),
    /// It no longer waits for the answer.
    Forget,
}

/// What is asked of the store.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub enum Request {
    /// The connection with an id.
    Get(Uuid),
    /// The connection with an alias.
    Find(String),
    /// The connections that a query admits.
    List(Query),
    /// The aliases that begin with something.
    Aliases {
        /// What they begin with.
        prefix: String,
        /// How many are wanted at most.
        most: usize,
    },
    /// A change.
    Write(Write),
    /// The versions of a connection.
    Versions {
        /// Which.
        id: Uuid,
        /// Which part of them.
        window: Window,
    },
    /// One version of a connection.
    Version {
        /// Which connection.
        id: Uuid,
        /// Which version.
        number: u64,
    },
    /// The changes after a revision that there are already, at once.
    Follow(Revision),
    /// The changes after a revision, as soon as there is one.
    Next(Revision),
    /// Whether the holder is there at all.
    Ping,
}

/// A change that is asked of the store.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub enum Write {
    /// To keep a connection.
    Save(Box<Save<Sealed>>),
    /// To delete a connection.
    Delete {
        /// Which.
        id: Uuid,
        /// At which version.
        version: u64,
    },
}

/// What the holder answers.
#[derive(Debug, Serialize, Deserialize)]
pub struct Told {
    /// The newest change by then.
    pub revision: Revision,
    /// What people should know of the store and this guest was not told yet.
    pub notices: Vec<StoreNotice>,
    /// The answer.
    pub answer: Result<Reply, StoreError>,
}

/// An answer, by what was asked.
#[derive(Debug, Serialize, Deserialize)]
pub enum Reply {
    /// To [`Request::Get`] and [`Request::Find`].
    Connection(Option<Box<Connection<Sealed>>>),
    /// To [`Request::List`].
    Items(Page<ConnectionItem>),
    /// To [`Request::Aliases`].
    Aliases(Vec<String>),
    /// To [`Request::Write`].
    Kept(Revision),
    /// To [`Request::Versions`].
    Versions(Page<Version>),
    /// To [`Request::Version`].
    Version(Option<Box<Version>>),
    /// To [`Request::Follow`] and [`Request::Next`].
    Changes(Vec<Changed>),
    /// To [`Request::Ping`].
    Here,
}

impl Reply {
    /// The revision that a write made.
    pub fn kept(self) -> Result<Revision, StoreError> {
        let Self::Kept(revision) = self else {
            return Err(beside_the_point());
        };
        Ok(revision)
    }
}

/// What is said of an answer to something else than was asked.
pub fn beside_the_point() -> StoreError {
    StoreError::Unusable(
        "The umai process that has the store open sent an unexpected reply".into(),
    )
}

//! Makes connections what documents say: the documents are read, what is there is looked at, and then it is made so.

pub mod carry;
pub mod look;
mod secrets;
pub mod shown;
pub mod source;

use crate::connection::{
    Connection, ConnectionDraft, ConnectionError, ConnectionItem, Foreseen, IdOrAlias,
};

/// One connection, and what is to be done about it.
pub struct Step {
    /// By which it is known.
    pub alias: String,
    /// Where the document says so, as words that go before a sentence.
    pub place: String,
    /// What is to be done.
    pub what: What,
}

/// What is to be done about a connection.
pub enum What {
    /// It is not there yet.
    Create(Box<New>),
    /// It is there, and other than it should be.
    Update(Box<Change>),
    /// It is there and should not be.
    Delete(Box<ConnectionItem>),
    /// It is as it should be.
    Nothing,
    /// It is there, and it was said that it shall be left alone.
    Skip,
}

/// A connection that is not there yet.
pub struct New {
    /// What it shall be.
    pub draft: ConnectionDraft,
    /// What it would be, for who wants to see it.
    pub after: Option<Connection>,
}

/// A connection that is other than it should be.
pub struct Change {
    /// What it is.
    pub before: Connection,
    /// What shall be different.
    pub draft: ConnectionDraft,
    /// What it would come to.
    pub foreseen: Foreseen,
}

impl Change {
    /// The connection, by what does not change.
    pub const fn key(&self) -> IdOrAlias {
        IdOrAlias::Id(self.before.item.id)
    }
}

/// Why a connection cannot be what a document says, and where it says so.
pub struct Refusal {
    /// Words that go before a sentence.
    pub place: String,
    /// Why.
    pub error: ConnectionError,
}

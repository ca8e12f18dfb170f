//! Plan of `apply` and `import`: read the files, compare them with the store, and apply the changes.

pub mod carry;
pub mod look;
mod secrets;
pub mod shown;
pub mod source;

use crate::connection::{
    Connection, ConnectionDraft, ConnectionError, ConnectionItem, Foreseen, IdOrAlias,
};

/// Planned change of one connection.
pub struct Step {
    /// Alias that identifies the connection.
    pub alias: String,
    /// Position in the file, as a prefix of messages.
    pub place: String,
    /// Planned action.
    pub what: What,
}

/// Action of a plan step.
pub enum What {
    /// Create a connection.
    Create(Box<New>),
    /// Change an existing connection.
    Update(Box<Change>),
    /// Delete a connection that no file contains.
    Delete(Box<ConnectionItem>),
    /// No change needed.
    Nothing,
    /// Skipped because the alias exists.
    Skip,
}

/// Connection to create.
pub struct New {
    /// Draft to create.
    pub draft: ConnectionDraft,
    /// Resulting connection, if it is to be shown.
    pub after: Option<Connection>,
}

/// Change of an existing connection.
pub struct Change {
    /// Current connection.
    pub before: Connection,
    /// Draft with the changes.
    pub draft: ConnectionDraft,
    /// Preview of the change.
    pub foreseen: Foreseen,
}

impl Change {
    /// Returns the ID of the connection.
    pub const fn key(&self) -> IdOrAlias {
        IdOrAlias::Id(self.before.item.id)
    }
}

/// Refused connection of a file.
pub struct Refusal {
    /// Position in the file, as a prefix of messages.
    pub place: String,
    /// Reason.
    pub error: ConnectionError,
}

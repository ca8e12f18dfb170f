//! Outcomes of commands.

use super::{
    Connection, ConnectionError, ConnectionItem, MaskedSecret, RollbackResult, ServerError,
};

/// Outcome of a command.
#[derive(Debug, Clone, PartialEq)]
pub enum Outcome {
    /// Connection after a create, duplicate, update, activation or restore.
    Saved(Connection),
    /// Result of a rollback.
    RolledBack(Box<RollbackResult>),
    /// Last state of a connection that is in the trash now.
    Deleted(ConnectionItem),
    /// The connection was deleted permanently.
    Purged,
    /// Result of a dry run of any command.
    Previewed(Box<ChangePreview>),
}

/// Preview of a change.
#[derive(Debug, Clone, PartialEq)]
pub struct ChangePreview {
    /// Connection after the change, or the one that is removed. Values that the save assigns, such as the ID, have no meaning.
    pub connection: Connection<MaskedSecret>,
    /// Paths that change in an existing connection.
    pub paths: Vec<String>,
    /// Paths of secrets that may or may not change, because the stored secret is unknown.
    pub unknown: Vec<String>,
    /// `true` if the service itself validated the change; otherwise a server may still refuse it.
    pub is_exact: bool,
}

impl Outcome {
    /// Returns the saved connection.
    pub fn connection(self) -> Result<Connection, ConnectionError> {
        let Self::Saved(connection) = self else {
            return Err(unexpected());
        };
        Ok(connection)
    }

    /// Returns the last state of the deleted connection.
    pub fn deleted(self) -> Result<ConnectionItem, ConnectionError> {
        let Self::Deleted(item) = self else {
            return Err(unexpected());
        };
        Ok(item)
    }

    /// Returns the result of a rollback.
    pub fn rollback(self) -> Result<RollbackResult, ConnectionError> {
        let Self::RolledBack(result) = self else {
            return Err(unexpected());
        };
        Ok(*result)
    }

    /// Returns the result of a dry run.
    pub fn preview(self) -> Result<ChangePreview, ConnectionError> {
        let Self::Previewed(preview) = self else {
            return Err(unexpected());
        };
        Ok(*preview)
    }
}

/// Error of a service that returns the outcome of another command.
fn unexpected() -> ConnectionError {
    ConnectionError::Server(ServerError::Refused {
        status: 500,
        words: "The service returned the outcome of another command".into(),
    })
}

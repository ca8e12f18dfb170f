//! Plan of `apply` and `import`: read the files, compare them with the store, and apply the changes.

mod artifact_ids;
pub mod execute;
pub mod diff;
mod secrets;
pub mod format;
pub mod files;

use uuid::Uuid;

use crate::connection::{ChangePreview, Command, Connection, ConnectionError, ConnectionItem};

/// Planned change of one connection.
pub struct PlanStep {
    /// Alias that identifies the connection.
    pub alias: String,
    /// Position in the file, as a prefix of messages.
    pub position: String,
    /// ID of the existing connection.
    pub found: Option<Uuid>,
    /// Planned action.
    pub action: PlanAction,
}

/// Action of a plan step.
pub enum PlanAction {
    /// Create a connection.
    Create(Box<PlannedCreate>),
    /// Change an existing connection.
    Update(Box<PlannedChange>),
    /// Delete a connection that no file contains.
    Delete(Box<ConnectionItem>),
    /// No change needed.
    Unchanged,
    /// Skipped because the connection exists.
    Skip,
}

/// Connection to create.
pub struct PlannedCreate {
    /// Command that creates it.
    pub command: Command,
    /// Resulting connection, if it is to be shown.
    pub after: Option<Connection>,
}

/// Change of an existing connection.
pub struct PlannedChange {
    /// Current connection.
    pub before: Connection,
    /// Command that updates it.
    pub command: Command,
    /// Preview of the change.
    pub preview: ChangePreview,
}

/// Refused connection of a file.
pub struct RefusedEntry {
    /// Position in the file, as a prefix of messages.
    pub position: String,
    /// Reason.
    pub error: ConnectionError,
}

//! Plan of the changes that make the connections of a service like desired ones, and its execution.
//!
//! `apply`, `import` and copies between targets share it.

mod artifact_ids;
mod build;
mod copy;
mod describe;
mod execute;

use uuid::Uuid;

use crate::connection::manifest::BlankSetting;
use crate::connection::{
    ChangePreview, Command, Connection, ConnectionDraft, ConnectionError, ConnectionItem,
    PlainSecret, Settings,
};

pub use build::{PAGE, Plan, PlanOptions, all_items, build_plan};
pub use copy::{
    CopySource, Revealed, RevealedSettings, SecretPolicy, copy_entries, drop_equal_lists,
    ids_with_lists, read_connections,
};
pub use describe::{FieldChange, value_at};
pub use execute::{ActionCounts, StepOutcome, StepResult, execute, execute_step};

/// Connection that a service should have.
pub struct PlanEntry {
    /// Position in the input, as a prefix of messages.
    pub position: String,
    /// Alias in lower case.
    pub alias: String,
    /// GUID in an Umbraco Deploy artifact.
    pub id: Option<Uuid>,
    /// Draft, including secrets.
    pub draft: Box<ConnectionDraft>,
    /// Settings that keep their stored values.
    pub blank: Vec<BlankSetting>,
    /// Secrets that are compared with the stored ones, but not saved.
    pub uncopied_secrets: Settings<PlainSecret>,
    /// Paths of lists and objects, which are not copied.
    pub uncopied_lists: Vec<String>,
    /// True for a connection of another service, false for one of a manifest.
    pub is_copy: bool,
}

/// Action for an existing connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExistingPolicy {
    /// Keep this connection unchanged, and import the others.
    Skip,
    /// Update this connection.
    Update,
    /// Import nothing at all, and report the conflict.
    Fail,
}

/// Planned change of one connection.
pub struct PlanStep {
    /// Alias that identifies the connection.
    pub alias: String,
    /// Position in the input, as a prefix of messages.
    pub position: String,
    /// ID of the existing connection.
    pub found: Option<Uuid>,
    /// Paths of secrets that differ and are not copied.
    pub uncopied_secrets: Vec<String>,
    /// Paths of lists and objects, which are not copied.
    pub uncopied_lists: Vec<String>,
    /// Planned action.
    pub action: PlanAction,
}

/// Action of a plan step.
pub enum PlanAction {
    /// Create a connection.
    Create(Box<PlannedCreate>),
    /// Change an existing connection.
    Update(Box<PlannedChange>),
    /// Delete a connection that the input does not contain.
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
    pub after: Option<Box<Connection>>,
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

/// Refused connection of the input.
pub struct RefusedEntry {
    /// Alias in lower case.
    pub alias: String,
    /// Position in the input, as a prefix of messages.
    pub position: String,
    /// Reason.
    pub error: ConnectionError,
}

impl PlanStep {
    /// Returns what is not copied: path and reason.
    pub fn not_copied(&self) -> Vec<(String, &'static str)> {
        let secrets = self.uncopied_secrets.iter();
        let secrets = secrets.map(|path| (path.clone(), "differs, not copied"));
        let lists = self.uncopied_lists.iter();
        let lists = lists.map(|path| (path.clone(), "list or object, not copied"));
        secrets.chain(lists).collect()
    }

    /// Returns true if the step changes something.
    pub const fn is_change(&self) -> bool {
        match self.action {
            PlanAction::Create(_) | PlanAction::Update(_) | PlanAction::Delete(_) => true,
            PlanAction::Unchanged | PlanAction::Skip => false,
        }
    }
}

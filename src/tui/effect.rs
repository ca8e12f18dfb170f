//! Effects: what `App::update` asks the runtime to do, and requests to the service.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use uuid::Uuid;

use super::copy_plan::{CopyPlan, CopyRequest, CopyStep};
use super::form::{EditorDocument, FormSnapshot, TheirConnection};
pub use super::ticket::Ticket;
use crate::appsettings::{ConfigurationKey, Reference, ReferenceLookup};
use crate::atomic_file::OverwritePolicy;
use crate::connection::export::{ExportFileError, Exported};
use crate::connection::{
    Command, Connection, ConnectionError, ConnectionItem, ListQuery, Model, Outcome, Page,
    PageRequest, TestReport, TestSubject, Version, VersionComparison,
};
use crate::plan::StepResult;
use crate::search::TreeItem;

/// Identifies a stored draft.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum DraftSlot {
    /// Form opened by this process.
    New(Ticket),
    /// Draft found at the start.
    Restored(Uuid),
}

/// Effect for the runtime.
#[derive(Debug, PartialEq)]
pub enum Effect {
    /// Send a request; the reply is an [`super::event::Event::Reply`].
    Call(Ticket, ServiceRequest),
    /// Send a save of a bulk operation, which may run concurrently with the other saves of that operation; all other saves keep their order.
    CallConcurrent(Ticket, ServiceRequest),
    /// Send [`super::event::Event::TimerExpired`] after this time.
    Wake(Ticket, Duration),
    /// There is more idle work: draw, then send [`super::event::Event::Idle`] again.
    Continue,
    /// Store an encrypted draft.
    StoreDraft(DraftSlot, Arc<FormSnapshot>),
    /// Delete a draft whose connection was saved, or that was discarded.
    DeleteDraft(DraftSlot),
    /// Release unsaved drafts, so that another process can offer them.
    ReleaseDrafts(Vec<Uuid>),
    /// Look for unsaved drafts; the result is an [`super::event::Event::DraftsLoaded`].
    LoadDrafts,
    /// Open a text in the editor; the result is an [`super::event::Event::Edited`].
    OpenEditor(Ticket, EditorDocument),
    /// Copy text to the terminal's clipboard.
    CopyToClipboard(String),
    /// Check whether the owner of the key was reminded of its backup; the result is an
    /// [`super::event::Event::KeyNeedsBackup`], or nothing.
    CheckKeyBackup,
    /// Record that the key has a backup.
    ConfirmKeyBackup,
    /// Redraw every cell.
    Redraw,
    /// Suspend the app until the shell continues it.
    Suspend,
    /// Quit after the saves in progress.
    Quit,
    /// Quit after the saves in progress, and start again with this target.
    SwitchTarget(String),
}

/// Request to the service.
#[derive(Debug, PartialEq)]
pub enum ServiceRequest {
    /// Run a command.
    Run(Command),
    /// Load a page of the list.
    List(ListQuery),
    /// Load a connection.
    Get(Uuid),
    /// Load a connection and its differences to a version.
    GetTheirVersion(Uuid, u64),
    /// Find the connection that uses an alias, except this one.
    AliasOwner(String, Option<Uuid>),
    /// Look up a reference.
    LookUpReference(Reference),
    /// List the configuration keys that can be referenced.
    ConfigurationKeys,
    /// List the trash.
    Trash,
    /// Delete connections permanently, up to the first error.
    Purge(Vec<Uuid>),
    /// Test credentials.
    Test(TestSubject),
    /// List the provider's models.
    Models(Uuid),
    /// Load a page of the history, newest first.
    Versions(Uuid, PageRequest),
    /// Compare two versions.
    Compare(Uuid, u64, u64),
    /// Export connections to a file, without the service.
    Export(ExportRequest),
    /// Compare connections with those of another target.
    PlanCopy(CopyRequest),
    /// Copy a connection to another target, with the service of that target.
    CopyToTarget(CopyStep),
}

/// Export of connections to a file.
#[derive(Debug, Clone, PartialEq)]
pub struct ExportRequest {
    /// File name as typed.
    pub name: String,
    /// Connections to export.
    pub connections: Arc<[Exported]>,
    /// Policy for an existing file.
    pub policy: OverwritePolicy,
}

impl From<Command> for ServiceRequest {
    fn from(command: Command) -> Self {
        Self::Run(command)
    }
}

impl ServiceRequest {
    /// Returns whether it changes connections of this target, which read-only mode forbids. A copy changes another target and is
    /// refused there if that one is read-only.
    pub const fn changes_connections(&self) -> bool {
        matches!(self, Self::Run(_) | Self::Purge(_))
    }

    /// Returns whether it writes something, connections or a file, so that quitting waits for its reply.
    pub const fn is_save(&self) -> bool {
        matches!(
            self,
            Self::Run(_) | Self::Purge(_) | Self::Export(_) | Self::CopyToTarget(_)
        )
    }

    /// Returns whether a local store answers it without waiting.
    pub const fn is_quick(&self) -> bool {
        matches!(self, Self::Get(_))
    }

    /// Returns whether it is aborted when its dialog closes: it may take long, and changes nothing.
    pub const fn is_stoppable(&self) -> bool {
        matches!(self, Self::Test(_) | Self::Models(_) | Self::PlanCopy(_))
    }
}

/// Reply of the service.
#[derive(Debug, Clone)]
pub enum ServiceReply {
    /// Reply to [`ServiceRequest::Run`].
    Ran(Result<Outcome, ConnectionError>),
    /// Reply to [`ServiceRequest::List`].
    Listed(Result<Page<TreeItem>, ConnectionError>),
    /// Reply to [`ServiceRequest::Get`].
    Connection(Result<Connection, ConnectionError>),
    /// Reply to [`ServiceRequest::GetTheirVersion`].
    TheirVersion(Result<Box<TheirConnection>, ConnectionError>),
    /// Reply to [`ServiceRequest::AliasOwner`].
    AliasOwner(Result<Option<ConnectionItem>, ConnectionError>),
    /// Reply to [`ServiceRequest::LookUpReference`].
    LookedUp(Result<ReferenceLookup, ConnectionError>),
    /// Reply to [`ServiceRequest::ConfigurationKeys`].
    ConfigurationKeys(Result<Page<ConfigurationKey>, ConnectionError>),
    /// Reply to [`ServiceRequest::Trash`].
    Trash(Result<Vec<ConnectionItem>, ConnectionError>),
    /// Reply to [`ServiceRequest::Purge`]: the deleted ones, and the error that stopped it.
    Purged(Vec<Uuid>, Result<(), ConnectionError>),
    /// Reply to [`ServiceRequest::Test`].
    Tested(Result<TestReport, ConnectionError>),
    /// Reply to [`ServiceRequest::Models`].
    Models(Result<Vec<Model>, ConnectionError>),
    /// Reply to [`ServiceRequest::Versions`].
    Versions(Result<Page<Version>, ConnectionError>),
    /// Reply to [`ServiceRequest::Compare`].
    Compared(Result<Box<VersionComparison>, ConnectionError>),
    /// Reply to [`ServiceRequest::Export`]: the path of the file.
    Exported(Result<PathBuf, ExportFileError>),
    /// Reply to [`ServiceRequest::PlanCopy`].
    CopyPlanned(Result<CopyPlan, ConnectionError>),
    /// Reply to [`ServiceRequest::CopyToTarget`].
    Copied(StepResult),
    /// The request ended without a reply; the text is the reason.
    TaskFailed(String),
}

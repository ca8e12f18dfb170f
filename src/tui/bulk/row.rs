//! Row of a bulk operation: a connection and its state.

use uuid::Uuid;

use super::BulkJob;
use crate::search::TreeItem;
use crate::tui::tree::ItemChange;

/// State of a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BulkRowState {
    /// Not started.
    Pending,
    /// Requested.
    Running,
    /// Succeeded, with an optional detail.
    Done(Option<Box<str>>),
    /// Needed no change.
    Unchanged,
    /// Failed, with the reason.
    Failed(Box<str>),
}

/// Row of a bulk operation.
#[derive(Debug, Clone)]
#[expect(clippy::struct_excessive_bools, reason = "independent flags")]
pub struct BulkRow {
    /// ID of the connection.
    pub id: Uuid,
    /// Name of the connection.
    pub name: Box<str>,
    /// True if the connection is active, as far as known.
    pub is_active: bool,
    /// True if the filter hides it.
    pub is_hidden: bool,
    /// True if it is deleted.
    pub is_deleted: bool,
    /// True if it was saved again after it succeeded.
    pub was_saved_again: bool,
    /// Current version.
    pub version: u64,
    /// Version at the time of the request.
    pub requested_version: u64,
    /// State of the row.
    pub state: BulkRowState,
}

impl BulkRow {
    /// Row for a connection of the tree.
    pub fn new(item: &TreeItem, is_hidden: bool) -> Self {
        Self {
            id: item.id,
            name: item.name().into(),
            is_active: item.is_active,
            is_hidden,
            is_deleted: false,
            was_saved_again: false,
            version: item.version(),
            requested_version: 0,
            state: BulkRowState::Pending,
        }
    }

    /// Row for a deleted connection.
    pub fn deleted(id: Uuid, name: Box<str>) -> Self {
        Self {
            id,
            name,
            is_active: false,
            is_hidden: false,
            is_deleted: true,
            was_saved_again: false,
            version: 0,
            requested_version: 0,
            state: BulkRowState::Pending,
        }
    }

    /// Returns true if a job would not change the connection.
    pub const fn needs_no_change(&self, job: BulkJob) -> bool {
        match job {
            BulkJob::Activate => self.is_active && !self.is_deleted,
            BulkJob::Deactivate => !self.is_active && !self.is_deleted,
            BulkJob::Delete => self.is_deleted,
            BulkJob::Restore => !self.is_deleted,
            BulkJob::Test | BulkJob::Export => false,
        }
    }

    /// Returns true if a job needs the connection and it is deleted.
    pub const fn is_missing_for(&self, job: BulkJob) -> bool {
        match job {
            BulkJob::Activate | BulkJob::Deactivate | BulkJob::Test | BulkJob::Export => {
                self.is_deleted
            }
            BulkJob::Delete | BulkJob::Restore => false,
        }
    }

    /// Applies a change; versions older than the known one are ignored.
    pub fn apply(&mut self, change: &ItemChange) {
        match change {
            ItemChange::Saved(item) if item.version() >= self.version => {
                self.name = item.name().into();
                self.is_active = item.is_active;
                self.version = item.version();
                self.is_deleted = false;
                self.was_saved_again |= matches!(self.state, BulkRowState::Done(_));
            }
            ItemChange::Saved(_) => {}
            ItemChange::Deleted(_) => self.is_deleted = true,
        }
    }

    /// Returns true if the row can be retried.
    pub const fn can_retry(&self) -> bool {
        match self.state {
            BulkRowState::Pending | BulkRowState::Failed(_) => true,
            BulkRowState::Running | BulkRowState::Done(_) | BulkRowState::Unchanged => false,
        }
    }
}

//! Row of a bulk operation: a connection and its state.

use uuid::Uuid;

use super::Job;
use crate::tui::tree::{Item, News};

/// State of a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum State {
    /// Not started.
    Waiting,
    /// Requested.
    UnderWay,
    /// Succeeded, with an optional detail.
    Done(Option<Box<str>>),
    /// Needed no change.
    Unchanged,
    /// Failed, with the reason.
    Failed(Box<str>),
}

/// Row of a bulk operation.
#[derive(Debug, Clone)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a fact of its own, and any of them may be so"
)]
pub struct Row {
    /// ID of the connection.
    pub id: Uuid,
    /// Name of the connection.
    pub name: Box<str>,
    /// True if the connection is active, as far as known.
    pub is_active: bool,
    /// True if the filter hides it.
    pub is_hidden: bool,
    /// True if it is deleted.
    pub is_gone: bool,
    /// True if it was saved again after it succeeded.
    pub is_back: bool,
    /// Current version.
    pub version: u64,
    /// Version at the time of the request.
    pub over: u64,
    /// State of the row.
    pub state: State,
}

impl Row {
    /// Row for a connection of the tree.
    pub fn of(item: &Item, is_hidden: bool) -> Self {
        Self {
            id: item.id,
            name: item.name().into(),
            is_active: item.is_active,
            is_hidden,
            is_gone: false,
            is_back: false,
            version: item.version(),
            over: 0,
            state: State::Waiting,
        }
    }

    /// Row for a deleted connection.
    pub fn gone(id: Uuid, name: Box<str>) -> Self {
        Self {
            id,
            name,
            is_active: false,
            is_hidden: false,
            is_gone: true,
            is_back: false,
            version: 0,
            over: 0,
            state: State::Waiting,
        }
    }

    /// Returns true if a job would not change the connection.
    pub const fn stays(&self, job: Job) -> bool {
        match job {
            Job::Enable => self.is_active && !self.is_gone,
            Job::Disable => !self.is_active && !self.is_gone,
            Job::Delete => self.is_gone,
            Job::Restore => !self.is_gone,
            Job::Test | Job::Export => false,
        }
    }

    /// Returns true if a job needs the connection and it is deleted.
    pub const fn is_missed(&self, job: Job) -> bool {
        match job {
            Job::Enable | Job::Disable | Job::Test | Job::Export => self.is_gone,
            Job::Delete | Job::Restore => false,
        }
    }

    /// Applies a change; versions older than the known one are ignored.
    pub fn hear(&mut self, heard: &News) {
        match heard {
            News::Saved(item) if item.version() >= self.version => {
                self.name = item.name().into();
                self.is_active = item.is_active;
                self.version = item.version();
                self.is_gone = false;
                self.is_back |= matches!(self.state, State::Done(_));
            }
            News::Saved(_) => {}
            News::Deleted(_) => self.is_gone = true,
        }
    }

    /// Returns true if the row can be retried.
    pub const fn is_left(&self) -> bool {
        match self.state {
            State::Waiting | State::Failed(_) => true,
            State::UnderWay | State::Done(_) | State::Unchanged => false,
        }
    }
}

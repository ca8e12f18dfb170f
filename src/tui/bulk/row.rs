//! One of the connections that something is done to: what is known of it, and how far it is.

use uuid::Uuid;

use super::Job;
use crate::tui::tree::{Item, News};

/// How far one is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum State {
    /// It was not begun.
    Waiting,
    /// It was asked for.
    UnderWay,
    /// It is done; what else is to be said of it.
    Done(Option<Box<str>>),
    /// It was what it shall be.
    Unchanged,
    /// It could not be done, for this reason.
    Failed(Box<str>),
}

/// One of the connections.
#[derive(Debug, Clone)]
pub struct Row {
    /// The connection.
    pub id: Uuid,
    /// Its name.
    pub name: Box<str>,
    /// Whether it may be used, as far as is known.
    pub is_active: bool,
    /// Whether the filter leaves it out.
    pub is_hidden: bool,
    /// Whether it is deleted.
    pub is_gone: bool,
    /// Whether it was there again after it was done.
    pub is_back: bool,
    /// The version that it is at.
    pub version: u64,
    /// The version that it was at when it was asked for.
    pub over: u64,
    /// How far it is.
    pub state: State,
}

impl Row {
    /// A connection of the tree.
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

    /// A connection that is in no list.
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

    /// Whether it is what a job would make of it.
    pub const fn stays(&self, job: Job) -> bool {
        match job {
            Job::Enable => self.is_active && !self.is_gone,
            Job::Disable => !self.is_active && !self.is_gone,
            Job::Delete => self.is_gone,
            Job::Restore => !self.is_gone,
            Job::Test | Job::Export => false,
        }
    }

    /// Whether it would have to be there for a job, and is not.
    pub const fn is_missed(&self, job: Job) -> bool {
        match job {
            Job::Enable | Job::Disable | Job::Test | Job::Export => self.is_gone,
            Job::Delete | Job::Restore => false,
        }
    }

    /// Something was heard of it; what is older than what is known says nothing.
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

    /// Whether it can be tried again: it was not done, whyever.
    pub const fn is_left(&self) -> bool {
        match self.state {
            State::Waiting | State::Failed(_) => true,
            State::UnderWay | State::Done(_) | State::Unchanged => false,
        }
    }
}

//! What can be done to each of many connections, and the words for it.

use uuid::Uuid;

use crate::connection::{IdOrAlias, TestSubject};
use crate::tui::effect::Request;

/// What is done to each.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Job {
    /// Switch on.
    Enable,
    /// Switch off.
    Disable,
    /// Ask the provider whether the credentials work.
    Test,
    /// Put into the trash.
    Delete,
    /// Write into a file, without secrets.
    Export,
    /// Bring back from the trash.
    Restore,
}

impl Job {
    /// The button that begins it.
    pub const fn button(self) -> &'static str {
        match self {
            Self::Enable => "Activate",
            Self::Disable => "Deactivate",
            Self::Test => "Test",
            Self::Delete => "Delete",
            Self::Export => "Export",
            Self::Restore => "Restore",
        }
    }

    /// What the footer calls it.
    pub const fn hint(self) -> &'static str {
        match self {
            Self::Enable => "activate",
            Self::Disable => "deactivate",
            Self::Test => "test",
            Self::Delete => "delete",
            Self::Export => "export",
            Self::Restore => "restore",
        }
    }

    /// What is going on while it runs.
    pub const fn doing(self) -> &'static str {
        match self {
            Self::Enable => "Activating",
            Self::Disable => "Deactivating",
            Self::Test => "Testing",
            Self::Delete => "Deleting",
            Self::Export => "Exporting",
            Self::Restore => "Restoring",
        }
    }

    /// What became of one to which it was done.
    pub const fn done(self) -> &'static str {
        match self {
            Self::Enable => "activated",
            Self::Disable => "deactivated",
            Self::Test => "accepted",
            Self::Delete => "deleted",
            Self::Export => "exported",
            Self::Restore => "restored",
        }
    }

    /// What shall become of one.
    pub const fn will(self) -> &'static str {
        match self {
            Self::Enable => "will be activated",
            Self::Disable => "will be deactivated",
            Self::Test => "will be tested",
            Self::Delete => "will be deleted",
            Self::Export => "will be exported",
            Self::Restore => "will be restored",
        }
    }

    /// What one is that needs nothing done.
    pub const fn already(self) -> &'static str {
        match self {
            Self::Enable => "already active",
            Self::Disable => "already inactive",
            Self::Delete => "already deleted",
            Self::Restore => "already restored",
            Self::Test | Self::Export => "unchanged",
        }
    }

    /// What takes it back, where something can.
    pub const fn inverse(self) -> Option<Self> {
        match self {
            Self::Enable => Some(Self::Disable),
            Self::Disable => Some(Self::Enable),
            Self::Delete => Some(Self::Restore),
            Self::Restore => Some(Self::Delete),
            Self::Test | Self::Export => None,
        }
    }

    /// Whether those that are under way can be broken off, since nothing is kept by them.
    pub const fn is_stoppable(self) -> bool {
        match self {
            Self::Test => true,
            Self::Enable | Self::Disable | Self::Delete | Self::Export | Self::Restore => false,
        }
    }

    /// What is asked for one connection.
    pub fn request(self, id: Uuid) -> Request {
        match self {
            Self::Enable => Request::SetActive(id, true),
            Self::Disable => Request::SetActive(id, false),
            Self::Test => Request::Test(TestSubject::Stored(IdOrAlias::Id(id))),
            Self::Delete => Request::Delete(id),
            Self::Export => Request::Get(id),
            Self::Restore => Request::Restore(id, None),
        }
    }
}

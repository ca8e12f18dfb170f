//! Operations that run on many connections, with their labels.

use uuid::Uuid;

use crate::connection::{IdOrAlias, TestSubject};
use crate::tui::effect::Request;

/// Operation on each connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Job {
    /// Activate.
    Enable,
    /// Deactivate.
    Disable,
    /// Test the credentials.
    Test,
    /// Move to the trash.
    Delete,
    /// Write to a file, without secrets.
    Export,
    /// Restore from the trash.
    Restore,
}

impl Job {
    /// Label of the button.
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

    /// Label in the footer.
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

    /// Label while it runs.
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

    /// Label of a row that succeeded.
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

    /// Label of a row in the preview.
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

    /// Label of a row that needs no change.
    pub const fn already(self) -> &'static str {
        match self {
            Self::Enable => "already active",
            Self::Disable => "already inactive",
            Self::Delete => "already deleted",
            Self::Restore => "already restored",
            Self::Test | Self::Export => "unchanged",
        }
    }

    /// Operation that undoes it.
    pub const fn inverse(self) -> Option<Self> {
        match self {
            Self::Enable => Some(Self::Disable),
            Self::Disable => Some(Self::Enable),
            Self::Delete => Some(Self::Restore),
            Self::Restore => Some(Self::Delete),
            Self::Test | Self::Export => None,
        }
    }

    /// Returns true if running requests can be cancelled, because they change nothing.
    pub const fn is_stoppable(self) -> bool {
        match self {
            Self::Test => true,
            Self::Enable | Self::Disable | Self::Delete | Self::Export | Self::Restore => false,
        }
    }

    /// Request for one connection.
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

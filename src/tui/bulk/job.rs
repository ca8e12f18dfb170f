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
            Self::Enable => "Enable",
            Self::Disable => "Disable",
            Self::Test => "Test",
            Self::Delete => "Delete",
            Self::Export => "Export",
            Self::Restore => "Bring back",
        }
    }

    /// What the footer calls it.
    pub const fn hint(self) -> &'static str {
        match self {
            Self::Enable => "enable",
            Self::Disable => "disable",
            Self::Test => "test",
            Self::Delete => "delete",
            Self::Export => "export",
            Self::Restore => "bring back",
        }
    }

    /// What is going on while it runs.
    pub const fn doing(self) -> &'static str {
        match self {
            Self::Enable => "Enabling",
            Self::Disable => "Disabling",
            Self::Test => "Testing",
            Self::Delete => "Deleting",
            Self::Export => "Exporting",
            Self::Restore => "Bringing back",
        }
    }

    /// What became of one to which it was done.
    pub const fn done(self) -> &'static str {
        match self {
            Self::Enable => "enabled",
            Self::Disable => "disabled",
            Self::Test => "accepted",
            Self::Delete => "deleted",
            Self::Export => "exported",
            Self::Restore => "back",
        }
    }

    /// What shall become of one.
    pub const fn will(self) -> &'static str {
        match self {
            Self::Enable => "will be enabled",
            Self::Disable => "will be disabled",
            Self::Test => "will be tested",
            Self::Delete => "will be deleted",
            Self::Export => "will be exported",
            Self::Restore => "will be brought back",
        }
    }

    /// What one is that needs nothing done.
    pub const fn already(self) -> &'static str {
        match self {
            Self::Enable => "active already",
            Self::Disable => "inactive already",
            Self::Delete => "deleted already",
            Self::Restore => "back already",
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

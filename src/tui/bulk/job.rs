//! Operations that run on many connections, with their labels.

use uuid::Uuid;

use crate::connection::{Command, IdOrAlias, TestSubject};
use crate::tui::effect::ServiceRequest;

/// Operation on each connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BulkJob {
    /// Activate.
    Activate,
    /// Deactivate.
    Deactivate,
    /// Test the credentials.
    Test,
    /// Move to the trash.
    Delete,
    /// Write to a file, without secrets.
    Export,
    /// Restore from the trash.
    Restore,
}

impl BulkJob {
    /// Label of the button, and in the footer.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Activate => "Activate",
            Self::Deactivate => "Deactivate",
            Self::Test => "Test",
            Self::Delete => "Delete",
            Self::Export => "Export",
            Self::Restore => "Restore",
        }
    }

    /// Label while it runs.
    pub const fn running_label(self) -> &'static str {
        match self {
            Self::Activate => "Activating",
            Self::Deactivate => "Deactivating",
            Self::Test => "Testing",
            Self::Delete => "Deleting",
            Self::Export => "Exporting",
            Self::Restore => "Restoring",
        }
    }

    /// Label of a row that succeeded.
    pub const fn done_label(self) -> &'static str {
        match self {
            Self::Activate => "activated",
            Self::Deactivate => "deactivated",
            Self::Test => "accepted",
            Self::Delete => "deleted",
            Self::Export => "exported",
            Self::Restore => "restored",
        }
    }

    /// Label of a row in the preview.
    pub const fn planned_label(self) -> &'static str {
        match self {
            Self::Activate => "will be activated",
            Self::Deactivate => "will be deactivated",
            Self::Test => "will be tested",
            Self::Delete => "will be deleted",
            Self::Export => "will be exported",
            Self::Restore => "will be restored",
        }
    }

    /// Label of a row that needs no change.
    pub const fn unchanged_label(self) -> &'static str {
        match self {
            Self::Activate => "already active",
            Self::Deactivate => "already inactive",
            Self::Delete => "already deleted",
            Self::Restore => "already restored",
            Self::Test | Self::Export => "unchanged",
        }
    }

    /// Operation that undoes it.
    pub const fn inverse(self) -> Option<Self> {
        match self {
            Self::Activate => Some(Self::Deactivate),
            Self::Deactivate => Some(Self::Activate),
            Self::Delete => Some(Self::Restore),
            Self::Restore => Some(Self::Delete),
            Self::Test | Self::Export => None,
        }
    }

    /// Returns true if running requests can be cancelled, because they change nothing.
    pub const fn is_stoppable(self) -> bool {
        match self {
            Self::Test => true,
            Self::Activate | Self::Deactivate | Self::Delete | Self::Export | Self::Restore => {
                false
            }
        }
    }

    /// Request for one connection.
    pub fn request(self, id: Uuid) -> ServiceRequest {
        let key = IdOrAlias::Id(id);
        let command = match self {
            Self::Test => return ServiceRequest::Test(TestSubject::Stored(key)),
            Self::Export => return ServiceRequest::Get(id),
            Self::Activate => Command::SetActive { key, active: true },
            Self::Deactivate => Command::SetActive { key, active: false },
            Self::Delete => Command::Delete {
                key,
                expected_version: None,
            },
            Self::Restore => Command::Restore { id, alias: None },
        };
        command.into()
    }
}

//! What a target can do beyond the basic verbs.

/// Abilities that differ between umai's own service and other servers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ServiceFeatures {
    /// Deleted connections go to a trash and can be restored.
    pub trash: bool,
    /// Settings can be tested before they are saved.
    pub draft_tests: bool,
    /// A rollback keeps the secrets that are stored now, and takes a note.
    pub rollback_keeps_secrets: bool,
}

impl ServiceFeatures {
    /// Everything umai's own service can do.
    pub const ALL: Self = Self {
        trash: true,
        draft_tests: true,
        rollback_keeps_secrets: true,
    };

    /// What is left on a server that is not umai's own.
    pub const FOREIGN: Self = Self {
        trash: false,
        draft_tests: false,
        rollback_keeps_secrets: false,
    };

    /// What to know before deleting; none where a restore is possible.
    pub const fn deletion_warning(self) -> Option<&'static str> {
        if self.trash {
            None
        } else {
            Some("Deletes permanently: this server keeps no trash")
        }
    }
}

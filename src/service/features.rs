//! Optional features of a target.

/// Features that differ between umai and third-party servers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ServiceFeatures {
    /// Deleted connections go to a trash and can be restored.
    pub trash: bool,
    /// Settings can be tested before they are saved.
    pub draft_tests: bool,
    /// A rollback keeps the stored secrets and accepts a description.
    pub rollback_keeps_secrets: bool,
}

impl ServiceFeatures {
    /// All features, as in umai.
    pub const ALL: Self = Self {
        trash: true,
        draft_tests: true,
        rollback_keeps_secrets: true,
    };

    /// Features of a third-party server.
    pub const THIRD_PARTY: Self = Self {
        trash: false,
        draft_tests: false,
        rollback_keeps_secrets: false,
    };

    /// Warning before a delete; none if it can be restored.
    pub const fn deletion_warning(self) -> Option<&'static str> {
        if self.trash {
            None
        } else {
            Some("Deletes permanently: this server keeps no trash")
        }
    }
}

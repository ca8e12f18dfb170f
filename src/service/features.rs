//! Optional features of a target.

/// Features that differ between umai and third-party servers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "each is a feature")]
pub struct ServiceFeatures {
    /// Deleted connections go to a trash and can be restored.
    pub trash: bool,
    /// Settings can be tested before they are saved.
    pub draft_tests: bool,
    /// A rollback keeps the stored secrets.
    pub rollback_keeps_secrets: bool,
    /// A change can have a note for the history.
    pub notes: bool,
    /// A version has the whole connection; otherwise only number, date and differences for display.
    pub version_snapshots: bool,
    /// Changes by others are announced; otherwise the list is reloaded from time to time.
    pub change_feed: bool,
    /// A new connection can keep an ID from elsewhere; otherwise the server chooses one.
    pub keeps_ids: bool,
}

impl ServiceFeatures {
    /// All features, as in umai.
    pub const ALL: Self = Self {
        trash: true,
        draft_tests: true,
        rollback_keeps_secrets: true,
        notes: true,
        version_snapshots: true,
        change_feed: true,
        keeps_ids: true,
    };

    /// Features of a third-party server.
    pub const THIRD_PARTY: Self = Self {
        trash: false,
        draft_tests: false,
        rollback_keeps_secrets: false,
        notes: false,
        version_snapshots: false,
        change_feed: false,
        keeps_ids: false,
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

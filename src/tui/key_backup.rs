//! Reminder that the key needs a backup.

use std::fmt;
use std::sync::Arc;

/// Access to the key file and the record of its backups.
pub trait KeyBackups: Send + Sync {
    /// Returns the path of the key if its owner was not reminded yet, and records the reminder.
    fn remind(&self) -> Option<String>;

    /// Returns the path of the key.
    fn path(&self) -> String;

    /// Records that the owner has a backup; fails with a sentence.
    fn confirm(&self) -> Result<(), String>;
}

/// Record that the app was started with; none for a server, which has its own key.
#[derive(Clone, Default)]
pub struct KeyBackupsHandle(pub Option<Arc<dyn KeyBackups>>);

impl fmt::Debug for KeyBackupsHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("KeyBackupsHandle")
    }
}

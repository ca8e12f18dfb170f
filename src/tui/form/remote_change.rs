//! Changes to a stored connection by others while its form is open.

use super::{Form, FormSubject};
use crate::connection::Connection;
use crate::tui::tree::ItemChange;

/// Change to the stored connection while its form was open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TheirChange {
    /// Saved, with this version.
    Saved(u64),
    /// Deleted.
    Deleted,
}

/// Connection as others saved it.
#[derive(Debug, Clone, PartialEq)]
pub struct TheirConnection {
    /// Current state.
    pub connection: Connection,
    /// Settings that differ from the requested version, changed secrets among them; `None` if unknown.
    pub changed: Option<Vec<String>>,
}

/// State of the merge with changes by others.
#[derive(Debug, Default)]
pub(super) struct MergeState {
    /// Their connection, while there are conflicts.
    pub(super) theirs: Option<Box<TheirConnection>>,
    /// Newest version that was requested.
    requested: u64,
    /// True if a save waits for their connection.
    pub(super) is_save_waiting: bool,
}

/// Result of merging changes by others into the form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RemoteMerge {
    /// Version that the form is based on now, or will be.
    pub version: u64,
    /// Labels of the updated fields.
    pub updated: Vec<String>,
    /// Labels of the fields with conflicts.
    pub conflicts: Vec<String>,
}

impl RemoteMerge {
    /// Message about the merge.
    pub fn sentence(&self) -> String {
        let version = self.version;
        let fields = self.updated.join(", ");
        if !self.conflicts.is_empty() {
            let taken = if fields.is_empty() {
                fields
            } else {
                format!(" (updated: {fields})")
            };
            let apart = self.conflicts.join(", ");
            return format!("Also changed elsewhere: {apart}{taken}");
        }
        if fields.is_empty() {
            return format!("Changed elsewhere (v{version}); no conflict with your changes");
        }
        format!("Updated from elsewhere (v{version}): {fields}; your changes are kept")
    }
}

impl Form {
    /// Handles news about the connection.
    pub fn remote_changed(&mut self, news: &ItemChange) {
        self.changed_elsewhere(match news {
            ItemChange::Saved(item) => TheirChange::Saved(item.version()),
            ItemChange::Deleted(_) => TheirChange::Deleted,
        });
    }

    /// Records a change by others; versions up to the one of the form are ignored.
    pub fn changed_elsewhere(&mut self, what: TheirChange) {
        let FormSubject::Stored { version, .. } = self.subject else {
            return;
        };
        match what {
            TheirChange::Saved(newer) if newer <= version => {}
            TheirChange::Saved(_) => self.remote_change = Some(what),
            TheirChange::Deleted => {
                self.remote_change = Some(what);
                self.merge = MergeState::default();
            }
        }
    }

    /// Message about the change by others; `save` is the key that saves.
    pub fn remote_change_note(&self, save: &str) -> Option<String> {
        Some(match self.remote_change? {
            TheirChange::Saved(version) => match self.conflicts().as_slice() {
                [] => format!("Changed elsewhere (v{version})"),
                [one] => format!("Also changed elsewhere: {}; {save} shows both", one.label),
                several => format!(
                    "Also changed elsewhere: {} fields; {save} shows both",
                    several.len()
                ),
            },
            TheirChange::Deleted => {
                format!("Deleted elsewhere; your changes are kept. {save} asks what to do")
            }
        })
    }

    /// ID and version of the connection if the changes by others are to be requested.
    pub fn remote_version_to_request(&self) -> Option<(uuid::Uuid, u64)> {
        let FormSubject::Stored { id, version, .. } = self.subject else {
            return None;
        };
        let is_wanted = match self.remote_change {
            Some(TheirChange::Saved(newer)) => {
                newer > self.merge.requested || self.merge.is_save_waiting
            }
            Some(TheirChange::Deleted) | None => false,
        } || self.is_unsure;
        (is_wanted && self.saving.is_none()).then_some((id, version))
    }

    /// Records that the changes by others were requested.
    pub fn mark_remote_version_requested(&mut self) {
        self.is_unsure = false;
        if let Some(TheirChange::Saved(version)) = self.remote_change {
            self.merge.requested = version;
        }
    }

    /// Makes a save wait until the changes by others are known.
    pub fn wait_for_theirs(&mut self, found: u64) {
        self.changed_elsewhere(TheirChange::Saved(found));
        self.is_unsure = true;
        self.merge.is_save_waiting = true;
    }

    /// Returns whether a save waited for the changes by others, and resets it.
    pub fn take_waiting_save(&mut self) -> bool {
        std::mem::take(&mut self.merge.is_save_waiting)
    }

    /// Returns whether a save waits for the changes by others.
    pub const fn save_waits(&self) -> bool {
        self.merge.is_save_waiting
    }

    /// Handles a failed request; the next save or the next reconnect repeats it.
    pub fn their_version_failed(&mut self) {
        self.merge.is_save_waiting = false;
    }

    /// Allows a failed request to be repeated.
    pub(super) fn retry_theirs(&mut self) {
        self.merge.requested = 0;
    }

    /// Version that the form is based on.
    pub(super) const fn version(&self) -> Option<u64> {
        match self.subject {
            FormSubject::New | FormSubject::Copy { .. } => None,
            FormSubject::Stored { version, .. } => Some(version),
        }
    }
}

//! Changes to a stored connection by others while its form is open.

use super::{Form, Subject};
use crate::connection::Connection;
use crate::tui::tree::News;

/// Change to the stored connection while its form was open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Elsewhere {
    /// Saved, with this version.
    Saved(u64),
    /// Deleted.
    Deleted,
}

/// Connection as others saved it.
#[derive(Debug, Clone, PartialEq)]
pub struct Theirs {
    /// Current state.
    pub connection: Connection,
    /// Settings that differ from the requested version, changed secrets among them; `None` if unknown.
    pub changed: Option<Vec<String>>,
}

/// State of the merge with changes by others.
#[derive(Debug, Default)]
pub(super) struct Apart {
    /// Their connection, while there are conflicts.
    pub(super) theirs: Option<Box<Theirs>>,
    /// Newest version that was requested.
    asked: u64,
    /// True if a save waits for their connection.
    pub(super) save_waits: bool,
}

/// Result of merging changes by others into the form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Taken {
    /// Version that the form is based on now, or will be.
    pub version: u64,
    /// Labels of the updated fields.
    pub fields: Vec<String>,
    /// Labels of the fields with conflicts.
    pub apart: Vec<String>,
}

impl Taken {
    /// Message about the merge.
    pub fn sentence(&self) -> String {
        let version = self.version;
        let fields = self.fields.join(", ");
        if !self.apart.is_empty() {
            let taken = if fields.is_empty() {
                fields
            } else {
                format!(" (updated: {fields})")
            };
            let apart = self.apart.join(", ");
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
    pub fn hear(&mut self, news: &News) {
        self.changed_elsewhere(match news {
            News::Saved(item) => Elsewhere::Saved(item.version()),
            News::Deleted(_) => Elsewhere::Deleted,
        });
    }

    /// Records a change by others; versions up to the one of the form are ignored.
    pub fn changed_elsewhere(&mut self, what: Elsewhere) {
        let Subject::Stored { version, .. } = self.subject else {
            return;
        };
        match what {
            Elsewhere::Saved(newer) if newer <= version => {}
            Elsewhere::Saved(_) => self.elsewhere = Some(what),
            Elsewhere::Deleted => {
                self.elsewhere = Some(what);
                self.apart = Apart::default();
            }
        }
    }

    /// Message about the change by others; `save` is the key that saves.
    pub fn remote_change_note(&self, save: &str) -> Option<String> {
        Some(match self.elsewhere? {
            Elsewhere::Saved(version) => match self.conflicts().as_slice() {
                [] => format!("Changed elsewhere (v{version})"),
                [one] => format!("Also changed elsewhere: {}; {save} shows both", one.label),
                several => format!(
                    "Also changed elsewhere: {} fields; {save} shows both",
                    several.len()
                ),
            },
            Elsewhere::Deleted => {
                format!("Deleted elsewhere; your changes are kept. {save} asks what to do")
            }
        })
    }

    /// ID and version of the connection if the changes by others are to be requested.
    pub fn theirs_to_request(&self) -> Option<(uuid::Uuid, u64)> {
        let Subject::Stored { id, version, .. } = self.subject else {
            return None;
        };
        let is_wanted = match self.elsewhere {
            Some(Elsewhere::Saved(newer)) => newer > self.apart.asked || self.apart.save_waits,
            Some(Elsewhere::Deleted) | None => false,
        } || self.is_unsure;
        (is_wanted && self.saving.is_none()).then_some((id, version))
    }

    /// Records that the changes by others were requested.
    pub fn theirs_requested(&mut self) {
        self.is_unsure = false;
        if let Some(Elsewhere::Saved(version)) = self.elsewhere {
            self.apart.asked = version;
        }
    }

    /// Makes a save wait until the changes by others are known.
    pub fn wait_for_theirs(&mut self, found: u64) {
        self.changed_elsewhere(Elsewhere::Saved(found));
        self.is_unsure = true;
        self.apart.save_waits = true;
    }

    /// Returns whether a save waited for the changes by others, and resets it.
    pub fn take_waiting_save(&mut self) -> bool {
        std::mem::take(&mut self.apart.save_waits)
    }

    /// Returns whether a save waits for the changes by others.
    pub const fn save_waits(&self) -> bool {
        self.apart.save_waits
    }

    /// Handles a failed request; the next save or the next reconnect repeats it.
    pub fn theirs_failed(&mut self) {
        self.apart.save_waits = false;
    }

    /// Allows a failed request to be repeated.
    pub(super) fn retry_theirs(&mut self) {
        self.apart.asked = 0;
    }

    /// Version that the form is based on.
    pub(super) const fn version(&self) -> Option<u64> {
        match self.subject {
            Subject::New | Subject::Copy { .. } => None,
            Subject::Stored { version, .. } => Some(version),
        }
    }
}

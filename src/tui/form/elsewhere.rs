//! What happens to a stored connection elsewhere while its form is open.

use super::{Form, Subject};
use crate::connection::Connection;
use crate::tui::tree::News;

/// What happened to the stored connection while its form was open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Elsewhere {
    /// It was saved, and is at this version.
    Saved(u64),
    /// It was deleted.
    Deleted,
}

/// The connection as others made it.
#[derive(Debug, Clone, PartialEq)]
pub struct Theirs {
    /// As it is now.
    pub connection: Connection,
    /// The settings that differ from the version that was asked about, changed secrets among them; none when that is not known.
    pub changed: Option<Vec<String>>,
}

/// How a form stands to what others made of its connection.
#[derive(Debug, Default)]
pub(super) struct Apart {
    /// What they made of it, while both changed something.
    pub(super) theirs: Option<Box<Theirs>>,
    /// The newest version that was asked for.
    asked: u64,
    /// Whether a save waits for it.
    pub(super) save_waits: bool,
}

/// What became of the form when it took in what others did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Taken {
    /// The version it is brought up to, or would be.
    pub version: u64,
    /// The labels of what was taken in.
    pub fields: Vec<String>,
    /// The labels of what both changed.
    pub apart: Vec<String>,
}

impl Taken {
    /// What is said of it.
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
    /// Something was heard of the connection.
    pub fn hear(&mut self, news: &News) {
        self.changed_elsewhere(match news {
            News::Saved(item) => Elsewhere::Saved(item.version()),
            News::Deleted(_) => Elsewhere::Deleted,
        });
    }

    /// This happened to the connection; what the form was made over is nothing new.
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

    /// What it means for who types; `save` is the key that saves.
    pub fn said_of_elsewhere(&self, save: &str) -> Option<String> {
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

    /// The connection and the version that is known of it, when what others made of it is to be asked for.
    pub fn wants_theirs(&self) -> Option<(uuid::Uuid, u64)> {
        let Subject::Stored { id, version, .. } = self.subject else {
            return None;
        };
        let is_wanted = match self.elsewhere {
            Some(Elsewhere::Saved(newer)) => newer > self.apart.asked || self.apart.save_waits,
            Some(Elsewhere::Deleted) | None => false,
        } || self.is_unsure;
        (is_wanted && self.saving.is_none()).then_some((id, version))
    }

    /// It is asked for.
    pub fn asked_for_theirs(&mut self) {
        self.is_unsure = false;
        if let Some(Elsewhere::Saved(version)) = self.elsewhere {
            self.apart.asked = version;
        }
    }

    /// A save waits until it is known what others made of the connection.
    pub fn wait_for_theirs(&mut self, found: u64) {
        self.changed_elsewhere(Elsewhere::Saved(found));
        self.is_unsure = true;
        self.apart.save_waits = true;
    }

    /// Whether a save waited for what is known now.
    pub fn save_waited(&mut self) -> bool {
        std::mem::take(&mut self.apart.save_waits)
    }

    /// Whether a save waits for what others made of the connection.
    pub const fn save_waits(&self) -> bool {
        self.apart.save_waits
    }

    /// It could not be asked for; with the next save, or when the line is back, it is tried again.
    pub fn theirs_unknown(&mut self) {
        self.apart.save_waits = false;
    }

    /// What could not be asked for is asked for again.
    pub(super) fn ask_for_theirs_again(&mut self) {
        self.apart.asked = 0;
    }

    /// The version that the form was made over.
    pub(super) const fn version(&self) -> Option<u64> {
        match self.subject {
            Subject::New | Subject::Copy { .. } => None,
            Subject::Stored { version, .. } => Some(version),
        }
    }
}

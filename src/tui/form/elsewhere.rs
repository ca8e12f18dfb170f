//! What happens to a stored connection elsewhere while its form is open.

use super::{Form, Subject};
use crate::tui::tree::News;

/// What happened to the stored connection while its form was open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Elsewhere {
    /// It was saved, and is at this version.
    Saved(u64),
    /// It was deleted.
    Deleted,
}

impl Elsewhere {
    /// What it means for who types.
    pub fn sentence(self) -> String {
        match self {
            Self::Saved(version) => format!(
                "Changed elsewhere, to version {version}: what is typed stays, but cannot be saved over it"
            ),
            Self::Deleted => {
                "Deleted elsewhere: what is typed stays, but there is nothing to save it over"
                    .into()
            }
        }
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
            Elsewhere::Saved(_) | Elsewhere::Deleted => self.elsewhere = Some(what),
        }
    }
}

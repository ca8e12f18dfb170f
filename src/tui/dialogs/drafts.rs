//! Dialog with unsaved drafts to restore or discard.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::drafts::StoredDraft;
use crate::tui::action::Action;
use crate::tui::form::FormSnapshot;
use crate::tui::select_list::SelectList;

/// Dialog with unsaved drafts.
#[derive(Debug, Default)]
pub struct DraftsDialog {
    /// Selection.
    pub choices: SelectList,
    /// Drafts, newest first.
    pub drafts: Vec<UnsavedDraft>,
}

/// Unsaved draft.
#[derive(Debug, Clone)]
pub struct UnsavedDraft {
    /// ID of the draft.
    pub id: Uuid,
    /// Time of its last change.
    pub when: DateTime<Utc>,
    /// The form, or the reason why it cannot be read.
    pub kept: Result<Box<FormSnapshot>, String>,
}

impl DraftsDialog {
    /// Creates the dialog from the drafts that were found.
    pub fn new(found: Vec<StoredDraft>) -> Self {
        let drafts = found.into_iter().map(|found| UnsavedDraft {
            id: found.id,
            when: found.date,
            kept: found.content.and_then(|content| {
                FormSnapshot::read(&content)
                    .map(Box::new)
                    .ok_or_else(|| "It was stored by another version of umai".into())
            }),
        });
        Self {
            choices: SelectList::default(),
            drafts: drafts.collect(),
        }
    }

    /// Selected draft.
    pub fn selected(&self) -> Option<&UnsavedDraft> {
        self.drafts.get(self.choices.selected)
    }

    /// Removes a draft from the list.
    pub fn take_out(&mut self, id: Uuid) -> Option<UnsavedDraft> {
        let at = self.drafts.iter().position(|draft| draft.id == id)?;
        let draft = self.drafts.remove(at);
        let last = self.drafts.len().saturating_sub(1);
        self.choices.selected = self.choices.selected.min(last);
        Some(draft)
    }

    /// IDs of the remaining drafts.
    pub fn ids(&self) -> Vec<Uuid> {
        self.drafts.iter().map(|draft| draft.id).collect()
    }

    /// Moves the selection.
    pub fn act(&mut self, action: Action) {
        let count = self.drafts.len();
        self.choices.act(action, count);
    }

    /// Keeps the selection visible.
    pub fn scroll(&mut self, rows: usize) {
        let count = self.drafts.len();
        self.choices.scroll(rows, count);
    }
}

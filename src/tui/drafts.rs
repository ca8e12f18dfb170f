//! What was typed, kept, and never saved, to be restored or given up.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::action::Action;
use super::choices::Choices;
use super::form::Kept;
use crate::drafts::Found;

/// What was found.
#[derive(Debug, Default)]
pub struct Drafts {
    /// What is selected.
    pub choices: Choices,
    /// The drafts, the newest first.
    pub drafts: Vec<Draft>,
}

/// A form that was kept and never saved.
#[derive(Debug, Clone)]
pub struct Draft {
    /// Its name.
    pub id: Uuid,
    /// When it was kept last.
    pub when: DateTime<Utc>,
    /// The form, or why it cannot be read.
    pub kept: Result<Box<Kept>, String>,
}

impl Drafts {
    /// What was found.
    pub fn of(found: Vec<Found>) -> Self {
        let drafts = found.into_iter().map(|found| Draft {
            id: found.id,
            when: found.when,
            kept: found.content.and_then(|content| {
                Kept::read(&content)
                    .map(Box::new)
                    .ok_or_else(|| "It was stored by another version of umai".into())
            }),
        });
        Self {
            choices: Choices::default(),
            drafts: drafts.collect(),
        }
    }

    /// The one that is selected.
    pub fn selected(&self) -> Option<&Draft> {
        self.drafts.get(self.choices.selected)
    }

    /// It is taken out of the list.
    pub fn take_out(&mut self, id: Uuid) -> Option<Draft> {
        let at = self.drafts.iter().position(|draft| draft.id == id)?;
        let draft = self.drafts.remove(at);
        let last = self.drafts.len().saturating_sub(1);
        self.choices.selected = self.choices.selected.min(last);
        Some(draft)
    }

    /// The names of those that are left.
    pub fn ids(&self) -> Vec<Uuid> {
        self.drafts.iter().map(|draft| draft.id).collect()
    }

    /// Moves the selection.
    pub fn go(&mut self, action: Action) {
        let count = self.drafts.len();
        self.choices.act(action, count);
    }

    /// Keeps the selection seen.
    pub fn scroll(&mut self, rows: usize) {
        let count = self.drafts.len();
        self.choices.scroll(rows, count);
    }
}

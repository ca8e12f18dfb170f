//! Footer: available actions with their labels.

use super::App;
use crate::tui::action::{Action, ActionEntry};

impl App {
    /// Returns true if an action has an effect now; the footer shows only those.
    pub fn can(&self, action: Action) -> bool {
        if let Some((dialog, cx)) = self.top_dialog() {
            return dialog.can(action, &cx);
        }
        let is_connection = self.tree.selected_item().is_some();
        match action {
            Action::Toggle | Action::Test | Action::Delete => is_connection || self.has_marks(),
            Action::Edit
            | Action::Models
            | Action::ShowHistory
            | Action::Duplicate
            | Action::Copy => is_connection,
            Action::CompareVersions | Action::Mark => self.workspace.history.versions().len() > 1,
            Action::Undo => !self.undo.is_empty(),
            Action::Filter | Action::Sort | Action::ReverseSort | Action::Group => {
                self.tree.len() > 1
            }
            Action::Back if !self.is_filtering() => self.can_go_back(),
            _ => true,
        }
    }

    /// Label of an action in the footer.
    pub fn hint(&self, entry: &ActionEntry) -> Option<&'static str> {
        if let Some((dialog, _)) = self.top_dialog() {
            return dialog.hint(entry.action);
        }
        match entry.action {
            Action::Choose if self.is_filtering() => Some("keep"),
            Action::Back if self.is_filtering() => Some("show all"),
            Action::Back if self.back_removes_marks() => Some("unmark"),
            _ => entry.hint,
        }
    }
}

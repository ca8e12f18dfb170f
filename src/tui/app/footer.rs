//! Footer: available actions with their labels.

use super::App;
use crate::tui::action::{Action, ActionEntry};
use crate::tui::dialog::Dialog;
use crate::tui::form::Form;

impl App {
    /// Returns true if an action has an effect now; the footer shows only those.
    pub fn can(&self, action: Action) -> bool {
        let is_connection = self.tree.selected_item().is_some();
        match action {
            Action::Toggle | Action::Test | Action::Delete
                if self.dialogs.is_empty() && self.has_marks() =>
            {
                true
            }
            Action::Edit
            | Action::Toggle
            | Action::Test
            | Action::Models
            | Action::ShowHistory
            | Action::Delete
            | Action::Duplicate
            | Action::Copy
                if self.dialogs.is_empty() =>
            {
                is_connection
            }
            Action::CompareVersions | Action::Mark => self.workspace.history.versions().len() > 1,
            Action::Models => {
                matches!(self.dialogs.last(), Some(Dialog::Report(report)) if report.stored().is_some())
            }
            Action::Retest => {
                matches!(self.dialogs.last(), Some(Dialog::Report(report)) if report.ticket.is_none())
            }
            Action::Choose
            | Action::NextButton
            | Action::PreviousButton
            | Action::Retry
            | Action::Hide
            | Action::Undo
                if matches!(self.dialogs.last(), Some(Dialog::Bulk)) =>
            {
                self.can_in_bulk(action)
            }
            Action::Undo => !self.undo.is_empty(),
            Action::Restore | Action::Purge | Action::EmptyTrash => {
                matches!(self.dialogs.last(), Some(Dialog::Trash(trash)) if !trash.items().is_empty())
            }
            Action::Filter | Action::Sort | Action::ReverseSort | Action::Group => {
                self.tree.len() > 1
            }
            Action::Back if self.dialogs.is_empty() && !self.is_filtering() => self.can_go_back(),
            Action::NextError => self.form().is_some_and(|form| form.error_count() > 0),
            Action::Reveal | Action::Clear => self.form().is_some_and(Form::is_on_secret),
            _ => true,
        }
    }

    /// Returns true if a test or a list of models is pending.
    fn is_testing(&self) -> bool {
        self.dialogs
            .last()
            .is_some_and(|dialog| dialog.ticket().is_some())
    }

    /// Label of an action in the footer.
    pub fn hint(&self, entry: &ActionEntry) -> Option<&'static str> {
        match entry.action {
            Action::Choose if self.is_filtering() => Some("keep"),
            Action::Back if self.is_filtering() => Some("show all"),
            Action::Choose if matches!(self.dialogs.last(), Some(Dialog::Models(_))) => {
                Some("copy")
            }
            Action::Back if self.dialogs.is_empty() && self.back_removes_marks() => Some("unmark"),
            Action::Choose | Action::Back if matches!(self.dialogs.last(), Some(Dialog::Bulk)) => {
                self.hint_in_bulk(entry.action)
            }
            Action::Back if self.is_testing() => Some("stop"),
            Action::Back if matches!(self.dialogs.last(), Some(Dialog::Drafts(_))) => Some("later"),
            Action::Choose
                if matches!(
                    self.dialogs.last(),
                    Some(Dialog::Help(_) | Dialog::Messages(_))
                ) =>
            {
                None
            }
            _ => entry.hint,
        }
    }
}

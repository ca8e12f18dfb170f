//! Prompt with buttons.

use uuid::Uuid;

use crate::service::ServiceFeatures;
use crate::tui::action::Action;
use crate::tui::dialog::{ConfirmAction, DialogOutcome};
use crate::tui::key::KeyPress;
use crate::tui::text_input::TextInput;
use crate::tui::text_width;

/// Columns of a title within a question.
const LONGEST_TITLE: usize = 60;

/// Prompt with buttons.
#[derive(Debug)]
pub struct ConfirmDialog {
    /// Title.
    pub headline: String,
    /// Question.
    pub text: String,
    /// Name of the affected connection, field or file.
    pub subject: Option<String>,
    /// Extra information below the question.
    pub note: Option<&'static str>,
    /// Input of an optional note.
    pub line: Option<TextInput>,
    /// Buttons with their actions.
    pub buttons: Vec<(&'static str, ConfirmAction)>,
    /// Focused button, activated by Enter.
    pub focus: usize,
}

impl ConfirmDialog {
    /// Asks to delete a connection. The default button is Cancel.
    pub fn delete(id: Uuid, name: &str, features: ServiceFeatures) -> Self {
        const QUESTION: &str = "Are you sure you want to delete this connection?";
        let (text, note) = match features.deletion_warning() {
            None => (
                QUESTION.to_owned(),
                Some("It is moved to the trash, with its history."),
            ),
            // The text is wrapped, so the warning is readable at any width.
            Some(warning) => (format!("{QUESTION} {warning}."), None),
        };
        Self {
            headline: "Delete".into(),
            text,
            subject: Some(name.to_owned()),
            note,
            line: None,
            buttons: vec![
                ("Cancel", ConfirmAction::Cancel),
                ("Delete", ConfirmAction::Delete(id)),
            ],
            focus: 0,
        }
    }

    /// Asks to delete a connection permanently. The default button is Cancel.
    pub fn purge(id: Uuid, name: &str) -> Self {
        Self {
            headline: "Delete permanently".into(),
            text: "Delete this connection and its history permanently?".into(),
            subject: Some(name.to_owned()),
            note: Some("This cannot be undone."),
            line: None,
            buttons: vec![
                ("Cancel", ConfirmAction::Cancel),
                ("Delete permanently", ConfirmAction::Purge(id)),
            ],
            focus: 0,
        }
    }

    /// Asks to empty the trash. The default button is Cancel.
    pub fn empty(count: usize) -> Self {
        let what = if count == 1 {
            "the 1 connection".to_owned()
        } else {
            format!("all {count} connections")
        };
        Self {
            headline: "Empty the trash".into(),
            text: format!("Permanently delete {what} in the trash, including history?"),
            subject: None,
            note: Some("This cannot be undone."),
            line: None,
            buttons: vec![
                ("Cancel", ConfirmAction::Cancel),
                ("Empty", ConfirmAction::Empty),
            ],
            focus: 0,
        }
    }

    /// Asks to save or discard the changes of the form with this title.
    pub fn unsaved_changes(title: &str) -> Self {
        let title = text_width::cut(title, LONGEST_TITLE);
        Self {
            headline: "Unsaved changes".into(),
            text: format!("Save changes to \"{title}\"?"),
            subject: None,
            note: None,
            line: None,
            buttons: vec![
                ("Save", ConfirmAction::Save),
                ("Discard", ConfirmAction::Discard),
                ("Keep editing", ConfirmAction::Cancel),
            ],
            focus: 2,
        }
    }

    /// Asks to quit with unsaved changes.
    pub fn quit() -> Self {
        Self {
            headline: "Unsaved changes".into(),
            text: "You have unsaved changes. Quit anyway?".into(),
            subject: None,
            note: None,
            line: None,
            buttons: vec![
                ("Keep editing", ConfirmAction::Cancel),
                ("Discard and quit", ConfirmAction::DiscardAndQuit),
            ],
            focus: 0,
        }
    }

    /// Asks to restore or recreate a connection that was deleted elsewhere during an edit; a new one loses the secrets `lost`.
    pub fn deleted_elsewhere(lost: &[String], features: ServiceFeatures) -> Self {
        let lost_secrets = match lost {
            [] => String::new(),
            lost => format!(
                " A new connection does not get the stored secrets: {}.",
                lost.join(", ")
            ),
        };
        if !features.trash {
            return Self {
                headline: "Deleted elsewhere".into(),
                text: format!("This server has no trash. Create a new connection?{lost_secrets}"),
                subject: None,
                note: None,
                line: None,
                buttons: vec![
                    ("Cancel", ConfirmAction::Cancel),
                    ("Create", ConfirmAction::CreateNew),
                ],
                focus: 1,
            };
        }
        Self {
            headline: "Deleted elsewhere".into(),
            text: format!("Restore it from the trash, or create a new connection?{lost_secrets}"),
            subject: None,
            note: None,
            line: None,
            buttons: vec![
                ("Cancel", ConfirmAction::Cancel),
                ("Restore", ConfirmAction::RestoreDeleted),
                ("Create", ConfirmAction::CreateNew),
            ],
            focus: 1,
        }
    }

    /// Asks to save a form before a test.
    pub fn save_and_test() -> Self {
        Self {
            headline: "Save and test".into(),
            text: "This server tests only saved settings. Save the form, then test?".into(),
            subject: None,
            note: None,
            line: None,
            buttons: vec![
                ("Cancel", ConfirmAction::Cancel),
                ("Save and test", ConfirmAction::SaveAndTest),
            ],
            focus: 0,
        }
    }

    /// Asks to discard a draft. The default button is Cancel.
    pub fn discard_draft(id: Uuid, name: &str) -> Self {
        Self {
            headline: "Discard draft".into(),
            text: "Discard this unsaved draft?".into(),
            subject: Some(name.to_owned()),
            note: Some("This cannot be undone."),
            line: None,
            buttons: vec![
                ("Cancel", ConfirmAction::Cancel),
                ("Discard", ConfirmAction::DiscardDraft(id)),
            ],
            focus: 0,
        }
    }

    /// Asks to quit during a bulk operation.
    pub fn stop(text: String) -> Self {
        Self {
            headline: "Still running".into(),
            text,
            subject: None,
            note: None,
            line: None,
            buttons: vec![
                ("Continue", ConfirmAction::Cancel),
                ("Stop and quit", ConfirmAction::StopAndQuit),
            ],
            focus: 0,
        }
    }

    /// Asks to replace an existing file. The default button is Cancel.
    pub fn replace(path: &str) -> Self {
        Self {
            headline: "Replace file".into(),
            text: "A file with this name exists. Replace it?".into(),
            subject: Some(path.to_owned()),
            note: None,
            line: None,
            buttons: vec![
                ("Cancel", ConfirmAction::Cancel),
                ("Replace", ConfirmAction::Replace),
            ],
            focus: 0,
        }
    }

    /// Asks to roll back to a version. The default button confirms, because a rollback can be rolled back.
    pub fn roll_back(id: Uuid, number: u64, name: &str, features: ServiceFeatures) -> Self {
        let (note, line) = if features.rollback_keeps_secrets {
            ("Stored secrets are kept.", Some(TextInput::text("")))
        } else {
            ("The secrets of that version are restored too.", None)
        };
        Self {
            headline: format!("Roll back to v{number}"),
            text: format!("Roll back to v{number}? This creates a new version."),
            subject: Some(name.to_owned()),
            note: Some(note),
            line,
            buttons: vec![
                ("Cancel", ConfirmAction::Cancel),
                ("Roll back", ConfirmAction::RollBack(id, number)),
            ],
            focus: 1,
        }
    }

    /// Asks to roll one field back to a version.
    pub fn roll_back_field(id: Uuid, number: u64, label: &str) -> Self {
        Self {
            text: format!("Roll this field back to v{number}? This creates a new version."),
            subject: Some(label.to_owned()),
            note: None,
            buttons: vec![
                ("Cancel", ConfirmAction::Cancel),
                ("Roll back", ConfirmAction::RollBackField(id, number)),
            ],
            ..Self::roll_back(id, number, label, ServiceFeatures::ALL)
        }
    }

    /// Passes a key to the note.
    pub fn key(&mut self, key: KeyPress) {
        if let Some(line) = &mut self.line {
            line.edit(key);
        }
    }

    /// Returns the trimmed note, if not empty.
    pub fn typed(&self) -> Option<String> {
        let typed = self.line.as_ref()?.value().trim();
        (!typed.is_empty()).then(|| typed.to_owned())
    }

    /// Returns true if a button has this action.
    pub fn can_answer(&self, answer: ConfirmAction) -> bool {
        self.buttons.iter().any(|(_, other)| *other == answer)
    }

    /// Handles an action.
    pub fn act(&mut self, action: Action) -> DialogOutcome {
        let count = self.buttons.len().max(1);
        match action {
            Action::NextButton => self.focus = (self.focus + 1) % count,
            Action::PreviousButton => self.focus = (self.focus + count - 1) % count,
            Action::Choose => return self.press(self.focus),
            Action::Back => return DialogOutcome::Close,
            _ => {}
        }
        DialogOutcome::Stay
    }

    /// Presses a button.
    pub fn press(&self, button: usize) -> DialogOutcome {
        match self.buttons.get(button) {
            Some((_, answer)) => DialogOutcome::Answered(*answer),
            None => DialogOutcome::Stay,
        }
    }
}

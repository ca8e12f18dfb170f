//! A question with buttons.

use uuid::Uuid;

use super::action::Action;
use super::key::Key;
use super::layer::{Answer, Outcome};
use super::line::Line;
use crate::connection::ServiceFeatures;

/// A question with buttons.
#[derive(Debug)]
pub struct Confirm {
    /// What it is about, in a word.
    pub headline: String,
    /// The question.
    pub text: String,
    /// What it is asked of, when that has a name.
    pub subject: Option<String>,
    /// What to know before it is answered.
    pub note: Option<&'static str>,
    /// A note that may be typed.
    pub line: Option<Line>,
    /// What can be answered.
    pub buttons: Vec<(&'static str, Answer)>,
    /// The button that Enter takes.
    pub focus: usize,
}

impl Confirm {
    /// Whether a connection shall be deleted; Enter alone deletes nothing.
    pub fn delete(id: Uuid, name: &str, features: ServiceFeatures) -> Self {
        const QUESTION: &str = "Are you sure you want to delete this connection?";
        let (text, note) = match features.deletion_warning() {
            None => (
                QUESTION.to_owned(),
                Some("It is moved to the trash, with its history."),
            ),
            // In the text, which is wrapped: it must be readable at any width.
            Some(warning) => (format!("{QUESTION} {warning}."), None),
        };
        Self {
            headline: "Delete".into(),
            text,
            subject: Some(name.to_owned()),
            note,
            line: None,
            buttons: vec![("Cancel", Answer::Cancel), ("Delete", Answer::Delete(id))],
            focus: 0,
        }
    }

    /// Whether a connection shall be deleted for good; Enter alone deletes nothing.
    pub fn purge(id: Uuid, name: &str) -> Self {
        Self {
            headline: "Delete permanently".into(),
            text: "Delete this connection and its history permanently?".into(),
            subject: Some(name.to_owned()),
            note: Some("This cannot be undone."),
            line: None,
            buttons: vec![
                ("Cancel", Answer::Cancel),
                ("Delete permanently", Answer::Purge(id)),
            ],
            focus: 0,
        }
    }

    /// Whether so many connections shall be deleted for good; Enter alone deletes nothing.
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
            buttons: vec![("Cancel", Answer::Cancel), ("Empty", Answer::Empty)],
            focus: 0,
        }
    }

    /// Whether a changed form shall be left.
    pub fn leave() -> Self {
        Self {
            headline: "Unsaved changes".into(),
            text: "Save your changes?".into(),
            subject: None,
            note: None,
            line: None,
            buttons: vec![
                ("Save", Answer::Save),
                ("Discard", Answer::Discard),
                ("Keep editing", Answer::Cancel),
            ],
            focus: 2,
        }
    }

    /// Whether to quit from a changed form.
    pub fn quit() -> Self {
        Self {
            headline: "Unsaved changes".into(),
            text: "You have unsaved changes. Quit anyway?".into(),
            subject: None,
            note: None,
            line: None,
            buttons: vec![
                ("Keep editing", Answer::Cancel),
                ("Discard and quit", Answer::DiscardAndQuit),
            ],
            focus: 0,
        }
    }

    /// What shall become of what is typed over a connection that others deleted; `lost` are the secrets that only it had.
    pub fn deleted_elsewhere(lost: &[String], features: ServiceFeatures) -> Self {
        let stays = match lost {
            [] => String::new(),
            lost => format!(
                " A new connection does not get the stored secrets: {}.",
                lost.join(", ")
            ),
        };
        if !features.trash {
            return Self {
                headline: "Deleted elsewhere".into(),
                text: format!("This server has no trash. Create a new connection?{stays}"),
                subject: None,
                note: None,
                line: None,
                buttons: vec![("Cancel", Answer::Cancel), ("Create", Answer::MakeNew)],
                focus: 1,
            };
        }
        Self {
            headline: "Deleted elsewhere".into(),
            text: format!("Restore it from the trash, or create a new connection?{stays}"),
            subject: None,
            note: None,
            line: None,
            buttons: vec![
                ("Cancel", Answer::Cancel),
                ("Restore", Answer::BringBack),
                ("Create", Answer::MakeNew),
            ],
            focus: 1,
        }
    }

    /// Whether to save a form so that it can be tested.
    pub fn save_and_test() -> Self {
        Self {
            headline: "Save and test".into(),
            text: "This server tests only saved settings. Save the form, then test?".into(),
            subject: None,
            note: None,
            line: None,
            buttons: vec![
                ("Cancel", Answer::Cancel),
                ("Save and test", Answer::SaveAndTest),
            ],
            focus: 0,
        }
    }

    /// Whether a draft shall be given up; Enter alone gives up nothing.
    pub fn discard_draft(id: Uuid, name: &str) -> Self {
        Self {
            headline: "Discard draft".into(),
            text: "Discard this unsaved draft?".into(),
            subject: Some(name.to_owned()),
            note: Some("This cannot be undone."),
            line: None,
            buttons: vec![
                ("Cancel", Answer::Cancel),
                ("Discard", Answer::DiscardDraft(id)),
            ],
            focus: 0,
        }
    }

    /// Whether to quit while something is done to many.
    pub fn stop(text: String) -> Self {
        Self {
            headline: "Still running".into(),
            text,
            subject: None,
            note: None,
            line: None,
            buttons: vec![
                ("Continue", Answer::Cancel),
                ("Stop and quit", Answer::StopAndQuit),
            ],
            focus: 0,
        }
    }

    /// Whether a file that is there shall be replaced; Enter alone replaces nothing.
    pub fn replace(path: &str) -> Self {
        Self {
            headline: "Replace file".into(),
            text: "A file with this name exists. Replace it?".into(),
            subject: Some(path.to_owned()),
            note: None,
            line: None,
            buttons: vec![("Cancel", Answer::Cancel), ("Replace", Answer::Replace)],
            focus: 0,
        }
    }

    /// Whether a connection shall be what it was at a version. Enter does it: it can be taken back the same way.
    pub fn roll_back(id: Uuid, number: u64, name: &str, features: ServiceFeatures) -> Self {
        let (note, line) = if features.rollback_keeps_secrets {
            ("Stored secrets are kept.", Some(Line::text("")))
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
                ("Cancel", Answer::Cancel),
                ("Roll back", Answer::RollBack(id, number)),
            ],
            focus: 1,
        }
    }

    /// Whether one field shall be what it was at a version.
    pub fn roll_back_field(id: Uuid, number: u64, label: &str) -> Self {
        Self {
            text: format!("Roll this field back to v{number}? This creates a new version."),
            subject: Some(label.to_owned()),
            note: None,
            buttons: vec![
                ("Cancel", Answer::Cancel),
                ("Roll back", Answer::RollBackField(id, number)),
            ],
            ..Self::roll_back(id, number, label, ServiceFeatures::ALL)
        }
    }

    /// Types into the note.
    pub fn key(&mut self, key: Key) {
        if let Some(line) = &mut self.line {
            line.edit(key);
        }
    }

    /// The note, when one was typed.
    pub fn typed(&self) -> Option<String> {
        let typed = self.line.as_ref()?.value().trim();
        (!typed.is_empty()).then(|| typed.to_owned())
    }

    /// Whether this can be answered.
    pub fn can_answer(&self, answer: Answer) -> bool {
        self.buttons.iter().any(|(_, other)| *other == answer)
    }

    /// Does what a key asked for.
    pub fn act(&mut self, action: Action) -> Outcome {
        let count = self.buttons.len().max(1);
        match action {
            Action::NextButton => self.focus = (self.focus + 1) % count,
            Action::PreviousButton => self.focus = (self.focus + count - 1) % count,
            Action::Choose => return self.press(self.focus),
            Action::Back => return Outcome::Close,
            _ => {}
        }
        Outcome::Stay
    }

    /// Presses a button.
    pub fn press(&self, button: usize) -> Outcome {
        match self.buttons.get(button) {
            Some((_, answer)) => Outcome::Answered(*answer),
            None => Outcome::Stay,
        }
    }
}

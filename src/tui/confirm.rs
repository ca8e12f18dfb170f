//! A question with buttons.

use uuid::Uuid;

use super::action::Action;
use super::layer::{Answer, Outcome};

/// A question with buttons.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Confirm {
    /// What it is about, in a word.
    pub headline: &'static str,
    /// The question.
    pub text: String,
    /// What it is asked of, when that has a name.
    pub subject: Option<String>,
    /// What to know before it is answered.
    pub note: Option<&'static str>,
    /// What can be answered.
    pub buttons: Vec<(&'static str, Answer)>,
    /// The button that Enter takes.
    pub focus: usize,
}

impl Confirm {
    /// Whether a connection shall be deleted; Enter alone deletes nothing.
    pub fn delete(id: Uuid, name: &str) -> Self {
        Self {
            headline: "Delete",
            text: "Are you sure you want to delete this connection?".into(),
            subject: Some(name.to_owned()),
            note: Some("There is no undo."),
            buttons: vec![("Cancel", Answer::Cancel), ("Delete", Answer::Delete(id))],
            focus: 0,
        }
    }

    /// Whether a changed form shall be left.
    pub fn leave() -> Self {
        Self {
            headline: "Unsaved changes",
            text: "What was typed is not saved.".into(),
            subject: None,
            note: None,
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
            headline: "Unsaved changes",
            text: "What was typed is not saved. Quit all the same?".into(),
            subject: None,
            note: None,
            buttons: vec![
                ("Keep editing", Answer::Cancel),
                ("Discard and quit", Answer::DiscardAndQuit),
            ],
            focus: 0,
        }
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

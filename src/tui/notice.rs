//! The line in which the app says what happened.

use super::effect::Ticket;

/// How a notice is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mood {
    /// Something to know.
    Info,
    /// Something was done.
    Done,
    /// Something to look at.
    Warning,
    /// Something could not be done; it stays until another comes or Esc.
    Error,
}

/// One sentence about what happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    /// How it is meant.
    pub mood: Mood,
    /// The sentence.
    pub text: String,
    /// Whether undoing is offered.
    pub offers_undo: bool,
    /// The wake-up that takes it away.
    pub expiry: Option<Ticket>,
}

impl Notice {
    fn new(mood: Mood, text: impl Into<String>) -> Self {
        Self {
            mood,
            text: text.into(),
            offers_undo: false,
            expiry: None,
        }
    }

    /// Something to know.
    pub fn info(text: impl Into<String>) -> Self {
        Self::new(Mood::Info, text)
    }

    /// Something was done.
    pub fn done(text: impl Into<String>) -> Self {
        Self::new(Mood::Done, text)
    }

    /// Something to look at.
    pub fn warning(text: impl Into<String>) -> Self {
        Self::new(Mood::Warning, text)
    }

    /// Something could not be done.
    pub fn error(text: impl Into<String>) -> Self {
        Self::new(Mood::Error, text)
    }

    /// The same, offering to undo it.
    #[must_use]
    pub fn with_undo(mut self) -> Self {
        self.offers_undo = true;
        self
    }
}

//! Notices: results, warnings and errors in one line.

use super::effect::Ticket;

/// Severity of a notice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mood {
    /// Information.
    Info,
    /// Success.
    Done,
    /// Warning.
    Warning,
    /// Error; stays until the next notice or Esc.
    Error,
}

/// Result or error in one sentence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    /// Severity.
    pub mood: Mood,
    /// Text.
    pub text: String,
    /// True if the notice offers undo.
    pub offers_undo: bool,
    /// Ticket of the timer that removes the notice.
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

    /// Information.
    pub fn info(text: impl Into<String>) -> Self {
        Self::new(Mood::Info, text)
    }

    /// Success.
    pub fn done(text: impl Into<String>) -> Self {
        Self::new(Mood::Done, text)
    }

    /// Warning.
    pub fn warning(text: impl Into<String>) -> Self {
        Self::new(Mood::Warning, text)
    }

    /// Error.
    pub fn error(text: impl Into<String>) -> Self {
        Self::new(Mood::Error, text)
    }

    /// Offers undo.
    #[must_use]
    pub fn with_undo(mut self) -> Self {
        self.offers_undo = true;
        self
    }
}

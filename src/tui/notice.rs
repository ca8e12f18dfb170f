//! Notices: results, warnings and errors in one line.

use super::dialog::Tone;
use super::effect::Ticket;

/// Severity of a notice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoticeSeverity {
    /// Information.
    Info,
    /// Success.
    Success,
    /// Warning.
    Warning,
    /// Error; stays until Esc, or the result of another action.
    Error,
}

impl NoticeSeverity {
    /// Symbol before a text of this severity, and its style.
    pub const fn mark(self) -> (&'static str, Tone) {
        match self {
            Self::Info => ("• ", Tone::Hint),
            Self::Success => ("✓ ", Tone::Success),
            Self::Warning => ("! ", Tone::Warning),
            Self::Error => ("✗ ", Tone::Error),
        }
    }
}

/// Result or error in one sentence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    /// Severity.
    pub severity: NoticeSeverity,
    /// Text.
    pub text: String,
    /// True if the notice offers undo.
    pub offers_undo: bool,
    /// Ticket of the timer that removes the notice.
    pub expiry: Option<Ticket>,
}

/// Sentence after a filter was removed to show a connection.
pub const FILTER_REMOVED: &str = "Filter removed: it would hide this connection";

impl Notice {
    /// Appends a sentence.
    #[must_use]
    pub fn followed_by(mut self, sentence: &str) -> Self {
        self.text = format!("{}. {sentence}", self.text);
        self
    }

    fn new(severity: NoticeSeverity, text: impl Into<String>) -> Self {
        Self {
            severity,
            text: text.into(),
            offers_undo: false,
            expiry: None,
        }
    }

    /// Information.
    pub fn info(text: impl Into<String>) -> Self {
        Self::new(NoticeSeverity::Info, text)
    }

    /// Success.
    pub fn done(text: impl Into<String>) -> Self {
        Self::new(NoticeSeverity::Success, text)
    }

    /// Warning.
    pub fn warning(text: impl Into<String>) -> Self {
        Self::new(NoticeSeverity::Warning, text)
    }

    /// Error.
    pub fn error(text: impl Into<String>) -> Self {
        Self::new(NoticeSeverity::Error, text)
    }

    /// Warning about a paste that is too long.
    pub fn too_long() -> Self {
        Self::warning("Paste ignored: longer than 64 KiB")
    }

    /// Offers undo.
    #[must_use]
    pub fn with_undo(mut self) -> Self {
        self.offers_undo = true;
        self
    }
}

//! List with a selection and a filter line.

use super::action::Action;
use super::dialog::InputLine;
use super::key::KeyPress;
use super::layout::follow;
use super::text_input::TextInput;
use crate::provider::ProviderCatalog;
use crate::text::case_fold::fold;

/// Text of a list without a match.
const NO_MATCH: &str = "No match";

/// Rows of a page.
const PAGE: usize = 8;

/// Selected entry and scroll position.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Cursor {
    /// Index of the selected entry.
    pub selected: usize,
    /// First visible row.
    pub top: usize,
}

impl Cursor {
    /// Moves the selection among `count` rows. Returns false if the action is not a move.
    pub fn step(&mut self, action: Action, count: usize) -> bool {
        let last = count.saturating_sub(1);
        self.selected = match action {
            Action::Up => self.selected.checked_sub(1).unwrap_or(last),
            Action::Down if self.selected >= last => 0,
            Action::Down => self.selected + 1,
            Action::PageUp => self.selected.saturating_sub(PAGE),
            Action::PageDown => (self.selected + PAGE).min(last),
            Action::HalfPageUp => self.selected.saturating_sub(PAGE / 2),
            Action::HalfPageDown => (self.selected + PAGE / 2).min(last),
            Action::First => 0,
            Action::Last => last,
            _ => return false,
        };
        true
    }
}

/// Typed text and selection of a list.
#[derive(Debug)]
pub struct SelectList {
    /// Filter line.
    pub line: TextInput,
    /// Selection among the matches.
    pub cursor: Cursor,
}

impl Default for SelectList {
    fn default() -> Self {
        Self {
            line: TextInput::text(""),
            cursor: Cursor::default(),
        }
    }
}

impl SelectList {
    /// Types into the filter line and selects the first match.
    pub fn key(&mut self, key: KeyPress) {
        if self.line.edit(key) {
            self.cursor.selected = 0;
        }
    }

    /// Sets the filter and selects the first match.
    pub fn set_filter(&mut self, text: &str) {
        self.line.set(text);
        self.cursor.selected = 0;
    }

    /// Scrolls so that the selection is visible.
    pub fn scroll(&mut self, rows: usize, count: usize) {
        let Cursor { selected, top } = &mut self.cursor;
        *selected = (*selected).min(count.saturating_sub(1));
        *top = follow(*top, *selected, rows, count);
    }

    /// Returns true if a text contains every typed word.
    pub fn matches(&self, text: &str) -> bool {
        let text = fold(text);
        fold(self.line.value())
            .split_whitespace()
            .all(|word| text.contains(word))
    }

    /// Filter line as a dialog shows it.
    pub fn filter(&self, hint: impl Into<String>, catalog: &ProviderCatalog) -> InputLine<'_> {
        InputLine {
            label: None,
            hint: hint.into(),
            line: &self.line,
            shown: self.line.displayed(catalog),
            is_focused: true,
        }
    }

    /// Text of a list without a match.
    pub fn no_match(&self, catalog: &ProviderCatalog) -> String {
        match self.line.displayed(catalog).trim() {
            "" => NO_MATCH.to_owned(),
            typed => format!("{NO_MATCH} for \"{typed}\""),
        }
    }
}

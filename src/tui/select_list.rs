//! List with a selection and a filter line.

use super::action::Action;
use super::key::KeyPress;
use super::layout::follow;
use super::text_input::TextInput;
use crate::text::case_fold::fold;

/// Rows of a page when the visible height is unknown.
const PAGE: usize = 8;

/// Typed text and selection of a list.
#[derive(Debug)]
pub struct SelectList {
    /// Filter line.
    pub line: TextInput,
    /// Index of the selected row among the matches.
    pub selected: usize,
    /// First visible row.
    pub top: usize,
}

impl Default for SelectList {
    fn default() -> Self {
        Self {
            line: TextInput::text(""),
            selected: 0,
            top: 0,
        }
    }
}

impl SelectList {
    /// Moves the selection among `count` rows. Returns false if the action is not a move.
    pub fn act(&mut self, action: Action, count: usize) -> bool {
        let last = count.saturating_sub(1);
        self.selected = match action {
            Action::Up => self.selected.checked_sub(1).unwrap_or(last),
            Action::Down if self.selected >= last => 0,
            Action::Down => self.selected + 1,
            Action::PageUp => self.selected.saturating_sub(PAGE),
            Action::PageDown => (self.selected + PAGE).min(last),
            Action::First => 0,
            Action::Last => last,
            _ => return false,
        };
        true
    }

    /// Types into the filter line and selects the first match.
    pub fn key(&mut self, key: KeyPress) {
        if self.line.edit(key) {
            self.selected = 0;
        }
    }

    /// Scrolls so that the selection is visible.
    pub fn scroll(&mut self, rows: usize, count: usize) {
        self.selected = self.selected.min(count.saturating_sub(1));
        self.top = follow(self.top, self.selected, rows, count);
    }

    /// Returns true if a text contains every typed word.
    pub fn matches(&self, text: &str) -> bool {
        let text = fold(text);
        fold(self.line.value())
            .split_whitespace()
            .all(|word| text.contains(word))
    }
}

//! A list to choose from that typing narrows.

use super::action::Action;
use super::key::Key;
use super::layout::follow;
use super::line::Line;
use crate::text::fold::fold;

/// How many rows a page has when nobody says how many are seen.
const PAGE: usize = 8;

/// A list to choose from: what was typed, what is selected.
#[derive(Debug)]
pub struct Choices {
    /// What narrows the list.
    pub line: Line,
    /// Which of those left is selected.
    pub selected: usize,
    /// The first that is seen.
    pub top: usize,
}

impl Default for Choices {
    fn default() -> Self {
        Self {
            line: Line::text(""),
            selected: 0,
            top: 0,
        }
    }
}

impl Choices {
    /// Moves the selection among `count`; false when the action does not move.
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

    /// Types into what narrows the list; the first of those left is selected.
    pub fn key(&mut self, key: Key) {
        if self.line.edit(key) {
            self.selected = 0;
        }
    }

    /// Keeps the selection seen.
    pub fn scroll(&mut self, rows: usize, count: usize) {
        self.selected = self.selected.min(count.saturating_sub(1));
        self.top = follow(self.top, self.selected, rows, count);
    }

    /// Whether a text has every word that was typed.
    pub fn admits(&self, text: &str) -> bool {
        let text = fold(text);
        fold(self.line.value())
            .split_whitespace()
            .all(|word| text.contains(word))
    }
}

//! What both changed: who types, and somebody else meanwhile. For each field one of the two is chosen.

use super::action::Action;
use super::form::field::Place;
use super::layout::{Layout, follow};

/// Whose value a field shall have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// The one that was typed here.
    Mine,
    /// The one that was saved elsewhere.
    Theirs,
}

/// A field that both changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Conflict {
    /// Which.
    pub place: Place,
    /// What it is called.
    pub label: String,
    /// What was typed; of a secret only what became of it.
    pub mine: String,
    /// What was saved elsewhere; of a secret only what became of it.
    pub theirs: String,
    /// Which of the two it shall be.
    pub side: Side,
}

/// What both changed, on screen.
#[derive(Debug)]
pub struct Merge {
    /// The version of the others.
    pub version: u64,
    /// What both changed.
    pub conflicts: Vec<Conflict>,
    /// Which is selected.
    pub selected: usize,
    /// The first row that is seen.
    pub top: usize,
}

/// A row on screen; all but sentences have the number of their conflict.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Row {
    /// A sentence.
    Text(String),
    /// What a field is called.
    Label(usize, String),
    /// What one side says, and whether it is the one that was chosen.
    Value(usize, Side, bool, String),
}

impl Merge {
    /// What both changed, with what was typed chosen everywhere.
    pub const fn new(version: u64, conflicts: Vec<Conflict>) -> Self {
        Self {
            version,
            conflicts,
            selected: 0,
            top: 0,
        }
    }

    /// The others went on: what was chosen stays chosen where they say what they said.
    pub fn renew(&mut self, version: u64, mut conflicts: Vec<Conflict>) {
        for conflict in &mut conflicts {
            let before = self.conflicts.iter();
            let mut same =
                before.filter(|old| old.place == conflict.place && old.theirs == conflict.theirs);
            if let Some(old) = same.next() {
                conflict.side = old.side;
            }
        }
        self.version = version;
        self.conflicts = conflicts;
        self.selected = self.selected.min(self.conflicts.len().saturating_sub(1));
    }

    /// Chooses a side for the field that is selected.
    pub fn choose(&mut self, side: Side) {
        if let Some(conflict) = self.conflicts.get_mut(self.selected) {
            conflict.side = side;
        }
    }

    /// Selects what a row is about, and chooses the side that stands in it.
    pub fn point_at(&mut self, row: &Row) {
        match row {
            Row::Text(_) => {}
            Row::Label(at, _) => self.selected = *at,
            Row::Value(at, side, ..) => {
                self.selected = *at;
                self.choose(*side);
            }
        }
    }

    /// What stands over it.
    pub fn title(&self) -> String {
        format!("Merge conflicts with v{}", self.version)
    }

    /// All rows: one answer for drawing, scrolling and the mouse.
    pub fn rows(&self) -> Vec<Row> {
        let mut rows = vec![
            Row::Text("Choose the values to save:".into()),
            Row::Text(String::new()),
        ];
        for (at, conflict) in self.conflicts.iter().enumerate() {
            rows.push(Row::Label(at, conflict.label.clone()));
            for (side, text) in [
                (Side::Mine, &conflict.mine),
                (Side::Theirs, &conflict.theirs),
            ] {
                rows.push(Row::Value(at, side, conflict.side == side, text.clone()));
            }
        }
        rows
    }

    /// Moves the selection.
    pub fn go(&mut self, action: Action) {
        let last = self.conflicts.len().saturating_sub(1);
        self.selected = match action {
            Action::Up | Action::PageUp => self.selected.saturating_sub(1),
            Action::Down | Action::PageDown => self.selected + 1,
            Action::First => 0,
            Action::Last => last,
            _ => self.selected,
        }
        .min(last);
    }

    /// Keeps the selected field seen, with both its values.
    pub fn scroll(&mut self, layout: Layout) {
        let rows = self.rows();
        let is_selected = |row: &Row| match row {
            Row::Text(_) => false,
            Row::Label(at, _) | Row::Value(at, ..) => *at == self.selected,
        };
        let first = rows.iter().position(is_selected).unwrap_or(0);
        let last = rows.iter().rposition(is_selected).unwrap_or(0);
        // The sentence above comes back with the first field.
        let first = if self.selected == 0 { 0 } else { first };
        let height = layout.reading_text(rows.len()).height.into();
        let top = follow(self.top, last, height, rows.len());
        self.top = follow(top, first, height, rows.len());
    }
}

//! Dialog for merge conflicts: one side is chosen for each field.

use super::action::Action;
use super::form::field::Place;
use super::layout::{Layout, follow};

/// Side of a merge conflict.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// Value typed here.
    Mine,
    /// Value saved by others.
    Theirs,
}

/// Field with a merge conflict.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Conflict {
    /// ID of the field.
    pub place: Place,
    /// Label of the field.
    pub label: String,
    /// Value typed here; for a secret its state.
    pub mine: String,
    /// Value saved by others; for a secret its state.
    pub theirs: String,
    /// Chosen side.
    pub side: Side,
}

/// Dialog for merge conflicts.
#[derive(Debug)]
pub struct Merge {
    /// Version of the others.
    pub version: u64,
    /// Conflicts in the order of the fields.
    pub conflicts: Vec<Conflict>,
    /// Index of the selected conflict.
    pub selected: usize,
    /// First visible row.
    pub top: usize,
}

/// Row of the dialog; all but texts have the index of their conflict.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Row {
    /// Text.
    Text(String),
    /// Label of a field.
    Label(usize, String),
    /// Value of a side, and whether it is chosen.
    Value(usize, Side, bool, String),
}

impl Merge {
    /// Creates the dialog with the typed value chosen for every conflict.
    pub const fn new(version: u64, conflicts: Vec<Conflict>) -> Self {
        Self {
            version,
            conflicts,
            selected: 0,
            top: 0,
        }
    }

    /// Updates the dialog to a newer version; choices stay where their value is unchanged.
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

    /// Chooses a side for the selected conflict.
    pub fn choose(&mut self, side: Side) {
        if let Some(conflict) = self.conflicts.get_mut(self.selected) {
            conflict.side = side;
        }
    }

    /// Selects the conflict of a row, and chooses the side in it.
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

    /// Title of the dialog.
    pub fn title(&self) -> String {
        format!("Merge conflicts with v{}", self.version)
    }

    /// All rows, used for drawing, scrolling and the mouse.
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

    /// Keeps the selected conflict visible, with both its values.
    pub fn scroll(&mut self, layout: Layout) {
        let rows = self.rows();
        let is_selected = |row: &Row| match row {
            Row::Text(_) => false,
            Row::Label(at, _) | Row::Value(at, ..) => *at == self.selected,
        };
        let first = rows.iter().position(is_selected).unwrap_or(0);
        let last = rows.iter().rposition(is_selected).unwrap_or(0);
        // With the first conflict, the text above it is shown, too.
        let first = if self.selected == 0 { 0 } else { first };
        let height = layout.reading_text(rows.len()).height.into();
        let top = follow(self.top, last, height, rows.len());
        self.top = follow(top, first, height, rows.len());
    }
}

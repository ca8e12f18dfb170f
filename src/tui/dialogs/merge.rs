//! Dialog for merge conflicts: one side is chosen for each field.

use crate::tui::action::Action;
use crate::tui::form::field::FieldTarget;
use crate::tui::layout::{ScreenLayout, follow};

/// Side of a merge conflict.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MergeSide {
    /// Value typed here.
    Mine,
    /// Value saved by others.
    Theirs,
}

/// Field with a merge conflict.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MergeConflict {
    /// ID of the field.
    pub target: FieldTarget,
    /// Label of the field.
    pub label: String,
    /// Value typed here; for a secret its state.
    pub mine: String,
    /// Value saved by others; for a secret its state.
    pub theirs: String,
    /// Chosen side.
    pub side: MergeSide,
}

/// Dialog for merge conflicts.
#[derive(Debug)]
pub struct MergeDialog {
    /// Version of the others.
    pub version: u64,
    /// Conflicts in the order of the fields.
    pub conflicts: Vec<MergeConflict>,
    /// Index of the selected conflict.
    pub selected: usize,
    /// First visible row.
    pub top: usize,
}

/// Row of the dialog; all but texts have the index of their conflict.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MergeRow {
    /// Text.
    Text(String),
    /// Label of a field.
    Label(usize, String),
    /// Value of a side, and whether it is chosen.
    Value(usize, MergeSide, bool, String),
}

impl MergeDialog {
    /// Creates the dialog with the typed value chosen for every conflict.
    pub const fn new(version: u64, conflicts: Vec<MergeConflict>) -> Self {
        Self {
            version,
            conflicts,
            selected: 0,
            top: 0,
        }
    }

    /// Updates the dialog to a newer version; choices stay where their value is unchanged.
    pub fn renew(&mut self, version: u64, mut conflicts: Vec<MergeConflict>) {
        for conflict in &mut conflicts {
            let before = self.conflicts.iter();
            let mut same =
                before.filter(|old| old.target == conflict.target && old.theirs == conflict.theirs);
            if let Some(old) = same.next() {
                conflict.side = old.side;
            }
        }
        self.version = version;
        self.conflicts = conflicts;
        self.selected = self.selected.min(self.conflicts.len().saturating_sub(1));
    }

    /// Chooses a side for the selected conflict.
    pub fn choose(&mut self, side: MergeSide) {
        if let Some(conflict) = self.conflicts.get_mut(self.selected) {
            conflict.side = side;
        }
    }

    /// Selects the conflict of a row, and chooses the side in it.
    pub fn point_at(&mut self, row: &MergeRow) {
        match row {
            MergeRow::Text(_) => {}
            MergeRow::Label(at, _) => self.selected = *at,
            MergeRow::Value(at, side, ..) => {
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
    pub fn rows(&self) -> Vec<MergeRow> {
        let mut rows = vec![
            MergeRow::Text("Choose the values to save:".into()),
            MergeRow::Text(String::new()),
        ];
        for (at, conflict) in self.conflicts.iter().enumerate() {
            rows.push(MergeRow::Label(at, conflict.label.clone()));
            for (side, text) in [
                (MergeSide::Mine, &conflict.mine),
                (MergeSide::Theirs, &conflict.theirs),
            ] {
                rows.push(MergeRow::Value(
                    at,
                    side,
                    conflict.side == side,
                    text.clone(),
                ));
            }
        }
        rows
    }

    /// Moves the selection.
    pub fn act(&mut self, action: Action) {
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
    pub fn scroll(&mut self, layout: ScreenLayout) {
        let rows = self.rows();
        let is_selected = |row: &MergeRow| match row {
            MergeRow::Text(_) => false,
            MergeRow::Label(at, _) | MergeRow::Value(at, ..) => *at == self.selected,
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

//! Dialog for merge conflicts: one side is chosen for each field.

use crate::tui::action::{Action, KeyContext};
use crate::tui::dialog::{
    Dialog, DialogContext, DialogModel, DialogOutcome, Row, Rows, Spoken, TextEntries, Tone,
};
use crate::tui::form::field::FieldId;
use crate::tui::select_list::Cursor;
use crate::tui::text_width::cut;

/// Lines above the conflicts.
const HEAD: usize = 2;

/// Lines of a conflict: its label and both values.
const LINES: usize = 3;

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
    pub id: FieldId,
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
    /// Selection and scroll position.
    pub cursor: Cursor,
}

impl MergeDialog {
    /// Creates the dialog with the typed value chosen for every conflict.
    pub const fn new(version: u64, conflicts: Vec<MergeConflict>) -> Self {
        Self {
            version,
            conflicts,
            cursor: Cursor {
                selected: 0,
                top: 0,
            },
        }
    }

    /// Updates the dialog to a newer version; choices stay where their value is unchanged.
    pub fn renew(&mut self, version: u64, mut conflicts: Vec<MergeConflict>) {
        for conflict in &mut conflicts {
            let before = self.conflicts.iter();
            let mut same =
                before.filter(|old| old.id == conflict.id && old.theirs == conflict.theirs);
            if let Some(old) = same.next() {
                conflict.side = old.side;
            }
        }
        self.version = version;
        self.conflicts = conflicts;
        let last = self.conflicts.len().saturating_sub(1);
        self.cursor.selected = self.cursor.selected.min(last);
    }

    /// Chooses a side for the selected conflict.
    fn choose(&mut self, side: MergeSide) {
        if let Some(conflict) = self.conflicts.get_mut(self.cursor.selected) {
            conflict.side = side;
        }
    }

    fn title(&self) -> String {
        format!("Merge conflicts with v{}", self.version)
    }

    fn rows(&self, width: u16) -> Vec<Row> {
        let mut rows = vec![
            Row::text("Choose the values to save:", Tone::Dim),
            Row::default(),
        ];
        for (at, conflict) in self.conflicts.iter().enumerate() {
            let (mark, tone) = if at == self.cursor.selected {
                ("▸ ", Tone::LabelFocus)
            } else {
                ("  ", Tone::Label)
            };
            let label = (conflict.label.clone(), tone);
            rows.push(Row::parts(vec![(mark.to_owned(), Tone::Key), label]));
            rows.push(conflict.row(MergeSide::Mine, width));
            rows.push(conflict.row(MergeSide::Theirs, width));
        }
        rows
    }
}

impl MergeConflict {
    /// Row with the value of a side.
    fn row(&self, side: MergeSide, width: u16) -> Row {
        let (whose, value) = match side {
            MergeSide::Mine => ("mine    ", &self.mine),
            MergeSide::Theirs => ("theirs  ", &self.theirs),
        };
        let (mark, tone) = if side == self.side {
            ("  (•) ", Tone::Text)
        } else {
            ("  ( ) ", Tone::Dim)
        };
        let room = usize::from(width).saturating_sub(mark.len() + whose.len());
        Row::parts(vec![
            (mark.to_owned(), Tone::Key),
            (whose.to_owned(), Tone::Dim),
            (cut(value, room), tone),
        ])
    }

    fn sentence(&self) -> String {
        let Self {
            label,
            mine,
            theirs,
            side,
            ..
        } = self;
        let side = match side {
            MergeSide::Mine => "mine",
            MergeSide::Theirs => "theirs",
        };
        format!("{label}: mine is {mine}, theirs is {theirs}, {side} is chosen")
    }
}

impl Dialog for MergeDialog {
    fn context(&self) -> KeyContext {
        KeyContext::Merge
    }

    fn model<'a>(&'a self, cx: &DialogContext<'a>) -> DialogModel<'a> {
        let rows = self.rows(cx.reading_width());
        let frame = cx.reading_frame(rows.len());
        let first = HEAD + LINES * self.cursor.selected;
        let last = (first + LINES).min(rows.len());
        // With the first conflict, the text above it is shown, too.
        let first = if self.cursor.selected == 0 { 0 } else { first };
        let entries = TextEntries {
            count: self.conflicts.len(),
            selected: first..last,
        };
        DialogModel {
            rows: Rows::Text(rows, Some(entries)),
            cursor: self.cursor,
            ..DialogModel::new(self.title(), frame)
        }
    }

    fn spoken(&self, _cx: &DialogContext<'_>) -> Spoken {
        Spoken {
            entries: Some(self.conflicts.iter().map(MergeConflict::sentence).collect()),
            ..Spoken::list(format!(
                "{}. Enter a number to select a field, mine or theirs to choose its value, then save.",
                self.title()
            ))
        }
    }

    fn act(&mut self, action: Action, _cx: &DialogContext<'_>) -> DialogOutcome {
        match action {
            Action::KeepMine => self.choose(MergeSide::Mine),
            Action::TakeTheirs => self.choose(MergeSide::Theirs),
            Action::Back => return DialogOutcome::Close,
            Action::Save => {
                let conflicts = self.conflicts.clone();
                return DialogOutcome::All(vec![
                    DialogOutcome::Close,
                    DialogOutcome::edit_form(move |form, _| {
                        form.resolve(&conflicts);
                        None
                    }),
                    DialogOutcome::Act(Action::Save),
                ]);
            }
            _ => {}
        }
        DialogOutcome::Stay
    }

    fn cursor_mut(&mut self) -> Option<&mut Cursor> {
        Some(&mut self.cursor)
    }

    /// Selects the conflict of a line, and chooses the side in it.
    fn click_line(&mut self, line: usize, _cx: &DialogContext<'_>) {
        let Some(at) = line.checked_sub(HEAD) else {
            return;
        };
        self.cursor.selected = at / LINES;
        match at % LINES {
            1 => self.choose(MergeSide::Mine),
            2 => self.choose(MergeSide::Theirs),
            _ => {}
        }
    }
}

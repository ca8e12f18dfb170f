//! Word-by-word comparison of two versions of a connection; secrets are only reported as changed.

use unicode_segmentation::UnicodeSegmentation;
use uuid::Uuid;

use crate::connection::{ChangeType, Difference, MaskedSecret, VersionComparison};
use crate::provider::Provider;
use crate::tui::action::Action;
use crate::tui::effect::Ticket;
use crate::tui::history::label;
use crate::tui::layout::{ScreenLayout, follow};
use crate::tui::text_width::{safe, width, wrap};
use crate::tui::word_diff::{self, WordDiffPart};

/// Columns before a value, for the sign of the side.
const MARK: usize = 4;

/// Comparison dialog.
#[derive(Debug)]
pub struct VersionDiff {
    /// ID of the connection.
    pub id: Uuid,
    /// Older version.
    pub from: u64,
    /// Newer version.
    pub to: u64,
    /// True if the newer version is the current one.
    pub is_to_current: bool,
    /// Ticket of the pending request; `None` after the reply.
    pub ticket: Option<Ticket>,
    /// Differences, or the error.
    pub comparison: Option<Result<Vec<ChangedValue>, String>>,
    /// Index of the selected difference.
    pub selected: usize,
    /// First visible row.
    pub top: usize,
}

/// Changed value.
#[derive(Debug, Clone, PartialEq)]
pub struct ChangedValue {
    /// Label in the form.
    pub label: String,
    /// Difference.
    pub kind: DiffKind,
    /// Difference as returned by the service.
    pub difference: Difference,
}

/// Side of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DiffSide {
    /// First row of the old value.
    Old,
    /// First row of the new value.
    New,
    /// Continuation of the row above.
    Continuation,
}

/// Piece of a row: its text, true if the other side lacks it, and true for the new side.
pub type DiffPiece = (String, bool, bool);

/// Row of a comparison, with the index of its difference.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DiffRow {
    /// Text.
    Text(String),
    /// Label of a difference.
    Label(usize, String),
    /// Old or new value.
    Value(usize, DiffSide, Vec<DiffPiece>),
}

/// Kind of a difference.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DiffKind {
    /// Secret: only the kind of change.
    Secret(&'static str),
    /// Parts of the old and the new value; `None` if not set.
    Text(Option<Vec<WordDiffPart>>, Option<Vec<WordDiffPart>>),
}

impl VersionDiff {
    /// Creates the dialog of a requested comparison.
    pub fn new(id: Uuid, (from, to): (u64, u64), is_to_current: bool, ticket: Ticket) -> Self {
        Self {
            id,
            from,
            to,
            is_to_current,
            ticket: Some(ticket),
            comparison: None,
            selected: 0,
            top: 0,
        }
    }

    /// Returns the title.
    pub fn title(&self) -> String {
        let Self { from, to, .. } = self;
        if self.is_to_current {
            format!("Compare v{from} to Current (v{to})")
        } else {
            format!("Compare v{from} to v{to}")
        }
    }

    /// Sets the result.
    pub fn done(&mut self, found: Result<VersionComparison, String>, provider: Option<&Provider>) {
        self.ticket = None;
        let changes = found.map(|comparison| comparison.changes.into_iter());
        self.comparison = Some(changes.map(|changes| {
            changes
                .map(|difference| ChangedValue::new(difference, provider))
                .collect()
        }));
    }

    /// Returns the differences, empty until they are loaded.
    pub fn changes(&self) -> &[ChangedValue] {
        match &self.comparison {
            Some(Ok(changes)) => changes,
            Some(Err(_)) | None => &[],
        }
    }

    /// Returns the selected difference.
    pub fn selected(&self) -> Option<&ChangedValue> {
        self.changes().get(self.selected)
    }

    /// Returns all rows at a width, for drawing and scrolling.
    pub fn rows(&self, width: u16) -> Vec<DiffRow> {
        let text = match &self.comparison {
            None => "Comparing…",
            Some(Err(problem)) => problem,
            Some(Ok(changes)) if changes.is_empty() => "No changes detected",
            Some(Ok(_)) => "",
        };
        let mut rows: Vec<DiffRow> = wrap(text, width.into())
            .into_iter()
            .map(DiffRow::Text)
            .collect();
        for (at, changed) in self.changes().iter().enumerate() {
            match &changed.kind {
                DiffKind::Secret(what) => {
                    rows.push(DiffRow::Label(at, format!("{}: {what}", changed.label)));
                }
                DiffKind::Text(old, new) => {
                    rows.push(DiffRow::Label(at, changed.label.clone()));
                    let room = usize::from(width).saturating_sub(MARK);
                    rows.extend(side(at, old.as_deref(), DiffSide::Old, room));
                    rows.extend(side(at, new.as_deref(), DiffSide::New, room));
                }
            }
            rows.push(DiffRow::Text(String::new()));
        }
        rows
    }

    /// Scrolls so that the selected difference is visible.
    pub fn scroll(&mut self, layout: ScreenLayout) {
        let rows = self.rows(layout.reading_width());
        let is_selected = |row: &DiffRow| match row {
            DiffRow::Text(_) => false,
            DiffRow::Label(at, _) | DiffRow::Value(at, ..) => *at == self.selected,
        };
        let first = rows.iter().position(is_selected).unwrap_or(0);
        let last = rows.iter().rposition(is_selected).unwrap_or(0);
        let height = layout.reading_text(rows.len()).height.into();
        let top = follow(self.top, last, height, rows.len());
        self.top = follow(top, first, height, rows.len());
    }

    /// Moves the selection.
    pub fn act(&mut self, action: Action) {
        let last = self.changes().len().saturating_sub(1);
        self.selected = match action {
            Action::Up | Action::PageUp => self.selected.saturating_sub(1),
            Action::Down | Action::PageDown => self.selected + 1,
            Action::First => 0,
            Action::Last => last,
            _ => self.selected,
        }
        .min(last);
    }
}

impl ChangedValue {
    fn new(difference: Difference, provider: Option<&Provider>) -> Self {
        let path = &difference.path;
        let (old, new) = (
            text(path, difference.from_value.as_ref()),
            text(path, difference.to_value.as_ref()),
        );
        let is_mask = |text: &Option<String>| {
            text.as_deref()
                .is_some_and(|text| MaskedSecret::read(text).is_some())
        };
        let key = difference.path.strip_prefix("settings.");
        let field = key.and_then(|key| provider?.field(key));
        // A text that looks like a mask is a secret only if the provider declares the setting as secret.
        let is_secret = field.is_none_or(|field| field.sensitive)
            && key.is_some()
            && (is_mask(&old) || is_mask(&new));
        let kind = if is_secret {
            DiffKind::Secret(match difference.change_type {
                ChangeType::Added => "set",
                ChangeType::Removed => "cleared",
                ChangeType::Modified if !is_mask(&new) && new.is_none() => "cleared",
                ChangeType::Modified if !is_mask(&old) && old.is_none() => "set",
                ChangeType::Modified => "changed",
            })
        } else {
            match (old, new) {
                (Some(old), Some(new)) => {
                    let (old, new) = word_diff::compare(&old, &new);
                    DiffKind::Text(Some(old), Some(new))
                }
                (old, new) => DiffKind::Text(old.map(all_changed), new.map(all_changed)),
            }
        };
        Self {
            label: label(&difference.path, provider),
            kind,
            difference,
        }
    }
}

/// Returns the rows of one side; an unset value has one row with that text.
fn side(at: usize, parts: Option<&[WordDiffPart]>, side: DiffSide, room: usize) -> Vec<DiffRow> {
    let is_new = side == DiffSide::New;
    let Some(parts) = parts else {
        let unset = vec![("not set".to_owned(), false, is_new)];
        return vec![DiffRow::Value(at, side, unset)];
    };
    let mut rows = Vec::new();
    let mut row: Vec<DiffPiece> = Vec::new();
    let mut used = 0;
    for part in parts {
        let mut piece = String::new();
        for letter in safe(&part.text).graphemes(true) {
            let wide = width(letter);
            if used + wide > room && used > 0 {
                row.push((std::mem::take(&mut piece), part.is_other, is_new));
                rows.push(std::mem::take(&mut row));
                used = 0;
            }
            piece.push_str(letter);
            used += wide;
        }
        row.push((piece, part.is_other, is_new));
    }
    rows.push(row);
    let sides = std::iter::once(side).chain(std::iter::repeat(DiffSide::Continuation));
    let rows = sides.zip(rows);
    rows.map(|(side, row)| DiffRow::Value(at, side, row))
        .collect()
}

fn all_changed(text: String) -> Vec<WordDiffPart> {
    vec![WordDiffPart {
        text,
        is_other: true,
    }]
}

/// Returns the display text of a value, `None` if not set.
fn text(path: &str, value: Option<&serde_json::Value>) -> Option<String> {
    match value? {
        serde_json::Value::Bool(true) if path == "isActive" => Some("Active".into()),
        serde_json::Value::Bool(false) if path == "isActive" => Some("Inactive".into()),
        serde_json::Value::Null => None,
        serde_json::Value::Bool(true) => Some("on".into()),
        serde_json::Value::Bool(false) => Some("off".into()),
        serde_json::Value::String(text) => Some(text.clone()),
        other => Some(other.to_string()),
    }
}

//! Word-by-word comparison of two versions of a connection; secrets are only reported as changed.

use unicode_segmentation::UnicodeSegmentation;
use uuid::Uuid;

use crate::connection::{ChangeType, Difference, MaskedSecret, VersionComparison};
use crate::provider::Provider;
use crate::tui::action::{Action, KeyContext};
use crate::tui::dialog::{
    Dialog, DialogContext, DialogModel, DialogOutcome, Part, Row, Rows, Spoken, TextEntries, Tone,
    failure,
};
use crate::tui::dialogs::confirm::ConfirmDialog;
use crate::tui::effect::{ServiceReply, Ticket};
use crate::tui::history::label;
use crate::tui::notice::Notice;
use crate::tui::select_list::Cursor;
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
    ticket: Option<Ticket>,
    /// Differences, or the error.
    pub comparison: Option<Result<Vec<ChangedValue>, String>>,
    /// Selection and scroll position.
    cursor: Cursor,
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
            cursor: Cursor::default(),
        }
    }

    /// Returns the title.
    fn title(&self) -> String {
        let Self { from, to, .. } = self;
        if self.is_to_current {
            format!("Compare v{from} to Current (v{to})")
        } else {
            format!("Compare v{from} to v{to}")
        }
    }

    /// Returns the differences, empty until they are loaded.
    fn changes(&self) -> &[ChangedValue] {
        match &self.comparison {
            Some(Ok(changes)) => changes,
            Some(Err(_)) | None => &[],
        }
    }

    /// Returns the selected difference.
    pub fn selected(&self) -> Option<&ChangedValue> {
        self.changes().get(self.cursor.selected)
    }

    /// Returns all rows at a width, and those of the selected difference.
    fn rows(&self, width: u16) -> (Vec<Row>, TextEntries) {
        let text = match &self.comparison {
            None => "Comparing…",
            Some(Err(problem)) => problem,
            Some(Ok(changes)) if changes.is_empty() => "No changes detected",
            Some(Ok(_)) => "",
        };
        let text = wrap(text, width.into()).into_iter();
        let mut rows: Vec<Row> = text.map(|line| Row::text(line, Tone::Dim)).collect();
        let mut selected = 0..1;
        let room = usize::from(width).saturating_sub(MARK);
        for (at, changed) in self.changes().iter().enumerate() {
            let first = rows.len();
            let is_selected = at == self.cursor.selected;
            rows.extend(changed.rows(is_selected, room));
            if is_selected {
                selected = first..rows.len();
            }
            rows.push(Row::default());
        }
        let entries = TextEntries {
            count: self.changes().len(),
            selected,
        };
        (rows, entries)
    }

    /// Asks to roll the selected field back.
    fn confirm_field_roll_back(&self, cx: &DialogContext<'_>) -> DialogOutcome {
        match self.selected() {
            None => DialogOutcome::Stay,
            // Its values are for display: masked, shortened or described.
            Some(_) if !cx.features.version_snapshots => DialogOutcome::Notify(Notice::info(
                "This site keeps no values of old versions; roll back the whole version",
            )),
            Some(changed) if matches!(changed.kind, DiffKind::Secret(_)) => DialogOutcome::Notify(
                Notice::info("The history contains no secrets; they cannot be rolled back"),
            ),
            Some(changed) => {
                let confirm = ConfirmDialog::roll_back_field(self.id, self.from, &changed.label);
                DialogOutcome::Open(confirm.into())
            }
        }
    }
}

impl Dialog for VersionDiff {
    fn context(&self) -> KeyContext {
        KeyContext::Compare
    }

    fn model<'a>(&'a self, cx: &DialogContext<'a>) -> DialogModel<'a> {
        let (rows, entries) = self.rows(cx.reading_width());
        let frame = cx.reading_frame(rows.len());
        DialogModel {
            rows: Rows::Text(rows, Some(entries)),
            cursor: self.cursor,
            ..DialogModel::new(self.title(), frame)
        }
    }

    fn spoken(&self, _cx: &DialogContext<'_>) -> Spoken {
        let line = match &self.comparison {
            None => "Loading the comparison".to_owned(),
            Some(Err(problem)) => format!("Error: {problem}"),
            Some(Ok(changes)) if changes.is_empty() => "No changes detected".to_owned(),
            Some(Ok(changes)) => {
                return Spoken {
                    entries: Some(changes.iter().map(ChangedValue::sentence).collect()),
                    ..Spoken::list(self.title())
                };
            }
        };
        Spoken::text(self.title(), vec![line])
    }

    fn act(&mut self, action: Action, cx: &DialogContext<'_>) -> DialogOutcome {
        match action {
            Action::Back => DialogOutcome::Close,
            Action::RollBack if self.comparison.is_some() => {
                let name = cx.tree.item(self.id).map_or("", |item| item.name());
                let confirm = ConfirmDialog::roll_back(self.id, self.from, name, cx.features);
                DialogOutcome::Open(confirm.into())
            }
            Action::RollBackField => self.confirm_field_roll_back(cx),
            _ => DialogOutcome::Stay,
        }
    }

    fn cursor_mut(&mut self) -> Option<&mut Cursor> {
        Some(&mut self.cursor)
    }

    fn ticket(&self) -> Option<Ticket> {
        self.ticket
    }

    fn reply(&mut self, reply: ServiceReply, cx: &DialogContext<'_>) -> DialogOutcome {
        self.ticket = None;
        let found: Result<VersionComparison, String> = match reply {
            ServiceReply::Compared(found) => {
                found.map(|found| *found).map_err(|error| error.to_string())
            }
            other => Err(failure(other)),
        };
        let item = cx.tree.item(self.id);
        let provider = item.and_then(|item| cx.catalog.get(&item.provider));
        let changes = found.map(|comparison| comparison.changes.into_iter());
        self.comparison = Some(changes.map(|changes| {
            changes
                .map(|difference| ChangedValue::new(difference, provider))
                .collect()
        }));
        DialogOutcome::Stay
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

    /// Label and both values, with this width for a value.
    fn rows(&self, is_selected: bool, room: usize) -> Vec<Row> {
        let (mark, tone) = if is_selected {
            ("▸ ", Tone::LabelFocus)
        } else {
            ("  ", Tone::Label)
        };
        let (label, values) = match &self.kind {
            DiffKind::Secret(what) => (format!("{}: {what}", self.label), Vec::new()),
            DiffKind::Text(old, new) => {
                let old = side(old.as_deref(), ("  − ", Tone::Removed), room);
                let new = side(new.as_deref(), ("  + ", Tone::Added), room);
                (self.label.clone(), old.into_iter().chain(new).collect())
            }
        };
        let mut rows = vec![Row::parts(vec![
            (mark.to_owned(), Tone::Key),
            (label, tone),
        ])];
        rows.extend(values);
        rows
    }

    /// Difference in one sentence.
    fn sentence(&self) -> String {
        let text = |parts: &Option<Vec<WordDiffPart>>| match parts {
            None => "not set".to_owned(),
            Some(parts) => parts.iter().map(|part| part.text.as_str()).collect(),
        };
        match &self.kind {
            DiffKind::Secret(what) => format!("{}: {what}", self.label),
            DiffKind::Text(old, new) => {
                format!("{}: was {}, is {}", self.label, text(old), text(new))
            }
        }
    }
}

/// Returns the rows of one side, whose first row has a sign and whose own words have its tone; an unset value has one row
/// with that text.
fn side(parts: Option<&[WordDiffPart]>, (sign, tone): (&str, Tone), room: usize) -> Vec<Row> {
    let Some(parts) = parts else {
        let unset = ("not set".to_owned(), Tone::Text);
        return vec![Row::parts(vec![(sign.to_owned(), tone), unset])];
    };
    let mut rows = Vec::new();
    let mut row: Vec<Part> = vec![(sign.to_owned(), tone)];
    let mut used = 0;
    for part in parts {
        let own = if part.is_other { tone } else { Tone::Text };
        let mut piece = String::new();
        for letter in safe(&part.text).graphemes(true) {
            let wide = width(letter);
            if used + wide > room && used > 0 {
                row.push((std::mem::take(&mut piece), own));
                rows.push(Row::parts(std::mem::take(&mut row)));
                row.push((" ".repeat(MARK), Tone::Dim));
                used = 0;
            }
            piece.push_str(letter);
            used += wide;
        }
        row.push((piece, own));
    }
    rows.push(Row::parts(row));
    rows
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

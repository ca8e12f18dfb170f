//! Value that differs between two versions of a connection, word by word; secrets are only reported as changed.

use unicode_segmentation::UnicodeSegmentation;

use crate::connection::{ChangeType, Difference, MaskedSecret};
use crate::provider::Provider;
use crate::tui::dialog::{Part, Row, Tone};
use crate::tui::history::label;
use crate::tui::text_width::{safe, width};
use crate::tui::word_diff::{self, WordDiffPart};

/// Columns before a value, for the sign of the side.
pub const MARK: usize = 4;

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

impl ChangedValue {
    /// Reads a difference; its provider says which settings are secret.
    pub fn new(difference: Difference, provider: Option<&Provider>) -> Self {
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
    pub fn rows(&self, is_selected: bool, room: usize) -> Vec<Row> {
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
    pub fn sentence(&self) -> String {
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

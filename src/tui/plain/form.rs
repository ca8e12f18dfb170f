//! Sentences about a form: the focused field, its value and notes; after a refused save all errors.

use super::text::{count, replace_symbol};
use crate::tui::action::KeyContext;
use crate::tui::dialog::Spoken;
use crate::tui::form::field::{FieldId, FieldValue, FormField};
use crate::tui::form::layout::{self, MessagePlace, RowContent};
use crate::tui::form::{Form, FormSubject};
use crate::tui::keymap::with_names;

/// Sentences about the open list of configuration keys.
pub fn keys(form: &Form) -> Spoken {
    let entries = form.matching_configuration_keys().into_iter();
    Spoken {
        intro: form.configuration_keys_message().into_iter().collect(),
        entries: Some(
            entries
                .map(|key| format!("{}, from {}", key.key, key.source))
                .collect(),
        ),
        hides_selection: true,
        ..Spoken::list(
            "Configuration keys: enter a number to choose, text to filter, :back to close.",
        )
    }
}

/// Sentences about the fields.
pub fn fields(form: &Form, save: &str) -> Spoken {
    let place = match &form.subject {
        FormSubject::New => format!(
            "Create Connection, {}. Enter a value, or an empty line to keep it; :save saves, :back closes, ? shows help.",
            form.provider.name
        ),
        FormSubject::Copy { name, .. } => format!(
            "Copy of {name}, {}. Enter a value, or an empty line to keep it; :save saves, :back closes, ? shows help.",
            form.provider.name
        ),
        FormSubject::Stored { name, .. } => format!(
            "Edit {name}, {}. Enter a value, or an empty line to keep it; :save saves, :back closes, ? shows help.",
            form.provider.name
        ),
    };
    let mut body: Vec<String> = form
        .remote_change_note(save)
        .into_iter()
        .map(|value| format!("Warning: {value}"))
        .collect();
    body.extend(errors(form));
    let mut here = Vec::new();
    if form.saving.is_some() {
        here.push("Saving".to_owned());
    } else if let Some(focused) = form.fields.get(form.focus) {
        let shown = form.visible_fields();
        let at = shown.iter().filter(|at| **at <= form.focus).count();
        let all = shown.len();
        here.push(format!("{at} of {all}: {}", field(focused)));
        here.extend(notes(form, form.focus));
    }
    let entries = form.visible_fields().into_iter();
    let entries = entries.filter_map(|at| form.fields.get(at));
    Spoken {
        entries: Some(entries.map(field).collect()),
        remarks: here,
        ..Spoken::text(place, body)
    }
}

/// All errors, after a tried save.
fn errors(form: &Form) -> Vec<String> {
    let fields = form.fields.iter().enumerate();
    let invalid: Vec<_> = fields.filter(|(_, field)| form.has_error(field)).collect();
    if invalid.is_empty() {
        return Vec::new();
    }
    let mut lines = vec![format!("{} with an error:", count(invalid.len(), "field"))];
    for (at, field) in invalid {
        let reason = field.error.clone();
        let reason = reason.or_else(|| notes(form, at).into_iter().next());
        let reason = reason.unwrap_or_default();
        let reason = reason.strip_prefix("Error: ").unwrap_or(&reason);
        lines.push(format!("{}: {reason}", field.label));
    }
    lines
}

/// Notes about a field.
fn notes(form: &Form, at: usize) -> Vec<String> {
    let commands =
        |note: &str| with_names(note, KeyContext::Form, |entry| format!(":{}", entry.id));
    let rows = layout::rows(form, u16::MAX, (MessagePlace::BelowField, &commands));
    let notes = rows.into_iter().filter(|row| row.field == Some(at));
    notes
        .filter_map(|row| match row.content {
            RowContent::Message(_, text) => Some(replace_symbol(&text)),
            _ => None,
        })
        .collect()
}

/// Label and value of a field.
fn field(field: &FormField) -> String {
    let required = if field.is_required { ", required" } else { "" };
    let default = if field.is_default() {
        ", the default"
    } else {
        ""
    };
    let label = &field.label;
    match &field.value {
        FieldValue::Text(line) if line.is_empty() => match field.placeholder {
            "" => format!("{label}{required}: empty"),
            hint => format!("{label}{required}: empty. {hint}"),
        },
        FieldValue::Text(_) if field.has_stray_key() => {
            format!("{label}{required}: typed, not shown")
        }
        FieldValue::Text(line) => format!("{label}{required}: {}{default}", line.value()),
        FieldValue::Secret(secret) => {
            let value = if field.reference().is_some() {
                secret.input.value()
            } else if !secret.input.is_empty() {
                "typed, not shown"
            } else if secret.is_cleared {
                "will be removed"
            } else if secret.stored.is_some() {
                "stored"
            } else {
                "empty"
            };
            format!("{label}{required}, secret: {value}")
        }
        FieldValue::Switch(on) => {
            let value = match (&field.id, on) {
                (FieldId::Status, true) => "Active",
                (FieldId::Status, false) => "Inactive",
                (_, true) => "on",
                (_, false) => "off",
            };
            format!("{label}: {value}. Enter on or off")
        }
        FieldValue::Choice { options, at } => {
            let chosen = at.and_then(|at| options.get(at));
            let chosen = chosen.map_or("none chosen", String::as_str);
            let options = options.join(", ");
            format!("{label}{required}: {chosen}{default}. One of {options}")
        }
    }
}

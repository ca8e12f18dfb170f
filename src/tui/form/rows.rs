//! Rows of a form at a width, used for drawing, scrolling and the mouse.

use super::field::{Field, Place, Value};
use super::{AliasCheck, Form};
use crate::appsettings::Lookup;
use crate::tui::fit::{self, wrap};
use crate::tui::line::Line;

/// Content of a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Shows {
    /// Heading of a group.
    Heading(String),
    /// Label of a field.
    Label,
    /// Label and input of a field.
    LabelAndInput,
    /// Input of a field.
    Input,
    /// Filter of the configuration keys.
    Narrowing,
    /// Configuration key at this index of the filtered list.
    Key(usize),
    /// Note about a field.
    Note(Tone, String),
    /// Empty row.
    Gap,
}

/// Kind of a note.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tone {
    /// Error.
    Wrong,
    /// Warning.
    Warning,
    /// Confirmation.
    Right,
    /// Information.
    Hint,
}

/// Row of a form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// Field that it belongs to.
    pub field: Option<usize>,
    /// Content.
    pub shows: Shows,
}

/// Focus marker before a label, star of a required field and the space after it.
const LABEL_EXTRAS: usize = 6;

/// Width from which labels are on the same row as their inputs.
const SIDE_BY_SIDE_WIDTH: u16 = 56;

/// Smallest width of an input.
const MIN_INPUT_WIDTH: usize = 30;

/// Width of the label column if labels are on the same row as their inputs, else 0.
pub fn label_width(form: &Form, width: u16) -> u16 {
    if width < SIDE_BY_SIDE_WIDTH {
        return 0;
    }
    let longest = form
        .fields
        .iter()
        .filter(|field| !form.is_hidden(field))
        .map(|field| fit::width(&fit::safe(&field.label)) + LABEL_EXTRAS)
        .max()
        .unwrap_or(0);
    let room = usize::from(width).saturating_sub(MIN_INPUT_WIDTH);
    u16::try_from(longest.min(room)).unwrap_or(width)
}

/// All rows of a form at a width.
pub fn rows(form: &Form, width: u16) -> Vec<Row> {
    let label = label_width(form, width);
    let mut rows = Vec::new();
    let mut group: Option<&str> = None;
    let mut is_in_settings = false;
    let fields = form.fields.iter().enumerate();
    for (at, field) in fields.filter(|(_, field)| !form.is_hidden(field)) {
        let is_setting = matches!(field.place, Place::Setting(_) | Place::Way(_));
        if is_setting && (!is_in_settings || field.group.as_deref() != group) {
            group = field.group.as_deref();
            is_in_settings = true;
            rows.push(gap());
            rows.push(Row {
                field: None,
                shows: Shows::Heading(match group {
                    Some(group) => group.to_owned(),
                    None => form.provider.name.clone(),
                }),
            });
        }
        if field.place == Place::Note {
            rows.push(gap());
        }
        let mut push = |shows| {
            rows.push(Row {
                field: Some(at),
                shows,
            });
        };
        if label == 0 {
            push(Shows::Label);
            push(Shows::Input);
        } else {
            push(Shows::LabelAndInput);
        }
        let room = usize::from(width.saturating_sub(label + 2));
        if at == form.focus
            && let Some(choosing) = form.choosing.as_ref().filter(|_| form.is_choosing())
        {
            if !choosing.follows {
                push(Shows::Narrowing);
            }
            let count = form.matching_keys().len();
            let top = choosing.choices.top;
            (top..count)
                .take(choosing.seen)
                .for_each(|at| push(Shows::Key(at)));
            for line in form
                .keys_message()
                .iter()
                .flat_map(|message| wrap(message, room))
            {
                push(Shows::Note(Tone::Hint, line));
            }
            continue;
        }
        for (tone, note) in notes(form, field, at == form.focus) {
            for line in wrap(&note, room) {
                push(Shows::Note(tone, line));
            }
        }
    }
    rows
}

const fn gap() -> Row {
    Row {
        field: None,
        shows: Shows::Gap,
    }
}

/// Notes about a field: its error, else its status, and its description while it has the focus.
fn notes(form: &Form, field: &Field, is_focused: bool) -> Vec<(Tone, String)> {
    let mut notes = Vec::new();
    if let Some(error) = &field.error {
        notes.push((Tone::Wrong, format!("✗ {error}")));
    } else if field.place == Place::Alias {
        notes.extend(alias_note(form));
    } else if let Some(reference) = field.reference() {
        notes.extend(form.lookup(&reference).map(lookup_note));
    }
    if field.line().is_some_and(Line::has_blocked_reveal) {
        let note = "! A reference must begin in an empty field: Ctrl-X clears it";
        notes.push((Tone::Warning, note.into()));
    }
    if let Some(warning) = &field.warning {
        notes.push((Tone::Warning, format!("! {warning}")));
    }
    notes.extend(form.secret_notes(field));
    if field.place == Place::Alias && form.id().is_some() && field.is_changed() {
        let note = "Scripts that use the old alias will fail";
        notes.push((Tone::Hint, note.into()));
    }
    if is_focused && let Some(message) = form.keys_message() {
        notes.push((Tone::Hint, message));
    }
    if let Place::Way(choice) = field.place {
        notes.extend(removed_by_save(&form.removed_by_save(choice)));
    }
    notes.extend(form.request_url_notes(field, is_focused));
    if is_focused && !field.description.is_empty() {
        notes.push((Tone::Hint, field.description.clone()));
    }
    if is_focused
        && let Value::Secret(secret) = &field.value
        && secret.stored.is_some()
        && secret.line.is_empty()
        && (notes.is_empty() || secret.is_cleared)
    {
        let note = if secret.is_cleared {
            "Will be removed; type to replace it, Ctrl-X to keep it"
        } else {
            "Stored; type to replace it, Ctrl-X to clear it"
        };
        notes.push((Tone::Hint, note.into()));
    }
    notes
}

fn removed_by_save(labels: &[&str]) -> Option<(Tone, String)> {
    let note = format!("! Saving removes stored values: {}", labels.join(", "));
    (!labels.is_empty()).then_some((Tone::Warning, note))
}

fn alias_note(form: &Form) -> Option<(Tone, String)> {
    if let Some(reason) = form.alias_problem() {
        return Some((Tone::Wrong, format!("✗ {}", reason.at_field())));
    }
    Some(match form.alias_status()? {
        AliasCheck::Unknown(_) => return None,
        AliasCheck::Checking(..) => (Tone::Hint, "Checking alias availability...".into()),
        AliasCheck::Free(_) => (Tone::Right, "✓ available".into()),
        AliasCheck::Taken { by, .. } => (Tone::Wrong, format!("✗ already used by \"{by}\"")),
    })
}

fn lookup_note(lookup: &Lookup) -> (Tone, String) {
    match lookup {
        Lookup::Found { source } => (Tone::Right, format!("✓ resolves, from {source}")),
        Lookup::Missing { looked_in } if looked_in.is_empty() => {
            (Tone::Wrong, "✗ not found".into())
        }
        Lookup::Missing { looked_in } => (
            Tone::Wrong,
            format!("✗ not found in {}", looked_in.join(", ")),
        ),
        Lookup::Refused { allowed } if allowed.is_empty() => (Tone::Wrong, "✗ not allowed".into()),
        Lookup::Refused { allowed } => (
            Tone::Wrong,
            format!(
                "✗ not allowed; allowed keys begin with {}",
                allowed.join(", ")
            ),
        ),
    }
}

/// First visible row so that the focused field is visible, its input before its notes.
pub fn follow(form: &Form, rows: &[Row], height: usize) -> usize {
    let of_focus = |row: &Row| row.field == Some(form.focus);
    let first = rows.iter().position(of_focus).unwrap_or(0);
    let last = rows.iter().rposition(of_focus).unwrap_or(0);
    let input = rows
        .iter()
        .position(|row| of_focus(row) && matches!(row.shows, Shows::Input | Shows::LabelAndInput))
        .unwrap_or(first);
    // With the first field, the top of the form is shown completely.
    let first = if form.focus == 0 { 0 } else { first };
    let top = crate::tui::layout::follow(form.top, last, height, rows.len());
    let top = crate::tui::layout::follow(top, first, height, rows.len());
    crate::tui::layout::follow(top, input, height, rows.len())
}

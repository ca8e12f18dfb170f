//! Rows of a form at a width, used for drawing, scrolling and the mouse.

use super::field::{FieldId, FieldValue, FormField, SecretInput};
use super::{AliasCheck, Form};
use crate::appsettings::ReferenceLookup;
use crate::connection::MaskedSecret;
use crate::tui::action::KeyContext;
use crate::tui::keymap::Keymap;
use crate::tui::layout::ScreenLayout;
use crate::tui::text_input::TextInput;
use crate::tui::text_width::{self, wrap};

/// Content of a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RowContent {
    /// Heading of a group.
    Heading(String),
    /// Label of a field.
    Label,
    /// Label and input of a field.
    LabelAndInput,
    /// Input of a field.
    Input,
    /// Filter of the configuration keys.
    KeyFilter,
    /// Configuration key at this index of the filtered list.
    Key(usize),
    /// Note about a field.
    Message(MessageKind, String),
    /// Empty row.
    Blank,
}

/// Kind of a note, the most serious first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum MessageKind {
    /// Error.
    Error,
    /// Warning.
    Warning,
    /// Confirmation.
    Success,
    /// Information.
    Hint,
}

/// Row of a form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FormRow {
    /// Field that it belongs to.
    pub field: Option<usize>,
    /// Content.
    pub content: RowContent,
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
        .map(|field| text_width::width(&text_width::safe(&field.label)) + LABEL_EXTRAS)
        .max()
        .unwrap_or(0);
    let room = usize::from(width).saturating_sub(MIN_INPUT_WIDTH);
    u16::try_from(longest.min(room)).unwrap_or(width)
}

/// Place of the messages about a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MessagePlace {
    /// The most serious note in one reserved row, so that nothing moves; all of them in the help lines.
    OneRow,
    /// All messages below the field, where there is no room for help lines.
    BelowField,
}

/// Text of a note, in which actions may be named by their IDs in braces, with the names of their keys.
pub type NameKeys<'a> = &'a dyn Fn(&str) -> String;

/// All rows of a form on a screen, with the keys of a keymap.
pub fn rows_on(form: &Form, layout: &ScreenLayout, keymap: &Keymap) -> Vec<FormRow> {
    let place = if layout.form_help().is_empty() {
        MessagePlace::BelowField
    } else {
        MessagePlace::OneRow
    };
    let name_keys = |note: &str| keymap.with_keys(KeyContext::Form, note);
    rows(form, layout.form_rows().width, (place, &name_keys))
}

/// All rows of a form at a width.
pub fn rows(
    form: &Form,
    width: u16,
    (place, name_keys): (MessagePlace, NameKeys<'_>),
) -> Vec<FormRow> {
    let label = label_width(form, width);
    let mut rows = Vec::new();
    let mut group: Option<&str> = None;
    let mut is_in_settings = false;
    let fields = form.fields.iter().enumerate();
    for (at, field) in fields.filter(|(_, field)| !form.is_hidden(field)) {
        let is_setting = matches!(field.id, FieldId::Setting(_) | FieldId::AlternativeGroup(_));
        if is_setting && (!is_in_settings || field.group.as_deref() != group) {
            group = field.group.as_deref();
            is_in_settings = true;
            rows.push(heading(form, group));
        }
        let mut push = |shows| {
            rows.push(FormRow {
                field: Some(at),
                content: shows,
            });
        };
        if label == 0 {
            push(RowContent::Label);
            push(RowContent::Input);
        } else {
            push(RowContent::LabelAndInput);
        }
        let room = usize::from(width.saturating_sub(label + 2));
        if at == form.focus && form.is_choosing() {
            configuration_keys(form, room).into_iter().for_each(push);
            continue;
        }
        let messages = messages(form, field, at == form.focus, name_keys);
        match (place, most_serious(&messages)) {
            // The row is reserved, so that a note does not move the fields below.
            (_, None) => push(RowContent::Blank),
            (MessagePlace::OneRow, Some((kind, note))) => {
                push(RowContent::Message(*kind, text_width::cut(note, room)));
            }
            (MessagePlace::BelowField, Some(_)) => {
                for (kind, note) in messages {
                    for line in wrap(&note, room) {
                        push(RowContent::Message(kind, line));
                    }
                }
            }
        }
    }
    rows
}

/// Configuration keys to choose from, below the field with the focus.
fn configuration_keys(form: &Form, room: usize) -> Vec<RowContent> {
    let Some(choosing) = &form.reference_picker else {
        return Vec::new();
    };
    let filter = (!choosing.follows).then_some(RowContent::KeyFilter);
    let count = form.matching_configuration_keys().len();
    let keys = (choosing.choices.cursor.top..count)
        .take(choosing.seen)
        .map(RowContent::Key);
    let message = form.configuration_keys_message();
    let lines = message.iter().flat_map(|message| wrap(message, room));
    let lines = lines.map(|line| RowContent::Message(MessageKind::Hint, line));
    filter.into_iter().chain(keys).chain(lines).collect()
}

/// Note for the row below a field.
fn most_serious(messages: &[(MessageKind, String)]) -> Option<&(MessageKind, String)> {
    messages.iter().min_by_key(|(kind, _)| *kind)
}

/// Notes about the focused field that its row does not show completely, wrapped to a width.
pub fn help_lines(
    form: &Form,
    (width, height): (u16, usize),
    keymap: &Keymap,
) -> Vec<(MessageKind, String)> {
    let Some(field) = form.fields.get(form.focus) else {
        return Vec::new();
    };
    let room = usize::from(width.saturating_sub(label_width(form, width) + 2));
    let name_keys = |note: &str| keymap.with_keys(KeyContext::Form, note);
    let messages = messages(form, field, true, &name_keys);
    let first = most_serious(&messages);
    let others = messages.iter().filter(|note| Some(*note) != first);
    let cut = first.filter(|(_, note)| wrap(note, room).len() > 1);
    let hidden: Vec<_> = cut.into_iter().chain(others).collect();
    // One long note does not hide the others.
    let each = if hidden.len() > 1 { 2 } else { height };
    let lines = hidden.into_iter().flat_map(|(kind, note)| {
        let mut lines = wrap(note, width.into());
        if lines.len() > each {
            lines.truncate(each);
            if let Some(last) = lines.last_mut() {
                last.push_str(" …");
            }
        }
        lines.into_iter().map(|line| (*kind, line))
    });
    lines.take(height).collect()
}

fn heading(form: &Form, group: Option<&str>) -> FormRow {
    FormRow {
        field: None,
        content: RowContent::Heading(group.unwrap_or(&form.provider.name).to_owned()),
    }
}

/// Notes about a field: its error, else its status, and its description while it has the focus.
fn messages(
    form: &Form,
    field: &FormField,
    is_focused: bool,
    name_keys: NameKeys<'_>,
) -> Vec<(MessageKind, String)> {
    let mut messages = Vec::new();
    if let Some(error) = &field.error {
        messages.push((MessageKind::Error, format!("✗ {error}")));
    } else if field.id == FieldId::Alias {
        messages.extend(alias_message(form));
    } else if let Some(reference) = field.reference() {
        messages.extend(form.lookup(&reference).map(lookup_message));
    }
    if field.line().is_some_and(TextInput::has_blocked_reveal) {
        let note = "! A reference must begin in an empty field: {clear} clears it";
        messages.push((MessageKind::Warning, name_keys(note)));
    }
    if let Some(warning) = &field.warning {
        messages.push((MessageKind::Warning, name_keys(&format!("! {warning}"))));
    }
    if let FieldValue::Secret(secret) = &field.value
        && let Some(remark) = secret.stored_mask().and_then(MaskedSecret::remark)
    {
        messages.push((MessageKind::Warning, format!("! {remark}")));
    }
    messages.extend(form.secret_message(field));
    messages.extend(form.text_notes(field, is_focused));
    if field.id == FieldId::Alias && form.id().is_some() && field.is_changed() {
        let note = "Scripts that use the old alias will fail";
        messages.push((MessageKind::Hint, note.into()));
    }
    if is_focused && let Some(message) = form.configuration_keys_message() {
        messages.push((MessageKind::Hint, message));
    }
    if let FieldId::AlternativeGroup(choice) = field.id {
        messages.extend(removed_by_save(&form.removed_by_save(choice)));
    }
    messages.extend(form.request_url_notes(field, is_focused));
    if is_focused && !field.description.is_empty() {
        messages.push((MessageKind::Hint, field.description.clone()));
    }
    if is_focused && let FieldValue::Secret(secret) = &field.value {
        let note = stored_secret_message(secret, messages.is_empty());
        messages.extend(note.map(|(kind, note)| (kind, name_keys(note))));
    }
    messages
}

/// Note at a secret without new input: what its stored value is, and why it is not shown.
fn stored_secret_message(
    secret: &SecretInput,
    is_only: bool,
) -> Option<(MessageKind, &'static str)> {
    if !secret.input.is_empty() {
        return None;
    }
    let (kind, note) = match (secret.stored.is_some(), secret.is_cleared) {
        (true, true) => (
            MessageKind::Hint,
            "Will be removed; type to replace it, {clear} to keep it",
        ),
        (true, false) if secret.is_reveal_refused => (
            MessageKind::Warning,
            "! A stored secret is never shown; type to replace it, {clear} to clear it",
        ),
        (true, false) if is_only => (
            MessageKind::Hint,
            "Stored; type to replace it, {clear} to clear it",
        ),
        (false, _) if secret.is_reveal_refused => {
            (MessageKind::Hint, "Nothing to show: it is empty")
        }
        (true, false) | (false, _) => return None,
    };
    Some((kind, note))
}

fn removed_by_save(labels: &[&str]) -> Option<(MessageKind, String)> {
    let note = format!("! Removes {}", labels.join(", "));
    (!labels.is_empty()).then_some((MessageKind::Warning, note))
}

fn alias_message(form: &Form) -> Option<(MessageKind, String)> {
    if let Some(reason) = form.alias_problem() {
        return Some((MessageKind::Error, format!("✗ {}", reason.at_field())));
    }
    Some(match form.alias_status()? {
        AliasCheck::Unknown(_) => return None,
        AliasCheck::Checking(..) => (MessageKind::Hint, "Checking alias availability...".into()),
        AliasCheck::Available(_) => (MessageKind::Success, "✓ available".into()),
        AliasCheck::Taken { by, .. } => {
            let free = form.offered_alias();
            let offer = free.map_or_else(String::new, |free| format!("; → takes {free}"));
            (
                MessageKind::Error,
                format!("✗ already used by \"{by}\"{offer}"),
            )
        }
    })
}

fn lookup_message(lookup: &ReferenceLookup) -> (MessageKind, String) {
    match lookup {
        ReferenceLookup::Found { source } => {
            (MessageKind::Success, format!("✓ resolves, from {source}"))
        }
        ReferenceLookup::Missing { looked_in } if looked_in.is_empty() => {
            (MessageKind::Error, "✗ not found".into())
        }
        ReferenceLookup::Missing { looked_in } => (
            MessageKind::Error,
            format!("✗ not found in {}", looked_in.join(", ")),
        ),
        ReferenceLookup::Refused { allowed } if allowed.is_empty() => {
            (MessageKind::Error, "✗ not allowed".into())
        }
        ReferenceLookup::Refused { allowed } => (
            MessageKind::Error,
            format!(
                "✗ not allowed; allowed keys begin with {}",
                allowed.join(", ")
            ),
        ),
    }
}

/// First visible row so that the focused field is visible, its input before its messages.
pub fn follow(form: &Form, rows: &[FormRow], height: usize) -> usize {
    let of_focus = |row: &FormRow| row.field == Some(form.focus);
    let first = rows.iter().position(of_focus).unwrap_or(0);
    let last = rows.iter().rposition(of_focus).unwrap_or(0);
    let input = rows
        .iter()
        .position(|row| {
            of_focus(row) && matches!(row.content, RowContent::Input | RowContent::LabelAndInput)
        })
        .unwrap_or(first);
    // With the first field, the top of the form is shown completely.
    let first = if form.focus == 0 { 0 } else { first };
    let top = crate::tui::layout::follow(form.top, last, height, rows.len());
    let top = crate::tui::layout::follow(top, first, height, rows.len());
    crate::tui::layout::follow(top, input, height, rows.len())
}

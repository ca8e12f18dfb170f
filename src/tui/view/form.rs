//! Form of a connection.

use ratatui::buffer::Buffer;
use ratatui::style::Style;

use super::{Scene, paint};
use crate::tui::dialog::Dialog;
use crate::tui::form::Form;
use crate::tui::form::field::{FieldId, FieldValue, FormField, SecretInput};
use crate::tui::form::layout::{self, FormRow, MessageKind, RowContent};
use crate::tui::layout::Area;
use crate::tui::text_input::TextInput;
use crate::tui::text_width;
use crate::tui::theme::Theme;

/// Left and right edge of a field.
const EDGE: &str = "│";

/// Placeholder for a secret of any length.
const MASK: &str = "••••••••••••";

/// Draws the form; returns the cursor position.
pub fn draw(scene: Scene<'_>, form: &Form, buffer: &mut Buffer) -> Option<(u16, u16)> {
    let Scene { app, theme, layout } = scene;
    let is_top = app.dialogs.is_on::<Form>();
    let title = form.model(&app.dialog_context(0)).title;
    paint::clear(buffer, layout.form());
    paint::pane(buffer, layout.form(), &title, (theme, is_top));
    let inside = layout.form_rows();
    let rows = layout::rows_on(form, layout, &app.keymap);
    let mut cursor = None;
    for (line, row) in (0..inside.height).zip(rows.iter().skip(form.top)) {
        let area = Area {
            y: inside.y + line,
            height: 1,
            ..inside
        };
        cursor = cursor.or(draw_row(scene, (form, row), area, buffer));
    }
    help(scene, form, buffer);
    paint::scroll_bar(
        buffer,
        layout.form(),
        (form.top, inside.height.into(), rows.len()),
        theme.border_focus.style(),
    );
    if let Some(warning) = form
        .remote_change_note(&app.save_key())
        .filter(|_| form.saving.is_none())
    {
        let text = format!("! {warning}");
        paint::below(buffer, layout.form(), &text, theme.warning.style());
    }
    cursor.filter(|_| is_top && form.saving.is_none())
}

fn draw_row(
    scene: Scene<'_>,
    what: (&Form, &FormRow),
    area: Area,
    buffer: &mut Buffer,
) -> Option<(u16, u16)> {
    let (form, row) = what;
    let theme = scene.theme;
    let label_width = layout::label_width(form, area.width);
    let indented = area.split_left(label_width.max(2)).1;
    let field = row.field.and_then(|at| form.fields.get(at));
    let is_focused = row.field == Some(form.focus);
    match (&row.content, field) {
        (RowContent::Heading(heading), _) => {
            let used = paint::line(
                buffer,
                area,
                &[
                    ("── ", theme.border.style()),
                    (heading, theme.heading.style()),
                ],
            );
            let rest = area.split_left(used + 1).1;
            let rule = "─".repeat(rest.width.into());
            paint::line(buffer, rest, &[(&rule, theme.border.style())]);
            None
        }
        (RowContent::Label, Some(field)) => {
            label(scene, field, is_focused, area, buffer);
            None
        }
        (RowContent::LabelAndInput, Some(field)) => {
            let (left, right) = area.split_left(label_width);
            let left = left.split_left(label_width.saturating_sub(1)).0;
            label(scene, field, is_focused, left, buffer);
            input(scene, field, is_focused, right, buffer)
        }
        (RowContent::Input, Some(field)) => {
            input(scene, field, is_focused, area.split_left(2).1, buffer)
        }
        (RowContent::KeyFilter, _) => key_filter(scene, form, indented, buffer),
        (RowContent::Key(at), _) => {
            key(scene, (form, *at), indented, buffer);
            None
        }
        (RowContent::Message(kind, text), _) => {
            note(theme, (*kind, text), indented, buffer);
            None
        }
        (
            RowContent::Blank | RowContent::Label | RowContent::LabelAndInput | RowContent::Input,
            _,
        ) => None,
    }
}

fn note(theme: &Theme, (kind, text): (MessageKind, &str), area: Area, buffer: &mut Buffer) {
    let role = match kind {
        MessageKind::Error => theme.error,
        MessageKind::Warning => theme.warning,
        MessageKind::Success => theme.success,
        MessageKind::Hint => theme.dim,
    };
    paint::line(buffer, area, &[(text, role.style())]);
}

/// Draws the rest of the notes about the focused field, below a rule.
fn help(scene: Scene<'_>, form: &Form, buffer: &mut Buffer) {
    let area = scene.layout.form_help();
    let rule = "─".repeat(area.width.into());
    paint::line(buffer, area, &[(&rule, scene.theme.border.style())]);
    let lines = area.split_top(1).1;
    let help = layout::help_lines(form, (area.width, lines.height.into()), &scene.app.keymap);
    for (y, (kind, text)) in (lines.y..).zip(&help) {
        let line = Area {
            y,
            height: 1,
            ..lines
        };
        note(scene.theme, (*kind, text), line, buffer);
    }
}

/// Draws the filter of the configuration keys and returns the cursor.
fn key_filter(
    scene: Scene<'_>,
    form: &Form,
    area: Area,
    buffer: &mut Buffer,
) -> Option<(u16, u16)> {
    let line = &form.reference_picker.as_ref()?.choices.line;
    let used = paint::line(buffer, area, &[("› ", scene.theme.key.style())]);
    let typing = area.split_left(used).1;
    if line.is_empty() {
        let hint = [("Type to filter", scene.theme.placeholder.style())];
        paint::line(buffer, typing, &hint);
    }
    let around = line.around_cursor();
    Some(paint::typed(
        buffer,
        typing,
        around,
        scene.theme.text.style(),
    ))
}

/// Draws a configuration key.
fn key(scene: Scene<'_>, (form, at): (&Form, usize), area: Area, buffer: &mut Buffer) {
    let Some(listed) = form.matching_configuration_keys().into_iter().nth(at) else {
        return;
    };
    let used = paint::line(buffer, area, &[(&listed.key, scene.theme.text.style())]);
    let rest = area.split_left(used + 2).1;
    let source = short_source(&listed.source, rest.width.into());
    paint::right(buffer, rest, source, scene.theme.dim.style());
    let selected = form
        .reference_picker
        .as_ref()
        .map(|it| it.choices.cursor.selected);
    if selected == Some(at) {
        paint::row(buffer, area, scene.theme.selected.style());
    }
}

/// Returns the source of a configuration key; without the variable name if there is no room.
fn short_source(source: &str, room: usize) -> &str {
    const VARIABLE: &str = "environment variable";
    if source.starts_with(VARIABLE) && text_width::width(source) > room {
        return VARIABLE;
    }
    source
}

fn label(scene: Scene<'_>, field: &FormField, is_focused: bool, area: Area, buffer: &mut Buffer) {
    let theme = scene.theme;
    let role = if is_focused {
        theme.label_focus
    } else {
        theme.label
    };
    let mark = if is_focused { "▸ " } else { "  " };
    let star = if field.is_required { " *" } else { "" };
    let room = usize::from(area.width).saturating_sub(2 + star.len());
    let text = text_width::cut(&field.label, room);
    paint::line(
        buffer,
        area,
        &[
            (mark, theme.key.style()),
            (&text, role.style()),
            (star, theme.warning.style()),
        ],
    );
}

fn input(
    scene: Scene<'_>,
    field: &FormField,
    is_focused: bool,
    area: Area,
    buffer: &mut Buffer,
) -> Option<(u16, u16)> {
    let theme = scene.theme;
    let style = if is_focused {
        theme.input_focus
    } else {
        theme.input
    }
    .style();
    let marker = if field.is_default() { 8 } else { 0 };
    let (area, tag) = area.split_left(area.width.saturating_sub(marker));
    paint::line(buffer, tag, &[(" default", theme.placeholder.style())]);
    if field.line().is_some() || is_focused {
        paint::row(buffer, area, style);
    }
    let area = edges(theme, is_focused, area, buffer);
    let cursor = match &field.value {
        FieldValue::Text(line) if is_focused || line.is_empty() || field.has_stray_key() => {
            text_input((theme, style), (field, line), area, buffer)
        }
        FieldValue::Text(line) => {
            paint::line(buffer, area, &[(line.value(), style)]);
            (area.x, area.y)
        }
        FieldValue::Secret(secret) => secret_input(scene, (field, secret), style, area, buffer),
        FieldValue::Switch(on) => switch((theme, style), (field, *on, is_focused), area, buffer),
        FieldValue::Choice { options, at } => {
            let chosen = at.and_then(|at| options.get(at)).map_or("", String::as_str);
            if is_focused {
                paint::line(
                    buffer,
                    area,
                    &[("◂ ", style), (chosen, style), (" ▸", style)],
                );
            } else {
                paint::line(buffer, area, &[(chosen, style)]);
            }
            (area.x, area.y)
        }
    };
    (is_focused && field.line().is_some()).then_some(cursor)
}

/// Draws a text with its placeholder and its completion; a key that does not belong there is masked.
fn text_input(
    (theme, style): (&Theme, Style),
    (field, line): (&FormField, &TextInput),
    area: Area,
    buffer: &mut Buffer,
) -> (u16, u16) {
    let dimmed = style.patch(theme.placeholder.style());
    if line.is_empty() {
        return empty(buffer, area, field.placeholder, dimmed);
    }
    if field.has_stray_key() {
        return paint::typed_line(buffer, area, (line, &line.masked()), style);
    }
    let at = paint::typed(buffer, area, line.around_cursor(), style);
    if let Some(rest) = field.completion() {
        let behind = area.split_left(at.0.saturating_sub(area.x)).1;
        paint::line(buffer, behind, &[(rest, dimmed)]);
    }
    at
}

/// Draws the edges of a field; returns the area between them.
fn edges(theme: &Theme, is_focused: bool, area: Area, buffer: &mut Buffer) -> Area {
    let role = if is_focused {
        theme.border_focus
    } else {
        theme.dim
    };
    if area.width > 2 {
        let edge = [(EDGE, role.style())];
        paint::line(buffer, area, &edge);
        paint::line(buffer, area.split_left(area.width - 1).1, &edge);
    }
    area.padded()
}

fn switch(
    (theme, style): (&Theme, Style),
    (field, is_on, is_focused): (&FormField, bool, bool),
    area: Area,
    buffer: &mut Buffer,
) -> (u16, u16) {
    let is_status = field.id == FieldId::Status;
    let (mark, word, role) = match (is_on, is_status) {
        (true, true) => ("● ", "Active", theme.on),
        (false, true) => ("○ ", "Inactive", theme.off),
        (true, false) => ("● ", "on", theme.on),
        (false, false) => ("○ ", "off", theme.off),
    };
    let hint = if is_focused { "  Space toggles" } else { "" };
    paint::line(
        buffer,
        area,
        &[
            (mark, style.patch(role.style())),
            (word, style),
            (hint, style.patch(theme.dim.style())),
        ],
    );
    (area.x, area.y)
}

fn empty(buffer: &mut Buffer, area: Area, placeholder: &str, style: Style) -> (u16, u16) {
    paint::line(buffer, area, &[(placeholder, style)]);
    (area.x, area.y)
}

fn secret_input(
    scene: Scene<'_>,
    what: (&FormField, &SecretInput),
    style: Style,
    area: Area,
    buffer: &mut Buffer,
) -> (u16, u16) {
    let (field, secret) = what;
    let theme = scene.theme;
    if let Some(mask) = secret.stored.filter(|_| secret.input.is_empty()) {
        let (state, role) = if secret.is_cleared {
            ("will be removed", theme.warning)
        } else {
            ("stored", theme.dim)
        };
        let text = format!("{} {state}", mask.text());
        return empty(buffer, area, &text, style.patch(role.style()));
    }
    if secret.input.is_empty() {
        return empty(
            buffer,
            area,
            field.placeholder,
            style.patch(theme.placeholder.style()),
        );
    }
    // While the list of keys is open, the typed text is the prefix of a key.
    let narrows = scene
        .app
        .form()
        .is_some_and(|form| form.is_narrowing(field));
    if secret.is_shown || field.reference().is_some() || narrows {
        return paint::typed(buffer, area, secret.input.around_cursor(), style);
    }
    let used = paint::line(buffer, area, &[(MASK, style)]);
    (area.x.saturating_add(used), area.y)
}

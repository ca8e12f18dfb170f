//! Dialogs: frame, lines, rows and buttons as their model describes them.

use ratatui::buffer::Buffer;
use ratatui::style::Modifier;

use super::{Scene, paint};
use crate::tui::dialog::{
    Cell, Dialog, DialogAreas, DialogContext, DialogModel, InputLine, Part, Row, Rows, TextBlock,
    Tone,
};
use crate::tui::layout::Area;
use crate::tui::text_width;
use crate::tui::theme::{RoleStyle, Theme};

/// Draws a dialog; returns the cursor position if text can be typed.
pub fn draw(
    scene: Scene<'_>,
    dialog: &dyn Dialog,
    cx: &DialogContext<'_>,
    buffer: &mut Buffer,
) -> Option<(u16, u16)> {
    let model = dialog.model(cx);
    let theme = scene.theme;
    let areas = model.areas(scene.layout);
    paint::dim(buffer, theme);
    paint::clear(buffer, areas.frame.widened());
    paint::pane(buffer, areas.frame, &model.title, (theme, true));
    block(scene, &model.head, areas.head, buffer);
    progress(scene, &model, areas.bar, buffer);
    if let Some(titles) = &model.titles {
        let place = areas.titles.padded();
        let titles = titles(place.width).in_tone(Tone::Heading);
        row(scene, &titles, place, buffer);
    }
    rows(scene, &model, areas.list, buffer);
    block(scene, &model.details, areas.details, buffer);
    buttons(scene, &model, &areas, buffer);
    scroll_bar(scene, &model, &areas, buffer);
    model
        .input
        .and_then(|line| input(scene, &line, areas.input, buffer))
}

/// Returns the style of a tone.
pub fn role(theme: &Theme, tone: Tone) -> RoleStyle {
    match tone {
        Tone::Text => theme.text,
        Tone::Dim => theme.dim,
        Tone::Title => theme.title,
        Tone::Heading => theme.heading,
        Tone::Key => theme.key,
        Tone::Hint => theme.hint,
        Tone::Label => theme.label,
        Tone::LabelFocus => theme.label_focus,
        Tone::Warning => theme.warning,
        Tone::Error => theme.error,
        Tone::Success => theme.success,
        Tone::Removed => theme.removed,
        Tone::Added => theme.added,
        Tone::Selected => theme.selected,
    }
}

fn parts(scene: Scene<'_>, parts: &[Part], area: Area, buffer: &mut Buffer) -> u16 {
    let styled: Vec<_> = parts
        .iter()
        .map(|(text, tone)| (text.as_str(), role(scene.theme, *tone).style()))
        .collect();
    paint::line(buffer, area, &styled)
}

/// Rows of an area, from the top.
fn lines(area: Area) -> impl Iterator<Item = Area> {
    (0..area.height).map(move |row| Area {
        y: area.y + row,
        height: 1,
        ..area
    })
}

fn block(scene: Scene<'_>, block: &TextBlock, area: Area, buffer: &mut Buffer) {
    for (area, line) in lines(area).zip(&block.lines) {
        parts(scene, line, area, buffer);
    }
}

/// Draws the progress bar, readable without colours.
fn progress(scene: Scene<'_>, model: &DialogModel<'_>, area: Area, buffer: &mut Buffer) {
    let Some((finished, all)) = model.progress else {
        return;
    };
    let width = usize::from(area.width);
    let full = (width * finished).checked_div(all).unwrap_or(width);
    let (done, rest) = ("━".repeat(full), "·".repeat(width - full.min(width)));
    let bar = [(done, Tone::Success), (rest, Tone::Dim)];
    parts(scene, &bar, area, buffer);
}

fn rows(scene: Scene<'_>, model: &DialogModel<'_>, area: Area, buffer: &mut Buffer) {
    let text = area.padded();
    let is_list = matches!(model.rows, Rows::List(..));
    for (line, at) in lines(area).zip(model.cursor.top..) {
        let Some(row) = model.row(at, text.width) else {
            break;
        };
        let place = Area {
            y: line.y,
            height: 1,
            ..text
        };
        self::row(scene, &row, place, buffer);
        if is_list && at == model.cursor.selected {
            paint::row(buffer, line, scene.theme.selected.style());
        }
    }
    if model.row_count() == 0 {
        let text = area.split_left(1).1;
        let sentences = text_width::wrap(&model.empty, text.width.saturating_sub(1).into());
        for (area, sentence) in lines(text).zip(sentences) {
            paint::line(buffer, area, &[(&sentence, scene.theme.dim.style())]);
        }
    }
}

fn row(scene: Scene<'_>, row: &Row, area: Area, buffer: &mut Buffer) {
    let mut rest = area;
    for cell in &row.cells {
        match cell {
            Cell::Text(texts) => {
                let used = parts(scene, texts, rest, buffer);
                rest = rest.split_left(used).1;
            }
            Cell::Column(width, texts) => {
                let (column, more) = rest.split_left(*width);
                parts(scene, texts, column, buffer);
                rest = more;
            }
            Cell::Right(text, tone) => {
                let room = rest.split_left(2).1;
                if text_width::width(text) <= usize::from(room.width) {
                    paint::right(buffer, room, text, role(scene.theme, *tone).style());
                }
            }
        }
    }
}

fn buttons(scene: Scene<'_>, model: &DialogModel<'_>, areas: &DialogAreas, buffer: &mut Buffer) {
    let theme = scene.theme;
    for (at, (label, area)) in model.buttons.iter().zip(&areas.buttons).enumerate() {
        let is_focused = at == model.focus;
        let (role, text) = if is_focused {
            (theme.button_focus, format!("[ {label} ]"))
        } else {
            (theme.button, format!("  {label}  "))
        };
        let style = match (model.danger == Some(at), is_focused) {
            (false, _) => role.style(),
            (true, false) => role.patch(theme.error),
            (true, true) => theme.error.style().add_modifier(Modifier::REVERSED),
        };
        paint::line(buffer, *area, &[(&text, style)]);
    }
}

fn scroll_bar(scene: Scene<'_>, model: &DialogModel<'_>, areas: &DialogAreas, buffer: &mut Buffer) {
    let DialogAreas { frame, list, .. } = areas;
    let track = if model.has_short_bar {
        Area {
            y: list.y.saturating_sub(1),
            height: list.height.saturating_add(2),
            ..*frame
        }
    } else {
        *frame
    };
    let seen = (model.cursor.top, list.height.into(), model.row_count());
    paint::scroll_bar(buffer, track, seen, scene.theme.border_focus.style());
}

/// Draws the text field; returns the cursor position.
fn input(
    scene: Scene<'_>,
    input: &InputLine<'_>,
    area: Area,
    buffer: &mut Buffer,
) -> Option<(u16, u16)> {
    let theme = scene.theme;
    let (label, style, placeholder) = match input.label {
        None => (
            ("› ", theme.key),
            theme.text.style(),
            theme.placeholder.style(),
        ),
        // There is no room for a note.
        Some(_) if area.is_empty() => return None,
        Some(label) => {
            let (label_role, role) = if input.is_focused {
                (theme.label_focus, theme.input_focus)
            } else {
                (theme.label, theme.input)
            };
            (
                (label, label_role),
                role.style(),
                role.patch(theme.placeholder),
            )
        }
    };
    let (text, role) = label;
    let used = paint::line(buffer, area, &[(text, role.style())]);
    let line = area.split_left(used).1;
    if input.label.is_some() {
        paint::row(buffer, line, style);
    }
    if input.line.is_empty() {
        paint::line(buffer, line, &[(&input.hint, placeholder)]);
    }
    let typed = (input.line, input.shown.as_ref());
    let cursor = paint::typed_line(buffer, line, typed, style);
    input.is_focused.then_some(cursor)
}

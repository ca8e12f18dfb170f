//! Prompt with buttons.

use ratatui::buffer::Buffer;

use super::{Scene, paint};
use crate::tui::dialogs::confirm::ConfirmDialog;
use crate::tui::layout::Area;
use crate::tui::text_width;

/// Draws a prompt; returns the cursor position if a note can be typed.
pub fn draw(scene: Scene<'_>, confirm: &ConfirmDialog, buffer: &mut Buffer) -> Option<(u16, u16)> {
    let Scene { theme, layout, .. } = scene;
    let area = layout.confirm(confirm);
    let inside = paint::pane(buffer, area, &confirm.headline, (theme, true));
    let body = Area {
        x: inside.x + 1,
        width: inside.width.saturating_sub(2),
        height: inside.height.saturating_sub(1),
        ..inside
    };
    let mut lines: Vec<_> = text_width::wrap(&confirm.text, body.width.into())
        .into_iter()
        .map(|line| (line, theme.text))
        .collect();
    if let Some(subject) = &confirm.subject {
        lines.push((text_width::cut(subject, body.width.into()), theme.title));
    }
    if let Some(note) = confirm.note {
        lines.push((note.to_owned(), theme.warning));
    }
    for (row, (line, role)) in (0..body.height).zip(&lines) {
        let at = Area {
            y: body.y + row,
            height: 1,
            ..body
        };
        paint::line(buffer, at, &[(line, role.style())]);
    }
    draw_buttons(scene, confirm, buffer);
    let line = confirm.line.as_ref()?;
    let row = u16::try_from(lines.len()).unwrap_or(u16::MAX);
    if row + 1 >= body.height {
        return None;
    }
    let at = Area {
        y: body.y + row,
        height: 1,
        ..body
    };
    let used = paint::line(buffer, at, &[("Note ", theme.label.style())]);
    let input = at.split_left(used).1;
    paint::row(buffer, input, theme.input_focus.style());
    if line.is_empty() {
        let empty = theme.input_focus.patch(theme.placeholder);
        paint::line(buffer, input, &[("optional", empty)]);
        return Some((input.x, input.y));
    }
    Some(paint::typed_line(
        buffer,
        input,
        (line, &line.displayed(&scene.app.catalog)),
        theme.input_focus.style(),
    ))
}

fn draw_buttons(scene: Scene<'_>, confirm: &ConfirmDialog, buffer: &mut Buffer) {
    let Scene { theme, layout, .. } = scene;
    for (at, ((label, _), place)) in confirm
        .buttons
        .iter()
        .zip(layout.buttons(confirm))
        .enumerate()
    {
        let (role, text) = if at == confirm.focus {
            (theme.button_focus, format!("[ {label} ]"))
        } else {
            (theme.button, format!("  {label}  "))
        };
        paint::line(buffer, place, &[(&text, role.style())]);
    }
}

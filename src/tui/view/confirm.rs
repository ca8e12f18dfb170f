//! Draws a question with buttons.

use ratatui::buffer::Buffer;

use super::{Scene, paint};
use crate::tui::confirm::Confirm;
use crate::tui::fit;
use crate::tui::layout::Area;

/// Draws a question.
pub fn draw(scene: Scene<'_>, confirm: &Confirm, buffer: &mut Buffer) {
    let Scene { theme, layout, .. } = scene;
    let area = layout.confirm(confirm);
    let inside = paint::pane(buffer, area, confirm.headline, (theme, true));
    let body = Area {
        x: inside.x + 1,
        width: inside.width.saturating_sub(2),
        height: inside.height.saturating_sub(1),
        ..inside
    };
    let mut lines: Vec<_> = fit::wrap(&confirm.text, body.width.into())
        .into_iter()
        .map(|line| (line, theme.text))
        .collect();
    if let Some(subject) = &confirm.subject {
        lines.push((fit::cut(subject, body.width.into()), theme.title));
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

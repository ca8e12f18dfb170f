//! Instructions to move a secret to a reference.

use ratatui::buffer::Buffer;

use super::{Scene, paint};
use crate::tui::dialogs::move_to_reference::{MoveStyle, MoveToReference};
use crate::tui::layout::Area;

/// Draws the references and the instructions for the selected one.
pub fn draw(scene: Scene<'_>, moving: &MoveToReference, buffer: &mut Buffer) {
    let Scene { app, theme, layout } = scene;
    let lines = moving.lines(app.form(), layout.reading_width());
    let area = layout.reading_area(lines.len());
    let title = format!("Move to a reference · {}", moving.label);
    let inside = paint::pane(buffer, area, &title, (theme, true));
    let text = layout.reading_text(lines.len());
    let top = moving
        .top
        .min(lines.len().saturating_sub(inside.height.into()));
    for (row, (tone, line)) in (0..inside.height).zip(lines.iter().skip(top)) {
        let at = Area {
            y: text.y + row,
            height: 1,
            ..text
        };
        let role = match tone {
            MoveStyle::Plain => theme.text,
            MoveStyle::Selected => theme.title,
            MoveStyle::Snippet => theme.key,
            MoveStyle::Dim => theme.dim,
        };
        paint::line(buffer, at, &[(line, role.style())]);
    }
    paint::scroll_bar(
        buffer,
        area,
        (top, inside.height.into(), lines.len()),
        theme.border_focus.style(),
    );
}

//! Message log.

use ratatui::buffer::Buffer;

use super::header_footer::severity_style;
use super::{Scene, paint};
use crate::tui::layout::Area;
use crate::tui::message_log::{BEFORE, MessagesDialog};

/// Draws the message log.
pub fn draw(scene: Scene<'_>, messages: &MessagesDialog, buffer: &mut Buffer) {
    let Scene { app, theme, layout } = scene;
    let lines = app.log.lines(layout.reading_width());
    let area = layout.reading_area(lines.len());
    let title = format!("Messages ({})", app.log.len());
    let inside = paint::pane(buffer, area, &title, (theme, true));
    let text = layout.reading_text(lines.len());
    let top = messages.top.min(lines.len().saturating_sub(1));
    for (row, line) in (0..inside.height).zip(lines.iter().skip(top)) {
        let at = Area {
            y: text.y + row,
            height: 1,
            ..text
        };
        let (mark, role) = severity_style(theme, line.severity);
        let (left, right) = at.split_left(BEFORE);
        if let Some(time) = &line.time {
            let parts = [
                (time.as_str(), theme.dim.style()),
                (" ", role.style()),
                (mark, role.style()),
            ];
            paint::line(buffer, left, &parts);
        }
        paint::line(buffer, right, &[(&line.text, role.style())]);
    }
    if lines.is_empty() {
        paint::line(buffer, text, &[("No messages yet", theme.dim.style())]);
    }
    paint::scroll_bar(
        buffer,
        area,
        (top, inside.height.into(), lines.len()),
        theme.border_focus.style(),
    );
}

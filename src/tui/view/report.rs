//! Report of a connection test.

use ratatui::buffer::Buffer;

use super::{Scene, paint};
use crate::tui::layout::Area;
use crate::tui::report::{LABELS, Report, Tone};

/// Draws the report.
pub fn draw(scene: Scene<'_>, report: &Report, buffer: &mut Buffer) {
    let Scene { theme, layout, .. } = scene;
    let lines = report.lines(layout.reading_width());
    let area = layout.reading(lines.len());
    let title = format!("Test · {}", report.name);
    let inside = paint::pane(buffer, area, &title, (theme, true));
    let text = layout.reading_text(lines.len());
    let top = report.top.min(lines.len().saturating_sub(1));
    for (row, line) in (0..inside.height).zip(lines.iter().skip(top)) {
        let at = Area {
            y: text.y + row,
            height: 1,
            ..text
        };
        let role = match line.tone {
            Tone::Plain => theme.text,
            Tone::Right => theme.right,
            Tone::Wrong => theme.wrong,
            Tone::Dim => theme.dim,
            Tone::Advice => theme.warning,
        };
        if line.is_beside {
            let (left, right) = at.split_left(LABELS);
            let label_role = match line.tone {
                Tone::Plain | Tone::Advice => theme.dim,
                Tone::Right | Tone::Wrong | Tone::Dim => role,
            };
            paint::line(buffer, left, &[(&line.label, label_role.style())]);
            paint::line(buffer, right, &[(&line.text, role.style())]);
        } else {
            paint::line(buffer, at, &[(&line.text, role.style())]);
        }
    }
    paint::scroll_bar(
        buffer,
        area,
        (top, inside.height.into(), lines.len()),
        theme.border_focus.style(),
    );
}

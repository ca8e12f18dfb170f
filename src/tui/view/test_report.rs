//! Report of a connection test.

use ratatui::buffer::Buffer;

use super::{Scene, paint};
use crate::tui::dialogs::test_report::{LABELS, ReportDialog, ReportStyle};
use crate::tui::layout::Area;

/// Draws the report.
pub fn draw(scene: Scene<'_>, report: &ReportDialog, buffer: &mut Buffer) {
    let Scene { theme, layout, .. } = scene;
    let lines = report.lines(layout.reading_width());
    let area = layout.reading_area(lines.len());
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
        let role = match line.style {
            ReportStyle::Plain => theme.text,
            ReportStyle::Success => theme.right,
            ReportStyle::Error => theme.wrong,
            ReportStyle::Dim => theme.dim,
            ReportStyle::Advice => theme.warning,
        };
        if line.is_beside {
            let (left, right) = at.split_left(LABELS);
            let label_role = match line.style {
                ReportStyle::Plain | ReportStyle::Advice => theme.dim,
                ReportStyle::Success | ReportStyle::Error | ReportStyle::Dim => role,
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

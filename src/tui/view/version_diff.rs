//! Comparison of two versions.

use ratatui::buffer::Buffer;

use super::{Scene, paint};
use crate::tui::dialogs::version_diff::{DiffRow, DiffSide, VersionDiff};
use crate::tui::layout::Area;

/// Draws a comparison.
pub fn draw(scene: Scene<'_>, compare: &VersionDiff, buffer: &mut Buffer) {
    let Scene { theme, layout, .. } = scene;
    let rows = compare.rows(layout.reading_width());
    let area = layout.reading_area(rows.len());
    let inside = paint::pane(buffer, area, &compare.title(), (theme, true));
    let text = layout.reading_text(rows.len());
    for (line, row) in (0..inside.height).zip(rows.iter().skip(compare.top)) {
        let at = Area {
            y: text.y + line,
            height: 1,
            ..text
        };
        match row {
            DiffRow::Text(sentence) => {
                paint::line(buffer, at, &[(sentence, theme.dim.style())]);
            }
            DiffRow::Label(change, label) => {
                let is_selected = *change == compare.selected;
                let (mark, role) = if is_selected {
                    ("▸ ", theme.label_focus)
                } else {
                    ("  ", theme.label)
                };
                paint::line(
                    buffer,
                    at,
                    &[(mark, theme.key.style()), (label, role.style())],
                );
            }
            DiffRow::Value(_, side, parts) => {
                let (mark, role) = match side {
                    DiffSide::Old => ("  − ", theme.removed),
                    DiffSide::New => ("  + ", theme.added),
                    DiffSide::Continuation => ("    ", theme.dim),
                };
                let mut pieces = vec![(mark, theme.dim.style())];
                pieces.extend(parts.iter().map(|(part, is_other, is_new)| {
                    let other = if *is_new { theme.added } else { theme.removed };
                    let style = if *is_other { other } else { theme.text };
                    (part.as_str(), style.style())
                }));
                if *side != DiffSide::Continuation {
                    pieces[0].1 = role.style();
                }
                paint::line(buffer, at, &pieces);
            }
        }
    }
    paint::scroll_bar(
        buffer,
        area,
        (compare.top, inside.height.into(), rows.len()),
        theme.border_focus.style(),
    );
}

//! Merge conflicts with the chosen side of each field.

use ratatui::buffer::Buffer;

use super::{Scene, paint};
use crate::tui::dialogs::merge::{MergeDialog, MergeRow, MergeSide};
use crate::tui::layout::Area;
use crate::tui::text_width;

/// Draws the merge conflicts.
pub fn draw(scene: Scene<'_>, merge: &MergeDialog, buffer: &mut Buffer) {
    let Scene { theme, layout, .. } = scene;
    let rows = merge.rows();
    let area = layout.reading_area(rows.len());
    let inside = paint::pane(buffer, area, &merge.title(), (theme, true));
    let text = layout.reading_text(rows.len());
    for (line, row) in (0..inside.height).zip(rows.iter().skip(merge.top)) {
        let at = Area {
            y: text.y + line,
            height: 1,
            ..text
        };
        match row {
            MergeRow::Text(sentence) => {
                paint::line(buffer, at, &[(sentence, theme.dim.style())]);
            }
            MergeRow::Label(conflict, label) => {
                let (mark, role) = if *conflict == merge.selected {
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
            MergeRow::Value(_, side, is_chosen, value) => {
                let whose = match side {
                    MergeSide::Mine => "mine    ",
                    MergeSide::Theirs => "theirs  ",
                };
                let (mark, role) = if *is_chosen {
                    ("  (•) ", theme.text)
                } else {
                    ("  ( ) ", theme.dim)
                };
                let room = usize::from(at.width).saturating_sub(mark.len() + whose.len());
                let value = text_width::cut(value, room);
                paint::line(
                    buffer,
                    at,
                    &[
                        (mark, theme.key.style()),
                        (whose, theme.dim.style()),
                        (&value, role.style()),
                    ],
                );
            }
        }
    }
    paint::scroll_bar(
        buffer,
        area,
        (merge.top, inside.height.into(), rows.len()),
        theme.border_focus.style(),
    );
}

//! Import from environment variables.

use ratatui::buffer::Buffer;

use super::select_list::ListRow;
use super::{Scene, paint, select_list};
use crate::tui::dialogs::env_import::EnvImport;
use crate::tui::layout::Area;
use crate::tui::text_width;

/// Draws the options and the details of the selected one; returns the cursor position.
pub fn draw(scene: Scene<'_>, import: &EnvImport, buffer: &mut Buffer) -> (u16, u16) {
    let Scene { theme, layout, .. } = scene;
    let rows: Vec<ListRow> = import
        .left()
        .into_iter()
        .map(|choice| ListRow::new(choice.offer.name.clone(), choice.secrets_text().to_owned()))
        .collect();
    let empty = if import.is_ready() {
        select_list::NO_MATCH
    } else {
        "Checking references…"
    };
    let list = layout.import_list(import);
    let cursor = select_list::draw_in(
        scene,
        (
            "Import from environment variables",
            layout.import(import),
            list,
            "Type to filter",
        ),
        (&import.choices, &rows, empty),
        buffer,
    );
    let details = layout.import_details(import);
    let lines = import.selected().map(|choice| choice.lines(import));
    let lines = lines.into_iter().flatten();
    let lines = lines.flat_map(|line| text_width::wrap(&line, details.width.into()));
    for (row, line) in (0..details.height).zip(lines) {
        let at = Area {
            y: details.y + row,
            height: 1,
            ..details
        };
        paint::line(buffer, at, &[(&line, theme.dim.style())]);
    }
    cursor
}

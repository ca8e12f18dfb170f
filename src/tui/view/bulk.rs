//! Bulk operation: preview, progress and results.

use ratatui::buffer::Buffer;

use super::{Scene, paint};
use crate::tui::bulk::{BulkOperation, BulkPhase, BulkRow, BulkRowState, BulkTone};
use crate::tui::layout::Area;
use crate::tui::text_width;
use crate::tui::theme::RoleStyle;

/// Suffix of a row that the filter hides.
const HIDDEN: &str = " · hidden";

/// Draws the dialog; returns the cursor position if a file name can be typed.
pub fn draw(scene: Scene<'_>, buffer: &mut Buffer) -> Option<(u16, u16)> {
    let Scene { app, theme, layout } = scene;
    let bulk = app.bulk.as_ref()?;
    let parts = bulk.parts(layout);
    paint::pane(buffer, parts.whole, &bulk.title(), (theme, true));
    head(scene, bulk, parts.head, buffer);
    bar(scene, bulk, parts.bar, buffer);
    for (line, at) in (0..parts.list.height).zip(bulk.top..) {
        let Some(row) = bulk.row(at) else { break };
        let area = Area {
            y: parts.list.y + line,
            height: 1,
            ..parts.list
        };
        self::row(scene, (bulk, row), area, buffer);
        if at == bulk.selected {
            paint::row(buffer, area, theme.selected.style());
        }
    }
    for (at, (label, place)) in bulk.labels().zip(parts.buttons).enumerate() {
        let (role, text) = if at == bulk.focus {
            (theme.button_focus, format!("[ {label} ]"))
        } else {
            (theme.button, format!("  {label}  "))
        };
        paint::line(buffer, place, &[(&text, role.style())]);
    }
    paint::scroll_bar(
        buffer,
        Area {
            y: parts.list.y.saturating_sub(1),
            height: parts.list.height.saturating_add(2),
            ..parts.whole
        },
        (bulk.top, parts.list.height.into(), bulk.len()),
        theme.border_focus.style(),
    );
    file(scene, bulk, parts.line, buffer)
}

fn role(scene: Scene<'_>, tone: BulkTone) -> RoleStyle {
    let theme = scene.theme;
    match tone {
        BulkTone::Plain => theme.text,
        BulkTone::Dim => theme.dim,
        BulkTone::Success => theme.right,
        BulkTone::Warning => theme.warning,
        BulkTone::Error => theme.wrong,
    }
}

/// Draws the summary and the full message of the selected row.
fn head(scene: Scene<'_>, bulk: &BulkOperation, area: Area, buffer: &mut Buffer) {
    let (message, tone) = bulk.summary();
    let lines = text_width::wrap(&message, area.width.into());
    let mut lines: Vec<(String, RoleStyle)> = lines
        .into_iter()
        .map(|line| (line, role(scene, tone)))
        .collect();
    if bulk.phase == BulkPhase::Finished
        && let Some(row) = bulk.selected_row()
        && let BulkRowState::Failed(reason) = &row.state
    {
        let text = format!("{}: {reason}", row.name);
        let lines_of_row = text_width::wrap(&text, area.width.into());
        lines.extend(lines_of_row.into_iter().map(|line| (line, scene.theme.dim)));
    }
    for (row, (line, role)) in (0..area.height).zip(lines) {
        let at = Area {
            y: area.y + row,
            height: 1,
            ..area
        };
        paint::line(buffer, at, &[(&line, role.style())]);
    }
}

/// Draws the progress bar, readable without colours.
fn bar(scene: Scene<'_>, bulk: &BulkOperation, area: Area, buffer: &mut Buffer) {
    let width = usize::from(area.width);
    let full = (width * bulk.progress.finished())
        .checked_div(bulk.len())
        .unwrap_or(width);
    let (done, rest) = ("━".repeat(full), "·".repeat(width - full.min(width)));
    let theme = scene.theme;
    paint::line(
        buffer,
        area,
        &[(&done, theme.right.style()), (&rest, theme.dim.style())],
    );
}

fn row(scene: Scene<'_>, what: (&BulkOperation, &BulkRow), area: Area, buffer: &mut Buffer) {
    let (bulk, row) = what;
    let theme = scene.theme;
    let (mark, message, tone) = bulk.row_text(row);
    let role = role(scene, tone);
    let is_hidden = row.is_hidden && bulk.phase == BulkPhase::Preview;
    let hidden = if is_hidden { HIDDEN } else { "" };
    let area = Area {
        x: area.x + 1.min(area.width),
        width: area.width.saturating_sub(2),
        ..area
    };
    let used = paint::line(
        buffer,
        area,
        &[(mark, role.style()), (" ", theme.text.style())],
    );
    let room = area.split_left(used).1;
    // The message gets the width that the name leaves, and at least half of the row.
    let name = text_width::width(&text_width::cut(&row.name, room.width.into()));
    let wanted = text_width::width(&text_width::cut(message, room.width.into())) + hidden.len();
    let most = usize::from(room.width).saturating_sub(wanted + 2);
    let name = name.min(most.max(usize::from(room.width) / 2));
    let name = u16::try_from(name).unwrap_or(room.width);
    let (left, right) = room.split_left(name);
    paint::line(buffer, left, &[(&row.name, theme.text.style())]);
    let right = right.split_left(2).1;
    let message = text_width::cut(
        message,
        usize::from(right.width).saturating_sub(hidden.len()),
    );
    paint::right(buffer, right, &format!("{message}{hidden}"), role.style());
}

fn file(
    scene: Scene<'_>,
    bulk: &BulkOperation,
    area: Area,
    buffer: &mut Buffer,
) -> Option<(u16, u16)> {
    let theme = scene.theme;
    let line = bulk.file.as_ref().filter(|_| bulk.is_typing())?;
    let used = paint::line(buffer, area, &[("File ", theme.label.style())]);
    let input = area.split_left(used).1;
    paint::row(buffer, input, theme.input_focus.style());
    Some(paint::typed(
        buffer,
        input,
        line.around_cursor(),
        theme.input_focus.style(),
    ))
}

//! Info tab.

use ratatui::buffer::Buffer;

use super::{Scene, paint};
use crate::connection::Connection;
use crate::tui::app::Pane;
use crate::tui::layout::{Area, ScreenLayout};
use crate::tui::{info, text_width};

/// Columns of the labels.
const LABELS: u16 = 14;

/// Draws the info tab.
pub fn draw(scene: Scene<'_>, connection: &Connection, workspace: Area, buffer: &mut Buffer) {
    let Scene { app, theme, .. } = scene;
    let area = ScreenLayout::tab(workspace);
    let tested = app.last_test();
    let lines = info::lines(connection, &app.service.catalog, tested);
    let is_focused = app.focus.pane == Pane::Workspace && app.dialogs.is_empty();
    let top = crate::tui::layout::follow(0, app.workspace.line, area.height.into(), lines.len());
    for (row, (at, line)) in (0..area.height).zip(lines.iter().enumerate().skip(top)) {
        let place = Area {
            y: area.y + row,
            height: 1,
            ..area
        };
        let (left, right) = place.split_left(LABELS.min(place.width / 2));
        let room = usize::from(left.width).saturating_sub(1);
        let label = text_width::cut(line.label, room);
        paint::line(buffer, left, &[(&label, theme.dim.style())]);
        paint::line(buffer, right, &[(&line.shown, theme.text.style())]);
        if is_focused && at == app.workspace.line {
            paint::row(buffer, place, theme.selected.style());
        }
    }
}

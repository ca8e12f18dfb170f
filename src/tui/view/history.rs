//! History tab.

use ratatui::buffer::Buffer;

use super::{Scene, paint};
use crate::connection::Version;
use crate::tui::app::Pane;
use crate::tui::history::{self, VersionHistory};
use crate::tui::layout::{Area, ScreenLayout};
use crate::tui::text_width;

/// Minimum width to label the current version.
const ROOMY: u16 = 48;

/// Draws the history tab.
pub fn draw(scene: Scene<'_>, workspace: Area, buffer: &mut Buffer) {
    let Scene { app, theme, .. } = scene;
    let history = &app.workspace.history;
    let (list, below) = ScreenLayout::versions(workspace);
    let is_of_selected = app.tree.selected_item().map(|item| item.id) == history.id();
    if !is_of_selected || history.total().is_none() {
        let (text, role) = match (&history.problem, is_of_selected) {
            (Some(problem), true) => (problem.as_str(), theme.error),
            _ => ("Loading versions…", theme.dim),
        };
        wrapped(buffer, ScreenLayout::tab(workspace), text, role.style());
        return;
    }
    if history.versions().is_empty() {
        paint::line(buffer, list, &[("No versions yet", theme.dim.style())]);
        return;
    }
    let is_focused = app.focus.pane == Pane::Workspace && app.dialogs.is_empty();
    for (row, (at, version)) in
        (0..list.height).zip(history.versions().iter().enumerate().skip(history.top))
    {
        let area = Area {
            y: list.y + row,
            height: 1,
            ..list
        };
        line(scene, history, version, area, buffer);
        if at == history.selected {
            let role = if is_focused {
                theme.selected
            } else {
                theme.selected_away
            };
            paint::row(buffer, area, role.style());
        }
    }
    let seen = (
        history.top,
        list.height.into(),
        history.total().unwrap_or(0),
    );
    let bar = Area {
        height: list.height + 2,
        y: list.y.saturating_sub(1),
        ..workspace
    };
    paint::scroll_bar(buffer, bar, seen, theme.border_focus.style());
    if let Some(version) = history.selected() {
        details(scene, version, below, buffer);
    }
}

fn line(
    scene: Scene<'_>,
    history: &VersionHistory,
    version: &Version,
    area: Area,
    buffer: &mut Buffer,
) {
    let Scene { app, theme, .. } = scene;
    let number = version.number();
    let mark = if history.marked == Some(number) {
        "◆ "
    } else {
        "  "
    };
    let wide = history.current().unwrap_or(0).to_string().len() + 1;
    let name = text_width::pad(&format!("v{number}"), wide);
    let date = version.snapshot.item.date_modified;
    let date = format!("  {}  ", date.format("%Y-%m-%d %H:%M"));
    let provider = app.service.catalog.get(&version.snapshot.item.provider_id);
    let what = history::changed(version, provider);
    // The current version is always first, so the change gets the room.
    let current = if history.current() == Some(number) && area.width >= ROOMY {
        "(current) "
    } else {
        ""
    };
    let note = version.change.note.as_deref();
    let note = note.map_or_else(String::new, |note| format!(" “{note}”"));
    paint::line(
        buffer,
        area,
        &[
            (mark, theme.key.style()),
            (&name, theme.title.style()),
            (&date, theme.dim.style()),
            (current, theme.success.style()),
            (&what, theme.text.style()),
            (&note, theme.dim.style()),
        ],
    );
}

/// Draws the full details of a version.
fn details(scene: Scene<'_>, version: &Version, area: Area, buffer: &mut Buffer) {
    let Scene { app, theme, .. } = scene;
    let provider = app.service.catalog.get(&version.snapshot.item.provider_id);
    let changed = history::changed(version, provider);
    let note = version.change.note.as_deref().unwrap_or_default();
    let text = match (changed.is_empty(), note.is_empty()) {
        (true, _) => note.to_owned(),
        (false, true) => format!("Changed: {changed}"),
        (false, false) => format!("Changed: {changed} · {note}"),
    };
    let (rule, rest) = area.split_top(1);
    let line = "─".repeat(rule.width.into());
    paint::line(buffer, rule, &[(&line, theme.border.style())]);
    wrapped(buffer, rest, &text, theme.dim.style());
}

/// Draws a wrapped text in the available rows.
fn wrapped(buffer: &mut Buffer, area: Area, text: &str, style: ratatui::style::Style) {
    for (row, line) in (0..area.height).zip(text_width::wrap(text, area.width.into())) {
        let at = Area {
            y: area.y + row,
            height: 1,
            ..area
        };
        paint::line(buffer, at, &[(&line, style)]);
    }
}

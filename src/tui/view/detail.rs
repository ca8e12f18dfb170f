//! Draws the connection that is selected: what is stored, secrets masked.

use ratatui::buffer::Buffer;
use ratatui::style::Style;

use super::{Scene, paint};
use crate::connection::{Connection, Setting};
use crate::tui::app::Pane;
use crate::tui::layout::Area;

/// Draws the detail's pane.
pub fn draw(scene: Scene<'_>, area: Area, buffer: &mut Buffer) {
    let Scene { app, theme, .. } = scene;
    let Some(item) = app.tree.selected_item() else {
        return;
    };
    let is_focused = app.pane == Pane::Detail && app.layers.is_empty();
    let inside = paint::pane(buffer, area, item.name(), (theme, is_focused));
    let body = inside.split_left(1).1;
    let body = Area {
        width: body.width.saturating_sub(1),
        ..body
    };
    if app.detail.id() != Some(item.id) {
        return;
    }
    let lines = match (&app.detail.connection, &app.detail.problem) {
        (Some(connection), _) => lines(scene, connection, item.is_active),
        (None, Some(problem)) => vec![Line::Text(problem.clone(), theme.wrong.style())],
        (None, None) => Vec::new(),
    };
    let top = app.detail.top.min(lines.len().saturating_sub(1));
    for (row, line) in (0..body.height).zip(&lines[top..]) {
        let at = Area {
            y: body.y + row,
            height: 1,
            ..body
        };
        match line {
            Line::Text(text, style) => {
                paint::line(buffer, at, &[(text, *style)]);
            }
            Line::Pair(label, value, style) => {
                let (left, right) = at.split_left((body.width / 2).min(24));
                let label_room = left.split_left(left.width.saturating_sub(1)).0;
                paint::line(buffer, label_room, &[(label, theme.dim.style())]);
                paint::line(buffer, right, &[(value, *style)]);
            }
        }
    }
}

enum Line {
    Text(String, Style),
    Pair(String, String, Style),
}

fn lines(scene: Scene<'_>, connection: &Connection, is_active: bool) -> Vec<Line> {
    let theme = scene.theme;
    let item = &connection.item;
    let text = theme.text.style();
    let provider = scene.app.catalog.get(&item.provider_id);
    let name = provider.map_or(item.provider_id.as_str(), |provider| &provider.name);
    let (status, role) = if is_active {
        ("● Active", theme.on)
    } else {
        ("○ Inactive", theme.off)
    };
    let pair = |label: &str, value: &str, style| Line::Pair(label.into(), value.into(), style);
    let mut lines = vec![
        pair("Provider", name, text),
        pair("Alias", &item.alias, text),
        pair("Status", status, role.style()),
        Line::Text(String::new(), text),
    ];
    let mut heading = Some("Settings");
    for (key, value) in connection
        .settings
        .iter()
        .flat_map(crate::connection::Settings::iter)
    {
        let label = provider
            .and_then(|provider| provider.field(key))
            .map_or(key, |field| field.label.as_str());
        let (value, style) = match value {
            Setting::Null => continue,
            Setting::Switch(true) => ("on".to_owned(), text),
            Setting::Switch(false) => ("off".to_owned(), text),
            Setting::Number(number) => (number.to_string(), text),
            Setting::Secret(mask) => (format!("{} (stored)", mask.text()), theme.dim.style()),
            Setting::Text(value) => (value.clone(), text),
        };
        if let Some(heading) = heading.take() {
            lines.push(Line::Text(heading.into(), theme.heading.style()));
        }
        lines.push(Line::Pair(label.to_owned(), value, style));
    }
    if heading.is_none() {
        lines.push(Line::Text(String::new(), text));
    }
    let date = "%Y-%m-%d %H:%M UTC";
    lines.push(pair(
        "Created",
        &item.date_created.format(date).to_string(),
        theme.dim.style(),
    ));
    lines.push(pair(
        "Modified",
        &item.date_modified.format(date).to_string(),
        theme.dim.style(),
    ));
    lines.push(pair(
        "Version",
        &item.version.to_string(),
        theme.dim.style(),
    ));
    lines.push(pair("Id", &item.id.to_string(), theme.dim.style()));
    lines
}

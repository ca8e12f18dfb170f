//! Detail pane with the stored settings; secrets are masked.

use ratatui::buffer::Buffer;
use ratatui::style::Style;

use super::{Scene, history, info, paint};
use crate::connection::{Connection, MaskedSecret, SettingValue, Settings};
use crate::provider::Provider;
use crate::tui::app::Pane;
use crate::tui::layout::{Area, ScreenLayout};
use crate::tui::tabs::Tab;
use crate::tui::text_width;
use crate::tui::theme::Theme;

/// Draws the detail pane.
pub fn draw(scene: Scene<'_>, area: Area, buffer: &mut Buffer) {
    let Scene { app, theme, .. } = scene;
    let Some(item) = app.tree.selected_item() else {
        return;
    };
    let is_focused = app.focus.pane == Pane::Workspace && app.dialogs.is_empty();
    let inside = paint::pane(buffer, area, item.name(), (theme, is_focused));
    if inside.is_empty() {
        return;
    }
    tabs(scene, ScreenLayout::tabs(area), buffer);
    if app.workspace.tab == Tab::History {
        history::draw(scene, area, buffer);
        return;
    }
    let body = ScreenLayout::tab(area);
    if app.workspace.detail.id() != Some(item.id) {
        return;
    }
    if let (Tab::Info, Some(connection)) = (app.workspace.tab, &app.workspace.detail.connection) {
        info::draw(scene, connection, area, buffer);
        return;
    }
    let lines = match (
        &app.workspace.detail.connection,
        &app.workspace.detail.problem,
    ) {
        (Some(connection), _) => lines(scene, connection, item.is_active),
        (None, Some(problem)) => vec![DetailLine::Text(problem.clone(), theme.error.style())],
        (None, None) => Vec::new(),
    };
    let labels = label_width(&lines, body.width);
    let rows = rows(lines, labels, body.width);
    let top = app.workspace.detail.top.min(rows.len().saturating_sub(1));
    for (row, (label, value, style)) in (0..body.height).zip(&rows[top..]) {
        let at = Area {
            y: body.y + row,
            height: 1,
            ..body
        };
        let mut room = at;
        if let Some(label) = label {
            let (left, right) = at.split_left(labels);
            paint::line(buffer, left, &[(label, theme.dim.style())]);
            room = right;
        }
        paint::line(buffer, room, &[(value, *style)]);
    }
}

/// Draws the tab titles; the visible tab is in brackets.
fn tabs(scene: Scene<'_>, area: Area, buffer: &mut Buffer) {
    let Scene { app, theme, .. } = scene;
    let mut rest = area;
    for (tab, text) in app.tabs() {
        let role = if tab == app.workspace.tab {
            theme.title
        } else {
            theme.dim
        };
        let used = paint::line(buffer, rest, &[(&text, role.style())]);
        rest = rest.split_left(used + 1).1;
    }
}

/// Label (`None` for a full-width row) and text.
type LabeledText = (Option<String>, String, Style);

/// Wraps lines into rows.
fn rows(lines: Vec<DetailLine>, labels: u16, width: u16) -> Vec<LabeledText> {
    let room = usize::from(width.saturating_sub(labels));
    let mut rows = Vec::new();
    for line in lines {
        match line {
            DetailLine::Text(text, style) if text.is_empty() => rows.push((None, text, style)),
            DetailLine::Text(text, style) => {
                let wrapped = text_width::wrap(&text, width.into());
                rows.extend(wrapped.into_iter().map(|text| (None, text, style)));
            }
            DetailLine::Pair(label, value, style) => {
                let mut label = text_width::cut(&label, usize::from(labels).saturating_sub(1));
                for part in text_width::wrap(&value, room) {
                    rows.push((Some(std::mem::take(&mut label)), part, style));
                }
            }
        }
    }
    rows
}

/// Returns the width of the longest label, at most half of the pane.
fn label_width(lines: &[DetailLine], width: u16) -> u16 {
    let longest = lines
        .iter()
        .map(|line| match line {
            DetailLine::Text(..) => 0,
            DetailLine::Pair(label, ..) => text_width::width(&text_width::safe(label)) + 2,
        })
        .max()
        .unwrap_or(0);
    u16::try_from(longest).unwrap_or(width).min(width / 2)
}

enum DetailLine {
    Text(String, Style),
    Pair(String, String, Style),
}

/// Returns the text of a stored setting; `None` if it has no value.
fn setting_text(value: &SettingValue<MaskedSecret>, theme: &Theme) -> Option<(String, Style)> {
    let text = theme.text.style();
    Some(match value {
        SettingValue::Null => return None,
        SettingValue::Switch(true) => ("on".to_owned(), text),
        SettingValue::Switch(false) => ("off".to_owned(), text),
        SettingValue::Number(number) => (number.to_string(), text),
        SettingValue::Secret(mask) => match mask.remark() {
            Some(remark) => (format!("{} ({remark})", mask.text()), theme.error.style()),
            None => (format!("{} (stored)", mask.text()), theme.dim.style()),
        },
        SettingValue::Text(value) => (value.clone(), text),
    })
}

fn lines(scene: Scene<'_>, connection: &Connection, is_active: bool) -> Vec<DetailLine> {
    let theme = scene.theme;
    let item = &connection.item;
    let text = theme.text.style();
    let provider = scene.app.service.catalog.get(&item.provider_id);
    let name = provider.map_or(item.provider_id.as_str(), |provider| &provider.name);
    let (status, role) = if is_active {
        ("● Active", theme.on)
    } else {
        ("○ Inactive", theme.off)
    };
    let pair =
        |label: &str, value: &str, style| DetailLine::Pair(label.into(), value.into(), style);
    let mut lines = vec![
        pair("Provider", name, text),
        pair("Alias", &item.alias, text),
        pair("Status", status, role.style()),
        DetailLine::Text(String::new(), text),
    ];
    lines.extend(setting_lines(scene, connection, provider));
    lines.push(DetailLine::Text(String::new(), text));
    let date = "%Y-%m-%d %H:%M UTC";
    let facts = [
        ("Created", item.date_created.format(date).to_string()),
        ("Modified", item.date_modified.format(date).to_string()),
        ("Version", item.version.to_string()),
        ("ID", item.id.to_string()),
    ];
    lines.extend(facts.map(|(label, value)| pair(label, &value, theme.dim.style())));
    lines
}

/// Heading and settings; a warning if there are none although the provider needs some.
fn setting_lines(
    scene: Scene<'_>,
    connection: &Connection,
    provider: Option<&Provider>,
) -> Vec<DetailLine> {
    let theme = scene.theme;
    let settings = connection.settings.iter().flat_map(Settings::iter);
    let mut lines: Vec<_> = settings
        .filter_map(|(key, value)| {
            let field = provider.and_then(|provider| provider.field(key));
            let label = field.map_or(key, |field| field.label.as_str());
            let (value, style) = setting_text(value, theme)?;
            Some(DetailLine::Pair(label.to_owned(), value, style))
        })
        .collect();
    let catalog = &scene.app.service.catalog;
    let (heading, role) = if !lines.is_empty() {
        ("Settings", theme.heading)
    } else if catalog.requires_settings(&connection.item.provider_id) {
        ("Incomplete: no settings", theme.warning)
    } else {
        ("No settings: defaults are used", theme.dim)
    };
    lines.insert(0, DetailLine::Text(heading.into(), role.style()));
    lines
}

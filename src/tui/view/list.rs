//! Draws the collection: a table of the connections, only the rows that are seen.

use ratatui::buffer::Buffer;
use ratatui::style::Style;

use super::tree::MARK;
use super::{Scene, paint};
use crate::tui::action::{Action, Context};
use crate::tui::app::Pane;
use crate::tui::fit;
use crate::tui::layout::Area;
use crate::tui::tree::Item;

/// A column of the table.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Column {
    Name,
    Alias,
    Provider,
    Status,
    Modified,
}

impl Column {
    const fn title(self) -> &'static str {
        match self {
            Self::Name => "Name",
            Self::Alias => "Alias",
            Self::Provider => "Provider",
            Self::Status => "Status",
            Self::Modified => "Modified",
        }
    }
}

/// Draws the collection.
pub fn draw(scene: Scene<'_>, area: Area, buffer: &mut Buffer) {
    let Scene { app, theme, .. } = scene;
    let is_focused = app.pane == Pane::List && app.layers.is_empty();
    let inside = paint::pane(buffer, area, "Connections", (theme, is_focused));
    if app.tree.shown_len() == 0 {
        empty(scene, inside, buffer);
        return;
    }
    // Where something is marked, there is room for the marks.
    let gutter = if app.tree.marked_len() > 0 { 2 } else { 1 };
    let columns = columns(inside.width.saturating_sub(gutter));
    let (heading, rows) = inside.split_top(1);
    let mut at = heading.split_left(gutter).1;
    for (column, width) in &columns {
        let (cell, rest) = at.split_left(*width);
        paint::line(buffer, cell, &[(column.title(), theme.heading.style())]);
        at = rest.split_left(1).1;
    }
    for (line, index) in (0..rows.height).zip(app.tree.list_top..) {
        let Some(item) = app.tree.shown(index) else {
            break;
        };
        let row = Area {
            y: rows.y + line,
            height: 1,
            ..rows
        };
        let mut at = row.split_left(gutter).1;
        if app.tree.is_marked(item.id) {
            paint::line(buffer, row, &[(MARK, theme.key.style())]);
        }
        for (column, width) in &columns {
            let (cell, rest) = at.split_left(*width);
            let (text, style) = self::cell(scene, (*column, *width), item);
            paint::line(buffer, cell, &[(&fit::cut(&text, (*width).into()), style)]);
            at = rest.split_left(1).1;
        }
        if app.tree.selected_at() == Some(index) {
            let role = if is_focused {
                theme.selected
            } else {
                theme.selected_away
            };
            paint::row(buffer, row, role.style());
        }
    }
    paint::scroll_bar(
        buffer,
        area,
        (app.tree.list_top, rows.height.into(), app.tree.shown_len()),
        theme.border_focus.style(),
    );
}

fn empty(scene: Scene<'_>, inside: Area, buffer: &mut Buffer) {
    let Scene { app, theme, .. } = scene;
    let middle = inside.centered(inside.width, 3);
    let (first, rest) = middle.split_top(1);
    let key = app
        .keymap
        .first_key(Context::Tree, Action::New)
        .map(|key| key.to_string())
        .unwrap_or_default();
    if app.tree.loading.is_first() {
        centered(
            buffer,
            first,
            &[("Reading the connections…", theme.dim.style())],
        );
    } else if app.tree.filter().is_some() {
        centered(
            buffer,
            first,
            &[("No connection fits the filter", theme.dim.style())],
        );
    } else {
        centered(buffer, first, &[("No connections yet", theme.text.style())]);
        if key.is_empty() {
            return;
        }
        let (_, second) = rest.split_top(1);
        centered(
            buffer,
            second,
            &[
                ("Press ", theme.dim.style()),
                (&key, theme.key.style()),
                (" to create the first one", theme.dim.style()),
            ],
        );
    }
}

fn centered(buffer: &mut Buffer, area: Area, parts: &[(&str, Style)]) {
    let wide: usize = parts.iter().map(|(text, _)| fit::width(text)).sum();
    let wide = u16::try_from(wide).unwrap_or(area.width);
    paint::line(buffer, area.centered(wide, area.height), parts);
}

/// From how many columns of the screen on, which columns stand beside the name, and how wide.
const SETS: [(u16, &[(Column, u16)]); 4] = [
    (
        98,
        &[
            (Column::Alias, 24),
            (Column::Provider, 20),
            (Column::Status, 10),
            (Column::Modified, LONG_DATE),
        ],
    ),
    (
        72,
        &[
            (Column::Alias, 18),
            (Column::Provider, 14),
            (Column::Status, 10),
            (Column::Modified, 10),
        ],
    ),
    (50, &[(Column::Provider, 18), (Column::Status, 10)]),
    (27, &[(Column::Status, 10)]),
];

/// A date with its time.
const LONG_DATE: u16 = 16;

/// The columns there is room for; the name takes what the others leave.
fn columns(width: u16) -> Vec<(Column, u16)> {
    let beside = SETS
        .iter()
        .find(|(from, _)| width >= *from)
        .map_or(&[][..], |(_, columns)| columns);
    let taken: u16 = beside.iter().map(|(_, wide)| wide + 1).sum();
    let name = (Column::Name, width.saturating_sub(taken));
    std::iter::once(name)
        .chain(beside.iter().copied())
        .collect()
}

fn cell(scene: Scene<'_>, (column, width): (Column, u16), item: &Item) -> (String, Style) {
    let theme = scene.theme;
    match column {
        Column::Name => (item.name().to_owned(), theme.text.style()),
        Column::Alias => (item.alias().to_owned(), theme.dim.style()),
        Column::Provider => {
            let name = match scene.app.catalog.get(&item.provider) {
                Some(provider) => provider.name.clone(),
                None => item.provider.to_string(),
            };
            (name, theme.text.style())
        }
        Column::Status if item.is_active => ("● Active".into(), theme.on.style()),
        Column::Status => ("○ Inactive".into(), theme.off.style()),
        Column::Modified => (
            item.modified
                .format(if width < LONG_DATE {
                    "%Y-%m-%d"
                } else {
                    "%Y-%m-%d %H:%M"
                })
                .to_string(),
            theme.dim.style(),
        ),
    }
}

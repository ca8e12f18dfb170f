//! Table of the connections; draws only the visible rows.

use ratatui::buffer::Buffer;
use ratatui::style::Style;

use super::tree::MARK;
use super::{Scene, health, highlight, list_title, paint};
use crate::search::query::QueryField;
use crate::search::{Column, TreeItem};
use crate::tui::action::{Action, KeyContext};
use crate::tui::app::Pane;
use crate::tui::columns::{self, LONG_DATE, STATUS, TableColumn};
use crate::tui::layout::Area;
use crate::tui::text_width;
use crate::tui::tree::Filter;

/// Draws the list; returns the cursor position in the filter.
pub fn draw(scene: Scene<'_>, area: Area, buffer: &mut Buffer) -> Option<(u16, u16)> {
    let Scene { app, theme, .. } = scene;
    let is_focused = app.focus.pane == Pane::Table && app.dialogs.is_empty();
    let inside = paint::pane(buffer, area, "", (theme, is_focused));
    if app.tree.shown_len() == 0 {
        empty(scene, inside, buffer);
        return list_title::draw(scene, (area, is_focused), buffer);
    }
    let (heading, rows) = inside.split_top(1);
    titles(scene, heading, buffer);
    for (line, index) in (0..rows.height).zip(app.tree.list_top..) {
        let Some(item) = app.tree.visible_at(index) else {
            break;
        };
        let row = Area {
            y: rows.y + line,
            height: 1,
            ..rows
        };
        if app.tree.is_marked(item.id) {
            paint::line(buffer, row, &[(MARK, theme.key.style())]);
        }
        for (column, cell) in columns::cells(row) {
            let (text, style) = self::cell(scene, (column, cell.width), item);
            let parts = match column {
                TableColumn::Sortable(Column::Name) => {
                    highlight::parts(scene, (QueryField::Name, &text), style)
                }
                TableColumn::Sortable(Column::Alias) => {
                    highlight::parts(scene, (QueryField::Alias, &text), style)
                }
                TableColumn::Sortable(_) | TableColumn::LastTest => vec![(text.as_str(), style)],
            };
            paint::line(buffer, cell, &parts);
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
    list_title::draw(scene, (area, is_focused), buffer)
}

/// Draws the column titles with the sort direction.
fn titles(scene: Scene<'_>, heading: Area, buffer: &mut Buffer) {
    let Scene { app, theme, .. } = scene;
    let sort = app.tree.sort();
    let is_ordered_by_score = app.tree.filter().is_some_and(Filter::is_ordered_by_score);
    for (column, cell) in columns::cells(heading) {
        let mark = if column == TableColumn::Sortable(sort.column) && !is_ordered_by_score {
            sort.direction.mark()
        } else {
            ""
        };
        let style = theme.heading.style();
        if cell.width < 2 {
            // Symbols alone need no title.
            paint::line(buffer, cell, &[(mark, style)]);
            continue;
        }
        // If both do not fit, the direction is more important.
        let gap = if mark.is_empty() { "" } else { " " };
        let room = usize::from(cell.width).saturating_sub(text_width::width(mark) + gap.len());
        let title = text_width::cut(column.title(), room);
        paint::line(
            buffer,
            cell,
            &[(&title, style), (gap, style), (mark, style)],
        );
    }
}

/// Draws a pane that says why the list in the tree is empty.
pub fn draw_empty(scene: Scene<'_>, area: Area, buffer: &mut Buffer) {
    let inside = paint::pane(buffer, area, "", (scene.theme, false));
    if !inside.is_empty() && scene.app.tree.shown_len() == 0 {
        empty(scene, inside, buffer);
    }
}

fn empty(scene: Scene<'_>, inside: Area, buffer: &mut Buffer) {
    let Scene { app, theme, .. } = scene;
    let suggestion = app.tree.filter_suggestion();
    let middle = inside.centered(inside.width, 3 + u16::from(suggestion.is_some()));
    let (first, rest) = middle.split_top(1);
    let key = app
        .keymap
        .first_key(KeyContext::Tree, Action::New)
        .map(|key| key.to_string())
        .unwrap_or_default();
    if app.tree.loading.is_first() {
        centered(
            buffer,
            first,
            &[("Loading connections…", theme.dim.style())],
        );
    } else if app.tree.filter().is_some() {
        centered(
            buffer,
            first,
            &[("No match for the filter", theme.dim.style())],
        );
        let back = app.keymap.first_key(KeyContext::Tree, Action::Back);
        let back = back.map_or_else(String::new, |key| key.to_string());
        let (second, third) = rest.split_top(1);
        if let Some(suggestion) = suggestion {
            let parts = [
                ("Try ", theme.dim.style()),
                (&suggestion, theme.key.style()),
            ];
            centered(buffer, second, &parts);
        }
        centered(
            buffer,
            third,
            &[
                ("Press ", theme.dim.style()),
                (&back, theme.key.style()),
                (" to show all", theme.dim.style()),
            ],
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
                (" to create one", theme.dim.style()),
            ],
        );
    }
}

fn centered(buffer: &mut Buffer, area: Area, parts: &[(&str, Style)]) {
    let wide: usize = parts.iter().map(|(text, _)| text_width::width(text)).sum();
    let wide = u16::try_from(wide).unwrap_or(area.width);
    paint::line(buffer, area.centered(wide, area.height), parts);
}

fn cell(scene: Scene<'_>, (column, width): (TableColumn, u16), item: &TreeItem) -> (String, Style) {
    let theme = scene.theme;
    let column = match column {
        TableColumn::Sortable(column) => column,
        TableColumn::LastTest => return health::cell(scene, item),
    };
    match column {
        Column::Name if item.is_active => (item.name().to_owned(), theme.text.style()),
        Column::Name => (item.name().to_owned(), theme.dim.style()),
        Column::Alias => (item.alias().to_owned(), theme.dim.style()),
        Column::Provider => {
            let name = match scene.app.service.catalog.get(&item.provider) {
                Some(provider) => provider.name.clone(),
                None => item.provider.to_string(),
            };
            (name, theme.text.style())
        }
        Column::Status => {
            let (symbol, word, role) = if item.is_active {
                ("●", " Active", theme.on)
            } else {
                ("○", " Inactive", theme.off)
            };
            let word = if width < STATUS { "" } else { word };
            (format!("{symbol}{word}"), role.style())
        }
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

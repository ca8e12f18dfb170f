//! Tree; draws only the visible rows.

use ratatui::buffer::Buffer;

use super::{Scene, paint};
use crate::search::{Sort, TreeItem, query};
use crate::tui::app::Pane;
use crate::tui::layout::Area;
use crate::tui::text_width;
use crate::tui::tree::Node;

/// Suffix of an inactive connection.
const STATE: &str = " (inactive)";

/// Columns at the left edge of a row; the mark is drawn in the last one.
pub const GUTTER: u16 = 3;

/// Symbol of a marked connection.
pub const MARK: &str = "✓";
/// Placeholder of an empty filter.
const HINT: &str = "name, alias, status:…";

/// Title of the pane.
const TITLE: &str = "umai";

/// Draws the tree pane; returns the cursor position in the filter.
pub fn draw(scene: Scene<'_>, buffer: &mut Buffer) -> Option<(u16, u16)> {
    let Scene { app, theme, layout } = scene;
    let tree = &app.tree;
    let is_focused = app.pane == Pane::Tree && app.dialogs.is_empty();
    let inside = paint::pane(buffer, layout.tree, TITLE, (theme, is_focused));
    for (line, row) in (0..inside.height).zip(tree.top..) {
        let Some(node) = tree.node(row) else { break };
        let area = Area {
            y: inside.y + line,
            height: 1,
            ..inside
        };
        match node {
            Node::Settings => upper(scene, area, ("", node, "Settings".into()), buffer),
            Node::Ai => upper(scene, area, ("└─", node, "AI".into()), buffer),
            Node::Connections => upper(scene, area, ("  └─", node, connections(scene)), buffer),
            Node::Provider(number) => {
                let guide = if tree.is_in_last_group(row) {
                    "    └─"
                } else {
                    "    ├─"
                };
                let title = tree.providers().title(number);
                let label = format!("{title} ({})", tree.count_of(number));
                upper(scene, area, (guide, node, label), buffer);
            }
            Node::Connection(_) => {
                if let Some(item) = tree.at_row(row).and_then(|at| tree.visible_at(at)) {
                    connection(scene, area, (&guide(scene, row), item), buffer);
                    if tree.is_marked(item.id) {
                        let gutter = area.split_left(GUTTER).0;
                        paint::right(buffer, gutter, MARK, theme.key.style());
                    }
                }
            }
        }
        if row == tree.selected_row() {
            let role = if is_focused {
                theme.selected
            } else {
                theme.selected_away
            };
            paint::row(buffer, area, role.style());
        }
    }
    if let Some(text) = app.bulk_status() {
        paint::below(buffer, layout.tree, &text, theme.key.style());
    }
    paint::scroll_bar(
        buffer,
        layout.tree,
        (tree.top, inside.height.into(), tree.rows()),
        theme.border_focus.style(),
    );
    below(scene, buffer);
    filter(scene, buffer)
}

/// Returns the guide lines before a connection.
fn guide(scene: Scene<'_>, row: usize) -> String {
    let tree = &scene.app.tree;
    let outer = match (tree.shows_groups(), tree.is_in_last_group(row)) {
        (false, _) => "    ",
        (true, false) => "    │  ",
        (true, true) => "       ",
    };
    let inner = if tree.is_last(row) {
        "└─ "
    } else {
        "├─ "
    };
    format!("{outer}{inner}")
}

/// Draws the filter fields or a non-default sort order on the lower border.
fn below(scene: Scene<'_>, buffer: &mut Buffer) {
    let Scene { app, theme, layout } = scene;
    let sort = app.tree.sort();
    let text = match app.tree.filter() {
        Some(filter) if filter.is_typing => format!("{} -not", query::all()),
        Some(filter) if filter.has_best() => return,
        Some(_) | None if sort == Sort::default() => return,
        Some(_) | None => format!("by {} {}", sort.column.label(), sort.direction.mark()),
    };
    paint::below(buffer, layout.tree, &text, theme.dim.style());
}

/// Draws the filter instead of the title.
fn filter(scene: Scene<'_>, buffer: &mut Buffer) -> Option<(u16, u16)> {
    let theme = scene.theme;
    let filter = scene.app.tree.filter()?;
    let (top, _) = scene.layout.tree.split_top(1);
    let room = Area {
        x: top.x + 2,
        width: top.width.saturating_sub(4),
        ..top
    };
    if room.is_empty() {
        return None;
    }
    // The title is removed and the border continues there.
    let border = if scene.app.pane == Pane::Tree && scene.app.dialogs.is_empty() {
        theme.border_focus
    } else {
        theme.border
    };
    let title = "─".repeat(TITLE.len() + 2);
    paint::line(
        buffer,
        room.split_left(u16::try_from(title.chars().count()).unwrap_or(0))
            .0,
        &[(&title, border.style())],
    );
    paint::line(buffer, room, &[(" / ", theme.key.style())]);
    let rest = room.split_left(3).1;
    let shown = filter.line.displayed(&scene.app.site.catalog);
    let text = shown.as_ref();
    let wide =
        u16::try_from(text_width::width(&text_width::cut(text, rest.width.into()))).unwrap_or(0);
    let typing = rest.split_left(wide + 1).0;
    paint::line(
        buffer,
        typing,
        &[(" ", theme.text.style()), (" ", theme.text.style())],
    );
    if text.is_empty() {
        paint::line(buffer, rest, &[(" ", theme.text.style())]);
        let hint = rest.split_left(1).1;
        let hint_text = text_width::cut(HINT, hint.width.into());
        let used = paint::line(buffer, hint, &[(&hint_text, theme.placeholder.style())]);
        paint::line(
            buffer,
            hint.split_left(used).1,
            &[(" ", theme.text.style())],
        );
    }
    let cursor = paint::typed_line(buffer, typing, (&filter.line, text), theme.title.style());
    paint::line(
        buffer,
        rest.split_left(wide).1,
        &[(" ", theme.text.style())],
    );
    filter.is_typing.then_some(cursor)
}

fn connections(scene: Scene<'_>) -> String {
    let tree = &scene.app.tree;
    if tree.loading.is_first() {
        return "Connections (…)".into();
    }
    let all = match tree.loading.incomplete_total() {
        Some(total) => format!("{} of {total}", tree.len()),
        None => tree.len().to_string(),
    };
    match tree.filter() {
        Some(_) if tree.shown_len() != tree.len() => {
            format!("Connections ({} of {all})", tree.shown_len())
        }
        _ => format!("Connections ({all})"),
    }
}

fn upper(scene: Scene<'_>, area: Area, what: (&str, Node, String), buffer: &mut Buffer) {
    let (guide, node, label) = what;
    let theme = scene.theme;
    let mark = if scene.app.tree.is_open(node) {
        "▾ "
    } else {
        "▸ "
    };
    paint::line(
        buffer,
        area,
        &[
            (guide, theme.border.style()),
            (mark, theme.dim.style()),
            (&label, theme.text.style()),
        ],
    );
}

fn connection(scene: Scene<'_>, area: Area, what: (&str, &TreeItem), buffer: &mut Buffer) {
    let (guide, item) = what;
    let theme = scene.theme;
    let (mark, role) = if item.is_active {
        ("● ", theme.on)
    } else {
        ("○ ", theme.off)
    };
    let room = usize::from(area.width).saturating_sub(text_width::width(guide) + 2);
    let name = text_width::cut(item.name(), room);
    // Without room for the word, the symbol alone shows the status.
    let state = if item.is_active || text_width::width(&name) + STATE.len() > room {
        ""
    } else {
        STATE
    };
    let used = paint::line(
        buffer,
        area,
        &[
            (guide, theme.border.style()),
            (mark, role.style()),
            (&name, theme.text.style()),
            (state, theme.off.style()),
        ],
    );
    let rest = area.split_left(used + 2).1;
    if usize::from(rest.width) >= text_width::width(item.alias()) {
        paint::right(buffer, rest, item.alias(), theme.dim.style());
    }
}

//! Tree; draws only the visible rows.

use ratatui::buffer::Buffer;

use super::{Scene, health, highlight, list_title, paint};
use crate::search::TreeItem;
use crate::search::query::QueryField;
use crate::tui::app::Pane;
use crate::tui::bulk::BulkOperation;
use crate::tui::layout::Area;
use crate::tui::text_width;
use crate::tui::tree::{Node, Tree};

/// Symbol of a marked connection, in the padding of its row.
pub const MARK: &str = "◆";

/// Title of the pane while the table beside it lists the connections.
const TITLE: &str = "umai";

/// Draws the tree pane; returns the cursor position in the filter.
pub fn draw(scene: Scene<'_>, buffer: &mut Buffer) -> Option<(u16, u16)> {
    let Scene { app, theme, layout } = scene;
    let tree = &app.tree;
    let is_focused = app.focus.pane == Pane::Tree && app.dialogs.is_empty();
    let title = if tree.hides_connections() { TITLE } else { "" };
    let inside = paint::pane(buffer, layout.tree, title, (theme, is_focused));
    for (line, row) in (0..inside.height).zip(tree.top..) {
        let Some(node) = tree.node(row) else { break };
        let area = Area {
            y: inside.y + line,
            height: 1,
            ..inside
        };
        self::row(scene, (row, node), area, buffer);
        if row == tree.selected_row() {
            let role = if is_focused {
                theme.selected
            } else {
                theme.selected_away
            };
            paint::row(buffer, area, role.style());
        }
    }
    paint::scroll_bar(
        buffer,
        layout.tree,
        (tree.top, inside.height.into(), tree.rows()),
        theme.border_focus.style(),
    );
    let cursor = if tree.hides_connections() {
        None
    } else {
        list_title::draw(scene, (layout.tree, is_focused), buffer)
    };
    if let Some(text) = app.dialogs.bulk().and_then(BulkOperation::running_status) {
        paint::below(buffer, layout.tree, &text, theme.key.style());
    }
    cursor
}

fn row(scene: Scene<'_>, (row, node): (usize, Node), area: Area, buffer: &mut Buffer) {
    let tree = &scene.app.tree;
    let text = area.padded();
    match node {
        Node::Settings => upper(scene, text, ("", node, "Settings".into()), buffer),
        Node::Ai => upper(scene, text, ("└ ", node, "AI".into()), buffer),
        Node::Connections => {
            let label = format!("Connections{}", count(tree));
            upper(scene, text, ("  └ ", node, label), buffer);
        }
        Node::Provider(number) => {
            let guide = if tree.is_in_last_group(row) {
                "    └ "
            } else {
                "    ├ "
            };
            let title = tree.providers().title(number);
            let label = format!("{title} {}", tree.count_of(number));
            upper(scene, text, (guide, node, label), buffer);
        }
        Node::Connection(_) => {
            if let Some(item) = tree.at_row(row).and_then(|at| tree.visible_at(at)) {
                connection(scene, text, (&guide(tree, row), item), buffer);
                if tree.is_marked(item.id) {
                    paint::line(buffer, area, &[(MARK, scene.theme.key.style())]);
                }
            }
        }
    }
}

/// Returns the number of connections, while the title does not show it.
fn count(tree: &Tree) -> String {
    if tree.hides_connections() && !tree.loading.is_first() {
        format!(" {}", tree.len())
    } else {
        String::new()
    }
}

/// Returns the guide lines before a connection.
fn guide(tree: &Tree, row: usize) -> String {
    let outer = match (tree.shows_groups(), tree.is_in_last_group(row)) {
        (false, _) => "    ",
        (true, false) => "    │ ",
        (true, true) => "      ",
    };
    let inner = if tree.is_last(row) { "└ " } else { "├ " };
    format!("{outer}{inner}")
}

fn upper(scene: Scene<'_>, area: Area, what: (&str, Node, String), buffer: &mut Buffer) {
    let (guide, node, label) = what;
    let theme = scene.theme;
    let tree = &scene.app.tree;
    let lists_beside =
        tree.hides_connections() && matches!(node, Node::Connections | Node::Provider(_));
    let mark = if tree.is_open(node) && !lists_beside {
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
    let (status, status_role, name_role) = if item.is_active {
        ("● ", theme.on, theme.text)
    } else {
        ("○ ", theme.off, theme.dim)
    };
    let (health, health_style) = health::symbol(scene, item);
    let mut parts = vec![
        (guide, theme.border.style()),
        (status, status_role.style()),
        (health, health_style),
        (" ", theme.text.style()),
    ];
    let name = (QueryField::Name, item.name());
    parts.extend(highlight::parts(scene, name, name_role.style()));
    let used = paint::line(buffer, area, &parts);
    let provider = scene.app.service.catalog.get(&item.provider);
    let code = provider_code(provider.map_or(&item.provider, |provider| &provider.name));
    let rest = area.split_left(used + 2).1;
    if usize::from(rest.width) >= text_width::width(&code) && !scene.app.tree.shows_groups() {
        paint::right(buffer, rest, &code, theme.dim.style());
    }
}

/// Returns a short code of a provider: its capitals (`OpenAI`: `OAI`), or its first letters (`Mistral`: `MIS`).
fn provider_code(name: &str) -> String {
    let capitals: String = name
        .chars()
        .filter(char::is_ascii_uppercase)
        .take(4)
        .collect();
    if capitals.len() > 1 {
        return capitals;
    }
    let letters = name.chars().filter(|letter| letter.is_alphanumeric());
    letters.take(3).collect::<String>().to_uppercase()
}

#[cfg(test)]
mod tests {
    #[rstest::rstest]
    #[case("OpenAI", "OAI")]
    #[case("Anthropic", "ANT")]
    #[case("Microsoft AI Foundry", "MAIF")]
    #[case("xAI", "AI")]
    #[case("", "")]
    fn provider_code_is_short(#[case] name: &str, #[case] code: &str) {
        assert_eq!(super::provider_code(name), code);
    }
}

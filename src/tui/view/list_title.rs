//! Title of the pane that lists the connections: their counts, and the filter while there is one.

use ratatui::buffer::Buffer;

use super::{Scene, paint};
use crate::search::{Sort, query};
use crate::tui::layout::Area;
use crate::tui::text_width;
use crate::tui::tree::Tree;

/// Name of the list.
const NAME: &str = "Connections";

/// Placeholder of an empty filter.
const HINT: &str = "name, alias, status:…";

/// Columns of the filter that the counts leave free.
const SMALLEST_FILTER: usize = 12;

/// Draws the title on the upper border of a pane, and the order on the lower one; returns the cursor position in the filter.
pub fn draw(
    scene: Scene<'_>,
    (pane, is_focused): (Area, bool),
    buffer: &mut Buffer,
) -> Option<(u16, u16)> {
    let theme = scene.theme;
    let tree = &scene.app.tree;
    below(scene, pane, buffer);
    let room = pane.split_top(1).0.padded();
    let style = if is_focused {
        theme.title
    } else {
        theme.heading
    };
    if tree.filter().is_none() {
        let rest = usize::from(room.width).saturating_sub(NAME.len() + 3);
        let title = format!(" {NAME} {} ", counts(tree, rest));
        paint::line(buffer, room, &[(&title, style.style())]);
        return None;
    }
    let rest = usize::from(room.width).saturating_sub(SMALLEST_FILTER + 2);
    let counts = format!(" {} ", counts(tree, rest));
    let used = paint::right(buffer, room, &counts, style.style());
    filter(scene, room.split_left(room.width - used).0, buffer)
}

/// Returns the counts that fit; the number of inactive connections is left out first. `similar` says that nothing matches exactly.
fn counts(tree: &Tree, room: usize) -> String {
    if tree.loading.is_first() {
        return "…".into();
    }
    let all = match tree.loading.incomplete_total() {
        Some(total) => format!("{} of {total}", tree.len()),
        None => tree.len().to_string(),
    };
    let is_filtered = tree.filter().is_some() && tree.shown_len() != tree.len();
    let total = if is_filtered {
        format!("{} of {all}", tree.shown_len())
    } else {
        all
    };
    let part = |count: usize, word: &str| (count > 0).then(|| format!(" · {count} {word}"));
    // These count all connections, not those that the filter shows.
    let part_of_all = |count: usize, word: &str| part(count, word).filter(|_| !is_filtered);
    let marked = part(tree.marked_len(), "marked").unwrap_or_default();
    let inactive = part_of_all(tree.inactive_len(), "inactive").unwrap_or_default();
    let failing = part_of_all(tree.failing_len(), "failing").unwrap_or_default();
    let similar = if tree.is_tolerant() {
        " · similar"
    } else {
        ""
    };
    let mut text = total;
    for part in [similar.to_owned(), marked, failing, inactive] {
        if text_width::width(&text) + text_width::width(&part) <= room {
            text.push_str(&part);
        }
    }
    text
}

/// Draws the filter fields or a non-default sort order on the lower border.
fn below(scene: Scene<'_>, pane: Area, buffer: &mut Buffer) {
    let Scene { app, theme, .. } = scene;
    let tree = &app.tree;
    let sort = tree.sort();
    let text = match tree.filter() {
        Some(filter) if filter.is_typing => tree
            .filter_values()
            .unwrap_or_else(|| format!("{} -not", query::all())),
        Some(filter) if filter.is_ordered_by_score() => return,
        Some(_) | None if sort == Sort::default() || app.shows_table() => return,
        Some(_) | None => format!("by {} {}", sort.column.label(), sort.direction.mark()),
    };
    paint::below(buffer, pane, &text, theme.dim.style());
}

/// Draws the filter; returns the cursor position if it is being typed.
fn filter(scene: Scene<'_>, room: Area, buffer: &mut Buffer) -> Option<(u16, u16)> {
    let theme = scene.theme;
    let filter = scene.app.tree.filter()?;
    let used = paint::line(buffer, room, &[(" / ", theme.key.style())]);
    let rest = room.split_left(used).1;
    let shown = filter.line.displayed(&scene.app.service.catalog);
    let text = shown.as_ref();
    let typed = text_width::width(&text_width::safe(text));
    let hint = if text.is_empty() { HINT } else { "" };
    let wide = typed.max(text_width::width(hint)) + 2;
    let wide = u16::try_from(wide).unwrap_or(u16::MAX).min(rest.width);
    let typing = rest.split_left(wide).0;
    let blank = " ".repeat(wide.into());
    paint::line(buffer, typing, &[(&blank, theme.text.style())]);
    // The cursor stands before the hint.
    let (_, behind) = typing.split_left(1);
    let hint = text_width::cut(hint, behind.width.into());
    paint::line(buffer, behind, &[(&hint, theme.placeholder.style())]);
    let cursor = paint::typed_line(buffer, typing, (&filter.line, text), theme.title.style());
    filter.is_typing.then_some(cursor)
}

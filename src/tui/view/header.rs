//! Header: the path to the selection, and where the connections are.

use ratatui::buffer::Buffer;
use ratatui::style::Style;

use super::{Scene, paint};
use crate::tui::layout::Area;
use crate::tui::text_width::{self, safe, width};
use crate::tui::tree::Node;

/// Columns from which the words of the place are written out.
const ROOMY: u16 = 60;

/// Smallest number of columns in which the end of an address or a folder is readable.
const SMALLEST_PLACE: usize = 8;

/// Smallest number of columns in which a cut name is readable.
const SMALLEST_NAME: usize = 6;

/// Draws the header.
pub fn draw(scene: Scene<'_>, buffer: &mut Buffer) {
    let area = place(scene, scene.layout.header, buffer);
    let area = stale_marker(scene, area, buffer);
    path(scene, area, buffer);
}

/// Draws the path to the selection.
fn path(scene: Scene<'_>, area: Area, buffer: &mut Buffer) {
    let Scene { app, theme, .. } = scene;
    let mut path = vec!["Settings".to_owned()];
    let selected = app.tree.selected();
    if selected != Node::Settings {
        path.push("AI".into());
    }
    if !matches!(selected, Node::Settings | Node::Ai) {
        path.push("Connections".into());
    }
    if let Some(number) = app.tree.selected_provider() {
        path.push(app.tree.providers().title(number).to_owned());
    }
    let mut is_unsaved = false;
    if let Some(form) = app.form() {
        path = vec!["Settings".into(), "AI".into(), "Connections".into()];
        path.push(form.title().to_owned());
        is_unsaved = form.has_unsaved_input();
    } else if let Some(item) = app.tree.selected_item() {
        path.push(item.name().to_owned());
    }
    let Some((here, above)) = path.split_last() else {
        return;
    };
    let mut above = above.join(" › ");
    if !above.is_empty() {
        above.push_str(" › ");
    }
    // In a narrow header the path is cut, not the current node.
    let room = usize::from(area.width).saturating_sub(4);
    if !above.is_empty() && width(&safe(&above)) + width(&safe(here)) > room {
        above = "… › ".into();
    }
    let here = text_width::cut(here, room.saturating_sub(width(&above)));
    paint::line(
        buffer,
        area,
        &[
            (" ", theme.text.style()),
            (&above, theme.dim.style()),
            (&here, theme.title.style()),
            (if is_unsaved { " ●" } else { "" }, theme.warning.style()),
        ],
    );
}

/// Draws where the connections are, with badge and access, at the end of the header; returns the rest of the line.
fn place(scene: Scene<'_>, area: Area, buffer: &mut Buffer) -> Area {
    let Scene { app, theme, .. } = scene;
    let target = &app.service.target;
    let color = theme.badge_in(target.color.as_deref());
    let (badge, name, style) = match (&target.badge, target.name_beside_badge()) {
        (Some(badge), name) => (format!(" {badge} "), name.unwrap_or_default(), color),
        (None, Some(name)) => (format!(" {name} "), "", color),
        (None, None) if target.server.is_some() => (String::new(), "", Style::default()),
        (None, None) => ("local".to_owned(), "", theme.dim.style()),
    };
    let read_only = match (target.is_read_only(), area.width) {
        (false, _) => "",
        (true, 0..ROOMY) => "r/o",
        (true, ROOMY..) => "read-only",
    };
    // The path needs the other half.
    let room = usize::from(area.width / 2);
    let badge = text_width::cut(&badge, room.saturating_sub(width(read_only) + 2));
    let mut fixed = width(&badge) + width(read_only) + if read_only.is_empty() { 1 } else { 4 };
    // The name is more important than the address.
    let left = room.saturating_sub(fixed + 1);
    let fits = left >= SMALLEST_NAME || left >= width(&safe(name));
    let name = text_width::cut(if fits { name } else { "" }, left);
    fixed += width(&name);
    let address = target.address().unwrap_or_default();
    let address = end_of(address, room.saturating_sub(fixed + 3));
    // A badge ends with a space.
    let dot = if name.is_empty() && badge.ends_with(' ') {
        "· "
    } else {
        " · "
    };
    let separator = |is_first: bool, dot| if is_first { "" } else { dot };
    let parts = [
        (badge.as_str(), style),
        (name.as_str(), theme.text.style()),
        (
            separator(badge.is_empty() || address.is_empty(), dot),
            theme.dim.style(),
        ),
        (address.as_str(), theme.dim.style()),
        (
            separator(
                read_only.is_empty() || (badge.is_empty() && address.is_empty()),
                if address.is_empty() { dot } else { " · " },
            ),
            theme.dim.style(),
        ),
        (read_only, theme.warning.style()),
        (" ", theme.text.style()),
    ];
    let wide: usize = parts.iter().map(|(text, _)| width(&safe(text))).sum();
    let wide = u16::try_from(wide).unwrap_or(area.width).min(area.width);
    let (rest, at) = area.split_left(area.width - wide);
    paint::line(buffer, at, &parts);
    rest.split_left(rest.width.saturating_sub(1)).0
}

/// Returns an address without its scheme, or the end of a folder, if it does not fit; nothing if too little fits.
fn end_of(address: &str, room: usize) -> String {
    let address = safe(address);
    if width(&address) <= room {
        return address;
    }
    let rest = address.split_once("://").map_or("", |(_, rest)| rest);
    if !rest.is_empty() {
        let fits = width(rest) <= room || room >= SMALLEST_PLACE;
        return if fits {
            text_width::cut(rest, room)
        } else {
            String::new()
        };
    }
    if room < SMALLEST_PLACE {
        return String::new();
    }
    let mut end = text_width::suffix(&address, room.saturating_sub(3)).to_owned();
    while width(&end) + 1 > room {
        end.remove(0);
    }
    format!("…{end}")
}

/// Draws the stale marker or the time of the last reload at the end of the header; returns the rest of the line.
fn stale_marker(scene: Scene<'_>, area: Area, buffer: &mut Buffer) -> Area {
    let Scene { app, theme, .. } = scene;
    let (text, role) = match (app.feed.is_stale, app.list_time(), area.width) {
        (true, _, 0..36) => ("! stale ".into(), theme.warning),
        (true, _, 36..ROOMY) => ("! may be stale ".into(), theme.warning),
        (true, _, ROOMY..) => ("! offline, data may be stale ".into(), theme.warning),
        (false, Some(time), 48..) => (format!("updated {} ", time.format("%H:%M:%S")), theme.dim),
        (false, ..) => return area,
    };
    let used = paint::right(buffer, area, &text, role.style());
    area.split_left(area.width.saturating_sub(used + 1)).0
}

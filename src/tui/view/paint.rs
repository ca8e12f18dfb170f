//! Drawing primitives: lines of safe text, boxes, scroll bars.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Modifier, Style};
use ratatui::widgets::{Block, BorderType, Clear, Widget};

use crate::text;
use crate::tui::layout::Area;
use crate::tui::text_input::TextInput;
use crate::tui::text_width;
use crate::tui::theme::Theme;

/// Converts an area to a `Rect` inside the buffer.
pub fn rect(area: Area, buffer: &Buffer) -> Rect {
    Rect::new(area.x, area.y, area.width, area.height).intersection(buffer.area)
}

/// Draws safe texts one after the other in the first row of an area, cut at its end; returns the used columns.
pub fn line(buffer: &mut Buffer, area: Area, parts: &[(&str, Style)]) -> u16 {
    let area = rect(area, buffer);
    if area.is_empty() {
        return 0;
    }
    let mut used = 0;
    for (text, style) in parts {
        let room = area.width - used;
        if room == 0 {
            break;
        }
        let (x, y) = (area.x + used, area.y);
        if let Some(wide) = simple(buffer, (x, y), text, room, *style) {
            used += wide;
            continue;
        }
        let cut = text_width::cut(text, room.into());
        let (end, _) = buffer.set_stringn(x, y, &cut, room.into(), *style);
        used = end - area.x;
    }
    used
}

/// Draws a simple text that fits, without a search for grapheme clusters, because most texts are simple; returns the used columns.
fn simple(
    buffer: &mut Buffer,
    (x, y): (u16, u16),
    text: &str,
    room: u16,
    style: Style,
) -> Option<u16> {
    let most = usize::from(room) * char::MAX_LEN_UTF8;
    if text.len() > most || !text::is_simple(text) {
        return None;
    }
    let wide = u16::try_from(text.chars().count()).ok();
    let wide = wide.filter(|wide| *wide <= room)?;
    let start = buffer.index_of(x, y);
    let cells = buffer.content.get_mut(start..start + usize::from(wide))?;
    for (cell, character) in cells.iter_mut().zip(text.chars()) {
        cell.set_char(character).set_style(style);
    }
    Some(wide)
}

/// Draws a right-aligned text in the first row of an area, if it fits.
pub fn right(buffer: &mut Buffer, area: Area, text: &str, style: Style) -> u16 {
    let cut = text_width::cut(text, area.width.into());
    let wide = u16::try_from(text_width::width(&cut)).unwrap_or(area.width);
    let at = Area {
        x: area.x + area.width.saturating_sub(wide),
        width: wide.min(area.width),
        ..area
    };
    line(buffer, at, &[(&cut, style)])
}

/// Styles the entire first row of an area.
pub fn row(buffer: &mut Buffer, area: Area, style: Style) {
    let area = rect(
        Area {
            height: 1.min(area.height),
            ..area
        },
        buffer,
    );
    buffer.set_style(area, style);
}

/// Dims everything drawn so far, which is behind a dialog.
pub fn dim(buffer: &mut Buffer, theme: &Theme) {
    let border = theme.border.style();
    let style = match border.fg {
        Some(_) => Style::reset().patch(border),
        None => Style::reset().add_modifier(Modifier::DIM),
    };
    buffer.set_style(buffer.area, style);
}

/// Clears an area.
pub fn clear(buffer: &mut Buffer, area: Area) {
    Clear.render(rect(area, buffer), buffer);
}

/// Draws a box with a title in an empty area; returns the area inside.
pub fn pane(buffer: &mut Buffer, area: Area, title: &str, look: (&Theme, bool)) -> Area {
    let (theme, is_focused) = look;
    let role = if is_focused {
        theme.border_focus
    } else {
        theme.border
    };
    let rect = rect(area, buffer);
    if rect.is_empty() {
        return Area::default();
    }
    Block::bordered()
        .border_type(BorderType::Rounded)
        .border_style(role)
        .style(theme.text)
        .render(rect, buffer);
    if area.width > 6 && !title.is_empty() {
        let room = area.split_top(1).0.padded();
        let style = if is_focused {
            theme.title
        } else {
            theme.heading
        };
        let cut = text_width::cut(title, usize::from(room.width).saturating_sub(2));
        line(buffer, room, &[(&format!(" {cut} "), style.style())]);
    }
    area.inside()
}

/// Draws a text on the lower border of a box.
pub fn below(buffer: &mut Buffer, area: Area, text: &str, style: Style) {
    if area.width <= 6 || area.height < 2 {
        return;
    }
    let room = Area {
        y: area.y + area.height - 1,
        height: 1,
        ..area.padded()
    };
    let cut = text_width::cut(text, usize::from(room.width).saturating_sub(2));
    line(buffer, room, &[(&format!(" {cut} "), style)]);
}

/// Draws a scroll bar on the right border.
pub fn scroll_bar(buffer: &mut Buffer, area: Area, seen: (usize, usize, usize), style: Style) {
    let (top, rows, total) = seen;
    let height = usize::from(area.height.saturating_sub(2));
    if total <= rows || height < 2 || area.width < 2 {
        return;
    }
    let thumb = (height * rows / total).clamp(1, height);
    let place = (height - thumb) * top / (total - rows).max(1);
    for at in 0..thumb {
        let y = area.y + 1 + u16::try_from(place + at).unwrap_or(0);
        let x = area.x + area.width - 1;
        if let Some(cell) = buffer.cell_mut((x, y)) {
            cell.set_symbol("┃").set_style(style);
        }
    }
}

/// Draws an input line as it is `shown`, whole or masked; returns the cursor position.
pub fn typed_line(
    buffer: &mut Buffer,
    area: Area,
    (line, shown): (&TextInput, &str),
    style: Style,
) -> (u16, u16) {
    let (before, _) = line.around_cursor();
    if shown == line.value() {
        return typed(buffer, area, line.around_cursor(), style);
    }
    let cursor = shown.char_indices().nth(before.chars().count());
    let cursor = cursor.map_or(shown.len(), |(at, _)| at);
    typed(buffer, area, shown.split_at(cursor), style)
}

/// Draws an input line scrolled to the cursor, with `…` where it is cut; returns the cursor position.
pub fn typed(buffer: &mut Buffer, area: Area, around: (&str, &str), style: Style) -> (u16, u16) {
    let mut room = usize::from(area.width).saturating_sub(1);
    // Invisible parts of a very long line are not processed.
    let before = text_width::safe(text_width::suffix(around.0, room));
    let is_cut = text_width::width(&before) > room && room > 1;
    let mark = if is_cut { "…" } else { "" };
    room -= usize::from(is_cut);
    let mut start = 0;
    let mut wide = text_width::width(&before);
    for (at, letter) in
        unicode_segmentation::UnicodeSegmentation::grapheme_indices(before.as_str(), true)
    {
        if wide <= room {
            start = at;
            break;
        }
        wide -= text_width::width(letter);
        start = at + letter.len();
    }
    let seen = before.get(start..).unwrap_or("");
    let used = u16::try_from(text_width::width(mark) + text_width::width(seen)).unwrap_or(0);
    line(
        buffer,
        area,
        &[(mark, style), (seen, style), (around.1, style)],
    );
    (area.x.saturating_add(used), area.y)
}

//! Header, notice line and footer.

use std::borrow::Cow;

use ratatui::buffer::Buffer;

use super::{Scene, dialog, paint};
use crate::tui::action::{ACTIONS, Action, KeyContext};
use crate::tui::app::App;
use crate::tui::dialogs::messages::MessagesDialog;
use crate::tui::form::Form;
use crate::tui::layout::Area;
use crate::tui::notice::Notice;
use crate::tui::text_width;
use crate::tui::tree::Node;

/// Columns before a notice.
const MARGIN: usize = 3;

/// Minimum width to show the key for the rest of a cut notice.
const ROOMY: u16 = 60;

/// Draws the header.
pub fn header(scene: Scene<'_>, buffer: &mut Buffer) {
    let Scene { app, theme, layout } = scene;
    let area = stale_marker(scene, layout.header, buffer);
    let area = server(scene, badge(scene, area, buffer), buffer);
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
    if text_width::width(&text_width::safe(&above)) + text_width::width(&text_width::safe(here))
        > room
    {
        above = if above.is_empty() {
            above
        } else {
            "… › ".into()
        };
    }
    let here = text_width::cut(here, room.saturating_sub(text_width::width(&above)));
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

/// Draws the badge of the target and the read-only marker at the start of the header;
/// returns the rest of the line.
fn badge(scene: Scene<'_>, area: Area, buffer: &mut Buffer) -> Area {
    let Scene { app, theme, .. } = scene;
    let site = &app.site.target;
    let read_only = match (site.is_read_only(), area.width) {
        (false, _) => "",
        (true, 0..50) => "r/o",
        (true, 50..) => "read-only",
    };
    let words: Vec<&str> = [site.badge.as_deref(), Some(read_only)]
        .into_iter()
        .flatten()
        .filter(|word| !word.is_empty())
        .collect();
    if words.is_empty() {
        return area;
    }
    let text = format!(" {} ", words.join(" · "));
    // The path is more important than the end of a long badge.
    let room = area.split_left(area.width / 2).0;
    let style = theme.badge_in(site.color.as_deref());
    let used = paint::line(buffer, room, &[(&text, style)]);
    area.split_left(used).1
}

/// Draws the server at the end of the header, unless a badge names it; returns the rest of the line.
fn server(scene: Scene<'_>, area: Area, buffer: &mut Buffer) -> Area {
    let Scene { app, theme, .. } = scene;
    let (Some(server), None) = (&app.site.target.server, &app.site.target.badge) else {
        return area;
    };
    let room = usize::from(area.width / 2).saturating_sub(1);
    let place = server
        .split_once("://")
        .map_or(server.as_str(), |(_, place)| place);
    let text = if text_width::width(&text_width::safe(server)) <= room {
        server
    } else {
        place
    };
    let text = format!("{} ", text_width::cut(text, room));
    let used = paint::right(buffer, area, &text, theme.dim.style());
    area.split_left(area.width.saturating_sub(used + 1)).0
}

/// Draws the stale marker or the time of the last reload at the end of the header; returns the rest of the line.
fn stale_marker(scene: Scene<'_>, area: Area, buffer: &mut Buffer) -> Area {
    let Scene { app, theme, .. } = scene;
    let (text, role) = match (app.feed.is_stale, app.list_time(), area.width) {
        (true, _, 0..30) => ("! stale ".into(), theme.warning),
        (true, _, 30..60) => ("! may be stale ".into(), theme.warning),
        (true, _, 60..) => ("! offline, data may be stale ".into(), theme.warning),
        (false, Some(time), 60..) => (format!("updated {} ", time.format("%H:%M:%S")), theme.dim),
        (false, ..) => return area,
    };
    let used = paint::right(buffer, area, &text, role.style());
    area.split_left(area.width.saturating_sub(used + 1)).0
}

/// Returns the notice to show: a filter error before the last notice.
pub fn current_notice(app: &App) -> Option<Cow<'_, Notice>> {
    let problem = app.tree.filter().and_then(|filter| filter.problem.as_ref());
    match problem.filter(|_| app.dialogs.is_empty()) {
        Some(problem) => Some(Cow::Owned(Notice::warning(problem))),
        None => app.notices.current.as_ref().map(Cow::Borrowed),
    }
}

/// Draws the notice.
pub fn notice(scene: Scene<'_>, buffer: &mut Buffer) {
    let Scene { app, theme, layout } = scene;
    if let Some(notice) = &current_notice(app) {
        let area = if layout.notice == layout.footer {
            form_state(scene, buffer)
        } else {
            layout.notice
        };
        let (mark, tone) = notice.severity.mark();
        let role = dialog::role(theme, tone);
        let undo = match app.keymap.first_key(KeyContext::Tree, Action::Undo) {
            Some(key) if notice.offers_undo => format!("  ({key} to undo)"),
            _ => String::new(),
        };
        let wide =
            text_width::width(&text_width::safe(&notice.text)) + text_width::width(&undo) + MARGIN;
        let whole = match app.keymap.first_key(app.context(), Action::Messages) {
            Some(key)
                if wide > area.width.into()
                    && area.width >= ROOMY
                    && !app.dialogs.is_on::<MessagesDialog>() =>
            {
                format!(" ({key} for more)")
            }
            _ => String::new(),
        };
        let used = u16::try_from(text_width::width(&whole)).unwrap_or(0);
        let (line, rest) = area.split_left(area.width.saturating_sub(used));
        paint::line(
            buffer,
            line,
            &[
                (" ", theme.text.style()),
                (mark, role.style()),
                (&notice.text, role.style()),
                (&undo, theme.hint.style()),
            ],
        );
        paint::line(buffer, rest, &[(&whole, theme.hint.style())]);
    }
}

/// Draws the form state at the start of the footer; returns the rest of the line.
fn form_state(scene: Scene<'_>, buffer: &mut Buffer) -> Area {
    let Scene { app, theme, layout } = scene;
    let area = layout.footer;
    if let Some(form) = app.dialogs.top::<Form>() {
        let count = match (form.saving.is_some(), form.error_count()) {
            (true, _) => " Saving…".to_owned(),
            (false, 0) => String::new(),
            (false, 1) => " 1 error".to_owned(),
            (false, count) => format!(" {count} errors"),
        };
        let role = if form.saving.is_some() {
            theme.hint
        } else {
            theme.wrong
        };
        let used = paint::line(buffer, area, &[(&count, role.style())]);
        return area.split_left(used).1;
    }
    area
}

/// Draws the key hints that fit.
pub fn footer(scene: Scene<'_>, buffer: &mut Buffer) {
    let Scene { app, theme, .. } = scene;
    let mut area = form_state(scene, buffer);
    let context = app.context();
    let mut hints = Vec::new();
    for entry in ACTIONS {
        let is_here = context.has(entry)
            || (entry.contexts.contains(&KeyContext::Global) && context == KeyContext::Form);
        if let Some(hint) = app.hint(entry)
            && is_here
            && app.can(entry.action)
            && let Some(key) = app.keymap.first_key(context, entry.action)
        {
            hints.push((key.to_string(), hint));
        }
    }
    let last = hints.pop();
    let width = |(key, hint): &(String, &str)| text_width::width(key) + text_width::width(hint) + 3;
    let mut room = usize::from(area.width).saturating_sub(last.as_ref().map_or(0, width));
    let mut shown: Vec<(String, &str)> = Vec::new();
    for hint in hints {
        if width(&hint) > room {
            break;
        }
        room -= width(&hint);
        shown.push(hint);
    }
    shown.extend(last);
    for (key, hint) in shown {
        let used = paint::line(
            buffer,
            area,
            &[
                (" ", theme.text.style()),
                (&key, theme.key.style()),
                (" ", theme.text.style()),
                (hint, theme.hint.style()),
                (" ", theme.text.style()),
            ],
        );
        area = area.split_left(used).1;
    }
}

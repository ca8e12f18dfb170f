//! Line of the notice and the state of the form; with few rows it is the lower border.

use std::borrow::Cow;

use ratatui::buffer::Buffer;

use super::{Scene, dialog, paint};
use crate::tui::action::{Action, KeyContext};
use crate::tui::app::App;
use crate::tui::dialog::running;
use crate::tui::dialogs::messages::MessagesDialog;
use crate::tui::form::Form;
use crate::tui::layout::Area;
use crate::tui::notice::Notice;
use crate::tui::text_width;

/// Columns before a notice.
const MARGIN: usize = 3;

/// Minimum width to show the key for the rest of a cut notice.
const ROOMY: u16 = 60;

/// Draws the notice and the state of the form.
pub fn draw(scene: Scene<'_>, buffer: &mut Buffer) {
    let Scene { app, theme, .. } = scene;
    let area = form_state(scene, buffer);
    let Some(notice) = current(app) else {
        return;
    };
    let (mark, tone) = notice.severity.mark();
    let role = dialog::role(theme, tone);
    let undo = match app.keymap.first_key(KeyContext::Tree, Action::Undo) {
        Some(key) if notice.offers_undo => format!("  ({key} to undo)"),
        _ => String::new(),
    };
    let wide =
        text_width::width(&text_width::safe(&notice.text)) + text_width::width(&undo) + MARGIN;
    let whole = match app.key_here(Action::Messages) {
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
            (" ", theme.text.style()),
        ],
    );
    paint::line(buffer, rest, &[(&whole, theme.hint.style())]);
}

/// Returns the notice to show: a filter error before the last notice.
fn current(app: &App) -> Option<Cow<'_, Notice>> {
    let problem = app.tree.filter().and_then(|filter| filter.problem.as_ref());
    match problem.filter(|_| app.dialogs.is_empty()) {
        Some(problem) => Some(Cow::Owned(Notice::warning(problem))),
        None => app.notices.current.as_ref().map(Cow::Borrowed),
    }
}

/// Draws the state of the form at the end of the line; returns the rest of it.
fn form_state(scene: Scene<'_>, buffer: &mut Buffer) -> Area {
    let Scene { app, theme, layout } = scene;
    let area = layout.notice;
    let Some(form) = app.dialogs.top::<Form>() else {
        return area;
    };
    let (text, role) = match (form.saving.is_some(), form.error_count()) {
        (true, _) => (format!(" {} ", running("Saving…", app.ticks())), theme.hint),
        (false, 0) => return area,
        (false, 1) => (" 1 error ".to_owned(), theme.error),
        (false, count) => (format!(" {count} errors "), theme.error),
    };
    let used = paint::right(buffer, area, &text, role.style());
    area.split_left(area.width - used).0
}

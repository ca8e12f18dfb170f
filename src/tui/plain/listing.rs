//! Numbered lines of the entries in the current context, a page at a time.

use super::text::{PAGE, connection_sentence, replace_symbol};
use crate::tui::app::{App, Pane};
use crate::tui::dialog::{DialogModel, Rows, Spoken};
use crate::tui::tabs::Tab;
use crate::tui::{history, info};

/// Number of entries in the current context.
pub fn count(app: &App) -> usize {
    if let Some((dialog, cx)) = app.top_dialog() {
        return entry_count(&dialog.model(&cx), &dialog.spoken(&cx));
    }
    match (app.focus.pane, app.workspace.tab) {
        (Pane::Workspace, Tab::Settings) => 0,
        (Pane::Workspace, Tab::Info) => info::LINES,
        (Pane::Workspace, Tab::History) => app.workspace.history.versions().len(),
        (Pane::Tree | Pane::Table, _) => app.tree.shown_len(),
    }
}

/// Number of entries of a dialog.
fn entry_count(model: &DialogModel<'_>, spoken: &Spoken) -> usize {
    match (&spoken.entries, &model.rows) {
        (Some(entries), _) => entries.len(),
        (None, _) if !model.buttons.is_empty() => model.buttons.len(),
        (None, Rows::List(count, _)) => *count,
        (None, Rows::Text(..)) => 0,
    }
}

/// Line of an entry of a dialog.
pub(super) fn entry(model: &DialogModel<'_>, spoken: &Spoken, at: usize) -> Option<String> {
    let text = match (&spoken.entries, &model.rows) {
        (Some(entries), _) => entries.get(at).cloned(),
        (None, _) if !model.buttons.is_empty() => {
            model.buttons.get(at).map(|label| (*label).to_owned())
        }
        (None, Rows::List(..)) => model.row(at, u16::MAX).map(|row| row.sentence()),
        (None, Rows::Text(..)) => None,
    };
    text.map(|text| replace_symbol(&text))
}

/// A page of lines from an index on, with the command for the next page.
pub fn lines(app: &App, from: usize) -> Vec<String> {
    match app.top_dialog() {
        Some((dialog, cx)) => {
            let (model, spoken) = (dialog.model(&cx), dialog.spoken(&cx));
            page(from, entry_count(&model, &spoken), |at| {
                entry(&model, &spoken, at)
            })
        }
        None => page(from, count(app), |at| line(app, at)),
    }
}

fn page(from: usize, count: usize, line: impl Fn(usize) -> Option<String>) -> Vec<String> {
    let end = count.min(from.saturating_add(PAGE));
    let mut lines: Vec<String> = (from..end)
        .filter_map(|at| Some(format!("{}. {}", at + 1, line(at)?)))
        .collect();
    if lines.is_empty() {
        lines.push("Nothing to list".into());
    }
    if end < count {
        let left = count - end;
        lines.push(format!("And {left} more: list {}", end + 1));
    }
    lines
}

/// Line of an entry in the focused pane while no dialog is open.
pub(super) fn line(app: &App, at: usize) -> Option<String> {
    pane_entry(app, at).map(|line| replace_symbol(&line))
}

fn pane_entry(app: &App, at: usize) -> Option<String> {
    Some(match (app.focus.pane, app.workspace.tab) {
        (Pane::Workspace, Tab::Settings) => return None,
        (Pane::Workspace, Tab::Info) => {
            let connection = app.workspace.detail.connection.as_ref()?;
            let tested = app.last_test();
            let lines = info::lines(connection, &app.service.catalog, tested);
            let line = lines.get(at)?;
            format!("{}: {}", line.label, line.shown)
        }
        (Pane::Workspace, Tab::History) => {
            let version = app.workspace.history.versions().get(at)?;
            let connection = app.workspace.detail.connection.as_ref();
            let provider =
                connection.and_then(|one| app.service.catalog.get(&one.item.provider_id));
            let saved = version.snapshot.item.date_modified;
            let mut line = format!(
                "v{}, {}, {}",
                version.number(),
                saved.format("%Y-%m-%d %H:%M UTC"),
                history::changed(version, provider)
            );
            if let Some(note) = &version.change.note {
                line = format!("{line}: {note}");
            }
            if app.workspace.history.marked == Some(version.number()) {
                line.push_str(", marked");
            }
            line
        }
        (Pane::Tree | Pane::Table, _) => {
            connection_sentence(app.tree.visible_at(at)?, &app.service.catalog)
        }
    })
}

//! Numbered lines of the entries in the current context, a page at a time.

use super::text::replace_symbol;
use crate::connection::ConnectionItem;
use crate::search::TreeItem;
use crate::tui::app::{App, Pane};
use crate::tui::bulk::BulkPhase;
use crate::tui::dialog::Dialog;
use crate::tui::dialogs::drafts::UnsavedDraft;
use crate::tui::dialogs::merge::{MergeConflict, MergeSide};
use crate::tui::dialogs::models;
use crate::tui::dialogs::palette::PaletteDialog;
use crate::tui::tabs::Tab;
use crate::tui::{history, info};

/// Number of lines in a page.
pub const PAGE: usize = 20;

/// Number of entries in the current context.
pub fn count(app: &App) -> usize {
    match app.dialogs.last() {
        Some(Dialog::Picker(picker)) => picker.entries(&app.catalog).len(),
        Some(Dialog::Palette(palette)) => palette.count(&app.tree),
        Some(Dialog::EnvImport(import)) => import.left().len(),
        Some(Dialog::MoveToReference(moving)) => moving.suggestions.len(),
        Some(Dialog::Models(models)) => models.left().len(),
        Some(Dialog::Trash(trash)) => trash.items().len(),
        Some(Dialog::Bulk) => app.bulk.as_ref().map_or(0, |bulk| match bulk.phase {
            BulkPhase::Preview => bulk.labels().count(),
            BulkPhase::Running | BulkPhase::Writing | BulkPhase::Finished => bulk.len(),
        }),
        Some(Dialog::Drafts(drafts)) => drafts.drafts.len(),
        Some(Dialog::Merge(merge)) => merge.conflicts.len(),
        Some(Dialog::Compare(compare)) => compare.changes().len(),
        Some(Dialog::Confirm(confirm)) => confirm.buttons.len(),
        Some(Dialog::Form(form)) if form.is_choosing() => form.matching_keys().len(),
        Some(Dialog::Form(form)) => form.visible_fields().len(),
        Some(Dialog::Messages(_)) => app.log.len(),
        Some(Dialog::Help(_) | Dialog::Report(_) | Dialog::Clipboard | Dialog::Sorting) => 0,
        None => match (app.pane, app.workspace.tab) {
            (Pane::Detail, Tab::Settings) => 0,
            (Pane::Detail, Tab::Info) => info::LINES,
            (Pane::Detail, Tab::History) => app.workspace.history.versions().len(),
            (Pane::Tree | Pane::List, _) => app.tree.shown_len(),
        },
    }
}

/// A page of lines from an index on, with the command for the next page.
pub fn lines(app: &App, from: usize) -> Vec<String> {
    let count = count(app);
    let end = count.min(from.saturating_add(PAGE));
    let mut lines: Vec<String> = (from..end)
        .filter_map(|at| Some(format!("{}. {}", at + 1, line(app, at)?)))
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

/// Line of one entry.
pub(super) fn line(app: &App, at: usize) -> Option<String> {
    Some(match app.dialogs.last() {
        Some(Dialog::Picker(picker)) => {
            let entries = picker.entries(&app.catalog);
            let entry = entries.get(at)?;
            format!("{}: {}", entry.name, entry.detail)
        }
        Some(Dialog::Palette(palette)) => listed_choices(app, palette, at)?,
        Some(Dialog::EnvImport(import)) => {
            let left = import.left();
            let choice = left.get(at)?;
            format!("{}: {}", choice.offer.name, choice.secrets_text())
        }
        Some(Dialog::MoveToReference(moving)) => moving.suggestions.get(at)?.to_string(),
        Some(Dialog::Models(models)) => {
            let left = models.left();
            let model = left.get(at)?;
            match models::capability_text(model).as_str() {
                "" => model.id.clone(),
                words => format!("{}: {words}", model.id),
            }
        }
        Some(Dialog::Trash(trash)) => deleted_connection(trash.items().get(at)?),
        Some(Dialog::Bulk) => {
            let bulk = app.bulk.as_ref()?;
            if bulk.phase == BulkPhase::Preview {
                return bulk.labels().nth(at).map(str::to_owned);
            }
            let row = bulk.row(at)?;
            format!("{}: {}", row.name, bulk.row_text(row).1)
        }
        Some(Dialog::Drafts(drafts)) => draft(app, drafts.drafts.get(at)?),
        Some(Dialog::Merge(merge)) => conflict(merge.conflicts.get(at)?),
        Some(Dialog::Compare(compare)) => super::dialogs::difference(compare.changes().get(at)?),
        Some(Dialog::Confirm(confirm)) => confirm.buttons.get(at)?.0.to_owned(),
        Some(Dialog::Form(form)) if form.is_choosing() => {
            let left = form.matching_keys();
            let key = left.get(at)?;
            format!("{}, from {}", key.key, key.source)
        }
        Some(Dialog::Form(form)) => {
            let at = *form.visible_fields().get(at)?;
            super::form::field(form.fields.get(at)?)
        }
        Some(Dialog::Messages(_)) => {
            let message = app.log.all().nth(at)?;
            match message.time {
                Some(time) => format!("{}: {}", time.format("%H:%M:%S"), message.text),
                None => message.text.clone(),
            }
        }
        Some(Dialog::Help(_) | Dialog::Report(_) | Dialog::Clipboard | Dialog::Sorting) => {
            return None;
        }
        None => pane_entry(app, at)?,
    })
    .map(|line| replace_symbol(&line))
}

/// Line of a deleted connection.
fn deleted_connection(item: &ConnectionItem) -> String {
    let deleted = item.date_deleted.unwrap_or(item.date_modified);
    let deleted = deleted.format("%Y-%m-%d %H:%M UTC");
    format!("{}, alias {}, deleted {deleted}", item.name, item.alias)
}

/// Line of a merge conflict.
fn conflict(conflict: &MergeConflict) -> String {
    let MergeConflict {
        label,
        mine,
        theirs,
        side,
        ..
    } = conflict;
    let side = match side {
        MergeSide::Mine => "mine",
        MergeSide::Theirs => "theirs",
    };
    format!("{label}: mine is {mine}, theirs is {theirs}, {side} is chosen")
}

/// Line of a connection.
pub(super) fn connection(app: &App, item: &TreeItem) -> String {
    let provider = app.catalog.get(&item.provider);
    let provider = provider.map_or(&*item.provider, |provider| &provider.name);
    let state = if item.is_active { "active" } else { "inactive" };
    format!(
        "{}, alias {}, {provider}, {state}",
        item.name(),
        item.alias()
    )
}

/// Line of an unsaved draft.
fn draft(app: &App, draft: &UnsavedDraft) -> String {
    let when = draft.when.format("%Y-%m-%d %H:%M UTC");
    match &draft.kept {
        Ok(kept) => format!(
            "{}, {}, stored {when}",
            kept.display_name(&app.catalog),
            kept.subject(&app.catalog)
        ),
        Err(reason) => format!("Cannot be read. {reason}, stored {when}"),
    }
}

/// Line of a palette entry: an action or a connection.
fn listed_choices(app: &App, palette: &PaletteDialog, at: usize) -> Option<String> {
    let actions = palette.actions();
    let Some(entry) = actions.get(at) else {
        let item = app.tree.result_at(at - actions.len())?;
        return Some(format!("Go to {}", connection(app, item)));
    };
    let title = entry.entry.title;
    Some(entry.elsewhere().map_or_else(
        || title.to_owned(),
        |place| format!("{}: {title}", place.title()),
    ))
}

/// Line of an entry in the focused pane while no dialog is open.
fn pane_entry(app: &App, at: usize) -> Option<String> {
    Some(match (app.pane, app.workspace.tab) {
        (Pane::Detail, Tab::Settings) => return None,
        (Pane::Detail, Tab::Info) => {
            let connection = app.detail.connection.as_ref()?;
            let tested = app.tests.get(&connection.item.id);
            let lines = info::lines(connection, &app.catalog, tested);
            let line = lines.get(at)?;
            format!("{}: {}", line.label, line.shown)
        }
        (Pane::Detail, Tab::History) => {
            let version = app.workspace.history.versions().get(at)?;
            let connection = app.detail.connection.as_ref();
            let provider = connection.and_then(|one| app.catalog.get(&one.item.provider_id));
            let saved = version.snapshot.item.date_modified;
            let mut line = format!(
                "v{}, {}, {}",
                version.number(),
                saved.format("%Y-%m-%d %H:%M UTC"),
                history::changed(version, provider)
            );
            if let Some(note) = &version.change.description {
                line = format!("{line}: {note}");
            }
            if app.workspace.history.marked == Some(version.number()) {
                line.push_str(", marked");
            }
            line
        }
        (Pane::Tree | Pane::List, _) => connection(app, app.tree.visible_at(at)?),
    })
}

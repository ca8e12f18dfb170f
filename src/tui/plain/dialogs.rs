//! Sentences about dialogs other than forms: prompts, lists, reports.

use super::listing;
use super::narration::Narration;
use super::text::{count, replace_symbol};
use crate::tui::app::App;
use crate::tui::bulk::{BulkOperation, BulkPhase, BulkRowState};
use crate::tui::dialog::Dialog;
use crate::tui::dialogs::confirm::ConfirmDialog;
use crate::tui::dialogs::models::Models;
use crate::tui::dialogs::test_report::ReportDialog;
use crate::tui::dialogs::trash::TrashDialog;
use crate::tui::dialogs::version_diff::{ChangedValue, DiffKind, VersionDiff};
use crate::tui::word_diff::WordDiffPart;

/// Narration of a dialog.
#[expect(clippy::too_many_lines, reason = "one arm for each dialog")]
pub(super) fn dialog_narration(app: &App, dialog: &Dialog) -> Narration {
    match dialog {
        Dialog::Picker(picker) => list_narration(
            app,
            format!(
                "{}: enter a number to choose, text to filter, :back to close.",
                picker.title()
            ),
            picker.choices.selected,
        ),
        Dialog::Palette(palette) => list_narration(
            app,
            "Actions: enter a number to run one, text to filter, :back to close.".into(),
            palette.choices.selected,
        ),
        Dialog::EnvImport(import) => list_narration(
            app,
            "Import from the environment: enter a number to choose, text to filter, :back to close.".into(),
            import.choices.selected,
        ),
        Dialog::MoveToReference(moving) => Narration {
            place: format!(
                "Move {} to a reference: choose, copy-snippet, copy-variable or back.",
                moving.label
            ),
            body: moving
                .lines(app.form(), u16::MAX)
                .into_iter()
                .map(|(_, line)| line)
                .filter(|line| !line.trim().is_empty())
                .collect(),
            here: Vec::new(),
        },
        Dialog::Models(models) => models_narration(app, models),
        Dialog::Trash(trash) => trash_narration(app, trash),
        Dialog::Drafts(drafts) => list_narration(
            app,
            format!(
                "Unsaved: {}. Enter restore-draft, discard-draft or back.",
                count(drafts.drafts.len(), "draft")
            ),
            drafts.choices.selected,
        ),
        Dialog::Merge(merge) => list_narration(
            app,
            format!(
                "{}. Enter a number to select a field, mine or theirs to choose its value, then save.",
                merge.title()
            ),
            merge.selected,
        ),
        Dialog::Bulk => app.bulk.as_ref().map(bulk_narration).unwrap_or_default(),
        Dialog::Compare(compare) => diff_narration(app, compare),
        Dialog::Report(report) => report_narration(report),
        Dialog::Confirm(confirm) => prompt_narration(app, confirm),
        Dialog::Clipboard => Narration {
            place: "Print for copying: name, alias, id or json; back closes.".into(),
            ..Narration::default()
        },
        Dialog::Messages(_) => Narration {
            place: format!("Messages since the start, newest first: {}", app.log.len()),
            body: listing::lines(app, 0),
            here: Vec::new(),
        },
        Dialog::Sorting => Narration {
            place: "Sort: by-name, by-alias, by-provider, by-status, by-modified; \
                    turn reverses, group or back."
                .into(),
            ..Narration::default()
        },
        // Help lists the keys of the context below; a form has a separate narration.
        Dialog::Help(_) | Dialog::Form(_) => Narration::default(),
    }
}

fn list_narration(app: &App, place: String, selected: usize) -> Narration {
    let here = listing::line(app, selected).map(|line| format!("Selected: {line}"));
    Narration {
        place,
        body: listing::lines(app, 0),
        here: here.into_iter().collect(),
    }
}

fn models_narration(app: &App, models: &Models) -> Narration {
    let place = format!("Models of {}", models.name);
    let line = match &models.models {
        None => "Loading the models from the provider; back cancels.".to_owned(),
        Some(Err(problem)) => format!("Error: {problem}"),
        Some(Ok(found)) => {
            let place = format!("{place}: {}", count(found.len(), "model"));
            return list_narration(app, place, models.choices.selected);
        }
    };
    Narration {
        place,
        body: vec![line],
        here: Vec::new(),
    }
}

fn trash_narration(app: &App, trash: &TrashDialog) -> Narration {
    let line = match &trash.items {
        None => "Loading the trash".to_owned(),
        Some(Err(problem)) => format!("Error: {problem}"),
        Some(Ok(items)) if items.is_empty() => "The trash is empty; back closes it.".to_owned(),
        Some(Ok(items)) => {
            let place = format!("Trash: {}", count(items.len(), "connection"));
            let mut narration = list_narration(app, place, trash.choices.selected);
            if let Some(offer) = trash.suggested_alias() {
                narration.here.push(format!(
                    "'{}' is already used by \"{}\"; restore again to restore it as '{}'",
                    offer.taken, offer.by, offer.alias
                ));
            }
            return narration;
        }
    };
    Narration {
        place: "Trash".into(),
        body: vec![line],
        here: Vec::new(),
    }
}

/// While it runs, its progress; afterwards its failures.
fn bulk_narration(bulk: &BulkOperation) -> Narration {
    let mut body = vec![bulk.summary().0];
    let mut here = Vec::new();
    match bulk.phase {
        BulkPhase::Preview => {
            if let Some(line) = &bulk.file {
                here.push(format!(
                    "File: {}. Enter a line to change the name.",
                    line.value()
                ));
            }
            let answers = bulk.labels().enumerate();
            let answers: Vec<_> = answers
                .map(|(at, label)| format!("{} {label}", at + 1))
                .collect();
            here.push(format!("Answers: {}", answers.join(", ")));
        }
        BulkPhase::Running | BulkPhase::Writing => {}
        BulkPhase::Finished => {
            let failed = bulk.rows().iter().filter_map(|row| match &row.state {
                BulkRowState::Failed(reason) => Some(format!("{}: {reason}", row.name)),
                _ => None,
            });
            body.extend(failed.take(listing::PAGE));
        }
    }
    Narration {
        place: bulk.title(),
        body,
        here,
    }
}

fn diff_narration(app: &App, compare: &VersionDiff) -> Narration {
    let place = compare.title();
    let line = match &compare.comparison {
        None => "Loading the comparison".to_owned(),
        Some(Err(problem)) => format!("Error: {problem}"),
        Some(Ok(changes)) if changes.is_empty() => "No changes detected".to_owned(),
        Some(Ok(_)) => return list_narration(app, place, compare.selected),
    };
    Narration {
        place,
        body: vec![line],
        here: Vec::new(),
    }
}

/// Difference in one sentence.
pub(super) fn difference(changed: &ChangedValue) -> String {
    let text = |parts: &Option<Vec<WordDiffPart>>| match parts {
        None => "not set".to_owned(),
        Some(parts) => parts.iter().map(|part| part.text.as_str()).collect(),
    };
    match &changed.kind {
        DiffKind::Secret(what) => format!("{}: {what}", changed.label),
        DiffKind::Text(old, new) => {
            format!("{}: was {}, is {}", changed.label, text(old), text(new))
        }
    }
}

fn report_narration(report: &ReportDialog) -> Narration {
    let lines = report.lines(u16::MAX).into_iter();
    let lines = lines.filter(|line| !line.text.is_empty() || !line.label.is_empty());
    let body = lines.map(|line| match line.label.as_str() {
        "" => replace_symbol(&line.text),
        label => format!("{}: {}", replace_symbol(label), line.text),
    });
    Narration {
        place: format!("Test of {}", report.name),
        body: body.collect(),
        here: Vec::new(),
    }
}

fn prompt_narration(app: &App, confirm: &ConfirmDialog) -> Narration {
    let mut body = vec![confirm.text.clone()];
    body.extend(confirm.subject.clone());
    body.extend(confirm.note.map(str::to_owned));
    let mut here = Vec::new();
    if let Some(line) = &confirm.line {
        here.push(match line.value() {
            "" => "Any other line becomes a note on the change.".to_owned(),
            _ => format!("Note: {}", line.displayed(&app.catalog)),
        });
    }
    let answers = confirm.buttons.iter().enumerate();
    let answers: Vec<_> = answers
        .map(|(at, (label, _))| format!("{} {label}", at + 1))
        .collect();
    here.push(format!("Answers: {}", answers.join(", ")));
    Narration {
        place: confirm.headline.clone(),
        body,
        here,
    }
}

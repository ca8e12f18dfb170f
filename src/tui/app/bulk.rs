//! Bulk operations on marked connections: confirm, run a few at a time, stop, retry failures.

mod replies;
mod keys;
mod undo;

use std::sync::Arc;

use super::{App, AwaitedReply};
use crate::atomic_file::OverwritePolicy;
use crate::connection::alias::is_well_formed;
use crate::tui::action::Action;
use crate::tui::bulk::{BulkJob, BulkOperation, BulkPhase, BulkRow, BulkRowRef, BulkRowState};
use crate::tui::dialog::Dialog;
use crate::tui::dialogs::confirm::ConfirmDialog;
use crate::tui::dialogs::test_report::{ReportDialog, ReportSubject};
use crate::tui::effect::{Effect, ExportRequest, ServiceRequest};
use crate::tui::info::LastTest;
use crate::tui::notice::Notice;
use crate::tui::text_input::TextInput;
pub(super) use undo::FinishedBulk;

/// Default name of an export file.
const DEFAULT_FILE: &str = "connections.json";

impl App {
    /// Returns true if actions apply to marked connections.
    pub(super) fn has_marks(&self) -> bool {
        self.tree.marked_len() > 0
    }

    /// Offers to activate or deactivate the marked connections; only one of both if all have the same status.
    pub(super) fn open_bulk_toggle(&mut self) {
        let marked = self.tree.marked();
        let active = marked.iter().filter(|marked| marked.item.is_active).count();
        let choices: &[BulkJob] = match active {
            0 => &[BulkJob::Activate],
            active if active == marked.len() => &[BulkJob::Deactivate],
            _ => &[BulkJob::Activate, BulkJob::Deactivate],
        };
        self.open_bulk_for_marked(choices);
    }

    /// Opens a bulk operation on the marked connections.
    pub(super) fn open_bulk_for_marked(&mut self, choices: &[BulkJob]) {
        let marked = self.tree.marked();
        let rows = marked
            .iter()
            .map(|marked| BulkRow::new(marked.item, marked.is_hidden));
        let rows = rows.collect();
        self.open_bulk(rows, choices);
    }

    /// Opens an export of the marked connections, or of the selected one.
    pub(super) fn open_export(&mut self) {
        if self.has_marks() {
            self.open_bulk_for_marked(&[BulkJob::Export]);
        } else if let Some(item) = self.tree.selected_item() {
            let rows = vec![BulkRow::new(item, false)];
            self.open_bulk(rows, &[BulkJob::Export]);
        } else {
            self.notify(Notice::info("Select or mark connections to export them"));
        }
        let alias = self
            .tree
            .selected_item()
            .map(|item| item.alias().to_owned());
        if let Some(bulk) = self
            .bulk
            .as_mut()
            .filter(|bulk| bulk.job == BulkJob::Export)
            && bulk.file.is_none()
        {
            // An alias from a server may contain path separators.
            let name = match alias {
                Some(alias) if is_well_formed(&alias) => format!("{alias}.json"),
                Some(_) | None => DEFAULT_FILE.to_owned(),
            };
            bulk.file = Some(TextInput::text(&name));
        }
    }

    /// Opens the dialog; an old notice would cover its keys in a small terminal.
    fn open_bulk(&mut self, rows: Vec<BulkRow>, choices: &[BulkJob]) {
        if self.is_bulk_running() {
            return;
        }
        self.notice = None;
        let number = self.new_ticket().0;
        let mut bulk = BulkOperation::new(number, rows, choices);
        bulk.warning = self.features.deletion_warning();
        self.bulk = Some(bulk);
        self.dialogs.push(Dialog::Bulk);
    }

    /// Reports a running bulk operation; only one runs at a time.
    fn is_bulk_running(&mut self) -> bool {
        let Some(bulk) = self.bulk.as_ref().filter(|bulk| bulk.is_running()) else {
            return false;
        };
        let label = bulk.job.running_label();
        let key = self.key_of(Action::ShowBulk);
        self.notify(Notice::info(format!(
            "{label} is still running{key}; wait or stop it first"
        )));
        true
    }

    /// First key of an action in the tree, in parentheses with a leading space; empty if it has none.
    pub(super) fn key_of(&self, action: Action) -> String {
        let key = self
            .keymap
            .first_key(crate::tui::action::KeyContext::Tree, action);
        key.map_or_else(String::new, |key| format!(" ({key})"))
    }

    /// Shows the running or the last bulk operation.
    pub(super) fn show_bulk(&mut self) {
        if self.bulk.is_some() {
            self.notice = None;
            self.dialogs.push(Dialog::Bulk);
        } else {
            self.notify(Notice::info("No bulk operation yet"));
        }
    }

    pub(super) fn act_in_bulk(&mut self, action: Action) -> Option<Effect> {
        let layout = self.layout();
        let Some(bulk) = &mut self.bulk else {
            self.dialogs.pop();
            return None;
        };
        match action {
            Action::Back => self.close_bulk(),
            Action::Choose => self.choose_in_bulk(),
            Action::NextButton if bulk.phase == BulkPhase::Preview => bulk.move_focus(1),
            Action::PreviousButton if bulk.phase == BulkPhase::Preview => bulk.move_focus(-1),
            Action::Retry => self.retry_bulk(),
            Action::Hide if bulk.is_running() => {
                self.dialogs.pop();
            }
            Action::Undo => {
                if self.is_bulk_undoable() {
                    return self.undo();
                }
                self.notify(Notice::info("Nothing to undo here"));
            }
            other => {
                let rows = bulk.parts(&layout).list.height.into();
                bulk.move_selection(other, rows);
            }
        }
        None
    }

    /// Goes back one level: stops a running operation, discards one that was not confirmed.
    fn close_bulk(&mut self) {
        let Some(bulk) = &mut self.bulk else { return };
        match bulk.phase {
            BulkPhase::Running if bulk.stopped.is_none() => {
                bulk.stop("");
                self.end_bulk_if_done();
                return;
            }
            BulkPhase::Preview => self.bulk = None,
            BulkPhase::Running | BulkPhase::Writing | BulkPhase::Finished => {}
        }
        self.dialogs.pop();
    }

    fn choose_in_bulk(&mut self) {
        let Some(bulk) = &mut self.bulk else { return };
        match bulk.phase {
            BulkPhase::Preview if bulk.focus == 0 => self.close_bulk(),
            BulkPhase::Preview => self.begin_bulk(),
            BulkPhase::Finished if bulk.job == BulkJob::Test => self.show_report(),
            BulkPhase::Finished => {
                self.dialogs.pop();
            }
            BulkPhase::Running | BulkPhase::Writing => self.show_report(),
        }
    }

    fn begin_bulk(&mut self) {
        let Some(bulk) = &mut self.bulk else { return };
        let is_unnamed = |line: &TextInput| line.value().trim().is_empty();
        if bulk.file.as_ref().is_some_and(is_unnamed) {
            self.notify(Notice::warning("Enter a file name"));
            return;
        }
        if !bulk.start() {
            return;
        }
        let (number, job) = (bulk.number, bulk.job);
        self.notice = None;
        self.record_bulk(number, job);
    }

    fn retry_bulk(&mut self) {
        let Some(bulk) = &mut self.bulk else { return };
        bulk.retry();
        if bulk.is_running() {
            let (number, job, is_undo) = (bulk.number, bulk.job, bulk.is_undo);
            self.notice = None;
            self.record_bulk_retry(number, job, is_undo);
        }
    }

    /// Shows the test report of the selected row.
    fn show_report(&mut self) {
        let row = self.bulk.as_ref().and_then(BulkOperation::selected_row);
        let Some(row) =
            row.filter(|row| matches!(row.state, BulkRowState::Done(_) | BulkRowState::Failed(_)))
        else {
            return;
        };
        let Some(LastTest { outcome, .. }) = self.tests.get(&row.id) else {
            return;
        };
        let report =
            ReportDialog::finished(ReportSubject::Stored(row.id), &row.name, outcome.clone());
        self.dialogs.push(Dialog::Report(report));
    }

    /// Next request of a running bulk operation.
    pub(super) fn next_bulk_request(&mut self) -> Option<Effect> {
        let bulk = self.bulk.as_mut()?;
        let number = bulk.number;
        if let Some((row, request)) = bulk.next_request() {
            let is_save = request.is_save();
            let ticket = self.ticket(AwaitedReply::Bulk(BulkRowRef { number, row }));
            return Some(if is_save {
                Effect::CallConcurrent(ticket, request)
            } else {
                Effect::Call(ticket, request)
            });
        }
        self.end_bulk_if_done();
        self.next_export()
    }

    /// Writes the export file once all connections are loaded.
    fn next_export(&mut self) -> Option<Effect> {
        let bulk = self.bulk.as_ref()?;
        if bulk.phase != BulkPhase::Writing
            || self.is_pending(|one| matches!(one, AwaitedReply::ExportFile))
        {
            return None;
        }
        let export = ExportRequest {
            name: bulk.file.as_ref()?.value().trim().to_owned(),
            connections: Arc::from(bulk.loaded.as_slice()),
            // The same operation may overwrite its own file.
            policy: if bulk.written.is_some() || bulk.overwrites {
                OverwritePolicy::Replace
            } else {
                OverwritePolicy::Keep
            },
        };
        Some(self.call(AwaitedReply::ExportFile, ServiceRequest::Export(export)))
    }

    /// Continues an export and overwrites the existing file.
    pub(super) fn replace_file(&mut self) {
        if let Some(bulk) = &mut self.bulk {
            bulk.overwrites = true;
            bulk.start_writing();
        }
    }

    /// Asks for confirmation before quitting during a bulk operation.
    pub(super) fn confirm_quit_during_bulk(&mut self) -> bool {
        let Some(bulk) = self.bulk.as_ref().filter(|bulk| bulk.is_running()) else {
            return false;
        };
        let text = format!(
            "{} is running: {} of {}. Connections that are not started will be skipped.",
            bulk.job.running_label(),
            bulk.progress.finished(),
            bulk.len()
        );
        self.dialogs
            .push(Dialog::Confirm(ConfirmDialog::stop(text)));
        true
    }
}

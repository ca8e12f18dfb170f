//! Bulk operations on marked connections: confirm, run a few at a time, stop, retry failures.

use std::collections::HashMap;
use std::path::PathBuf;

use uuid::Uuid;

use super::undo::{FinishedBulk, UndoableChange};
use super::{App, AwaitedReply};
use crate::connection::export::ExportFileError;
use crate::text::case_fold::fold;
use crate::tui::action::Action;
use crate::tui::bulk::{BulkJob, BulkOperation, BulkPhase, BulkRow, BulkRowRef, BulkRowState};
use crate::tui::dialogs::confirm::ConfirmDialog;
use crate::tui::effect::{Effect, ServiceReply, ServiceRequest};
use crate::tui::notice::Notice;
use crate::tui::plain::text::count;

impl App {
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
        let single = self.tree.selected_item().filter(|_| !self.has_marks());
        let alias = single.map(|item| item.alias().to_owned());
        if let Some(bulk) = self
            .dialogs
            .bulk_mut()
            .filter(|bulk| bulk.job == BulkJob::Export)
            && bulk.file.is_none()
        {
            bulk.suggest_file(alias.as_deref());
        }
    }

    /// Opens the dialog; an old notice would cover its keys in a small terminal.
    fn open_bulk(&mut self, rows: Vec<BulkRow>, choices: &[BulkJob]) {
        if self.is_bulk_running() {
            return;
        }
        self.notices.current = None;
        let number = self.requests.new_ticket().0;
        let mut bulk = BulkOperation::new(number, rows, choices);
        bulk.warning = self.service.features.deletion_warning();
        self.dialogs.open_bulk(bulk);
    }

    /// Reports a running bulk operation; only one runs at a time.
    fn is_bulk_running(&mut self) -> bool {
        let Some(bulk) = self.dialogs.bulk().filter(|bulk| bulk.is_running()) else {
            return false;
        };
        let label = bulk.job.running_label();
        let key = self.key_of(Action::ShowBulk);
        self.notify(Notice::info(format!(
            "{label} is still running{key}; wait or stop it first"
        )));
        true
    }

    /// Shows the running or the last bulk operation.
    pub(super) fn show_bulk(&mut self) {
        if self.dialogs.show_bulk() {
            self.notices.current = None;
        } else {
            self.notify(Notice::info("No bulk operation yet"));
        }
    }

    /// Records the start or the retry of the operation on screen.
    pub(super) fn bulk_started(&mut self, is_retry: bool) {
        let Some(bulk) = self.dialogs.bulk() else {
            return;
        };
        let (number, job, is_undo) = (bulk.number, bulk.job, bulk.is_undo);
        self.notices.current = None;
        let can_undo = job != BulkJob::Delete || self.service.features.trash;
        if is_retry && is_undo {
            self.undo.drop_bulk(number);
        } else if can_undo {
            self.undo.record_bulk(number, job);
        }
    }

    /// Next request of a running bulk operation.
    pub(super) fn next_bulk_request(&mut self) -> Option<Effect> {
        let bulk = self.dialogs.bulk_mut()?;
        let number = bulk.number;
        if let Some((row, request)) = bulk.next_request() {
            let is_save = request.is_save();
            let ticket = self
                .requests
                .register(AwaitedReply::Bulk(BulkRowRef { number, row }));
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
        let is_writing = |one: &AwaitedReply| matches!(one, AwaitedReply::ExportFile);
        if self.requests.has(is_writing) {
            return None;
        }
        let export = self.dialogs.bulk()?.export_request()?;
        Some(self.call(AwaitedReply::ExportFile, ServiceRequest::Export(export)))
    }

    /// Continues an export and overwrites the existing file.
    pub(super) fn replace_file(&mut self) {
        if let Some(bulk) = self.dialogs.bulk_mut() {
            bulk.overwrites = true;
            bulk.start_writing();
        }
    }

    /// Undoes the whole operation.
    pub(super) fn undo_many(&mut self, many: FinishedBulk) {
        let running = self.dialogs.bulk().filter(|bulk| bulk.is_running());
        if let Some(bulk) = running {
            let label = bulk.job.running_label();
            let key = self.key_of(Action::ShowBulk);
            self.notify(Notice::info(format!(
                "{label} is still running{key}; stop it before you undo it"
            )));
            self.undo.push(UndoableChange::Bulk(many));
            return;
        }
        let Some(job) = many.job.inverse() else {
            return;
        };
        let number = self.requests.new_ticket().0;
        let mut rows = self.rows_of(many.changed);
        rows.sort_by_cached_key(|row| fold(&row.name));
        let mut bulk = BulkOperation::new(number, rows, &[job]);
        bulk.is_undo = true;
        bulk.focus_on(1);
        bulk.start();
        self.dialogs.open_bulk(bulk);
        self.notices.current = None;
    }

    fn rows_of(&self, mut wanted: HashMap<Uuid, Box<str>>) -> Vec<BulkRow> {
        let there = self.tree.among(|id| wanted.contains_key(&id));
        let mut rows: Vec<BulkRow> = there.map(|item| BulkRow::new(item, false)).collect();
        for row in &rows {
            wanted.remove(&row.id);
        }
        rows.extend(
            wanted
                .into_iter()
                .map(|(id, name)| BulkRow::deleted(id, name)),
        );
        rows
    }

    /// Takes the reply for a row.
    pub(super) fn handle_bulk_reply(&mut self, of: BulkRowRef, reply: ServiceReply) {
        let trash_key = self.key_of(Action::Trash);
        let bulk = self.dialogs.bulk_mut().filter(|bulk| bulk.awaits(of));
        let Some(bulk) = bulk else { return };
        let effects = bulk.take_reply(of.row, reply, (&self.service.catalog, &trash_key));
        if let Some((id, name)) = effects.changed {
            self.undo.record_bulk_change(of.number, id, name);
        }
        if let Some((id, test)) = effects.tested {
            self.add_test(id, test);
        }
        self.end_bulk_if_done();
    }

    /// Applies the changes collected since the last frame to the tree.
    pub(super) fn apply_queued_changes(&mut self) {
        let Some(bulk) = self.dialogs.bulk_mut() else {
            return;
        };
        if !bulk.pending_changes.is_empty() {
            let changes = std::mem::take(&mut bulk.pending_changes);
            self.apply_changes(changes);
        }
    }

    /// Ends the operation when nothing is left to do.
    pub(super) fn end_bulk_if_done(&mut self) {
        let Some(bulk) = self.dialogs.bulk_mut() else {
            return;
        };
        if !bulk.is_done() {
            return;
        }
        if bulk.job == BulkJob::Export && bulk.stopped.is_none() && !bulk.loaded.is_empty() {
            bulk.start_writing();
            return;
        }
        self.end_bulk();
    }

    /// Ends the operation: unmarks what succeeded and keeps the marks of the rest.
    fn end_bulk(&mut self) {
        self.apply_queued_changes();
        let Some(bulk) = self.dialogs.bulk_mut() else {
            return;
        };
        bulk.finish();
        let finished = bulk.rows().iter();
        let finished = finished
            .filter(|row| matches!(row.state, BulkRowState::Done(_) | BulkRowState::Unchanged));
        for row in finished {
            self.tree.unmark(row.id);
        }
        let deleted = bulk.rows().iter();
        let deleted = deleted.filter(|row| matches!(row.state, BulkRowState::Done(_)));
        let deleted = deleted.count();
        if bulk.job == BulkJob::Delete && deleted > 0 && !self.service.features.trash {
            self.undo.push_permanent(format!(
                "{} deleted permanently: this server has no trash. Create again what you need",
                count(deleted, "connection")
            ));
        }
        self.undo.drop_empty_bulks(None);
        if let Some(bulk) = self.dialogs.bulk() {
            self.undo.record_rest(bulk);
        }
        let is_seen = self.dialogs.find::<BulkOperation>().is_some();
        if let Some(bulk) = self.dialogs.bulk().filter(|_| !is_seen) {
            let text = format!("{}{}", bulk.notice(), self.key_of(Action::ShowBulk));
            let notice = if bulk.progress.unfinished() > 0 {
                Notice::warning(text)
            } else {
                Notice::done(text)
            };
            self.notify(notice);
        }
    }

    /// Records the result of writing the export file.
    pub(super) fn export_finished(&mut self, written: Result<PathBuf, ExportFileError>) {
        let bulk = self.dialogs.bulk_mut();
        let Some(bulk) = bulk.filter(|bulk| bulk.phase == BulkPhase::Writing) else {
            return;
        };
        bulk.overwrites = false;
        match written {
            Ok(path) => {
                bulk.written = Some(path.display().to_string());
                self.end_bulk();
            }
            Err(ExportFileError::Exists(path)) => {
                self.export_failed(String::new());
                let confirm = ConfirmDialog::replace(&path.display().to_string());
                self.dialogs.push(confirm);
            }
            Err(refused @ ExportFileError::Failed { .. }) => {
                self.export_failed(refused.to_string());
            }
        }
    }

    /// Returns to the prompt for a file name.
    pub(super) fn export_failed(&mut self, reason: String) {
        if let Some(bulk) = self.dialogs.bulk_mut() {
            bulk.reopen_preview();
        }
        self.dialogs.show_bulk();
        if !reason.is_empty() {
            self.notify(Notice::error(reason));
        }
    }
}

//! Marked connections and bulk operations on them: confirm, run a few at a time, stop, retry failures.

mod replies;

use std::collections::HashMap;
use std::sync::Arc;

use uuid::Uuid;

use super::undo::{FinishedBulk, UndoableChange};
use super::{App, AwaitedReply, Pane};
use crate::atomic_file::OverwritePolicy;
use crate::connection::alias::is_well_formed;
use crate::text::case_fold::fold;
use crate::tui::action::{Action, KeyContext};
use crate::tui::bulk::{BulkJob, BulkOperation, BulkPhase, BulkRow, BulkRowRef};
use crate::tui::dialogs::confirm::ConfirmDialog;
use crate::tui::effect::{Effect, ExportRequest, ServiceRequest};
use crate::tui::notice::Notice;
use crate::tui::text_input::TextInput;

/// Default name of an export file.
const DEFAULT_FILE: &str = "connections.yaml";

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
            // An alias from a server may contain path separators.
            let name = match alias {
                Some(alias) if is_well_formed(&alias) => format!("{alias}.yaml"),
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
        let bulk = self.dialogs.bulk()?;
        if bulk.phase != BulkPhase::Writing
            || self
                .requests
                .has(|one| matches!(one, AwaitedReply::ExportFile))
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
        if let Some(bulk) = self.dialogs.bulk_mut() {
            bulk.overwrites = true;
            bulk.start_writing();
        }
    }

    /// Asks for confirmation before quitting during a bulk operation.
    pub(super) fn confirm_quit_during_bulk(&mut self) -> bool {
        let Some(bulk) = self.dialogs.bulk().filter(|bulk| bulk.is_running()) else {
            return false;
        };
        let text = format!(
            "{} is running: {} of {}. Connections that are not started will be skipped.",
            bulk.job.running_label(),
            bulk.progress.finished(),
            bulk.len()
        );
        self.dialogs.push(ConfirmDialog::stop(text));
        true
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

    pub(super) fn act_on_marks(&mut self, action: Action) {
        match action {
            Action::MarkRow => self.mark_row(),
            Action::MarkUp => self.extend_marks(-1),
            Action::MarkDown => self.extend_marks(1),
            Action::MarkTo => self.mark_range(),
            Action::MarkAll => self.mark_all(),
            Action::Invert => self.tree.invert_marks(),
            _ => {}
        }
    }

    /// Toggles the mark of the selected connection and selects the next one.
    fn mark_row(&mut self) {
        let Some(id) = self.tree.selected_item().map(|item| item.id) else {
            self.report_nothing_to_mark();
            return;
        };
        self.tree.set_mark(id, !self.tree.is_marked(id));
        if self.pane != Pane::Workspace {
            self.move_selection(1);
        }
    }

    /// Toggles the mark that was clicked.
    pub(super) fn mark_clicked(&mut self) {
        if let Some(id) = self.tree.selected_item().map(|item| item.id) {
            self.tree.set_mark(id, !self.tree.is_marked(id));
        }
    }

    fn extend_marks(&mut self, by: isize) {
        if !self.tree.mark_and_move(by) {
            self.report_nothing_to_mark();
        }
    }

    fn mark_range(&mut self) {
        match self.tree.selected_at() {
            Some(at) => self.tree.mark_up_to(at),
            None => self.report_nothing_to_mark(),
        }
    }

    fn mark_all(&mut self) {
        let problem = self.tree.filter().and_then(|filter| filter.problem.clone());
        if let Some(problem) = problem {
            // The part of the filter that is wrong does not restrict the list.
            self.notify(Notice::warning(format!(
                "Nothing marked: the filter has an error. {problem}"
            )));
            return;
        }
        self.tree.mark_all();
        if let Some(total) = self.tree.loading.incomplete_total()
            && self.tree.marked_len() > 0
        {
            let (marked, read) = (self.tree.marked_len(), self.tree.len());
            self.notify(Notice::warning(format!(
                "{marked} marked; {read} of {total} connections loaded so far"
            )));
        }
    }

    fn report_nothing_to_mark(&mut self) {
        let key = self.keymap.first_key(KeyContext::Tree, Action::MarkAll);
        let all = key.map_or_else(String::new, |key| format!("; {key} marks all shown"));
        self.notify(Notice::info(format!("Select a connection to mark it{all}")));
    }

    /// Returns true if actions apply to marked connections.
    pub(super) fn has_marks(&self) -> bool {
        self.tree.marked_len() > 0
    }

    /// Returns true if the next Back removes the marks.
    pub(super) fn back_removes_marks(&self) -> bool {
        self.has_marks() && self.pane != Pane::Workspace && self.tree.filter().is_none()
    }

    /// Progress of the bulk operation that runs in the background.
    pub fn running_bulk_status(&self) -> Option<String> {
        let bulk = self.dialogs.bulk().filter(|bulk| bulk.is_running())?;
        Some(match bulk.phase {
            BulkPhase::Running => format!(
                "{} {} of {}",
                bulk.job.running_label(),
                bulk.progress.finished(),
                bulk.len()
            ),
            BulkPhase::Writing | BulkPhase::Preview | BulkPhase::Finished => {
                bulk.job.running_label().to_owned()
            }
        })
    }
}

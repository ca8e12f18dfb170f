//! Bulk operations on marked connections: confirm, run a few at a time, stop, retry failures.

mod replies;
mod undo;

use std::sync::Arc;

use super::{App, AwaitedReply};
use crate::atomic_file::OverwritePolicy;
use crate::connection::alias::is_well_formed;
use crate::tui::action::{Action, KeyContext};
use crate::tui::bulk::{BulkJob, BulkOperation, BulkPhase, BulkRow, BulkRowRef};
use crate::tui::dialogs::confirm::ConfirmDialog;
use crate::tui::effect::{Effect, ExportRequest, ServiceRequest};
use crate::tui::notice::Notice;
use crate::tui::text_input::TextInput;
pub(super) use undo::FinishedBulk;

/// Default name of an export file.
const DEFAULT_FILE: &str = "connections.json";

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
        let alias = self
            .tree
            .selected_item()
            .map(|item| item.alias().to_owned());
        if let Some(bulk) = self
            .dialogs
            .bulk_mut()
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

    /// First key of an action in the tree, in parentheses with a leading space; empty if it has none.
    pub(super) fn key_of(&self, action: Action) -> String {
        self.keymap.in_parentheses(KeyContext::Tree, action)
    }

    /// Shows the running or the last bulk operation.
    pub(super) fn show_bulk(&mut self) {
        if self.dialogs.show_bulk() {
            self.notice = None;
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
        self.notice = None;
        if is_retry {
            self.record_bulk_retry(number, job, is_undo);
        } else {
            self.record_bulk(number, job);
        }
    }

    /// Next request of a running bulk operation.
    pub(super) fn next_bulk_request(&mut self) -> Option<Effect> {
        let bulk = self.dialogs.bulk_mut()?;
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
        let bulk = self.dialogs.bulk()?;
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
}

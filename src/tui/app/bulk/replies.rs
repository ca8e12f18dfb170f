//! Replies to the requests of a bulk operation, and its end.

use std::path::{Path, PathBuf};

use crate::connection::export::ExportFileError;
use crate::tui::action::Action;
use crate::tui::app::App;
use crate::tui::bulk::{BulkJob, BulkOperation, BulkPhase, BulkRowRef, BulkRowState};
use crate::tui::dialogs::confirm::ConfirmDialog;
use crate::tui::effect::ServiceReply;
use crate::tui::notice::Notice;
use crate::tui::plain::text::count;

impl App {
    /// Takes the reply for a row.
    pub(in crate::tui::app) fn handle_bulk_reply(&mut self, of: BulkRowRef, reply: ServiceReply) {
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
    pub(in crate::tui::app) fn apply_queued_changes(&mut self) {
        let Some(bulk) = self.dialogs.bulk_mut() else {
            return;
        };
        if !bulk.pending_changes.is_empty() {
            let changes = std::mem::take(&mut bulk.pending_changes);
            self.apply_changes(changes);
        }
    }

    /// Ends the operation when nothing is left to do.
    pub(in crate::tui::app) fn end_bulk_if_done(&mut self) {
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
    pub(in crate::tui::app) fn export_finished(
        &mut self,
        written: Result<PathBuf, ExportFileError>,
    ) {
        let Some(bulk) = self
            .dialogs
            .bulk_mut()
            .filter(|bulk| bulk.phase == BulkPhase::Writing)
        else {
            return;
        };
        bulk.overwrites = false;
        match written {
            Ok(path) => {
                bulk.written = Some(path.display().to_string());
                self.end_bulk();
            }
            Err(ExportFileError::Exists(path)) => self.confirm_overwrite(&path),
            Err(refused @ ExportFileError::Failed { .. }) => {
                self.export_failed(refused.to_string());
            }
        }
    }

    fn confirm_overwrite(&mut self, path: &Path) {
        self.export_failed(String::new());
        let confirm = ConfirmDialog::replace(&path.display().to_string());
        self.dialogs.push(confirm);
    }

    /// Returns to the prompt for a file name.
    pub(in crate::tui::app) fn export_failed(&mut self, reason: String) {
        if let Some(bulk) = self.dialogs.bulk_mut() {
            bulk.reopen_preview();
        }
        self.dialogs.show_bulk();
        if !reason.is_empty() {
            self.notify(Notice::error(reason));
        }
    }
}

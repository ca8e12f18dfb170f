//! Replies to the requests of a bulk operation.

use std::path::{Path, PathBuf};

use uuid::Uuid;

use crate::connection::export::{ExportFileError, Exported};
use crate::connection::{
    Connection, ConnectionError, FieldReason, Outcome, ServerError, TestReport,
};
use crate::tui::action::Action;
use crate::tui::app::App;
use crate::tui::app::replies::item_of;
use crate::tui::bulk::{
    BulkJob, BulkOperation, BulkPhase, BulkRowRef, BulkRowState, DELETED_ELSEWHERE,
};
use crate::tui::dialogs::confirm::ConfirmDialog;
use crate::tui::dialogs::test_report::TestOutcome;
use crate::tui::effect::ServiceReply;
use crate::tui::info::LastTest;
use crate::tui::notice::Notice;
use crate::tui::tree::ItemChange;

impl App {
    /// Records the reply for a row.
    pub(in crate::tui::app) fn handle_bulk_reply(&mut self, of: BulkRowRef, reply: ServiceReply) {
        let Some(bulk) = self.dialogs.bulk().filter(|bulk| bulk.awaits(of)) else {
            return;
        };
        let job = bulk.job;
        match (job, reply) {
            (
                BulkJob::Activate | BulkJob::Deactivate | BulkJob::Restore,
                ServiceReply::Ran(Ok(Outcome::Saved(saved))),
            ) => {
                self.row_saved(of, &saved);
            }
            (BulkJob::Delete, ServiceReply::Ran(Ok(Outcome::Deleted(item)))) => {
                self.queue_change(ItemChange::Deleted(item.id));
                self.row_done(of, None);
            }
            // Already deleted elsewhere: the goal is reached.
            (BulkJob::Delete, ServiceReply::Ran(Err(ConnectionError::NotFound(_)))) => {
                if let Some(id) = self.id_of(of) {
                    self.queue_change(ItemChange::Deleted(id));
                }
                self.set_row_state(of, BulkRowState::Unchanged);
            }
            (BulkJob::Test, ServiceReply::Tested(Ok(report))) => self.row_tested(of, report),
            (BulkJob::Export, ServiceReply::Connection(Ok(connection))) => {
                let exported = Exported::new(connection, &self.site.catalog);
                if let Some(bulk) = self.dialogs.bulk_mut() {
                    bulk.loaded.push(exported);
                }
                self.row_done(of, None);
            }
            (
                _,
                ServiceReply::Ran(Err(error))
                | ServiceReply::Tested(Err(error))
                | ServiceReply::Connection(Err(error)),
            ) => self.row_refused(of, &error),
            (_, ServiceReply::TaskFailed(reason)) => {
                self.row_failed(of, &format!("The request failed: {reason}"));
            }
            (_, _) => self.row_failed(of, "The request failed: unexpected response"),
        }
        self.end_bulk_if_done();
    }

    fn row_saved(&mut self, of: BulkRowRef, connection: &Connection) {
        let Some(bulk) = self.dialogs.bulk() else {
            return;
        };
        let row = bulk.rows().get(of.row);
        let is_same = row.is_some_and(|row| row.requested_version == connection.item.version)
            && bulk.job != BulkJob::Restore;
        self.queue_change(ItemChange::Saved(item_of(connection)));
        if is_same {
            self.set_row_state(of, BulkRowState::Unchanged);
        } else {
            self.row_done(of, None);
        }
    }

    fn row_done(&mut self, of: BulkRowRef, text: Option<Box<str>>) {
        let row = self.dialogs.bulk().and_then(|bulk| bulk.rows().get(of.row));
        if let Some(row) = row {
            let (id, name) = (row.id, row.name.clone());
            self.undo.record_bulk_change(of.number, id, name);
        }
        self.set_row_state(of, BulkRowState::Done(text));
    }

    fn row_tested(&mut self, of: BulkRowRef, report: TestReport) {
        let outcome = Ok(report);
        let state = state_of(&outcome);
        self.record_row_test(of, outcome);
        self.set_row_state(of, state);
    }

    /// Updates the row of a finished bulk test when its connection is tested again.
    pub(in crate::tui::app) fn update_bulk_test(&mut self, id: Uuid, outcome: &TestOutcome) {
        let Some(bulk) = self
            .dialogs
            .bulk_mut()
            .filter(|bulk| bulk.job == BulkJob::Test)
        else {
            return;
        };
        let at = bulk.rows().iter().position(|row| row.id == id);
        if let Some(at) = at.filter(|_| bulk.phase == BulkPhase::Finished) {
            bulk.set(at, state_of(outcome));
        }
    }

    fn row_refused(&mut self, of: BulkRowRef, error: &ConnectionError) {
        let mut text = match error {
            ConnectionError::NotFound(_) => DELETED_ELSEWHERE.to_owned(),
            error => error.to_string(),
        };
        let is_taken = |reason: &FieldReason| matches!(reason, FieldReason::AliasTaken { .. });
        if error.fields().iter().any(|field| is_taken(&field.reason)) {
            let trash = self.key_of(Action::Trash);
            text = format!("{text}; restore it from the trash{trash} with another alias");
        }
        self.row_failed(of, &text);
        if fails_all_requests(error)
            && let Some(bulk) = self.dialogs.bulk_mut()
        {
            bulk.stop(&error.to_string());
        }
    }

    fn row_failed(&mut self, of: BulkRowRef, reason: &str) {
        if self
            .dialogs
            .bulk()
            .is_some_and(|bulk| bulk.job == BulkJob::Test)
        {
            self.record_row_test(of, Err(reason.to_owned()));
        }
        self.set_row_state(of, BulkRowState::Failed(reason.into()));
    }

    fn set_row_state(&mut self, of: BulkRowRef, state: BulkRowState) {
        if let Some(bulk) = self.dialogs.bulk_mut() {
            bulk.set(of.row, state);
        }
    }

    fn record_row_test(&mut self, of: BulkRowRef, outcome: TestOutcome) {
        let row = self.dialogs.bulk().and_then(|bulk| bulk.rows().get(of.row));
        if let Some(row) = row {
            let version = row.requested_version;
            self.workspace
                .tests
                .insert(row.id, LastTest { version, outcome });
        }
    }

    fn id_of(&self, of: BulkRowRef) -> Option<Uuid> {
        let row = self.dialogs.bulk()?.rows().get(of.row)?;
        Some(row.id)
    }

    /// Collects changes for the tree, which applies all replies of a frame in one pass.
    fn queue_change(&mut self, changes: ItemChange) {
        if let Some(bulk) = self.dialogs.bulk_mut() {
            bulk.pending_changes.push(changes);
        }
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

/// Row state for a test result.
fn state_of(outcome: &TestOutcome) -> BulkRowState {
    match outcome {
        Ok(report) if report.success => {
            let time = report.latency_ms;
            BulkRowState::Done(time.map(|time| format!("accepted, {time} ms").into()))
        }
        Ok(report) => {
            let cause = report.error_message.as_deref();
            BulkRowState::Failed(cause.unwrap_or("test failed").into())
        }
        Err(reason) => BulkRowState::Failed(reason.as_str().into()),
    }
}

/// Returns true if the same error would fail all following requests, too.
const fn fails_all_requests(error: &ConnectionError) -> bool {
    match error {
        ConnectionError::Store(_) | ConnectionError::ReadOnly(_) => true,
        ConnectionError::Server(error) => match error {
            ServerError::Unreachable { .. }
            | ServerError::SignIn
            | ServerError::Forbidden(_)
            | ServerError::Foreign { .. } => true,
            ServerError::Refused { .. } => false,
        },
        ConnectionError::Invalid(_)
        | ConnectionError::Malformed(_)
        | ConnectionError::NotFound(_)
        | ConnectionError::VersionNotFound(_)
        | ConnectionError::VersionConflict { .. }
        | ConnectionError::Provider(_) => false,
    }
}

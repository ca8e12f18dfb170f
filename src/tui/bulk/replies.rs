//! Replies to the requests of a bulk operation.

use uuid::Uuid;

use super::{BulkJob, BulkOperation, BulkPhase, BulkRowState, DELETED_ELSEWHERE};
use crate::connection::export::Exported;
use crate::connection::{
    Connection, ConnectionError, FieldReason, Outcome, ServerError, StoreError,
};
use crate::provider::ProviderCatalog;
use crate::search::TreeItem;
use crate::tui::effect::ServiceReply;
use crate::tui::info::{LastTest, TestOutcome};
use crate::tui::tree::ItemChange;

/// Effects of a reply outside of the operation.
#[derive(Debug, Default)]
pub struct RowEffects {
    /// ID and name of a connection that was changed.
    pub changed: Option<(Uuid, Box<str>)>,
    /// ID and test result of a connection that was tested.
    pub tested: Option<(Uuid, LastTest)>,
}

impl BulkOperation {
    /// Takes the reply for a row; `trash_key` is the key of the trash, for messages.
    pub fn take_reply(
        &mut self,
        row: usize,
        reply: ServiceReply,
        (catalog, trash_key): (&ProviderCatalog, &str),
    ) -> RowEffects {
        match (self.job, reply) {
            (
                BulkJob::Activate | BulkJob::Deactivate | BulkJob::Restore,
                ServiceReply::Ran(Ok(Outcome::Saved(saved))),
            ) => self.row_saved(row, &saved),
            (BulkJob::Delete, ServiceReply::Ran(Ok(Outcome::Deleted(item)))) => {
                self.pending_changes.push(ItemChange::Deleted(item.id));
                self.row_done(row, None)
            }
            // Already deleted elsewhere: the goal is reached.
            (BulkJob::Delete, ServiceReply::Ran(Err(ConnectionError::NotFound(_)))) => {
                let id = self.rows.get(row).map(|row| row.id);
                self.pending_changes.extend(id.map(ItemChange::Deleted));
                self.set(row, BulkRowState::Unchanged);
                RowEffects::default()
            }
            (BulkJob::Test, ServiceReply::Tested(Ok(report))) => self.row_tested(row, Ok(report)),
            (BulkJob::Export, ServiceReply::Connection(Ok(connection))) => {
                self.loaded.push(Exported::new(connection, catalog));
                self.row_done(row, None)
            }
            (
                _,
                ServiceReply::Ran(Err(error))
                | ServiceReply::Tested(Err(error))
                | ServiceReply::Connection(Err(error)),
            ) => self.row_refused(row, &error, trash_key),
            (_, ServiceReply::TaskFailed(reason)) => {
                self.row_failed(row, format!("The request failed: {reason}"))
            }
            (_, _) => self.row_failed(row, "The request failed: unexpected response".into()),
        }
    }

    /// Updates the row of a finished test when its connection is tested again.
    pub fn retested(&mut self, id: Uuid, outcome: &TestOutcome) {
        let is_finished_test = self.job == BulkJob::Test && self.phase == BulkPhase::Finished;
        let at = self.rows.iter().position(|row| row.id == id);
        if let Some(at) = at.filter(|_| is_finished_test) {
            self.set(at, state_of(outcome));
        }
    }

    fn row_saved(&mut self, row: usize, connection: &Connection) -> RowEffects {
        let requested = self.rows.get(row).map(|row| row.requested_version);
        let is_same = requested == Some(connection.item.version) && self.job != BulkJob::Restore;
        let item = TreeItem::from(connection);
        self.pending_changes.push(ItemChange::Saved(item));
        if is_same {
            self.set(row, BulkRowState::Unchanged);
            RowEffects::default()
        } else {
            self.row_done(row, None)
        }
    }

    fn row_done(&mut self, row: usize, text: Option<Box<str>>) -> RowEffects {
        self.set(row, BulkRowState::Done(text));
        RowEffects {
            changed: self.rows.get(row).map(|row| (row.id, row.name.clone())),
            tested: None,
        }
    }

    fn row_tested(&mut self, row: usize, outcome: TestOutcome) -> RowEffects {
        self.set(row, state_of(&outcome));
        RowEffects {
            changed: None,
            tested: self.rows.get(row).map(|row| {
                let version = row.requested_version;
                (row.id, LastTest { version, outcome })
            }),
        }
    }

    fn row_refused(&mut self, row: usize, error: &ConnectionError, trash_key: &str) -> RowEffects {
        let mut text = match error {
            ConnectionError::NotFound(_) => DELETED_ELSEWHERE.to_owned(),
            error => error.to_string(),
        };
        let is_taken = |reason: &FieldReason| matches!(reason, FieldReason::AliasTaken { .. });
        if error.fields().iter().any(|field| is_taken(&field.reason)) {
            text = format!("{text}; restore it from the trash{trash_key} with another alias");
        }
        let effects = self.row_failed(row, text);
        if fails_all_requests(error) {
            self.stop(&error.to_string());
        }
        effects
    }

    fn row_failed(&mut self, row: usize, reason: String) -> RowEffects {
        if self.job == BulkJob::Test {
            return self.row_tested(row, Err(reason));
        }
        self.set(row, BulkRowState::Failed(reason.into()));
        RowEffects::default()
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
        // The other connections of a store with a damaged one work.
        ConnectionError::Store(error) => !matches!(error, StoreError::Damaged { .. }),
        ConnectionError::ReadOnly(_) => true,
        ConnectionError::Server(error) => !matches!(error, ServerError::Refused { .. }),
        _ => false,
    }
}

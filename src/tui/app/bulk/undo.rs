//! Undo of a whole bulk operation.

use std::collections::HashMap;

use uuid::Uuid;

use crate::text::case_fold::fold;
use crate::tui::action::Action;
use crate::tui::app::App;
use crate::tui::app::undo::UndoableChange;
use crate::tui::bulk::{BulkJob, BulkOperation, BulkRow, BulkRowState};
use crate::tui::notice::Notice;

/// Finished part of a bulk operation, for its undo.
#[derive(Debug)]
pub(in crate::tui::app) struct FinishedBulk {
    /// Number of the operation.
    pub bulk_number: u64,
    /// Operation that was run.
    pub job: BulkJob,
    /// Names of the changed connections by ID.
    pub changed: HashMap<Uuid, Box<str>>,
}

impl FinishedBulk {
    /// Returns true if it deleted this connection.
    pub fn has_deleted(&self, id: Uuid) -> bool {
        self.job == BulkJob::Delete && self.changed.contains_key(&id)
    }
}

impl App {
    /// Adds the operation to the undo stack, if it can be undone.
    pub(super) fn record_bulk(&mut self, number: u64, job: BulkJob) {
        let is_final = job == BulkJob::Delete && !self.features.trash;
        if job.inverse().is_some() && !is_final {
            self.undo.push(UndoableChange::Bulk(FinishedBulk {
                bulk_number: number,
                job,
                changed: HashMap::new(),
            }));
        }
    }

    /// Updates the undo stack for a retry, which belongs to the same operation.
    pub(super) fn record_bulk_retry(&mut self, number: u64, job: BulkJob, is_undo: bool) {
        let is_same_operation = |done: &UndoableChange| matches!(done, UndoableChange::Bulk(many) if many.bulk_number == number);
        if is_undo {
            self.undo.retain(|done| !is_same_operation(done));
        } else if !self.undo.iter().any(is_same_operation) {
            self.record_bulk(number, job);
        }
    }

    /// Records a changed connection.
    pub(super) fn record_bulk_change(&mut self, number: u64, id: Uuid, name: Box<str>) {
        for done in self.undo.iter_mut().rev() {
            if let UndoableChange::Bulk(many) = done
                && many.bulk_number == number
            {
                many.changed.insert(id, name);
                return;
            }
        }
    }

    /// Removes operations without any change from the undo stack.
    pub(in crate::tui::app) fn drop_empty_bulk_undos(&mut self) {
        let running = self.dialogs.bulk().filter(|bulk| bulk.is_running());
        let running = running.map(|bulk| bulk.number);
        self.undo.retain(|done| match done {
            UndoableChange::Bulk(many) => {
                !many.changed.is_empty() || running == Some(many.bulk_number)
            }
            UndoableChange::Toggled(_) | UndoableChange::Deleted(_) => true,
        });
    }

    /// Makes the rest of a stopped undo available again.
    pub(super) fn record_unfinished_undo(&mut self) {
        let Some(bulk) = self.dialogs.bulk().filter(|bulk| bulk.is_undo) else {
            return;
        };
        let waiting = bulk.rows().iter();
        let waiting = waiting.filter(|row| row.state == BulkRowState::Pending);
        let changed: HashMap<Uuid, Box<str>> =
            waiting.map(|row| (row.id, row.name.clone())).collect();
        if let Some(job) = bulk.job.inverse().filter(|_| !changed.is_empty()) {
            let number = bulk.number;
            self.undo.push(UndoableChange::Bulk(FinishedBulk {
                bulk_number: number,
                job,
                changed,
            }));
        }
    }

    /// Undoes the whole operation.
    pub(in crate::tui::app) fn undo_many(&mut self, many: FinishedBulk) {
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
        let number = self.new_ticket().0;
        let mut rows = self.rows_of(many.changed);
        rows.sort_by_cached_key(|row| fold(&row.name));
        let mut bulk = BulkOperation::new(number, rows, &[job]);
        bulk.is_undo = true;
        bulk.focus_on(1);
        bulk.start();
        self.dialogs.open_bulk(bulk);
        self.notice = None;
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
}

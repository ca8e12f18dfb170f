//! Undo stack.

use std::collections::HashMap;

use uuid::Uuid;

use super::PendingToggle;
use crate::service::ServiceFeatures;
use crate::tui::bulk::{BulkJob, BulkOperation, BulkRowState};
use crate::tui::dialogs::confirm::ConfirmDialog;
use crate::tui::notice::Notice;
use crate::tui::tree::Tree;

/// Maximum number of remembered changes.
const MAX_CHANGES: usize = 1_000;

/// Last change of the user.
#[derive(Debug)]
pub(super) enum UndoableChange {
    /// Activated or deactivated a connection.
    Toggled(PendingToggle),
    /// Moved a connection to the trash.
    Deleted(Uuid),
    /// Bulk operation.
    Bulk(FinishedBulk),
    /// Saved a new version of a connection.
    Edited(EditedVersion),
    /// Created or restored a connection.
    Created(Uuid),
    /// Change that cannot be undone; the text says what can be done instead.
    Permanent(String),
}

/// Version of a connection that a form or a rollback saved.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct EditedVersion {
    /// ID of the connection.
    pub id: Uuid,
    /// Saved version; the one before is restored.
    pub version: u64,
    /// True if the version may have other secrets than the one before.
    pub has_secret: bool,
}

impl EditedVersion {
    /// Notice after the undo.
    pub fn undone_notice(&self, name: &str, features: ServiceFeatures) -> Notice {
        let text = format!("Undid the last change of \"{name}\" (v{})", self.version);
        if self.has_secret && features.rollback_keeps_secrets {
            Notice::warning(format!(
                "{text}; the new key stays, because the history has no secrets"
            ))
        } else {
            Notice::done(text)
        }
    }
}

/// Finished part of a bulk operation.
#[derive(Debug)]
pub(super) struct FinishedBulk {
    /// Number of the operation.
    pub bulk_number: u64,
    /// Operation that was run.
    pub job: BulkJob,
    /// Names of the changed connections by ID.
    pub changed: HashMap<Uuid, Box<str>>,
}

/// Last changes of the user, the newest at the end.
#[derive(Debug, Default)]
pub(super) struct UndoStack {
    changes: Vec<UndoableChange>,
    /// Versions that an undo saved, with the earlier version that they equal.
    equal: HashMap<(Uuid, u64), u64>,
}

impl UndoableChange {
    const fn as_bulk(&self) -> Option<&FinishedBulk> {
        if let Self::Bulk(many) = self {
            Some(many)
        } else {
            None
        }
    }

    const fn as_bulk_mut(&mut self) -> Option<&mut FinishedBulk> {
        if let Self::Bulk(many) = self {
            Some(many)
        } else {
            None
        }
    }
}

impl UndoStack {
    /// Returns true if the last change can be undone.
    pub fn can_undo(&self) -> bool {
        let last = self.changes.last();
        last.is_some_and(|change| !matches!(change, UndoableChange::Permanent(_)))
    }

    /// Prompt before the undo of the last change; none if it needs no confirmation.
    pub fn prompt(&self, tree: &Tree, features: ServiceFeatures) -> Option<ConfirmDialog> {
        match self.changes.last()? {
            UndoableChange::Created(id) => {
                let item = tree.item(*id)?;
                Some(ConfirmDialog::undo_create(*id, item.name(), features))
            }
            UndoableChange::Edited(edit) if edit.has_secret && !features.rollback_keeps_secrets => {
                let item = tree.item(edit.id)?;
                let is_current = self.is_current(*edit, item.version());
                is_current.then(|| ConfirmDialog::undo_edit(edit.id, edit.version, item.name()))
            }
            _ => None,
        }
    }

    /// Returns true if a version of the connection equals the one that the edit saved.
    pub fn is_current(&self, edit: EditedVersion, version: u64) -> bool {
        self.earliest_equal(edit.id, version) == edit.version
    }

    /// Removes the last change if it created or edited this connection.
    pub fn pop_confirmed(&mut self, id: Uuid) -> Option<UndoableChange> {
        self.changes.pop_if(|change| {
            matches!(change, UndoableChange::Created(other) | UndoableChange::Edited(EditedVersion { id: other, .. }) if *other == id)
        })
    }

    /// Adds a change.
    pub fn push(&mut self, change: UndoableChange) {
        self.changes.push(change);
        if self.changes.len() > MAX_CHANGES {
            self.changes.remove(0);
        }
    }

    /// Adds a change that cannot be undone, in place of one just before it.
    pub fn push_permanent(&mut self, advice: String) {
        self.changes
            .pop_if(|last| matches!(last, UndoableChange::Permanent(_)));
        self.push(UndoableChange::Permanent(advice));
    }

    /// Removes the last change.
    pub fn pop(&mut self) -> Option<UndoableChange> {
        self.changes.pop()
    }

    /// Records the version that an undo of the last change of a connection saved: it equals the version before that change.
    pub fn note_undone(&mut self, id: Uuid, version: u64) {
        let undone = self.earliest_equal(id, version.saturating_sub(1));
        let before = self.earliest_equal(id, undone.saturating_sub(1));
        self.equal.insert((id, version), before);
    }

    /// Returns the earliest version that equals this one.
    pub fn earliest_equal(&self, id: Uuid, version: u64) -> u64 {
        self.equal.get(&(id, version)).copied().unwrap_or(version)
    }

    /// Number of the bulk operation that the next undo reverts.
    pub fn next_bulk(&self) -> Option<u64> {
        Some(self.changes.last()?.as_bulk()?.bulk_number)
    }

    /// Returns true if the next undo restores this connection.
    pub fn is_restoring_next(&self, id: Uuid) -> bool {
        matches!(self.changes.last(), Some(UndoableChange::Deleted(other)) if *other == id)
    }

    /// Removes the latest toggle like this one, which failed.
    pub fn drop_toggle(&mut self, switch: &PendingToggle) {
        let is_same = |change: &UndoableChange| matches!(change, UndoableChange::Toggled(done) if done.id == switch.id && done.active == switch.active);
        if let Some(at) = self.changes.iter().rposition(is_same) {
            self.changes.remove(at);
        }
    }

    /// Removes a delete: it was refused, lost, or undone in another way.
    pub fn drop_delete(&mut self, id: Uuid, running: Option<u64>) {
        self.changes
            .retain(|done| !matches!(done, UndoableChange::Deleted(other) if *other == id));
        for many in self.bulks() {
            if many.job == BulkJob::Delete {
                many.changed.remove(&id);
            }
        }
        self.drop_empty_bulks(running);
    }

    /// Removes changes of connections that were deleted elsewhere; after a delete of this user, they stay for an undo of both.
    pub fn drop_changes_of(&mut self, deleted: &[Uuid], running: Option<u64>) {
        let deleted: Vec<Uuid> = deleted
            .iter()
            .copied()
            .filter(|id| !self.has_deleted(*id))
            .collect();
        for many in self.bulks() {
            if matches!(many.job, BulkJob::Activate | BulkJob::Deactivate) {
                for id in &deleted {
                    many.changed.remove(id);
                }
            }
        }
        self.changes.retain(|done| {
            let (UndoableChange::Toggled(PendingToggle { id, .. })
            | UndoableChange::Edited(EditedVersion { id, .. })
            | UndoableChange::Created(id)) = done
            else {
                return true;
            };
            !deleted.contains(id)
        });
        self.drop_empty_bulks(running);
    }

    /// Adds a bulk operation, if it can be undone and is not there yet.
    pub fn record_bulk(&mut self, bulk_number: u64, job: BulkJob) {
        if job.inverse().is_some() && !self.bulks().any(|many| many.bulk_number == bulk_number) {
            self.push(UndoableChange::Bulk(FinishedBulk {
                bulk_number,
                job,
                changed: HashMap::new(),
            }));
        }
    }

    /// Records a connection that a bulk operation changed.
    pub fn record_bulk_change(&mut self, number: u64, id: Uuid, name: Box<str>) {
        let mut bulks = self.bulks();
        if let Some(many) = bulks.rfind(|many| many.bulk_number == number) {
            many.changed.insert(id, name);
        }
    }

    /// Removes a bulk operation.
    pub fn drop_bulk(&mut self, number: u64) {
        self.changes
            .retain(|done| done.as_bulk().is_none_or(|many| many.bulk_number != number));
    }

    /// Removes bulk operations without any change, except the running one.
    pub fn drop_empty_bulks(&mut self, running: Option<u64>) {
        self.changes.retain(|done| {
            done.as_bulk()
                .is_none_or(|many| !many.changed.is_empty() || running == Some(many.bulk_number))
        });
    }

    /// Makes the rest of a stopped undo available again.
    pub fn record_rest(&mut self, bulk: &BulkOperation) {
        let waiting = bulk.rows().iter();
        let waiting = waiting.filter(|row| row.state == BulkRowState::Pending);
        let changed: HashMap<Uuid, Box<str>> =
            waiting.map(|row| (row.id, row.name.clone())).collect();
        let is_rest = bulk.is_undo && !changed.is_empty();
        if let Some(job) = bulk.job.inverse().filter(|_| is_rest) {
            self.push(UndoableChange::Bulk(FinishedBulk {
                bulk_number: bulk.number,
                job,
                changed,
            }));
        }
    }

    fn has_deleted(&self, id: Uuid) -> bool {
        self.changes.iter().any(|done| {
            matches!(done, UndoableChange::Deleted(other) if *other == id)
                || done.as_bulk().is_some_and(|many| {
                    many.job == BulkJob::Delete && many.changed.contains_key(&id)
                })
        })
    }

    fn bulks(&mut self) -> impl DoubleEndedIterator<Item = &mut FinishedBulk> {
        self.changes
            .iter_mut()
            .filter_map(UndoableChange::as_bulk_mut)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_saved_by_undo_equal_the_ones_before() {
        let (id, mut undo) = (Uuid::from_u128(1), UndoStack::default());
        // Edit v2, toggle v3, edit v4; all undone from the last to the first.
        undo.note_undone(id, 5);
        assert_eq!(undo.earliest_equal(id, 5), 3);
        undo.note_undone(id, 6);
        assert_eq!(undo.earliest_equal(id, 6), 2);
        undo.note_undone(id, 7);
        assert_eq!(undo.earliest_equal(id, 7), 1);
        assert_eq!(undo.earliest_equal(id, 8), 8, "a change by another user");
    }
}

//! Undo stack.

use uuid::Uuid;

use super::bulk::FinishedBulk;
use super::trash::{PendingRestore, RestoreOrigin};
use super::{App, AwaitedReply, PendingToggle};
use crate::connection::Command;
use crate::tui::bulk::BulkJob;
use crate::tui::effect::Effect;
use crate::tui::notice::Notice;

/// Change that can be undone.
#[derive(Debug)]
pub(super) enum UndoableChange {
    /// Activated or deactivated a connection.
    Toggled(PendingToggle),
    /// Moved a connection to the trash.
    Deleted(Uuid),
    /// Bulk operation.
    Bulk(FinishedBulk),
}

impl App {
    /// Undoes the last change.
    pub(super) fn undo(&mut self) -> Option<Effect> {
        match self.undo.pop() {
            Some(UndoableChange::Toggled(done)) => {
                let switch = PendingToggle {
                    active: !done.active,
                    from: done.active,
                    is_undo: true,
                    ..done
                };
                Some(self.request_toggle(switch))
            }
            Some(UndoableChange::Deleted(id)) => {
                let restore = PendingRestore {
                    id,
                    from: RestoreOrigin::Undo,
                };
                let command = Command::Restore { id, alias: None };
                Some(self.call(AwaitedReply::Restore(restore), command))
            }
            Some(UndoableChange::Bulk(many)) => {
                self.undo_many(many);
                None
            }
            None => {
                self.notify(Notice::info("Nothing to undo"));
                None
            }
        }
    }

    /// Number of the bulk operation that the next undo reverts.
    pub(super) fn undoable_bulk(&self) -> Option<u64> {
        match self.undo.last()? {
            UndoableChange::Bulk(many) => Some(many.bulk_number),
            UndoableChange::Toggled(_) | UndoableChange::Deleted(_) => None,
        }
    }

    /// Deletes a connection. The service runs requests in order, so it can be undone before the reply.
    pub(super) fn delete(&mut self, id: Uuid) -> Effect {
        if self.features.trash {
            self.undo.push(UndoableChange::Deleted(id));
        }
        let command = Command::Delete {
            key: id.into(),
            expected_version: None,
        };
        self.call(AwaitedReply::Delete(id), command)
    }

    /// Returns true if the next undo restores this connection.
    pub(super) fn is_next_undo_restoring(&self, id: Uuid) -> bool {
        matches!(self.undo.last(), Some(UndoableChange::Deleted(other)) if *other == id)
    }

    /// Removes a delete from the undo stack: it was refused, lost, or undone in another way.
    pub(super) fn drop_delete(&mut self, id: Uuid) {
        self.undo
            .retain(|done| !matches!(done, UndoableChange::Deleted(other) if *other == id));
        for done in &mut self.undo {
            if let UndoableChange::Bulk(many) = done
                && many.job == BulkJob::Delete
            {
                many.changed.remove(&id);
            }
        }
        self.drop_empty_bulk_undos();
    }

    /// Removes changes of connections that were deleted elsewhere; after a delete of this user, they stay for an undo of both.
    pub(super) fn drop_toggles(&mut self, deleted: &[Uuid]) {
        let own: Vec<Uuid> = deleted
            .iter()
            .copied()
            .filter(|id| {
                self.is_deleting(*id)
                    || self.undo.iter().any(|done| match done {
                        UndoableChange::Deleted(other) => other == id,
                        UndoableChange::Bulk(many) => many.has_deleted(*id),
                        UndoableChange::Toggled(_) => false,
                    })
            })
            .collect();
        for done in &mut self.undo {
            if let UndoableChange::Bulk(many) = done
                && matches!(many.job, BulkJob::Activate | BulkJob::Deactivate)
            {
                for id in deleted.iter().filter(|id| !own.contains(id)) {
                    many.changed.remove(id);
                }
            }
        }
        self.undo.retain(|done| match done {
            UndoableChange::Toggled(switch) => {
                !deleted.contains(&switch.id) || own.contains(&switch.id)
            }
            UndoableChange::Deleted(_) | UndoableChange::Bulk(_) => true,
        });
        self.drop_empty_bulk_undos();
    }

    /// Makes a restore with an unknown result available again.
    pub(super) fn retry_undo(&mut self, restore: PendingRestore) {
        match restore.from {
            RestoreOrigin::Undo => self.undo.push(UndoableChange::Deleted(restore.id)),
            RestoreOrigin::Trash => self.reload_trash(),
            RestoreOrigin::Form => {}
        }
    }
}

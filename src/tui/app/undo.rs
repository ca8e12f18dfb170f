//! Undo stack.

use uuid::Uuid;

use super::bulk::Many;
use super::trash::{From, Restore};
use super::{App, Switch, Waiting};
use crate::tui::bulk::Job;
use crate::tui::effect::{Effect, Request};
use crate::tui::notice::Notice;

/// Change that can be undone.
#[derive(Debug)]
pub(super) enum Done {
    /// Activated or deactivated a connection.
    Toggled(Switch),
    /// Moved a connection to the trash.
    Deleted(Uuid),
    /// Bulk operation.
    Many(Many),
}

impl App {
    /// Undoes the last change.
    pub(super) fn undo(&mut self) -> Option<Effect> {
        match self.undo.pop() {
            Some(Done::Toggled(done)) => {
                let switch = Switch {
                    to: !done.to,
                    from: done.to,
                    is_undo: true,
                    ..done
                };
                Some(self.request_toggle(switch))
            }
            Some(Done::Deleted(id)) => {
                let restore = Restore {
                    id,
                    from: From::Undo,
                };
                Some(self.call(Waiting::Restore(restore), Request::Restore(id, None)))
            }
            Some(Done::Many(many)) => {
                self.undo_many(many);
                None
            }
            None => {
                self.notify(Notice::info("Nothing to undo"));
                None
            }
        }
    }

    /// Deletes a connection. The service runs requests in order, so it can be undone before the reply.
    pub(super) fn delete(&mut self, id: Uuid) -> Effect {
        if self.features.trash {
            self.undo.push(Done::Deleted(id));
        }
        self.call(Waiting::Delete(id), Request::Delete(id))
    }

    /// Returns true if the next undo restores this connection.
    pub(super) fn is_next_undo_restoring(&self, id: Uuid) -> bool {
        matches!(self.undo.last(), Some(Done::Deleted(other)) if *other == id)
    }

    /// Removes a delete from the undo stack: it was refused, lost, or undone in another way.
    pub(super) fn forget_delete(&mut self, id: Uuid) {
        self.undo
            .retain(|done| !matches!(done, Done::Deleted(other) if *other == id));
        for done in &mut self.undo {
            if let Done::Many(many) = done
                && many.job == Job::Delete
            {
                many.changed.remove(&id);
            }
        }
        self.drop_empty_bulk_undos();
    }

    /// Removes changes of connections that were deleted elsewhere; after a delete of this user, they stay for an undo of both.
    pub(super) fn forget_toggles(&mut self, deleted: &[Uuid]) {
        let own: Vec<Uuid> = deleted
            .iter()
            .copied()
            .filter(|id| {
                self.is_deleting(*id)
                    || self.undo.iter().any(|done| match done {
                        Done::Deleted(other) => other == id,
                        Done::Many(many) => many.has_deleted(*id),
                        Done::Toggled(_) => false,
                    })
            })
            .collect();
        for done in &mut self.undo {
            if let Done::Many(many) = done
                && matches!(many.job, Job::Activate | Job::Deactivate)
            {
                for id in deleted.iter().filter(|id| !own.contains(id)) {
                    many.changed.remove(id);
                }
            }
        }
        self.undo.retain(|done| match done {
            Done::Toggled(switch) => !deleted.contains(&switch.id) || own.contains(&switch.id),
            Done::Deleted(_) | Done::Many(_) => true,
        });
        self.drop_empty_bulk_undos();
    }

    /// Makes a restore with an unknown result available again.
    pub(super) fn retry_undo(&mut self, restore: Restore) {
        match restore.from {
            From::Undo => self.undo.push(Done::Deleted(restore.id)),
            From::Trash => self.reload_trash(),
            From::Form => {}
        }
    }
}

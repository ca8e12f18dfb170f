//! What was done last and can be taken back.

use uuid::Uuid;

use super::bulk::Many;
use super::trash::{From, Restore};
use super::{App, Switch, Waiting};
use crate::tui::bulk::Job;
use crate::tui::effect::{Effect, Request};
use crate::tui::notice::Notice;

/// Something that can be taken back.
#[derive(Debug)]
pub(super) enum Done {
    /// A connection was switched on or off.
    Switched(Switch),
    /// A connection was put into the trash.
    Deleted(Uuid),
    /// Something was done to many at once.
    Many(Many),
}

impl App {
    /// Takes back what was done last.
    pub(super) fn undo(&mut self) -> Option<Effect> {
        match self.undo.pop() {
            Some(Done::Switched(done)) => {
                let switch = Switch {
                    to: !done.to,
                    from: done.to,
                    is_undo: true,
                    ..done
                };
                Some(self.switch(switch))
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
                self.tell(Notice::info("Nothing to undo"));
                None
            }
        }
    }

    /// Deletes; what is asked for while it is under way is carried out behind it, so it can be taken back at once.
    pub(super) fn delete(&mut self, id: Uuid) -> Effect {
        if self.features.trash {
            self.undo.push(Done::Deleted(id));
        }
        self.call(Waiting::Delete(id), Request::Delete(id))
    }

    /// Whether the next undo could bring this connection back.
    pub(super) fn can_bring_back(&self, id: Uuid) -> bool {
        matches!(self.undo.last(), Some(Done::Deleted(other)) if *other == id)
    }

    /// A delete was refused, broke off, or was taken back in another way: it is not to be undone.
    pub(super) fn not_deleted(&mut self, id: Uuid) {
        self.undo
            .retain(|done| !matches!(done, Done::Deleted(other) if *other == id));
        for done in &mut self.undo {
            if let Done::Many(many) = done
                && many.job == Job::Delete
            {
                many.to.remove(&id);
            }
        }
        self.forget_what_was_done_to_none();
    }

    /// What others deleted cannot be switched back; what one deleted oneself can, once it is back.
    pub(super) fn forget_switches(&mut self, gone: &[Uuid]) {
        let mine: Vec<Uuid> = gone
            .iter()
            .copied()
            .filter(|id| {
                self.is_deleting(*id)
                    || self.undo.iter().any(|done| match done {
                        Done::Deleted(other) => other == id,
                        Done::Many(many) => many.has_deleted(*id),
                        Done::Switched(_) => false,
                    })
            })
            .collect();
        for done in &mut self.undo {
            if let Done::Many(many) = done
                && matches!(many.job, Job::Enable | Job::Disable)
            {
                for id in gone.iter().filter(|id| !mine.contains(id)) {
                    many.to.remove(id);
                }
            }
        }
        self.undo.retain(|done| match done {
            Done::Switched(switch) => !gone.contains(&switch.id) || mine.contains(&switch.id),
            Done::Deleted(_) | Done::Many(_) => true,
        });
        self.forget_what_was_done_to_none();
    }

    /// Bringing back broke off before it was known whether it was done: it can be asked for again.
    pub(super) fn undo_again(&mut self, restore: Restore) {
        match restore.from {
            From::Undo => self.undo.push(Done::Deleted(restore.id)),
            From::Trash => self.read_trash_again(),
            From::Form => {}
        }
    }
}

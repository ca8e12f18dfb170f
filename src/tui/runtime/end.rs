//! What is left to do at the end: keep what is not saved, wait for what is being saved.

use super::Runtime;
use super::keeper::Task;
use crate::tui::effect::Effect;
use crate::tui::event::Event;

impl Runtime {
    /// What is typed and not saved is kept as it is now.
    pub(super) fn wish(&mut self) {
        while let Some(effect) = self.app.last_wish() {
            match effect {
                Effect::Keep(slot, kept) => self.keeper.tell(Task::Keep(slot, kept)),
                Effect::Forget(slot) => self.keeper.tell(Task::Forget(slot)),
                _ => return,
            }
        }
    }

    /// What is left to do when the terminal is given back.
    pub(super) async fn finish(mut self) {
        if let Some(editing) = self.editing.take() {
            editing.stop();
        }
        self.wish();
        self.keeper.settle();
        self.wait_for_saves().await;
        // What was saved meanwhile is not to be offered at the next start.
        self.wish();
        self.keeper.settle();
    }

    /// Waits for the saves under way, or until Ctrl-C says that it shall not.
    async fn wait_for_saves(&mut self) {
        while !self.saves.is_empty() {
            tokio::select! {
                answer = self.calls.join_next() => match answer {
                    Some(Ok((ticket, reply))) => {
                        self.saves.remove(&ticket);
                        // Nothing that follows from it is done any more, but what is saved is known.
                        let _ = self.app.update(Event::Reply(ticket, reply));
                    }
                    Some(Err(error)) if error.is_cancelled() => {}
                    Some(Err(_)) | None => return,
                },
                _ = tokio::signal::ctrl_c() => return,
            }
        }
    }
}

//! Changes by other processes and users, and connection losses.

use uuid::Uuid;

use super::{App, Waiting};
use crate::tui::follow::Heard;
use crate::tui::form::Elsewhere;
use crate::tui::layer::{Answer, Layer};
use crate::tui::notice::Notice;
use crate::tui::tree::{News, Node};

impl App {
    /// Handles an event of the change feed.
    pub(super) fn hear(&mut self, heard: Heard) {
        match heard {
            Heard::News(news) => self.take_in(news),
            Heard::Broken => self.is_behind = true,
            Heard::Lost(why) => {
                self.is_lost = true;
                let stop = if why.ends_with(['.', '!', '?']) {
                    ""
                } else {
                    "."
                };
                self.tell(Notice::warning(format!(
                    "{why}{stop} Reconnecting; unsaved input is kept"
                )));
            }
            Heard::Missed => {
                self.tree.refresh();
                self.detail.invalidate();
                self.read_trash_again();
            }
            Heard::CaughtUp => self.caught_up(),
        }
    }

    pub(super) fn take_in(&mut self, news: Vec<News>) {
        if let Some(bulk) = &mut self.bulk {
            bulk.hear(&news);
        }
        for heard in &news {
            self.detail.apply(heard);
            self.hear_in_layers(heard);
        }
        let gone: Vec<Uuid> = news
            .iter()
            .filter(|heard| matches!(heard, News::Deleted(_)))
            .map(News::id)
            .collect();
        self.forget_switches(&gone);
        let before = self.tree.selected();
        let name = self.tree.selected_item().map(|item| item.name().to_owned());
        let switching = self.hear_while_switching(&news);
        self.tree.apply(news);
        for (id, is_active) in switching {
            self.tree.set_active(id, is_active);
        }
        if self.tree.selected() == before {
            return;
        }
        // The next key would copy a value of another connection.
        self.layers
            .retain(|layer| !matches!(layer, Layer::Clipboard));
        if let (Node::Connection(id), Some(name)) = (before, name)
            && gone.contains(&id)
            && !self.is_deleting(id)
        {
            self.tell(Notice::warning(format!("\"{name}\" was deleted elsewhere")));
        }
    }

    pub(super) fn is_deleting(&self, id: Uuid) -> bool {
        self.bulk.as_ref().is_some_and(|bulk| bulk.is_deleting(id))
            || self.is_waiting(|waiting| matches!(waiting, Waiting::Delete(other) if *other == id))
    }

    /// Updates the open dialogs: a form keeps its input and reports the change; a prompt about a deleted connection closes.
    fn hear_in_layers(&mut self, heard: &News) {
        let id = heard.id();
        self.hear_in_trash(heard);
        if let Some(form) = self.form_mut().filter(|form| form.id() == Some(id)) {
            let before = form.elsewhere;
            form.hear(heard);
            // Only the first change is reported; during a save, it may be that save.
            if before.is_none() && form.saving.is_none() {
                self.say_elsewhere();
            }
            if matches!(heard, News::Deleted(_)) {
                self.renew_merge();
            }
        }
        let is_deleting = self.is_deleting(id);
        let mut answered = None;
        self.layers.retain_mut(|layer| {
            let Layer::Confirm(confirm) = layer else {
                return true;
            };
            if !confirm.can_answer(Answer::Delete(id)) {
                return true;
            }
            match heard {
                News::Saved(item) => {
                    confirm.subject = Some(item.name().to_owned());
                    true
                }
                News::Deleted(_) => {
                    answered = confirm.subject.take();
                    false
                }
            }
        });
        if let Some(name) = answered.filter(|_| !is_deleting) {
            self.tell(Notice::warning(format!("\"{name}\" was deleted elsewhere")));
        }
    }

    /// Keeps pending toggles on screen and records the status to revert to if they are refused.
    fn hear_while_switching(&mut self, news: &[News]) -> Vec<(Uuid, bool)> {
        let mut switching = Vec::new();
        for waiting in self.waiting.values_mut() {
            let Waiting::Switch(switch) = waiting else {
                continue;
            };
            let newest = news.iter().rev().find(|heard| heard.id() == switch.id);
            if let Some(News::Saved(item)) = newest {
                switch.from = item.is_active;
                if let Some(shown) = self.tree.item(switch.id) {
                    switching.push((switch.id, shown.is_active));
                }
            }
        }
        switching
    }

    /// Retries what failed while the service was unreachable.
    fn caught_up(&mut self) {
        self.is_behind = false;
        if std::mem::take(&mut self.is_lost) {
            self.tell(Notice::done("Reconnected, up to date"));
        }
        self.tree.loading.retry();
        if self.detail.problem.is_some() {
            self.detail.invalidate();
        }
        self.read_trash_again();
        if let Some(form) = self.form_mut() {
            form.ask_again();
        }
    }

    /// Reports a change that happened before the form was opened.
    pub(super) fn compare_with_tree(&mut self) {
        let Some(id) = self.form().and_then(crate::tui::form::Form::id) else {
            return;
        };
        let heard = match self.tree.item(id) {
            Some(item) => Elsewhere::Saved(item.version()),
            None => return,
        };
        if let Some(form) = self.form_mut() {
            form.changed_elsewhere(heard);
        }
        self.say_elsewhere();
    }
}

//! Changes by other processes and users, and connection losses.

use uuid::Uuid;

use super::{App, AwaitedReply};
use crate::tui::change_feed::FeedEvent;
use crate::tui::dialog::ConfirmAction;
use crate::tui::dialogs::confirm::ConfirmDialog;
use crate::tui::dialogs::menu::Menu;
use crate::tui::dialogs::trash::TrashDialog;
use crate::tui::form::RemoteChange;
use crate::tui::notice::Notice;
use crate::tui::tree::{ItemChange, Node};

impl App {
    /// Handles an event of the change feed.
    pub(super) fn handle_feed_event(&mut self, event: FeedEvent) {
        match event {
            FeedEvent::Changes(news) => self.apply_changes(news),
            FeedEvent::Disconnected => self.is_stale = true,
            FeedEvent::Expired(reason) => {
                self.is_offline = true;
                let stop = if reason.ends_with(['.', '!', '?']) {
                    ""
                } else {
                    "."
                };
                self.notify(Notice::warning(format!(
                    "{reason}{stop} Reconnecting; unsaved input is kept"
                )));
            }
            FeedEvent::ReloadNeeded => {
                self.tree.refresh();
                self.detail.invalidate();
                self.reload_trash();
            }
            FeedEvent::CaughtUp => self.reconnected(),
        }
    }

    pub(super) fn apply_changes(&mut self, news: Vec<ItemChange>) {
        if let Some(bulk) = self.dialogs.bulk_mut() {
            bulk.apply_changes(&news);
        }
        for change in &news {
            self.detail.apply(change);
            self.update_dialogs(change);
        }
        let deleted: Vec<Uuid> = news
            .iter()
            .filter(|change| matches!(change, ItemChange::Deleted(_)))
            .map(ItemChange::id)
            .collect();
        self.drop_toggles(&deleted);
        let before = self.tree.selected();
        let name = self.tree.selected_item().map(|item| item.name().to_owned());
        let switching = self.update_pending_toggles(&news);
        self.tree.apply(news);
        for (id, is_active) in switching {
            self.tree.set_active(id, is_active);
        }
        if self.tree.selected() == before {
            return;
        }
        // The next key would copy a value of another connection.
        self.dialogs.retain(|menu: &mut Menu| menu.is_sort());
        if let (Node::Connection(id), Some(name)) = (before, name)
            && deleted.contains(&id)
            && !self.is_deleting(id)
        {
            self.notify(Notice::warning(format!("\"{name}\" was deleted elsewhere")));
        }
    }

    pub(super) fn is_deleting(&self, id: Uuid) -> bool {
        self.dialogs.bulk().is_some_and(|bulk| bulk.is_deleting(id))
            || self.is_pending(
                |waiting| matches!(waiting, AwaitedReply::Delete(other) if *other == id),
            )
    }

    /// Updates the open dialogs: a form keeps its input and reports the change; a prompt about a deleted connection closes.
    fn update_dialogs(&mut self, change: &ItemChange) {
        let id = change.id();
        if let Some(trash) = self.dialogs.find_mut::<TrashDialog>() {
            trash.note_change(change);
        }
        if let Some(form) = self.form_mut().filter(|form| form.id() == Some(id)) {
            let before = form.remote_change;
            form.remote_changed(change);
            // Only the first change is reported; during a save, it may be that save.
            if before.is_none() && form.saving.is_none() {
                self.report_change_elsewhere();
            }
            if matches!(change, ItemChange::Deleted(_)) {
                self.update_merge();
            }
        }
        let is_deleting = self.is_deleting(id);
        let mut answered = None;
        self.dialogs.retain(|confirm: &mut ConfirmDialog| {
            if !confirm.can_answer(ConfirmAction::Delete(id)) {
                return true;
            }
            match change {
                ItemChange::Saved(item) => {
                    confirm.subject = Some(item.name().to_owned());
                    true
                }
                ItemChange::Deleted(_) => {
                    answered = confirm.subject.take();
                    false
                }
            }
        });
        if let Some(name) = answered.filter(|_| !is_deleting) {
            self.notify(Notice::warning(format!("\"{name}\" was deleted elsewhere")));
        }
    }

    /// Keeps pending toggles on screen and records the status to revert to if they are refused.
    fn update_pending_toggles(&mut self, news: &[ItemChange]) -> Vec<(Uuid, bool)> {
        let mut switching = Vec::new();
        for waiting in self.pending.values_mut() {
            let AwaitedReply::Toggle(switch) = waiting else {
                continue;
            };
            let newest = news.iter().rev().find(|change| change.id() == switch.id);
            if let Some(ItemChange::Saved(item)) = newest {
                switch.from = item.is_active;
                if let Some(shown) = self.tree.item(switch.id) {
                    switching.push((switch.id, shown.is_active));
                }
            }
        }
        switching
    }

    /// Retries what failed while the service was unreachable.
    fn reconnected(&mut self) {
        self.is_stale = false;
        if std::mem::take(&mut self.is_offline) {
            self.notify(Notice::done("Reconnected, up to date"));
        }
        self.tree.loading.retry();
        if self.detail.problem.is_some() {
            self.detail.invalidate();
        }
        self.reload_trash();
        if let Some(form) = self.form_mut() {
            form.request_again();
        }
    }

    /// Reports a change that happened before the form was opened.
    pub(super) fn report_change_before_open(&mut self) {
        let Some(id) = self.form().and_then(crate::tui::form::Form::id) else {
            return;
        };
        let change = match self.tree.item(id) {
            Some(item) => RemoteChange::Saved(item.version()),
            None => return,
        };
        if let Some(form) = self.form_mut() {
            form.changed_elsewhere(change);
        }
        self.report_change_elsewhere();
    }
}

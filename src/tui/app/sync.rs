//! Keeps the state up to date: requests in the background, changes by others, connection losses.
//!
//! Background requests are derived from the state when the app is idle; at most one of each kind is pending.

use std::time::Duration;

use uuid::Uuid;

use super::state::RunningWork;
use super::{App, AwaitedReply, Pane};
use crate::tui::change_feed::FeedEvent;
use crate::tui::dialog::TICKS_PER_SECOND;
use crate::tui::dialogs::confirm::ConfirmDialog;
use crate::tui::dialogs::menu::Menu;
use crate::tui::dialogs::trash::TrashDialog;
use crate::tui::effect::{Effect, ServiceRequest};
use crate::tui::form::{AliasCheck, TheirChange};
use crate::tui::layout::PaneCount;
use crate::tui::notice::{Notice, NoticeSeverity};
use crate::tui::tabs::Tab;
use crate::tui::tree::{ItemChange, Node};

/// Time that a notice stays on screen.
const NOTICE_TIME: Duration = Duration::from_secs(5);

/// Time between two lookups of the references in a form.
const RECHECK_TIME: Duration = Duration::from_secs(2);

/// Same, on a server.
const REMOTE_RECHECK_TIME: Duration = Duration::from_secs(30);

/// Time that a revealed secret stays visible.
const REVEAL_TIME: Duration = Duration::from_secs(10);

impl App {
    /// Next background effect.
    pub(super) fn next_background_effect(&mut self) -> Option<Effect> {
        self.apply_queued_changes();
        self.tree.show_tested();
        self.next_arrangement()
            .or_else(|| self.next_page())
            .or_else(|| self.next_reload())
            .or_else(|| self.next_detail())
            .or_else(|| self.next_versions())
            .or_else(|| self.next_dialog_request())
            .or_else(|| self.next_test())
            .or_else(|| self.next_alias())
            .or_else(|| self.next_lookup())
            .or_else(|| self.next_bulk_request())
            .or_else(|| self.next_configuration_keys())
            .or_else(|| self.next_key_check())
            .or_else(|| self.next_expiry())
            .or_else(|| self.next_age())
            .or_else(|| self.next_hiding())
            .or_else(|| self.next_tick())
            .or_else(|| self.next_recheck())
            .or_else(|| self.next_their_version_request())
            .or_else(|| self.next_external_edit())
            .or_else(|| {
                let form = self.dialogs.find();
                self.open_draft.next_effect(form, &mut self.requests)
            })
    }

    fn next_arrangement(&mut self) -> Option<Effect> {
        self.tree.is_arranging().then(|| {
            self.tree.arrange();
            Effect::Continue
        })
    }

    fn next_page(&mut self) -> Option<Effect> {
        let query = self.tree.next_page()?;
        let ticket = self.requests.register(AwaitedReply::Page);
        self.tree.loading.requested(ticket, query.window);
        Some(Effect::Call(ticket, ServiceRequest::List(query)))
    }

    /// Requests one detail at a time, so that moving quickly through the list does not request every connection.
    fn next_detail(&mut self) -> Option<Effect> {
        let Node::Connection(id) = self.tree.selected() else {
            return None;
        };
        if (self.workspace.detail.id() == Some(id) && !self.workspace.detail.is_stale())
            || self.layout().panes == PaneCount::None
            || self
                .requests
                .has(|waiting| matches!(waiting, AwaitedReply::Detail))
        {
            return None;
        }
        self.workspace.detail.expect(id);
        Some(self.call(AwaitedReply::Detail, ServiceRequest::Get(id)))
    }

    fn next_versions(&mut self) -> Option<Effect> {
        let is_shown = match self.layout().panes {
            PaneCount::None => false,
            PaneCount::One => self.pane == Pane::Workspace,
            PaneCount::Two => !self.shows_table(),
        };
        if !is_shown
            || self.workspace.tab != Tab::History
            || self
                .requests
                .has(|waiting| matches!(waiting, AwaitedReply::Versions(..)))
        {
            return None;
        }
        let item = self.tree.selected_item()?;
        let (id, newest) = (item.id, item.version());
        let window = self.workspace.history.next_request(id, newest)?;
        self.workspace.history.expect(id, newest);
        Some(self.call(
            AwaitedReply::Versions(id, window),
            ServiceRequest::Versions(id, window),
        ))
    }

    fn next_alias(&mut self) -> Option<Effect> {
        let form = self.form()?;
        let except = form.id();
        let alias = form.alias_to_check()?.to_owned();
        let ticket = self.requests.register(AwaitedReply::Alias);
        if let Some(form) = self.form_mut() {
            form.alias_check = AliasCheck::Checking(ticket, alias.clone());
        }
        Some(Effect::Call(
            ticket,
            ServiceRequest::AliasOwner(alias, except),
        ))
    }

    fn next_lookup(&mut self) -> Option<Effect> {
        let reference = self.form()?.reference_to_look_up()?;
        if let Some(form) = self.form_mut() {
            form.start_check(reference.clone());
        }
        Some(self.call(
            AwaitedReply::Lookup,
            ServiceRequest::LookUpReference(reference),
        ))
    }

    /// Checks the backup of the key once, after the first stored secret and the notice about it.
    fn next_key_check(&mut self) -> Option<Effect> {
        let is_due = self.follow_ups.key_check_due
            && self.dialogs.is_empty()
            && self.notices.current.is_none();
        if !is_due || self.service.key_path.is_none() {
            return None;
        }
        self.follow_ups.key_check_due = false;
        let is_first = !std::mem::replace(&mut self.follow_ups.is_key_checked, true);
        is_first.then_some(Effect::CheckKeyBackup)
    }

    fn next_expiry(&mut self) -> Option<Effect> {
        let notice = self.notices.current.as_ref()?;
        if notice.expiry.is_some() || notice.severity == NoticeSeverity::Error {
            return None;
        }
        let ticket = self.requests.new_ticket();
        if let Some(notice) = &mut self.notices.current {
            notice.expiry = Some(ticket);
        }
        Some(Effect::Wake(ticket, NOTICE_TIME))
    }

    /// Timer of the next lookup of the references in the form, since appsettings.json may change.
    fn next_recheck(&mut self) -> Option<Effect> {
        let form = self.form()?;
        if form.recheck.is_some() || !form.has_reference() {
            return None;
        }
        let ticket = self.requests.new_ticket();
        if let Some(form) = self.form_mut() {
            form.recheck = Some(ticket);
        }
        let is_remote = self.service.target.server.is_some();
        let after = if is_remote {
            REMOTE_RECHECK_TIME
        } else {
            RECHECK_TIME
        };
        Some(Effect::Wake(ticket, after))
    }

    fn next_hiding(&mut self) -> Option<Effect> {
        let form = self.form()?;
        if form.hiding.is_some() || !form.shows_secret() {
            return None;
        }
        let ticket = self.requests.new_ticket();
        if let Some(form) = self.form_mut() {
            form.hiding = Some(ticket);
        }
        Some(Effect::Wake(ticket, REVEAL_TIME))
    }

    /// Timer of the spinner, while the topmost dialog waits for a reply.
    fn next_tick(&mut self) -> Option<Effect> {
        let awaited = self.dialogs.last().and_then(|dialog| dialog.get().ticket());
        if self.running.awaited != awaited {
            self.running = RunningWork {
                awaited,
                ..RunningWork::default()
            };
        }
        if awaited.is_none() || self.running.timer.is_some() {
            return None;
        }
        let ticket = self.requests.new_ticket();
        self.running.timer = Some(ticket);
        Some(Effect::Wake(
            ticket,
            Duration::from_secs(1) / TICKS_PER_SECOND,
        ))
    }

    /// Handles an event of the change feed.
    pub(super) fn handle_feed_event(&mut self, event: FeedEvent) {
        match event {
            FeedEvent::Changes(news) => self.apply_changes(news),
            FeedEvent::Disconnected => self.feed.is_stale = true,
            FeedEvent::ReconnectFailed(reason) => {
                self.feed.is_offline = true;
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
                self.workspace.detail.invalidate();
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
            self.workspace.detail.apply(change);
            self.update_dialogs(change);
        }
        let deleted: Vec<Uuid> = news
            .iter()
            .filter(|change| matches!(change, ItemChange::Deleted(_)))
            .map(ItemChange::id)
            .collect();
        self.drop_changes_of(&deleted);
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
            || self
                .requests
                .has(|waiting| matches!(waiting, AwaitedReply::Delete(other) if *other == id))
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
            if !confirm.is_about(id) {
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
        for waiting in self.requests.pending.values_mut() {
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
        self.feed.is_stale = false;
        if std::mem::take(&mut self.feed.is_offline) {
            self.notify(Notice::done("Reconnected, up to date"));
        }
        self.tree.loading.retry();
        if self.workspace.detail.problem.is_some() {
            self.workspace.detail.invalidate();
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
            Some(item) => TheirChange::Saved(item.version()),
            None => return,
        };
        if let Some(form) = self.form_mut() {
            form.changed_elsewhere(change);
        }
        self.report_change_elsewhere();
    }
}

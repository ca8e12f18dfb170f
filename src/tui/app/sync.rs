//! Keeps the state up to date: requests in the background, changes by others, connection losses.
//!
//! Background requests are derived from the state when the app is idle; at most one of each kind is pending.

use std::time::Duration;

use chrono::{DateTime, NaiveTime, Utc};
use uuid::Uuid;

use super::state::RunningWork;
use super::{App, AwaitedReply, Pane, form_requests};
use crate::search::Health;
use crate::tui::change_feed::FeedEvent;
use crate::tui::dialog::TICKS_PER_SECOND;
use crate::tui::dialogs::confirm::ConfirmDialog;
use crate::tui::dialogs::menu::Menu;
use crate::tui::dialogs::trash::TrashDialog;
use crate::tui::effect::{Effect, ServiceRequest};
use crate::tui::form::{Form, TheirChange};
use crate::tui::layout::PaneCount;
use crate::tui::notice::{Notice, NoticeSeverity};
use crate::tui::tabs::Tab;
use crate::tui::tree::{ItemChange, Node};

/// Time that a notice stays on screen.
const NOTICE_TIME: Duration = Duration::from_secs(5);

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
            .or_else(|| form_requests::next_request(self.dialogs.find_mut()?, &mut self.requests))
            .or_else(|| self.next_bulk_request())
            .or_else(|| self.next_key_check())
            .or_else(|| self.next_expiry())
            .or_else(|| self.next_age())
            .or_else(|| {
                let is_remote = self.service.target.server.is_some();
                let form = self.dialogs.find_mut()?;
                form_requests::next_timer(form, &mut self.requests, is_remote)
            })
            .or_else(|| self.next_tick())
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

    /// Next reload or its timer. The list is reloaded below a form, but not below another dialog, which may show its rows.
    fn next_reload(&mut self) -> Option<Effect> {
        let loading = &self.tree.loading;
        if self.service.features.change_feed || !loading.is_done() && !loading.is_broken() {
            return None;
        }
        let is_toggling = |waiting: &AwaitedReply| matches!(waiting, AwaitedReply::Toggle(_));
        let mut dialogs = self.dialogs.iter();
        let is_shown = dialogs.all(|dialog| dialog.downcast::<Form>().is_some());
        if self.feed.reload.is_due && is_shown && !self.requests.has(is_toggling) {
            self.feed.reload.is_due = false;
            self.tree.refresh();
            self.workspace.detail.invalidate();
            return Some(Effect::Continue);
        }
        self.feed.reload.start_timer(&mut self.requests)
    }

    /// Returns the time of day at which the list was loaded, for a list that does not update itself.
    pub fn list_time(&self) -> Option<NaiveTime> {
        let updated = self.feed.reload.updated;
        updated.filter(|_| !self.service.features.change_feed)
    }

    /// Sets the time of what has none, and the time that ages count from.
    pub fn set_missing_times(&mut self, now: DateTime<Utc>, time_of_day: NaiveTime) {
        self.screen.now = Some(now);
        self.tree.tests.set_missing_times(now);
        self.notices.log.set_missing_times(time_of_day);
        if std::mem::take(&mut self.feed.reload.is_undated) {
            self.feed.reload.updated = Some(time_of_day);
        }
    }

    /// Next timer that repaints the ages of tests on screen.
    fn next_age(&mut self) -> Option<Effect> {
        let rows = self.layout().list_rows();
        let (tree, dialogs) = (&self.tree, &self.dialogs);
        self.feed.reload.start_age_timer(&mut self.requests, || {
            let shown = (tree.list_top..tree.list_top + rows)
                .map_while(|at| tree.visible_at(at))
                .chain(tree.selected_item());
            dialogs.is_empty() && shown.into_iter().any(|item| item.health == Health::Passed)
        })
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
            PaneCount::One => self.focus.pane == Pane::Workspace,
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

    /// Timer of the spinner, while the topmost dialog waits for a reply.
    fn next_tick(&mut self) -> Option<Effect> {
        let awaited = self.dialogs.last().and_then(|dialog| dialog.ticket());
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
        let toggling = self.requests.update_toggles(&news);
        let shown = toggling
            .into_iter()
            .filter_map(|id| Some((id, self.tree.item(id)?.is_active)));
        let shown: Vec<_> = shown.collect();
        self.tree.apply(news);
        // Pending toggles stay on screen.
        for (id, is_active) in shown {
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
        let Some(id) = self.form().and_then(Form::id) else {
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

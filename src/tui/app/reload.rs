//! Reloads the list of a service that does not announce changes: from time to time, and after own changes.

use std::time::Duration;

use chrono::NaiveTime;

use super::{App, AwaitedReply};
use crate::tui::effect::{Effect, Ticket};

/// Time between two reloads.
const INTERVAL: Duration = Duration::from_mins(1);

/// State of the reloads.
#[derive(Debug, Default)]
pub struct ReloadState {
    /// Timer of the next reload.
    timer: Option<Ticket>,
    /// True if the list is to be reloaded once it is shown.
    is_due: bool,
    /// True if the list was loaded and the time is not set yet.
    is_undated: bool,
    updated: Option<NaiveTime>,
}

impl App {
    /// Next reload or its timer. The list is not reloaded below a dialog.
    pub(super) fn next_reload(&mut self) -> Option<Effect> {
        if self.site.features.change_feed
            || !self.tree.loading.is_done() && !self.tree.loading.is_broken()
        {
            return None;
        }
        let is_toggling = |waiting: &AwaitedReply| matches!(waiting, AwaitedReply::Toggle(_));
        if self.reload.is_due && self.dialogs.is_empty() && !self.requests.has(is_toggling) {
            self.reload.is_due = false;
            self.tree.refresh();
            self.workspace.detail.invalidate();
            return Some(Effect::Continue);
        }
        if self.reload.timer.is_some() {
            return None;
        }
        let ticket = self.requests.new_ticket();
        self.reload.timer = Some(ticket);
        Some(Effect::Wake(ticket, INTERVAL))
    }

    /// Notes that the timer of a reload expired.
    pub(super) fn reload_timer_expired(&mut self, ticket: Ticket) {
        if self.reload.timer == Some(ticket) {
            self.reload.timer = None;
            self.reload.is_due = true;
        }
    }

    /// Notes an own change, which others may have accompanied.
    pub(super) fn note_own_change(&mut self) {
        self.reload.is_due = !self.site.features.change_feed;
    }

    /// Notes that a page of the list was loaded.
    pub(super) fn note_page(&mut self) {
        self.reload.is_undated = self.tree.loading.is_done();
    }

    /// Returns the time of day at which the list was loaded, for a list that does not update itself.
    pub fn list_time(&self) -> Option<NaiveTime> {
        self.reload
            .updated
            .filter(|_| !self.site.features.change_feed)
    }

    /// Returns whether something has no time yet; the app has no clock.
    pub fn is_undated(&self) -> bool {
        self.notices.log.is_undated() || self.reload.is_undated
    }

    /// Sets the time of what has none.
    pub fn date(&mut self, now: NaiveTime) {
        self.notices.log.date(now);
        if std::mem::take(&mut self.reload.is_undated) {
            self.reload.updated = Some(now);
        }
    }
}

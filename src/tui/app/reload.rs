//! Reloads the list of a service that does not announce changes: from time to time, and after own changes.

use std::time::Duration;

use chrono::{DateTime, NaiveTime, Utc};

use super::{App, AwaitedReply};
use crate::search::Health;
use crate::tui::dialog::DialogKind;
use crate::tui::effect::{Effect, Ticket};
use crate::tui::form::Form;

/// Time between two reloads.
const INTERVAL: Duration = Duration::from_mins(1);

/// Time between two repaints of ages.
const AGE_INTERVAL: Duration = Duration::from_mins(1);

/// State of the reloads.
#[derive(Debug, Default)]
pub struct ReloadState {
    /// Timer of the next reload.
    timer: Option<Ticket>,
    /// Timer of the next repaint of ages.
    age_timer: Option<Ticket>,
    /// True if the list is to be reloaded once it is shown.
    is_due: bool,
    /// True if the list was loaded and the time is not set yet.
    is_undated: bool,
    updated: Option<NaiveTime>,
}

impl App {
    /// Next reload or its timer. The list is reloaded below a form, but not below another dialog, which may show its rows.
    pub(super) fn next_reload(&mut self) -> Option<Effect> {
        if self.service.features.change_feed
            || !self.tree.loading.is_done() && !self.tree.loading.is_broken()
        {
            return None;
        }
        let is_toggling = |waiting: &AwaitedReply| matches!(waiting, AwaitedReply::Toggle(_));
        let is_shown = self.dialogs.iter().all(|dialog| Form::of(dialog).is_some());
        if self.reload.is_due && is_shown && !self.requests.has(is_toggling) {
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
        if self.reload.age_timer == Some(ticket) {
            self.reload.age_timer = None;
        }
        if self.reload.timer == Some(ticket) {
            self.reload.timer = None;
            self.reload.is_due = true;
        }
    }

    /// Notes a change by this app. Others may have made changes at the same time, so the list is reloaded.
    pub(super) fn note_own_change(&mut self) {
        self.reload.is_due = !self.service.features.change_feed;
    }

    /// Notes that a page of the list was loaded.
    pub(super) fn note_page(&mut self) {
        self.reload.is_undated = self.tree.loading.is_done();
    }

    /// Returns the time of day at which the list was loaded, for a list that does not update itself.
    pub fn list_time(&self) -> Option<NaiveTime> {
        self.reload
            .updated
            .filter(|_| !self.service.features.change_feed)
    }

    /// Next timer that repaints the ages on screen.
    pub(super) fn next_age(&mut self) -> Option<Effect> {
        if self.reload.age_timer.is_some() || !self.shows_age() {
            return None;
        }
        let ticket = self.requests.new_ticket();
        self.reload.age_timer = Some(ticket);
        Some(Effect::Wake(ticket, AGE_INTERVAL))
    }

    /// Returns true if the age of a test is on screen.
    fn shows_age(&self) -> bool {
        let rows = self.layout().list_rows();
        let shown = (self.tree.list_top..self.tree.list_top + rows)
            .map_while(|at| self.tree.visible_at(at))
            .chain(self.tree.selected_item());
        self.dialogs.is_empty() && shown.into_iter().any(|item| item.health == Health::Passed)
    }

    /// Sets the time of what has none, and the time that ages count from.
    pub fn set_missing_times(&mut self, now: DateTime<Utc>, time_of_day: NaiveTime) {
        self.screen.now = Some(now);
        self.tree.tests.set_missing_times(now);
        self.notices.log.set_missing_times(time_of_day);
        if std::mem::take(&mut self.reload.is_undated) {
            self.reload.updated = Some(time_of_day);
        }
    }
}

//! Reloads the list of a service that does not announce changes: from time to time, and after own changes.

use std::time::Duration;

use chrono::NaiveTime;

use super::Requests;
use crate::tui::effect::{Effect, Ticket};

/// Time between two reloads.
const INTERVAL: Duration = Duration::from_mins(1);

/// Time between two repaints of ages.
const AGE_INTERVAL: Duration = Duration::from_mins(1);

/// State of the reloads.
#[derive(Debug, Default)]
pub(super) struct ReloadState {
    /// Timer of the next reload.
    timer: Option<Ticket>,
    /// Timer of the next repaint of ages.
    age_timer: Option<Ticket>,
    /// True if the list is to be reloaded once it is shown.
    pub is_due: bool,
    /// True if the list was loaded and the time is not set yet.
    pub is_undated: bool,
    /// Time of day at which the list was loaded.
    pub updated: Option<NaiveTime>,
}

impl ReloadState {
    /// Starts the timer of the next reload, unless it runs.
    pub fn start_timer(&mut self, requests: &mut Requests) -> Option<Effect> {
        start(&mut self.timer, requests, INTERVAL)
    }

    /// Starts the timer of the next repaint, unless it runs or no age is shown.
    pub fn start_age_timer(
        &mut self,
        requests: &mut Requests,
        shows_age: impl FnOnce() -> bool,
    ) -> Option<Effect> {
        if self.age_timer.is_some() || !shows_age() {
            return None;
        }
        start(&mut self.age_timer, requests, AGE_INTERVAL)
    }

    /// Notes that a timer expired.
    pub fn timer_expired(&mut self, ticket: Ticket) {
        self.age_timer.take_if(|timer| *timer == ticket);
        self.is_due |= self.timer.take_if(|timer| *timer == ticket).is_some();
    }
}

fn start(timer: &mut Option<Ticket>, requests: &mut Requests, after: Duration) -> Option<Effect> {
    if timer.is_some() {
        return None;
    }
    let ticket = requests.new_ticket();
    *timer = Some(ticket);
    Some(Effect::Wake(ticket, after))
}

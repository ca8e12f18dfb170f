//! Execution of a bulk operation: start, stop, retry, end.

use super::{AT_ONCE, Bulk, GONE, Phase, Row, State, Tally};
use crate::tui::effect::Request;

impl Bulk {
    /// Starts the focused choice; returns false for Cancel.
    pub fn start(&mut self) -> bool {
        if self.focus == 0 || self.phase != Phase::Preview {
            return false;
        }
        self.phase = Phase::Running;
        self.loaded.clear();
        self.restart(|_| true);
        true
    }

    /// Runs the rows again that failed or were not started.
    pub fn retry(&mut self) {
        if self.phase == Phase::Finished && self.tally.unfinished() > 0 {
            self.phase = Phase::Running;
            self.restart(Row::can_retry);
        }
    }

    fn restart(&mut self, which: impl Fn(&Row) -> bool) {
        for row in self.rows.iter_mut().filter(|row| which(row)) {
            row.state = State::Waiting;
        }
        self.tally = Tally::of(&self.rows);
        self.stopped = None;
        self.next = 0;
        self.shown = None;
        self.follows = true;
        self.selected = 0;
    }

    /// Next request, up to the limit of pending requests.
    pub fn next_request(&mut self) -> Option<(usize, Request)> {
        if self.phase != Phase::Running || self.stopped.is_some() {
            return None;
        }
        while self.tally.running < AT_ONCE {
            let at = self.next;
            let row = self.rows.get_mut(at)?;
            self.next += 1;
            if row.state != State::Waiting {
                continue;
            }
            if self.follows {
                self.selected = at;
            }
            if row.needs_no_change(self.job) {
                self.set(at, State::Unchanged);
            } else if row.is_missing_for(self.job) {
                self.set(at, State::Failed(GONE.into()));
            } else {
                row.requested_version = row.version;
                let request = self.job.request(row.id);
                self.set(at, State::Running);
                return Some((at, request));
            }
        }
        None
    }

    /// Sets the state of a row.
    pub fn set(&mut self, at: usize, state: State) {
        if let Some(row) = self.rows.get_mut(at) {
            self.tally.move_row(&row.state, &state);
            row.state = state;
        }
    }

    /// Starts no more rows, and cancels running requests if the job allows it.
    pub fn stop(&mut self, reason: &str) {
        if self.phase != Phase::Running {
            return;
        }
        self.stopped.get_or_insert_with(|| reason.to_owned());
        if self.job.is_stoppable() {
            for row in &mut self.rows {
                if row.state == State::Running {
                    row.state = State::Waiting;
                }
            }
            self.tally = Tally::of(&self.rows);
        }
    }

    /// Returns true if no request is pending and none will be started.
    pub fn is_done(&self) -> bool {
        let is_all_started = self.next >= self.rows.len() || self.stopped.is_some();
        self.phase == Phase::Running && self.tally.running == 0 && is_all_started
    }

    /// Ends the operation; failed rows come first in the display order.
    pub fn finish(&mut self) {
        self.phase = Phase::Finished;
        if self.tally.unfinished() > 0 {
            let places = 0..self.rows.len();
            let (mut first, rest): (Vec<_>, Vec<_>) =
                places.partition(|at| matches!(self.rows[*at].state, State::Failed(_)));
            first.extend(rest);
            if self.follows {
                self.selected = 0;
            } else if let Some(at) = first.iter().position(|at| *at == self.selected) {
                self.selected = at;
            }
            self.shown = Some(first);
        } else if self.follows {
            self.selected = 0;
        }
    }

    /// Starts writing the export file.
    pub fn start_writing(&mut self) {
        self.phase = Phase::Writing;
    }

    /// Returns to the preview to change the file name or to confirm overwriting; loaded connections are kept.
    pub fn reopen_preview(&mut self) {
        self.phase = Phase::Preview;
        self.written = None;
        self.count();
    }
}

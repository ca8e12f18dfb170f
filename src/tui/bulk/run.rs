//! How it runs: what is begun next, what stops it, when it is over.

use super::{AT_ONCE, Bulk, GONE, Phase, Row, State, Tally};
use crate::tui::effect::Request;

impl Bulk {
    /// Begins what the button in focus says; false when that is nothing.
    pub fn begin(&mut self) -> bool {
        if self.focus == 0 || self.phase != Phase::Asking {
            return false;
        }
        self.phase = Phase::Running;
        self.gathered.clear();
        self.restart(|_| true);
        true
    }

    /// Does again what was not done.
    pub fn retry(&mut self) {
        if self.phase == Phase::Over && self.tally.left() > 0 {
            self.phase = Phase::Running;
            self.restart(Row::is_left);
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

    /// The next one to ask for, while there is room for one more.
    pub fn ask_next(&mut self) -> Option<(usize, Request)> {
        if self.phase != Phase::Running || self.stopped.is_some() {
            return None;
        }
        while self.tally.under_way < AT_ONCE {
            let at = self.next;
            let row = self.rows.get_mut(at)?;
            self.next += 1;
            if row.state != State::Waiting {
                continue;
            }
            if self.follows {
                self.selected = at;
            }
            if row.stays(self.job) {
                self.set(at, State::Unchanged);
            } else if row.is_missed(self.job) {
                self.set(at, State::Failed(GONE.into()));
            } else {
                row.over = row.version;
                let request = self.job.request(row.id);
                self.set(at, State::UnderWay);
                return Some((at, request));
            }
        }
        None
    }

    /// Says how far a row is.
    pub fn set(&mut self, at: usize, state: State) {
        if let Some(row) = self.rows.get_mut(at) {
            self.tally.moved(&row.state, &state);
            row.state = state;
        }
    }

    /// Begins nothing more; what can be broken off is.
    pub fn stop(&mut self, why: &str) {
        if self.phase != Phase::Running {
            return;
        }
        self.stopped.get_or_insert_with(|| why.to_owned());
        if self.job.is_stoppable() {
            for row in &mut self.rows {
                if row.state == State::UnderWay {
                    row.state = State::Waiting;
                }
            }
            self.tally = Tally::of(&self.rows);
        }
    }

    /// Whether nothing is under way and nothing more is begun.
    pub fn is_through(&self) -> bool {
        let is_all = self.next >= self.rows.len() || self.stopped.is_some();
        self.phase == Phase::Running && self.tally.under_way == 0 && is_all
    }

    /// It is over: what was not done comes first.
    pub fn end(&mut self) {
        self.phase = Phase::Over;
        if self.tally.left() > 0 {
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

    /// All that goes into the file is there.
    pub fn write(&mut self) {
        self.phase = Phase::Writing;
    }

    /// Another name for the file is wanted, or leave to replace the one that is there; what was gathered stays.
    pub fn ask_again(&mut self) {
        self.phase = Phase::Asking;
        self.written = None;
        self.count();
    }
}

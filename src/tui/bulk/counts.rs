//! Row counts, kept up to date so that drawing does not have to count.

use super::{Job, Row, State};

/// Preview of a job.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counts {
    /// Rows that would be changed, tested or exported.
    pub change: usize,
    /// Rows that need no change.
    pub unchanged: usize,
    /// Rows that were deleted elsewhere.
    pub deleted: usize,
    /// Rows that the filter hides.
    pub hidden: usize,
}

impl Counts {
    /// Counts the rows by the effect of a job.
    pub fn of(rows: &[Row], job: Job) -> Self {
        let mut counts = Self::default();
        for row in rows {
            if row.needs_no_change(job) {
                counts.unchanged += 1;
            } else if row.is_missing_for(job) {
                counts.deleted += 1;
            } else {
                counts.change += 1;
            }
            counts.hidden += usize::from(row.is_hidden);
        }
        counts
    }
}

/// Rows by state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Tally {
    /// Not started.
    pub waiting: usize,
    /// Requested.
    pub running: usize,
    /// Succeeded.
    pub done: usize,
    /// Needed no change.
    pub unchanged: usize,
    /// Failed.
    pub failed: usize,
}

impl Tally {
    /// Counts the rows by state.
    pub fn of(rows: &[Row]) -> Self {
        let mut tally = Self::default();
        for row in rows {
            *tally.count_mut(&row.state) += 1;
        }
        tally
    }

    /// Moves one row from a state to another.
    pub fn move_row(&mut self, from: &State, to: &State) {
        let before = self.count_mut(from);
        *before = before.saturating_sub(1);
        *self.count_mut(to) += 1;
    }

    /// Number of finished rows.
    pub const fn finished(&self) -> usize {
        self.done + self.unchanged + self.failed
    }

    /// Number of rows that failed or were not started.
    pub const fn unfinished(&self) -> usize {
        self.failed + self.waiting
    }

    fn count_mut(&mut self, state: &State) -> &mut usize {
        match state {
            State::Waiting => &mut self.waiting,
            State::Running => &mut self.running,
            State::Done(_) => &mut self.done,
            State::Unchanged => &mut self.unchanged,
            State::Failed(_) => &mut self.failed,
        }
    }
}

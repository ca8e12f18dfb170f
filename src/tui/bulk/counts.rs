//! How many of many there are of each kind, so that no frame has to count them.

use super::{Job, Row, State};

/// What a job would do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counts {
    /// So many would be changed, tested or written.
    pub change: usize,
    /// So many are what they shall be.
    pub stay: usize,
    /// So many were deleted meanwhile.
    pub gone: usize,
    /// So many of all are left out by the filter.
    pub hidden: usize,
}

impl Counts {
    /// What a job would do to these.
    pub fn of(rows: &[Row], job: Job) -> Self {
        let mut counts = Self::default();
        for row in rows {
            if row.stays(job) {
                counts.stay += 1;
            } else if row.is_missed(job) {
                counts.gone += 1;
            } else {
                counts.change += 1;
            }
            counts.hidden += usize::from(row.is_hidden);
        }
        counts
    }
}

/// How far all are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Tally {
    /// Not begun.
    pub waiting: usize,
    /// Asked for.
    pub under_way: usize,
    /// Done.
    pub done: usize,
    /// What they shall be without doing anything.
    pub unchanged: usize,
    /// Not done, and why is known.
    pub failed: usize,
}

impl Tally {
    /// How far these are.
    pub fn of(rows: &[Row]) -> Self {
        let mut tally = Self::default();
        for row in rows {
            *tally.of_kind(&row.state) += 1;
        }
        tally
    }

    /// One is further.
    pub fn moved(&mut self, from: &State, to: &State) {
        let before = self.of_kind(from);
        *before = before.saturating_sub(1);
        *self.of_kind(to) += 1;
    }

    /// How many are behind us.
    pub const fn over(&self) -> usize {
        self.done + self.unchanged + self.failed
    }

    /// How many were not done, whyever.
    pub const fn left(&self) -> usize {
        self.failed + self.waiting
    }

    fn of_kind(&mut self, state: &State) -> &mut usize {
        match state {
            State::Waiting => &mut self.waiting,
            State::UnderWay => &mut self.under_way,
            State::Done(_) => &mut self.done,
            State::Unchanged => &mut self.unchanged,
            State::Failed(_) => &mut self.failed,
        }
    }
}

//! Row counts, kept up to date so that drawing does not have to count.

use super::{BulkJob, BulkRow, BulkRowState};

/// Preview of a job.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct JobPreview {
    /// Rows that would be changed, tested or exported.
    pub change: usize,
    /// Rows that need no change.
    pub unchanged: usize,
    /// Rows that were deleted elsewhere.
    pub deleted: usize,
    /// Rows that the filter hides.
    pub hidden: usize,
}

impl JobPreview {
    /// Counts the rows by the effect of a job.
    pub fn new(rows: &[BulkRow], job: BulkJob) -> Self {
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
pub struct RowCounts {
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

impl RowCounts {
    /// Counts the rows by state.
    pub fn new(rows: &[BulkRow]) -> Self {
        let mut tally = Self::default();
        for row in rows {
            *tally.count_mut(&row.state) += 1;
        }
        tally
    }

    /// Moves one row from a state to another.
    pub fn move_row(&mut self, from: &BulkRowState, to: &BulkRowState) {
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

    fn count_mut(&mut self, state: &BulkRowState) -> &mut usize {
        match state {
            BulkRowState::Pending => &mut self.waiting,
            BulkRowState::Running => &mut self.running,
            BulkRowState::Done(_) => &mut self.done,
            BulkRowState::Unchanged => &mut self.unchanged,
            BulkRowState::Failed(_) => &mut self.failed,
        }
    }
}

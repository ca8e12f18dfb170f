//! Bulk operation: preview, progress and result for each connection.
//!
//! Only a few requests are pending at a time, so that other actions of the user do not queue behind the whole operation, and
//! so that the rest can be stopped.

mod counts;
mod job;
mod replies;
mod row;
mod run;
mod text;

use uuid::Uuid;

use super::action::Action;
use super::select_list::Cursor;
use super::text_input::TextInput;
use super::tree::{ById, ItemChange};
use crate::connection::export::Exported;

pub use counts::{JobPreview, RowCounts};
pub use job::BulkJob;
pub use row::{BulkRow, BulkRowState};

/// Number of pending requests: enough to hide the latency of a remote server, few enough that a save of the user does not
/// wait long behind them.
pub const AT_ONCE: usize = 8;

/// Result for a connection that no longer exists.
pub const DELETED_ELSEWHERE: &str = "Deleted elsewhere";

/// Phase of a bulk operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BulkPhase {
    /// Preview with a prompt.
    Preview,
    /// Requests are running.
    Running,
    /// The export file is being written.
    Writing,
    /// Finished or stopped.
    Finished,
}

/// Row of a bulk operation that a reply belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BulkRowRef {
    /// Number of the operation.
    pub number: u64,
    /// Index of the row, in the original order.
    pub row: usize,
}

/// Bulk operation.
#[derive(Debug)]
pub struct BulkOperation {
    /// Identifies the operation.
    pub number: u64,
    /// Operation on each connection: the running one, or that of the focused button.
    pub job: BulkJob,
    /// Operations to choose from, each with a button after Cancel.
    pub choices: Vec<BulkJob>,
    /// Focused button; 0 is Cancel.
    pub focus: usize,
    /// True if it undoes an earlier operation.
    pub is_undo: bool,
    /// Warning before a permanent delete on a server without a trash.
    pub warning: Option<&'static str>,
    /// Current phase.
    pub phase: BulkPhase,
    /// Reason for an early stop; empty if the user stopped it.
    pub stopped: Option<String>,
    /// Number of rows by state.
    pub progress: RowCounts,
    /// Preview of each choice.
    pub preview: Vec<JobPreview>,
    /// Name of the export file as typed.
    pub file: Option<TextInput>,
    /// True if an existing file may be overwritten.
    pub overwrites: bool,
    /// Path of the export file once it is written.
    pub written: Option<String>,
    /// Loaded connections for the export file.
    pub loaded: Vec<Exported>,
    /// Changes that the tree has not applied yet.
    pub pending_changes: Vec<ItemChange>,
    /// Selected row, in display order, and first visible row.
    pub cursor: Cursor,
    rows: Vec<BulkRow>,
    places: ById<usize>,
    /// Index of the next row to start.
    next: usize,
    /// Display order of the rows; `None` for the original order.
    shown: Option<Vec<usize>>,
    /// True if the selection follows the progress, because the user did not move it.
    follows: bool,
}

impl BulkOperation {
    /// Creates a bulk operation that waits for its confirmation.
    pub fn new(number: u64, rows: Vec<BulkRow>, choices: &[BulkJob]) -> Self {
        let job = choices.first().copied().unwrap_or(BulkJob::Test);
        let places = rows.iter().zip(0..).map(|(row, at)| (row.id, at));
        let mut bulk = Self {
            number,
            job,
            choices: choices.to_vec(),
            // Enter alone deletes nothing.
            focus: usize::from(job != BulkJob::Delete),
            is_undo: false,
            warning: None,
            phase: BulkPhase::Preview,
            stopped: None,
            progress: RowCounts::default(),
            preview: Vec::new(),
            file: None,
            overwrites: false,
            written: None,
            loaded: Vec::new(),
            pending_changes: Vec::new(),
            cursor: Cursor::default(),
            places: places.collect(),
            rows,
            next: 0,
            shown: None,
            follows: true,
        };
        bulk.count();
        bulk
    }

    /// Number of connections.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Returns true if there are no connections.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// Row at an index of the display order.
    pub fn row(&self, at: usize) -> Option<&BulkRow> {
        let place = match &self.shown {
            Some(shown) => *shown.get(at)?,
            None => at,
        };
        self.rows.get(place)
    }

    /// Selected row.
    pub fn selected_row(&self) -> Option<&BulkRow> {
        self.row(self.cursor.selected)
    }

    /// All rows in the original order.
    pub fn rows(&self) -> &[BulkRow] {
        &self.rows
    }

    /// Returns true if the operation is not finished.
    pub const fn is_running(&self) -> bool {
        match self.phase {
            BulkPhase::Running | BulkPhase::Writing => true,
            BulkPhase::Preview | BulkPhase::Finished => false,
        }
    }

    /// Returns true if the file name is being typed.
    pub fn takes_characters(&self) -> bool {
        self.phase == BulkPhase::Preview && self.file.is_some()
    }

    /// Returns true if the operation is deleting this connection or deleted it.
    pub fn is_deleting(&self, id: Uuid) -> bool {
        let row = self.places.get(&id).and_then(|at| self.rows.get(*at));
        self.job == BulkJob::Delete
            && row.is_some_and(|row| match row.state {
                BulkRowState::Running => true,
                // A connection that was restored and deleted again was deleted elsewhere.
                BulkRowState::Done(_) => !row.was_saved_again,
                BulkRowState::Pending | BulkRowState::Unchanged | BulkRowState::Failed(_) => false,
            })
    }

    /// Returns true if the reply for a row is expected.
    pub fn awaits(&self, of: BulkRowRef) -> bool {
        let row = self.rows.get(of.row);
        self.number == of.number && row.is_some_and(|row| row.state == BulkRowState::Running)
    }

    /// Applies changes from the change feed to the rows.
    pub fn apply_changes(&mut self, news: &[ItemChange]) {
        for change in news {
            if let Some(row) = self
                .places
                .get(&change.id())
                .and_then(|at| self.rows.get_mut(*at))
            {
                row.apply(change);
            }
        }
        if self.phase == BulkPhase::Preview {
            self.count();
        }
    }

    fn count(&mut self) {
        let counts = self
            .choices
            .iter()
            .map(|job| JobPreview::new(&self.rows, *job));
        self.preview = counts.collect();
        self.progress = RowCounts::new(&self.rows);
    }

    /// Preview of the focused choice.
    pub fn preview_counts(&self) -> JobPreview {
        let at = self.choices.iter().position(|job| *job == self.job);
        let counts = at.and_then(|at| self.preview.get(at));
        counts.copied().unwrap_or_default()
    }

    /// Moves the focus between the buttons.
    pub fn move_focus(&mut self, by: isize) {
        let count = self.choices.len() + 1;
        self.focus_on(self.focus.wrapping_add_signed(by).wrapping_add(count) % count);
    }

    /// Focuses a button.
    pub fn focus_on(&mut self, button: usize) {
        self.focus = button.min(self.choices.len());
        if let Some(job) = button.checked_sub(1).and_then(|at| self.choices.get(at)) {
            self.job = *job;
        }
    }

    /// Moves the selection; `rows` is the number of visible rows.
    pub fn move_selection(&mut self, action: Action, rows: usize) {
        let at = match action {
            Action::Up => self.cursor.selected.saturating_sub(1),
            Action::Down => self.cursor.selected + 1,
            Action::PageUp => self.cursor.selected.saturating_sub(rows),
            Action::PageDown => self.cursor.selected + rows,
            Action::First => 0,
            Action::Last => self.rows.len(),
            _ => return,
        };
        self.select(at);
    }

    /// Selects a row by its index in display order.
    pub fn select(&mut self, at: usize) {
        self.cursor.selected = at.min(self.rows.len().saturating_sub(1));
        self.follows = false;
    }

    /// Labels of the buttons.
    pub fn labels(&self) -> impl Iterator<Item = &'static str> {
        let jobs = self.choices.iter().map(|job| job.label());
        std::iter::once("Cancel").chain(jobs)
    }
}

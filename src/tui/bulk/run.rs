//! Execution of a bulk operation: start, stop, retry, end.

use std::sync::Arc;

use super::{
    AT_ONCE, BulkOperation, BulkPhase, BulkRow, BulkRowState, DELETED_ELSEWHERE, RowCounts,
};
use crate::atomic_file::OverwritePolicy;
use crate::connection::alias::is_well_formed;
use crate::tui::effect::{ExportRequest, ServiceRequest};
use crate::tui::text_input::TextInput;

/// Default name of an export file.
const DEFAULT_FILE: &str = "connections.yaml";

impl BulkOperation {
    /// Starts the focused choice; returns false for Cancel.
    pub fn start(&mut self) -> bool {
        if self.focus == 0 || self.phase != BulkPhase::Preview {
            return false;
        }
        self.phase = BulkPhase::Running;
        self.loaded.clear();
        self.restart(|_| true);
        true
    }

    /// Runs the rows again that failed or were not started.
    pub fn retry(&mut self) {
        if self.phase == BulkPhase::Finished && self.progress.unfinished() > 0 {
            self.phase = BulkPhase::Running;
            self.restart(BulkRow::can_retry);
        }
    }

    fn restart(&mut self, which: impl Fn(&BulkRow) -> bool) {
        for row in self.rows.iter_mut().filter(|row| which(row)) {
            row.state = BulkRowState::Pending;
        }
        self.progress = RowCounts::new(&self.rows);
        self.stopped = None;
        self.next = 0;
        self.shown = None;
        self.follows = true;
        self.cursor.selected = 0;
    }

    /// Next request, up to the limit of pending requests.
    pub fn next_request(&mut self) -> Option<(usize, ServiceRequest)> {
        if self.phase != BulkPhase::Running || self.stopped.is_some() {
            return None;
        }
        while self.progress.running < AT_ONCE {
            let at = self.next;
            let row = self.rows.get_mut(at)?;
            self.next += 1;
            if row.state != BulkRowState::Pending {
                continue;
            }
            if self.follows {
                self.cursor.selected = at;
            }
            if row.needs_no_change(self.job) {
                self.set(at, BulkRowState::Unchanged);
            } else if row.is_missing_for(self.job) {
                self.set(at, BulkRowState::Failed(DELETED_ELSEWHERE.into()));
            } else {
                row.requested_version = row.version;
                let request = self.job.request(row.id);
                self.set(at, BulkRowState::Running);
                return Some((at, request));
            }
        }
        None
    }

    /// Sets the state of a row.
    pub fn set(&mut self, at: usize, state: BulkRowState) {
        if let Some(row) = self.rows.get_mut(at) {
            self.progress.move_row(&row.state, &state);
            row.state = state;
        }
    }

    /// Starts no more rows, and cancels running requests if the job allows it.
    pub fn stop(&mut self, reason: &str) {
        if self.phase != BulkPhase::Running {
            return;
        }
        self.stopped.get_or_insert_with(|| reason.to_owned());
        if self.job.is_stoppable() {
            for row in &mut self.rows {
                if row.state == BulkRowState::Running {
                    row.state = BulkRowState::Pending;
                }
            }
            self.progress = RowCounts::new(&self.rows);
        }
    }

    /// Returns true if no request is pending and none will be started.
    pub fn is_done(&self) -> bool {
        let is_all_started = self.next >= self.rows.len() || self.stopped.is_some();
        self.phase == BulkPhase::Running && self.progress.running == 0 && is_all_started
    }

    /// Ends the operation; failed rows come first in the display order.
    pub fn finish(&mut self) {
        self.phase = BulkPhase::Finished;
        if self.progress.unfinished() > 0 {
            let places = 0..self.rows.len();
            let (mut first, rest): (Vec<_>, Vec<_>) =
                places.partition(|at| matches!(self.rows[*at].state, BulkRowState::Failed(_)));
            first.extend(rest);
            if self.follows {
                self.cursor.selected = 0;
            } else if let Some(at) = first.iter().position(|at| *at == self.cursor.selected) {
                self.cursor.selected = at;
            }
            self.shown = Some(first);
        } else if self.follows {
            self.cursor.selected = 0;
        }
    }

    /// Suggests a name for the file of an export: the alias of its only connection, if it is well-formed.
    pub fn suggest_file(&mut self, alias: Option<&str>) {
        // An alias from a server may contain path separators.
        let name = match alias {
            Some(alias) if is_well_formed(alias) => format!("{alias}.yaml"),
            Some(_) | None => DEFAULT_FILE.to_owned(),
        };
        self.file = Some(TextInput::text(&name));
    }

    /// Request for the export file, while it is to be written.
    pub fn export_request(&self) -> Option<ExportRequest> {
        let file = self.file.as_ref();
        let file = file.filter(|_| self.phase == BulkPhase::Writing)?;
        Some(ExportRequest {
            name: file.value().trim().to_owned(),
            connections: Arc::from(self.loaded.as_slice()),
            // The same operation may overwrite its own file.
            policy: if self.written.is_some() || self.overwrites {
                OverwritePolicy::Replace
            } else {
                OverwritePolicy::Keep
            },
        })
    }

    /// Starts writing the export file.
    pub fn start_writing(&mut self) {
        self.phase = BulkPhase::Writing;
    }

    /// Returns to the preview to change the file name or to confirm overwriting; loaded connections are kept.
    pub fn reopen_preview(&mut self) {
        self.phase = BulkPhase::Preview;
        self.written = None;
        self.count();
    }
}

//! Requests of a copy to a target, and their replies: the plan, then one row after the other.

use super::{CopyDialog, CopyPhase};
use crate::connection::StoreError;
use crate::plan::StepResult;
use crate::tui::copy_plan::{CopyRequest, CopyRow, PlannedCopy};
use crate::tui::dialog::{DialogOutcome, failure};
use crate::tui::effect::{ServiceReply, ServiceRequest};
use crate::tui::select_list::Cursor;

impl CopyDialog {
    /// Next request of the current phase.
    pub(super) fn request(&mut self) -> Option<ServiceRequest> {
        match self.phase {
            CopyPhase::Planning => Some(ServiceRequest::PlanCopy(CopyRequest {
                targets: self.targets.clone(),
                name: self.entries.get(self.target)?.name.clone(),
                ids: self.ids.clone(),
                secrets: self.secrets,
            })),
            CopyPhase::Running => {
                let mut rows = self.rows.iter_mut().enumerate().skip(self.next_row);
                let (at, step) = rows.find_map(|(at, row)| Some((at, row.step.take()?)))?;
                self.current = Some(at);
                self.next_row = at + 1;
                self.cursor.selected = at;
                Some(ServiceRequest::CopyToTarget(step))
            }
            CopyPhase::Choose | CopyPhase::Preview | CopyPhase::Finished => None,
        }
    }

    pub(super) fn planned(&mut self, reply: ServiceReply) {
        let plan = match reply {
            ServiceReply::CopyPlanned(Ok(plan)) => Ok(plan),
            ServiceReply::CopyPlanned(Err(error)) => Err(error.to_string()),
            other => Err(failure(other)),
        };
        match plan {
            Ok(plan) => {
                self.results = vec![None; plan.rows.len()];
                self.rows = plan.rows;
                self.next_row = 0;
                let is_step = |row: &&CopyRow| row.step.is_some();
                self.steps = self.rows.iter().filter(is_step).count();
                self.finished = 0;
                self.can_reveal = plan.can_reveal;
                self.creates_store = plan.creates_store;
                self.phase = CopyPhase::Preview;
                self.focus = 0;
                self.cursor = Cursor::default();
            }
            Err(reason) => {
                self.error = Some(reason);
                self.phase = CopyPhase::Choose;
                self.cursor.selected = self.target;
            }
        }
    }

    pub(super) fn copied(&mut self, reply: ServiceReply) -> DialogOutcome {
        let result = match reply {
            ServiceReply::Copied(result) => result,
            other => StepResult::Failed(StoreError::Other(failure(other)).into()),
        };
        if let StepResult::Failed(error) = &result
            && error.fails_next_request()
        {
            self.is_stopped = true;
        }
        if let Some(at) = self.current.take()
            && let Some(slot) = self.results.get_mut(at)
        {
            *slot = Some(result);
            self.finished += 1;
        }
        let mut rest = self.rows.iter().skip(self.next_row);
        if !self.is_stopped && rest.any(|row| row.step.is_some()) {
            return DialogOutcome::Stay;
        }
        self.finish()
    }

    /// Shows the results, and returns the rows that are done.
    fn finish(&mut self) -> DialogOutcome {
        self.phase = CopyPhase::Finished;
        let failed = |result: &Option<StepResult>| matches!(result, Some(StepResult::Failed(_)));
        self.cursor.selected = self.results.iter().position(failed).unwrap_or(0);
        let done = self.rows.iter().zip(&self.results).filter(|(row, result)| {
            let is_same = row.planned == PlannedCopy::Same;
            is_same
                || result
                    .as_ref()
                    .is_some_and(|result| !matches!(result, StepResult::Failed(_)))
        });
        DialogOutcome::Unmark(done.filter_map(|(row, _)| row.id).collect())
    }
}

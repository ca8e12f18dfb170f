//! Keys and mouse in the dialog of a bulk operation.

use crate::tui::action::Action;
use crate::tui::app::{App, Pane};
use crate::tui::bulk::{BulkJob, BulkPhase};
use crate::tui::effect::Effect;
use crate::tui::event::Mouse;
use crate::tui::key::KeyPress;

impl App {
    /// Edits the file name.
    pub(in crate::tui::app) fn type_in_bulk(&mut self, key: KeyPress) {
        if let Some(bulk) = self.bulk.as_mut().filter(|bulk| bulk.is_typing())
            && let Some(line) = &mut bulk.file
        {
            line.edit(key);
        }
    }

    /// Returns true if an action has an effect in the dialog.
    pub(in crate::tui::app) fn can_in_bulk(&self, action: Action) -> bool {
        let Some(bulk) = &self.bulk else {
            return false;
        };
        match action {
            Action::Choose => !bulk.is_running() || bulk.job == BulkJob::Test,
            Action::NextButton | Action::PreviousButton => bulk.phase == BulkPhase::Preview,
            Action::Retry => bulk.phase == BulkPhase::Finished && bulk.progress.unfinished() > 0,
            Action::Hide => bulk.is_running(),
            Action::Undo => self.is_bulk_undoable(),
            _ => true,
        }
    }

    /// Label of an action in the footer.
    pub(in crate::tui::app) fn hint_in_bulk(&self, action: Action) -> Option<&'static str> {
        let bulk = self.bulk.as_ref()?;
        let is_back = action == Action::Back;
        Some(match bulk.phase {
            BulkPhase::Preview if is_back || bulk.focus == 0 => "cancel",
            BulkPhase::Preview => bulk.job.hint(),
            BulkPhase::Running if is_back && bulk.stopped.is_none() => "stop",
            BulkPhase::Running | BulkPhase::Writing | BulkPhase::Finished if is_back => "back",
            BulkPhase::Running | BulkPhase::Writing | BulkPhase::Finished
                if bulk.job == BulkJob::Test =>
            {
                "report"
            }
            BulkPhase::Running | BulkPhase::Writing | BulkPhase::Finished => return None,
        })
    }

    /// Returns true if the next Back removes the marks.
    pub(in crate::tui::app) fn back_removes_marks(&self) -> bool {
        self.has_marks() && self.pane == Pane::Tree && self.tree.filter().is_none()
    }

    /// Presses the clicked button, or selects the clicked row.
    pub(in crate::tui::app) fn click_in_bulk(
        &mut self,
        mouse: Mouse,
        is_double: bool,
    ) -> Option<Effect> {
        let layout = self.layout();
        let bulk = self.bulk.as_mut()?;
        let parts = bulk.parts(&layout);
        let mut buttons = parts.buttons.iter();
        if let Some(button) = buttons.position(|area| area.contains(mouse.x, mouse.y)) {
            bulk.focus_button(button);
            return self.act(Action::Choose);
        }
        if !parts.list.contains(mouse.x, mouse.y) {
            return None;
        }
        let at = bulk.top + usize::from(mouse.y - parts.list.y);
        if at >= bulk.len() {
            return None;
        }
        bulk.select(at);
        let is_report = is_double && bulk.job == BulkJob::Test && bulk.phase != BulkPhase::Preview;
        is_report.then(|| self.act(Action::Choose)).flatten()
    }
}

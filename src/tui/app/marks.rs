//! Marks connections for bulk operations.

use super::{App, Pane};
use crate::tui::action::{Action, KeyContext};
use crate::tui::bulk::BulkPhase;
use crate::tui::notice::Notice;

impl App {
    pub(super) fn act_on_marks(&mut self, action: Action) {
        match action {
            Action::MarkRow => self.mark_row(),
            Action::MarkUp => self.mark_and_move(-1),
            Action::MarkDown => self.mark_and_move(1),
            Action::MarkTo => self.mark_range(),
            Action::MarkAll => self.mark_all(),
            Action::Invert => self.tree.invert_marks(),
            _ => {}
        }
    }

    /// Toggles the mark of the selected connection and selects the next one.
    fn mark_row(&mut self) {
        let Some(id) = self.tree.selected_item().map(|item| item.id) else {
            self.report_nothing_to_mark();
            return;
        };
        self.tree.set_mark(id, !self.tree.is_marked(id));
        if self.pane != Pane::Detail {
            self.move_selection(1);
        }
    }

    /// Toggles the mark that was clicked.
    pub(super) fn mark_clicked(&mut self) {
        if let Some(id) = self.tree.selected_item().map(|item| item.id) {
            self.tree.set_mark(id, !self.tree.is_marked(id));
        }
    }

    /// Marks the selected connection and its neighbour, and selects the neighbour.
    fn mark_and_move(&mut self, by: isize) {
        let Some(at) = self.tree.selected_at() else {
            self.report_nothing_to_mark();
            return;
        };
        for at in [Some(at), at.checked_add_signed(by)] {
            let id = at
                .and_then(|at| self.tree.visible_at(at))
                .map(|item| item.id);
            if let Some(id) = id {
                self.tree.set_mark(id, true);
            }
        }
        if at > 0 || by > 0 {
            let selected = at.saturating_add_signed(by);
            self.tree.select_shown(selected);
        }
    }

    fn mark_range(&mut self) {
        match self.tree.selected_at() {
            Some(at) => self.tree.mark_up_to(at),
            None => self.report_nothing_to_mark(),
        }
    }

    fn mark_all(&mut self) {
        self.tree.mark_all();
        if let Some(total) = self.tree.loading.incomplete_total()
            && self.tree.marked_len() > 0
        {
            let (marked, read) = (self.tree.marked_len(), self.tree.len());
            self.notify(Notice::warning(format!(
                "{marked} marked; {read} of {total} connections loaded so far"
            )));
        }
    }

    fn report_nothing_to_mark(&mut self) {
        let key = self.keymap.first_key(KeyContext::Tree, Action::MarkAll);
        let all = key.map_or_else(String::new, |key| format!("; {key} marks all shown"));
        self.notify(Notice::info(format!("Select a connection to mark it{all}")));
    }

    /// Returns true if actions apply to marked connections.
    pub(super) fn has_marks(&self) -> bool {
        self.tree.marked_len() > 0
    }

    /// Returns true if the next Back removes the marks.
    pub(super) fn back_removes_marks(&self) -> bool {
        self.has_marks() && self.pane == Pane::Tree && self.tree.filter().is_none()
    }

    /// Status of marks and of the running bulk operation, for the footer.
    pub fn bulk_status(&self) -> Option<String> {
        let marked = match self.tree.marked_len() {
            0 => None,
            count => Some(format!("{count} marked")),
        };
        let running = self.dialogs.bulk().filter(|bulk| bulk.is_running());
        let running = running.map(|bulk| match bulk.phase {
            BulkPhase::Running => format!(
                "{} {} of {}",
                bulk.job.running_label(),
                bulk.progress.finished(),
                bulk.len()
            ),
            BulkPhase::Writing | BulkPhase::Preview | BulkPhase::Finished => {
                bulk.job.running_label().to_owned()
            }
        });
        match (marked, running) {
            (Some(marked), Some(running)) => Some(format!("{running} · {marked}")),
            (marked, running) => marked.or(running),
        }
    }
}

//! Opens the copy of connections to another target.

use uuid::Uuid;

use super::App;
use crate::tui::dialogs::confirm::ConfirmDialog;
use crate::tui::dialogs::copy_to_target::CopyDialog;
use crate::tui::notice::Notice;

impl App {
    /// Opens the dialog for the marked connections, or the selected one.
    pub(super) fn open_copy_to_target(&mut self) {
        let ids = self.to_copy();
        if ids.is_empty() {
            self.notify(Notice::info("Select or mark connections to copy them"));
            return;
        }
        let Some(targets) = self.service.targets.clone() else {
            let text = "No targets. Add one: umai login URL, or [targets.NAME] in config.toml";
            self.notify(Notice::info(text));
            return;
        };
        self.notices.current = None;
        self.dialogs.push(CopyDialog::new(targets, ids));
    }

    /// IDs of the marked connections, or of the selected one.
    pub(super) fn to_copy(&self) -> Vec<Uuid> {
        if self.has_marks() {
            let marked = self.tree.marked();
            return marked.iter().map(|marked| marked.item.id).collect();
        }
        let selected = self.tree.selected_item();
        selected.map(|item| item.id).into_iter().collect()
    }

    /// Asks for confirmation before quitting during a copy.
    pub(super) fn confirm_quit_during_copy(&mut self) -> bool {
        let is_running = self.dialogs.find().is_some_and(CopyDialog::is_running);
        if is_running {
            let text = "Connections are being copied. Those that are not started will be skipped.";
            self.dialogs.push(ConfirmDialog::stop(text.into()));
        }
        is_running
    }
}

//! Actions in the tree.

use uuid::Uuid;

use super::undo::UndoableChange;
use super::{App, AwaitedReply, Pane, PendingToggle};
use crate::connection::Command;
use crate::tui::action::{Action, KeyContext};
use crate::tui::bulk::BulkJob;
use crate::tui::dialog::Dialog;
use crate::tui::dialogs::confirm::ConfirmDialog;
use crate::tui::dialogs::copy_to_target::CopyDialog;
use crate::tui::dialogs::env_import::EnvImport;
use crate::tui::dialogs::menu::Menu;
use crate::tui::dialogs::targets::TargetsDialog;
use crate::tui::dialogs::trash::TrashDialog;
use crate::tui::effect::{Effect, ServiceRequest};
use crate::tui::notice::Notice;
use crate::tui::tabs::Tab;
use crate::tui::tree::Node;

impl App {
    /// Runs an action in the tree.
    #[expect(clippy::too_many_lines, reason = "one arm for each action")]
    pub(super) fn act_in_tree(&mut self, action: Action) -> Option<Effect> {
        match action {
            Action::New => self.pick_provider(),
            Action::Edit | Action::Choose if self.tree.is_filtering() => self.accept_filter(),
            Action::Edit | Action::Choose => return self.edit(),
            Action::Toggle if self.has_marks() => self.open_bulk_toggle(),
            Action::Test if self.has_marks() => self.open_bulk_for_marked(&[BulkJob::Test]),
            Action::Delete if self.has_marks() => self.open_bulk_for_marked(&[BulkJob::Delete]),
            Action::Activate if self.has_marks() => self.open_bulk_for_marked(&[BulkJob::Activate]),
            Action::Deactivate if self.has_marks() => {
                self.open_bulk_for_marked(&[BulkJob::Deactivate]);
            }
            Action::Activate => return self.set_active_of_selected(true),
            Action::Deactivate => return self.set_active_of_selected(false),
            Action::Export => self.open_export(),
            Action::CopyToTarget => {
                let targets = self.service.targets.clone();
                self.notices.current = None;
                self.open_or_notify(CopyDialog::open(self.tree.marked_or_selected(), targets));
            }
            Action::ShowBulk => self.show_bulk(),
            Action::MarkRow
            | Action::MarkUp
            | Action::MarkDown
            | Action::MarkTo
            | Action::MarkAll
            | Action::Invert => self.act_on_marks(action),
            Action::Duplicate => return self.duplicate(),
            Action::ImportEnvironment => {
                let variables = &self.service.provider_variables;
                self.open_or_notify(EnvImport::open(variables.offers(&self.service.catalog)));
            }
            Action::Toggle => return self.toggle(),
            Action::Test => return self.test_selected(),
            Action::Models => return self.browse_selected(),
            Action::ShowSettings => self.show_tab(Tab::Settings),
            Action::ShowInfo => self.show_tab(Tab::Info),
            Action::ShowHistory => self.show_tab(Tab::History),
            Action::CopyLine => return self.copy_line(),
            Action::CompareVersions => return self.compare(),
            Action::MarkVersion => self.workspace.history.mark(),
            Action::RollBack => return self.confirm_roll_back(),
            Action::Undo => return self.undo_last(),
            Action::Delete => self.confirm_delete(),
            Action::Trash => {
                // An old notice would cover its keys in a small terminal.
                self.notices.current = None;
                self.open_or_notify(TrashDialog::open(self.service.features));
            }
            Action::KeyBackup => {
                let path = self.service.key_path.as_deref();
                self.open_or_notify(ConfirmDialog::key_backup(path));
            }
            Action::Targets => {
                self.open_or_notify(TargetsDialog::open(self.service.target_entries()));
            }
            Action::ReadOnly => {
                let service = &mut self.service;
                let target = &mut service.target;
                let notice = service.read_only.toggle(&mut self.keymap, target);
                self.notify(notice);
            }
            Action::EditExternally => return self.edit_externally(),
            Action::Drafts => return Some(self.open_draft.look()),
            Action::Filter => {
                let panes = self.layout().panes;
                self.focus.focus_filter(&mut self.tree, panes);
            }
            Action::CompleteFilter => self.complete_filter(),
            Action::Sort => self.dialogs.push(Menu::SORT),
            Action::Group => {
                let notice = self.tree.toggle_groups();
                self.notify(notice);
            }
            _ if action == Action::ReverseSort || action.sort_column().is_some() => {
                let notice = self.tree.sort_by(action.sort_column());
                self.notify(notice);
            }
            Action::Copy => self.open_copy_menu(),
            Action::CopyName
            | Action::CopyAlias
            | Action::CopyId
            | Action::CopyJson
            | Action::CopyCurl
            | Action::CopyCreate => return self.copy(action),
            Action::Refresh => self.refresh(),
            Action::Up => self.move_selection(-1),
            Action::Down => self.move_selection(1),
            Action::PageUp => self.move_selection(-self.page()),
            Action::PageDown => self.move_selection(self.page()),
            Action::HalfPageUp => self.move_selection(-(self.page() / 2).max(1)),
            Action::HalfPageDown => self.move_selection((self.page() / 2).max(1)),
            Action::First => self.move_selection(isize::MIN),
            Action::Last => self.move_selection(isize::MAX),
            Action::Open => self.open_node(),
            Action::Close => self.close_node(),
            Action::NextPane | Action::PreviousPane => {
                let panes = self.layout().panes;
                self.focus.change_pane(&mut self.tree, panes);
            }
            Action::Back => self.back(),
            // Actions of dialogs, and those that `act` runs in every context.
            _ => {}
        }
        None
    }

    /// Leaves the input line of the filter, unless the filter has an error.
    fn accept_filter(&mut self) {
        let problem = self.tree.filter().and_then(|filter| filter.problem.clone());
        match problem {
            Some(problem) => self.notify(Notice::warning(format!("{problem}. Correct the filter"))),
            None => self.tree.accept_filter(),
        }
    }

    /// Completes the filter, or leaves its input line if there is nothing to complete.
    pub(super) fn complete_filter(&mut self) {
        if !self.tree.complete_filter() {
            self.accept_filter();
        }
    }

    fn refresh(&mut self) {
        self.tree.refresh();
        self.workspace.detail.invalidate();
        self.workspace.history.invalidate();
    }

    fn page(&self) -> isize {
        let layout = self.layout();
        let rows = match self.focus.pane {
            Pane::Tree => layout.tree_rows(),
            Pane::Table | Pane::Workspace => layout.list_rows(),
        };
        isize::try_from(rows.saturating_sub(1).max(1)).unwrap_or(isize::MAX)
    }

    /// Moves the selection, or scrolls the focused tab.
    pub(super) fn move_selection(&mut self, by: isize) {
        match self.focus.pane {
            Pane::Tree => self.focus.move_in_tree(by, &mut self.tree),
            Pane::Table => self.focus.move_in_table(by, &mut self.tree),
            Pane::Workspace => self.move_in_tab(by),
        }
    }

    /// Returns true if Back has an effect.
    pub(super) fn can_go_back(&self) -> bool {
        self.notices.shows_error()
            || self.focus.pane != Pane::Tree
            || self.tree.filter().is_some()
            || self.has_marks()
            || matches!(
                self.tree.selected(),
                Node::Connection(_) | Node::Provider(_)
            )
    }

    fn open_node(&mut self) {
        let panes = self.layout().panes;
        self.focus.open_node(&mut self.tree, panes);
    }

    fn close_node(&mut self) {
        if !self.focus.leave(&mut self.tree) {
            self.tree.close();
        }
    }

    fn back(&mut self) {
        if self.notices.shows_error() {
            self.notices.current = None;
        } else if self.focus.pane == Pane::Workspace {
            self.focus.leave(&mut self.tree);
        } else if self.tree.filter().is_some() {
            self.tree.clear_filter();
        } else if self.has_marks() {
            self.tree.unmark_all();
        } else if self.focus.pane == Pane::Table {
            self.focus.leave(&mut self.tree);
        } else if matches!(
            self.tree.selected(),
            Node::Connection(_) | Node::Provider(_)
        ) {
            self.tree.select_row(2);
        }
    }

    pub(super) fn edit(&mut self) -> Option<Effect> {
        match self.tree.selected() {
            Node::Connection(id)
                if !self
                    .requests
                    .has(|waiting| matches!(waiting, AwaitedReply::Edit)) =>
            {
                Some(self.call(AwaitedReply::Edit, ServiceRequest::Get(id)))
            }
            Node::Connection(_) => None,
            Node::Connections if self.tree.is_empty() && self.tree.loading.is_done() => {
                self.pick_provider();
                None
            }
            Node::Connections | Node::Provider(_) if self.shows_table() => {
                self.open_node();
                None
            }
            node => {
                self.tree.set_open(node, !self.tree.is_open(node));
                None
            }
        }
    }

    /// Toggles the status of the selected connection.
    fn toggle(&mut self) -> Option<Effect> {
        let is_active = self.tree.selected_item().is_some_and(|item| item.is_active);
        self.set_active_of_selected(!is_active)
    }

    /// Changes the status on screen at once; the reply confirms or reverts it.
    fn set_active_of_selected(&mut self, to: bool) -> Option<Effect> {
        let Some(item) = self.tree.selected_item() else {
            self.notify(Notice::info(
                "Select a connection to activate or deactivate it",
            ));
            return None;
        };
        if item.is_active == to {
            let state = if to { "active" } else { "inactive" };
            let text = format!("\"{}\" is already {state}", item.name());
            self.notify(Notice::info(text));
            return None;
        }
        let switch = PendingToggle {
            id: item.id,
            active: to,
            from: item.is_active,
            is_undo: false,
        };
        // Recorded now, not with the reply, so that an undo right after it reverts what is on screen.
        self.undo.push(UndoableChange::Toggled(switch.clone()));
        Some(self.request_toggle(switch))
    }

    /// Requests the status; pending requests for the same connection run first, in order.
    pub(super) fn request_toggle(&mut self, mut switch: PendingToggle) -> Effect {
        let pending = self.requests.status_before_toggles(switch.id);
        switch.from = pending.unwrap_or(switch.from);
        self.tree.set_active(switch.id, switch.active);
        let command = Command::SetActive {
            key: switch.id.into(),
            active: switch.active,
        };
        self.call(AwaitedReply::Toggle(switch), command)
    }

    /// ID and name of the selected connection; without one, a notice names the purpose.
    pub(super) fn selected_to(&mut self, purpose: &str) -> Option<(Uuid, String)> {
        let item = self.tree.selected_item();
        let selected = item.map(|item| (item.id, item.name().to_owned()));
        if selected.is_none() {
            let text = format!("Select a connection to {purpose}");
            self.notify(Notice::info(text));
        }
        selected
    }

    fn confirm_delete(&mut self) {
        if let Some((id, name)) = self.selected_to("delete it") {
            let confirm = ConfirmDialog::delete(id, &name, self.service.features);
            self.dialogs.push(confirm);
        }
    }

    /// Opens a dialog, or reports why there is none.
    fn open_or_notify(&mut self, opened: Result<impl Dialog, Notice>) {
        match opened {
            Ok(dialog) => self.dialogs.push(dialog),
            Err(notice) => self.notify(notice),
        }
    }

    fn act_on_marks(&mut self, action: Action) {
        let is_selected = match action {
            Action::MarkRow => self.mark_row(),
            Action::MarkUp => self.tree.mark_and_move(-1),
            Action::MarkDown => self.tree.mark_and_move(1),
            Action::MarkTo => self.tree.mark_up_to_selected(),
            Action::MarkAll => {
                let notice = self.tree.mark_all();
                return self.notify_any(notice);
            }
            _ => {
                self.tree.invert_marks();
                return;
            }
        };
        if !is_selected {
            let key = self.keymap.first_key(KeyContext::Tree, Action::MarkAll);
            let all = key.map_or_else(String::new, |key| format!("; {key} marks all shown"));
            self.notify(Notice::info(format!("Select a connection to mark it{all}")));
        }
    }

    /// Toggles the mark of the selected connection and selects the next one; returns false if none is selected.
    fn mark_row(&mut self) -> bool {
        let is_selected = self.tree.toggle_mark();
        if is_selected && self.focus.pane != Pane::Workspace {
            self.move_selection(1);
        }
        is_selected
    }

    /// Returns true if actions apply to marked connections.
    pub(super) fn has_marks(&self) -> bool {
        self.tree.marked_len() > 0
    }

    /// Returns true if the next Back removes the marks.
    pub(super) fn back_removes_marks(&self) -> bool {
        self.has_marks() && self.focus.pane != Pane::Workspace && self.tree.filter().is_none()
    }

    /// Loads the selected connection to open a copy of it.
    pub(super) fn duplicate(&mut self) -> Option<Effect> {
        let (id, _) = self.selected_to("duplicate it")?;
        let is_opening = |waiting: &AwaitedReply| {
            matches!(waiting, AwaitedReply::Edit | AwaitedReply::Duplicate)
        };
        (!self.requests.has(is_opening))
            .then(|| self.call(AwaitedReply::Duplicate, ServiceRequest::Get(id)))
    }
}

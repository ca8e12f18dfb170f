//! Actions in the tree.

use std::sync::Arc;

use uuid::Uuid;

use super::undo::UndoableChange;
use super::{App, AwaitedReply, Pane, PendingToggle};
use crate::connection::{Command, Connection};
use crate::search::{Column, Sort};
use crate::tui::action::Action;
use crate::tui::bulk::BulkJob;
use crate::tui::dialogs::confirm::ConfirmDialog;
use crate::tui::dialogs::env_import::EnvImport;
use crate::tui::dialogs::menu::Menu;
use crate::tui::effect::{Effect, ServiceRequest};
use crate::tui::form::Form;
use crate::tui::notice::{Notice, NoticeSeverity};
use crate::tui::tabs::Tab;
use crate::tui::tree::Node;

impl App {
    /// Runs an action in the tree.
    #[expect(clippy::too_many_lines, reason = "one arm for each action")]
    pub(super) fn act_in_tree(&mut self, action: Action) -> Option<Effect> {
        match action {
            Action::New => self.pick_provider(),
            Action::Edit | Action::Choose if self.is_filtering() => self.accept_filter(),
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
            Action::CopyToTarget => self.open_copy_to_target(),
            Action::ShowBulk => self.show_bulk(),
            Action::MarkRow
            | Action::MarkUp
            | Action::MarkDown
            | Action::MarkTo
            | Action::MarkAll
            | Action::Invert => self.act_on_marks(action),
            Action::Duplicate => return self.duplicate(),
            Action::ImportEnvironment => self.import(),
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
            Action::Trash => self.open_trash(),
            Action::KeyBackup => self.open_key_backup(),
            Action::Targets => self.open_targets(),
            Action::ReadOnly => self.toggle_read_only(),
            Action::EditExternally => return self.edit_externally(),
            Action::Drafts => return Some(self.open_draft.look()),
            Action::Filter => self.focus_filter(),
            Action::CompleteFilter => self.complete_filter(),
            Action::Sort => self.dialogs.push(Menu::SORT),
            Action::SortByName
            | Action::SortByAlias
            | Action::SortByProvider
            | Action::SortByStatus
            | Action::SortByModified
            | Action::ReverseSort
            | Action::Group => self.act_on_sort(action),
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
            Action::NextPane | Action::PreviousPane => self.change_pane(),
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
        let rows = match self.pane {
            Pane::Tree => layout.tree_rows(),
            Pane::Table | Pane::Workspace => layout.list_rows(),
        };
        isize::try_from(rows.saturating_sub(1).max(1)).unwrap_or(isize::MAX)
    }

    /// Moves the selection, or scrolls the focused tab.
    pub(super) fn move_selection(&mut self, by: isize) {
        match self.pane {
            Pane::Tree => self.move_in_tree(by),
            Pane::Table => self.move_in_table(by),
            Pane::Workspace => self.move_in_tab(by),
        }
    }

    /// Returns true if Back has an effect.
    pub(super) fn can_go_back(&self) -> bool {
        self.notices
            .current
            .as_ref()
            .is_some_and(|notice| notice.severity == NoticeSeverity::Error)
            || self.pane != Pane::Tree
            || self.tree.filter().is_some()
            || self.has_marks()
            || matches!(
                self.tree.selected(),
                Node::Connection(_) | Node::Provider(_)
            )
    }

    fn back(&mut self) {
        if self
            .notices
            .current
            .as_ref()
            .is_some_and(|notice| notice.severity == NoticeSeverity::Error)
        {
            self.notices.current = None;
        } else if self.pane == Pane::Workspace {
            self.leave_workspace();
        } else if self.tree.filter().is_some() {
            self.tree.clear_filter();
        } else if self.has_marks() {
            self.tree.unmark_all();
        } else if self.pane == Pane::Table {
            self.leave_table();
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
        let pending = self
            .requests
            .pending
            .values()
            .find_map(|waiting| match waiting {
                AwaitedReply::Toggle(other) if other.id == switch.id => Some(other.from),
                _ => None,
            });
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

    /// Shows where the key is, and offers to confirm its backup.
    fn open_key_backup(&mut self) {
        match &self.service.key_path {
            Some(path) => {
                let confirm = ConfirmDialog::key_backup(path);
                self.dialogs.push(confirm);
            }
            None => self.notify(Notice::info(
                "The server has its own key; back it up there with umai key export FILE",
            )),
        }
    }

    /// Lists what can be created from environment variables.
    fn import(&mut self) {
        let offers = self
            .service
            .provider_variables
            .offers(&self.service.catalog);
        if offers.is_empty() {
            self.notify(Notice::info(
                "No provider variable is set, such as OPENAI_API_KEY or ANTHROPIC_API_KEY",
            ));
            return;
        }
        self.dialogs.push(EnvImport::new(offers));
    }

    /// Changes the sort order or the groups.
    pub(super) fn act_on_sort(&mut self, action: Action) {
        let sort = self.tree.sort();
        match action {
            Action::SortByName => self.sort_by(sort.or_reversed(Column::Name)),
            Action::SortByAlias => self.sort_by(sort.or_reversed(Column::Alias)),
            Action::SortByProvider => self.sort_by(sort.or_reversed(Column::Provider)),
            Action::SortByStatus => self.sort_by(sort.or_reversed(Column::Status)),
            Action::SortByModified => self.sort_by(sort.or_reversed(Column::Modified)),
            Action::ReverseSort => self.sort_by(sort.turned()),
            Action::Group => {
                let is_grouped = !self.tree.is_grouped();
                self.tree.group(is_grouped);
                self.notify(Notice::info(if is_grouped {
                    "Grouped by provider"
                } else {
                    "Grouping is off"
                }));
            }
            _ => {}
        }
    }

    /// Sorts and reports the new order.
    pub(super) fn sort_by(&mut self, sort: Sort) {
        self.tree.sort_by(sort);
        self.notify(Notice::info(format!("Sorted by {}", sort.description())));
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

    /// Opens a form with a copy.
    pub(super) fn open_copy(&mut self, connection: &Connection) {
        if !self.dialogs.is_empty() {
            return;
        }
        let catalog = Arc::clone(&self.service.catalog);
        let provider_id = &connection.item.provider_id;
        match catalog.get(provider_id) {
            Some(provider) => {
                let form = Form::duplicate(connection, provider);
                self.dialogs.push(form);
            }
            None => self.notify(Notice::error(format!(
                "Provider '{provider_id}' is not in the catalog, so its connections cannot be duplicated"
            ))),
        }
    }
}

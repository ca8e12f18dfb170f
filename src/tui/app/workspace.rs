//! Workspace of the selected connection: tabs, comparison of versions, roll back, copies of its values.

use super::copy_as_command::CommandWriter;
use super::undo::{EditedVersion, UndoableChange};
use super::{App, AwaitedReply, Pane};
use crate::connection::{
    Command, Connection, ConnectionDraft, ConnectionError, PlainSecret, RollbackResult,
    SettingValue, Settings,
};
use crate::search::TreeItem;
use crate::service::ServiceFeatures;
use crate::tui::action::{Action, KeyContext};
use crate::tui::changed_value::ChangedValue;
use crate::tui::dialog::{CommandFor, ConfirmAction};
use crate::tui::dialogs::confirm::ConfirmDialog;
use crate::tui::dialogs::confirm::rollback_changes::RollbackChanges;
use crate::tui::dialogs::menu::Menu;
use crate::tui::dialogs::version_diff::VersionDiff;
use crate::tui::effect::{Effect, ServiceRequest};
use crate::tui::layout::PaneCount;
use crate::tui::notice::Notice;
use crate::tui::tabs::Tab;
use crate::tui::tree::Node;
use crate::tui::{clipboard, curl, info};

/// Label of a copied command.
const COMMAND: &str = "Command";

impl App {
    /// Shows a tab of the selected connection. The focus moves to it if it stood in the way, or if the history is shown already.
    pub(super) fn show_tab(&mut self, tab: Tab) {
        let is_hidden = self.shows_table() || self.layout().panes == PaneCount::One;
        let is_next = tab == Tab::History && self.shows_history_beside();
        self.workspace.tab = tab;
        let purpose = format!("see its {}", tab.title().to_lowercase());
        if self.selected_to(&purpose).is_some() && (is_hidden || is_next) {
            self.focus.enter_workspace();
        }
    }

    /// Returns true if the history is shown beside the pane with the focus.
    pub(super) fn shows_history_beside(&self) -> bool {
        let is_shown = self.layout().panes == PaneCount::Two && !self.shows_table();
        is_shown && self.focus.pane != Pane::Workspace && self.workspace.tab == Tab::History
    }

    /// Tabs as they are drawn: with their keys, the current one in brackets.
    pub fn tabs(&self) -> [(Tab, String); 3] {
        Tab::ALL.map(|tab| {
            let action = match tab {
                Tab::Settings => Action::ShowSettings,
                Tab::Info => Action::ShowInfo,
                Tab::History => Action::ShowHistory,
            };
            let key = self.keymap.first_key(KeyContext::Tree, action);
            let key = key.map_or_else(String::new, |key| format!("{key} "));
            let (open, close) = if tab == self.workspace.tab {
                ("[", "]")
            } else {
                (" ", " ")
            };
            (tab, format!("{open}{key}{}{close}", tab.title()))
        })
    }

    /// Tab with the keyboard focus.
    pub fn tab_in_focus(&self) -> Option<Tab> {
        let is_there = self.focus.pane == Pane::Workspace && self.tree.selected_item().is_some();
        is_there.then_some(self.workspace.tab)
    }

    /// Moves the selection in the current tab.
    pub(super) fn move_in_tab(&mut self, by: isize) {
        match self.workspace.tab {
            Tab::Settings => self.workspace.detail.scroll(by, self.layout().list_rows()),
            Tab::Info => {
                let line = self.workspace.line.saturating_add_signed(by);
                self.workspace.line = line.min(info::LINES - 1);
            }
            Tab::History => self.workspace.history.move_selection(by),
        }
    }

    /// Copies the selected line of the Info tab.
    pub(super) fn copy_line(&mut self) -> Option<Effect> {
        let connection = self.workspace.detail.connection.as_ref()?;
        let tested = self.last_test();
        let lines = info::lines(connection, &self.service.catalog, tested);
        let line = lines.into_iter().nth(self.workspace.line)?;
        self.copy_text(line.label, line.copied)
    }

    /// Describes the last test of the connection in the workspace.
    pub fn last_test(&self) -> Option<String> {
        let id = self.workspace.detail.id()?;
        if let Some(test) = self.workspace.tests.get(&id) {
            return Some(info::test_summary(test));
        }
        let record = self.tree.last_test(self.tree.item(id)?)?;
        let now = self.screen.now.or(record.time)?;
        Some(record.sentence(now))
    }

    /// Compares the versions selected in the history.
    pub(super) fn compare(&mut self) -> Option<Effect> {
        let history = &self.workspace.history;
        let (id, pair) = (history.id()?, history.to_compare()?);
        if pair.0 == pair.1 {
            let reason = if history.current() == Some(pair.0) {
                "This is the current version"
            } else {
                "This version is marked for comparison"
            };
            self.notify(Notice::info(format!("{reason}; select another one")));
            return None;
        }
        let is_to_current = history.current() == Some(pair.1);
        let request = ServiceRequest::Compare(id, pair.0, pair.1);
        Some(self.open_with_request(request, |ticket| {
            VersionDiff::new(id, pair, is_to_current, ticket)
        }))
    }

    /// Asks for confirmation to roll back to the selected version.
    pub(super) fn confirm_roll_back(&mut self) -> Option<Effect> {
        let history = &self.workspace.history;
        let (id, number) = (history.id()?, history.selected()?.number());
        let current = history.current();
        if current == Some(number) {
            self.notify(Notice::info(format!("v{number} is the current version")));
            return None;
        }
        let name = self.tree.item(id).map_or("", |item| item.name());
        let confirm = ConfirmDialog::roll_back(id, number, name, self.service.features);
        let Some(current) = current else {
            self.dialogs.push(confirm);
            return None;
        };
        let request = ServiceRequest::Compare(id, number, current);
        Some(self.open_with_request(request, |ticket| {
            confirm.with_changes(id, RollbackChanges::Pending(ticket))
        }))
    }

    /// Rolls back as confirmed, with the note typed in the prompt.
    pub(super) fn roll_back(
        &mut self,
        answer: ConfirmAction,
        note: Option<&str>,
    ) -> Option<Effect> {
        let text = |what: String| match note {
            Some(note) => format!("{what}: {note}"),
            None => what,
        };
        match answer {
            ConfirmAction::RollBack(id, number) => {
                let text = text(format!("Rollback to v{number}"));
                let takes_note = self.service.features.notes;
                Some(self.call(
                    AwaitedReply::Rollback(number),
                    Command::Rollback {
                        key: id.into(),
                        version: number,
                        note: takes_note.then_some(text),
                    },
                ))
            }
            ConfirmAction::RollBackField(id, number) => {
                let changed = self.dialogs.top().and_then(VersionDiff::selected)?;
                let mut draft = draft_of(changed);
                let label = &changed.label;
                draft.note = Some(text(format!("Rollback of {label} to v{number}")));
                let version = self.tree.item(id)?.version();
                let change = Command::Update {
                    key: id.into(),
                    draft,
                    expected_version: Some(version),
                };
                Some(self.call(AwaitedReply::RollbackField(number), change))
            }
            _ => None,
        }
    }

    pub(super) fn rolled_back(
        &mut self,
        number: u64,
        done: Result<RollbackResult, ConnectionError>,
    ) {
        match done {
            Ok(done) if done.new_version == done.previous_version => {
                self.notify(Notice::info(format!("No changes: identical to v{number}")));
            }
            Ok(done) => self.show_rolled_back(number, done.entity),
            Err(error) => self.show_error(&error),
        }
    }

    pub(super) fn field_rolled_back(
        &mut self,
        number: u64,
        done: Result<Connection, ConnectionError>,
    ) {
        match done {
            Ok(connection) => self.show_rolled_back(number, connection),
            Err(error) => self.show_error(&error),
        }
    }

    fn show_rolled_back(&mut self, number: u64, connection: Connection) {
        let item = &connection.item;
        self.undo.push(UndoableChange::Edited(EditedVersion {
            id: item.id,
            version: item.version,
            has_secret: !self.service.features.rollback_keeps_secrets,
        }));
        self.dialogs.close::<VersionDiff>();
        self.tree.upsert(TreeItem::from(&connection));
        let notice = Notice::done(format!(
            "Rolled back to v{number}: \"{}\" is now at v{}",
            item.name, item.version
        ));
        self.notify(notice.with_undo());
        if self.tree.selected() == Node::Connection(item.id) {
            self.workspace.history.selected = 0;
            self.workspace.detail.show(connection);
        }
    }

    /// Opens the copy menu for the selected connection.
    pub(super) fn open_copy_menu(&mut self) {
        if self.selected_to("copy from it").is_some() {
            self.dialogs.push(Menu::COPY);
        }
    }

    /// Copies a value of the selected connection.
    pub(super) fn copy(&mut self, action: Action) -> Option<Effect> {
        let Some(item) = self.tree.selected_item() else {
            self.open_copy_menu();
            return None;
        };
        let (what, text) = match action {
            Action::CopyName => ("Name", item.name().to_owned()),
            Action::CopyAlias => ("Alias", item.alias().to_owned()),
            Action::CopyId => ("ID", item.id.to_string()),
            Action::CopyCurl if self.service.features == ServiceFeatures::THIRD_PARTY => {
                let text = "cURL commands are for the API of umai, not for this server";
                self.notify(Notice::info(text));
                return None;
            }
            Action::CopyJson | Action::CopyCurl | Action::CopyCreate => {
                let Some(connection) = self.loaded_connection() else {
                    self.notify(Notice::info("The connection is still loading"));
                    return None;
                };
                if action == Action::CopyCurl {
                    ("cURL command", curl::create(connection, &self.service.api))
                } else if action == Action::CopyCreate {
                    (COMMAND, CommandWriter(self).create_command(connection))
                } else {
                    // In the format of the API, with masked secrets.
                    let json = serde_json::to_string_pretty(connection);
                    ("JSON", json.ok()?)
                }
            }
            _ => return None,
        };
        self.copy_text(what, text)
    }

    /// Selected connection, if it is loaded.
    fn loaded_connection(&self) -> Option<&Connection> {
        let id = self.tree.selected_item()?.id;
        let connection = self.workspace.detail.connection.as_ref();
        connection.filter(|_| self.workspace.detail.id() == Some(id))
    }

    /// Copies the command for an entry of the palette.
    pub(super) fn copy_command(&mut self, wanted: CommandFor) -> Option<Effect> {
        match CommandWriter(self).command_for(wanted) {
            Ok(command) => self.copy_text(COMMAND, command),
            Err(reason) => {
                self.notify(Notice::info(format!("No equivalent command: {reason}")));
                None
            }
        }
    }

    /// Copies the command that saves the form.
    pub(super) fn copy_command_of_form(&mut self) -> Option<Effect> {
        let command = CommandWriter(self).save_form()?;
        self.copy_text(COMMAND, command)
    }

    /// Sends a text to the clipboard and reports it. Texts above the terminal limit are refused.
    pub(super) fn copy_text(&mut self, what: &str, text: String) -> Option<Effect> {
        if text.len() > clipboard::MAX_BYTES {
            self.notify(Notice::warning(format!(
                "{what} not copied: {} bytes exceed the terminal limit of {}",
                text.len(),
                clipboard::MAX_BYTES
            )));
            return None;
        }
        self.notify(Notice::done(self.screen.clipboard.sent(what)));
        Some(Effect::CopyToClipboard(text))
    }
}

/// Draft that contains only the earlier value of one field.
fn draft_of(changed: &ChangedValue) -> ConnectionDraft {
    let mut draft = ConnectionDraft::default();
    let old = changed.difference.from_value.as_ref();
    let text = || old.and_then(serde_json::Value::as_str).map(str::to_owned);
    match changed.difference.path.as_str() {
        "name" => draft.name = text(),
        "alias" => draft.alias = text(),
        "isActive" => draft.is_active = old.and_then(serde_json::Value::as_bool),
        path => {
            let key = path.strip_prefix("settings.").unwrap_or(path);
            let mut settings: Settings<PlainSecret> = Settings::default();
            settings.set(key, setting(old));
            draft.settings = Some(settings);
        }
    }
    draft
}

fn setting(old: Option<&serde_json::Value>) -> SettingValue<PlainSecret> {
    match old {
        Some(serde_json::Value::Bool(on)) => SettingValue::Switch(*on),
        Some(serde_json::Value::Number(number)) => SettingValue::Number(number.clone()),
        Some(serde_json::Value::String(text)) => SettingValue::Text(text.clone()),
        Some(
            serde_json::Value::Null | serde_json::Value::Array(_) | serde_json::Value::Object(_),
        )
        | None => SettingValue::Null,
    }
}

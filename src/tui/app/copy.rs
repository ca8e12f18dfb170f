//! Copies values of a connection to the clipboard.

use super::App;
use crate::connection::Connection;
use crate::tui::action::Action;
use crate::tui::dialogs::menu::Menu;
use crate::tui::effect::Effect;
use crate::tui::notice::Notice;
use crate::tui::{clipboard, curl};

impl App {
    /// Opens the copy menu for the selected connection.
    pub(super) fn open_copy_menu(&mut self) {
        if self.tree.selected_item().is_some() {
            self.dialogs.push(Menu::COPY);
        } else {
            self.notify(Notice::info("Select a connection to copy from it"));
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
            Action::CopyJson | Action::CopyCurl | Action::CopyCreate => {
                let Some(connection) = self.loaded_connection() else {
                    self.notify(Notice::info("The connection is still loading"));
                    return None;
                };
                if action == Action::CopyCurl {
                    ("cURL command", curl::create(connection, &self.api))
                } else if action == Action::CopyCreate {
                    ("Command", self.create_command(connection))
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
        let connection = self.detail.connection.as_ref();
        connection.filter(|_| self.detail.id() == Some(id))
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
        self.notify(Notice::done(self.clipboard.sent(what)));
        Some(Effect::Copy(text))
    }
}

//! What is copied to the clipboard, and what is said of it.

use super::App;
use crate::connection::Connection;
use crate::tui::action::Action;
use crate::tui::clipboard;
use crate::tui::curl;
use crate::tui::effect::Effect;
use crate::tui::layer::Layer;
use crate::tui::notice::Notice;

impl App {
    /// Asks what shall be copied of the selected connection.
    pub(super) fn ask_what_to_copy(&mut self) {
        if self.tree.selected_item().is_some() {
            self.layers.push(Layer::Clipboard);
        } else {
            self.tell(Notice::info("Select a connection to copy from it"));
        }
    }

    /// Copies what the second key says; any other key copies nothing.
    pub(super) fn copy(&mut self, action: Action) -> Option<Effect> {
        self.layers
            .retain(|layer| !matches!(layer, Layer::Clipboard));
        let Some(item) = self.tree.selected_item() else {
            self.ask_what_to_copy();
            return None;
        };
        let (what, text) = match action {
            Action::CopyName => ("Name", item.name().to_owned()),
            Action::CopyAlias => ("Alias", item.alias().to_owned()),
            Action::CopyId => ("ID", item.id.to_string()),
            Action::CopyJson | Action::CopyCurl | Action::CopyCreate => {
                let Some(connection) = self.read() else {
                    self.tell(Notice::info("The connection is still loading"));
                    return None;
                };
                if action == Action::CopyCurl {
                    ("cURL command", curl::create(connection, &self.api))
                } else if action == Action::CopyCreate {
                    ("Command", self.creates(connection))
                } else {
                    // As the API answers it, secrets masked.
                    let json = serde_json::to_string_pretty(connection);
                    ("JSON", json.ok()?)
                }
            }
            _ => return None,
        };
        self.hand_over(what, text)
    }

    /// The selected connection, once it was read.
    fn read(&self) -> Option<&Connection> {
        let id = self.tree.selected_item()?.id;
        let connection = self.detail.connection.as_ref();
        connection.filter(|_| self.detail.id() == Some(id))
    }

    /// Hands a text to the clipboard, and says what can be said of that.
    pub(super) fn hand_over(&mut self, what: &str, text: String) -> Option<Effect> {
        if text.len() > clipboard::MOST {
            self.tell(Notice::warning(format!(
                "{what} not copied: {} bytes exceed the terminal limit of {}",
                text.len(),
                clipboard::MOST
            )));
            return None;
        }
        self.tell(Notice::done(self.carrier.sent(what)));
        Some(Effect::Copy(text))
    }
}

//! What is copied to the clipboard, and what is said of it.

use super::App;
use crate::tui::action::Action;
use crate::tui::effect::Effect;
use crate::tui::layer::Layer;
use crate::tui::notice::Notice;

impl App {
    /// Asks what shall be copied of the selected connection.
    pub(super) fn ask_what_to_copy(&mut self) {
        if self.tree.selected_item().is_some() {
            self.layers.push(Layer::Clipboard);
        } else {
            self.tell(Notice::info("Select a connection to copy something of it"));
        }
    }

    /// Copies what the second key says; any other key copies nothing.
    pub(super) fn copy(&mut self, action: Action) -> Option<Effect> {
        self.layers
            .retain(|layer| !matches!(layer, Layer::Clipboard));
        let item = self.tree.selected_item()?;
        let (what, text) = match action {
            Action::CopyName => ("name", item.name().to_owned()),
            Action::CopyAlias => ("alias", item.alias().to_owned()),
            Action::CopyId => ("ID", item.id.to_string()),
            Action::CopyJson => ("JSON", self.json()?),
            _ => return None,
        };
        self.tell(Notice::done(format!(
            "The {what} is handed to the terminal's clipboard"
        )));
        Some(Effect::Copy(text))
    }

    /// The selected connection as the API answers it, secrets masked.
    fn json(&self) -> Option<String> {
        let id = self.tree.selected_item()?.id;
        let connection = self.detail.connection.as_ref()?;
        if connection.item.id != id {
            return None;
        }
        serde_json::to_string_pretty(connection).ok()
    }
}

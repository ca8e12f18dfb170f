//! Duplicates a connection: opens a form with a copy, which is created on save.

use std::sync::Arc;

use super::{App, AwaitedReply};
use crate::connection::Connection;
use crate::tui::effect::{Effect, ServiceRequest};
use crate::tui::form::Form;
use crate::tui::notice::Notice;

impl App {
    /// Loads the selected connection to open a copy of it.
    pub(super) fn duplicate(&mut self) -> Option<Effect> {
        let Some(item) = self.tree.selected_item() else {
            self.notify(Notice::info("Select a connection to duplicate it"));
            return None;
        };
        let id = item.id;
        let is_opening = |waiting: &AwaitedReply| {
            matches!(waiting, AwaitedReply::Edit | AwaitedReply::Duplicate)
        };
        (!self.is_pending(is_opening))
            .then(|| self.call(AwaitedReply::Duplicate, ServiceRequest::Get(id)))
    }

    /// Opens a form with a copy.
    pub(super) fn open_copy(&mut self, connection: &Connection) {
        if !self.dialogs.is_empty() {
            return;
        }
        let catalog = Arc::clone(&self.catalog);
        let provider_id = &connection.item.provider_id;
        match catalog.get(provider_id) {
            Some(provider) => {
                let form = Form::duplicate(connection, provider);
                self.dialogs.push(form);
            }
            None => self.notify(Notice::error(format!(
                "Provider '{provider_id}' is not in the catalogue, so its connections cannot be duplicated"
            ))),
        }
    }
}

//! Edits the whole connection in an external editor.

use super::{App, AwaitedReply};
use crate::tui::action::{Action, KeyContext};
use crate::tui::effect::{Effect, Ticket};
use crate::tui::form::{EditorDocument, Form};
use crate::tui::notice::Notice;
use crate::tui::tree::Node;

impl App {
    /// Opens the form in the editor; from the tree, opens the form first.
    pub(super) fn edit_externally(&mut self) -> Option<Effect> {
        if let Some(form) = self.dialogs.top::<Form>() {
            if form.saving.is_some() {
                return None;
            }
            return Some(self.open_external_editor());
        }
        let Node::Connection(id) = self.tree.selected() else {
            self.notify(Notice::info(
                "Select a connection to edit it in your editor",
            ));
            return None;
        };
        self.editor_connection = Some(id);
        self.edit()
    }

    /// Passes the form that was opened for the editor to it.
    pub(super) fn next_external_edit(&mut self) -> Option<Effect> {
        let is_requested = self.is_pending(|waiting| matches!(waiting, AwaitedReply::Edit));
        let id = self.editor_connection.take_if(|_| !is_requested)?;
        let is_open = self.dialogs.top().and_then(Form::id) == Some(id);
        is_open.then(|| self.open_external_editor())
    }

    fn open_external_editor(&mut self) -> Effect {
        self.hide_secrets();
        let ticket = self.ticket(AwaitedReply::Editor);
        let document = self.form_mut().map(Form::document);
        match document {
            Some(document) => Effect::OpenEditor(ticket, document),
            None => Effect::Redraw,
        }
    }

    /// Takes the edited document back into the form.
    pub(super) fn edited(&mut self, ticket: Ticket, edited: Result<EditorDocument, String>) {
        if self.pending.remove(&ticket).is_none() {
            return;
        }
        let catalog = std::sync::Arc::clone(&self.catalog);
        let again = self
            .keymap
            .first_key(KeyContext::Form, Action::EditExternally);
        let again = again.map_or_else(|| "The editor".to_owned(), |key| key.to_string());
        let notice = match edited {
            Err(reason) => {
                if let Some(form) = self.form_mut() {
                    form.document_missing();
                }
                Notice::error(reason)
            }
            Ok(document) => match self.form_mut() {
                Some(form) => form.take_document(&document, &catalog, &again),
                None => return,
            },
        };
        self.record_input();
        self.notify(notice);
    }
}

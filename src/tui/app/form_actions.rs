//! Open form: merge conflicts, external editor, references.

use std::sync::Arc;

use uuid::Uuid;

use super::restore::RestoreOrigin;
use super::{App, AwaitedReply};
use crate::appsettings::ConfigurationKey;
use crate::connection::{Connection, ConnectionError, Page};
use crate::tui::action::{Action, KeyContext};
use crate::tui::dialogs::confirm::ConfirmDialog;
use crate::tui::dialogs::merge::MergeDialog;
use crate::tui::dialogs::move_to_reference::MoveToReference;
use crate::tui::effect::{Effect, Ticket};
use crate::tui::form::field::FieldId;
use crate::tui::form::{EditorDocument, Form, TheirChange, TheirConnection};
use crate::tui::notice::{Notice, NoticeSeverity};
use crate::tui::tree::Node;

impl App {
    /// Merges the stored state into the form and reports conflicts.
    pub(super) fn handle_theirs(
        &mut self,
        ticket: Ticket,
        theirs: Result<TheirConnection, ConnectionError>,
    ) {
        let Some(form) = self.form_mut() else {
            return;
        };
        if form.saving == Some(ticket) {
            form.saving = None;
        }
        match theirs {
            // The reply belongs to a form that was closed.
            Ok(theirs) if form.id() != Some(theirs.connection.item.id) => {}
            Ok(theirs) => self.merge_theirs(theirs),
            Err(ConnectionError::NotFound(_)) => {
                let was_saving = form.take_waiting_save();
                form.changed_elsewhere(TheirChange::Deleted);
                if was_saving {
                    self.open_deleted_elsewhere_prompt();
                } else {
                    self.report_change_elsewhere();
                }
            }
            Err(error) => {
                let was_saving = form.take_waiting_save();
                form.their_version_failed();
                if was_saving {
                    self.show_error(&error);
                }
            }
        }
    }

    fn merge_theirs(&mut self, theirs: TheirConnection) {
        let Some(form) = self.form_mut() else {
            return;
        };
        let was_saving = form.take_waiting_save();
        let Some(merged) = form.merge_remote(theirs) else {
            return;
        };
        let save = self.save_key();
        let text = merged.sentence();
        self.update_merge();
        let is_unchanged = merged.updated.is_empty() && merged.conflicts.is_empty() && !was_saving;
        if is_unchanged
            && self
                .notices
                .current
                .as_ref()
                .is_some_and(|notice| notice.severity == NoticeSeverity::Success)
        {
            // The version changed through an action of this user, which has its own notice.
            return;
        }
        self.notify(match (merged.conflicts.is_empty(), was_saving) {
            (true, true) => Notice::warning(format!("{text}. Save with {save}")),
            (true, false) => Notice::info(text),
            (false, true) => Notice::warning(text),
            (false, false) => Notice::warning(format!("{text}; {save} shows the conflicts")),
        });
        if was_saving && !merged.conflicts.is_empty() {
            self.open_merge();
        }
    }

    /// Key that saves a form, for messages.
    pub fn save_key(&self) -> String {
        let key = self.keymap.first_key(KeyContext::Form, Action::Save);
        key.map_or_else(|| "Save".to_owned(), |key| key.to_string())
    }

    /// Reports a change elsewhere to the connection of the form.
    pub(super) fn report_change_elsewhere(&mut self) {
        let save = self.save_key();
        let text = self.form().and_then(|form| form.remote_change_note(&save));
        if let Some(text) = text {
            self.notify(Notice::warning(text));
        }
    }

    /// Opens the merge dialog.
    pub(super) fn open_merge(&mut self) {
        let Some(form) = self.form() else { return };
        let Some(version) = form.their_version() else {
            return;
        };
        let merge = MergeDialog::new(version, form.conflicts());
        // An old notice would cover the keys in a small terminal.
        self.notices.current = None;
        if self.dialogs.find::<MergeDialog>().is_none() {
            self.dialogs.push(merge);
        }
    }

    /// Updates the open merge dialog after another change, and closes it when there are no conflicts.
    pub(super) fn update_merge(&mut self) {
        let (version, conflicts) = match self.form() {
            Some(form) => (form.their_version(), form.conflicts()),
            None => (None, Vec::new()),
        };
        self.dialogs
            .retain(|merge: &mut MergeDialog| match version {
                Some(version) => {
                    merge.renew(version, conflicts.clone());
                    !conflicts.is_empty()
                }
                None => false,
            });
    }

    /// Asks whether to restore the deleted connection or to create a new one.
    pub(super) fn open_deleted_elsewhere_prompt(&mut self) {
        let missing = self
            .form()
            .map(Form::stored_only_secrets)
            .unwrap_or_default();
        let confirm = ConfirmDialog::deleted_elsewhere(&missing, self.service.features);
        self.notices.current = None;
        self.dialogs.push(confirm);
    }

    /// Restores the connection of the form from the trash, with the alias of the form.
    pub(super) fn restore_form_connection(&mut self) -> Option<Effect> {
        let form = self.form()?;
        let id = form.id()?;
        let alias = form
            .field(&FieldId::Alias)
            .filter(|field| field.is_changed())
            .and_then(|field| Some(field.line()?.value().trim().to_owned()))
            .filter(|alias| !alias.is_empty());
        Some(self.restore(id, alias, RestoreOrigin::Form))
    }

    /// Keeps the input of the form and applies it to the restored connection.
    pub(super) fn form_connection_restored(&mut self, id: Uuid, version: u64) {
        if let Some(form) = self.form_mut().filter(|form| form.id() == Some(id)) {
            form.remote_change = None;
            form.changed_elsewhere(TheirChange::Saved(version));
        }
    }

    /// Reports that the alias is already used, at its field.
    pub(super) fn form_restore_failed(&mut self, error: &ConnectionError) {
        let fields = error.fields().to_vec();
        if let Some(form) = self.form_mut() {
            form.show_errors(&fields);
        }
        self.notify(Notice::error(format!(
            "Not restored: {error}. Change the alias, then save again"
        )));
    }

    /// Turns the form into a new connection, and creates it unless stored secrets have to be entered again.
    pub(super) fn create_from_form(&mut self) -> Option<Effect> {
        let missing = self.form_mut()?.detach_from_stored();
        if missing.is_empty() {
            return self.act(Action::Save);
        }
        let save = self.save_key();
        self.notify(Notice::warning(format!(
            "This is now a new connection. Enter {} again, then create it with {save}",
            missing.join(", ")
        )));
        None
    }

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
        self.follow_ups.editor_connection = Some(id);
        self.edit()
    }

    /// Passes the form that was opened for the editor to it.
    pub(super) fn next_external_edit(&mut self) -> Option<Effect> {
        let is_requested = self
            .requests
            .has(|waiting| matches!(waiting, AwaitedReply::Edit));
        let id = self
            .follow_ups
            .editor_connection
            .take_if(|_| !is_requested)?;
        let is_open = self.dialogs.top().and_then(Form::id) == Some(id);
        is_open.then(|| self.open_external_editor())
    }

    fn open_external_editor(&mut self) -> Effect {
        self.hide_secrets();
        let ticket = self.requests.register(AwaitedReply::Editor);
        let document = self.form_mut().map(Form::document);
        match document {
            Some(document) => Effect::OpenEditor(ticket, document),
            None => Effect::Redraw,
        }
    }

    /// Takes the edited document back into the form.
    pub(super) fn edited(&mut self, ticket: Ticket, edited: Result<EditorDocument, String>) {
        if self.requests.pending.remove(&ticket).is_none() {
            return;
        }
        let catalog = std::sync::Arc::clone(&self.service.catalog);
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
                Some(form) => form.take_document(&document, &catalog, Some(&again)),
                None => return,
            },
        };
        self.open_draft.record_input();
        self.notify(notice);
    }

    /// Takes the configuration keys, or the error.
    pub(super) fn configuration_keys_found(
        &mut self,
        ticket: Ticket,
        found: Result<Page<ConfigurationKey>, String>,
    ) {
        if let Some(form) = self.form_mut() {
            form.configuration_keys_loaded(ticket, found);
        }
    }

    /// Opens the instructions for moving the focused secret to a configuration key. An API key in the name moves to the secret
    /// field.
    pub(super) fn move_out(&mut self) {
        let catalog = Arc::clone(&self.service.catalog);
        let Some(form) = self.form_mut().filter(|form| form.saving.is_none()) else {
            return;
        };
        form.reference_picker = None;
        form.hide_secrets();
        if form.is_on_stray_key() {
            let notice = form.move_stray_key(&catalog);
            return self.notify(notice);
        }
        match MoveToReference::for_focus(form) {
            Ok(moving) => {
                form.suggest(moving.suggestions.clone());
                self.dialogs.push(moving);
            }
            Err(notice) => self.notify(notice),
        }
    }

    /// Suggests other configuration keys if none of the suggestions is in the allow-list.
    pub(super) fn update_suggestions(&mut self) {
        let [.., form, moving] = &mut *self.dialogs else {
            return;
        };
        let (Some(form), Some(moving)) = (
            form.downcast_mut::<Form>(),
            moving.downcast_mut::<MoveToReference>(),
        ) else {
            return;
        };
        let count = moving.suggestions.len();
        moving.set_suggestions(form);
        if moving.suggestions.len() > count {
            form.suggest(moving.suggestions.clone());
        }
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

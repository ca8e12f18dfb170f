//! Merge conflicts: forms whose connection was changed or deleted elsewhere.

use uuid::Uuid;

use super::trash::{PendingRestore, RestoreOrigin};
use super::{App, AwaitedReply};
use crate::connection::{Command, ConnectionError};
use crate::tui::action::{Action, KeyContext};
use crate::tui::dialogs::confirm::ConfirmDialog;
use crate::tui::dialogs::merge::MergeDialog;
use crate::tui::effect::{Effect, ServiceRequest, Ticket};
use crate::tui::form::field::FieldTarget;
use crate::tui::form::{Form, RemoteChange, TheirConnection};
use crate::tui::notice::{Notice, NoticeSeverity};

impl App {
    /// Requests the stored state after a change elsewhere.
    pub(super) fn next_remote_version_request(&mut self) -> Option<Effect> {
        let (id, version) = self.form()?.remote_version_to_request()?;
        if self.is_pending(|waiting| matches!(waiting, AwaitedReply::RemoteVersion)) {
            return None;
        }
        let ticket = self.ticket(AwaitedReply::RemoteVersion);
        if let Some(form) = self.form_mut() {
            form.mark_remote_version_requested();
            // A pending save waits for this reply.

            form.saving = form.save_waits().then_some(ticket);
        }
        Some(Effect::Call(
            ticket,
            ServiceRequest::GetRemoteVersion(id, version),
        ))
    }

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
                form.changed_elsewhere(RemoteChange::Deleted);
                if was_saving {
                    self.open_deleted_elsewhere_prompt();
                } else {
                    self.report_change_elsewhere();
                }
            }
            Err(error) => {
                let was_saving = form.take_waiting_save();
                form.remote_version_failed();
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
                .notice
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
        self.notice = None;
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
        let confirm = ConfirmDialog::deleted_elsewhere(&missing, self.features);
        self.notice = None;
        self.dialogs.push(confirm);
    }

    /// Restores the connection of the form from the trash, with the alias of the form.
    pub(super) fn restore_form_connection(&mut self) -> Option<Effect> {
        let form = self.form()?;
        let id = form.id()?;
        let alias = form
            .field(&FieldTarget::Alias)
            .filter(|field| field.is_changed())
            .and_then(|field| Some(field.line()?.value().trim().to_owned()))
            .filter(|alias| !alias.is_empty());
        let restore = PendingRestore {
            id,
            from: RestoreOrigin::Form,
        };
        let command = Command::Restore { id, alias };
        Some(self.call(AwaitedReply::Restore(restore), command))
    }

    /// Keeps the input of the form and applies it to the restored connection.
    pub(super) fn form_connection_restored(&mut self, id: Uuid, version: u64) {
        if let Some(form) = self.form_mut().filter(|form| form.id() == Some(id)) {
            form.remote_change = None;
            form.changed_elsewhere(RemoteChange::Saved(version));
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
}

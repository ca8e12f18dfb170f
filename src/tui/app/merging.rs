//! Merge conflicts: forms whose connection was changed or deleted elsewhere.

use uuid::Uuid;

use super::trash::{From, Restore};
use super::{App, Waiting};
use crate::connection::ConnectionError;
use crate::tui::action::{Action, Context};
use crate::tui::confirm::Confirm;
use crate::tui::effect::{Effect, Request, Ticket};
use crate::tui::form::field::Place;
use crate::tui::form::{Elsewhere, Form, Theirs};
use crate::tui::layer::Layer;
use crate::tui::merge::{Merge, Side};
use crate::tui::notice::{Mood, Notice};

impl App {
    /// Requests the stored state after a change elsewhere.
    pub(super) fn next_theirs(&mut self) -> Option<Effect> {
        let (id, version) = self.form()?.theirs_to_request()?;
        if self.is_pending(|waiting| matches!(waiting, Waiting::Theirs)) {
            return None;
        }
        let ticket = self.ticket(Waiting::Theirs);
        if let Some(form) = self.form_mut() {
            form.theirs_requested();
            // A pending save waits for this reply.

            form.saving = form.save_waits().then_some(ticket);
        }
        Some(Effect::Call(ticket, Request::Theirs(id, version)))
    }

    /// Merges the stored state into the form and reports conflicts.
    pub(super) fn handle_theirs(
        &mut self,
        ticket: Ticket,
        theirs: Result<Theirs, ConnectionError>,
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
                form.changed_elsewhere(Elsewhere::Deleted);
                if was_saving {
                    self.open_deleted_elsewhere_prompt();
                } else {
                    self.report_change_elsewhere();
                }
            }
            Err(error) => {
                let was_saving = form.take_waiting_save();
                form.theirs_failed();
                if was_saving {
                    self.show_error(&error);
                }
            }
        }
    }

    fn merge_theirs(&mut self, theirs: Theirs) {
        let Some(form) = self.form_mut() else {
            return;
        };
        let was_saving = form.take_waiting_save();
        let Some(merged) = form.take_in(theirs) else {
            return;
        };
        let save = self.save_key();
        let text = merged.sentence();
        self.update_merge();
        let is_unchanged = merged.fields.is_empty() && merged.apart.is_empty() && !was_saving;
        if is_unchanged
            && self
                .notice
                .as_ref()
                .is_some_and(|notice| notice.mood == Mood::Done)
        {
            // The version changed through an action of this user, which has its own notice.
            return;
        }
        self.notify(match (merged.apart.is_empty(), was_saving) {
            (true, true) => Notice::warning(format!("{text}. Save with {save}")),
            (true, false) => Notice::info(text),
            (false, true) => Notice::warning(text),
            (false, false) => Notice::warning(format!("{text}; {save} shows the conflicts")),
        });
        if was_saving && !merged.apart.is_empty() {
            self.open_merge();
        }
    }

    /// Key that saves a form, for messages.
    pub fn save_key(&self) -> String {
        let key = self.keymap.first_key(Context::Form, Action::Save);
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
        let merge = Merge::new(version, form.conflicts());
        // An old notice would cover the keys in a small terminal.
        self.notice = None;
        let is_open = |layer: &Layer| matches!(layer, Layer::Merge(_));
        if !self.layers.iter().any(is_open) {
            self.layers.push(Layer::Merge(merge));
        }
    }

    /// Updates the open merge dialog after another change, and closes it when there are no conflicts.
    pub(super) fn update_merge(&mut self) {
        let (version, conflicts) = match self.form() {
            Some(form) => (form.their_version(), form.conflicts()),
            None => (None, Vec::new()),
        };
        self.layers.retain_mut(|layer| match (layer, version) {
            (Layer::Merge(merge), Some(version)) => {
                merge.renew(version, conflicts.clone());
                !conflicts.is_empty()
            }
            (Layer::Merge(_), None) => false,
            _ => true,
        });
    }

    pub(super) fn act_in_merge(&mut self, action: Action) -> Option<Effect> {
        let Some(Layer::Merge(merge)) = self.layers.last_mut() else {
            return None;
        };
        match action {
            Action::KeepMine => merge.choose(Side::Mine),
            Action::TakeTheirs => merge.choose(Side::Theirs),
            Action::Back => {
                self.layers.pop();
            }
            Action::Save => {
                let Some(Layer::Merge(merge)) = self.layers.pop() else {
                    return None;
                };
                if let Some(form) = self.form_mut() {
                    form.resolve(&merge.conflicts);
                }
                let outcome = self.act_on_form(Action::Save);
                return self.follow_up(outcome);
            }
            other => merge.go(other),
        }
        None
    }

    /// Asks whether to restore the deleted connection or to create a new one.
    pub(super) fn open_deleted_elsewhere_prompt(&mut self) {
        let missing = self
            .form()
            .map(Form::stored_only_secrets)
            .unwrap_or_default();
        let confirm = Confirm::deleted_elsewhere(&missing, self.features);
        self.notice = None;
        self.layers.push(Layer::Confirm(confirm));
    }

    /// Restores the connection of the form from the trash, with the alias of the form.
    pub(super) fn restore_form_connection(&mut self) -> Option<Effect> {
        let form = self.form()?;
        let id = form.id()?;
        let alias = form
            .field(&Place::Alias)
            .filter(|field| field.is_changed())
            .and_then(|field| Some(field.line()?.value().trim().to_owned()))
            .filter(|alias| !alias.is_empty());
        let restore = Restore {
            id,
            from: From::Form,
        };
        let request = Request::Restore(id, alias);
        Some(self.call(Waiting::Restore(restore), request))
    }

    /// Keeps the input of the form and applies it to the restored connection.
    pub(super) fn form_connection_restored(&mut self, id: Uuid, version: u64) {
        if let Some(form) = self.form_mut().filter(|form| form.id() == Some(id)) {
            form.elsewhere = None;
            form.changed_elsewhere(Elsewhere::Saved(version));
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
        let missing = self.form_mut()?.make_new();
        if missing.is_empty() {
            let outcome = self.act_on_form(Action::Save);
            return self.follow_up(outcome);
        }
        let save = self.save_key();
        self.notify(Notice::warning(format!(
            "This is now a new connection. Enter {} again, then create it with {save}",
            missing.join(", ")
        )));
        None
    }
}

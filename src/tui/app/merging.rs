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
        if self.is_waiting(|waiting| matches!(waiting, Waiting::Theirs)) {
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
    pub(super) fn theirs(&mut self, ticket: Ticket, theirs: Result<Theirs, ConnectionError>) {
        let Some(form) = self.form_mut() else {
            return;
        };
        if form.saving == Some(ticket) {
            form.saving = None;
        }
        match theirs {
            // The reply belongs to a form that was closed.
            Ok(theirs) if form.id() != Some(theirs.connection.item.id) => {}
            Ok(theirs) => self.take_in_theirs(theirs),
            Err(ConnectionError::NotFound(_)) => {
                let save_waited = form.take_waiting_save();
                form.changed_elsewhere(Elsewhere::Deleted);
                if save_waited {
                    self.ask_what_of_deleted();
                } else {
                    self.say_elsewhere();
                }
            }
            Err(error) => {
                let save_waited = form.take_waiting_save();
                form.theirs_failed();
                if save_waited {
                    self.say(&error);
                }
            }
        }
    }

    fn take_in_theirs(&mut self, theirs: Theirs) {
        let Some(form) = self.form_mut() else {
            return;
        };
        let save_waited = form.take_waiting_save();
        let Some(taken) = form.take_in(theirs) else {
            return;
        };
        let save = self.save_key();
        let sentence = taken.sentence();
        self.renew_merge();
        let is_nothing = taken.fields.is_empty() && taken.apart.is_empty() && !save_waited;
        if is_nothing
            && self
                .notice
                .as_ref()
                .is_some_and(|told| told.mood == Mood::Done)
        {
            // The version changed through an action of this user, which has its own notice.
            return;
        }
        self.tell(match (taken.apart.is_empty(), save_waited) {
            (true, true) => Notice::warning(format!("{sentence}. Save with {save}")),
            (true, false) => Notice::info(sentence),
            (false, true) => Notice::warning(sentence),
            (false, false) => Notice::warning(format!("{sentence}; {save} shows the conflicts")),
        });
        if save_waited && !taken.apart.is_empty() {
            self.open_merge();
        }
    }

    /// Key that saves a form, for messages.
    pub fn save_key(&self) -> String {
        let key = self.keymap.first_key(Context::Form, Action::Save);
        key.map_or_else(|| "Save".to_owned(), |key| key.to_string())
    }

    /// Reports a change elsewhere to the connection of the form.
    pub(super) fn say_elsewhere(&mut self) {
        let save = self.save_key();
        let said = self.form().and_then(|form| form.remote_change_note(&save));
        if let Some(said) = said {
            self.tell(Notice::warning(said));
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
    pub(super) fn renew_merge(&mut self) {
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
    pub(super) fn ask_what_of_deleted(&mut self) {
        let lost = self
            .form()
            .map(Form::stored_only_secrets)
            .unwrap_or_default();
        let confirm = Confirm::deleted_elsewhere(&lost, self.features);
        self.notice = None;
        self.layers.push(Layer::Confirm(confirm));
    }

    /// Restores the connection of the form from the trash, with the alias of the form.
    pub(super) fn bring_form_back(&mut self) -> Option<Effect> {
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
    pub(super) fn brought_back(&mut self, id: Uuid, version: u64) {
        if let Some(form) = self.form_mut().filter(|form| form.id() == Some(id)) {
            form.elsewhere = None;
            form.changed_elsewhere(Elsewhere::Saved(version));
        }
    }

    /// Reports that the alias is already used, at its field.
    pub(super) fn not_brought_back(&mut self, error: &ConnectionError) {
        let fields = error.fields().to_vec();
        if let Some(form) = self.form_mut() {
            form.show_errors(&fields);
        }
        self.tell(Notice::error(format!(
            "Not restored: {error}. Change the alias, then save again"
        )));
    }

    /// Turns the form into a new connection, and creates it unless stored secrets have to be entered again.
    pub(super) fn make_form_new(&mut self) -> Option<Effect> {
        let lost = self.form_mut()?.make_new();
        if lost.is_empty() {
            let outcome = self.act_on_form(Action::Save);
            return self.follow_up(outcome);
        }
        let save = self.save_key();
        self.tell(Notice::warning(format!(
            "This is now a new connection. Enter {} again, then create it with {save}",
            lost.join(", ")
        )));
        None
    }
}

//! References to configuration keys: lists them in a form, and moves a secret to one.

use std::sync::Arc;

use super::{App, AwaitedReply};
use crate::appsettings::ConfigurationKey;
use crate::connection::Page;
use crate::tui::dialogs::AnyDialog;
use crate::tui::dialogs::move_to_reference::MoveToReference;
use crate::tui::effect::{Effect, ServiceRequest, Ticket};

impl App {
    /// Requests the configuration keys for an open list.
    pub(super) fn next_keys(&mut self) -> Option<Effect> {
        self.form().filter(|form| form.needs_keys())?;
        let ticket = self.ticket(AwaitedReply::ConfigurationKeys);
        if let Some(form) = self.form_mut() {
            form.keys_requested(ticket);
        }
        Some(Effect::Call(ticket, ServiceRequest::ConfigurationKeys))
    }

    /// Takes the configuration keys, or the error.
    pub(super) fn keys_found(
        &mut self,
        ticket: Ticket,
        found: Result<Page<ConfigurationKey>, String>,
    ) {
        if let Some(form) = self.form_mut() {
            form.keys_loaded(ticket, found);
        }
    }

    /// Opens the instructions for moving the focused secret to a configuration key. An API key in the name moves to the secret
    /// field.
    pub(super) fn move_out(&mut self) {
        let catalog = Arc::clone(&self.catalog);
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
        let [
            ..,
            AnyDialog::Form(form),
            AnyDialog::MoveToReference(moving),
        ] = &mut *self.dialogs
        else {
            return;
        };
        let count = moving.suggestions.len();
        moving.set_suggestions(form);
        if moving.suggestions.len() > count {
            form.suggest(moving.suggestions.clone());
        }
    }
}

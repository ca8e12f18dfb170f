//! References to configuration keys: lists them in a form, and moves a secret to one.

use std::sync::Arc;

use super::{App, AwaitedReply};
use crate::appsettings::ConfigurationKey;
use crate::connection::Page;
use crate::tui::action::Action;
use crate::tui::dialog::Dialog;
use crate::tui::dialogs::move_to_reference::MoveToReference;
use crate::tui::effect::{Effect, ServiceRequest, Ticket};
use crate::tui::notice::Notice;

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
                self.dialogs.push(Dialog::MoveToReference(moving));
            }
            Err(notice) => self.notify(notice),
        }
    }

    /// Suggests other configuration keys if none of the suggestions is in the allow-list.
    pub(super) fn update_suggestions(&mut self) {
        let [.., Dialog::Form(form), Dialog::MoveToReference(moving)] = self.dialogs.as_mut_slice()
        else {
            return;
        };
        let count = moving.suggestions.len();
        moving.set_suggestions(form);
        if moving.suggestions.len() > count {
            form.suggest(moving.suggestions.clone());
        }
    }

    pub(super) fn act_in_moving(&mut self, action: Action) -> Option<Effect> {
        let over = self.hidden_moving_lines();
        let Some(Dialog::MoveToReference(moving)) = self.dialogs.last_mut() else {
            return None;
        };
        match action {
            Action::CopySnippet => {
                let text = moving.snippet()?;
                return self.copy_text("Lines for appsettings.json", text);
            }
            Action::CopyVariable => {
                let text = moving.variable()?;
                return self.copy_text("Environment variable", text);
            }
            Action::Choose => self.refer(),
            Action::Back => self.close_move_to_reference(),
            other => moving.act(other, over),
        }
        None
    }

    /// Number of lines below the visible area.
    fn hidden_moving_lines(&self) -> usize {
        let Some(Dialog::MoveToReference(moving)) = self.dialogs.last() else {
            return 0;
        };
        let layout = self.layout();
        let count = moving.lines(self.form(), layout.reading_width()).len();
        count.saturating_sub(layout.reading_text(count).height.into())
    }

    fn close_move_to_reference(&mut self) {
        self.dialogs.pop();
        if let Some(form) = self.form_mut() {
            form.suggest(Vec::new());
        }
    }

    /// Fills the field with the selected reference.
    fn refer(&mut self) {
        let Some(Dialog::MoveToReference(moving)) = self.dialogs.last() else {
            return;
        };
        let Some(reference) = moving.reference().cloned() else {
            return;
        };
        let (at, label) = (moving.field, moving.label.clone());
        self.close_move_to_reference();
        let catalog = Arc::clone(&self.catalog);
        if let Some(form) = self.form_mut() {
            form.refer(at, &reference, &catalog);
        }
        self.notify(Notice::done(format!("{label} now refers to {reference}")));
    }
}

//! Creates a connection from environment variables: lists the candidates and opens a filled form.

use std::sync::Arc;

use super::{App, AwaitedReply};
use crate::appsettings::ReferenceLookup;
use crate::tui::action::Action;
use crate::tui::dialog::Dialog;
use crate::tui::dialogs::env_import::EnvImport;
use crate::tui::effect::{Effect, ServiceRequest};
use crate::tui::form::Form;
use crate::tui::notice::Notice;

impl App {
    /// Opens the list of candidates.
    pub(super) fn import(&mut self) {
        let offers = self.environment.offers(&self.catalog);
        if offers.is_empty() {
            self.notify(Notice::info(
                "No provider variable is set, such as OPENAI_API_KEY or ANTHROPIC_API_KEY",
            ));
            return;
        }
        self.dialogs.push(Dialog::EnvImport(EnvImport::new(offers)));
    }

    /// Next variable to check: may a reference resolve to it?
    pub(super) fn next_variable(&mut self) -> Option<Effect> {
        let Some(Dialog::EnvImport(import)) = self.dialogs.last_mut() else {
            return None;
        };
        let reference = import.to_look_up()?;
        import.start_lookup();
        Some(self.call(
            AwaitedReply::Variable,
            ServiceRequest::LookUpReference(reference),
        ))
    }

    /// Records the result for a variable.
    pub(super) fn variable_looked_up(&mut self, lookup: Option<&ReferenceLookup>) {
        for dialog in &mut self.dialogs {
            if let Dialog::EnvImport(import) = dialog {
                import.set_lookup_result(lookup);
            }
        }
    }

    pub(super) fn act_in_import(&mut self, action: Action) {
        let Some(Dialog::EnvImport(import)) = self.dialogs.last_mut() else {
            return;
        };
        match action {
            Action::Choose => self.open_imported(),
            Action::Back => {
                self.dialogs.pop();
            }
            other => {
                let count = import.left().len();
                import.choices.act(other, count);
            }
        }
    }

    /// Replaces the list with a form for the selected candidate.
    fn open_imported(&mut self) {
        let catalog = Arc::clone(&self.catalog);
        let Some(Dialog::EnvImport(import)) = self.dialogs.last() else {
            return;
        };
        let Some(choice) = import.selected() else {
            return;
        };
        let Some(provider) = catalog.get(&choice.offer.provider_id) else {
            return;
        };
        let refers = |name: &str| choice.by_reference && import.resolves(name);
        let Some(found) = self.environment.connection(provider, refers) else {
            return;
        };
        let mut form = Form::new(provider);
        let notice = form.fill(found, &catalog);
        self.dialogs.pop();
        self.dialogs.push(Dialog::Form(Box::new(form)));
        self.notify(notice);
    }
}

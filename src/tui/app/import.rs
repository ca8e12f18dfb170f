//! Creates a connection from environment variables: lists the candidates and opens a filled form.

use std::sync::Arc;

use super::{App, Waiting};
use crate::appsettings::Lookup;
use crate::tui::action::Action;
use crate::tui::effect::{Effect, Request};
use crate::tui::form::Form;
use crate::tui::import::Import;
use crate::tui::layer::Layer;
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
        self.layers.push(Layer::Import(Import::new(offers)));
    }

    /// Next variable to check: may a reference resolve to it?
    pub(super) fn next_variable(&mut self) -> Option<Effect> {
        let Some(Layer::Import(import)) = self.layers.last_mut() else {
            return None;
        };
        let reference = import.to_look_up()?;
        import.looking_up();
        Some(self.call(Waiting::Variable, Request::Lookup(reference)))
    }

    /// Records the result for a variable.
    pub(super) fn variable_looked_up(&mut self, lookup: Option<&Lookup>) {
        for layer in &mut self.layers {
            if let Layer::Import(import) = layer {
                import.looked_up(lookup);
            }
        }
    }

    pub(super) fn act_in_import(&mut self, action: Action) {
        let Some(Layer::Import(import)) = self.layers.last_mut() else {
            return;
        };
        match action {
            Action::Choose => self.open_imported(),
            Action::Back => {
                self.layers.pop();
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
        let Some(Layer::Import(import)) = self.layers.last() else {
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
        self.layers.pop();
        self.layers.push(Layer::Form(Box::new(form)));
        self.notify(notice);
    }
}

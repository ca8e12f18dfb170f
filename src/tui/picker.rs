//! Select AI Provider: the first step of a new connection.

use super::action::Action;
use super::choices::Choices;
use super::layer::Outcome;
use crate::provider::{Provider, ProviderCatalog};

/// The providers to choose from.
#[derive(Debug, Default)]
pub struct Picker {
    /// What was typed, what is selected.
    pub choices: Choices,
}

impl Picker {
    /// The providers that what was typed leaves.
    pub fn left<'a>(&self, catalog: &'a ProviderCatalog) -> Vec<&'a Provider> {
        catalog
            .all()
            .iter()
            .filter(|provider| {
                self.choices.admits(&format!(
                    "{} {} {}",
                    provider.name,
                    provider.id,
                    words(provider)
                ))
            })
            .collect()
    }

    /// Does what a key asked for.
    pub fn act(&mut self, action: Action, catalog: &ProviderCatalog) -> Outcome {
        let left = self.left(catalog);
        match action {
            Action::Choose => match left.get(self.choices.selected) {
                Some(provider) => Outcome::Picked(provider.id.clone()),
                None => Outcome::Stay,
            },
            Action::Back => Outcome::Close,
            other => {
                self.choices.act(other, left.len());
                Outcome::Stay
            }
        }
    }
}

/// A provider's capabilities, as the list shows them.
pub fn words(provider: &Provider) -> String {
    let words: Vec<&str> = provider
        .capabilities
        .iter()
        .map(|capability| capability.word())
        .collect();
    words.join(", ")
}

//! Providers of the connections, numbered for a compact item.

use std::collections::HashMap;

use crate::provider::ProviderCatalog;
use crate::text::case_fold::fold;

/// Maximum number of numbered providers; further ones share one number.
const MAX_PROVIDERS: usize = 10_000;

/// Known providers.
#[derive(Debug, Default)]
pub struct Providers {
    known: Vec<KnownProvider>,
    /// Numbers by lowercase ID.
    numbers: HashMap<String, u16>,
}

#[derive(Debug)]
struct KnownProvider {
    id: String,
    title: String,
    /// Folded title.
    order: String,
}

impl KnownProvider {
    fn new(id: &str, title: &str) -> Self {
        Self {
            id: id.to_lowercase(),
            title: title.to_owned(),
            order: fold(title),
        }
    }
}

impl Providers {
    /// Adds the names of a catalog; assigned numbers stay.
    pub fn set_catalog(&mut self, catalog: &ProviderCatalog) {
        for provider in catalog.all() {
            let number = self.number(&provider.id);
            if let Some(known) = self.known.get_mut(usize::from(number)) {
                *known = KnownProvider::new(&provider.id, &provider.name);
            }
        }
    }

    /// Returns the number of a provider and assigns one if new.
    pub fn number(&mut self, id: &str) -> u16 {
        if let Some(number) = self.known_number(id) {
            return number;
        }
        let (id, title) = if self.known.len() < MAX_PROVIDERS {
            (id, id)
        } else {
            ("", "Other providers")
        };
        if let Some(number) = self.known_number(id) {
            return number;
        }
        let number = u16::try_from(self.known.len()).unwrap_or(u16::MAX);
        self.known.push(KnownProvider::new(id, title));
        self.numbers.insert(id.to_lowercase(), number);
        number
    }

    /// Returns the number of a known provider.
    pub fn known_number(&self, id: &str) -> Option<u16> {
        // Most IDs are lowercase already.
        let found = self.numbers.get(id).copied();
        found.or_else(|| self.numbers.get(&id.to_lowercase()).copied())
    }

    /// Returns all numbers.
    pub fn numbers(&self) -> impl Iterator<Item = u16> {
        (0..self.known.len()).filter_map(|at| u16::try_from(at).ok())
    }

    /// Returns the lowercase ID of a number.
    pub fn id(&self, number: u16) -> &str {
        self.get(number).map_or("", |known| &known.id)
    }

    /// Returns the display name.
    pub fn title(&self, number: u16) -> &str {
        self.get(number).map_or("", |known| &known.title)
    }

    /// Returns the sort key.
    pub fn order(&self, number: u16) -> (&str, u16) {
        (self.get(number).map_or("", |known| &known.order), number)
    }

    /// Returns true if a lowercase word is part of the provider's ID or name.
    pub fn fits(&self, number: u16, word: &str) -> bool {
        self.get(number)
            .is_some_and(|known| known.id.contains(word) || known.order.contains(word))
    }

    fn get(&self, number: u16) -> Option<&KnownProvider> {
        self.known.get(usize::from(number))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_stay_after_learning_names() {
        let mut providers = Providers::default();
        let own = providers.number("Mine");
        let openai = providers.number("openai");
        providers.set_catalog(&ProviderCatalog::embedded());
        assert_eq!(
            (providers.number("mine"), providers.number("OpenAI")),
            (own, openai)
        );
        assert_eq!(
            (providers.title(own), providers.title(openai)),
            ("Mine", "OpenAI")
        );
    }

    #[test]
    fn providers_beyond_the_maximum_share_a_number() {
        let mut providers = Providers::default();
        for number in 0..MAX_PROVIDERS + 5 {
            providers.number(&format!("p{number}"));
        }
        assert_eq!(providers.numbers().count(), MAX_PROVIDERS + 1);
        assert_eq!(
            providers.title(providers.known_number("").unwrap()),
            "Other providers"
        );
        let other = providers.number("yet another");
        assert_eq!(providers.title(other), "Other providers");
    }
}

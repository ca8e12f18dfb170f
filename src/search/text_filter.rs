//! Filter for connections outside the tree.

use std::sync::Arc;

use super::TreeItem;
use super::matcher::{Candidate, FilterMatcher};
use super::providers::Providers;
use super::query::FilterQuery;
use crate::connection::ConnectionItem;
use crate::provider::ProviderCatalog;

/// Filter by text.
pub struct TextFilter {
    search: FilterMatcher,
    providers: Providers,
}

impl TextFilter {
    /// Creates a filter; returns a sentence if the text is invalid.
    pub fn new(text: &str, catalog: &ProviderCatalog) -> Result<Self, String> {
        let mut providers = Providers::default();
        providers.set_catalog(catalog);
        let terms = FilterQuery::read(text);
        match terms.problem(&providers) {
            Some(problem) => Err(problem),
            None => Ok(Self {
                search: FilterMatcher::new(terms, &providers),
                providers,
            }),
        }
    }

    /// Returns the matching connections in order, with their scores.
    pub fn keep(&mut self, items: Vec<ConnectionItem>) -> Vec<(u16, ConnectionItem)> {
        let kept: Vec<(TreeItem, u16)> = items
            .iter()
            .map(|item| {
                let provider: Arc<str> = Arc::from(item.provider_id.as_str());
                let number = self.providers.number(&provider);
                (TreeItem::new(item, provider), number)
            })
            .collect();
        let looked: Vec<Candidate<'_>> = (0..)
            .zip(&kept)
            .map(|(index, (item, number))| (index, item, *number))
            .collect();
        let scores = self.search.scores(&looked, &self.providers);
        let both = scores.into_iter().zip(items);
        both.filter_map(|(score, item)| Some((score?, item)))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[rstest::rstest]
    #[case("caf\u{e9}")]
    #[case("cafe\u{301}")]
    #[case("CAF\u{c9}")]
    #[case("name:CAFE\u{301}")]
    #[case("-cafz")]
    fn filter_finds_names_in_any_normalization(#[case] text: &str) {
        let item = |name: &str| -> ConnectionItem {
            let json = serde_json::json!({"id": "3fa85f64-5717-4562-b3fc-2c963f66afa6", "alias": "a", "name": name, "providerId": "openai", "isActive": true, "dateCreated": "2024-01-15T10:30:00Z", "dateModified": "2024-01-15T10:30:00Z", "version": 1});
            serde_json::from_value(json).unwrap()
        };
        let names = ["Caf\u{e9}", "Cafe\u{301}", "Cafz"];
        let mut text_filter = TextFilter::new(text, &ProviderCatalog::embedded()).unwrap();
        let kept = text_filter.keep(names.map(item).into());
        let kept: Vec<&str> = kept.iter().map(|(_, item)| item.name.as_str()).collect();
        assert_eq!(kept, names[..2], "{text}");
    }
}

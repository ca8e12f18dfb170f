//! Filter for connections outside the tree.

use std::sync::Arc;

use super::TreeItem;
use super::matcher::{Candidate, FilterMatcher, MatchMode};
use super::providers::Providers;
use super::query::FilterQuery;
use crate::connection::ConnectionItem;
use crate::provider::ProviderCatalog;

/// Filter by text, over connections that arrive in pages.
pub struct TextFilter {
    search: FilterMatcher,
    providers: Providers,
    found: Found,
}

/// Matching connections in order, with their scores.
#[derive(Debug, Default)]
pub struct Found {
    /// Connections with their scores.
    pub items: Vec<(u16, ConnectionItem)>,
    /// True if nothing matches exactly, and these match with typing mistakes.
    pub is_tolerant: bool,
}

impl TextFilter {
    /// Creates a filter; returns a sentence if the text is invalid.
    pub fn new(text: &str, catalog: &ProviderCatalog) -> Result<Self, String> {
        let mut providers = Providers::default();
        providers.set_catalog(catalog);
        let terms = FilterQuery::read(text);
        match terms.problem(&providers) {
            Some(problem) => Err(problem),
            None if terms.asks_for_tests() => Err(
                "status:failing and status:untested work in the app, which keeps the results of tests; run umai connections test".into(),
            ),
            None => Ok(Self {
                search: FilterMatcher::new(terms, &providers),
                providers,
                found: Found::default(),
            }),
        }
    }

    /// Adds a page of connections. Matches with typing mistakes are kept until something matches exactly.
    pub fn add(&mut self, page: Vec<ConnectionItem>) {
        let kept: Vec<(TreeItem, u16)> = page
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
        let mut scores = self.search.exact_scores(&looked, &self.providers);
        let has_exact = scores.iter().any(Option::is_some);
        let found_before = !self.found.items.is_empty() && !self.found.is_tolerant;
        if has_exact && self.found.is_tolerant {
            self.found = Found::default();
        } else if !has_exact && !found_before && self.search.can_tolerate() {
            self.search.set_mode(MatchMode::Tolerant, &self.providers);
            scores = self.search.scores(&looked, &self.providers);
            self.found.is_tolerant = true;
        }
        let both = scores.into_iter().zip(page);
        let both = both.filter_map(|(score, item)| Some((score?, item)));
        self.found.items.extend(both);
    }

    /// Returns what was found.
    pub fn finish(mut self) -> Found {
        self.found.is_tolerant &= !self.found.items.is_empty();
        self.found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn item(name: &str) -> ConnectionItem {
        let json = serde_json::json!({"id": "3fa85f64-5717-4562-b3fc-2c963f66afa6", "alias": "a", "name": name, "providerId": "openai", "isActive": true, "dateCreated": "2024-01-15T10:30:00Z", "dateModified": "2024-01-15T10:30:00Z", "version": 1});
        serde_json::from_value(json).unwrap()
    }

    fn found(text: &str, pages: &[&[&str]]) -> (Vec<String>, bool) {
        let mut filter = TextFilter::new(text, &ProviderCatalog::embedded()).unwrap();
        for page in pages {
            filter.add(page.iter().copied().map(item).collect());
        }
        let found = filter.finish();
        let names = found.items.into_iter().map(|(_, item)| item.name);
        (names.collect(), found.is_tolerant)
    }

    #[rstest::rstest]
    #[case("caf\u{e9}")]
    #[case("cafe\u{301}")]
    #[case("CAF\u{c9}")]
    #[case("name:CAFE\u{301}")]
    #[case("-cafz")]
    fn filter_finds_names_in_any_normalization(#[case] text: &str) {
        let names = ["Caf\u{e9}", "Cafe\u{301}", "Cafz"];
        let (kept, is_tolerant) = found(text, &[&names]);
        assert_eq!(
            (kept.as_slice(), is_tolerant),
            (&[names[0].to_owned(), names[1].to_owned()][..], false),
            "{text}"
        );
    }

    #[rstest::rstest]
    #[case::exact("production", &["Production"], false)]
    #[case::mistyped("prodction", &["Productoin", "Production"], true)]
    #[case::quoted("\"prodction\"", &[], false)]
    #[case::number("4242", &["x 4242"], false)]
    #[case::scattered_number("44222", &[], false)]
    #[case::part_of_the_id("57174562", &["Productoin", "Production", "x 4242", "4-2-4-2-2"], false)]
    #[case::part_of_the_id_with_hyphens("5717-4562-b3fc", &["Productoin", "Production", "x 4242", "4-2-4-2-2"], false)]
    #[case::short_part_of_the_id("5717456", &[], false)]
    fn mistakes_are_forgiven_only_without_an_exact_match(
        #[case] text: &str,
        #[case] names: &[&str],
        #[case] is_tolerant: bool,
    ) {
        let pages: [&[&str]; 2] = [&["Productoin"], &["Production", "x 4242", "4-2-4-2-2"]];
        let (kept, tolerant) = found(text, &pages);
        assert_eq!(kept, names, "{text}");
        assert!(!is_tolerant || tolerant);
    }

    #[test]
    fn exact_match_on_a_later_page_replaces_similar_ones() {
        let (kept, is_tolerant) = found(
            "prodction",
            &[&["Production"], &["Prodction"], &["Production"]],
        );
        assert_eq!((kept, is_tolerant), (vec!["Prodction".to_owned()], false));
    }
}

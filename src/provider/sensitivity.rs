//! Detects sensitive settings if a server does not declare them. When in doubt, a setting is sensitive.

use super::{Provider, SettingsField};

/// Words of a key that name a place or an account, never a credential.
const HARMLESS: [&str; 8] = [
    "endpoint",
    "url",
    "region",
    "model",
    "organization",
    "organisation",
    "project",
    "tenant",
];

/// Words that may stand before a harmless one: `baseUrl`, `defaultRegion`.
const PREFIXES: [&str; 4] = ["base", "api", "service", "default"];

/// Words that may stand behind a harmless one: `projectId`, `modelName`, `endpointUrl`.
const SUFFIXES: [&str; 3] = ["id", "name", "url"];

/// Returns whether the setting `key` is sensitive; a key the provider does not describe is judged by its name.
pub fn is_sensitive(provider: Option<&Provider>, key: &str) -> bool {
    provider
        .and_then(|provider| provider.field_in_any_case(key))
        .map_or_else(|| !is_harmless(key), |field| field.sensitive)
}

/// Returns whether a field a server describes is sensitive.
///
/// `declared` is the declaration of the server, `known` the field of the built-in provider. A built-in secret is always
/// sensitive.
pub(super) fn for_field(
    declared: Option<bool>,
    known: Option<&SettingsField>,
    key: &str,
    has_default: bool,
) -> bool {
    let is_known_secret = known.is_some_and(|field| field.sensitive);
    match declared {
        Some(declared) => declared || is_known_secret,
        None if known.is_some() => is_known_secret,
        None => !has_default && !is_harmless(key),
    }
}

/// Returns whether a key names the address that is called: `endpoint`, `baseUrl`.
pub fn names_address(key: &str) -> bool {
    let words = name_words(key);
    is_harmless(key) && words.iter().any(|word| word == "endpoint" || word == "url")
}

/// Returns whether a key names a place or an account.
fn is_harmless(key: &str) -> bool {
    let words = name_words(key);
    let mut words: Vec<&str> = words.iter().map(String::as_str).collect();
    if words == ["client", "id"] {
        return true;
    }
    if words.len() > 1 && PREFIXES.contains(&words[0]) {
        words.remove(0);
    }
    if words.len() > 1 && words.last().is_some_and(|last| SUFFIXES.contains(last)) {
        words.pop();
    }
    words.len() == 1 && HARMLESS.contains(&words[0])
}

/// The lower-case words of a key in camel, Pascal, kebab or snake case.
fn name_words(key: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let mut is_inside = false;
    let characters: Vec<char> = key.chars().collect();
    for (at, character) in characters.iter().enumerate() {
        if !character.is_alphanumeric() {
            is_inside = false;
            continue;
        }
        let before = at.checked_sub(1).and_then(|at| characters.get(at));
        let is_after_lower = before.is_some_and(|before| !before.is_uppercase());
        let is_before_lower = characters
            .get(at + 1)
            .is_some_and(|next| next.is_lowercase());
        let begins = character.is_uppercase() && (is_after_lower || is_before_lower);
        match words.last_mut() {
            Some(word) if is_inside && !begins => word.extend(character.to_lowercase()),
            _ => words.push(character.to_lowercase().collect()),
        }
        is_inside = true;
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::provider::ProviderCatalog;
    use rstest::rstest;

    #[rstest]
    #[case::endpoint("endpoint", false)]
    #[case::url("Url", false)]
    #[case::base_url("baseURL", false)]
    #[case::region("default_region", false)]
    #[case::model("model-name", false)]
    #[case::organization("organizationId", false)]
    #[case::project("ProjectID", false)]
    #[case::tenant("tenantId", false)]
    #[case::client_id("clientId", false)]
    #[case::pascal_client_id("ClientID", false)]
    #[case::client_secret("clientSecret", true)]
    #[case::client("client", true)]
    #[case::webhook("webhookUrl", true)]
    #[case::project_key("projectKey", true)]
    #[case::url_token("urlToken", true)]
    #[case::id("id", true)]
    #[case::empty("", true)]
    #[case::unknown("whatever", true)]
    fn undescribed_key_is_judged_by_name(#[case] key: &str, #[case] expected: bool) {
        assert_eq!(is_sensitive(None, key), expected);
        assert_eq!(for_field(None, None, key, false), expected);
        assert!(!for_field(None, None, key, true), "it has a default");
    }

    #[test]
    fn undeclared_field_follows_the_built_in_provider() {
        let catalog = ProviderCatalog::embedded();
        let openai = catalog.get("openai");
        for (key, expected) in [("apiKey", true), ("ApiKey", true), ("ENDPOINT", false)] {
            assert_eq!(is_sensitive(openai, key), expected, "{key}");
        }
        let key = openai.and_then(|provider| provider.field("apiKey"));
        assert!(for_field(None, key, "apiKey", true));
        assert!(for_field(Some(false), key, "apiKey", false));
        assert!(!for_field(Some(false), None, "token", false));
    }
}

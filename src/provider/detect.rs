//! Recognizes providers by key prefix, host of a URL, and name of an environment variable.

use url::Url;

use super::{Provider, ProviderCatalog, SettingsField};

impl Provider {
    /// Returns whether a URL belongs to this provider.
    pub fn is_at(&self, address: &Url) -> bool {
        let host = address.host_str().unwrap_or_default();
        self.hosts.iter().any(|known| {
            host.strip_suffix(known.as_str())
                .is_some_and(|before| before.is_empty() || before.ends_with('.'))
        })
    }

    /// Returns the setting for an environment variable.
    pub fn field_of_variable(&self, name: &str) -> Option<&SettingsField> {
        self.settings
            .iter()
            .find(|field| field.variables.iter().any(|variable| variable == name))
    }

    /// Returns the length of the longest matching key prefix.
    fn prefix_of(&self, key: &str) -> Option<usize> {
        let prefixes = self.settings.iter().flat_map(|field| &field.prefixes);
        prefixes
            .filter(|prefix| key.starts_with(prefix.as_str()))
            .map(String::len)
            .max()
    }
}

impl ProviderCatalog {
    /// Returns whether a provider uses an environment variable.
    pub fn names_variable(&self, name: &str) -> bool {
        let mut providers = self.all().iter();
        providers.any(|provider| provider.field_of_variable(name).is_some())
    }

    /// Returns the key prefixes of all providers.
    pub fn key_prefixes(&self) -> impl Iterator<Item = &str> {
        let settings = self.all().iter().flat_map(|provider| &provider.settings);
        settings.flat_map(|field| field.prefixes.iter().map(String::as_str))
    }

    /// Returns the provider of a URL.
    pub fn at(&self, address: &Url) -> Option<&Provider> {
        self.all().iter().find(|provider| provider.is_at(address))
    }

    /// Returns the providers whose key prefix matches better than that of `provider`.
    ///
    /// Many providers share the prefix `sk-`, and some have no prefix.
    pub fn other_owners_of(&self, key: &str, provider: &Provider) -> Vec<&Provider> {
        let longest = self
            .all()
            .iter()
            .filter_map(|other| other.prefix_of(key))
            .max();
        let Some(longest) = longest.filter(|longest| provider.prefix_of(key) != Some(*longest))
        else {
            return Vec::new();
        };
        let owners: Vec<_> = self
            .all()
            .iter()
            .filter(|other| other.prefix_of(key) == Some(longest))
            .collect();
        let has_prefix = provider
            .settings
            .iter()
            .any(|field| !field.prefixes.is_empty());
        if has_prefix || owners.len() == 1 {
            owners
        } else {
            Vec::new()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn owners(key: &str, of: &str) -> Vec<String> {
        let catalog = ProviderCatalog::embedded();
        let owners = catalog.other_owners_of(key, catalog.get(of).unwrap());
        owners.iter().map(|owner| owner.id.clone()).collect()
    }

    #[test]
    fn key_belongs_to_the_longest_prefix() {
        assert_eq!(owners("sk-ant-api03-x", "openai"), ["anthropic"]);
        assert_eq!(owners("sk-ant-api03-x", "anthropic"), [""; 0]);
        assert_eq!(owners("sk-proj-x", "openai"), [""; 0]);
        assert_eq!(owners("AIzaSyX", "anthropic"), ["google"]);
        assert_eq!(owners("something else", "anthropic"), [""; 0]);
        assert!(owners("sk-x", "anthropic").contains(&"openai".to_owned()));
    }

    #[test]
    fn url_belongs_to_provider_of_host_and_subdomains() {
        let catalog = ProviderCatalog::embedded();
        let at = |address: &str| {
            let url = Url::parse(address).unwrap();
            catalog.at(&url).map(|provider| provider.id.clone())
        };
        assert_eq!(
            at("https://api.openai.com/v1/models").as_deref(),
            Some("openai")
        );
        assert_eq!(
            at("https://x.openai.azure.com/").as_deref(),
            Some("microsoft-foundry")
        );
        assert_eq!(at("https://notapi.openai.com.evil.example/"), None);
        assert_eq!(at("https://evilapi.openai.com/"), None);
    }
}

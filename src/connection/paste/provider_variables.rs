//! Environment variables that providers use for connections.

use std::net::Ipv6Addr;

use url::Url;

use super::url::{is_host, split_port};
use super::{PasteKind, PastedConnection};
use crate::connection::{ConnectionDraft, PlainSecret, SettingValue, Settings};
use crate::provider::{DefaultValue, FieldKind, Provider, ProviderCatalog, SettingsField};

/// Environment variables of providers that have a value; other variables are not read.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ProviderVariables(Vec<(String, PlainSecret)>);

/// Provider with at least one variable set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProviderMatch {
    /// The provider's id.
    pub provider_id: String,
    /// The provider's name.
    pub name: String,
    /// The variables that are taken, in the order of the form.
    pub variables: Vec<SetVariable>,
    /// Labels of the missing settings.
    pub missing: Vec<String>,
}

/// A variable that is set; never its value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SetVariable {
    /// Its name.
    pub name: String,
    /// The key of the setting it is taken for.
    pub key: String,
    /// Label of the setting.
    pub label: String,
    /// `true` for a secret.
    pub is_secret: bool,
}

impl ProviderVariables {
    /// Reads every variable that a provider of the catalog names, the first choices first.
    pub fn read(catalog: &ProviderCatalog, value: impl Fn(&str) -> Option<String>) -> Self {
        let mut found: Vec<(String, PlainSecret)> = Vec::new();
        let settings = catalog.all().iter().flat_map(|one| &one.settings);
        for name in settings.flat_map(|field| &field.variables) {
            if found.iter().any(|(known, _)| known == name) {
                continue;
            }
            let set = value(name).map(PlainSecret::new);
            let set = set.filter(|set| set.expose().is_some_and(|text| !text.trim().is_empty()));
            found.extend(set.map(|set| (name.clone(), set)));
        }
        Self(found)
    }

    /// Returns whether no such variable is set.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Returns the providers with a variable set, complete ones first.
    pub fn offers(&self, catalog: &ProviderCatalog) -> Vec<ProviderMatch> {
        let mut matches: Vec<_> = catalog
            .all()
            .iter()
            .filter_map(|provider| self.provider_match(provider))
            .collect();
        matches.sort_by_key(|found| !found.missing.is_empty());
        matches
    }

    /// Returns the variables of a provider, if any is set.
    pub fn provider_match(&self, provider: &Provider) -> Option<ProviderMatch> {
        let mut variables = Vec::new();
        for field in &provider.settings {
            let mut names = field.variables.iter();
            let set = names.find(|name| self.0.iter().any(|(known, _)| known == *name));
            variables.extend(set.map(|name| SetVariable {
                name: name.clone(),
                key: field.key.clone(),
                label: field.label.clone(),
                is_secret: field.sensitive,
            }));
        }
        if variables.is_empty() {
            return None;
        }
        let is_there = |key: &str| variables.iter().any(|variable| variable.key == key);
        let required = provider.settings.iter().filter(|field| field.required);
        let fields = required.filter(|field| field.default.is_none() && !is_there(&field.key));
        let lacking = provider.alternative_groups.iter();
        let lacking = lacking.flat_map(|group| group.missing_settings(is_there));
        let lacking = lacking.filter_map(|key| provider.field(key));
        let groups = provider.alternative_groups.iter();
        let groups = groups.filter(|group| !group.any_of().any(is_there));
        let missing = fields
            .chain(lacking)
            .map(|field| field.label.clone())
            .chain(groups.map(|group| group.label.clone()));
        Some(ProviderMatch {
            provider_id: provider.id.clone(),
            name: provider.name.clone(),
            missing: missing.collect(),
            variables,
        })
    }

    /// The settings of a provider. `refers` returns whether a secret is referred to instead of copied.
    pub fn connection(
        &self,
        provider: &Provider,
        refers: impl Fn(&str) -> bool,
    ) -> Option<PastedConnection> {
        let offer = self.provider_match(provider)?;
        let mut settings: Settings<PlainSecret> = Settings::default();
        for variable in &offer.variables {
            let name = &variable.name;
            let Some((_, value)) = self.0.iter().find(|(known, _)| known == name) else {
                continue;
            };
            let value = if variable.is_secret && refers(name) {
                PlainSecret::new(format!("${name}"))
            } else {
                value.clone()
            };
            let field = provider.field(&variable.key);
            let url = field.and_then(|field| url_of_host(field, value.expose()?));
            let value = url.map_or(value, PlainSecret::new);
            settings.set(variable.key.clone(), SettingValue::Secret(value));
        }
        Some(PastedConnection {
            kind: PasteKind::Environment,
            draft: ConnectionDraft {
                provider_id: Some(provider.id.clone()),
                settings: Some(settings),
                ..ConnectionDraft::default()
            },
            left_out: Vec::new(),
        })
    }
}

/// Returns the URL of a value that is only a host, such as `127.0.0.1:8000`, for a setting whose default has a port: that of a server
/// that users run themselves. The default has the scheme, and the port or host that the value lacks.
fn url_of_host(field: &SettingsField, text: &str) -> Option<String> {
    let Some(DefaultValue::Text(default)) = &field.default else {
        return None;
    };
    let text = text.trim();
    let text = text.strip_suffix('/').unwrap_or(text);
    if field.kind != FieldKind::Url || text.is_empty() || text.contains('/') {
        return None;
    }
    let default = Url::parse(default).ok()?;
    let default_port = default.port()?.to_string();
    let (host, port) = if text.parse::<Ipv6Addr>().is_ok() {
        (format!("[{text}]"), None)
    } else {
        let (host, port) = split_port(text)?;
        let host = if host.is_empty() {
            default.host_str()?
        } else {
            host
        };
        (host.to_owned(), port)
    };
    let address = format!("{host}:{}", port.unwrap_or(&default_port));
    is_host(&address).then(|| format!("{}://{address}", default.scheme()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn variables(set: &[(&str, &str)]) -> ProviderVariables {
        ProviderVariables::read(&ProviderCatalog::embedded(), |name| {
            let found = set.iter().find(|(known, _)| *known == name);
            found.map(|(_, value)| (*value).to_owned())
        })
    }

    fn offers(set: &[(&str, &str)]) -> Vec<(String, String, String)> {
        let offers = variables(set).offers(&ProviderCatalog::embedded());
        let summary = offers.into_iter().map(|offer| {
            let names: Vec<_> = offer
                .variables
                .iter()
                .map(|one| one.name.as_str())
                .collect();
            let names = names.join(" ");
            (offer.provider_id, names, offer.missing.join(" "))
        });
        summary.collect()
    }

    fn summary(id: &str, names: &str, missing: &str) -> (String, String, String) {
        (id.to_owned(), names.to_owned(), missing.to_owned())
    }

    #[test]
    fn each_provider_that_something_is_there_for_is_offered_complete_ones_first() {
        let set = [
            ("AWS_REGION", "eu-central-1"),
            ("OPENAI_API_KEY", "sk-1"),
            ("OPENAI_ORG_ID", "org-1"),
            ("GEMINI_API_KEY", "AIza1"),
            ("PATH", "/bin"),
        ];
        assert_eq!(
            offers(&set),
            [
                summary("google", "GEMINI_API_KEY", ""),
                summary("openai", "OPENAI_API_KEY OPENAI_ORG_ID", ""),
                summary("amazon", "AWS_REGION", "Authentication"),
            ]
        );
    }

    #[test]
    fn required_alternative_is_missing_until_one_is_complete() {
        let address = ("AZURE_OPENAI_ENDPOINT", "https://x.openai.azure.com");
        let id = "microsoft-foundry";
        let names = "AZURE_OPENAI_ENDPOINT";
        assert_eq!(offers(&[address]), [summary(id, names, "Authentication")]);
        let with_key = [address, ("AZURE_OPENAI_API_KEY", "k")];
        let names = "AZURE_OPENAI_ENDPOINT AZURE_OPENAI_API_KEY";
        assert_eq!(offers(&with_key), [summary(id, names, "")]);
    }

    #[test]
    fn of_two_names_for_one_value_the_first_choice_is_taken() {
        let set = [("GEMINI_API_KEY", "two"), ("GOOGLE_API_KEY", "one")];
        assert_eq!(offers(&set), [summary("google", "GOOGLE_API_KEY", "")]);
    }

    #[test]
    fn empty_variables_count_as_none() {
        assert!(variables(&[("OPENAI_API_KEY", "  ")]).is_empty());
    }

    #[test]
    fn a_secret_is_taken_over_or_referred_to() {
        let catalog = ProviderCatalog::embedded();
        let openai = catalog.get("openai").unwrap();
        let set = variables(&[("OPENAI_API_KEY", "sk-1"), ("OPENAI_ORG_ID", "org-1")]);
        for (refers, key) in [(false, "sk-1"), (true, "$OPENAI_API_KEY")] {
            let connection = set.connection(openai, |_| refers).unwrap();
            let settings = connection.draft.settings.unwrap();
            assert_eq!(settings.get("apiKey").unwrap().text(), Some(key));
            assert_eq!(settings.get("organization").unwrap().text(), Some("org-1"));
            assert!(connection.left_out.is_empty());
        }
    }

    #[rstest::rstest]
    #[case::url("https://gpu.example:8443", "https://gpu.example:8443")]
    #[case::host_and_port("127.0.0.1:8000", "http://127.0.0.1:8000")]
    #[case::default_port_of_http("gpu.example:80", "http://gpu.example:80")]
    #[case::host("gpu.example", "http://gpu.example:11434")]
    #[case::ipv6("[::1]", "http://[::1]:11434")]
    #[case::bare_ipv6("::1", "http://[::1]:11434")]
    #[case::ipv6_and_port("[::1]:80", "http://[::1]:80")]
    #[case::any_address(" 0.0.0.0 ", "http://0.0.0.0:11434")]
    #[case::container("ollama", "http://ollama:11434")]
    #[case::container_and_port("ollama:8000", "http://ollama:8000")]
    #[case::port(":11435", "http://localhost:11435")]
    #[case::trailing_slash("gpu.example:8000/", "http://gpu.example:8000")]
    #[case::path("gpu.example/ollama", "gpu.example/ollama")]
    #[case::port_that_is_no_number("gpu.example:x", "gpu.example:x")]
    #[case::only_slash("/", "/")]
    #[case::other_text("gpu one", "gpu one")]
    fn host_without_scheme_is_completed_from_the_default(#[case] set: &str, #[case] want: &str) {
        let catalog = ProviderCatalog::embedded();
        let ollama = catalog.get("ollama").unwrap();
        let connection = variables(&[("OLLAMA_HOST", set)]).connection(ollama, |_| false);
        let settings = connection.unwrap().draft.settings.unwrap();
        assert_eq!(settings.get("endpoint").unwrap().text(), Some(want));
    }

    #[test]
    fn host_for_a_default_without_port_stays_as_it_is() {
        let catalog = ProviderCatalog::embedded();
        let openai = catalog.get("openai").unwrap();
        let set = variables(&[
            ("OPENAI_API_KEY", "sk-1"),
            ("OPENAI_BASE_URL", "localhost:8080"),
        ]);
        let settings = set.connection(openai, |_| false).unwrap().draft.settings;
        let settings = settings.unwrap();
        assert_eq!(
            settings.get("endpoint").unwrap().text(),
            Some("localhost:8080")
        );
    }

    #[test]
    fn debug_tells_no_value() {
        let shown = format!("{:?}", variables(&[("OPENAI_API_KEY", "sk-planted")]));
        assert!(!shown.contains("planted"), "{shown}");
    }
}

//! Ways of which a connection goes one: an API key, or a sign-in with Entra ID.

use serde::{Deserialize, Serialize};

use super::{Provider, SettingsField};

/// Ways of which a connection goes one.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Alternatives {
    /// What is chosen, for example `Authentication`.
    pub label: String,
    /// One sentence about the choice.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub description: String,
    /// The heading the choice stands under; none for the first, unnamed group.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group: Option<String>,
    /// The ways. The first that has what it needs is the one that a connection goes.
    pub ways: Vec<Way>,
}

/// One of several ways.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Way {
    /// What it is called, for example `Entra ID`.
    pub label: String,
    /// The keys of the settings that are of use on this way alone.
    pub settings: Vec<String>,
    /// At least one of these must have a value to go this way.
    pub any_of: Vec<String>,
    /// All of these must have a value on this way.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub all_of: Vec<String>,
    /// Whether a new connection begins with it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub preferred: bool,
}

impl Way {
    /// Whether this way cannot be gone without a value for a setting.
    pub fn always_needs(&self, key: &str) -> bool {
        let is_only = self.any_of.len() == 1 && self.any_of[0] == key;
        is_only || self.all_of.iter().any(|needed| needed == key)
    }
}

impl Alternatives {
    /// The way that a new connection begins with.
    pub fn preferred(&self) -> usize {
        self.ways
            .iter()
            .position(|way| way.preferred)
            .unwrap_or_default()
    }

    /// The way that is gone where some settings have values: one that has what it needs, else one that has anything.
    pub fn gone(&self, has: impl Fn(&str) -> bool) -> Option<usize> {
        let goes = |keys: &[String]| keys.iter().any(|key| has(key));
        let first =
            |keys: &dyn Fn(&Way) -> &[String]| self.ways.iter().position(|way| goes(keys(way)));
        first(&|way| &way.any_of).or_else(|| first(&|way| &way.settings))
    }

    /// The settings of the way that is gone which must have a value and have none.
    pub fn lacking(&self, has: impl Fn(&str) -> bool) -> Vec<&str> {
        let gone = self.gone(&has).and_then(|way| self.ways.get(way));
        let all_of = gone.into_iter().flat_map(|way| &way.all_of);
        all_of.map(String::as_str).filter(|key| !has(key)).collect()
    }

    /// The keys of which one at least must have a value.
    pub fn any_of(&self) -> impl Iterator<Item = &str> {
        self.ways
            .iter()
            .flat_map(|way| &way.any_of)
            .map(String::as_str)
    }

    /// The way that a setting is of use on.
    pub fn way_of(&self, key: &str) -> Option<usize> {
        self.ways
            .iter()
            .position(|way| way.settings.iter().any(|own| own == key))
    }
}

impl Provider {
    /// Every row of settings of which one at least must have a value.
    pub fn wanted(&self) -> impl Iterator<Item = Vec<&SettingsField>> {
        let named = |key: &str| self.field(key);
        let rules = self.rules.iter();
        let rules = rules.map(move |rule| {
            let keys = rule.any_of.iter().map(String::as_str);
            keys.filter_map(named).collect()
        });
        let choices = self.alternatives.iter();
        rules.chain(choices.map(move |choice| choice.any_of().filter_map(named).collect()))
    }
}

#[cfg(test)]
mod tests {
    use super::super::ProviderCatalog;

    #[test]
    fn a_key_goes_before_entra_and_a_new_connection_begins_with_entra() {
        let catalog = ProviderCatalog::embedded();
        let foundry = catalog.get("microsoft-foundry").unwrap();
        let choice = &foundry.alternatives[0];
        let gone = |keys: &[&str]| {
            let way = choice.gone(|key| keys.contains(&key))?;
            Some(choice.ways[way].label.as_str())
        };
        assert_eq!(gone(&["apiKey", "tenantId"]), Some("API key"));
        assert_eq!(gone(&["clientSecret"]), Some("Entra ID"));
        assert_eq!(gone(&["projectName"]), Some("Entra ID"));
        assert_eq!(gone(&["endpoint"]), None);
        assert_eq!(choice.ways[choice.preferred()].label, "Entra ID");
    }
}

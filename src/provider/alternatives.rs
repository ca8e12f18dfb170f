//! Alternative groups of settings, for example an API key or Entra ID.

use serde::{Deserialize, Serialize};

use super::{Provider, SettingsField};

/// Alternatives of which a connection uses one.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct AlternativeGroup {
    /// Label, for example `Authentication`.
    pub label: String,
    /// Help text.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub description: String,
    /// Heading of its group; none for the first, unnamed group.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group: Option<String>,
    /// Alternatives; the first with a value for one of its `any_of` keys is in use.
    #[serde(rename = "ways")]
    pub alternatives: Vec<Alternative>,
}

/// Alternative of a group.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Alternative {
    /// Label, for example `Entra ID`.
    pub label: String,
    /// Keys of settings that only this alternative uses.
    pub settings: Vec<String>,
    /// Keys of which one must have a value to use this alternative.
    pub any_of: Vec<String>,
    /// Keys that this alternative requires.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub all_of: Vec<String>,
    /// Shown instead of the list of `any_of` while none of them has a value.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
    /// `true` for the default of new connections.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub preferred: bool,
}

impl Alternative {
    /// Returns whether this alternative requires a setting.
    pub fn always_needs(&self, key: &str) -> bool {
        let is_only = self.any_of.len() == 1 && self.any_of[0] == key;
        is_only || self.all_of.iter().any(|needed| needed == key)
    }
}

impl AlternativeGroup {
    /// Returns the index of the default for new connections.
    pub fn preferred(&self) -> usize {
        self.alternatives
            .iter()
            .position(|alternative| alternative.preferred)
            .unwrap_or_default()
    }

    /// Returns the index of the alternative in use: the first with a value for one of its `any_of` keys, otherwise the first with any value.
    pub fn in_use(&self, has: impl Fn(&str) -> bool) -> Option<usize> {
        let has_any = |keys: &[String]| keys.iter().any(|key| has(key));
        let first = |keys: &dyn Fn(&Alternative) -> &[String]| {
            self.alternatives
                .iter()
                .position(|alternative| has_any(keys(alternative)))
        };
        first(&|alternative| &alternative.any_of)
            .or_else(|| first(&|alternative| &alternative.settings))
    }

    /// Returns the missing required settings of the alternative in use.
    pub fn missing_settings(&self, has: impl Fn(&str) -> bool) -> Vec<&str> {
        let used = self
            .in_use(&has)
            .and_then(|alternative| self.alternatives.get(alternative));
        let all_of = used.into_iter().flat_map(|alternative| &alternative.all_of);
        all_of.map(String::as_str).filter(|key| !has(key)).collect()
    }

    /// Returns the keys of which at least one must have a value.
    pub fn any_of(&self) -> impl Iterator<Item = &str> {
        self.alternatives
            .iter()
            .flat_map(|alternative| &alternative.any_of)
            .map(String::as_str)
    }

    /// Returns the index of the alternative that uses a setting.
    pub fn alternative_of(&self, key: &str) -> Option<usize> {
        self.alternatives
            .iter()
            .position(|alternative| alternative.settings.iter().any(|own| own == key))
    }
}

impl Provider {
    /// Returns the groups of settings of which at least one must have a value.
    pub fn wanted(&self) -> impl Iterator<Item = Vec<&SettingsField>> {
        let named = |key: &str| self.field(key);
        let rules = self.rules.iter();
        let rules = rules.map(move |rule| {
            let keys = rule.any_of.iter().map(String::as_str);
            keys.filter_map(named).collect()
        });
        let groups = self.alternative_groups.iter();
        rules.chain(groups.map(move |group| group.any_of().filter_map(named).collect()))
    }
}

#[cfg(test)]
mod tests {
    use super::super::ProviderCatalog;

    #[test]
    fn key_takes_precedence_and_entra_is_default() {
        let catalog = ProviderCatalog::embedded();
        let foundry = catalog.get("microsoft-foundry").unwrap();
        let group = &foundry.alternative_groups[0];
        let used = |keys: &[&str]| {
            let alternative = group.in_use(|key| keys.contains(&key))?;
            Some(group.alternatives[alternative].label.as_str())
        };
        assert_eq!(used(&["apiKey", "tenantId"]), Some("API key"));
        assert_eq!(used(&["clientSecret"]), Some("Entra ID"));
        assert_eq!(used(&["projectName"]), Some("Entra ID"));
        assert_eq!(used(&["endpoint"]), None);
        assert_eq!(group.alternatives[group.preferred()].label, "Entra ID");
    }
}

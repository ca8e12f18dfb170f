//! URLs of the requests of a connection test, for display before the test, without credentials.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use super::Provider;
use super::probe::{Probe, ResolvedSettings, Template};

/// First request of a test.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct FirstRequest {
    /// Setting that selects this request if it has a value; none for the default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub when: Option<String>,
    /// URLs; the first one whose settings have values is used.
    pub address: Vec<Template>,
    /// URLs of the list of models, if different.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub models: Vec<Template>,
}

impl FirstRequest {
    fn from_probe(probe: &Probe) -> Self {
        let call = |addresses: &[Template]| addresses.iter().map(Template::without_query).collect();
        let listed = probe.models.as_ref();
        Self {
            when: probe.when.clone(),
            address: call(&probe.address),
            models: listed.map_or_else(Vec::new, |models| call(&models.address)),
        }
    }
}

impl Provider {
    /// Returns all possible requests.
    pub fn calls(&self) -> Cow<'_, [FirstRequest]> {
        if self.probe.is_empty() {
            return Cow::Borrowed(&self.reported_endpoints);
        }
        self.probe.iter().map(FirstRequest::from_probe).collect()
    }

    /// Returns the URL of the first request for these values, if any. `has_value` returns whether a setting has a value.
    pub fn first_call(
        &self,
        values: &ResolvedSettings,
        has_value: impl Fn(&str) -> bool,
    ) -> Option<Template> {
        let calls = self.calls();
        let call = calls
            .iter()
            .find(|call| call.when.as_deref().is_none_or(&has_value))?;
        let addresses = self.allowed_addresses(call, values)?;
        super::probe::template::chosen(addresses, values).cloned()
    }
}

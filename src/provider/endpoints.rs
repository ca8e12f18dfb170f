//! URLs of the requests of a connection test, for display before the test, without credentials.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use super::Provider;
use super::probe::{Probe, ResolvedSettings, Template};

/// URLs of the request of a test that checks the credentials.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ProbeUrls {
    /// Setting that selects this request if it has a value; none for the default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub when: Option<String>,
    /// URLs; the first one whose settings have values is used.
    pub address: Vec<Template>,
    /// URLs of the list of models, if different.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub models: Vec<Template>,
}

impl ProbeUrls {
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
    /// Returns the URLs of all requests that can check the credentials.
    pub fn probe_urls(&self) -> Cow<'_, [ProbeUrls]> {
        if self.probe.is_empty() {
            return Cow::Borrowed(&self.reported_probe_urls);
        }
        self.probe.iter().map(ProbeUrls::from_probe).collect()
    }

    /// Returns the URL of the request that checks the credentials with these values, if any. `has_value` returns whether a setting has a value.
    pub fn credentials_url(
        &self,
        values: &ResolvedSettings,
        has_value: impl Fn(&str) -> bool,
    ) -> Option<Template> {
        let all = self.probe_urls();
        let call = all
            .iter()
            .find(|call| call.when.as_deref().is_none_or(&has_value))?;
        let addresses = self.allowed_addresses(call, values)?;
        super::probe::template::chosen(addresses, values).cloned()
    }
}

//! Where a provider is called, told before it happens: the addresses of its probes, without what signs a request.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use super::Provider;
use super::probe::{Probe, Template, Values};

/// The addresses that a test begins with.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Call {
    /// The setting that must have a value for this to be the one; none for the one that is left.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub when: Option<String>,
    /// Where it goes: the first of these whose settings have values.
    pub address: Vec<Template>,
    /// The list of models, where that is somewhere else.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub models: Vec<Template>,
}

impl Call {
    fn of(probe: &Probe) -> Self {
        let told = |addresses: &[Template]| addresses.iter().map(Template::without_query).collect();
        let listed = probe.models.as_ref();
        Self {
            when: probe.when.clone(),
            address: told(&probe.address),
            models: listed.map_or_else(Vec::new, |models| told(&models.address)),
        }
    }
}

impl Provider {
    /// Everything that may be called.
    pub fn calls(&self) -> Cow<'_, [Call]> {
        if self.probe.is_empty() {
            return Cow::Borrowed(&self.told_calls);
        }
        self.probe.iter().map(Call::of).collect()
    }

    /// Where settings with these values are called first; none when nowhere. `is_there` says whether a setting has a value.
    pub fn first_call(&self, values: &Values, is_there: impl Fn(&str) -> bool) -> Option<Template> {
        let calls = self.calls();
        let call = calls
            .iter()
            .find(|call| call.when.as_deref().is_none_or(&is_there))?;
        let addresses = self.at_home(call, values)?;
        super::probe::template::chosen(addresses, values).cloned()
    }
}

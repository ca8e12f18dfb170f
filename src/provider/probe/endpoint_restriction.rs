//! Limits a key to the endpoint that it was entered for.
//!
//! A fixed URL belongs to the provider. With a custom endpoint, the key belongs to a gateway and must not be sent to the
//! provider.

use std::borrow::Cow;

use url::Url;

use super::{Probe, ResolvedSettings, Template, template};
use crate::provider::{DefaultValue, FieldKind, ProbeUrls, Provider, SettingsField};

impl Probe {
    /// Returns the probe limited to a custom endpoint; none if it cannot be tested there.
    pub fn restricted_to_endpoint(
        &self,
        provider: &Provider,
        values: &ResolvedSettings,
    ) -> Option<Cow<'_, Self>> {
        let is_ours = uses_default_endpoint(provider, values);
        let is_fixed = |addresses| is_fixed(addresses, provider, values);
        if is_ours {
            return Some(Cow::Borrowed(self));
        }
        let is_list_fixed = is_fixed(self.list_address());
        let mut kept = self.clone();
        if is_list_fixed {
            kept.models = None;
        }
        if !is_fixed(&self.address) {
            return Some(Cow::Owned(kept));
        }
        let listing = kept.models.as_mut()?;
        kept.address = std::mem::take(&mut listing.address);
        Some(Cow::Owned(kept))
    }
}

impl Provider {
    /// Returns the URLs of the request that checks the credentials, with the same rule.
    pub fn allowed_addresses<'c>(
        &self,
        call: &'c ProbeUrls,
        values: &ResolvedSettings,
    ) -> Option<&'c [Template]> {
        let is_fixed = |addresses| is_fixed(addresses, self, values);
        if uses_default_endpoint(self, values) || !is_fixed(&call.address) {
            return Some(&call.address);
        }
        let is_kept = !call.models.is_empty() && !is_fixed(&call.models);
        is_kept.then_some(call.models.as_slice())
    }
}

fn uses_default_endpoint(provider: &Provider, values: &ResolvedSettings) -> bool {
    endpoints(provider).all(|field| is_own(provider, field, values))
}

fn endpoints(provider: &Provider) -> impl Iterator<Item = &SettingsField> {
    let fields = provider.settings.iter();
    fields.filter(|field| field.kind == FieldKind::Url)
}

/// Returns whether the URL does not contain the endpoint setting.
fn is_fixed(addresses: &[Template], provider: &Provider, values: &ResolvedSettings) -> bool {
    let is_endpoint = |key: &str| endpoints(provider).any(|field| field.key == key);
    template::chosen(addresses, values).is_none_or(|address| !address.settings().any(is_endpoint))
}

/// Returns whether an endpoint belongs to the provider: one of its hosts, its default, or absent.
fn is_own(provider: &Provider, field: &SettingsField, values: &ResolvedSettings) -> bool {
    let Some(value) = values.get(&field.key) else {
        return true;
    };
    let Ok(address) = Url::parse(value) else {
        return false;
    };
    let default = match &field.default {
        Some(DefaultValue::Text(text)) => Url::parse(text).ok(),
        Some(DefaultValue::Switch(_)) | None => None,
    };
    provider.is_at(&address) || default.is_some_and(|own| own.origin() == address.origin())
}

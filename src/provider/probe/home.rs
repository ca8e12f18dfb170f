//! Keeps a key at the endpoint it was entered for.
//!
//! Why: a fixed address is the provider's own. Behind an endpoint of somebody else the key is a gateway's, and no business
//! of the provider's.

use std::borrow::Cow;

use url::Url;

use super::{Probe, Template, Values, template};
use crate::provider::{Call, DefaultValue, FieldKind, Provider, SettingsField};

impl Probe {
    /// What may be asked of it: only the endpoint, when that is not the provider's own; nothing when it cannot be asked.
    pub fn at_home(&self, provider: &Provider, values: &Values) -> Option<Cow<'_, Self>> {
        let is_ours = is_ours(provider, values);
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
    /// The addresses that are called first, by the same rule.
    pub fn at_home<'c>(&self, call: &'c Call, values: &Values) -> Option<&'c [Template]> {
        let is_fixed = |addresses| is_fixed(addresses, self, values);
        if is_ours(self, values) || !is_fixed(&call.address) {
            return Some(&call.address);
        }
        let is_kept = !call.models.is_empty() && !is_fixed(&call.models);
        is_kept.then_some(call.models.as_slice())
    }
}

fn is_ours(provider: &Provider, values: &Values) -> bool {
    endpoints(provider).all(|field| is_own(provider, field, values))
}

fn endpoints(provider: &Provider) -> impl Iterator<Item = &SettingsField> {
    let fields = provider.settings.iter();
    fields.filter(|field| field.kind == FieldKind::Url)
}

/// Whether the address that would be called has no endpoint in it.
fn is_fixed(addresses: &[Template], provider: &Provider, values: &Values) -> bool {
    let is_endpoint = |key: &str| endpoints(provider).any(|field| field.key == key);
    template::chosen(addresses, values).is_none_or(|address| !address.settings().any(is_endpoint))
}

/// Whether an endpoint is the provider's own: at one of its hosts, where its default is, or not given at all.
fn is_own(provider: &Provider, field: &SettingsField, values: &Values) -> bool {
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

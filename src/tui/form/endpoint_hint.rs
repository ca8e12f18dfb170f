//! Shows the request URL under an endpoint and warns of a URL that is blocked.

use url::Url;

use super::Form;
use super::field::{FieldId, FieldValue, FormField};
use super::layout::MessageKind;
use crate::connection::MaskedSecret;
use crate::probe::AddressClass;
use crate::provider::probe::ResolvedSettings;
use crate::provider::{DefaultValue, FieldKind, SettingsField};
use crate::text::trim_invisible;

/// Placeholder of a value that exists but must not be shown.
const PLACEHOLDER: &str = "•";

impl Form {
    /// Notes about the request URL under an endpoint field. Empty for other fields and for an incomplete URL.
    pub(super) fn request_url_notes(
        &self,
        field: &FormField,
        is_focused: bool,
    ) -> Vec<(MessageKind, String)> {
        let FieldId::Setting(key) = &field.id else {
            return Vec::new();
        };
        let setting = self.provider.field(key);
        if field.error.is_some() || setting.is_none_or(|setting| setting.kind != FieldKind::Url) {
            return Vec::new();
        }
        let values = self.values();
        let is_there = |key: &str| values.get(key).is_some() || self.is_always_required(key);
        let Some(template) = self.provider.credentials_url(&values, is_there) else {
            return Vec::new();
        };
        let is_named_elsewhere = template.base().is_some_and(|base| base != key);
        if is_named_elsewhere
            || template
                .base()
                .is_some_and(|base| values.get(base).is_none())
        {
            return Vec::new();
        }
        let is_open = |key: &str| self.hidden_value(key).is_none() && values.get(key).is_some();
        let url = template.url(&values).ok();
        let (shown, class) = match url.filter(|_| template.settings().all(is_open)) {
            Some(mut url) => {
                url.set_query(None);
                (url.to_string(), AddressClass::classify(&url))
            }
            None => (
                template.displayed(|key| self.shown_value(key, &values)),
                self.base_address_class(template.base(), &values),
            ),
        };
        let mut notes = Vec::new();
        if field.warning.is_some() {
            // The URL would show the misplaced key.
            return notes;
        }
        if is_focused || !field.is_default() && field.line().is_some_and(|line| !line.is_empty()) {
            notes.push((MessageKind::Hint, format!("Calls {shown}")));
        }
        notes.extend(warning(class).map(|words| (MessageKind::Warning, format!("! {words}"))));
        notes
    }

    /// Values of the fields as a test reads them; placeholders for secrets and references.
    fn values(&self) -> ResolvedSettings {
        let mut values = ResolvedSettings::default();
        for field in self.fields.iter().filter(|field| !self.is_hidden(field)) {
            let FieldId::Setting(key) = &field.id else {
                continue;
            };
            let default = self.provider.field(key).and_then(default_of);
            let value = match &field.value {
                FieldValue::Secret(secret) if secret.stored_mask().is_some() => PLACEHOLDER,
                FieldValue::Secret(secret) if trim_invisible(secret.input.value()).is_empty() => "",
                FieldValue::Secret(_) => PLACEHOLDER,
                FieldValue::Text(_) if field.reference().is_some() => PLACEHOLDER,
                FieldValue::Text(line) => match line.value().trim() {
                    "" => default.unwrap_or_default(),
                    text => text.strip_prefix('$').unwrap_or(text),
                },
                FieldValue::Choice { options, at } => {
                    at.and_then(|at| options.get(at)).map_or("", String::as_str)
                }
                FieldValue::Switch(_) => "",
            };
            values.set(key, value.into());
        }
        values
    }

    /// Returns whether the chosen alternative requires this setting alone, so that it can be assumed to be set.
    fn is_always_required(&self, key: &str) -> bool {
        (0..self.provider.alternative_groups.len())
            .filter_map(|choice| self.alternative(choice))
            .any(|alternative| alternative.always_needs(key))
    }

    /// Text shown instead of a value that is unknown here or must not be shown.
    fn hidden_value(&self, key: &str) -> Option<String> {
        let field = self.field(&FieldId::Setting(key.to_owned()))?;
        match (field.reference(), &field.value) {
            (Some(reference), _) => Some(reference.to_string()),
            (None, FieldValue::Secret(_)) => Some(MaskedSecret::Any.text().to_owned()),
            (None, FieldValue::Text(_) | FieldValue::Switch(_) | FieldValue::Choice { .. }) => None,
        }
    }

    fn shown_value(&self, key: &str, values: &ResolvedSettings) -> String {
        let hidden = self.hidden_value(key);
        hidden.unwrap_or_else(|| values.get(key).unwrap_or("…").to_owned())
    }

    /// Classification of an endpoint that is only partly known.
    fn base_address_class(&self, base: Option<&str>, values: &ResolvedSettings) -> AddressClass {
        base.filter(|key| self.hidden_value(key).is_none())
            .and_then(|key| Url::parse(values.get(key)?).ok())
            .map_or(AddressClass::Allowed, |url| AddressClass::classify(&url))
    }
}

fn default_of(setting: &SettingsField) -> Option<&str> {
    match &setting.default {
        Some(DefaultValue::Text(text)) => Some(text),
        Some(DefaultValue::Switch(_)) | None => None,
    }
}

fn warning(class: AddressClass) -> Option<&'static str> {
    match class {
        AddressClass::Allowed => None,
        AddressClass::CleartextAllowed => {
            Some("Not https: anyone on the private network can read the key")
        }
        AddressClass::CleartextIfLocal => {
            Some("Not https: allowed only if the host is on loopback or in a private network")
        }
        AddressClass::Unencrypted => {
            Some("Not https: blocked, because the host is not on loopback or in a private network")
        }
        AddressClass::Forbidden => Some("Blocked: a link-local, metadata or reserved address"),
    }
}

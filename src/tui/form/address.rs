//! Shows the request URL under an endpoint and warns of a URL that is blocked.

use url::Url;

use super::Form;
use super::field::{Field, Place, Value};
use super::rows::Tone;
use crate::connection::Mask;
use crate::connection::check::Outlook;
use crate::provider::probe::Values;
use crate::provider::{DefaultValue, FieldKind, SettingsField};
use crate::text::trim_invisible;

/// Placeholder of a value that exists but must not be shown.
const PLACEHOLDER: &str = "•";

impl Form {
    /// Notes about the request URL under an endpoint field. Empty for other fields and for an incomplete URL.
    pub(super) fn request_url_notes(&self, field: &Field, is_focused: bool) -> Vec<(Tone, String)> {
        let Place::Setting(key) = &field.place else {
            return Vec::new();
        };
        let setting = self.provider.field(key);
        if field.error.is_some() || setting.is_none_or(|setting| setting.kind != FieldKind::Url) {
            return Vec::new();
        }
        let values = self.values();
        let is_there = |key: &str| values.get(key).is_some() || self.is_always_required(key);
        let Some(template) = self.provider.first_call(&values, is_there) else {
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
        let (shown, outlook) = match url.filter(|_| template.settings().all(is_open)) {
            Some(mut url) => {
                url.set_query(None);
                (url.to_string(), Outlook::of(&url))
            }
            None => (
                template.shown(|key| self.shown_value(key, &values)),
                self.outlook_of_base(template.base(), &values),
            ),
        };
        let mut notes = Vec::new();
        if is_focused || !field.is_default() && field.line().is_some_and(|line| !line.is_empty()) {
            notes.push((Tone::Hint, format!("Calls {shown}")));
        }
        notes.extend(warning(outlook).map(|words| (Tone::Warning, format!("! {words}"))));
        notes
    }

    /// Values of the fields as a test reads them; placeholders for secrets and references.
    fn values(&self) -> Values {
        let mut values = Values::default();
        for field in self.fields.iter().filter(|field| !self.is_hidden(field)) {
            let Place::Setting(key) = &field.place else {
                continue;
            };
            let default = self.provider.field(key).and_then(default_of);
            let value = match &field.value {
                Value::Secret(secret) if secret.kept().is_some() => PLACEHOLDER,
                Value::Secret(secret) if trim_invisible(secret.line.value()).is_empty() => "",
                Value::Secret(_) => PLACEHOLDER,
                Value::Text(_) if field.reference().is_some() => PLACEHOLDER,
                Value::Text(line) => match line.value().trim() {
                    "" => default.unwrap_or_default(),
                    text => text.strip_prefix('$').unwrap_or(text),
                },
                Value::Choice { options, at } => {
                    at.and_then(|at| options.get(at)).map_or("", String::as_str)
                }
                Value::Switch(_) => "",
            };
            values.set(key, value.into());
        }
        values
    }

    /// Returns whether the chosen alternative requires this setting alone, so that it can be assumed to be set.
    fn is_always_required(&self, key: &str) -> bool {
        (0..self.provider.alternatives.len())
            .filter_map(|choice| self.way(choice))
            .any(|way| way.always_needs(key))
    }

    /// Text shown instead of a value that is unknown here or must not be shown.
    fn hidden_value(&self, key: &str) -> Option<String> {
        let field = self.field(&Place::Setting(key.to_owned()))?;
        match (field.reference(), &field.value) {
            (Some(reference), _) => Some(reference.to_string()),
            (None, Value::Secret(_)) => Some(Mask::Any.text().to_owned()),
            (None, Value::Text(_) | Value::Switch(_) | Value::Choice { .. }) => None,
        }
    }

    fn shown_value(&self, key: &str, values: &Values) -> String {
        let hidden = self.hidden_value(key);
        hidden.unwrap_or_else(|| values.get(key).unwrap_or("…").to_owned())
    }

    /// Classification of an endpoint that is only partly known.
    fn outlook_of_base(&self, base: Option<&str>, values: &Values) -> Outlook {
        base.filter(|key| self.hidden_value(key).is_none())
            .and_then(|key| Url::parse(values.get(key)?).ok())
            .map_or(Outlook::Fine, |url| Outlook::of(&url))
    }
}

fn default_of(setting: &SettingsField) -> Option<&str> {
    match &setting.default {
        Some(DefaultValue::Text(text)) => Some(text),
        Some(DefaultValue::Switch(_)) | None => None,
    }
}

fn warning(outlook: Outlook) -> Option<&'static str> {
    match outlook {
        Outlook::Fine => None,
        Outlook::Open => Some("Not https: anyone on the private network can read the key"),
        Outlook::OpenIfNear => {
            Some("Not https: allowed only if the host is on loopback or in a private network")
        }
        Outlook::Unencrypted => {
            Some("Not https: blocked, because the host is not on loopback or in a private network")
        }
        Outlook::Forbidden => Some("Blocked: a link-local, metadata or reserved address"),
    }
}

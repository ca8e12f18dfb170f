//! Collects the settings of one provider from a paste.

use url::Url;

use super::left_out::LeftOut;
use super::url::{FOUNDRY, origin, without_user};
use super::value::{PastedValue, has_key};
use super::{PasteKind, PastedConnection};
use crate::appsettings::Reference;
use crate::connection::{ConnectionDraft, PlainSecret, SettingValue, Settings};
use crate::provider::{FieldKind, Provider, SettingsField};

/// Meaning of `$Section:Key`: a configuration reference or an unexpanded shell variable.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum DollarMeaning {
    /// A configuration reference, as umai's own documents have it.
    Reference,
    /// A variable of a shell: a placeholder here.
    Variable,
}

/// The settings found so far, and what was left out.
pub(super) struct CollectedSettings<'a> {
    pub(super) provider: &'a Provider,
    pub(super) settings: Settings<PlainSecret>,
    pub(super) left_out: LeftOut,
    pub(super) dollar: DollarMeaning,
}

impl<'a> CollectedSettings<'a> {
    pub(super) fn new(provider: &'a Provider) -> Self {
        Self {
            provider,
            settings: Settings::default(),
            left_out: LeftOut::default(),
            dollar: DollarMeaning::Variable,
        }
    }

    /// Takes a value into a field, or names where it came from.
    pub(super) fn take(&mut self, field: &SettingsField, from: &str, raw: &str) {
        if self.dollar == DollarMeaning::Reference && Reference::read(raw.trim()).is_some() {
            self.set(field, raw.trim());
            return;
        }
        let value = if field.sensitive {
            PastedValue::secret(raw)
        } else if field.kind == FieldKind::Url {
            PastedValue::address(raw)
        } else {
            PastedValue::plain(raw)
        };
        let text = match value {
            PastedValue::Text(text) => text,
            PastedValue::LeftOut(reason) => return self.leave_out(field.sensitive, from, reason),
        };
        if field.sensitive {
            self.set(field, &text);
        } else if field.kind == FieldKind::Url {
            self.take_address(field, from, &text);
        } else if has_key(&text) {
            self.leave_out(true, from, "looks like a key");
        } else {
            self.set(field, &text);
        }
    }

    /// Takes an address without what may be a credential in it.
    fn take_address(&mut self, field: &SettingsField, from: &str, text: &str) {
        let Ok(mut url) = Url::parse(text) else {
            return if has_key(text) || text.contains('@') {
                self.leave_out(true, from, "not an address");
            } else {
                self.set(field, text);
            };
        };
        let has_user = !url.username().is_empty() || url.password().is_some();
        if has_user {
            self.left_out.credential(format!("the user in {from}"));
            if url.set_username("").is_err() || url.set_password(None).is_err() {
                return self.leave_out(true, from, "has a user");
            }
        }
        let has_query = url.query().is_some() || url.fragment().is_some();
        if has_query {
            self.left_out.credential(format!("the query in {from}"));
            url.set_query(None);
            url.set_fragment(None);
        }
        let open = text.split(['?', '#']).next().unwrap_or_default();
        if has_key(url.as_str()) || has_key(without_user(open)) {
            return self.leave_out(true, from, "holds a key");
        }
        if self.provider.id == FOUNDRY
            && url.path().len() > 1
            && let Some(origin) = self.provider.is_at(&url).then(|| origin(&url)).flatten()
        {
            self.set(field, &origin);
        } else if has_user || has_query {
            self.set(field, url.as_str().trim_end_matches('/'));
        } else {
            self.set(field, text);
        }
    }

    pub(super) fn leave_out(&mut self, is_credential: bool, from: &str, reason: &str) {
        let name = format!("{from} ({reason})");
        if is_credential {
            self.left_out.credential(name);
        } else {
            self.left_out.other(name);
        }
    }

    pub(super) fn set(&mut self, field: &SettingsField, text: &str) {
        self.settings.set(
            field.key.clone(),
            SettingValue::Secret(PlainSecret::new(text)),
        );
    }

    pub(super) fn has(&self, field: &SettingsField) -> bool {
        self.settings.get(&field.key).is_some()
    }

    /// The connection. An endpoint that repeats a secret is taken out.
    pub(super) fn finish(mut self, kind: PasteKind) -> PastedConnection {
        self.drop_repeated_secrets();
        PastedConnection {
            kind,
            draft: ConnectionDraft {
                provider_id: Some(self.provider.id.clone()),
                settings: Some(self.settings),
                ..ConnectionDraft::default()
            },
            left_out: self.left_out.into_names(),
        }
    }

    fn drop_repeated_secrets(&mut self) {
        let fields = || self.provider.settings.iter();
        let text_of =
            |field: &SettingsField| self.settings.get(&field.key).and_then(SettingValue::text);
        let mut repeated = Vec::new();
        for open in fields().filter(|field| !field.sensitive) {
            let Some(text) = text_of(open) else { continue };
            let is_repeated = fields()
                .filter(|field| field.sensitive)
                .filter_map(text_of)
                .any(|secret| secret.len() >= SHORTEST_SECRET && text.contains(secret));
            if is_repeated {
                repeated.push((open.key.clone(), open.label.clone()));
            }
        }
        for (key, label) in repeated {
            self.settings.remove(&key);
            self.leave_out(true, &label, "holds a key");
        }
    }
}

/// Shorter secrets can be part of an address by chance.
const SHORTEST_SECRET: usize = 8;

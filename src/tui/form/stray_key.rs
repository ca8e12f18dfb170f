//! Warns of an API key in a visible field, and moves it to the secret field.

use super::Form;
use super::field::{FieldId, FieldValue, FormField};
use crate::connection::alias;
use crate::provider::{FieldKind, ProviderCatalog};
use crate::text::key_like;
use crate::tui::notice::Notice;

impl FormField {
    /// Returns whether a visible field contains an API key. It is then drawn masked.
    pub fn has_stray_key(&self) -> bool {
        // `check_stray_key`, which knows the prefixes of the providers, sets a warning for these fields.
        match &self.value {
            FieldValue::Text(line) => {
                self.warning.is_some()
                    || !matches!(self.id, FieldId::Setting(_)) && key_like::has_key(line.value())
            }
            FieldValue::Secret(_) | FieldValue::Switch(_) | FieldValue::Choice { .. } => false,
        }
    }
}

impl Form {
    /// Returns whether the focused field contains a misplaced API key.
    pub fn is_on_stray_key(&self) -> bool {
        let field = self.fields.get(self.focus);
        field.is_some_and(FormField::has_stray_key)
    }

    /// Sets or removes the warning about a misplaced API key.
    pub(super) fn check_stray_key(&mut self, at: usize, catalog: &ProviderCatalog) {
        let Some(field) = self.fields.get(at) else {
            return;
        };
        if !self.may_have_stray_key(field) {
            return;
        }
        let key = field
            .line()
            .and_then(|line| key_like::find_key_with(line.value(), catalog.key_prefixes()));
        let warning = key.map(|key| match self.secret_field_for(key) {
            Some(to) => format!(
                "This looks like an API key: {{move-to-reference}} moves it to {}",
                self.fields[to].label
            ),
            None => "This looks like an API key; this field is visible to everyone".to_owned(),
        });
        self.fields[at].warning = warning;
    }

    /// Returns whether an API key in this field is a mistake: a visible field that names something, or an address.
    fn may_have_stray_key(&self, field: &FormField) -> bool {
        match (&field.id, &field.value) {
            (FieldId::Name | FieldId::Alias | FieldId::Note, _) => true,
            (FieldId::Setting(key), FieldValue::Text(line)) => {
                let kind = self.provider.field(key).map(|setting| setting.kind);
                kind == Some(FieldKind::Url) && !line.value().contains("://")
                    || !field.suggestions.is_empty()
            }
            (FieldId::Setting(_) | FieldId::Status | FieldId::AlternativeGroup(_), _) => false,
        }
    }

    /// The alias that the name suggests; none when the name contains an API key.
    pub(super) fn suggested_alias(&self) -> String {
        let name = self.field(&FieldId::Name);
        if name.is_some_and(FormField::has_stray_key) {
            return String::new();
        }
        alias::suggest(self.name())
    }

    /// Sets the alias to the one that the name suggests.
    pub(super) fn update_suggested_alias(&mut self) {
        let suggested = self.suggested_alias();
        let mut fields = self.fields.iter_mut();
        if let Some(field) = fields.find(|field| field.id == FieldId::Alias) {
            field.error = None;
            if let Some(line) = field.line_mut() {
                line.set(&suggested);
            }
        }
    }

    /// Moves the API key from the focused field to the secret field.
    pub fn move_stray_key(&mut self, catalog: &ProviderCatalog) -> Notice {
        let from = self.focus;
        let key = self.fields.get(from).and_then(FormField::line);
        let key =
            key.and_then(|line| key_like::find_key_with(line.value(), catalog.key_prefixes()));
        let Some(key) = key.map(|key| zeroize::Zeroizing::new(key.to_owned())) else {
            return Notice::info("There is no API key in this field");
        };
        let Some(to) = self.secret_field_for(&key) else {
            return Notice::warning(format!("{} has no secret field", self.provider.name));
        };
        let label = self.fields[to].label.clone();
        let FieldValue::Secret(secret) = &mut self.fields[to].value else {
            return Notice::warning(format!("{label} does not accept a key"));
        };
        if !secret.input.is_empty() {
            return Notice::warning(format!(
                "{label} already has a value: clear it first, then move the key"
            ));
        }
        if let Some(why) = secret.input.paste(&key).refusal() {
            return Notice::warning(format!("Nothing moved: {why}"));
        }
        secret.is_cleared = false;
        self.fields[to].mark_filled();
        if let Some(line) = self.fields[from].line_mut() {
            let rest = line.value().replacen(key.as_str(), "", 1);
            line.set(rest.trim());
            line.forget_undo();
        }
        self.fields[from].mark_filled();
        self.changed(catalog);
        self.check_stray_key(from, catalog);
        self.check_key_owner(to, catalog);
        Notice::done(format!("Key moved to {label}"))
    }

    /// Secret field for a key: the one whose keys have its prefix, else the first one.
    fn secret_field_for(&self, key: &str) -> Option<usize> {
        let begins_alike = |field: &FormField| match &field.id {
            FieldId::Setting(setting) => self.provider.field(setting).is_some_and(|setting| {
                let mut prefixes = setting.prefixes.iter();
                prefixes.any(|prefix| key.starts_with(prefix.as_str()))
            }),
            _ => false,
        };
        let is_secret = |field: &FormField| matches!(field.value, FieldValue::Secret(_));
        let fields = || self.fields.iter().enumerate();
        fields()
            .find(|(_, field)| is_secret(field) && begins_alike(field))
            .or_else(|| fields().find(|(_, field)| is_secret(field) && !self.is_hidden(field)))
            .map(|(at, _)| at)
    }
}

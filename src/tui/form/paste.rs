//! Fills a form from a pasted connection, or a field from pasted text.

use std::borrow::Cow;

use super::Form;
use super::field::{FieldId, FieldValue, FormField};
use zeroize::Zeroizing;

use crate::connection::{PastedConnection, PastedProfile, PlainSecret, SettingValue, secret_input};
use crate::provider::{DefaultValue, FieldKind, ProviderCatalog};
use crate::text::printable;
use crate::tui::notice::Notice;
use crate::tui::text_width;

/// Number of names in a message; the others are counted.
const MAX_NAMES: usize = 4;

/// Display width of an unknown name in a message.
const LONGEST_NAME: usize = 40;

impl Form {
    /// Fills the fields from a pasted connection and reports what was filled and left out. A connection of another provider
    /// changes nothing.
    pub fn fill(&mut self, pasted: PastedConnection, catalog: &ProviderCatalog) -> Notice {
        let kind = pasted.kind.as_str();
        let draft = pasted.draft;
        if let Some(id) = &draft.provider_id
            && !id.eq_ignore_ascii_case(&self.provider.id)
        {
            let known = catalog.get(id).map(|other| other.name.clone());
            let name = known.unwrap_or_else(|| shortened(id));
            return Notice::warning(format!(
                "The pasted text ({kind}) is for {name}; nothing was filled in"
            ));
        }
        self.hide_secrets();
        let mut left_out = pasted.left_out;
        let mut filled = Vec::new();
        let before = self.entered();
        let settings = draft.settings.unwrap_or_default();
        if pasted.kind.is_request() {
            self.go_back_to_default(settings.iter().map(|(key, _)| key));
        }
        let mut keys = Vec::new();
        for (key, value) in settings.iter() {
            match self.fill_setting(key, value, catalog) {
                Some(label) => {
                    filled.push(label);
                    keys.extend(self.provider.field(key).map(|field| field.key.clone()));
                }
                None => left_out.push(key.to_owned()),
            }
        }
        self.choose_alternatives(&keys);
        for (id, text) in [(FieldId::Name, &draft.name), (FieldId::Alias, &draft.alias)] {
            if let Some(text) = text.as_deref().filter(|text| !text.trim().is_empty()) {
                match self.fill_common_field(&id, text, catalog) {
                    Some(label) => filled.push(label),
                    None => left_out.push(self.label_of(&id)),
                }
            }
        }
        if filled.is_empty() && left_out.is_empty() {
            let name = &self.provider.name;
            return Notice::done(format!(
                "{name}: the pasted text matches the defaults ({kind})"
            ));
        }
        let mut notice = summary(kind, &filled, &left_out);
        let replaced = self.replaced(&before);
        if !replaced.is_empty() {
            notice.text.push_str("; replaced ");
            notice.text.push_str(&join_names(&replaced));
        }
        notice.text += &self.removed(&keys);
        notice
    }

    /// Copies of what was entered in the fields, defaults excluded.
    fn entered(&self) -> Vec<(FieldId, Zeroizing<String>)> {
        let fields = self.fields.iter().filter(|field| !field.is_default());
        let entered = fields.filter_map(|field| {
            let text = match &field.value {
                FieldValue::Secret(secret) if secret.stored_mask().is_some() => "•",
                _ => field.line()?.value().trim(),
            };
            let text = (!text.is_empty()).then(|| Zeroizing::new(text.to_owned()))?;
            Some((field.id.clone(), text))
        });
        entered.collect()
    }

    /// Labels of the fields whose earlier content is gone.
    fn replaced(&self, before: &[(FieldId, Zeroizing<String>)]) -> Vec<String> {
        let changed = before.iter().filter_map(|(id, text)| {
            let field = self.field(id)?;
            let is_same = field.line().is_some_and(|line| line.value() == text.as_str());
            let is_kept = matches!(&field.value, FieldValue::Secret(secret) if secret.stored_mask().is_some());
            let follows = *id == FieldId::Alias && self.alias_follows;
            (!is_same && !is_kept && !follows).then(|| field.label.clone())
        });
        changed.collect()
    }

    /// Messages about text removed around the secrets of these settings.
    fn removed(&self, keys: &[String]) -> String {
        let fields = keys
            .iter()
            .filter_map(|key| self.field(&FieldId::Setting(key.clone())));
        let notes = fields.filter_map(|field| field.removed.as_deref());
        notes.flat_map(|note| [". ", note]).collect()
    }

    /// Resets the endpoint to the provider's default if a pasted command has no address, so that its key goes there.
    fn go_back_to_default<'a>(&mut self, given: impl Iterator<Item = &'a str>) {
        let given: Vec<&str> = given.collect();
        for setting in &self.provider.settings {
            let id = FieldId::Setting(setting.key.clone());
            if setting.kind == FieldKind::Url
                && !given.contains(&setting.key.as_str())
                && let Some(DefaultValue::Text(default)) = &setting.default
                && let Some(field) = self.fields.iter_mut().find(|field| field.id == id)
                && !field.is_default()
            {
                set_text(field, default);
            }
        }
    }

    fn fill_setting(
        &mut self,
        key: &str,
        value: &SettingValue<PlainSecret>,
        catalog: &ProviderCatalog,
    ) -> Option<String> {
        let id = FieldId::Setting(self.provider.field(key)?.key.clone());
        let at = self.fields.iter().position(|field| field.id == id)?;
        let setting = self.provider.field(key)?;
        let text = value.text();
        if text.is_some_and(|text| secret_input::is_mask(text, setting)) {
            return None;
        }
        let field = self.fields.get_mut(at)?;
        let is_taken = match value {
            SettingValue::Null => false,
            SettingValue::Switch(on) => set_text(field, if *on { "true" } else { "false" }),
            SettingValue::Number(number) => set_text(field, &number.to_string()),
            SettingValue::Text(_) | SettingValue::Secret(_) => {
                value.text().is_some_and(|text| set_text(field, text))
            }
        };
        let label = field.label.clone();
        self.clean_secret(at);
        self.invalidate_reference(at);
        self.check_key_owner(at, catalog);
        is_taken.then_some(label)
    }

    /// Fills the name or the alias if it is empty.
    fn fill_common_field(
        &mut self,
        id: &FieldId,
        text: &str,
        catalog: &ProviderCatalog,
    ) -> Option<String> {
        let is_alias = *id == FieldId::Alias;
        let is_free = self.typed(id).is_empty() || (is_alias && self.alias_follows);
        if !is_free {
            return None;
        }
        let label = self.label_of(id);
        self.set_common_field(id, text);
        if let Some(at) = self.fields.iter().position(|field| field.id == *id) {
            self.check_stray_key(at, catalog);
        }
        if is_alias {
            self.alias_follows = false;
        } else if self.alias_follows && self.id().is_none() {
            let suggested = self.suggested_alias();
            self.set_common_field(&FieldId::Alias, &suggested);
        }
        Some(label)
    }

    fn set_common_field(&mut self, id: &FieldId, text: &str) {
        if let Some(field) = self.fields.iter_mut().find(|field| field.id == *id) {
            set_text(field, text);
        }
    }

    fn label_of(&self, id: &FieldId) -> String {
        self.field(id)
            .map(|field| field.label.clone())
            .unwrap_or_default()
    }

    /// Returns whether typed characters go into a text input.
    pub fn takes_text(&self) -> bool {
        let field = self.fields.get(self.focus);
        self.saving.is_none() && field.is_some_and(|field| field.line().is_some())
    }

    /// Types characters into the focused field, as many as fit: the same as one key after the other. A terminal without
    /// bracketed paste sends a paste this way.
    pub fn type_text(&mut self, text: &str, catalog: &ProviderCatalog) {
        if !self.takes_text() {
            return;
        }
        let Some(field) = self.fields.get_mut(self.focus) else {
            return;
        };
        field.clear_default();
        let text = match field.id {
            FieldId::Alias => Cow::Owned(text.to_ascii_lowercase()),
            _ => Cow::Borrowed(text),
        };
        if !field.line_mut().is_some_and(|line| line.type_text(&text)) {
            return;
        }
        field.mark_filled();
        if let FieldValue::Secret(secret) = &mut field.value {
            secret.is_cleared = false;
        }
        self.changed(catalog);
    }
}

/// Warning that names the profiles of a paste from which none was chosen.
pub(super) fn several_profiles(profiles: &[PastedProfile]) -> Notice {
    let names: Vec<String> = profiles
        .iter()
        .map(|profile| profile.name.clone())
        .collect();
    Notice::warning(format!(
        "The pasted text has several profiles ({}); paste only one",
        join_names(&names)
    ))
}

/// Sets the value of a field; returns false if the field cannot have it.
fn set_text(field: &mut FormField, text: &str) -> bool {
    let text = text.trim();
    if text.is_empty() {
        return false;
    }
    match &mut field.value {
        FieldValue::Text(line) => {
            line.set("");
            line.paste(text);
        }
        FieldValue::Secret(secret) => {
            secret.input.set("");
            if secret.input.paste(text).refusal().is_some() {
                return false;
            }
            secret.is_cleared = false;
        }
        FieldValue::Switch(on) => match text {
            "true" => *on = true,
            "false" => *on = false,
            _ => return false,
        },
        FieldValue::Choice { options, at } => {
            let found = options.iter().position(|option| option == text);
            if found.is_none() {
                return false;
            }
            *at = found;
        }
    }
    field.mark_filled();
    true
}

fn summary(kind: &str, filled: &[String], left_out: &[String]) -> Notice {
    let left = if left_out.is_empty() {
        String::new()
    } else {
        format!("; left out: {}", join_names(left_out))
    };
    if filled.is_empty() {
        return Notice::warning(format!(
            "Nothing was filled in from the pasted text ({kind}){left}"
        ));
    }
    Notice::done(format!("Filled {} ({kind}){left}", join_names(filled)))
}

/// Comma-separated names; those above the limit are counted.
pub fn join_names(names: &[String]) -> String {
    let shown: Vec<_> = names
        .iter()
        .take(MAX_NAMES)
        .map(|name| shortened(name))
        .collect();
    let shown = shown.join(", ");
    match names.len().saturating_sub(MAX_NAMES) {
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
}

fn shortened(name: &str) -> String {
    text_width::cut(&printable(name), LONGEST_NAME)
}

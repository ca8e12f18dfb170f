//! Draft from the fields of a form, and the stored values of a connection.

use super::field::{FieldId, FieldValue, FormField, StoredValue};
use super::{Form, FormSubject};
use crate::connection::{Connection, ConnectionDraft, PlainSecret, SettingValue, Settings};
use crate::provider::SettingsField;
use crate::text;

impl Form {
    /// Draft of the connection.
    pub fn draft(&self) -> ConnectionDraft {
        let mut draft = ConnectionDraft {
            provider_id: Some(self.provider.id.clone()),
            ..ConnectionDraft::default()
        };
        let mut settings = Settings::default();
        for field in &self.fields {
            match &field.id {
                FieldId::Name => draft.name = Some(self.name().to_owned()),
                FieldId::Alias => {
                    draft.alias = Some(self.typed(&FieldId::Alias).to_owned());
                }
                FieldId::AlternativeGroup(_) => {}
                FieldId::Status => {
                    draft.is_active = Some(matches!(field.value, FieldValue::Switch(true)));
                }
                FieldId::Note => {
                    let note = self.typed(&FieldId::Note);
                    draft.note = (!note.is_empty()).then(|| note.to_owned());
                }
                FieldId::Setting(key) => {
                    if let Some(value) = self.setting(field) {
                        settings.set(key.clone(), value);
                    }
                }
            }
        }
        draft.settings = Some(settings);
        draft
    }

    /// Value of a setting; `None` if it was and is empty.
    fn setting(&self, field: &FormField) -> Option<SettingValue<PlainSecret>> {
        if self.is_hidden(field) {
            let is_stored = self.subject != FormSubject::New && field.had_value();
            return is_stored.then_some(SettingValue::Null);
        }
        let text = match &field.value {
            FieldValue::Switch(on) => return Some(SettingValue::Switch(*on)),
            FieldValue::Secret(secret) => {
                match (
                    secret.stored_mask(),
                    text::trim_invisible(secret.input.value()),
                ) {
                    (Some(mask), _) => {
                        return Some(SettingValue::Secret(PlainSecret::new(mask.text())));
                    }
                    (_, "") => "",
                    (_, typed) => return Some(SettingValue::Secret(PlainSecret::new(typed))),
                }
            }
            FieldValue::Text(line) => line.value().trim(),
            FieldValue::Choice { options, at } => {
                at.and_then(|at| options.get(at)).map_or("", String::as_str)
            }
        };
        if !text.is_empty() {
            Some(SettingValue::Text(text.to_owned()))
        } else if self.subject != FormSubject::New && field.had_value() {
            Some(SettingValue::Null)
        } else {
            None
        }
    }
}

/// Stored value of a setting, by its key or an accepted alternative key.
pub(super) fn stored(connection: &Connection, setting: &SettingsField) -> Option<StoredValue> {
    let settings = connection.settings.as_ref()?;
    std::iter::once(&setting.key)
        .chain(&setting.accepted_as)
        .find_map(|key| settings.get(key))
        .and_then(|value| match value {
            SettingValue::Null => None,
            SettingValue::Switch(on) => Some(StoredValue::Switch(*on)),
            SettingValue::Number(number) => Some(StoredValue::Text(number.to_string())),
            SettingValue::Secret(mask) => Some(StoredValue::Secret(*mask)),
            SettingValue::Text(text) => Some(StoredValue::Text(text.clone())),
        })
}

//! Draft from the fields of a form, and the stored values of a connection.

use super::field::{Field, Place, Stored, Value};
use super::{Form, Subject};
use crate::connection::{Connection, ConnectionDraft, Plain, Setting, Settings};
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
            match &field.place {
                Place::Name => draft.name = Some(self.name().to_owned()),
                Place::Alias => draft.alias = Some(self.typed(&Place::Alias).to_owned()),
                Place::Way(_) => {}
                Place::Status => draft.is_active = Some(matches!(field.value, Value::Switch(true))),
                Place::Note => {
                    let note = self.typed(&Place::Note);
                    draft.change_description = (!note.is_empty()).then(|| note.to_owned());
                }
                Place::Setting(key) => {
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
    fn setting(&self, field: &Field) -> Option<Setting<Plain>> {
        if self.is_hidden(field) {
            let is_stored = self.subject != Subject::New && field.had_value();
            return is_stored.then_some(Setting::Null);
        }
        let text = match &field.value {
            Value::Switch(on) => return Some(Setting::Switch(*on)),
            Value::Secret(secret) => {
                match (secret.kept(), text::trim_invisible(secret.line.value())) {
                    (Some(mask), _) => return Some(Setting::Secret(Plain::new(mask.text()))),
                    (_, "") => "",
                    (_, typed) => return Some(Setting::Secret(Plain::new(typed))),
                }
            }
            Value::Text(line) => line.value().trim(),
            Value::Choice { options, at } => {
                at.and_then(|at| options.get(at)).map_or("", String::as_str)
            }
        };
        if !text.is_empty() {
            Some(Setting::Text(text.to_owned()))
        } else if self.subject != Subject::New && field.had_value() {
            Some(Setting::Null)
        } else {
            None
        }
    }
}

/// Stored value of a setting, by its key or an accepted alternative key.
pub(super) fn stored(connection: &Connection, setting: &SettingsField) -> Option<Stored> {
    let settings = connection.settings.as_ref()?;
    std::iter::once(&setting.key)
        .chain(&setting.accepted_as)
        .find_map(|key| settings.get(key))
        .and_then(|value| match value {
            Setting::Null => None,
            Setting::Switch(on) => Some(Stored::Switch(*on)),
            Setting::Number(number) => Some(Stored::Text(number.to_string())),
            Setting::Secret(mask) => Some(Stored::Secret(*mask)),
            Setting::Text(text) => Some(Stored::Text(text.clone())),
        })
}

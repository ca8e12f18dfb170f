//! Drafts: connections before they are saved, from a form, command-line flags or a request body.

pub(crate) mod body;

use super::error::{ConnectionError, DraftField, FieldError, FieldReason};
use super::secret::PlainSecret;
use super::setting::{SettingValue, Settings};
use super::strict_json::{StrictJson, read_object, with_known_names};

/// Input of a create or an update. Absent fields are missing or default in a create, and unchanged in an update.
///
/// A draft read from JSON has every text in `settings` as a [`SettingValue::Secret`]; validation separates secrets from text.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ConnectionDraft {
    /// Alias.
    pub alias: Option<String>,
    /// Name.
    pub name: Option<String>,
    /// Provider ID, in any case.
    pub provider_id: Option<String>,
    /// Status; Active by default.
    pub is_active: Option<bool>,
    /// Settings.
    pub settings: Option<Settings<PlainSecret>>,
    /// Description of the change for the history; truncated to 255 characters.
    pub note: Option<String>,
    /// Values of a wrong type; validation reports them with the other errors.
    pub misread: Vec<FieldError>,
}

/// Members of a request body.
const MEMBERS: [&str; 6] = [
    "alias",
    "name",
    "providerId",
    "isActive",
    "settings",
    "changeDescription",
];

/// Maximum number of settings: four times that of any provider.
const MAX_SETTINGS: usize = 256;

const TOO_MANY: &str = "an object of at most 256 members";

impl ConnectionDraft {
    /// Reads a request body with members in any case. Read-only and unknown members are ignored; values of a wrong type are
    /// recorded for validation, which reports every field at once.
    pub fn from_json(body: &[u8]) -> Result<Self, ConnectionError> {
        let members = with_known_names(read_object(body)?, &MEMBERS)?;
        Ok(Self::from_members(members))
    }

    /// Creates a draft from parsed members.
    pub fn from_members(members: Vec<(String, StrictJson)>) -> Self {
        let mut draft = Self::default();
        for (member, value) in members {
            match member.as_str() {
                "alias" => draft.alias = draft.text(DraftField::Alias, value),
                "name" => draft.name = draft.text(DraftField::Name, value),
                "providerId" => draft.provider_id = draft.text(DraftField::ProviderId, value),
                "isActive" => draft.is_active = draft.switch(&value),
                "settings" => draft.settings = draft.object(value),
                "changeDescription" => {
                    draft.note = match value {
                        StrictJson::Text(text) => Some(text),
                        // An invalid note does not invalidate the change.
                        _ => None,
                    }
                }
                _ => {}
            }
        }
        draft
    }

    fn text(&mut self, field: DraftField, value: StrictJson) -> Option<String> {
        match value {
            // Absent means unchanged; null would remove the name or alias.
            StrictJson::Null if matches!(field, DraftField::Alias | DraftField::Name) => {
                self.misread.push(FieldError {
                    field,
                    reason: FieldReason::Required,
                });
                None
            }
            StrictJson::Null => None,
            StrictJson::Text(text) => Some(text),
            _ => {
                self.add_wrong_type(field, "text");
                None
            }
        }
    }

    fn switch(&mut self, value: &StrictJson) -> Option<bool> {
        if let StrictJson::Switch(on) = value {
            return Some(*on);
        }
        self.add_wrong_type(DraftField::IsActive, "true or false");
        None
    }

    fn object(&mut self, value: StrictJson) -> Option<Settings<PlainSecret>> {
        match value {
            StrictJson::Null => None,
            StrictJson::Object(members) if members.len() > MAX_SETTINGS => {
                self.add_wrong_type(DraftField::Settings, TOO_MANY);
                None
            }
            StrictJson::Object(members) => {
                let mut settings = Settings::with_capacity(members.len());
                for (key, value) in members {
                    if let Some(setting) = self.setting(&key, value) {
                        settings.set(key, setting);
                    }
                }
                Some(settings)
            }
            _ => {
                self.add_wrong_type(DraftField::Settings, "an object");
                None
            }
        }
    }

    fn setting(&mut self, key: &str, value: StrictJson) -> Option<SettingValue<PlainSecret>> {
        match value {
            StrictJson::Null => Some(SettingValue::Null),
            StrictJson::Switch(on) => Some(SettingValue::Switch(on)),
            StrictJson::Number(number) => Some(SettingValue::Number(number)),
            StrictJson::Text(text) => Some(SettingValue::Secret(PlainSecret::new(text))),
            StrictJson::List(_) | StrictJson::Object(_) => {
                let field = DraftField::Setting {
                    provider: self.provider_id.clone().unwrap_or_default(),
                    key: key.to_owned(),
                    label: key.to_owned(),
                };
                self.add_wrong_type(field, "one value, not a list or an object");
                None
            }
        }
    }

    fn add_wrong_type(&mut self, field: DraftField, expected: &'static str) {
        self.misread.push(FieldError {
            field,
            reason: FieldReason::WrongType(expected.into()),
        });
    }

    /// Returns whether a field has a value of the wrong type.
    pub fn has_misread(&self, path: &str) -> bool {
        self.misread.iter().any(|error| error.field.path() == path)
    }
}

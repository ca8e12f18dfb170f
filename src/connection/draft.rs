//! A connection before it is one: the form's content, the command line's flags and the request body.

mod body;

use super::error::{ConnectionError, Field, FieldError, Reason};
use super::json::{Json, read_object, with_known_names};
use super::secret::Plain;
use super::setting::{Setting, Settings};

/// What is asked to be kept. A create takes what is left out as missing or default, an update as unchanged.
///
/// Every text in `settings` may be a [`Setting::Secret`]: whoever fills a draft need not know which are, validation sorts them.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ConnectionDraft {
    /// The alias.
    pub alias: Option<String>,
    /// The name.
    pub name: Option<String>,
    /// The provider's id, in any case.
    pub provider_id: Option<String>,
    /// Active unless said otherwise.
    pub is_active: Option<bool>,
    /// The provider's values.
    pub settings: Option<Settings<Plain>>,
    /// What the person who saves says about the change, for the history; at most 255 characters of it are kept.
    pub change_description: Option<String>,
    /// What could not be read as the type it should be; validation reports it with the rest.
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

/// The most settings that are looked at: four times what any provider has.
const MOST_SETTINGS: usize = 256;

const TOO_MANY: &str = "an object of at most 256 members";

impl ConnectionDraft {
    /// Reads a request body, whose members may be in any case. Members a connection cannot be given (`id`, `version`, dates, unknown ones) are passed over;
    /// values of a wrong type are kept for validation, which reports every field at once.
    pub fn from_json(body: &[u8]) -> Result<Self, ConnectionError> {
        let members = with_known_names(read_object(body)?, &MEMBERS)?;
        Ok(Self::from_members(members))
    }

    /// The same of members that were read already.
    pub fn from_members(members: Vec<(String, Json)>) -> Self {
        let mut draft = Self::default();
        for (member, value) in members {
            match member.as_str() {
                "alias" => draft.alias = draft.text(Field::Alias, value),
                "name" => draft.name = draft.text(Field::Name, value),
                "providerId" => draft.provider_id = draft.text(Field::ProviderId, value),
                "isActive" => draft.is_active = draft.switch(&value),
                "settings" => draft.settings = draft.object(value),
                "changeDescription" => {
                    draft.change_description = match value {
                        Json::Text(text) => Some(text),
                        // Not what the change is about, so it refuses nothing.
                        Json::Null
                        | Json::Switch(_)
                        | Json::Number(_)
                        | Json::List(_)
                        | Json::Object(_) => None,
                    }
                }
                _ => {}
            }
        }
        draft
    }

    fn text(&mut self, field: Field, value: Json) -> Option<String> {
        match value {
            // Left out, a name or an alias is unchanged; null would remove it.
            Json::Null if matches!(field, Field::Alias | Field::Name) => {
                self.misread.push(FieldError {
                    field,
                    reason: Reason::Required,
                });
                None
            }
            Json::Null => None,
            Json::Text(text) => Some(text),
            Json::Switch(_) | Json::Number(_) | Json::List(_) | Json::Object(_) => {
                self.misreads(field, "text");
                None
            }
        }
    }

    fn switch(&mut self, value: &Json) -> Option<bool> {
        match value {
            Json::Switch(on) => Some(*on),
            Json::Null | Json::Text(_) | Json::Number(_) | Json::List(_) | Json::Object(_) => {
                self.misreads(Field::IsActive, "true or false");
                None
            }
        }
    }

    fn object(&mut self, value: Json) -> Option<Settings<Plain>> {
        match value {
            Json::Null => None,
            Json::Object(members) if members.len() > MOST_SETTINGS => {
                self.misreads(Field::Settings, TOO_MANY);
                None
            }
            Json::Object(members) => {
                let mut settings = Settings::default();
                for (key, value) in members {
                    if let Some(setting) = self.setting(&key, value) {
                        settings.set(key, setting);
                    }
                }
                Some(settings)
            }
            Json::Text(_) | Json::Switch(_) | Json::Number(_) | Json::List(_) => {
                self.misreads(Field::Settings, "an object");
                None
            }
        }
    }

    fn setting(&mut self, key: &str, value: Json) -> Option<Setting<Plain>> {
        match value {
            Json::Null => Some(Setting::Null),
            Json::Switch(on) => Some(Setting::Switch(on)),
            Json::Number(number) => Some(Setting::Number(number)),
            Json::Text(text) => Some(Setting::Secret(Plain::new(text))),
            Json::List(_) | Json::Object(_) => {
                let field = Field::Setting {
                    provider: self.provider_id.clone().unwrap_or_default(),
                    key: key.to_owned(),
                    label: key.to_owned(),
                };
                self.misreads(field, "one value, not a list or an object");
                None
            }
        }
    }

    fn misreads(&mut self, field: Field, expected: &'static str) {
        self.misread.push(FieldError {
            field,
            reason: Reason::WrongType(expected.into()),
        });
    }

    /// Whether a field was given with a value of the wrong type.
    pub fn has_misread(&self, path: &str) -> bool {
        self.misread.iter().any(|error| error.field.path() == path)
    }
}

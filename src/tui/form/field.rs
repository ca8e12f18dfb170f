//! One field of a form: its label, value and error.

mod value;

use crossterm::event::KeyCode;
use serde::{Deserialize, Serialize};

use crate::appsettings::Reference;
use crate::connection::MaskedSecret;
use crate::provider::{AlternativeGroup, DefaultValue, SettingsField, ValueType};
use crate::text;
use crate::tui::key::KeyPress;
use crate::tui::text_input::TextInput;
pub use value::{EnteredText, EnteredValue};

/// Part of the draft that a field fills.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum FieldId {
    /// Name.
    Name,
    /// Alias.
    Alias,
    /// Active or Inactive.
    Status,
    /// Group of alternatives, by its index.
    #[serde(rename = "way")]
    AlternativeGroup(usize),
    /// Setting with this key.
    Setting(String),
    /// Note on the change.
    Note,
}

/// Value of a field.
#[derive(Debug)]
pub enum FieldValue {
    /// Visible text.
    Text(TextInput),
    /// Hidden text.
    Secret(SecretInput),
    /// On or off.
    Switch(bool),
    /// One of several options, or none yet.
    Choice {
        /// Available options.
        options: Vec<String>,
        /// Index of the chosen option.
        at: Option<usize>,
    },
}

/// Input of a secret, and the state of the stored one.
#[derive(Debug)]
pub struct SecretInput {
    /// True if the user wanted to see a secret that cannot be shown.
    pub is_reveal_refused: bool,
    /// Typed text.
    pub input: TextInput,
    /// Mask of the stored secret.
    pub stored: Option<MaskedSecret>,
    /// True if a save removes the stored secret.
    pub is_cleared: bool,
    /// True if the typed text is shown.
    pub is_shown: bool,
}

impl SecretInput {
    /// Mask of the stored secret if a save keeps it: nothing is typed, and it was not cleared.
    pub fn stored_mask(&self) -> Option<MaskedSecret> {
        self.stored
            .filter(|_| text::trim_invisible(self.input.value()).is_empty() && !self.is_cleared)
    }

    /// Empties the input and marks the stored secret for removal; a second call keeps it again.
    fn clear(&mut self) {
        self.is_cleared = self.stored.is_some() && !self.is_cleared;
        self.input.set("");
    }
}

/// Field of a form.
#[derive(Debug)]
pub struct FormField {
    /// Part of the draft that it fills.
    pub id: FieldId,
    /// Label.
    pub label: String,
    /// Description in one sentence.
    pub description: String,
    /// Text shown while it is empty.
    pub placeholder: &'static str,
    /// Heading of its group.
    pub group: Option<String>,
    /// True if a value is required.
    pub is_required: bool,
    /// Value.
    pub value: FieldValue,
    /// Error that prevents a save.
    pub error: Option<String>,
    /// Warning that does not prevent a save.
    pub warning: Option<String>,
    /// Message about text removed around a pasted secret, until the next edit.
    pub removed: Option<String>,
    /// Reference that a save was refused for.
    pub(super) refused: Option<Reference>,
    /// Common values for completion.
    pub(super) suggestions: Vec<String>,
    /// True if the field was edited.
    is_touched: bool,
    /// Default value of the provider.
    default: Option<String>,
    /// Value when the form was opened.
    initial: InitialValue,
}

/// Value of a field when the form was opened.
#[derive(Debug, PartialEq)]
enum InitialValue {
    Text(String),
    Secret { reference: String, was_stored: bool },
    Switch(bool),
    Choice(Option<usize>),
}

impl FormField {
    /// Creates a field that every connection has.
    pub fn common_field(id: FieldId, label: &str, value: FieldValue) -> Self {
        Self {
            is_required: matches!(id, FieldId::Name | FieldId::Alias),
            placeholder: match id {
                FieldId::Name => "Enter connection name",
                FieldId::Alias => "Enter alias",
                FieldId::Note => "Say what this change is for (optional)",
                FieldId::Status | FieldId::AlternativeGroup(_) | FieldId::Setting(_) => "",
            },
            id,
            label: label.to_owned(),
            description: String::new(),
            suggestions: Vec::new(),
            group: None,
            initial: initial_of(&value),
            value,
            error: None,
            warning: None,
            removed: None,
            refused: None,
            is_touched: false,
            default: None,
        }
    }

    /// Creates the choice between alternatives, with one of them chosen.
    pub(super) fn alternative(index: usize, choice: &AlternativeGroup, chosen: usize) -> Self {
        let value = FieldValue::Choice {
            options: choice
                .alternatives
                .iter()
                .map(|alternative| alternative.label.clone())
                .collect(),
            at: Some(chosen),
        };
        Self {
            description: choice.description.clone(),
            group: choice.group.clone(),
            ..Self::common_field(FieldId::AlternativeGroup(index), &choice.label, value)
        }
    }

    /// Creates the field of a provider's setting with the stored value; a new connection starts with the default.
    pub fn setting(setting: &SettingsField, stored: Option<&StoredValue>, is_new: bool) -> Self {
        let default = match &setting.default {
            Some(DefaultValue::Text(text)) => Some(text.clone()),
            Some(DefaultValue::Switch(_)) | None => None,
        };
        let text = match (stored, &default) {
            (Some(StoredValue::Text(text)), _) => text.as_str(),
            (None, Some(default)) if is_new => default.as_str(),
            _ => "",
        };
        let value = if setting.kind.value_type() == ValueType::Switch {
            FieldValue::Switch(match (stored, &setting.default) {
                (Some(StoredValue::Switch(on)), _) | (_, Some(DefaultValue::Switch(on))) => *on,
                _ => false,
            })
        } else if setting.sensitive {
            let mut line = TextInput::secret();
            line.set(text);
            FieldValue::Secret(SecretInput {
                is_reveal_refused: false,
                input: line,
                stored: match stored {
                    Some(StoredValue::Secret(mask)) => Some(*mask),
                    Some(StoredValue::Text(_) | StoredValue::Switch(_)) | None => None,
                },
                is_cleared: false,
                is_shown: false,
            })
        } else if !setting.options.is_empty() {
            let mut options = setting.options.clone();
            if !text.is_empty() && !options.iter().any(|option| option == text) {
                options.push(text.to_owned());
            }
            FieldValue::Choice {
                at: options.iter().position(|option| option == text),
                options,
            }
        } else {
            FieldValue::Text(TextInput::text(text))
        };
        Self {
            id: FieldId::Setting(setting.key.clone()),
            label: setting.label.clone(),
            description: setting.description.clone(),
            suggestions: setting.suggestions.clone(),
            placeholder: "",
            group: setting.group.clone(),
            is_required: setting.required,
            initial: initial_of(&value),
            value,
            error: None,
            warning: None,
            removed: None,
            refused: None,
            is_touched: false,
            default,
        }
    }

    /// Text input, if the field has one.
    pub const fn line(&self) -> Option<&TextInput> {
        match &self.value {
            FieldValue::Text(line) => Some(line),
            FieldValue::Secret(secret) => Some(&secret.input),
            FieldValue::Switch(_) | FieldValue::Choice { .. } => None,
        }
    }

    /// Text input, if the field has one.
    pub const fn line_mut(&mut self) -> Option<&mut TextInput> {
        match &mut self.value {
            FieldValue::Text(line) => Some(line),
            FieldValue::Secret(secret) => Some(&mut secret.input),
            FieldValue::Switch(_) | FieldValue::Choice { .. } => None,
        }
    }

    /// Configuration reference in the field.
    pub fn reference(&self) -> Option<Reference> {
        match self.id {
            FieldId::Setting(_) => Reference::read(self.line()?.value().trim()),
            _ => None,
        }
    }

    /// Removes the error about a reference that resolves now.
    pub(super) fn clear_reference_error(&mut self, reference: &Reference) {
        if self.refused.as_ref() == Some(reference) && self.reference().as_ref() == Some(reference)
        {
            self.refused = None;
            self.error = None;
        }
    }

    /// Returns whether the value is the provider's default.
    pub fn is_default(&self) -> bool {
        let value = match &self.value {
            FieldValue::Text(line) => Some(line.value()),
            FieldValue::Choice { options, at } => {
                at.and_then(|at| options.get(at)).map(String::as_str)
            }
            FieldValue::Secret(_) | FieldValue::Switch(_) => None,
        };
        value.is_some() && value == self.default.as_deref()
    }

    /// Returns whether the value differs from when the form was opened.
    pub fn is_changed(&self) -> bool {
        match (&self.value, &self.initial) {
            (FieldValue::Text(line), InitialValue::Text(text)) => line.value() != text,
            (
                FieldValue::Secret(secret),
                InitialValue::Secret {
                    reference,
                    was_stored,
                },
            ) => match secret.stored_mask() {
                Some(_) => !*was_stored,
                None => *was_stored || secret.input.value() != reference,
            },
            (FieldValue::Switch(on), InitialValue::Switch(was)) => on != was,
            (FieldValue::Choice { at, .. }, InitialValue::Choice(was)) => at != was,
            _ => true,
        }
    }

    /// Returns whether the field had a value when the form was opened.
    pub fn had_value(&self) -> bool {
        match &self.initial {
            InitialValue::Text(text) => !text.is_empty(),
            InitialValue::Secret {
                reference,
                was_stored,
            } => *was_stored || !reference.is_empty(),
            InitialValue::Switch(_) => false,
            InitialValue::Choice(at) => at.is_some(),
        }
    }

    /// Prepares for typing or pasting: an untouched default is cleared like a placeholder.
    pub fn clear_default(&mut self) {
        let clears_default = !self.is_touched && self.is_default();
        self.is_touched = true;
        if clears_default && let FieldValue::Text(line) = &mut self.value {
            line.set("");
        }
    }

    /// Makes the current value the initial one.
    pub(super) fn reset_initial(&mut self) {
        self.initial = initial_of(&self.value);
    }

    /// Marks the field as edited and removes its error.
    pub(super) fn mark_filled(&mut self) {
        self.is_touched = true;
        self.error = None;
        self.removed = None;
    }

    /// Handles a key; returns false if the field does not use it.
    pub fn edit(&mut self, key: KeyPress) -> bool {
        let key = match key.typed() {
            // An alias has no capitals.
            Some(character) if self.id == FieldId::Alias => {
                KeyPress::plain(KeyCode::Char(character.to_ascii_lowercase()))
            }
            _ => key,
        };
        let is_plain = !key.has_control() && !key.has_alt();
        if key.code() == KeyCode::Right && is_plain && self.complete() {
            return true;
        }
        if key.typed().is_some() {
            self.clear_default();
        }
        self.is_touched |= TextInput::is_editing_key(key);
        let changed = match &mut self.value {
            FieldValue::Text(line) => line.edit(key),
            FieldValue::Secret(secret) => {
                let changed = secret.input.edit(key);
                if !secret.input.is_empty() {
                    secret.is_cleared = false;
                }
                changed
            }
            FieldValue::Switch(on) => match key.code() {
                KeyCode::Char(' ') | KeyCode::Left | KeyCode::Right => {
                    *on = !*on;
                    true
                }
                _ => false,
            },
            FieldValue::Choice { options, at } => match key.code() {
                KeyCode::Char(' ') | KeyCode::Right => {
                    *at = Some(at.map_or(0, |at| (at + 1) % options.len().max(1)));
                    true
                }
                KeyCode::Left => {
                    let last = options.len().saturating_sub(1);
                    *at = Some(at.map_or(last, |at| at.checked_sub(1).unwrap_or(last)));
                    true
                }
                _ => false,
            },
        };
        if changed {
            self.error = None;
            self.removed = None;
        }
        changed
    }

    /// Empties the field; a save removes its stored secret.
    pub fn clear(&mut self) {
        self.error = None;
        self.removed = None;
        match &mut self.value {
            FieldValue::Text(line) => line.set(""),
            FieldValue::Secret(secret) => secret.clear(),
            FieldValue::Switch(on) => *on = false,
            FieldValue::Choice { at, .. } => *at = None,
        }
    }
}

/// Value stored in a setting.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StoredValue {
    /// Visible text.
    Text(String),
    /// Secret.
    Secret(MaskedSecret),
    /// On or off.
    Switch(bool),
}

fn initial_of(value: &FieldValue) -> InitialValue {
    match value {
        FieldValue::Text(line) => InitialValue::Text(line.value().to_owned()),
        FieldValue::Secret(secret) => InitialValue::Secret {
            reference: secret.input.value().to_owned(),
            was_stored: secret.stored.is_some(),
        },
        FieldValue::Switch(on) => InitialValue::Switch(*on),
        FieldValue::Choice { at, .. } => InitialValue::Choice(*at),
    }
}

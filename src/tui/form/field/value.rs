//! Value of a field for drafts and merges.

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use zeroize::Zeroizing;

use super::{FieldId, FieldValue, FormField, InitialValue};
use crate::connection::MaskedSecret;

/// Value of a field.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum EnteredValue {
    /// Visible text.
    Text(String),
    /// Hidden text.
    #[serde(rename_all = "camelCase")]
    Secret {
        /// Typed text, or the stored reference.
        typed: EnteredText,
        /// Mask of the stored secret.
        stored: Option<MaskedSecret>,
        /// True if a save removes the stored secret.
        is_cleared: bool,
    },
    /// On or off.
    Switch(bool),
    /// Chosen option.
    Choice(Option<String>),
}

/// Text that may be a secret: zeroized, and hidden in `Debug`.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct EnteredText(pub Zeroizing<String>);

impl std::fmt::Debug for EnteredText {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Typed(…)")
    }
}

impl Serialize for EnteredText {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for EnteredText {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Ok(Self(Zeroizing::new(text)))
    }
}

impl EnteredValue {
    /// Size of its text in bytes.
    pub fn bytes(&self) -> usize {
        match self {
            Self::Text(text) => text.len(),
            Self::Secret { typed, .. } => typed.0.len(),
            Self::Choice(chosen) => chosen.as_ref().map_or(0, String::len),
            Self::Switch(_) => 0,
        }
    }

    /// Returns whether the values are equal, ignoring surrounding white space.
    pub fn equals_trimmed(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Text(one), Self::Text(two)) => one.trim() == two.trim(),
            (Self::Text(_) | Self::Secret { .. } | Self::Switch(_) | Self::Choice(_), _) => {
                self == other
            }
        }
    }

    /// Value for display; for a secret only its state.
    pub fn displayed(&self, id: &FieldId) -> String {
        let or_empty = |text: &str| {
            if text.is_empty() {
                "nothing".to_owned()
            } else {
                text.to_owned()
            }
        };
        match self {
            Self::Text(text) => or_empty(text.trim()),
            Self::Choice(chosen) => or_empty(chosen.as_deref().unwrap_or_default()),
            Self::Switch(on) => match (id, on) {
                (FieldId::Status, true) => "Active".into(),
                (FieldId::Status, false) => "Inactive".into(),
                (_, true) => "on".into(),
                (_, false) => "off".into(),
            },
            Self::Secret {
                typed,
                stored,
                is_cleared,
            } => match (typed.0.trim(), stored, is_cleared) {
                ("", _, true) => "removed".into(),
                ("", Some(_), false) => "a different stored secret".into(),
                ("", None, false) => "nothing".into(),
                (text, _, _) if text.starts_with('$') && !text.starts_with("$$") => text.to_owned(),
                (_, _, _) => "the secret that you typed".into(),
            },
        }
    }
}

impl FormField {
    /// Current value.
    pub fn current(&self) -> EnteredValue {
        match &self.value {
            FieldValue::Text(line) => EnteredValue::Text(line.value().to_owned()),
            FieldValue::Secret(secret) => EnteredValue::Secret {
                typed: typed(secret.input.value()),
                stored: secret.stored,
                is_cleared: secret.is_cleared,
            },
            FieldValue::Switch(on) => EnteredValue::Switch(*on),
            FieldValue::Choice { options, at } => {
                EnteredValue::Choice(at.and_then(|at| options.get(at)).cloned())
            }
        }
    }

    /// Value when the form was opened, or at the last merge.
    pub fn baseline(&self) -> EnteredValue {
        match (&self.initial, &self.value) {
            (InitialValue::Text(text), _) => EnteredValue::Text(text.clone()),
            (InitialValue::Switch(on), _) => EnteredValue::Switch(*on),
            (InitialValue::Choice(at), FieldValue::Choice { options, .. }) => {
                EnteredValue::Choice(at.and_then(|at| options.get(at)).cloned())
            }
            (
                InitialValue::Choice(_),
                FieldValue::Text(_) | FieldValue::Secret(_) | FieldValue::Switch(_),
            ) => EnteredValue::Choice(None),
            (
                InitialValue::Secret {
                    reference,
                    was_stored,
                },
                value,
            ) => {
                let stored = match value {
                    FieldValue::Secret(secret) => secret.stored,
                    FieldValue::Text(_) | FieldValue::Switch(_) | FieldValue::Choice { .. } => None,
                };
                EnteredValue::Secret {
                    typed: typed(reference),
                    stored: was_stored.then(|| stored.unwrap_or_default()),
                    is_cleared: false,
                }
            }
        }
    }

    /// Sets the value; a value of another kind is ignored.
    pub fn set(&mut self, value: &EnteredValue) {
        match (&mut self.value, value) {
            (FieldValue::Text(line), EnteredValue::Text(text)) => line.set(text),
            (
                FieldValue::Secret(secret),
                EnteredValue::Secret {
                    typed,
                    stored,
                    is_cleared,
                },
            ) => {
                secret.input.set(&typed.0);
                secret.stored = *stored;
                secret.is_cleared = *is_cleared;
            }
            (FieldValue::Switch(on), EnteredValue::Switch(value)) => *on = *value,
            (FieldValue::Choice { options, at }, EnteredValue::Choice(chosen)) => {
                *at = chosen.as_ref().map(|chosen| option_index(options, chosen));
            }
            _ => return,
        }
        self.is_touched = true;
        self.error = None;
        self.removed = None;
        self.refused = None;
    }

    /// Replaces the stored value that the input is compared with; the input stays.
    pub fn rebase(&mut self, stored: &EnteredValue) {
        match (&mut self.value, stored) {
            (FieldValue::Text(_), EnteredValue::Text(text)) => {
                self.initial = InitialValue::Text(text.clone());
            }
            (
                FieldValue::Secret(secret),
                EnteredValue::Secret {
                    typed,
                    stored: mask,
                    ..
                },
            ) => {
                self.initial = InitialValue::Secret {
                    reference: String::clone(&typed.0),
                    was_stored: mask.is_some(),
                };
                secret.stored = *mask;
                secret.is_cleared &= mask.is_some();
            }
            (FieldValue::Switch(_), EnteredValue::Switch(on)) => {
                self.initial = InitialValue::Switch(*on);
            }
            (FieldValue::Choice { options, .. }, EnteredValue::Choice(chosen)) => {
                let at = chosen.as_ref().map(|chosen| option_index(options, chosen));
                self.initial = InitialValue::Choice(at);
            }
            _ => {}
        }
    }

    /// Treats the field as not stored. Returns whether a secret is lost that only the store had.
    pub fn detach_from_stored(&mut self) -> bool {
        let kept = match &self.value {
            FieldValue::Secret(secret) => secret.stored_mask().is_some(),
            FieldValue::Text(_) | FieldValue::Switch(_) | FieldValue::Choice { .. } => false,
        };
        self.rebase(&match &self.value {
            FieldValue::Text(_) => EnteredValue::Text(String::new()),
            FieldValue::Switch(on) => EnteredValue::Switch(*on),
            FieldValue::Choice { .. } => EnteredValue::Choice(None),
            FieldValue::Secret(_) => EnteredValue::Secret {
                typed: EnteredText::default(),
                stored: None,
                is_cleared: false,
            },
        });
        kept
    }
}

fn typed(text: &str) -> EnteredText {
    EnteredText(Zeroizing::new(text.to_owned()))
}

/// Index of an option; an unknown option is added.
fn option_index(options: &mut Vec<String>, option: &str) -> usize {
    if let Some(at) = options.iter().position(|known| known == option) {
        return at;
    }
    options.push(option.to_owned());
    options.len() - 1
}

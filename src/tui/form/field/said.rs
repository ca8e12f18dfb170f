//! Value of a field for drafts and merges.

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use zeroize::Zeroizing;

use super::{Field, Initial, Place, Value};
use crate::connection::Mask;

/// Value of a field.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Said {
    /// Visible text.
    Text(String),
    /// Hidden text.
    #[serde(rename_all = "camelCase")]
    Secret {
        /// Typed text, or the stored reference.
        typed: Typed,
        /// Mask of the stored secret.
        stored: Option<Mask>,
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
pub struct Typed(pub Zeroizing<String>);

impl std::fmt::Debug for Typed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Typed(…)")
    }
}

impl Serialize for Typed {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Typed {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Ok(Self(Zeroizing::new(text)))
    }
}

impl Said {
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
    pub fn shown(&self, place: &Place) -> String {
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
            Self::Switch(on) => match (place, on) {
                (Place::Status, true) => "Active".into(),
                (Place::Status, false) => "Inactive".into(),
                (
                    Place::Name | Place::Alias | Place::Way(_) | Place::Setting(_) | Place::Note,
                    true,
                ) => "on".into(),
                (
                    Place::Name | Place::Alias | Place::Way(_) | Place::Setting(_) | Place::Note,
                    false,
                ) => "off".into(),
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

impl Field {
    /// Current value.
    pub fn current(&self) -> Said {
        match &self.value {
            Value::Text(line) => Said::Text(line.value().to_owned()),
            Value::Secret(secret) => Said::Secret {
                typed: typed(secret.line.value()),
                stored: secret.stored,
                is_cleared: secret.is_cleared,
            },
            Value::Switch(on) => Said::Switch(*on),
            Value::Choice { options, at } => {
                Said::Choice(at.and_then(|at| options.get(at)).cloned())
            }
        }
    }

    /// Value when the form was opened, or at the last merge.
    pub fn baseline(&self) -> Said {
        match (&self.initial, &self.value) {
            (Initial::Text(text), _) => Said::Text(text.clone()),
            (Initial::Switch(on), _) => Said::Switch(*on),
            (Initial::Choice(at), Value::Choice { options, .. }) => {
                Said::Choice(at.and_then(|at| options.get(at)).cloned())
            }
            (Initial::Choice(_), Value::Text(_) | Value::Secret(_) | Value::Switch(_)) => {
                Said::Choice(None)
            }
            (
                Initial::Secret {
                    reference,
                    was_stored,
                },
                value,
            ) => {
                let stored = match value {
                    Value::Secret(secret) => secret.stored,
                    Value::Text(_) | Value::Switch(_) | Value::Choice { .. } => None,
                };
                Said::Secret {
                    typed: typed(reference),
                    stored: was_stored.then(|| stored.unwrap_or_default()),
                    is_cleared: false,
                }
            }
        }
    }

    /// Sets the value; a value of another kind is ignored.
    pub fn set(&mut self, said: &Said) {
        match (&mut self.value, said) {
            (Value::Text(line), Said::Text(text)) => line.set(text),
            (
                Value::Secret(secret),
                Said::Secret {
                    typed,
                    stored,
                    is_cleared,
                },
            ) => {
                secret.line.set(&typed.0);
                secret.stored = *stored;
                secret.is_cleared = *is_cleared;
            }
            (Value::Switch(on), Said::Switch(said)) => *on = *said,
            (Value::Choice { options, at }, Said::Choice(chosen)) => {
                *at = chosen.as_ref().map(|chosen| option_index(options, chosen));
            }
            (Value::Text(_) | Value::Secret(_) | Value::Switch(_) | Value::Choice { .. }, _) => {
                return;
            }
        }
        self.is_touched = true;
        self.error = None;
        self.removed = None;
        self.refused = None;
    }

    /// Replaces the stored value that the input is compared with; the input stays.
    pub fn rebase(&mut self, stored: &Said) {
        match (&mut self.value, stored) {
            (Value::Text(_), Said::Text(text)) => self.initial = Initial::Text(text.clone()),
            (
                Value::Secret(secret),
                Said::Secret {
                    typed,
                    stored: mask,
                    ..
                },
            ) => {
                self.initial = Initial::Secret {
                    reference: String::clone(&typed.0),
                    was_stored: mask.is_some(),
                };
                secret.stored = *mask;
                secret.is_cleared &= mask.is_some();
            }
            (Value::Switch(_), Said::Switch(on)) => self.initial = Initial::Switch(*on),
            (Value::Choice { options, .. }, Said::Choice(chosen)) => {
                let at = chosen.as_ref().map(|chosen| option_index(options, chosen));
                self.initial = Initial::Choice(at);
            }
            (Value::Text(_) | Value::Secret(_) | Value::Switch(_) | Value::Choice { .. }, _) => {}
        }
    }

    /// Treats the field as not stored. Returns whether a secret is lost that only the store had.
    pub fn make_new(&mut self) -> bool {
        let kept = match &self.value {
            Value::Secret(secret) => secret.kept().is_some(),
            Value::Text(_) | Value::Switch(_) | Value::Choice { .. } => false,
        };
        self.rebase(&match &self.value {
            Value::Text(_) => Said::Text(String::new()),
            Value::Switch(on) => Said::Switch(*on),
            Value::Choice { .. } => Said::Choice(None),
            Value::Secret(_) => Said::Secret {
                typed: Typed::default(),
                stored: None,
                is_cleared: false,
            },
        });
        kept
    }
}

fn typed(text: &str) -> Typed {
    Typed(Zeroizing::new(text.to_owned()))
}

/// Index of an option; an unknown option is added.
fn option_index(options: &mut Vec<String>, option: &str) -> usize {
    if let Some(at) = options.iter().position(|known| known == option) {
        return at;
    }
    options.push(option.to_owned());
    options.len() - 1
}

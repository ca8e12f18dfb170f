//! One field of a form: what it is, what it says, what is wrong with it.

mod said;

use crossterm::event::KeyCode;
use serde::{Deserialize, Serialize};

use crate::appsettings::Reference;
use crate::connection::Mask;
use crate::provider::{Alternatives, DefaultValue, FieldKind, SettingsField};
use crate::text;
use crate::tui::key::Key;
use crate::tui::line::Line;
pub use said::{Said, Typed};

/// Which part of a draft a field fills.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Place {
    /// The name.
    Name,
    /// The alias.
    Alias,
    /// Whether it is active.
    Status,
    /// Which of several ways is gone: the choice of this number.
    Way(usize),
    /// The setting of this key.
    Setting(String),
    /// What is said about the change.
    Note,
}

/// What a field says.
#[derive(Debug)]
pub enum Value {
    /// Text that may be seen.
    Text(Line),
    /// Text that must not be seen.
    Secret(Secret),
    /// On or off.
    Switch(bool),
    /// One of these, or none yet.
    Choice {
        /// What can be chosen.
        options: Vec<String>,
        /// Which is.
        at: Option<usize>,
    },
}

/// A secret being typed, and the one that is stored.
#[derive(Debug)]
pub struct Secret {
    /// What was typed.
    pub line: Line,
    /// The mask of the one that is stored.
    pub stored: Option<Mask>,
    /// Whether the one that is stored shall be removed.
    pub is_cleared: bool,
    /// Whether what was typed is shown.
    pub is_shown: bool,
}

impl Secret {
    /// The mask of the stored one, when it is to be kept: nothing is typed, and it was not cleared.
    pub fn kept(&self) -> Option<Mask> {
        self.stored
            .filter(|_| text::trim_invisible(self.line.value()).is_empty() && !self.is_cleared)
    }

    /// Empties it. The stored one goes when it is saved; asked again, it stays after all.
    fn clear(&mut self) {
        self.is_cleared = self.stored.is_some() && !self.is_cleared;
        self.line.set("");
    }
}

/// A field of a form.
#[derive(Debug)]
pub struct Field {
    /// Which part of a draft it fills.
    pub place: Place,
    /// What it is called.
    pub label: String,
    /// One sentence about it.
    pub description: String,
    /// What stands in it while it is empty.
    pub placeholder: &'static str,
    /// The heading it stands under.
    pub group: Option<String>,
    /// Whether it must be filled.
    pub is_required: bool,
    /// What it says.
    pub value: Value,
    /// What is wrong with it.
    pub error: Option<String>,
    /// What is remarkable about it, though it may be saved.
    pub warning: Option<String>,
    /// What was removed around a secret that was entered, until it is edited.
    pub removed: Option<String>,
    /// The reference that a save was refused for.
    pub(super) refused: Option<Reference>,
    /// Values that are common in it.
    pub(super) suggestions: Vec<String>,
    /// Whether a key went into it.
    is_touched: bool,
    /// What the provider fills in.
    default: Option<String>,
    /// What it said when the form was opened.
    initial: Initial,
}

/// What a field said when the form was opened.
#[derive(Debug, PartialEq)]
enum Initial {
    Text(String),
    Secret { reference: String, was_stored: bool },
    Switch(bool),
    Choice(Option<usize>),
}

impl Field {
    /// A field that every connection has.
    pub fn own(place: Place, label: &str, value: Value) -> Self {
        Self {
            is_required: matches!(place, Place::Name | Place::Alias),
            placeholder: match place {
                Place::Name => "Enter connection name",
                Place::Alias => "Enter alias",
                Place::Note => "Say what this change is for (optional)",
                Place::Status | Place::Way(_) | Place::Setting(_) => "",
            },
            place,
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

    /// The choice between ways, of which one is gone.
    pub(super) fn way(index: usize, choice: &Alternatives, gone: usize) -> Self {
        let value = Value::Choice {
            options: choice.ways.iter().map(|way| way.label.clone()).collect(),
            at: Some(gone),
        };
        Self {
            description: choice.description.clone(),
            group: choice.group.clone(),
            ..Self::own(Place::Way(index), &choice.label, value)
        }
    }

    /// The field of a provider's setting, saying what is stored; a new connection says the default.
    pub fn setting(setting: &SettingsField, stored: Option<&Stored>, is_new: bool) -> Self {
        let default = match &setting.default {
            Some(DefaultValue::Text(text)) => Some(text.clone()),
            Some(DefaultValue::Switch(_)) | None => None,
        };
        let text = match (stored, &default) {
            (Some(Stored::Text(text)), _) => text.as_str(),
            (None, Some(default)) if is_new => default.as_str(),
            _ => "",
        };
        let value = if setting.kind == FieldKind::Switch {
            Value::Switch(match (stored, &setting.default) {
                (Some(Stored::Switch(on)), _) | (_, Some(DefaultValue::Switch(on))) => *on,
                _ => false,
            })
        } else if setting.sensitive {
            let mut line = Line::secret();
            line.set(text);
            Value::Secret(Secret {
                line,
                stored: match stored {
                    Some(Stored::Secret(mask)) => Some(*mask),
                    Some(Stored::Text(_) | Stored::Switch(_)) | None => None,
                },
                is_cleared: false,
                is_shown: false,
            })
        } else if !setting.options.is_empty() {
            let mut options = setting.options.clone();
            if !text.is_empty() && !options.iter().any(|option| option == text) {
                options.push(text.to_owned());
            }
            Value::Choice {
                at: options.iter().position(|option| option == text),
                options,
            }
        } else {
            Value::Text(Line::text(text))
        };
        Self {
            place: Place::Setting(setting.key.clone()),
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

    /// The line that is typed into, if it has one.
    pub const fn line(&self) -> Option<&Line> {
        match &self.value {
            Value::Text(line) => Some(line),
            Value::Secret(secret) => Some(&secret.line),
            Value::Switch(_) | Value::Choice { .. } => None,
        }
    }

    /// The line that is typed into, if it has one.
    pub const fn line_mut(&mut self) -> Option<&mut Line> {
        match &mut self.value {
            Value::Text(line) => Some(line),
            Value::Secret(secret) => Some(&mut secret.line),
            Value::Switch(_) | Value::Choice { .. } => None,
        }
    }

    /// The configuration reference it says, if it says one.
    pub fn reference(&self) -> Option<Reference> {
        match self.place {
            Place::Setting(_) => Reference::read(self.line()?.value().trim()),
            Place::Name | Place::Alias | Place::Status | Place::Way(_) | Place::Note => None,
        }
    }

    /// Takes back what was said against a reference that resolves now.
    pub(super) fn forgive(&mut self, reference: &Reference) {
        if self.refused.as_ref() == Some(reference) && self.reference().as_ref() == Some(reference)
        {
            self.refused = None;
            self.error = None;
        }
    }

    /// Whether it says what the provider fills in.
    pub fn is_default(&self) -> bool {
        let said = match &self.value {
            Value::Text(line) => Some(line.value()),
            Value::Choice { options, at } => at.and_then(|at| options.get(at)).map(String::as_str),
            Value::Secret(_) | Value::Switch(_) => None,
        };
        said.is_some() && said == self.default.as_deref()
    }

    /// Whether it says something else than when the form was opened.
    pub fn is_changed(&self) -> bool {
        match (&self.value, &self.initial) {
            (Value::Text(line), Initial::Text(text)) => line.value() != text,
            (
                Value::Secret(secret),
                Initial::Secret {
                    reference,
                    was_stored,
                },
            ) => match secret.kept() {
                Some(_) => !*was_stored,
                None => *was_stored || secret.line.value() != reference,
            },
            (Value::Switch(on), Initial::Switch(was)) => on != was,
            (Value::Choice { at, .. }, Initial::Choice(was)) => at != was,
            _ => true,
        }
    }

    /// Whether it said something when the form was opened.
    pub fn was_emptied(&self) -> bool {
        match &self.initial {
            Initial::Text(text) => !text.is_empty(),
            Initial::Secret {
                reference,
                was_stored,
            } => *was_stored || !reference.is_empty(),
            Initial::Switch(_) => false,
            Initial::Choice(at) => at.is_some(),
        }
    }

    /// Before something is typed or pasted: an untouched default makes room for it, as a placeholder does.
    pub fn make_room(&mut self) {
        let gives_way = !self.is_touched && self.is_default();
        self.is_touched = true;
        if gives_way && let Value::Text(line) = &mut self.value {
            line.set("");
        }
    }

    /// What it says now is what it begins with.
    pub(super) fn begin_here(&mut self) {
        self.initial = initial_of(&self.value);
    }

    /// After it was given something to say: what was wrong with it is over.
    pub(super) fn was_filled(&mut self) {
        self.is_touched = true;
        self.error = None;
        self.removed = None;
    }

    /// Handles a key; false when it means nothing here.
    pub fn edit(&mut self, key: Key) -> bool {
        let is_plain = !key.has_control() && !key.has_alt();
        if key.code() == KeyCode::Right && is_plain && self.complete() {
            return true;
        }
        if key.typed().is_some() {
            self.make_room();
        }
        self.is_touched |= Line::means_something(key);
        let changed = match &mut self.value {
            Value::Text(line) => line.edit(key),
            Value::Secret(secret) => {
                let changed = secret.line.edit(key);
                if !secret.line.is_empty() {
                    secret.is_cleared = false;
                }
                changed
            }
            Value::Switch(on) => match key.code() {
                KeyCode::Char(' ') | KeyCode::Left | KeyCode::Right => {
                    *on = !*on;
                    true
                }
                _ => false,
            },
            Value::Choice { options, at } => match key.code() {
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

    /// Empties it; a stored secret goes when it is saved.
    pub fn clear(&mut self) {
        self.error = None;
        self.removed = None;
        match &mut self.value {
            Value::Text(line) => line.set(""),
            Value::Secret(secret) => secret.clear(),
            Value::Switch(on) => *on = false,
            Value::Choice { at, .. } => *at = None,
        }
    }
}

/// What is stored in a setting.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Stored {
    /// Text that may be seen.
    Text(String),
    /// A secret.
    Secret(Mask),
    /// On or off.
    Switch(bool),
}

fn initial_of(value: &Value) -> Initial {
    match value {
        Value::Text(line) => Initial::Text(line.value().to_owned()),
        Value::Secret(secret) => Initial::Secret {
            reference: secret.line.value().to_owned(),
            was_stored: secret.stored.is_some(),
        },
        Value::Switch(on) => Initial::Switch(*on),
        Value::Choice { at, .. } => Initial::Choice(*at),
    }
}

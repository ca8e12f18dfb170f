//! The form of a connection, new or stored: its fields, what is typed into them, and the draft they make.

mod apart;
mod burst;
mod address;
mod checks;
mod cleaning;
mod copy;
mod draft;
mod elsewhere;
pub mod field;
mod fill;
mod kept;
mod outside;
mod owners;
mod references;
pub mod rows;
mod save;
mod stray_key;
mod suggest;
mod ways;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::action::Action;
use super::effect::{Slot, Ticket};
use super::event::Pasted;
use super::key::Key;
use super::layer::Outcome;
use super::line::{LONGEST, Line, Pasting};
use super::notice::Notice;
use crate::appsettings::Reference;
use crate::connection::{Connection, PasteResult};
use crate::provider::{Provider, ProviderCatalog, SettingsField};
pub use checks::AliasCheck;
use checks::Known;
use elsewhere::Apart;
pub use elsewhere::{Elsewhere, Taken, Theirs};
use field::{Field, Place, Secret, Value};
pub use kept::Kept;
pub use outside::Document;
use outside::Outside;
use references::{Choosing, Keys};

/// What a form is about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Subject {
    /// A connection that is not yet.
    New,
    /// One that is not yet, and will be what another one is.
    Copy {
        /// The original.
        of: Uuid,
        /// The original's name.
        name: String,
    },
    /// A stored one.
    Stored {
        /// Which.
        id: Uuid,
        /// Its name as it is stored.
        name: String,
        /// The version that was read.
        version: u64,
    },
}

/// The form of a connection.
#[derive(Debug)]
pub struct Form {
    /// What it is about.
    pub subject: Subject,
    /// The provider, whose settings are its fields.
    pub provider: Provider,
    /// Its fields, in order.
    pub fields: Vec<Field>,
    /// Which field keys go into.
    pub focus: usize,
    /// The first row that is seen.
    pub top: usize,
    /// What is known of the alias.
    pub alias_check: AliasCheck,
    /// What is known of references, the newest last.
    lookups: Vec<Known>,
    /// References that are thought of, and asked about with those in the fields.
    suggested: Vec<Reference>,
    /// The list of configuration keys, when it is open.
    pub choosing: Option<Choosing>,
    /// What is known of configuration keys.
    keys: Keys,
    /// Aliases of a copy that were taken.
    tried_aliases: Vec<String>,
    /// The save under way.
    pub saving: Option<Ticket>,
    /// What happened to the connection elsewhere since it was read.
    pub elsewhere: Option<Elsewhere>,
    /// The name that it is kept under while it is not saved.
    pub slot: Option<Slot>,
    /// How it stands to what others made of the connection.
    apart: Apart,
    /// Whether the connection may have moved on since it was read, unheard.
    is_unsure: bool,
    /// What was handed to an editor, and came back.
    outside: Outside,
    /// The wake-up that hides a shown secret.
    pub hiding: Option<Ticket>,
    /// Whether the alias follows the name.
    alias_follows: bool,
    /// Whether a save was tried: from then on what is known to be wrong counts.
    was_tried: bool,
}

impl Form {
    /// An empty form for a provider.
    pub fn new(provider: &Provider) -> Self {
        let own = [
            Field::own(Place::Name, "Name", Value::Text(Line::text(""))),
            Field::own(Place::Alias, "Alias", Value::Text(Line::text(""))),
            Field::own(Place::Status, "Status", Value::Switch(true)),
        ];
        let make = |setting: &SettingsField| Field::setting(setting, None, true);
        let settings = Self::settings(provider, make, |_| false);
        Self::with(Subject::New, provider, own.into_iter().chain(settings))
    }

    /// The form of a stored connection.
    pub fn of(connection: &Connection, provider: &Provider) -> Self {
        let item = &connection.item;
        let own = [
            Field::own(Place::Name, "Name", Value::Text(Line::text(&item.name))),
            Field::own(Place::Alias, "Alias", Value::Text(Line::text(&item.alias))),
            Field::own(Place::Status, "Status", Value::Switch(item.is_active)),
        ];
        let stored = |setting: &SettingsField| draft::stored(connection, setting);
        let make =
            |setting: &SettingsField| Field::setting(setting, stored(setting).as_ref(), false);
        let has = |key: &str| provider.field(key).and_then(stored).is_some();
        let settings = Self::settings(provider, make, has);
        let subject = Subject::Stored {
            id: item.id,
            name: item.name.clone(),
            version: item.version,
        };
        let note = Field::own(Place::Note, "Note", Value::Text(Line::text("")));
        let fields = own.into_iter().chain(settings).chain([note]);
        let mut form = Self::with(subject, provider, fields);
        form.alias_follows = false;
        form.alias_check = AliasCheck::Free(item.alias.clone());
        form
    }

    fn with(subject: Subject, provider: &Provider, fields: impl Iterator<Item = Field>) -> Self {
        Self {
            subject,
            provider: provider.clone(),
            fields: fields.collect(),
            focus: 0,
            top: 0,
            alias_check: AliasCheck::Unknown(String::new()),
            lookups: Vec::new(),
            suggested: Vec::new(),
            choosing: None,
            keys: Keys::default(),
            tried_aliases: Vec::new(),
            saving: None,
            elsewhere: None,
            slot: None,
            apart: Apart::default(),
            is_unsure: false,
            outside: Outside::default(),
            hiding: None,
            alias_follows: true,
            was_tried: false,
        }
    }

    /// The field of a place.
    pub fn field(&self, place: &Place) -> Option<&Field> {
        self.fields.iter().find(|field| field.place == *place)
    }

    /// The text typed into a place.
    fn typed(&self, place: &Place) -> &str {
        self.field(place)
            .and_then(Field::line)
            .map_or("", |line| line.value().trim())
    }

    /// The name typed so far.
    pub fn name(&self) -> &str {
        self.typed(&Place::Name)
    }

    /// What the form is called on screen: its name, unless there is none or it contains an API key.
    pub fn title(&self) -> &str {
        let has_key = self.field(&Place::Name).is_some_and(Field::has_stray_key);
        kept::title(self.name(), has_key)
    }

    /// Whether something would be lost by leaving.
    pub fn is_changed(&self) -> bool {
        self.fields.iter().any(Field::is_changed)
    }

    /// How many fields are wrong.
    pub fn wrong(&self) -> usize {
        self.fields
            .iter()
            .filter(|field| self.is_wrong(field))
            .count()
    }

    /// The identity, when it is stored.
    pub const fn id(&self) -> Option<Uuid> {
        match self.subject {
            Subject::New | Subject::Copy { .. } => None,
            Subject::Stored { id, .. } => Some(id),
        }
    }

    /// Does what a key asked for.
    pub fn act(&mut self, action: Action, catalog: &ProviderCatalog) -> Outcome {
        if self.saving.is_some() {
            return Outcome::Stay;
        }
        if self.act_on_keys(action, catalog) {
            return Outcome::Stay;
        }
        self.choosing = None;
        let last = self.fields.len().saturating_sub(1);
        match action {
            Action::Save => return self.save(catalog),
            Action::Test => return self.test(catalog),
            Action::Back => return self.leave(),
            Action::References => {
                if let Some(notice) = self.open_keys() {
                    return Outcome::Tell(notice);
                }
            }
            Action::NextField => self.focus_on(self.shown_from(self.focus + 1, 1)),
            Action::PreviousField => self.focus_on(self.shown_from(self.focus + last, -1)),
            Action::PageDown => self.focus_on(self.shown_from((self.focus + 5).min(last), -1)),
            Action::PageUp => self.focus_on(self.shown_from(self.focus.saturating_sub(5), 1)),
            Action::NextError => self.focus_on_error(self.focus + 1),
            Action::Reveal => self.reveal(),
            Action::Clear => self.clear(catalog),
            _ => {}
        }
        Outcome::Stay
    }

    /// Handles a key that is no action.
    pub fn key(&mut self, key: Key, catalog: &ProviderCatalog) {
        if self.saving.is_some() || self.type_into_keys(key) {
            return;
        }
        if let Some(field) = self.fields.get_mut(self.focus)
            && field.edit(key)
        {
            self.changed(catalog);
        }
    }

    /// Takes a pasted text into the focused field, or a pasted connection into its fields; never submits.
    pub fn paste(&mut self, pasted: &Pasted, catalog: &ProviderCatalog) -> Option<Notice> {
        if self.saving.is_some() {
            return None;
        }
        match PasteResult::read(&pasted.0, catalog, Some(&self.provider)) {
            PasteResult::Connection(connection) => return Some(self.fill(connection, catalog)),
            PasteResult::Unreadable(unreadable) => {
                return Some(Notice::warning(unreadable.to_string()));
            }
            PasteResult::ChooseProfile(profiles) => return Some(fill::several(&profiles)),
            PasteResult::NotAConnection => {}
        }
        let field = self.fields.get_mut(self.focus)?;
        let label = field.label.clone();
        if !pasted.0.trim().is_empty() && pasted.0.len() <= LONGEST {
            field.make_room();
        }
        // What is there already is part of the key: then the whole is cleaned when the focus leaves.
        let (text, removed) = match field.line() {
            Some(line) if line.is_empty() => cleaning::pasted(&pasted.0, &self.provider, field),
            Some(_) | None => (pasted.0.as_str(), None),
        };
        let pasting = field.line_mut()?.paste(text);
        if pasting == Pasting::TooLong {
            return Some(Notice::warning(
                "Nothing pasted: the text is longer than 64 KiB",
            ));
        }
        if pasting == Pasting::Opens {
            return Some(Notice::warning(
                "Nothing pasted: a reference must begin in an empty field",
            ));
        }
        field.error = None;
        field.removed = removed.as_ref().and_then(|(_, note)| note.clone());
        if let Value::Secret(secret) = &mut field.value
            && !secret.line.is_empty()
        {
            secret.is_cleared = false;
        }
        self.changed(catalog);
        removed.map(|(notice, _)| notice).or_else(|| {
            (pasting == Pasting::Trimmed).then(|| {
                Notice::info(format!(
                    "Whitespace removed from the value pasted into {label}"
                ))
            })
        })
    }

    /// Puts the focus on a field; a secret that was shown is hidden.
    pub fn focus_on(&mut self, field: usize) {
        if field != self.focus {
            self.hide_secrets();
            self.clean_secret(self.focus);
            self.choosing = None;
        }
        self.focus = field.min(self.fields.len().saturating_sub(1));
        self.look_up_again(self.focus);
    }

    /// Hides every secret that is shown.
    pub fn hide_secrets(&mut self) {
        self.hiding = None;
        for field in &mut self.fields {
            if let Value::Secret(Secret { is_shown, .. }) = &mut field.value {
                *is_shown = false;
            }
        }
    }

    /// Whether a secret is shown.
    pub fn shows_secret(&self) -> bool {
        self.fields.iter().any(
            |field| matches!(&field.value, Value::Secret(Secret { is_shown, .. }) if *is_shown),
        )
    }

    /// Whether the focus is on a secret.
    pub fn is_on_secret(&self) -> bool {
        self.fields
            .get(self.focus)
            .is_some_and(|field| matches!(field.value, Value::Secret(_)))
    }

    fn reveal(&mut self) {
        let Some(Field {
            value: Value::Secret(secret),
            ..
        }) = self.fields.get_mut(self.focus)
        else {
            return;
        };
        let show = !secret.is_shown && !secret.line.is_empty();
        self.hide_secrets();
        if let Some(Field {
            value: Value::Secret(secret),
            ..
        }) = self.fields.get_mut(self.focus)
        {
            secret.is_shown = show;
        }
    }

    fn clear(&mut self, catalog: &ProviderCatalog) {
        if let Some(field) = self.fields.get_mut(self.focus)
            && !matches!(field.place, Place::Way(_))
        {
            field.clear();
            self.changed(catalog);
        }
    }

    /// After an edit: the alias follows the name until it is typed by hand.
    fn changed(&mut self, catalog: &ProviderCatalog) {
        self.look_up_again(self.focus);
        self.look_at_key(self.focus, catalog);
        self.follow_keys();
        match self.fields.get(self.focus).map(|field| &field.place) {
            Some(Place::Alias) => {
                self.alias_follows = self.id().is_none() && self.typed(&Place::Alias).is_empty();
            }
            Some(Place::Name) if self.alias_follows => {
                let suggested = self.suggested_alias();
                if let Some(field) = self
                    .fields
                    .iter_mut()
                    .find(|field| field.place == Place::Alias)
                {
                    field.error = None;
                    if let Some(line) = field.line_mut() {
                        line.set(&suggested);
                    }
                }
            }
            _ => {}
        }
    }
}

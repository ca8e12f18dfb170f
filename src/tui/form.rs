//! Form of a new or stored connection: its fields, their input, and the draft that they make.

mod three_way_merge;
mod endpoint_hint;
mod field_hints;
mod async_checks;
mod paste_cleanup;
mod duplicate;
mod draft;
mod remote_change;
mod reveal;
pub mod field;
mod paste;
mod snapshot;
mod external_editor;
mod key_hint;
mod reference_picker;
pub mod layout;
mod save;
mod stray_key;
mod autocomplete;
mod alternatives;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::action::Action;
use super::dialog::DialogOutcome;
use super::effect::{DraftSlot, Ticket};
use super::event::PastedText;
use super::key::KeyPress;
use super::notice::Notice;
use super::text_input::{LONGEST, PasteOutcome, TextInput};
use crate::appsettings::Reference;
use crate::connection::{Connection, PasteResult};
use crate::provider::{Provider, ProviderCatalog, SettingsField};
pub use async_checks::AliasCheck;
use async_checks::ReferenceCheck;
pub use external_editor::EditorDocument;
use external_editor::ExternalEdit;
use field::{FieldId, FieldValue, FormField};
pub use paste::join_names;
use reference_picker::{ReferenceKeys, ReferencePicker};
use remote_change::MergeState;
pub use remote_change::{RemoteMerge, TheirChange, TheirConnection};
pub use snapshot::FormSnapshot;

/// Connection that a form edits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum FormSubject {
    /// New connection.
    New,
    /// New connection that duplicates another one.
    Copy {
        /// ID of the original.
        of: Uuid,
        /// Name of the original.
        name: String,
    },
    /// Stored connection.
    Stored {
        /// ID of the connection.
        id: Uuid,
        /// Name as it is stored.
        name: String,
        /// Version that was loaded.
        version: u64,
    },
}

/// Form of a connection.
#[derive(Debug)]
pub struct Form {
    /// Connection that the form edits.
    pub subject: FormSubject,
    /// Provider that defines the settings.
    pub provider: Provider,
    /// Fields in order.
    pub fields: Vec<FormField>,
    /// Index of the focused field.
    pub focus: usize,
    /// First visible row.
    pub top: usize,
    /// Availability of the alias.
    pub alias_check: AliasCheck,
    /// Status of references, newest last.
    reference_checks: Vec<ReferenceCheck>,
    /// Suggested references, which are looked up together with those in the fields.
    suggested: Vec<Reference>,
    /// Open list of configuration keys.
    pub reference_picker: Option<ReferencePicker>,
    /// Configuration keys and their loading state.
    keys: ReferenceKeys,
    /// Unavailable aliases that were tried for a duplicate.
    tried_aliases: Vec<String>,
    /// Ticket of the save in progress.
    pub saving: Option<Ticket>,
    /// Change to the connection by others since it was loaded.
    pub remote_change: Option<TheirChange>,
    /// Slot of the draft.
    pub slot: Option<DraftSlot>,
    /// State of the merge with changes by others.
    merge: MergeState,
    /// True if the connection may have changed since it was loaded, as in a restored draft.
    is_unsure: bool,
    /// Document in the external editor, and refused text.
    external_edit: ExternalEdit,
    /// Wake-up that hides a shown secret.
    pub hiding: Option<Ticket>,
    /// Wake-up that looks references up again.
    pub recheck: Option<Ticket>,
    /// True if the alias follows the name.
    alias_follows: bool,
    /// True if a save was tried: from then on, fields that are known to be invalid count as errors.
    was_tried: bool,
}

impl Form {
    /// Creates an empty form for a provider.
    pub fn new(provider: &Provider) -> Self {
        let own = [
            FormField::common_field(FieldId::Name, "Name", FieldValue::Text(TextInput::text(""))),
            FormField::common_field(
                FieldId::Alias,
                "Alias",
                FieldValue::Text(TextInput::text("")),
            ),
            FormField::common_field(FieldId::Status, "Status", FieldValue::Switch(true)),
        ];
        let make = |setting: &SettingsField| FormField::setting(setting, None, true);
        let settings = Self::settings(provider, make, |_| false);
        Self::with(FormSubject::New, provider, own.into_iter().chain(settings))
    }

    /// Creates the form of a stored connection.
    pub fn edit(connection: &Connection, provider: &Provider) -> Self {
        let item = &connection.item;
        let own = [
            FormField::common_field(
                FieldId::Name,
                "Name",
                FieldValue::Text(TextInput::text(&item.name)),
            ),
            FormField::common_field(
                FieldId::Alias,
                "Alias",
                FieldValue::Text(TextInput::text(&item.alias)),
            ),
            FormField::common_field(
                FieldId::Status,
                "Status",
                FieldValue::Switch(item.is_active),
            ),
        ];
        let stored = |setting: &SettingsField| draft::stored(connection, setting);
        let make =
            |setting: &SettingsField| FormField::setting(setting, stored(setting).as_ref(), false);
        let has = |key: &str| provider.field(key).and_then(stored).is_some();
        let settings = Self::settings(provider, make, has);
        let subject = FormSubject::Stored {
            id: item.id,
            name: item.name.clone(),
            version: item.version,
        };
        let note =
            FormField::common_field(FieldId::Note, "Note", FieldValue::Text(TextInput::text("")));
        let fields = own.into_iter().chain(settings).chain([note]);
        let mut form = Self::with(subject, provider, fields);
        form.alias_follows = false;
        form.alias_check = AliasCheck::Available(item.alias.clone());
        form
    }

    fn with(
        subject: FormSubject,
        provider: &Provider,
        fields: impl Iterator<Item = FormField>,
    ) -> Self {
        Self {
            subject,
            provider: provider.clone(),
            fields: fields.collect(),
            focus: 0,
            top: 0,
            alias_check: AliasCheck::Unknown(String::new()),
            reference_checks: Vec::new(),
            suggested: Vec::new(),
            reference_picker: None,
            keys: ReferenceKeys::default(),
            tried_aliases: Vec::new(),
            saving: None,
            remote_change: None,
            slot: None,
            merge: MergeState::default(),
            is_unsure: false,
            external_edit: ExternalEdit::default(),
            hiding: None,
            recheck: None,
            alias_follows: true,
            was_tried: false,
        }
    }

    /// Field with this ID.
    pub fn field(&self, place: &FieldId) -> Option<&FormField> {
        self.fields.iter().find(|field| field.id == *place)
    }

    /// Trimmed text of a field.
    fn typed(&self, place: &FieldId) -> &str {
        self.field(place)
            .and_then(FormField::line)
            .map_or("", |line| line.value().trim())
    }

    /// Name as typed.
    pub fn name(&self) -> &str {
        self.typed(&FieldId::Name)
    }

    /// Title on screen: the name, or "Untitled" if it is empty or contains an API key.
    pub fn title(&self) -> &str {
        let has_key = self
            .field(&FieldId::Name)
            .is_some_and(FormField::has_stray_key);
        snapshot::title(self.name(), has_key)
    }

    /// Returns whether a field is changed; a rejected editor text does not count, see [`Form::has_unsaved_input`].
    pub fn is_changed(&self) -> bool {
        self.fields.iter().any(FormField::is_changed)
    }

    /// Returns whether a save changes a stored secret.
    pub fn has_changed_secret(&self) -> bool {
        let mut fields = self.fields.iter();
        fields.any(|field| matches!(field.value, FieldValue::Secret(_)) && field.is_changed())
    }

    /// Number of fields with an error.
    pub fn error_count(&self) -> usize {
        self.fields
            .iter()
            .filter(|field| self.has_error(field))
            .count()
    }

    /// ID of the stored connection.
    pub const fn id(&self) -> Option<Uuid> {
        match self.subject {
            FormSubject::New | FormSubject::Copy { .. } => None,
            FormSubject::Stored { id, .. } => Some(id),
        }
    }

    /// Runs an action.
    pub fn run(&mut self, action: Action, catalog: &ProviderCatalog) -> DialogOutcome {
        if self.saving.is_some() {
            return self.act_while_saving(action);
        }
        if self.act_in_configuration_keys(action, catalog) {
            return DialogOutcome::Stay;
        }
        self.reference_picker = None;
        let last = self.fields.len().saturating_sub(1);
        match action {
            Action::Save => return self.save(catalog),
            Action::Test => return self.test(catalog),
            Action::Back => return self.close(),
            Action::InsertReference => {
                if let Some(notice) = self.open_configuration_keys() {
                    return DialogOutcome::Notify(notice);
                }
            }
            Action::NextField => self.focus_on(self.shown_from(self.focus + 1, 1)),
            Action::PreviousField => self.focus_on(self.shown_from(self.focus + last, -1)),
            Action::PageDown => self.focus_on(self.shown_from((self.focus + 5).min(last), -1)),
            Action::PageUp => self.focus_on(self.shown_from(self.focus.saturating_sub(5), 1)),
            Action::NextError => self.focus_error(self.focus + 1),
            Action::Reveal => self.toggle_reveal(),
            Action::Clear => self.clear(catalog),
            _ => {}
        }
        DialogOutcome::Stay
    }

    /// Handles a key that is bound to no action.
    pub fn type_key(&mut self, key: KeyPress, catalog: &ProviderCatalog) {
        if self.saving.is_some() || self.type_into_configuration_key_filter(key) {
            return;
        }
        if let Some(field) = self.fields.get_mut(self.focus)
            && field.edit(key)
        {
            self.changed(catalog);
        }
    }

    /// Pastes text into the focused field, or fills the fields from a pasted connection. Never submits the form.
    pub fn paste_text(&mut self, pasted: &PastedText, catalog: &ProviderCatalog) -> Option<Notice> {
        if self.saving.is_some() {
            return None;
        }
        match PasteResult::read(&pasted.0, catalog, Some(&self.provider)) {
            PasteResult::Connection(connection) => return Some(self.fill(connection, catalog)),
            PasteResult::Unreadable(unreadable) => {
                return Some(Notice::warning(unreadable.to_string()));
            }
            PasteResult::ChooseProfile(profiles) => {
                return Some(paste::several_profiles(&profiles));
            }
            PasteResult::NotAConnection => {}
        }
        let field = self.fields.get_mut(self.focus)?;
        let label = field.label.clone();
        if !pasted.0.trim().is_empty() && pasted.0.len() <= LONGEST {
            field.clear_default();
        }
        // Existing text is part of the key: the whole value is cleaned when the field loses the focus.
        let (text, removed) = match field.line() {
            Some(line) if line.is_empty() => {
                paste_cleanup::pasted(&pasted.0, &self.provider, field)
            }
            Some(_) | None => (pasted.0.as_str(), None),
        };
        let lower;
        let text = if field.id == FieldId::Alias {
            lower = text.to_ascii_lowercase();
            lower.as_str()
        } else {
            text
        };
        let pasting = field.line_mut()?.paste(text);
        if let Some(why) = pasting.refusal() {
            return Some(Notice::warning(format!("Nothing pasted: {why}")));
        }
        field.error = None;
        field.removed = removed.as_ref().and_then(|(_, note)| note.clone());
        if let FieldValue::Secret(secret) = &mut field.value
            && !secret.input.is_empty()
        {
            secret.is_cleared = false;
        }
        self.changed(catalog);
        removed.map(|(notice, _)| notice).or_else(|| {
            (pasting == PasteOutcome::Trimmed).then(|| {
                Notice::info(format!(
                    "Whitespace removed from the value pasted into {label}"
                ))
            })
        })
    }

    /// Moves the focus to a field and hides a shown secret.
    pub fn focus_on(&mut self, field: usize) {
        if field != self.focus {
            self.hide_secrets();
            self.clean_secret(self.focus);
            self.reference_picker = None;
        }
        self.focus = field.min(self.fields.len().saturating_sub(1));
        self.invalidate_reference(self.focus);
    }

    fn clear(&mut self, catalog: &ProviderCatalog) {
        if let Some(field) = self.fields.get_mut(self.focus)
            && !matches!(field.id, FieldId::AlternativeGroup(_))
        {
            field.clear();
            self.changed(catalog);
        }
    }

    /// Updates what depends on an edited field: the alias follows the name until it is edited.
    fn changed(&mut self, catalog: &ProviderCatalog) {
        self.invalidate_reference(self.focus);
        self.check_key_owner(self.focus, catalog);
        self.update_configuration_keys();
        match self.fields.get(self.focus).map(|field| &field.id) {
            Some(FieldId::Alias) => {
                self.alias_follows = self.id().is_none() && self.typed(&FieldId::Alias).is_empty();
            }
            Some(FieldId::Name) if self.alias_follows => self.update_suggested_alias(),
            _ => {}
        }
    }
}

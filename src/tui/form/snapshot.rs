//! Snapshot of a form for unsaved drafts, and a form restored from it.

use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::field::{EnteredValue, FieldId, FieldValue, FormField};
use super::{AliasCheck, Form, FormSubject};
use crate::provider::{Provider, ProviderCatalog};
use crate::text::key_like;
use crate::tui::text_input::TextInput;

/// Largest size of a byte of text in JSON: `\u001b`.
const MAX_JSON_PER_BYTE: usize = 6;

/// Size of the member names and punctuation around a field, and around all fields.
const FIELD_OVERHEAD: usize = 256;

/// Snapshot of a form: for each field the stored value, as far as known, and the input.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct FormSnapshot {
    /// Connection that the form edits.
    pub subject: FormSubject,
    /// ID of the provider.
    pub provider_id: String,
    /// Name as typed.
    pub name: String,
    focus: usize,
    alias_follows: bool,
    fields: Vec<FieldSnapshot>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct FieldSnapshot {
    at: FieldId,
    was: EnteredValue,
    is: EnteredValue,
}

/// Name shown above a form; "Untitled" if it is empty or contains an API key.
pub(super) fn title(name: &str, has_key: bool) -> &str {
    if name.is_empty() || has_key {
        "Untitled"
    } else {
        name
    }
}

impl FormSnapshot {
    /// Name, or its replacement if it is empty or contains an API key.
    pub fn display_name(&self, catalog: &ProviderCatalog) -> &str {
        let has_key = key_like::has_key_with(&self.name, catalog.key_prefixes());
        title(&self.name, has_key)
    }

    /// Description of the draft.
    pub fn subject(&self, catalog: &ProviderCatalog) -> String {
        let provider = self.provider_name(catalog);
        match &self.subject {
            FormSubject::New => format!("New connection · {provider}"),
            FormSubject::Copy { name, .. } => format!("Copy of \"{name}\" · {provider}"),
            FormSubject::Stored { name, version, .. } => {
                format!("Changes to \"{name}\", based on version {version} · {provider}")
            }
        }
    }

    /// Name of its provider.
    pub fn provider_name<'a>(&'a self, catalog: &'a ProviderCatalog) -> &'a str {
        let known = catalog.get(&self.provider_id);
        known.map_or(&self.provider_id, |known| &known.name)
    }

    /// Serializes the snapshot for [`FormSnapshot::read`].
    pub fn to_bytes(&self) -> Zeroizing<Vec<u8>> {
        let texts: usize = self
            .fields
            .iter()
            .map(|field| {
                FIELD_OVERHEAD + MAX_JSON_PER_BYTE * (field.was.bytes() + field.is.bytes())
            })
            .sum();
        // A growing buffer would leave copies that are never zeroized.
        let room = texts + 2 * FIELD_OVERHEAD + 2 * MAX_JSON_PER_BYTE * self.name.len();
        let mut bytes = Zeroizing::new(Vec::with_capacity(room));
        // Strings, booleans and numbers always serialize, and writing to a Vec cannot fail.
        let _ = serde_json::to_writer(&mut *bytes, self);
        bytes
    }

    /// Returns whether the input is the same, regardless of the focus.
    pub fn has_same_input(&self, other: &Self) -> bool {
        (&self.subject, &self.fields) == (&other.subject, &other.fields)
    }

    /// Deserializes a snapshot; `None` if the bytes are not one.
    pub fn read(bytes: &[u8]) -> Option<Self> {
        serde_json::from_slice(bytes).ok()
    }
}

impl Form {
    /// Snapshot of the form.
    pub fn snapshot(&self) -> FormSnapshot {
        let fields = self.fields.iter().map(|field| FieldSnapshot {
            at: field.id.clone(),
            was: field.baseline(),
            is: field.current(),
        });
        FormSnapshot {
            subject: self.subject.clone(),
            provider_id: self.provider.id.clone(),
            name: self.name().to_owned(),
            focus: self.focus,
            alias_follows: self.alias_follows,
            fields: fields.collect(),
        }
    }

    /// Restores a form. A stored connection may have a newer version by then.
    pub fn restore(kept: &FormSnapshot, provider: &Provider, catalog: &ProviderCatalog) -> Self {
        let mut form = Self::new(provider);
        form.subject = kept.subject.clone();
        if form.id().is_some() {
            let note = FormField::common_field(
                FieldId::Note,
                "Note",
                FieldValue::Text(TextInput::text("")),
            );
            form.fields.push(note);
        }
        for kept in &kept.fields {
            if let Some(field) = form.fields.iter_mut().find(|field| field.id == kept.at) {
                field.set(&kept.is);
                field.rebase(&kept.was);
            }
        }
        form.alias_follows = kept.alias_follows;
        if let Some(EnteredValue::Text(alias)) =
            form.field(&FieldId::Alias).map(FormField::baseline)
            && form.id().is_some()
        {
            form.alias_check = AliasCheck::Available(alias);
        }
        form.is_unsure = form.id().is_some();
        for at in 0..form.fields.len() {
            form.check_key_owner(at, catalog);
        }
        form.focus_on(kept.focus);
        form
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Draft of a stored connection as version 0.1 wrote it.
    const OF_0_1: &str = r#"{"subject":{"stored":{"id":"00000000-0000-0000-0000-000000000007","name":"Foundry","version":3}},"providerId":"microsoft-foundry","name":"Foundry EU","focus":1,"aliasFollows":false,"fields":[{"at":"name","was":{"text":"Foundry"},"is":{"text":"Foundry EU"}},{"at":"status","was":{"switch":true},"is":{"switch":false}},{"at":{"way":0},"was":{"choice":"API key"},"is":{"choice":"Entra ID"}},{"at":{"setting":"apiKey"},"was":{"secret":{"typed":"","stored":"***","isCleared":false}},"is":{"secret":{"typed":"$Foundry:Key","stored":null,"isCleared":true}}},{"at":"note","was":{"text":""},"is":{"text":"why"}}]}"#;

    #[test]
    fn draft_of_0_1_reads_and_writes_the_same() {
        let snapshot = FormSnapshot::read(OF_0_1.as_bytes()).unwrap();
        assert_eq!(std::str::from_utf8(&snapshot.to_bytes()), Ok(OF_0_1));
    }
}

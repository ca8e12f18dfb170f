//! A form as it is kept while it is not saved, and a form made again from that.

use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::field::{Field, Place, Said, Value};
use super::{AliasCheck, Form, Subject};
use crate::provider::{Provider, ProviderCatalog};
use crate::text::key_like;
use crate::tui::line::Line;

/// No byte of a text takes more in JSON: `\u001b`.
const MOST_PER_BYTE: usize = 6;

/// Enough for the names and the signs around a field, and around all of them.
const AROUND: usize = 256;

/// A form as it is kept: for each field what is stored, as far as that is known, and what was typed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Kept {
    /// What it is about.
    pub subject: Subject,
    /// The provider's id.
    pub provider_id: String,
    /// The name as it was typed.
    pub name: String,
    focus: usize,
    alias_follows: bool,
    fields: Vec<KeptField>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct KeptField {
    at: Place,
    was: Said,
    is: Said,
}

/// A name as it is shown above a form: one that is empty or contains an API key is left out.
pub(super) fn title(name: &str, has_key: bool) -> &str {
    if name.is_empty() || has_key {
        "Untitled"
    } else {
        name
    }
}

impl Kept {
    /// The name, or what stands for one that was not typed.
    pub fn shown_name(&self, catalog: &ProviderCatalog) -> &str {
        let has_key = key_like::has_key_with(&self.name, catalog.key_prefixes());
        title(&self.name, has_key)
    }

    /// What it is about, in a sentence.
    pub fn about(&self, catalog: &ProviderCatalog) -> String {
        let provider = self.provider_name(catalog);
        match &self.subject {
            Subject::New => format!("New connection · {provider}"),
            Subject::Copy { name, .. } => format!("Copy of \"{name}\" · {provider}"),
            Subject::Stored { name, version, .. } => {
                format!("Changes to \"{name}\", based on version {version} · {provider}")
            }
        }
    }

    /// What its provider is called.
    pub fn provider_name<'a>(&'a self, catalog: &'a ProviderCatalog) -> &'a str {
        let known = catalog.get(&self.provider_id);
        known.map_or(&self.provider_id, |known| &known.name)
    }

    /// The bytes that [`Kept::read`] reads.
    pub fn to_bytes(&self) -> Zeroizing<Vec<u8>> {
        let texts: usize = self
            .fields
            .iter()
            .map(|field| AROUND + MOST_PER_BYTE * (field.was.bytes() + field.is.bytes()))
            .sum();
        // A buffer that grows leaves a copy behind that nobody wipes.
        let room = texts + 2 * AROUND + 2 * MOST_PER_BYTE * self.name.len();
        let mut bytes = Zeroizing::new(Vec::with_capacity(room));
        // Texts, switches and numbers always have a form in JSON, and a Vec takes everything.
        let _ = serde_json::to_writer(&mut *bytes, self);
        bytes
    }

    /// Whether the same is typed, wherever the focus is.
    pub fn says_the_same(&self, other: &Self) -> bool {
        (&self.subject, &self.fields) == (&other.subject, &other.fields)
    }

    /// Reads what was kept; nothing when it is something else.
    pub fn read(bytes: &[u8]) -> Option<Self> {
        serde_json::from_slice(bytes).ok()
    }
}

impl Form {
    /// The form as it is kept.
    pub fn kept(&self) -> Kept {
        let fields = self.fields.iter().map(|field| KeptField {
            at: field.place.clone(),
            was: field.was(),
            is: field.said(),
        });
        Kept {
            subject: self.subject.clone(),
            provider_id: self.provider.id.clone(),
            name: self.name().to_owned(),
            focus: self.focus,
            alias_follows: self.alias_follows,
            fields: fields.collect(),
        }
    }

    /// The form that was kept; of a stored connection it is not known whether it is still at that version.
    pub fn restored(kept: &Kept, provider: &Provider, catalog: &ProviderCatalog) -> Self {
        let mut form = Self::new(provider);
        form.subject = kept.subject.clone();
        if form.id().is_some() {
            let note = Field::own(Place::Note, "Note", Value::Text(Line::text("")));
            form.fields.push(note);
        }
        for kept in &kept.fields {
            if let Some(field) = form.fields.iter_mut().find(|field| field.place == kept.at) {
                field.say(&kept.is);
                field.rebase(&kept.was);
            }
        }
        form.alias_follows = kept.alias_follows;
        if let Some(Said::Text(alias)) = form.field(&Place::Alias).map(Field::was)
            && form.id().is_some()
        {
            form.alias_check = AliasCheck::Free(alias);
        }
        form.is_unsure = form.id().is_some();
        for at in 0..form.fields.len() {
            form.look_at_key(at, catalog);
        }
        form.focus_on(kept.focus);
        form
    }
}

//! Keeps secrets out of documents: what may stand where one belongs.

use std::path::PathBuf;

use super::{Blank, Elsewhere};
use crate::appsettings::Reference;
use crate::connection::Mask;
use crate::connection::json::Json;
use crate::provider::{Provider, is_sensitive as is_secret_by_name};
use crate::text::secret::looks_like_one;

/// What a secret sealed by a site begins with; nobody else can open it.
const SEALED: &str = "ENC:";

/// The ways a secret can be given.
pub const WAYS: &str =
    "refer to it as $Section:Key, or say where it is: {file: PATH} or {stdin: true}";

/// The settings of one connection.
#[derive(Default)]
pub struct Given {
    /// Those that stand in the document.
    pub settings: Vec<(String, Json)>,
    /// Those whose secret is elsewhere.
    pub elsewhere: Vec<(String, Elsewhere)>,
    /// Those that stay as they are stored.
    pub blank: Vec<Blank>,
}

impl Given {
    /// Takes a setting, or says why it cannot stand in a document.
    pub fn take(
        &mut self,
        key: &str,
        value: Json,
        provider: Option<&Provider>,
        named: &[String],
    ) -> Result<(), String> {
        let field = provider.and_then(|provider| provider.field_in_any_case(key));
        let text = match value {
            Json::Object(members) => {
                self.elsewhere.push((key.to_owned(), elsewhere(members)?));
                return Ok(());
            }
            Json::Text(text) => text,
            Json::Null | Json::Switch(_) | Json::Number(_) | Json::List(_) => {
                self.settings.push((key.to_owned(), value));
                return Ok(());
            }
        };
        let is_sensitive = field.is_some_and(|field| field.sensitive);
        let trimmed = text.trim();
        let is_named = named.iter().any(|named| named == key);
        // A blank keeps what is stored, also where only the server knows the setting.
        let may_be_secret = is_sensitive || (field.is_none() && is_secret_by_name(provider, key));
        if trimmed.is_empty() && (may_be_secret || is_named) {
            self.blank.push(Blank {
                key: key.to_owned(),
                is_needed: is_named || field.is_some_and(|field| field.required),
            });
            return Ok(());
        }
        let is_half_reference = trimmed.starts_with('$') && !trimmed.starts_with("$$");
        if is_half_reference || Reference::read(trimmed).is_some() {
            self.settings.push((key.to_owned(), Json::Text(text)));
            return Ok(());
        }
        if is_sensitive && Mask::is_mask(trimmed) && Mask::read(trimmed).is_none() {
            return Err(format!("it is a masked text, not a secret: {WAYS}"));
        }
        if is_sensitive && (Mask::is_mask(trimmed) || trimmed.starts_with(SEALED)) {
            self.blank.push(Blank {
                key: key.to_owned(),
                is_needed: true,
            });
            return Ok(());
        }
        if is_sensitive {
            return Err(format!("a secret is not written into a document: {WAYS}"));
        }
        if trimmed.starts_with("sk-") || looks_like_one(trimmed) {
            return Err(format!(
                "it looks like a secret, which is not written into a document: {WAYS}"
            ));
        }
        self.settings.push((key.to_owned(), Json::Text(text)));
        Ok(())
    }
}

/// Names the required secrets that an artifact was written without.
pub fn missing(given: &mut Given, provider: Option<&Provider>) {
    let fields = provider.into_iter().flat_map(|it| &it.settings);
    let is_given = |key: &String| {
        given.settings.iter().any(|(given, _)| given == key)
            || given.blank.iter().any(|blank| blank.key == *key)
    };
    let missing: Vec<Blank> = fields
        .filter(|field| field.required && field.sensitive && !is_given(&field.key))
        .map(|field| Blank {
            key: field.key.clone(),
            is_needed: true,
        })
        .collect();
    // One that has no settings at all is kept without any.
    if !given.settings.is_empty() || !given.blank.is_empty() {
        given.blank.extend(missing);
    }
}

fn elsewhere(members: Vec<(String, Json)>) -> Result<Elsewhere, String> {
    let mut members = members.into_iter();
    match (members.next(), members.next()) {
        (Some((name, Json::Text(path))), None) if name == "file" && !path.trim().is_empty() => {
            Ok(Elsewhere::File(PathBuf::from(path)))
        }
        (Some((name, Json::Switch(true))), None) if name == "stdin" => Ok(Elsewhere::Stdin),
        _ => Err("it must be one value, {file: PATH} or {stdin: true}".into()),
    }
}

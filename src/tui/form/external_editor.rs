//! The whole form as text for an external editor, and the edited text applied to the fields.
//!
//! Secrets stay out of the text because it is a file while it is edited. `<unchanged>` stands for a stored or typed secret;
//! other text in its place is a new secret.

mod apply;

use std::fmt::Write as _;

use jsonc_parser::{CollectOptions, parse_to_ast};
use serde_json::{Map, Value as Json, json};
use zeroize::{Zeroize, Zeroizing};

use super::Form;
use super::field::{FieldId, FieldValue, FormField};
use crate::provider::ProviderCatalog;
use crate::text::json::WITH_COMMENTS;
use crate::text::{is_hidden, printable};
use crate::tui::notice::Notice;

/// Size limit of the edited text in bytes.
pub const LONGEST: usize = 1024 * 1024;

/// Placeholder of a secret.
const UNCHANGED: &str = "<unchanged>";

/// Start of a comment line with the error of the next line.
const ERROR_COMMENT: &str = "// !! ";

/// Text for an editor. It may contain a secret that was typed there.
#[derive(Clone, PartialEq, Eq)]
pub struct EditorDocument(pub Zeroizing<String>);

impl std::fmt::Debug for EditorDocument {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Document(…)")
    }
}

/// Text in the external editor, and edited text that could not be parsed.
#[derive(Debug, Default)]
pub(super) struct ExternalEdit {
    original: Option<EditorDocument>,
    rejected: Option<EditorDocument>,
    /// Names of members that the last edit could not set, with the reason.
    left_out: Vec<String>,
    /// Members as they were sent to the editor: equal members in the result were not edited.
    before: Map<String, Json>,
    /// True if the text sent to the editor had been refused before.
    is_reopened: bool,
}

impl Form {
    /// Returns true if a field is changed, or an edited text that could not be parsed is kept to be corrected.
    pub fn has_unsaved_input(&self) -> bool {
        self.is_changed() || self.external_edit.rejected.is_some()
    }

    /// The form as text for an editor, or the last edited text if it could not be parsed.
    pub fn document(&mut self) -> EditorDocument {
        let refused = self.external_edit.rejected.take();
        self.external_edit.is_reopened = refused.is_some();
        let document = refused.unwrap_or_else(|| self.as_document());
        self.external_edit.original = Some(document.clone());
        document
    }

    fn as_document(&mut self) -> EditorDocument {
        let mut record = Map::new();
        let mut settings = Map::new();
        record.insert("name".into(), self.member(&FieldId::Name));
        record.insert("alias".into(), self.member(&FieldId::Alias));
        record.insert("providerId".into(), json!(self.provider.id));
        record.insert("isActive".into(), self.member(&FieldId::Status));
        for field in &self.fields {
            if let FieldId::Setting(key) = &field.id {
                settings.insert(key.clone(), member(field));
            }
        }
        record.insert("settings".into(), Json::Object(settings));
        if self.field(&FieldId::Note).is_some() {
            record.insert("changeDescription".into(), self.member(&FieldId::Note));
        }
        self.external_edit.before.clone_from(&record);
        let name = match self.name() {
            "" => "New connection",
            name => name,
        };
        let text = serde_json::to_string_pretty(&record).unwrap_or_default();
        EditorDocument(Zeroizing::new(format!(
            "// {} ({}): umai takes the values that you save here.\n\
             // \"{UNCHANGED}\" keeps a secret, null clears a field, a missing member stays unchanged.\n{}\n",
            printable(name),
            printable(&self.provider.name),
            escape_hidden(&text)
        )))
    }

    fn member(&self, id: &FieldId) -> Json {
        self.field(id).map_or(Json::Null, member)
    }

    /// Handles an editor that returned nothing: refused text that was reopened can be reopened again.
    pub fn document_missing(&mut self) {
        let given = self.external_edit.original.take();
        self.external_edit.rejected = given.filter(|_| self.external_edit.is_reopened);
    }

    /// Returns the members that the last edit could not set, with the reason.
    pub fn left_out_members(&self) -> &[String] {
        &self.external_edit.left_out
    }

    /// Applies the edited text and returns the result as a notice; `again` is the key that reopens text that is not valid JSON.
    pub fn take_document(
        &mut self,
        document: &EditorDocument,
        catalog: &ProviderCatalog,
        again: Option<&str>,
    ) -> Notice {
        self.external_edit.left_out.clear();
        let given = self.external_edit.original.take();
        if given.as_ref() == Some(document) {
            self.external_edit.rejected = given.filter(|_| self.external_edit.is_reopened);
            return Notice::info("No changes made in the editor");
        }
        let text = &*document.0;
        if text.trim().is_empty() {
            return Notice::info("The file is empty; the form was not changed");
        }
        match read(text) {
            Ok(mut record) => {
                let notice = self.apply_members(&record, catalog);
                record.values_mut().for_each(wipe);
                notice
            }
            Err((line, reason)) => {
                self.external_edit.rejected = Some(with_error_comment(text, line, &reason));
                let text = format!("Not valid JSON, line {line}: {reason}");
                Notice::error(match again {
                    Some(again) => format!("{text}. {again} reopens your text"),
                    None => text,
                })
            }
        }
    }
}

/// Value of a field as JSON; a secret is a placeholder.
fn member(field: &FormField) -> Json {
    let text = |text: &str| {
        if text.is_empty() {
            Json::Null
        } else {
            json!(text)
        }
    };
    match &field.value {
        FieldValue::Text(line) => text(line.value().trim()),
        FieldValue::Switch(on) => json!(on),
        FieldValue::Choice { options, at } => {
            text(at.and_then(|at| options.get(at)).map_or("", String::as_str))
        }
        FieldValue::Secret(secret) if field.reference().is_some() => {
            text(secret.input.value().trim())
        }
        FieldValue::Secret(secret) if secret.input.is_empty() && secret.stored_mask().is_none() => {
            Json::Null
        }
        FieldValue::Secret(_) => json!(UNCHANGED),
    }
}

/// Parses the text, or returns the line and the reason of the error.
fn read(text: &str) -> Result<Map<String, Json>, (usize, String)> {
    if text.len() > LONGEST {
        return Err((1, "the text is longer than 1 MiB".into()));
    }
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let parsed =
        parse_to_ast(text, &CollectOptions::default(), &WITH_COMMENTS).map_err(|error| {
            let mut reason = error.kind().to_string();
            if let Some(first) = reason.get_mut(..1) {
                first.make_ascii_lowercase();
            }
            (error.line_display().max(1), printable(&reason).into_owned())
        })?;
    match parsed.value.map(Json::from) {
        Some(Json::Object(record)) => Ok(record),
        _ => Err((1, "expected one object, { … }".into())),
    }
}

/// The text with the error in a comment above its line, without earlier errors.
fn with_error_comment(text: &str, line: usize, reason: &str) -> EditorDocument {
    let mut annotated = String::with_capacity(text.len() + reason.len() + 16);
    for (at, old) in text.lines().enumerate() {
        if at + 1 == line {
            annotated.push_str(ERROR_COMMENT);
            annotated.push_str(reason);
            annotated.push('\n');
        }
        if !old.starts_with(ERROR_COMMENT) {
            annotated.push_str(old);
            annotated.push('\n');
        }
    }
    EditorDocument(Zeroizing::new(annotated))
}

/// JSON with invisible characters escaped.
fn escape_hidden(json: &str) -> String {
    let mut escaped = String::with_capacity(json.len());
    for character in json.chars() {
        if character == '\n' || !is_hidden(character) {
            escaped.push(character);
            continue;
        }
        let mut units = [0; 2];
        for unit in character.encode_utf16(&mut units) {
            // Writing to a String cannot fail.
            let _ = write!(escaped, "\\u{unit:04x}");
        }
    }
    escaped
}

/// Zeroizes all strings in a value.
fn wipe(value: &mut Json) {
    match value {
        Json::String(text) => text.zeroize(),
        Json::Array(values) => values.iter_mut().for_each(wipe),
        Json::Object(members) => members.values_mut().for_each(wipe),
        Json::Null | Json::Bool(_) | Json::Number(_) => {}
    }
}

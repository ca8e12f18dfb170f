//! The whole form as text for an external editor, and the edited text applied to the fields.
//!
//! Secrets stay out of the text because it is a file while it is edited. `<unchanged>` stands for a stored or typed secret;
//! other text in its place is a new secret.

mod record;

use std::fmt::Write as _;

use jsonc_parser::{CollectOptions, ParseOptions, parse_to_ast};
use serde_json::{Map, Value as Json, json};
use zeroize::{Zeroize, Zeroizing};

use super::Form;
use super::field::{Field, Place, Value};
use crate::provider::ProviderCatalog;
use crate::text::{is_hidden, printable};
use crate::tui::notice::Notice;

/// Size limit of the edited text in bytes.
pub const LONGEST: usize = 1024 * 1024;

/// Placeholder of a secret.
const UNCHANGED: &str = "<unchanged>";

/// Start of a comment line with the error of the next line.
const ERROR_COMMENT: &str = "// !! ";

/// JSON with comments and trailing commas.
const OPTIONS: ParseOptions = ParseOptions {
    allow_comments: true,
    allow_trailing_commas: true,
    allow_loose_object_property_names: false,
    allow_missing_commas: false,
    allow_single_quoted_strings: false,
    allow_hexadecimal_numbers: false,
    allow_unary_plus_numbers: false,
    allow_bare_decimal_point_numbers: false,
    allow_non_finite_numbers: false,
    allow_extended_string_escapes: false,
};

/// Text for an editor. It may contain a secret that was typed there.
#[derive(Clone, PartialEq, Eq)]
pub struct Document(pub Zeroizing<String>);

impl std::fmt::Debug for Document {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Document(…)")
    }
}

/// Text in the external editor, and edited text that could not be parsed.
#[derive(Debug, Default)]
pub(super) struct Outside {
    given: Option<Document>,
    refused: Option<Document>,
    /// Members as they were sent to the editor: equal members in the result were not edited.
    before: Map<String, Json>,
    /// True if the text sent to the editor had been refused before.
    is_again: bool,
}

impl Form {
    /// The form as text for an editor, or the last edited text if it could not be parsed.
    pub fn document(&mut self) -> Document {
        let refused = self.outside.refused.take();
        self.outside.is_again = refused.is_some();
        let document = refused.unwrap_or_else(|| self.as_document());
        self.outside.given = Some(document.clone());
        document
    }

    fn as_document(&mut self) -> Document {
        let mut record = Map::new();
        let mut settings = Map::new();
        record.insert("name".into(), self.member(&Place::Name));
        record.insert("alias".into(), self.member(&Place::Alias));
        record.insert("providerId".into(), json!(self.provider.id));
        record.insert("isActive".into(), self.member(&Place::Status));
        for field in &self.fields {
            if let Place::Setting(key) = &field.place {
                settings.insert(key.clone(), member(field));
            }
        }
        record.insert("settings".into(), Json::Object(settings));
        if self.field(&Place::Note).is_some() {
            record.insert("changeDescription".into(), self.member(&Place::Note));
        }
        self.outside.before.clone_from(&record);
        let name = match self.name() {
            "" => "New connection",
            name => name,
        };
        let text = serde_json::to_string_pretty(&record).unwrap_or_default();
        Document(Zeroizing::new(format!(
            "// {} ({}): the form takes the values that you save here.\n\
             // \"{UNCHANGED}\" keeps a secret, null clears a field, a missing member stays unchanged.\n{}\n",
            printable(name),
            printable(&self.provider.name),
            escape_hidden(&text)
        )))
    }

    fn member(&self, place: &Place) -> Json {
        self.field(place).map_or(Json::Null, member)
    }

    /// Handles an editor that returned nothing: refused text that was reopened can be reopened again.
    pub fn document_missing(&mut self) {
        let given = self.outside.given.take();
        self.outside.refused = given.filter(|_| self.outside.is_again);
    }

    /// Applies the edited text and returns the result as a notice; `again` is the key that reopens refused text.
    pub fn take_document(
        &mut self,
        document: &Document,
        catalog: &ProviderCatalog,
        again: &str,
    ) -> Notice {
        let given = self.outside.given.take();
        if given.as_ref() == Some(document) {
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
            Err((line, why)) => {
                self.outside.refused = Some(with_error_comment(text, line, &why));
                Notice::error(format!(
                    "Not valid JSON, line {line}: {why}. {again} reopens your text"
                ))
            }
        }
    }
}

/// Value of a field as JSON; a secret is a placeholder.
fn member(field: &Field) -> Json {
    let text = |text: &str| {
        if text.is_empty() {
            Json::Null
        } else {
            json!(text)
        }
    };
    match &field.value {
        Value::Text(line) => text(line.value().trim()),
        Value::Switch(on) => json!(on),
        Value::Choice { options, at } => {
            text(at.and_then(|at| options.get(at)).map_or("", String::as_str))
        }
        Value::Secret(secret) if field.reference().is_some() => text(secret.line.value().trim()),
        Value::Secret(secret) if secret.line.is_empty() && secret.kept().is_none() => Json::Null,
        Value::Secret(_) => json!(UNCHANGED),
    }
}

/// Parses the text, or returns the line and the reason of the error.
fn read(text: &str) -> Result<Map<String, Json>, (usize, String)> {
    if text.len() > LONGEST {
        return Err((1, "the text is longer than 1 MiB".into()));
    }
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let parsed = parse_to_ast(text, &CollectOptions::default(), &OPTIONS).map_err(|error| {
        let mut why = error.kind().to_string();
        if let Some(first) = why.get_mut(..1) {
            first.make_ascii_lowercase();
        }
        (error.line_display().max(1), printable(&why).into_owned())
    })?;
    match parsed.value.map(Json::from) {
        Some(Json::Object(record)) => Ok(record),
        _ => Err((1, "expected one object, { … }".into())),
    }
}

/// The text with the error in a comment above its line, without earlier errors.
fn with_error_comment(text: &str, line: usize, why: &str) -> Document {
    let mut annotated = String::with_capacity(text.len() + why.len() + 16);
    for (at, old) in text.lines().enumerate() {
        if at + 1 == line {
            annotated.push_str(ERROR_COMMENT);
            annotated.push_str(why);
            annotated.push('\n');
        }
        if !old.starts_with(ERROR_COMMENT) {
            annotated.push_str(old);
            annotated.push('\n');
        }
    }
    Document(Zeroizing::new(annotated))
}

/// JSON with invisible characters escaped.
fn escape_hidden(json: &str) -> String {
    let mut escaped = String::with_capacity(json.len());
    for sign in json.chars() {
        if sign == '\n' || !is_hidden(sign) {
            escaped.push(sign);
            continue;
        }
        let mut units = [0; 2];
        for unit in sign.encode_utf16(&mut units) {
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

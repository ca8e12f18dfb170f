//! Reads a settings file into flat lower-case keys.

use std::collections::BTreeMap;
use std::path::Path;

use jsonc_parser::ast::Value;
use jsonc_parser::common::Ranged;
use jsonc_parser::{CollectOptions, parse_to_ast};
use secrecy::SecretString;

use crate::text::file::{self, FileFlaw, line_and_column};
use crate::text::json::WITH_COMMENTS;

/// Maximum size of a settings file, in bytes.
pub const MAX_FILE_BYTES: usize = 1024 * 1024;

/// Maximum nesting depth, as in .NET.
pub const MAX_DEPTH: usize = 64;

/// Values of a file by lower-case key.
pub(super) type FileValues = BTreeMap<String, FileEntry>;

/// Entry of a file.
pub(super) struct FileEntry {
    /// The key as the file spells it.
    pub key: String,
    /// The value; none for null.
    pub value: Option<SecretString>,
}

/// Reads the values of a file. The error completes a sentence that begins with the file name.
pub(super) fn read(path: &Path) -> Result<FileValues, FileFlaw> {
    let text = file::read(path, MAX_FILE_BYTES)?;
    parse(&text).map_err(FileFlaw::Unusable)
}

fn parse(text: &str) -> Result<FileValues, String> {
    let parsed =
        parse_to_ast(text, &CollectOptions::default(), &WITH_COMMENTS).map_err(|error| {
            at(
                (error.line_display(), error.column_display()),
                &error.kind().to_string(),
            )
        })?;
    let mut flat = FlatFile {
        text,
        values: FileValues::new(),
    };
    match parsed.value {
        Some(Value::Object(_)) => {}
        Some(other) => {
            return Err(flat.at(other.start(), "the settings must be a JSON object, { … }"));
        }
        None => {
            return Err(at(
                (1, 1),
                "the file is empty; the settings must be a JSON object, { … }",
            ));
        }
    }
    if let Some(root) = &parsed.value {
        flat.flatten(None, root, 1)?;
    }
    Ok(flat.values)
}

fn at((line, column): (usize, usize), sentence: &str) -> String {
    format!("is not valid at line {line}, column {column}: {sentence}")
}

struct FlatFile<'a> {
    text: &'a str,
    values: FileValues,
}

impl FlatFile<'_> {
    fn flatten(
        &mut self,
        key: Option<&str>,
        value: &Value<'_>,
        depth: usize,
    ) -> Result<(), String> {
        if depth > MAX_DEPTH + 1 {
            return Err(self.at(
                value.start(),
                &format!("nesting must not exceed {MAX_DEPTH} levels"),
            ));
        }
        // A member with an empty name is still a section: its members are not at the top level.
        let join = |name: &str| key.map_or_else(|| name.to_owned(), |key| format!("{key}:{name}"));
        match value {
            Value::Object(object) => object.properties.iter().try_for_each(|property| {
                self.flatten(
                    Some(&join(property.name.as_str())),
                    &property.value,
                    depth + 1,
                )
            }),
            Value::Array(array) => {
                array
                    .elements
                    .iter()
                    .enumerate()
                    .try_for_each(|(index, element)| {
                        self.flatten(Some(&join(&index.to_string())), element, depth + 1)
                    })
            }
            Value::StringLit(string) => self.keep(key, value, Some(&string.value)),
            Value::NumberLit(number) => self.keep(key, value, Some(number.value)),
            // .NET's spelling.
            Value::BooleanLit(switch) => self.keep(
                key,
                value,
                Some(if switch.value { "True" } else { "False" }),
            ),
            Value::NullKeyword(_) => self.keep(key, value, None),
        }
    }

    fn keep(
        &mut self,
        key: Option<&str>,
        place: &Value<'_>,
        text: Option<&str>,
    ) -> Result<(), String> {
        let key = key.unwrap_or_default();
        let entry = FileEntry {
            key: key.to_owned(),
            value: text.map(SecretString::from),
        };
        let key = key.to_lowercase();
        let flaw = format!("the key '{key}' occurs twice");
        match self.values.insert(key, entry) {
            None => Ok(()),
            Some(_) => Err(self.at(place.start(), &flaw)),
        }
    }

    fn at(&self, offset: usize, sentence: &str) -> String {
        at(line_and_column(self.text, offset), sentence)
    }
}

//! `umai providers check`: validates provider files and reports the invalid line.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::super::exit::{Exit, Failure};
use super::super::output::{Audience, Output};
use crate::provider::ProviderCatalog;

/// Checks these files, or those of a directory, and prints one result each.
pub fn run(given: &[PathBuf], folder: &Path, output: &mut Output) -> Result<(), Failure> {
    let (files, problems) = if given.is_empty() {
        ProviderCatalog::files(folder)
    } else {
        (given.to_vec(), Vec::new())
    };
    for problem in &problems {
        output.note(problem);
    }
    if files.is_empty() && problems.is_empty() {
        output.note(&format!(
            "No provider files in {}. Add one there, or name a file",
            folder.display()
        ));
    }
    let mut seen: Vec<(String, PathBuf)> = Vec::new();
    let mut found: Vec<Value> = Vec::new();
    let mut wrong = problems.len();
    for path in &files {
        let (line, value) = match check_file(path, &seen) {
            Ok((id, sentence)) => {
                let value = json!({ "file": path.display().to_string(), "ok": true, "id": id, "detail": sentence });
                seen.push((id, path.clone()));
                (format!("{}: {sentence}", path.display()), value)
            }
            Err(reason) => {
                wrong += 1;
                let value = json!({ "file": path.display().to_string(), "ok": false, "detail": reason.trim_start_matches([':', ' ']) });
                (format!("{}{reason}", path.display()), value)
            }
        };
        match output.audience() {
            Audience::Person => output.line(&line)?,
            Audience::Program => found.push(value),
        }
    }
    if output.audience() == Audience::Program {
        output.value(&json!({ "total": found.len(), "items": found }))?;
    }
    match wrong {
        0 => Ok(()),
        1 => Err(Failure::Partial("1 file is invalid".into(), Exit::Invalid)),
        many => Err(Failure::Partial(
            format!("{many} files are invalid"),
            Exit::Invalid,
        )),
    }
}

/// Returns the ID and a description, or the error to append to the file name.
fn check_file(path: &Path, seen: &[(String, PathBuf)]) -> Result<(String, String), String> {
    let provider = ProviderCatalog::read(path)?;
    if let Some((_, first)) = seen.iter().find(|(id, _)| *id == provider.id) {
        return Err(format!(
            ": provider '{}' is already defined in {}",
            provider.id,
            first.display()
        ));
    }
    let embedded = ProviderCatalog::embedded();
    let replaces = if embedded.get(&provider.id).is_some() {
        ", replaces the built-in provider"
    } else {
        ""
    };
    let settings = match provider.settings.len() {
        1 => "1 setting".to_owned(),
        many => format!("{many} settings"),
    };
    let sentence = format!(
        "provider '{}' ({}) with {settings}{replaces}",
        provider.id, provider.name
    );
    Ok((provider.id, sentence))
}

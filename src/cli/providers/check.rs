//! `umai providers check`: whether files describe providers, said for each file, with the line that is wrong.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::super::exit::{Exit, Failure};
use super::super::output::{Format, Output};
use crate::provider::ProviderCatalog;

/// Looks at these files, or at those of a folder, and says what each is.
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
            "{} has no provider files; name one, or put one there",
            folder.display()
        ));
    }
    let mut seen: Vec<(String, PathBuf)> = Vec::new();
    let mut found: Vec<Value> = Vec::new();
    let mut wrong = problems.len();
    for path in &files {
        let (line, value) = match look(path, &seen) {
            Ok((id, sentence)) => {
                let value = json!({ "file": path.display().to_string(), "ok": true, "id": id, "detail": sentence });
                seen.push((id, path.clone()));
                (format!("{}: {sentence}", path.display()), value)
            }
            Err(why) => {
                wrong += 1;
                let value = json!({ "file": path.display().to_string(), "ok": false, "detail": why.trim_start_matches([':', ' ']) });
                (format!("{}{why}", path.display()), value)
            }
        };
        match output.format() {
            Format::Text => output.line(&line)?,
            Format::Json => found.push(value),
        }
    }
    if output.format() == Format::Json {
        output.json(&json!({ "total": found.len(), "items": found }))?;
    }
    match wrong {
        0 => Ok(()),
        1 => Err(Failure::Some("1 is wrong".into(), Exit::Refused)),
        many => Err(Failure::Some(format!("{many} are wrong"), Exit::Refused)),
    }
}

/// The id and what it is, or the words that follow the file's name.
fn look(path: &Path, seen: &[(String, PathBuf)]) -> Result<(String, String), String> {
    let provider = ProviderCatalog::read(path)?;
    if let Some((_, first)) = seen.iter().find(|(id, _)| *id == provider.id) {
        return Err(format!(
            ": the provider '{}' is already described in {}",
            provider.id,
            first.display()
        ));
    }
    let embedded = ProviderCatalog::embedded();
    let stands_for = if embedded.get(&provider.id).is_some() {
        ", in place of the one that comes with umai"
    } else {
        ""
    };
    let settings = match provider.settings.len() {
        1 => "1 setting".to_owned(),
        many => format!("{many} settings"),
    };
    let sentence = format!(
        "the provider '{}' ({}) with {settings}{stands_for}",
        provider.id, provider.name
    );
    Ok((provider.id, sentence))
}

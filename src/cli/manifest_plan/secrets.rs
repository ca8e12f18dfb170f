//! Reads the secrets that files refer to.

use std::fs::File;
use std::io::IsTerminal;
use std::path::Path;
use std::sync::Arc;

use super::super::{prompt, secret_args};
use super::files::{PlanFile, position};
use crate::connection::manifest::{DesiredConnection, SecretSource};
use crate::connection::{PlainSecret, SettingValue, Settings};
use crate::plan::PlanEntry;
use crate::{atomic_file, text};

/// Returns the connections with their secrets; errors are added to `errors`.
pub fn fill(
    found: Vec<(Arc<PlanFile>, DesiredConnection)>,
    errors: &mut Vec<String>,
) -> Vec<PlanEntry> {
    let from_stdin = found.iter().filter(|(_, wanted)| {
        let mut elsewhere = wanted.secret_sources.iter();
        elsewhere.any(|(_, place)| *place == SecretSource::Stdin)
    });
    let is_stdin_taken = found.iter().any(|(source, _)| source.is_stdin);
    let many: usize = from_stdin
        .map(|(_, wanted)| wanted.secret_sources.len())
        .sum();
    let is_stdin_clear = many < 2 && !is_stdin_taken;
    let mut entries = Vec::with_capacity(found.len());
    for (source, mut wanted) in found {
        let place = position(&source, &wanted);
        let elsewhere = std::mem::take(&mut wanted.secret_sources);
        for (key, where_it_is) in elsewhere {
            let taken = match &where_it_is {
                SecretSource::File(path) => from_file(&source.folder, path),
                SecretSource::Stdin if is_stdin_clear => {
                    read_from_prompt_or_stdin(&format!("{place}settings.{key}"))
                }
                SecretSource::Stdin if is_stdin_taken => {
                    Err("stdin is already used for the document".into())
                }
                SecretSource::Stdin => Err("stdin can provide only one secret".into()),
            };
            match taken {
                Ok(taken) => {
                    let settings = wanted.draft.settings.get_or_insert_default();
                    let secret = text::trim_invisible(taken.secret.expose().unwrap_or_default());
                    settings.set(key, SettingValue::Secret(PlainSecret::new(secret)));
                }
                Err(reason) => errors.push(format!("{place}settings.{key}: {reason}")),
            }
        }
        entries.push(PlanEntry {
            position: place,
            alias: wanted.alias(),
            id: wanted.id,
            draft: wanted.draft,
            blank: wanted.blank,
            uncopied_secrets: Settings::default(),
            uncopied_lists: Vec::new(),
            is_copy: false,
        });
    }
    entries
}

/// Reads a secret from stdin; prompts without echo if stdin is a terminal.
fn read_from_prompt_or_stdin(label: &str) -> Result<secret_args::SecretArgument, String> {
    if std::io::stdin().is_terminal() {
        let typed = prompt::secret(label).map_err(|failure| failure.to_string())?;
        return typed
            .filter(has_text)
            .map(|secret| secret_args::SecretArgument {
                secret,
                is_trimmed: false,
            })
            .ok_or_else(|| format!("no input; {CLEAR}"));
    }
    let read = secret_args::from_stdin().map_err(|failure| failure.to_string())?;
    if has_text(&read.secret) {
        Ok(read)
    } else {
        Err(format!("no input on stdin; {CLEAR}"))
    }
}

/// Hint for clearing a setting.
const CLEAR: &str = "null clears the setting";

fn has_text(secret: &PlainSecret) -> bool {
    secret
        .expose()
        .is_some_and(|text| !text::trim_invisible(text).is_empty())
}

/// Reads a secret from a file. Errors do not repeat the path: it could be a secret written by mistake.
fn from_file(folder: &Path, path: &Path) -> Result<secret_args::SecretArgument, String> {
    let path = &folder.join(atomic_file::expand_home(path)?);
    let file = match std::fs::metadata(path) {
        Ok(metadata) if !metadata.is_file() => Err("it is not a regular file".to_owned()),
        Ok(_) => File::open(path).map_err(|error| error.to_string()),
        Err(error) => Err(error.to_string()),
    };
    let file = file.map_err(|reason| {
        let folder = if folder.as_os_str().is_empty() {
            Path::new(".")
        } else {
            folder
        };
        let from = folder.display();
        format!("cannot read the secret from its file, relative to {from}: {reason}")
    })?;
    let taken = secret_args::take(file, "its file").map_err(|failure| failure.to_string())?;
    if !has_text(&taken.secret) {
        return Err(format!("its file is empty; {CLEAR}"));
    }
    Ok(taken)
}

//! Application settings, against which `$Section:Key` references resolve.
//!
//! The sources are those of .NET, from lowest to highest precedence: `appsettings.json`, `appsettings.{Environment}.json`, user
//! secrets (in Development only), environment variables (`OpenAI__ApiKey`), and a folder with one file for each key. Keys are
//! case-insensitive, arrays are keys by index, and the source with the highest precedence decides, even when its value is null.
//!
//! Implemented by hand: no configuration crate follows these rules, and none reads a value only for the moment of use.

mod allow_list;
mod key_per_file;
mod json_file;
mod keys;
mod lookup_cache;
mod reference;
mod diagnostics;
mod sources;
mod user_secrets;
mod env;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};

use crate::text::file::FileFlaw;
use allow_list::AllowList;
use lookup_cache::{FileStates, LookupCache};
use sources::{SettingsSource, SettingsSources};

pub use diagnostics::ReferenceSources;
pub use env::EnvironmentVariables;
pub use json_file::{MAX_DEPTH, MAX_FILE_BYTES};
pub use keys::{ConfigurationKey, MAX_KEYS};
pub use reference::Reference;

const FILE_NAME: &str = "appsettings.json";

/// Option for the folder with one file for each key.
const KEY_PER_FILE: &str = "--key-per-file";

/// Result of looking up a reference; never contains the value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum ReferenceLookup {
    /// The key has a value.
    Found {
        /// Source of the value, for example `environment variable OpenAI__ApiKey` or `appsettings.json`.
        source: String,
    },
    /// The key has no value.
    Missing {
        /// Sources that were searched.
        looked_in: Vec<String>,
    },
    /// The allow-list does not include the key.
    Refused {
        /// Prefixes on the allow-list.
        allowed: Vec<String>,
    },
}

/// Sources of application settings, none by default. Values are read on every use; only the results of lookups are kept, while the
/// files are unchanged.
#[derive(Debug, Clone)]
pub struct AppSettings {
    base: Option<PathBuf>,
    is_named: bool,
    user_secrets: Option<PathBuf>,
    variables: EnvironmentVariables,
    key_per_file: Option<PathBuf>,
    lookups: Arc<LookupCache>,
}

impl Default for AppSettings {
    fn default() -> Self {
        Self {
            base: None,
            is_named: false,
            user_secrets: None,
            variables: EnvironmentVariables::none(),
            key_per_file: None,
            lookups: Arc::default(),
        }
    }
}

impl AppSettings {
    /// Uses the optional `appsettings.json` and `appsettings.{Environment}.json` in a folder.
    pub fn in_folder(folder: impl AsRef<Path>, variables: EnvironmentVariables) -> Self {
        Self {
            base: Some(folder.as_ref().join(FILE_NAME)),
            variables,
            ..Self::default()
        }
    }

    /// Uses a file, which must exist, and the optional file of its environment next to it.
    pub fn file(path: impl Into<PathBuf>, variables: EnvironmentVariables) -> Self {
        Self {
            base: Some(path.into()),
            is_named: true,
            variables,
            ..Self::default()
        }
    }

    /// Adds the user secrets of a .NET project, by its `UserSecretsId`.
    pub fn with_user_secrets(self, id: &str) -> Result<Self, String> {
        Ok(Self {
            user_secrets: Some(user_secrets::path(id)?),
            lookups: Arc::default(),
            ..self
        })
    }

    /// Adds a folder with one file for each key.
    #[must_use]
    pub fn with_key_per_file(self, folder: impl Into<PathBuf>) -> Self {
        Self {
            key_per_file: Some(folder.into()),
            lookups: Arc::default(),
            ..self
        }
    }

    /// Looks up a reference without returning its value.
    pub fn lookup(&self, reference: &Reference) -> ReferenceLookup {
        let files = self.file_states();
        let cached = files
            .as_ref()
            .and_then(|files| self.lookups.get(files, reference.key()));
        if let Some(result) = cached {
            return result;
        }
        let sources = self.sources();
        // A file that cannot be read now may be readable later without a change of its state.
        let is_readable = sources.are_readable();
        let result = self.look_up(sources, reference);
        if let Some(files) = files.filter(|_| is_readable)
            && self.file_states().as_ref() == Some(&files)
        {
            self.lookups.keep(files, reference.key(), result.clone());
        }
        result
    }

    /// Returns the states of all files; `None` with a folder, or if a change of a file could go unnoticed.
    fn file_states(&self) -> Option<FileStates> {
        if self.key_per_file.is_some() {
            return None;
        }
        let secrets = self
            .user_secrets
            .as_ref()
            .filter(|_| self.has_user_secrets());
        let environment = self
            .base
            .as_deref()
            .and_then(|base| self.environment_file(base));
        let files = self.base.as_deref().into_iter();
        let files = files.chain(environment.as_deref());
        lookup_cache::states_of(files.chain(secrets.map(PathBuf::as_path)))
    }

    fn look_up(&self, sources: SettingsSources, reference: &Reference) -> ReferenceLookup {
        match self.find(sources, reference) {
            FoundValue::Value { source, .. } => ReferenceLookup::Found { source },
            FoundValue::Absent { looked_in } => ReferenceLookup::Missing { looked_in },
            FoundValue::Refused { allowed } => ReferenceLookup::Refused { allowed },
        }
    }

    /// Returns the value of a reference, for immediate use; none when it has no value or is not allowed.
    pub fn resolve(&self, reference: &Reference) -> Option<SecretString> {
        match self.find(self.sources(), reference) {
            FoundValue::Value { value, .. } => Some(value),
            FoundValue::Absent { .. } | FoundValue::Refused { .. } => None,
        }
    }

    /// Returns one sentence for each unusable file. Optional files may be missing.
    pub fn problems(&self) -> Vec<String> {
        let sources = self.sources();
        let flaws = sources
            .all()
            .filter_map(|settings_source| match &settings_source.values {
                Err(FileFlaw::NotFound) => settings_source.option.map(|option| {
                    format!("{} does not exist; check {option}", settings_source.name)
                }),
                Ok(_) => settings_source.untrusted(),
                Err(FileFlaw::Unusable(why)) => {
                    let is_folder = settings_source.option == Some(KEY_PER_FILE);
                    let what = if is_folder { "folder" } else { "file" };
                    Some(format!(
                        "{} {why}; the {what} is ignored",
                        settings_source.name
                    ))
                }
            });
        let mut problems: Vec<String> = flaws.collect();
        problems.extend(sources.problems);
        problems.extend(self.environment().err());
        problems
    }

    fn find(&self, sources: SettingsSources, reference: &Reference) -> FoundValue {
        if let Err(allowed) = AllowList::new(&sources, &self.variables).check(reference.key()) {
            return FoundValue::Refused { allowed };
        }
        let key = reference.key().to_ascii_lowercase();
        let SettingsSources {
            files, key_folder, ..
        } = sources;
        let mut looked_in = Vec::new();
        let mut decided = false;
        if let Some(settings_source) = key_folder {
            match look_up(settings_source, &key, &mut decided) {
                (place, Some(value)) => {
                    let file = reference
                        .variable()
                        .unwrap_or_else(|| reference.key().to_owned());
                    let source = format!("{place}/{file}");
                    return FoundValue::Value { source, value };
                }
                (place, None) => looked_in.push(place),
            }
        }
        let variable = self.variables.for_key(&key);
        let is_set = variable.is_some();
        match variable {
            Some((name, value)) if has_text(&value) && !decided => {
                return FoundValue::Value {
                    source: format!("environment variable {name}"),
                    value,
                };
            }
            Some((name, value)) if has_text(&value) => {
                looked_in.push(format!("environment variable {name}"));
            }
            Some((name, _)) => looked_in.push(format!("environment variable {name} (empty)")),
            None => {
                let name = reference.variable();
                looked_in.extend(name.map(|name| format!("environment variable {name}")));
            }
        }
        decided |= is_set;
        let mut places = Vec::new();
        for settings_source in files.into_iter().rev() {
            match look_up(settings_source, &key, &mut decided) {
                (source, Some(value)) => return FoundValue::Value { source, value },
                (place, None) => places.push(place),
            }
        }
        looked_in.extend(places.into_iter().rev());
        if self.user_secrets.is_some() && !self.has_user_secrets() {
            looked_in.push("user secrets (in Development only)".into());
        }
        FoundValue::Absent { looked_in }
    }

    /// Reads the files and folders.
    fn sources(&self) -> SettingsSources {
        let mut files = Vec::new();
        if let Some(base) = &self.base {
            let option = self.is_named.then_some("--appsettings");
            files.push(self.file_source(base, option));
            if let Some(path) = self.environment_file(base) {
                files.push(self.file_source(&path, None));
            }
        }
        if let Some(path) = self
            .user_secrets
            .as_ref()
            .filter(|_| self.has_user_secrets())
        {
            files.push(SettingsSource {
                name: path.display().to_string(),
                path: path.clone(),
                values: json_file::read(path),
                option: Some("--user-secrets"),
            });
        }
        let mut problems = Vec::new();
        let key_folder = self.key_per_file.as_ref().map(|folder| {
            let (values, flaws) = key_per_file::read(folder);
            problems = flaws;
            SettingsSource {
                name: folder.display().to_string(),
                path: folder.clone(),
                values,
                option: Some(KEY_PER_FILE),
            }
        });
        SettingsSources {
            files,
            key_folder,
            problems,
        }
    }

    /// Returns the path of `appsettings.{Environment}.json`, next to the base file.
    fn environment_file(&self, base: &Path) -> Option<PathBuf> {
        let environment = self.environment().ok()?;
        let stem = base.file_stem().unwrap_or_default().to_string_lossy();
        let extension = base.extension().unwrap_or_default().to_string_lossy();
        let dot = if extension.is_empty() { "" } else { "." };
        Some(base.with_file_name(format!("{stem}.{environment}{dot}{extension}")))
    }

    fn file_source(&self, path: &Path, option: Option<&'static str>) -> SettingsSource {
        SettingsSource {
            name: self.name_of(path),
            path: path.to_owned(),
            values: json_file::read(path),
            option,
        }
    }

    /// Returns whether user secrets are configured and apply.
    fn has_user_secrets(&self) -> bool {
        let environment = self.variables.environment();
        self.user_secrets.is_some() && user_secrets::apply_in(&environment)
    }

    /// Returns the name of a file in messages: as given, or without the working directory.
    fn name_of(&self, path: &Path) -> String {
        let name = path.file_name().filter(|_| !self.is_named);
        name.map_or_else(
            || path.display().to_string(),
            |name| name.to_string_lossy().into_owned(),
        )
    }

    /// Returns the environment's name if it is valid in a file name.
    fn environment(&self) -> Result<String, String> {
        let name = self.variables.environment();
        let is_word = name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.'));
        if is_word && name.len() <= 100 {
            Ok(name)
        } else {
            Err(
                "the environment name must have only letters, digits, dots, hyphens and underscores; appsettings.{Environment}.json is ignored"
                    .into(),
            )
        }
    }
}

/// Returns the name of a source and its value of a key, unless a source with higher precedence `decided`.
fn look_up(
    settings_source: SettingsSource,
    key: &str,
    decided: &mut bool,
) -> (String, Option<SecretString>) {
    let SettingsSource { name, values, .. } = settings_source;
    match values {
        Err(FileFlaw::NotFound) => (format!("{name} (does not exist)"), None),
        Err(FileFlaw::Unusable(why)) => (format!("{name}, which {why}"), None),
        Ok(mut values) => match values.remove(key).map(|entry| entry.value) {
            Some(Some(value)) if has_text(&value) && !*decided => (name, Some(value)),
            Some(_) if !*decided => {
                *decided = true;
                (format!("{name} (empty)"), None)
            }
            Some(_) | None => (name, None),
        },
    }
}

enum FoundValue {
    Value { source: String, value: SecretString },
    Absent { looked_in: Vec<String> },
    Refused { allowed: Vec<String> },
}

fn has_text(value: &SecretString) -> bool {
    !value.expose_secret().trim().is_empty()
}

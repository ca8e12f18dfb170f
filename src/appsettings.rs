//! The application settings that `$Section:Key` references resolve against.
//!
//! They are .NET's: `appsettings.json`, over it `appsettings.{Environment}.json`, over both the environment variables
//! (`OpenAI__ApiKey`). Keys have no case, arrays are keys by index, and the highest place that has a key decides, even
//! when it says null there.
//!
//! Why by hand: no configuration crate knows these rules, and none reads a value only for the moment it is used.

mod allowed;
mod layer;
mod listing;
mod reference;
mod survey;
mod variables;

use std::path::{Path, PathBuf};

use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};

use crate::text::file::FileFlaw;
use allowed::Allowed;
use layer::Values;

pub use layer::{MAX_DEPTH, MAX_FILE_BYTES};
pub use listing::{ConfigurationKey, MOST_KEYS};
pub use reference::Reference;
pub use survey::Survey;
pub use variables::Variables;

const FILE_NAME: &str = "appsettings.json";

/// Whether a reference resolves; never the value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum Lookup {
    /// It does.
    Found {
        /// Where, for example `environment variable OpenAI__ApiKey` or `appsettings.json`.
        source: String,
    },
    /// It does not.
    Missing {
        /// Everywhere it was looked for.
        looked_in: Vec<String>,
    },
    /// It may not be referenced.
    Refused {
        /// The prefixes that may be.
        allowed: Vec<String>,
    },
}

/// Where application settings are read from, afresh at each use; by default from nowhere.
#[derive(Debug, Clone)]
pub struct AppSettings {
    base: Option<PathBuf>,
    is_named: bool,
    variables: Variables,
}

impl Default for AppSettings {
    fn default() -> Self {
        Self {
            base: None,
            is_named: false,
            variables: Variables::none(),
        }
    }
}

impl AppSettings {
    /// `appsettings.json` and its environment's file in a folder, where they are there.
    pub fn in_folder(folder: impl AsRef<Path>, variables: Variables) -> Self {
        Self {
            base: Some(folder.as_ref().join(FILE_NAME)),
            is_named: false,
            variables,
        }
    }

    /// A file that was named, and its environment's file beside it.
    pub fn file(path: impl Into<PathBuf>, variables: Variables) -> Self {
        Self {
            base: Some(path.into()),
            is_named: true,
            variables,
        }
    }

    /// Whether a reference resolves, and where.
    pub fn lookup(&self, reference: &Reference) -> Lookup {
        match self.find(reference) {
            Found::At { source, .. } => Lookup::Found { source },
            Found::Nowhere { looked_in } => Lookup::Missing { looked_in },
            Found::Refused { allowed } => Lookup::Refused { allowed },
        }
    }

    /// The value of a reference, for the moment it is used; nothing when it does not resolve or may not be referenced.
    pub fn resolve(&self, reference: &Reference) -> Option<SecretString> {
        match self.find(reference) {
            Found::At { value, .. } => Some(value),
            Found::Nowhere { .. } | Found::Refused { .. } => None,
        }
    }

    /// What is wrong with the files, one sentence each; a file that need not be there is not missed.
    pub fn problems(&self) -> Vec<String> {
        let layers = self.layers();
        let flaws = layers
            .iter()
            .enumerate()
            .filter_map(|(index, layer)| match &layer.values {
                Err(FileFlaw::NotThere) if self.is_named && index == 0 => {
                    Some(format!("{} is not there; check --appsettings", layer.name))
                }
                Ok(_) | Err(FileFlaw::NotThere) => None,
                Err(FileFlaw::Unusable(why)) => {
                    Some(format!("{} {why}; the file is left out", layer.name))
                }
            });
        flaws.chain(self.environment().err()).collect()
    }

    fn find(&self, reference: &Reference) -> Found {
        let layers = self.layers();
        if let Err(allowed) = Allowed::of(&layers, &self.variables).check(reference.key()) {
            return Found::Refused { allowed };
        }
        let key = reference.key().to_ascii_lowercase();
        let mut looked_in = Vec::new();
        let variable = self.variables.for_key(&key);
        let is_set = variable.is_some();
        match variable {
            Some((name, value)) if has_text(&value) => {
                return Found::At {
                    source: format!("environment variable {name}"),
                    value,
                };
            }
            Some((name, _)) => looked_in.push(format!("environment variable {name} (empty)")),
            None => {
                let name = reference.variable();
                looked_in.extend(name.map(|name| format!("environment variable {name}")));
            }
        }
        let mut decided = is_set;
        let mut places = Vec::new();
        for layer in layers.into_iter().rev() {
            let place = match layer.values {
                Err(FileFlaw::NotThere) => format!("{} (not there)", layer.name),
                Err(FileFlaw::Unusable(why)) => format!("{}, which {why}", layer.name),
                Ok(mut values) => match values.remove(&key).map(|kept| kept.value) {
                    Some(Some(value)) if has_text(&value) && !decided => {
                        return Found::At {
                            source: layer.name,
                            value,
                        };
                    }
                    Some(_) if !decided => {
                        decided = true;
                        format!("{} (empty)", layer.name)
                    }
                    Some(_) | None => layer.name,
                },
            };
            places.push(place);
        }
        looked_in.extend(places.into_iter().rev());
        Found::Nowhere { looked_in }
    }

    /// The files, the lowest first.
    fn layers(&self) -> Vec<Layer> {
        let Some(base) = &self.base else {
            return Vec::new();
        };
        let mut paths = vec![base.clone()];
        if let Ok(environment) = self.environment() {
            let stem = base.file_stem().unwrap_or_default().to_string_lossy();
            let extension = base.extension().unwrap_or_default().to_string_lossy();
            let dot = if extension.is_empty() { "" } else { "." };
            paths.push(base.with_file_name(format!("{stem}.{environment}{dot}{extension}")));
        }
        paths
            .into_iter()
            .map(|path| Layer {
                name: self.name_of(&path),
                values: layer::read(&path),
            })
            .collect()
    }

    /// What sentences call a file: as it was named, or in the working folder its name alone.
    fn name_of(&self, path: &Path) -> String {
        let name = path.file_name().filter(|_| !self.is_named);
        name.map_or_else(
            || path.display().to_string(),
            |name| name.to_string_lossy().into_owned(),
        )
    }

    /// The environment's name, as long as it can be part of a file's name.
    fn environment(&self) -> Result<String, String> {
        let name = self.variables.environment();
        let is_word = name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.'));
        if is_word && name.len() <= 100 {
            Ok(name)
        } else {
            Err(
                "the environment's name must be letters, numbers, dots, hyphens and underscores; \
                 appsettings.{Environment}.json is left out"
                    .into(),
            )
        }
    }
}

/// One file.
struct Layer {
    name: String,
    values: Result<Values, FileFlaw>,
}

enum Found {
    At { source: String, value: SecretString },
    Nowhere { looked_in: Vec<String> },
    Refused { allowed: Vec<String> },
}

fn has_text(value: &SecretString) -> bool {
    !value.expose_secret().trim().is_empty()
}

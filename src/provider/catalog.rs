//! Provider catalog: embedded and custom provider files.

use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use super::{Provider, validate};
use crate::text::file::trust::FileTrust;
use crate::text::file::{self, FileFlaw};

/// Maximum size of a provider file in bytes.
pub const MAX_FILE_BYTES: usize = 64 * 1024;

/// Maximum number of custom provider files.
pub const MAX_FILES: usize = 256;

/// Embedded provider files.
const EMBEDDED: [(&str, &str); 17] = [
    (
        "alibaba.toml",
        include_str!("../../assets/providers/alibaba.toml"),
    ),
    (
        "amazon.toml",
        include_str!("../../assets/providers/amazon.toml"),
    ),
    (
        "anthropic.toml",
        include_str!("../../assets/providers/anthropic.toml"),
    ),
    (
        "deepseek.toml",
        include_str!("../../assets/providers/deepseek.toml"),
    ),
    (
        "fireworks-ai.toml",
        include_str!("../../assets/providers/fireworks-ai.toml"),
    ),
    (
        "google.toml",
        include_str!("../../assets/providers/google.toml"),
    ),
    (
        "huggingface.toml",
        include_str!("../../assets/providers/huggingface.toml"),
    ),
    (
        "microsoft-foundry.toml",
        include_str!("../../assets/providers/microsoft-foundry.toml"),
    ),
    (
        "mistral.toml",
        include_str!("../../assets/providers/mistral.toml"),
    ),
    (
        "moonshot.toml",
        include_str!("../../assets/providers/moonshot.toml"),
    ),
    (
        "ollama.toml",
        include_str!("../../assets/providers/ollama.toml"),
    ),
    (
        "openai.toml",
        include_str!("../../assets/providers/openai.toml"),
    ),
    (
        "openai-compatible.toml",
        include_str!("../../assets/providers/openai-compatible.toml"),
    ),
    (
        "openrouter.toml",
        include_str!("../../assets/providers/openrouter.toml"),
    ),
    (
        "perplexity.toml",
        include_str!("../../assets/providers/perplexity.toml"),
    ),
    (
        "togetherai.toml",
        include_str!("../../assets/providers/togetherai.toml"),
    ),
    ("zai.toml", include_str!("../../assets/providers/zai.toml")),
];

/// Known providers, ordered by display name.
#[derive(Debug, Clone, Default)]
pub struct ProviderCatalog {
    providers: Vec<Provider>,
}

impl ProviderCatalog {
    /// Returns the embedded providers.
    pub fn embedded() -> Self {
        PARSED.0.clone()
    }

    /// Loads the embedded providers and those of a folder, which add or override by ID.
    ///
    /// An invalid file is skipped and reported with its position.
    pub fn load(user_folder: Option<&Path>) -> (Self, Vec<String>) {
        let (Self { mut providers }, mut problems) = PARSED.clone();
        let mut named: Vec<(String, String)> = Vec::new();
        for path in user_folder
            .map(|folder| files(folder, &mut problems))
            .unwrap_or_default()
        {
            let shown = path.display();
            let provider = match read(&path) {
                Ok(provider) => provider,
                Err(reason) => {
                    problems.push(format!("{shown}{reason}; this provider is skipped"));
                    continue;
                }
            };
            if let Some((_, first)) = named.iter().find(|(id, _)| *id == provider.id) {
                problems.push(format!(
                    "{shown}: provider '{}' is already defined in {first}; this file is skipped",
                    provider.id
                ));
                continue;
            }
            named.push((provider.id.clone(), shown.to_string()));
            providers.retain(|known| known.id != provider.id);
            providers.push(provider);
        }
        (Self::from_iter(providers), problems)
    }

    /// Returns the files of a folder by name, and its problems; empty if the folder does not exist.
    pub fn files(folder: &Path) -> (Vec<PathBuf>, Vec<String>) {
        let mut problems = Vec::new();
        (files(folder, &mut problems), problems)
    }

    /// Reads a provider file; the error follows the file name in a message.
    pub fn read(path: &Path) -> Result<Provider, String> {
        read(path)
    }

    /// Returns the provider with this ID, in any case.
    pub fn get(&self, id: &str) -> Option<&Provider> {
        self.providers
            .iter()
            .find(|provider| provider.id.eq_ignore_ascii_case(id))
    }

    /// Returns true if a connection of this provider cannot be used without settings, or if the provider is unknown.
    pub fn requires_settings(&self, id: &str) -> bool {
        self.get(id).is_none_or(Provider::requires_settings)
    }

    /// Returns all providers, ordered by display name, case-insensitive.
    pub fn all(&self) -> &[Provider] {
        &self.providers
    }
}

/// Embedded providers and their problems, read once.
static PARSED: LazyLock<(ProviderCatalog, Vec<String>)> = LazyLock::new(|| {
    let (mut providers, mut problems) = (Vec::new(), Vec::new());
    for (name, text) in EMBEDDED {
        match validate::read(text) {
            Ok(provider) => providers.push(provider),
            Err(error) => {
                problems.push(format!("providers/{name}{error}; this provider is skipped"));
            }
        }
    }
    (ProviderCatalog::from_iter(providers), problems)
});

impl FromIterator<Provider> for ProviderCatalog {
    fn from_iter<I: IntoIterator<Item = Provider>>(providers: I) -> Self {
        let mut providers: Vec<_> = providers.into_iter().collect();
        providers
            .sort_by_cached_key(|provider| (provider.name.to_lowercase(), provider.id.clone()));
        Self { providers }
    }
}

/// Reads a provider file; the error follows the file name in a message.
fn read(path: &Path) -> Result<Provider, String> {
    let text =
        file::read_trusted(path, MAX_FILE_BYTES, FileTrust::OwnerOnly).map_err(
            |error| match error {
                FileFlaw::NotFound => " no longer exists".to_owned(),
                FileFlaw::Unusable(reason) => format!(" {reason}"),
            },
        )?;
    validate::read(&text).map_err(|error| error.to_string())
}

/// Returns the files of a folder by name; empty if the folder does not exist.
fn files(folder: &Path, problems: &mut Vec<String>) -> Vec<PathBuf> {
    let entries = match std::fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Vec::new(),
        Err(error) => {
            problems.push(format!(
                "{} cannot be read: {error}; its providers are skipped",
                folder.display()
            ));
            return Vec::new();
        }
    };
    let mut paths: Vec<_> = entries
        .filter_map(Result::ok)
        .map(|entry| entry.path())
        .filter(|path| {
            path.extension()
                .is_some_and(|extension| extension == "toml")
        })
        .collect();
    paths.sort();
    if paths.len() > MAX_FILES {
        problems.push(format!(
            "{} has {} provider files; the first {MAX_FILES} are read, the others are skipped",
            folder.display(),
            paths.len()
        ));
        paths.truncate(MAX_FILES);
    }
    paths
}

//! The provider catalogue: the embedded files and the user's.

use std::path::{Path, PathBuf};

use super::Provider;
use super::check;
use crate::text::file::{self, FileFlaw};

/// The most bytes a provider's file has.
pub const MAX_FILE_BYTES: usize = 64 * 1024;

/// The most files that are read from the user's folder.
pub const MAX_FILES: usize = 256;

/// The files that come with the program.
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

/// All providers this installation knows, ordered by display name.
#[derive(Debug, Clone, Default)]
pub struct ProviderCatalog {
    providers: Vec<Provider>,
}

impl ProviderCatalog {
    /// The providers that come with the program.
    pub fn embedded() -> Self {
        Self::load(None).0
    }

    /// The providers that come with the program and those of a user's folder, which add or override by id.
    ///
    /// A file that is wrong is left out and named, with its line, in one sentence; the others work.
    pub fn load(user_folder: Option<&Path>) -> (Self, Vec<String>) {
        let mut problems = Vec::new();
        let mut providers = Vec::new();
        for (name, text) in EMBEDDED {
            match check::read(text) {
                Ok(provider) => providers.push(provider),
                Err(flaw) => {
                    problems.push(format!("providers/{name}{flaw}; this provider is left out"));
                }
            }
        }
        let mut named: Vec<(String, String)> = Vec::new();
        for path in user_folder
            .map(|folder| files(folder, &mut problems))
            .unwrap_or_default()
        {
            let shown = path.display();
            let provider = match read(&path) {
                Ok(provider) => provider,
                Err(why) => {
                    problems.push(format!("{shown}{why}; this provider is left out"));
                    continue;
                }
            };
            if let Some((_, first)) = named.iter().find(|(id, _)| *id == provider.id) {
                problems.push(format!(
                    "{shown}: the provider '{}' is already described in {first}; this file is left out",
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

    /// A user's files in the order of their names, and what is wrong with their folder; one that is not there has none.
    pub fn files(folder: &Path) -> (Vec<PathBuf>, Vec<String>) {
        let mut problems = Vec::new();
        (files(folder, &mut problems), problems)
    }

    /// The provider that a file describes, or the words that follow the file's name.
    pub fn read(path: &Path) -> Result<Provider, String> {
        read(path)
    }

    /// The provider with this id, in any case.
    pub fn get(&self, id: &str) -> Option<&Provider> {
        self.providers
            .iter()
            .find(|provider| provider.id.eq_ignore_ascii_case(id))
    }

    /// All providers, ordered by display name without regard to case.
    pub fn all(&self) -> &[Provider] {
        &self.providers
    }
}

impl FromIterator<Provider> for ProviderCatalog {
    fn from_iter<I: IntoIterator<Item = Provider>>(providers: I) -> Self {
        let mut providers: Vec<_> = providers.into_iter().collect();
        providers
            .sort_by_cached_key(|provider| (provider.name.to_lowercase(), provider.id.clone()));
        Self { providers }
    }
}

/// The provider that a file describes, or the words that follow the file's name.
fn read(path: &Path) -> Result<Provider, String> {
    let text = file::read(path, MAX_FILE_BYTES).map_err(|flaw| match flaw {
        FileFlaw::NotThere => " is not there any more".to_owned(),
        FileFlaw::Unusable(why) => format!(" {why}"),
    })?;
    check::read(&text).map_err(|flaw| flaw.to_string())
}

/// The user's files in the order of their names; a folder that is not there has none.
fn files(folder: &Path, problems: &mut Vec<String>) -> Vec<PathBuf> {
    let entries = match std::fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Vec::new(),
        Err(error) => {
            problems.push(format!(
                "{} cannot be read: {error}; its providers are left out",
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
            "{} has {} provider files; the first {MAX_FILES} are read, the others are left out",
            folder.display(),
            paths.len()
        ));
        paths.truncate(MAX_FILES);
    }
    paths
}

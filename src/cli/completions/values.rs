//! Providers, targets and setting keys for shell completion.

use std::ffi::OsStr;
use std::sync::Arc;

use clap_complete::engine::{CompletionCandidate, PathCompleter, ValueCompleter};

use super::aliases::{IncompleteLine, LONGEST};
use crate::cli::exit::Failure;
use crate::cli::open_service::{self, CliContext};
use crate::config::Config;
use crate::config::file::ConfigFile;
use crate::connection::IdOrAlias;
use crate::provider::{Provider, ProviderCatalog};

/// Returns the IDs of the providers with this prefix.
pub fn providers(typed: &OsStr) -> Vec<CompletionCandidate> {
    let catalog = catalog(IncompleteLine::of_process().as_ref());
    let ids = catalog.all().iter().map(|provider| provider.id.clone());
    candidates(ids, typed)
}

/// Returns the names of the targets with this prefix.
pub fn targets(typed: &OsStr) -> Vec<CompletionCandidate> {
    let folder = IncompleteLine::of_process().map(|line| line.globals.config);
    let Ok(folder) = Config::folder(folder.flatten()) else {
        return Vec::new();
    };
    let file = ConfigFile::read(&folder);
    candidates(file.targets().iter().map(|(name, _)| name.clone()), typed)
}

/// Returns the places of stores with this prefix: targets and directories.
pub fn places(typed: &OsStr) -> Vec<CompletionCandidate> {
    let mut places = targets(typed);
    places.extend(PathCompleter::dir().complete(typed));
    places
}

/// Returns the setting keys of the provider with this prefix.
pub fn keys(typed: &OsStr) -> Vec<CompletionCandidate> {
    candidates(known_keys().into_iter(), typed)
}

/// Same as [`keys()`], with the `=` before the value.
pub fn assigned_keys(typed: &OsStr) -> Vec<CompletionCandidate> {
    candidates(known_keys().into_iter().map(|key| format!("{key}=")), typed)
}

fn candidates(words: impl Iterator<Item = String>, typed: &OsStr) -> Vec<CompletionCandidate> {
    let typed = typed.to_string_lossy();
    let matching = words.filter(|word| word.starts_with(&*typed));
    matching.map(CompletionCandidate::new).collect()
}

fn catalog(line: Option<&IncompleteLine>) -> Arc<ProviderCatalog> {
    let context = line.and_then(|line| CliContext::new(&line.globals).ok());
    context.map_or_else(
        || Arc::new(ProviderCatalog::embedded()),
        |context| context.catalog,
    )
}

/// Returns the keys of the provider of the line: that of `--provider`, or of the connection.
fn known_keys() -> Vec<String> {
    let Some(line) = IncompleteLine::of_process() else {
        return Vec::new();
    };
    let catalog = catalog(Some(&line));
    let named = line
        .command
        .try_get_one::<String>("provider")
        .ok()
        .flatten();
    let id = match named {
        Some(id) => Some(id.clone()),
        None => provider_of_connection(&line).ok().flatten(),
    };
    let keys = |provider: &Provider| {
        let keys = provider.settings.iter().map(|field| field.key.clone());
        keys.collect()
    };
    let provider = id.and_then(|id| catalog.get(&id));
    provider.map(keys).unwrap_or_default()
}

fn provider_of_connection(line: &IncompleteLine) -> Result<Option<String>, Failure> {
    let key = line.command.try_get_one::<IdOrAlias>("connection");
    let Some(key) = key.ok().flatten() else {
        return Ok(None);
    };
    let context = CliContext::new(&line.globals)?.reading();
    // A completion must not create a store.
    if context.is_local() && !context.config.data.exists() {
        return Ok(None);
    }
    open_service::query_silently(&context, LONGEST, async |service| {
        Ok(Some(service.get(key).await?.item.provider_id))
    })
}

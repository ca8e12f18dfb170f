//! Connections of one service as desired on another one.

use std::collections::HashMap;
use std::sync::Arc;

use futures_util::{StreamExt, TryStreamExt, stream};
use uuid::Uuid;

use super::PlanEntry;
use crate::connection::export::{Exported, ExportedManifest};
use crate::connection::manifest::{self, DesiredConnection, ManifestFormat};
use crate::connection::{
    Connection, ConnectionError, IdOrAlias, PlainSecret, SettingValue, Settings,
};
use crate::provider::ProviderCatalog;
use crate::service::ConnectionService;

/// Number of concurrent reads.
const AT_ONCE: usize = 16;

/// Settings of a connection with its secrets.
#[derive(Debug, Clone, Default)]
pub struct Revealed {
    /// Settings.
    pub settings: Settings<PlainSecret>,
    /// Lists and objects by key, as JSON, which may contain secrets. They can be compared, but not copied.
    pub lists: Vec<(String, PlainSecret)>,
}

/// Settings with secrets, by alias in lower case.
pub type RevealedSettings = HashMap<String, Revealed>;

/// Connections to copy.
pub struct CopySource {
    /// Connections, ordered by alias.
    pub connections: Vec<Connection>,
    /// Providers of the source.
    pub catalog: Arc<ProviderCatalog>,
    /// Settings with secrets; none where umai may not read them, or if they were not requested.
    pub revealed: Option<Arc<RevealedSettings>>,
}

/// Use of the secrets of the source.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SecretPolicy {
    /// Copy them.
    Copy,
    /// Compare them, and keep those of the target.
    Keep,
}

/// Reads connections, ordered by alias. Those that were deleted since they were listed are left out.
pub async fn read_connections(
    service: &dyn ConnectionService,
    ids: Vec<Uuid>,
) -> Result<Vec<Connection>, ConnectionError> {
    let reads = stream::iter(ids).map(|id| async move {
        match service.get(&id.into()).await {
            Ok(connection) => Ok(Some(connection)),
            Err(ConnectionError::NotFound(_)) => Ok(None),
            Err(error) => Err(error),
        }
    });
    let found: Vec<Option<Connection>> = reads.buffered(AT_ONCE).try_collect().await?;
    let mut connections: Vec<_> = found.into_iter().flatten().collect();
    connections.sort_by_key(|one| one.item.alias.to_lowercase());
    Ok(connections)
}

/// Returns the connections as desired on a target with these providers, or all reasons against it.
pub fn copy_entries(
    source: &CopySource,
    catalog: &ProviderCatalog,
    secrets: SecretPolicy,
) -> Result<Vec<PlanEntry>, Vec<String>> {
    if source.connections.is_empty() {
        return Ok(Vec::new());
    }
    let connections = source.connections.iter().cloned();
    let exported = connections.map(|one| Exported::new(one, &source.catalog));
    let text = ExportedManifest::new(exported.collect())
        .to_json()
        .map_err(|error| vec![error.to_string()])?;
    let read = manifest::read(&text, ManifestFormat::Json, catalog);
    if !read.errors.is_empty() {
        return Err(read.errors.iter().map(ToString::to_string).collect());
    }
    let desired = read.connections.into_iter();
    Ok(desired
        .map(|wanted| entry(wanted, source.revealed.as_deref(), secrets))
        .collect())
}

fn entry(
    mut wanted: DesiredConnection,
    revealed: Option<&RevealedSettings>,
    secrets: SecretPolicy,
) -> PlanEntry {
    let alias = wanted.alias();
    let mut uncopied_secrets = Settings::default();
    let mut uncopied_lists = Vec::new();
    if let Some(Revealed { settings, lists }) = revealed.and_then(|revealed| revealed.get(&alias)) {
        uncopied_lists.extend(lists.iter().map(|(key, _)| format!("settings.{key}")));
        match secrets {
            SecretPolicy::Copy => fill_blanks(&mut wanted, settings),
            SecretPolicy::Keep => {
                for blank in &wanted.blank {
                    if let Some(secret) = secret(settings, &blank.key) {
                        uncopied_secrets.set(blank.key.clone(), secret);
                    }
                }
            }
        }
    }
    PlanEntry {
        position: format!("{alias}: "),
        alias,
        id: None,
        draft: wanted.draft,
        blank: wanted.blank,
        uncopied_secrets,
        uncopied_lists,
        is_copy: true,
    }
}

fn secret(settings: &Settings<PlainSecret>, key: &str) -> Option<SettingValue<PlainSecret>> {
    let secret = settings.get(key).and_then(SettingValue::text)?;
    Some(SettingValue::Secret(PlainSecret::new(secret)))
}

/// Sets the secrets of the source, in the order of its settings.
fn fill_blanks(wanted: &mut DesiredConnection, settings: &Settings<PlainSecret>) {
    if wanted.blank.is_empty() && wanted.draft.settings.is_none() {
        return;
    }
    let given = wanted.draft.settings.get_or_insert_default();
    wanted.blank.retain(|blank| {
        let Some(secret) = secret(settings, &blank.key) else {
            return true;
        };
        given.set(blank.key.clone(), secret);
        false
    });
    *given = in_order(given, settings);
}

/// Returns settings in the order of others, so that a copy is like its source.
fn in_order(given: &Settings<PlainSecret>, order: &Settings<PlainSecret>) -> Settings<PlainSecret> {
    let first = order
        .iter()
        .filter_map(|(key, _)| Some((key, given.get(key)?)));
    let rest = given.iter().filter(|(key, _)| order.get(key).is_none());
    let pairs = first.chain(rest);
    pairs
        .map(|(key, value)| (key.to_owned(), value.clone()))
        .collect()
}

/// Returns the IDs of connections of the target that entries with lists or objects would change.
pub async fn ids_with_lists(service: &dyn ConnectionService, entries: &[PlanEntry]) -> Vec<Uuid> {
    let mut ids = Vec::new();
    for entry in entries
        .iter()
        .filter(|entry| !entry.uncopied_lists.is_empty())
    {
        let found = service.get(&IdOrAlias::Alias(entry.alias.clone())).await;
        // The plan reports errors.
        ids.extend(found.ok().map(|found| found.item.id));
    }
    ids
}

/// Drops the mention of lists and objects that are the same on the target.
pub fn drop_equal_lists(
    entries: &mut [PlanEntry],
    source: Option<&RevealedSettings>,
    target: &RevealedSettings,
) {
    for entry in entries {
        let of = |revealed: &RevealedSettings| -> Vec<(String, PlainSecret)> {
            let found = revealed.get(&entry.alias);
            found.map_or_else(Vec::new, |found| found.lists.clone())
        };
        let (own, theirs) = (source.map(of).unwrap_or_default(), of(target));
        entry.uncopied_lists.retain(|path| {
            let is_same = |(key, json): &(String, PlainSecret)| {
                path.strip_prefix("settings.") == Some(key)
                    && theirs
                        .iter()
                        .any(|(known, other)| known == key && other == json)
            };
            !own.iter().any(is_same)
        });
    }
}

//! Connections of a target, with their secrets where umai may read them: in a store that it opens itself and on an Umbraco site.

use std::collections::HashSet;
use std::sync::Arc;

use futures_util::{StreamExt, TryStreamExt, stream};
use uuid::Uuid;

use super::super::Globals;
use super::super::connections::search;
use super::super::etcd_args::EtcdArgs;
use super::super::exit::Failure;
use super::super::open_service::{CliContext, WORKERS, runtime, with_service};
use super::super::output::Output;
use super::super::remote_args::ExplicitOptions;
use super::super::target::{self, LOCAL_STORE};
use crate::api::client::{RemoteOptions, RemoteService};
use crate::connection::{
    Connection, ConnectionError, ConnectionItem, ListQuery, PageRequest, PlainSecret,
};
use crate::plan::{CopySource, Revealed, RevealedSettings, all_items, read_connections};
use crate::service::ConnectionService;
use crate::store::WithoutStore;

/// Number of concurrent reads.
const AT_ONCE: usize = 16;

/// Returns the context of a named target. Options for another location are ignored.
pub fn context_of(globals: &Globals, name: &str) -> Result<CliContext, Failure> {
    CliContext::new(&globals_of(globals, name))
}

/// Returns the options of a named target. Only the local store is in the data directory that was given.
pub fn globals_of(globals: &Globals, name: &str) -> Globals {
    let is_local = name.is_empty()
        || name == LOCAL_STORE && !target::exists(globals, name).unwrap_or_default();
    Globals {
        target: Some(name.to_owned()),
        data: globals.data.clone().filter(|_| is_local),
        server: None,
        umbraco: None,
        store: None,
        etcd: EtcdArgs::default(),
        explicit: ExplicitOptions::target(),
        ..globals.clone()
    }
}

/// Reads the connections of a target that match any of the terms, or all, without secrets.
pub fn read(
    context: &CliContext,
    terms: &[String],
    output: &mut Output,
) -> Result<CopySource, Failure> {
    let mut context = context.clone();
    context.without_store = WithoutStore::Refuse;
    let mut read = CopySource {
        connections: Vec::new(),
        catalog: Arc::default(),
        revealed: None,
    };
    with_service(&context, output, async |service, _| {
        read.catalog = service.providers();
        let items = items(service, terms).await?;
        let ids = items.into_iter().map(|item| item.id).collect();
        read.connections = read_connections(&**service, ids).await?;
        Ok(())
    })?;
    Ok(read)
}

/// Returns the settings of connections with their secrets; none on an umai server, which never sends them.
pub fn reveal(
    context: &CliContext,
    connections: &[Connection],
) -> Result<Option<RevealedSettings>, Failure> {
    let ids: Vec<Uuid> = connections.iter().map(|one| one.item.id).collect();
    let runtime = runtime(WORKERS)?;
    let revealed = runtime.block_on(reveal_ids(context, &ids))?;
    runtime.shutdown_background();
    Ok(revealed)
}

/// Returns the items that match any of the terms.
async fn items(
    service: &Arc<dyn ConnectionService>,
    terms: &[String],
) -> Result<Vec<ConnectionItem>, Failure> {
    if terms.is_empty() {
        return Ok(all_items(&**service).await?);
    }
    let mut items = Vec::new();
    let mut seen = HashSet::new();
    for term in terms {
        let everything = ListQuery::all(PageRequest {
            skip: 0,
            take: usize::MAX,
        });
        let term = std::slice::from_ref(term);
        let found = search::find((term, None), everything, service).await?;
        items.extend(found.items.into_iter().filter(|item| seen.insert(item.id)));
    }
    Ok(items)
}

/// Returns the settings with secrets; none on an umai server, which never sends them.
pub async fn reveal_ids(
    context: &CliContext,
    ids: &[Uuid],
) -> Result<Option<RevealedSettings>, ConnectionError> {
    let mut revealed = RevealedSettings::new();
    if ids.is_empty() && context.server.as_ref().is_none_or(RemoteOptions::is_site) {
        return Ok(Some(revealed));
    }
    let mut add = |connection: Connection<PlainSecret>, lists| {
        let settings = connection.settings.unwrap_or_default();
        let alias = connection.item.alias.to_lowercase();
        revealed.insert(alias, Revealed { settings, lists });
    };
    match &context.server {
        None => {
            let handle = context.store();
            let store = context.open_store(&handle).await?;
            for id in ids {
                if let Some(found) = store.get(*id).await? {
                    add(found, Vec::new());
                }
            }
            handle.close().await?;
        }
        Some(options) if options.is_site() => {
            let service = RemoteService::connect(options).await?;
            let reads = stream::iter(ids.to_vec()).map(|id| service.reveal(id));
            let read: Vec<_> = reads.buffered(AT_ONCE).try_collect().await?;
            for (found, lists) in read {
                add(found, lists);
            }
        }
        Some(_) => return Ok(None),
    }
    Ok(Some(revealed))
}

/// Returns the failure of terms that choose no connection of the targets, which is likely a typing error.
pub fn nothing_matches(targets: &str) -> Failure {
    Failure::Usage(format!(
        "No connection of {targets} matches --only; check the term"
    ))
}

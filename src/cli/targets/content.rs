//! Connections of a target, with their secrets where umai may read them: in a local store and on an Umbraco site.

use std::collections::HashMap;
use std::sync::Arc;

use futures_util::{StreamExt, TryStreamExt, stream};
use uuid::Uuid;

use super::super::Globals;
use super::super::connections::export::all_items;
use super::super::connections::search;
use super::super::exit::Failure;
use super::super::open_service::{CliContext, WORKERS, runtime, with_service};
use super::super::output::Output;
use super::super::remote_args::ExplicitOptions;
use crate::api::client::RemoteService;
use crate::connection::{
    Connection, ConnectionError, ConnectionItem, ConnectionStore, ListQuery, PageRequest,
    PlainSecret, Settings,
};
use crate::provider::ProviderCatalog;
use crate::service::ConnectionService;
use crate::store;

/// Number of concurrent reads.
const AT_ONCE: usize = 16;

/// Settings with secrets, by alias in lower case.
pub type RevealedSettings = HashMap<String, Settings<PlainSecret>>;

/// Connections of a target.
pub struct TargetContent {
    /// Connections by alias.
    pub connections: Vec<Connection>,
    /// Providers of the target.
    pub catalog: Arc<ProviderCatalog>,
    /// Settings with secrets; none where umai may not read them, or if they were not requested.
    pub revealed: Option<RevealedSettings>,
}

/// Returns the context of a named target. Options for another location are ignored.
pub fn context_of(globals: &Globals, name: &str) -> Result<CliContext, Failure> {
    CliContext::new(&globals_of(globals, name))
}

/// Returns the options of a named target.
pub fn globals_of(globals: &Globals, name: &str) -> Globals {
    Globals {
        target: Some(name.to_owned()),
        data: None,
        server: None,
        umbraco: None,
        explicit: ExplicitOptions::target(),
        ..globals.clone()
    }
}

/// Reads the connections of a target that match the terms, or all.
pub fn read(
    context: &CliContext,
    terms: &[String],
    has_secrets: bool,
    output: &mut Output,
) -> Result<TargetContent, Failure> {
    // A store that does not exist is not created.
    let mut context = context.clone();
    context
        .read_only
        .get_or_insert("its connections are only read".into());
    let mut read = TargetContent {
        connections: Vec::new(),
        catalog: Arc::default(),
        revealed: None,
    };
    with_service(&context, output, async |service, _| {
        read.catalog = service.providers();
        let items = items(service, terms).await?;
        let reads = stream::iter(items).map(|item| async move { get(&**service, item.id).await });
        let found: Vec<Option<Connection>> = reads.buffered(AT_ONCE).try_collect().await?;
        read.connections = found.into_iter().flatten().collect();
        Ok(())
    })?;
    read.connections
        .sort_by_key(|one| one.item.alias.to_lowercase());
    if has_secrets {
        let ids = read.connections.iter().map(|one| one.item.id);
        let ids: Vec<Uuid> = ids.collect();
        let runtime = runtime(WORKERS)?;
        read.revealed = runtime.block_on(reveal(&context, &ids))?;
        runtime.shutdown_background();
    }
    Ok(read)
}

async fn items(
    service: &Arc<dyn ConnectionService>,
    terms: &[String],
) -> Result<Vec<ConnectionItem>, Failure> {
    if terms.is_empty() {
        return Ok(all_items(service).await?);
    }
    let everything = ListQuery::all(PageRequest {
        skip: 0,
        take: usize::MAX,
    });
    Ok(search::find((terms, None), everything, service)
        .await?
        .items)
}

/// Returns a connection; none if it was deleted since the list was read.
async fn get(
    service: &dyn ConnectionService,
    id: Uuid,
) -> Result<Option<Connection>, ConnectionError> {
    match service.get(&id.into()).await {
        Ok(connection) => Ok(Some(connection)),
        Err(ConnectionError::NotFound(_)) => Ok(None),
        Err(error) => Err(error),
    }
}

/// Returns the settings with secrets; none on an umai server, which never sends them.
async fn reveal(
    context: &CliContext,
    ids: &[Uuid],
) -> Result<Option<RevealedSettings>, ConnectionError> {
    let mut revealed = RevealedSettings::new();
    let mut add = |connection: Connection<PlainSecret>| {
        let settings = connection.settings.unwrap_or_default();
        revealed.insert(connection.item.alias.to_lowercase(), settings);
    };
    match &context.server {
        None => {
            let shared = context.store();
            let store = store::open_shared(&shared, &context.store_options()).await?;
            for id in ids {
                store.get(*id).await?.map(&mut add);
            }
            shared.close().await?;
        }
        Some(options) if options.is_site() => {
            let service = RemoteService::connect(options).await?;
            let reads = stream::iter(ids).map(|id| service.reveal(*id));
            let read: Vec<_> = reads.buffered(AT_ONCE).try_collect().await?;
            read.into_iter().for_each(add);
        }
        Some(_) => return Ok(None),
    }
    Ok(Some(revealed))
}

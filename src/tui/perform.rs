//! Sends one request and returns its reply. Together with `follow` the only caller of the service.

use std::collections::HashMap;
use std::sync::Arc;

use uuid::Uuid;

use super::effect::{Change, Export, Reply, Request};
use super::form::Theirs;
use super::tree::Item;
use crate::connection::export::{Document, write};
use crate::connection::{
    ConnectionError, ConnectionItem, ConnectionService, IdOrAlias, Page, Query, Window,
};

/// Page size for listing the trash.
const PAGE: usize = 1_000;

/// Sends a request to the service and waits for the reply.
pub async fn perform(service: &dyn ConnectionService, request: Request) -> Reply {
    match request {
        Request::List(window) => Reply::Listed(service.list(Query::all(window)).await.map(compact)),
        Request::Get(id) => Reply::Got(service.get(&IdOrAlias::Id(id)).await),
        Request::Theirs(id, since) => Reply::Theirs(theirs(service, id, since).await.map(Box::new)),
        Request::AliasOwner(alias, except) => {
            Reply::AliasOwner(service.alias_owner(&alias, except).await)
        }
        Request::Lookup(reference) => Reply::LookedUp(service.lookup(&reference).await),
        Request::ConfigurationKeys => Reply::ConfigurationKeys(service.configuration_keys().await),
        Request::Duplicate(of, draft) => Reply::Saved(service.duplicate(&of.into(), draft).await),
        Request::Create(draft) => Reply::Saved(service.create(draft).await),
        Request::Update(Change { id, draft, over }) => {
            Reply::Saved(service.update(&id.into(), draft, Some(over)).await)
        }
        Request::SetActive(id, active) => {
            Reply::Saved(service.set_active(&id.into(), active).await)
        }
        Request::Test(subject) => Reply::Tested(service.test(subject).await),
        Request::Models(id) => Reply::Models(service.models(&id.into(), None).await),
        Request::Versions(id, window) => {
            Reply::Versions(service.versions(&id.into(), window).await)
        }
        Request::Compare(id, from, to) => {
            Reply::Compared(service.compare(&id.into(), from, to).await.map(Box::new))
        }
        Request::Rollback(id, number, note) => {
            let done = service.rollback(&id.into(), number, note).await;
            Reply::RolledBack(done.map(Box::new))
        }
        Request::Export(export) => written(export).await,
        Request::Delete(id) => Reply::Deleted(service.delete(&id.into(), None).await),
        Request::Trash => Reply::Trash(trash(service).await),
        Request::Restore(id, alias) => Reply::Saved(service.restore(id, alias).await),
        Request::Purge(ids) => {
            let (gone, done) = purge(service, ids).await;
            Reply::Purged(gone, done)
        }
    }
}

/// Loads a connection as it is now. If its history is unavailable, only changed secrets stay unknown.
async fn theirs(
    service: &dyn ConnectionService,
    id: Uuid,
    since: u64,
) -> Result<Theirs, ConnectionError> {
    let connection = service.get(&id.into()).await?;
    let now = connection.item.version;
    let compared = service.compare(&id.into(), since, now).await.ok();
    let changed = compared.map(|compared| {
        let paths = compared.changes.into_iter().map(|change| change.path);
        let settings = paths.filter_map(|path| Some(path.strip_prefix("settings.")?.to_owned()));
        settings.collect()
    });
    Ok(Theirs {
        connection,
        changed,
    })
}

/// Writes a file in a thread that may block.
async fn written(export: Export) -> Reply {
    let Export {
        name,
        connections,
        over,
    } = export;
    let writing = move || write(&Document::of(connections.to_vec()), &name, over);
    match tokio::task::spawn_blocking(writing).await {
        Ok(written) => Reply::Exported(written),
        Err(error) => Reply::Lost(error.to_string()),
    }
}

/// Loads the complete trash.
async fn trash(service: &dyn ConnectionService) -> Result<Vec<ConnectionItem>, ConnectionError> {
    let mut all: Vec<ConnectionItem> = Vec::new();
    loop {
        let window = Window {
            skip: all.len(),
            take: PAGE,
        };
        let page = service.trash(window).await?;
        let is_last = page.items.len() < PAGE;
        all.extend(page.items);
        if is_last {
            return Ok(all);
        }
    }
}

/// Deletes connections permanently, one by one, up to the first error; a missing one counts as deleted.
async fn purge(
    service: &dyn ConnectionService,
    ids: Vec<Uuid>,
) -> (Vec<Uuid>, Result<(), ConnectionError>) {
    let mut gone = Vec::with_capacity(ids.len());
    for id in ids {
        match service.purge(id).await {
            Ok(()) | Err(ConnectionError::NotFound(_)) => gone.push(id),
            Err(error) => return (gone, Err(error)),
        }
    }
    (gone, Ok(()))
}

/// Reduces connections to what the tree shows, here and not in `update`, so that no key waits for it. Provider IDs are shared.
fn compact(page: Page<ConnectionItem>) -> Page<Item> {
    let mut providers: HashMap<String, Arc<str>> = HashMap::new();
    let items = page
        .items
        .into_iter()
        .map(|item| {
            let provider = providers
                .entry(item.provider_id.clone())
                .or_insert_with(|| Arc::from(item.provider_id.as_str()));
            Item::new(&item, Arc::clone(provider))
        })
        .collect();
    Page {
        items,
        total: page.total,
    }
}

//! Sends one request and returns its reply.
//!
//! All requests of the app go through this, except the change feed; the runtime only reads providers, features, notices and the first
//! revision.

use std::collections::HashMap;
use std::sync::Arc;

use uuid::Uuid;

use super::copy_plan::plan_copy;
use super::effect::{ExportRequest, ServiceReply, ServiceRequest};
use super::form::TheirConnection;
use crate::connection::export::{ExportedManifest, write};
use crate::connection::{
    ConnectionError, ConnectionItem, IdOrAlias, Page, PageRequest, TestProgress,
};
use crate::search::TreeItem;
use crate::service::ConnectionService;

/// Page size for listing the trash.
const PAGE: usize = 1_000;

/// Sends a request to the service and waits for the reply; `progress` learns the stages of a test.
pub async fn perform(
    service: &dyn ConnectionService,
    request: ServiceRequest,
    progress: &TestProgress,
) -> ServiceReply {
    match request {
        ServiceRequest::Run(command) => ServiceReply::Ran(service.commit(command).await),
        ServiceRequest::List(query) => ServiceReply::Listed(service.list(query).await.map(compact)),
        ServiceRequest::Get(id) => ServiceReply::Connection(service.get(&IdOrAlias::Id(id)).await),
        ServiceRequest::GetTheirVersion(id, since) => {
            ServiceReply::TheirVersion(their_version(service, id, since).await.map(Box::new))
        }
        ServiceRequest::AliasOwner(alias, except) => {
            ServiceReply::AliasOwner(service.alias_owner(&alias, except).await)
        }
        ServiceRequest::LookUpReference(reference) => {
            ServiceReply::LookedUp(service.lookup(&reference).await)
        }
        ServiceRequest::ConfigurationKeys => {
            ServiceReply::ConfigurationKeys(service.configuration_keys().await)
        }
        ServiceRequest::Test(subject) => {
            ServiceReply::Tested(service.test_with_progress(subject, progress).await)
        }
        ServiceRequest::Models(id) => ServiceReply::Models(service.models(&id.into(), None).await),
        ServiceRequest::Versions(id, window) => {
            ServiceReply::Versions(service.versions(&id.into(), window).await)
        }
        ServiceRequest::Compare(id, from, to) => {
            ServiceReply::Compared(service.compare(&id.into(), from, to).await.map(Box::new))
        }
        ServiceRequest::Export(export) => write_export(export).await,
        ServiceRequest::PlanCopy(request) => {
            ServiceReply::CopyPlanned(plan_copy(service, request).await)
        }
        ServiceRequest::CopyToTarget(step) => ServiceReply::Copied(step.run().await),
        ServiceRequest::Trash => ServiceReply::Trash(trash(service).await),
        ServiceRequest::Purge(ids) => {
            let (gone, done) = purge(service, ids).await;
            ServiceReply::Purged(gone, done)
        }
    }
}

/// Loads a connection as it is now. If its history is unavailable, only changed secrets stay unknown.
async fn their_version(
    service: &dyn ConnectionService,
    id: Uuid,
    since: u64,
) -> Result<TheirConnection, ConnectionError> {
    let connection = service.get(&id.into()).await?;
    let now = connection.item.version;
    let compared = service.compare(&id.into(), since, now).await.ok();
    let changed = compared.map(|compared| {
        let paths = compared.changes.into_iter().map(|change| change.path);
        let settings = paths.filter_map(|path| Some(path.strip_prefix("settings.")?.to_owned()));
        settings.collect()
    });
    Ok(TheirConnection {
        connection,
        changed,
    })
}

/// Writes a file in a thread that may block.
async fn write_export(export: ExportRequest) -> ServiceReply {
    let ExportRequest {
        name,
        connections,
        policy,
    } = export;
    let writing = move || write(&ExportedManifest::new(connections.to_vec()), &name, policy);
    match tokio::task::spawn_blocking(writing).await {
        Ok(written) => ServiceReply::Exported(written),
        Err(error) => ServiceReply::TaskFailed(error.to_string()),
    }
}

/// Loads the complete trash.
async fn trash(service: &dyn ConnectionService) -> Result<Vec<ConnectionItem>, ConnectionError> {
    let mut all: Vec<ConnectionItem> = Vec::new();
    loop {
        let window = PageRequest {
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
fn compact(page: Page<ConnectionItem>) -> Page<TreeItem> {
    let mut providers: HashMap<String, Arc<str>> = HashMap::new();
    let items = page
        .items
        .into_iter()
        .map(|item| {
            let provider = providers
                .entry(item.provider_id.clone())
                .or_insert_with(|| Arc::from(item.provider_id.as_str()));
            TreeItem::new(&item, Arc::clone(provider))
        })
        .collect();
    Page {
        items,
        total: page.total,
    }
}

//! Builds the plan: compares the desired connections with the service and checks everything before the first change.

use std::collections::HashSet;
use std::sync::Arc;

use futures_util::{StreamExt, stream};
use uuid::Uuid;

use super::{
    ExistingPolicy, PlanAction, PlanEntry, PlanStep, PlannedChange, PlannedCreate, RefusedEntry,
    artifact_ids,
};
use crate::connection::manifest::{BlankSetting, SECRET_ADVICE};
use crate::connection::{
    Command, Connection, ConnectionDraft, ConnectionError, ConnectionItem, DraftField, FieldReason,
    ListCursor, ListQuery, PageRequest, PlainSecret, SettingValue, Settings, StoreError,
};
use crate::provider::ProviderCatalog;
use crate::service::ConnectionService;

/// Number of concurrent lookups.
const AT_ONCE: usize = 64;
/// Maximum number of connections that one task looks up in turn. A task for each of many connections would spend its time on waking others.
const MAX_GROUP: usize = 32;

/// Connections per list request. Pages are large, because a server without cursors counts from the start to each of them.
pub const PAGE: usize = 25_000;

/// Options for building a plan.
#[derive(Clone, Copy)]
pub struct PlanOptions {
    /// Action for existing connections.
    pub existing: ExistingPolicy,
    /// True to delete connections that the input does not contain.
    pub is_pruning: bool,
    /// True to include the resulting connections in the plan.
    pub is_shown: bool,
}

/// Plan of changes.
#[derive(Default)]
pub struct Plan {
    /// Steps, in the order of the input, then deletions.
    pub steps: Vec<PlanStep>,
    /// Connections that cannot be planned, with the reasons.
    pub refused: Vec<RefusedEntry>,
    /// Remark about IDs that are not kept.
    pub notice: Option<String>,
}

/// Compares the desired connections with those of the service, and checks everything without a change. Calls `advance` after each.
///
/// Fails only if the service cannot be asked. Nothing is planned to be deleted if something is refused.
pub async fn build_plan(
    service: &Arc<dyn ConnectionService>,
    entries: Vec<PlanEntry>,
    options: PlanOptions,
    mut advance: impl FnMut(),
) -> Result<Plan, ConnectionError> {
    let catalog = service.providers();
    let aliases = entries.iter().filter(|_| options.is_pruning);
    let aliases: HashSet<String> = aliases.map(|entry| entry.alias.clone()).collect();
    let wanted_ids = entries
        .iter()
        .filter_map(|entry| Some((entry.alias.clone(), entry.id?)));
    let wanted_ids = wanted_ids.collect();
    let mut plan = Plan {
        steps: Vec::with_capacity(entries.len()),
        ..Plan::default()
    };
    let lookups = stream::iter(groups(entries)).map(|group| {
        let (service, catalog) = (Arc::clone(service), Arc::clone(&catalog));
        let look = async move { plan_group(&*service, group, options, &catalog).await };
        let task = tokio::spawn(look);
        async move { task.await.map_err(|error| broken_task(&error)) }
    });
    let mut lookups = lookups.buffered(AT_ONCE);
    while let Some(results) = lookups.next().await {
        for result in results? {
            match result {
                Ok(step) => plan.steps.push(step),
                Err(refused) if refused.error.fails_next_request() => return Err(refused.error),
                Err(refused) => plan.refused.push(refused),
            }
            advance();
        }
    }
    drop(lookups);
    let repeated = artifact_ids::refuse_repeated(&mut plan.steps);
    plan.refused.extend(repeated);
    if !plan.refused.is_empty() {
        return Ok(plan);
    }
    plan.notice = artifact_ids::other_ids_notice(&plan.steps, &wanted_ids, &**service);
    if options.is_pruning {
        let listed: HashSet<_> = plan.steps.iter().filter_map(|step| step.found).collect();
        let unlisted = all_items(&**service).await?.into_iter();
        let unlisted = unlisted.filter(|item| {
            !aliases.contains(&item.alias.to_lowercase()) && !listed.contains(&item.id)
        });
        plan.steps.extend(unlisted.map(|item| PlanStep {
            alias: item.alias.clone(),
            position: format!("{}: ", item.alias),
            found: Some(item.id),
            uncopied_secrets: Vec::new(),
            uncopied_lists: Vec::new(),
            action: PlanAction::Delete(Box::new(item)),
        }));
    }
    Ok(plan)
}

/// Divides entries into groups, whose memory is released one by one as they are planned.
fn groups(mut entries: Vec<PlanEntry>) -> Vec<Vec<PlanEntry>> {
    // A short list is looked up at once.
    let size = (entries.len() / (4 * AT_ONCE)).clamp(1, MAX_GROUP);
    let mut groups = Vec::with_capacity(entries.len().div_ceil(size));
    while !entries.is_empty() {
        let last = (entries.len() - 1) / size * size;
        groups.push(entries.split_off(last));
        if groups.len().is_multiple_of(AT_ONCE) {
            entries.shrink_to_fit();
        }
    }
    groups.reverse();
    groups
}

/// Returns all items of the list.
pub async fn all_items(
    service: &dyn ConnectionService,
) -> Result<Vec<ConnectionItem>, ConnectionError> {
    let mut items: Vec<ConnectionItem> = Vec::new();
    loop {
        let window = PageRequest {
            skip: items.len(),
            take: PAGE,
        };
        let query = ListQuery {
            after: items.last().map(ListCursor::at),
            ..ListQuery::all(window)
        };
        let page = service.list(query).await?;
        let count = page.items.len();
        items.extend(page.items);
        if count < PAGE {
            return Ok(items);
        }
    }
}

/// Creates the error of a task that ended without a result.
pub(super) fn broken_task(error: &tokio::task::JoinError) -> ConnectionError {
    StoreError::Other(format!("A part of the plan ended unexpectedly: {error}")).into()
}

/// Plans entries in turn, until an error that the next lookup would meet, too.
async fn plan_group(
    service: &dyn ConnectionService,
    entries: Vec<PlanEntry>,
    options: PlanOptions,
    catalog: &ProviderCatalog,
) -> Vec<Result<PlanStep, RefusedEntry>> {
    let mut planned = Vec::with_capacity(entries.len());
    for entry in entries {
        let step = plan_entry(service, entry, options, catalog).await;
        let is_last = matches!(&step, Err(refused) if refused.error.fails_next_request());
        planned.push(step);
        if is_last {
            break;
        }
    }
    planned
}

async fn plan_entry(
    service: &dyn ConnectionService,
    mut entry: PlanEntry,
    options: PlanOptions,
    catalog: &ProviderCatalog,
) -> Result<PlanStep, RefusedEntry> {
    let (position, alias) = (entry.position.clone(), entry.alias.clone());
    let uncopied_secrets = std::mem::take(&mut entry.uncopied_secrets);
    let uncopied_lists = std::mem::take(&mut entry.uncopied_lists);
    let existing = artifact_ids::find(service, &entry).await;
    let found = existing.as_ref().ok().map(|existing| existing.item.id);
    let planned = match (existing, options.existing) {
        (Err(ConnectionError::NotFound(_)), _) => create(service, entry, options.is_shown).await,
        (Err(error), _) => Err(error),
        (Ok(_), ExistingPolicy::Skip) => Ok(PlanAction::Skip),
        (Ok(before), ExistingPolicy::Fail) => Err(artifact_ids::conflict(&before, &entry)),
        (Ok(before), ExistingPolicy::Update) => update(service, before, entry, catalog).await,
    };
    match planned {
        Ok(action) => Ok(PlanStep {
            uncopied_secrets: match found {
                Some(id) if !uncopied_secrets.is_empty() => {
                    different(service, id, uncopied_secrets).await
                }
                _ => Vec::new(),
            },
            uncopied_lists,
            alias,
            position,
            found,
            action,
        }),
        Err(error) => Err(RefusedEntry {
            alias,
            position,
            error,
        }),
    }
}

/// Returns the paths of the secrets that differ from those of the connection; none where the service cannot tell.
async fn different(
    service: &dyn ConnectionService,
    id: Uuid,
    secrets: Settings<PlainSecret>,
) -> Vec<String> {
    let command = Command::Update {
        key: id.into(),
        draft: ConnectionDraft {
            settings: Some(secrets),
            ..ConnectionDraft::default()
        },
        expected_version: None,
    };
    let Ok(preview) = service.preview(command).await else {
        return Vec::new();
    };
    let mut paths = preview.paths;
    paths.retain(|path| !preview.unknown.contains(path));
    paths
}

async fn create(
    service: &dyn ConnectionService,
    entry: PlanEntry,
    is_shown: bool,
) -> Result<PlanAction, ConnectionError> {
    let PlanEntry {
        draft,
        blank,
        is_copy,
        ..
    } = entry;
    let provider_id = draft.provider_id.clone().unwrap_or_default();
    reject_blank(
        blank.iter().filter(|blank| blank.requires_stored),
        &provider_id,
        is_copy,
    )?;
    let command = Command::Create {
        draft: *draft,
        id: entry.id.filter(|_| service.features().keeps_ids),
    };
    let preview = service.preview(command.clone()).await?;
    Ok(PlanAction::Create(Box::new(PlannedCreate {
        command,
        after: is_shown.then(|| Box::new(preview.connection)),
    })))
}

async fn update(
    service: &dyn ConnectionService,
    before: Connection,
    entry: PlanEntry,
    catalog: &ProviderCatalog,
) -> Result<PlanAction, ConnectionError> {
    let PlanEntry {
        draft,
        blank,
        is_copy,
        ..
    } = entry;
    let unstored = blank
        .iter()
        .filter(|blank| blank.requires_stored && !is_stored(&blank.key, &before, catalog));
    reject_blank(unstored, &before.item.provider_id, is_copy)?;
    let settings = draft.settings.map(|mut settings| {
        // A missing setting needs no clearing.
        let cleared = settings
            .iter()
            .filter(|(_, value)| **value == SettingValue::Null);
        let cleared: Vec<String> = cleared.map(|(key, _)| key.to_owned()).collect();
        for key in cleared {
            if !is_stored(&key, &before, catalog) {
                settings.remove(&key);
            }
        }
        settings
    });
    let draft = ConnectionDraft {
        // An alias that identified the connection, in any case, stays. One found by its GUID is renamed.
        alias: draft
            .alias
            .filter(|_| before.item.alias.to_lowercase() != entry.alias),
        settings: settings.filter(|settings| !settings.is_empty()),
        ..*draft
    };
    let command = Command::Update {
        key: before.item.id.into(),
        draft,
        expected_version: Some(before.item.version),
    };
    let preview = service.preview(command.clone()).await?;
    if preview.paths.is_empty() {
        return Ok(PlanAction::Unchanged);
    }
    Ok(PlanAction::Update(Box::new(PlannedChange {
        before,
        command,
        preview,
    })))
}

/// Returns true if a value is stored for a setting, under any of its keys.
fn is_stored(key: &str, before: &Connection, catalog: &ProviderCatalog) -> bool {
    let provider = catalog.get(&before.item.provider_id);
    let field = provider.and_then(|provider| provider.field_in_any_case(key));
    let keys = field.map_or_else(Vec::new, |field| field.names().collect());
    let Some(settings) = &before.settings else {
        return false;
    };
    std::iter::once(key).chain(keys).any(|key| {
        settings.get(key).is_some_and(|value| match value {
            SettingValue::Null => false,
            SettingValue::Switch(_) | SettingValue::Number(_) | SettingValue::Secret(_) => true,
            SettingValue::Text(text) => !text.is_empty(),
        })
    })
}

fn reject_blank<'b>(
    blank: impl Iterator<Item = &'b BlankSetting>,
    provider_id: &str,
    is_copy: bool,
) -> Result<(), ConnectionError> {
    let reason = if is_copy {
        "The connection needs its stored secret, which is not copied without secrets".to_owned()
    } else {
        format!(
            "The value is blank, masked or encrypted by Umbraco (ENC:…), and no value is stored: {SECRET_ADVICE}"
        )
    };
    let errors: Vec<_> = blank
        .map(|BlankSetting { key, .. }| crate::connection::FieldError {
            field: DraftField::Setting {
                provider: provider_id.to_owned(),
                key: key.clone(),
                label: key.clone(),
            },
            reason: FieldReason::Message(reason.clone()),
        })
        .collect();
    if errors.is_empty() {
        Ok(())
    } else {
        Err(ConnectionError::Invalid(errors))
    }
}

//! Builds the plan: compares the files with the store and checks everything before the first change.

use std::collections::HashSet;
use std::sync::Arc;

use futures_util::{StreamExt, stream};

use super::super::connections::export::all_items;
use super::super::exit::{Exit, Failure, exit_of, is_fatal};
use super::super::output::Output;
use super::super::progress::Progress;
use super::files::PlanEntry;
use super::{PlanAction, PlanStep, PlannedChange, PlannedCreate, RefusedEntry, artifact_ids};
use crate::connection::manifest::BlankSetting;
use crate::connection::{
    Command, Connection, ConnectionDraft, ConnectionError, DraftField, FieldReason, SettingValue,
};
use crate::provider::ProviderCatalog;
use crate::service::ConnectionService;

/// Number of concurrent lookups.
const AT_ONCE: usize = 64;

/// Action for an existing connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum ExistingPolicy {
    /// Keep it unchanged
    Skip,
    /// Update it
    Update,
    /// Change nothing
    Fail,
}

/// Options for building a plan.
#[derive(Clone, Copy)]
pub struct DiffOptions {
    /// Action for existing connections.
    pub conflict: ExistingPolicy,
    /// True to delete connections that no file contains.
    pub is_pruning: bool,
    /// True to include the resulting connections in the plan.
    pub is_shown: bool,
}

/// Returns the plan. Reports every refused connection before it fails.
pub async fn build_plan(
    service: &Arc<dyn ConnectionService>,
    entries: Vec<PlanEntry>,
    options: DiffOptions,
    output: &Output,
) -> Result<Vec<PlanStep>, Failure> {
    let catalog = service.providers();
    let aliases: HashSet<String> = entries.iter().map(|entry| entry.alias.clone()).collect();
    let wanted_ids = entries
        .iter()
        .filter_map(|entry| Some((entry.alias.clone(), entry.id?)));
    let wanted_ids = wanted_ids.collect();
    let mut progress = Progress::new("Checking", entries.len(), output);
    let mut steps = Vec::with_capacity(entries.len());
    let mut refusals = Vec::new();
    let lookups = stream::iter(entries).map(|entry| {
        let (service, catalog) = (Arc::clone(service), Arc::clone(&catalog));
        let look = async move { plan_entry(&*service, entry, options, &catalog).await };
        let task = tokio::spawn(look);
        async move { task.await.map_err(anyhow::Error::from) }
    });
    let mut lookups = lookups.buffered(AT_ONCE);
    while let Some(result) = lookups.next().await {
        match result? {
            Ok(step) => steps.push(step),
            Err(rejected) if is_fatal(&rejected.error) => return Err(rejected.error.into()),
            Err(rejected) => refusals.push(rejected),
        }
        progress.advance();
    }
    drop(lookups);
    drop(progress);
    refusals.extend(artifact_ids::refuse_repeated(&mut steps));
    if !refusals.is_empty() {
        return Err(report_refusals(&refusals, aliases.len(), output));
    }
    artifact_ids::note_other_ids(&steps, &wanted_ids, &**service, output);
    if options.is_pruning {
        let listed: HashSet<_> = steps.iter().filter_map(|step| step.found).collect();
        let unlisted = all_items(service).await?.into_iter();
        let unlisted = unlisted.filter(|item| {
            !aliases.contains(&item.alias.to_lowercase()) && !listed.contains(&item.id)
        });
        steps.extend(unlisted.map(|item| PlanStep {
            alias: item.alias.clone(),
            position: format!("{}: ", item.alias),
            found: Some(item.id),
            action: PlanAction::Delete(Box::new(item)),
        }));
    }
    Ok(steps)
}

fn report_refusals(refusals: &[RefusedEntry], all: usize, output: &Output) -> Failure {
    let mut exits = refusals.iter().map(|rejected| exit_of(&rejected.error));
    let first = exits.next().unwrap_or(Exit::Invalid);
    let exit = if exits.all(|exit| exit == first) {
        first
    } else {
        Exit::Invalid
    };
    for rejected in refusals {
        output.refusal_at(&rejected.error, &rejected.position);
    }
    let many = refusals.len();
    let is_taken = |rejected: &RefusedEntry| exit_of(&rejected.error) == Exit::Conflict;
    let message = match (refusals.iter().all(is_taken), all) {
        (true, 1) => "Nothing imported: the connection exists.".to_owned(),
        (true, _) => format!("Nothing imported: {many} of {all} connections exist."),
        (false, 1) => "Nothing changed: the connection is invalid.".to_owned(),
        (false, _) => format!("Nothing changed: {many} of {all} connections are invalid."),
    };
    Failure::Partial(message, exit)
}

async fn plan_entry(
    service: &dyn ConnectionService,
    entry: PlanEntry,
    options: DiffOptions,
    catalog: &ProviderCatalog,
) -> Result<PlanStep, RefusedEntry> {
    let (position, alias) = (entry.position.clone(), entry.alias.clone());
    let existing = artifact_ids::find(service, &entry).await;
    let found = existing.as_ref().ok().map(|existing| existing.item.id);
    let planned = match (existing, options.conflict) {
        (Err(ConnectionError::NotFound(_)), _) => create(service, entry, options.is_shown).await,
        (Err(error), _) => Err(error),
        (Ok(_), ExistingPolicy::Skip) => Ok(PlanAction::Skip),
        (Ok(before), ExistingPolicy::Fail) => Err(artifact_ids::conflict(&before, &entry)),
        (Ok(before), ExistingPolicy::Update) => update(service, before, entry, catalog).await,
    };
    match planned {
        Ok(action) => Ok(PlanStep {
            alias,
            position,
            found,
            action,
        }),
        Err(error) => Err(RefusedEntry { position, error }),
    }
}

async fn create(
    service: &dyn ConnectionService,
    entry: PlanEntry,
    is_shown: bool,
) -> Result<PlanAction, ConnectionError> {
    let PlanEntry { draft, blank, .. } = entry;
    let provider_id = draft.provider_id.clone().unwrap_or_default();
    reject_blank(
        blank.iter().filter(|blank| blank.requires_stored),
        &provider_id,
    )?;
    let command = Command::Create {
        draft,
        id: entry.id.filter(|_| service.features().keeps_ids),
    };
    let preview = service.preview(command.clone()).await?;
    Ok(PlanAction::Create(Box::new(PlannedCreate {
        command,
        after: is_shown.then_some(preview.connection),
    })))
}

async fn update(
    service: &dyn ConnectionService,
    before: Connection,
    entry: PlanEntry,
    catalog: &ProviderCatalog,
) -> Result<PlanAction, ConnectionError> {
    let PlanEntry { draft, blank, .. } = entry;
    let unstored = blank
        .iter()
        .filter(|blank| blank.requires_stored && !is_stored(&blank.key, &before, catalog));
    reject_blank(unstored, &before.item.provider_id)?;
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
        ..draft
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
) -> Result<(), ConnectionError> {
    let errors: Vec<_> = blank
        .map(|BlankSetting { key, .. }| crate::connection::FieldError {
            field: DraftField::Setting {
                provider: provider_id.to_owned(),
                key: key.clone(),
                label: key.clone(),
            },
            reason: FieldReason::ServerMessage(format!(
                "The value is blank, masked or encrypted by Umbraco (ENC:…), and no value is stored: {}",
                crate::connection::manifest::SECRET_ADVICE
            )),
        })
        .collect();
    if errors.is_empty() {
        Ok(())
    } else {
        Err(ConnectionError::Invalid(errors))
    }
}

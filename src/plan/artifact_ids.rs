//! GUIDs of Umbraco Deploy artifacts in a plan.

use std::collections::{HashMap, HashSet};

use uuid::Uuid;

use super::{PlanAction, PlanEntry, PlanStep, RefusedEntry};
use crate::connection::{
    Connection, ConnectionError, DraftField, FieldReason, IdOrAlias, StoreError,
};
use crate::service::ConnectionService;

/// Returns the connection with the GUID of an entry, otherwise the one with its alias.
pub async fn find(
    service: &dyn ConnectionService,
    entry: &PlanEntry,
) -> Result<Connection, ConnectionError> {
    if let Some(id) = entry.id {
        match service.get(&id.into()).await {
            Err(ConnectionError::NotFound(_)) => {}
            answer => return answer,
        }
    }
    service.get(&IdOrAlias::Alias(entry.alias.clone())).await
}

/// Returns the conflict of an entry with the connection that was found for it.
pub fn conflict(found: &Connection, entry: &PlanEntry) -> ConnectionError {
    if found.item.alias.to_lowercase() == entry.alias {
        alias_taken(found.item.alias.clone(), found.item.name.clone())
    } else {
        StoreError::IdTaken(found.item.id).into()
    }
}

fn alias_taken(alias: String, by: String) -> ConnectionError {
    ConnectionError::at(DraftField::Alias, FieldReason::AliasTaken { alias, by })
}

/// Takes the steps out that change a connection of another step: an artifact with its GUID renames it, and one with its alias
/// wants to replace it.
pub fn refuse_repeated(steps: &mut Vec<PlanStep>) -> Vec<RefusedEntry> {
    let mut seen = HashSet::new();
    let repeated = steps.extract_if(.., |step| step.found.is_some_and(|id| !seen.insert(id)));
    let refused = repeated.map(|step| {
        let by = match step.action {
            PlanAction::Update(change) => change.before.item.name,
            _ => step.alias.clone(),
        };
        RefusedEntry {
            alias: step.alias.clone(),
            position: step.position,
            error: alias_taken(step.alias, by),
        }
    });
    refused.collect()
}

/// Returns a remark on connections that have, or will get, another ID than in their artifacts; `wanted` is by alias.
pub fn other_ids_notice(
    steps: &[PlanStep],
    wanted: &HashMap<String, Uuid>,
    service: &dyn ConnectionService,
) -> Option<String> {
    let keeps_ids = service.features().keeps_ids;
    let is_other = |step: &&PlanStep| {
        let wanted = wanted.get(&step.alias);
        wanted.is_some_and(|wanted| step.found.map_or(!keeps_ids, |found| found != *wanted))
    };
    let others = steps.iter().filter(is_other).count();
    let reason = if keeps_ids {
        "exists with another one"
    } else {
        "has one of its own, because this server chooses the IDs"
    };
    (others > 0).then(|| {
        format!(
            "The ID in the file is not kept ({others}): the connection {reason}, so profiles that refer to the ID do not find it"
        )
    })
}

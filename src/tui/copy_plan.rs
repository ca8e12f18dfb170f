//! Requests of a copy to a target: plan it, then copy one row after the other.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use uuid::Uuid;

use super::targets::{OpenPurpose, TargetsHandle};
use crate::connection::{Connection, ConnectionError};
use crate::plan::{
    CopySource, ExistingPolicy, FieldChange, PlanAction, PlanOptions, PlanStep, SecretPolicy,
    StepResult, build_plan, copy_entries, drop_equal_lists, execute_step, ids_with_lists,
    read_connections,
};
use crate::service::ConnectionService;

/// Copy to plan.
#[derive(Debug, Clone, PartialEq)]
pub struct CopyRequest {
    /// Targets.
    pub targets: TargetsHandle,
    /// Name of the target to copy to.
    pub name: String,
    /// Connections to copy.
    pub ids: Vec<Uuid>,
    /// Use of the secrets of the source.
    pub secrets: SecretPolicy,
}

/// Planned copy.
#[derive(Debug, Clone)]
pub struct CopyPlan {
    /// Rows: changes first, then refused ones, then those that stay; each by alias.
    pub rows: Vec<CopyRow>,
    /// True if the secrets of the source can be copied.
    pub can_reveal: bool,
    /// True if the copy creates the store on etcd.
    pub creates_store: bool,
}

/// Connection in a copy.
#[derive(Debug, Clone)]
pub struct CopyRow {
    /// Alias.
    pub alias: String,
    /// ID at the source.
    pub id: Option<Uuid>,
    /// Planned action.
    pub planned: PlannedCopy,
    /// Changes of fields: references and masks, never secrets.
    pub changes: Vec<FieldChange>,
    /// Values that are not copied: path and reason.
    pub not_copied: Vec<(String, &'static str)>,
    /// Number of secrets that differ and are not copied.
    pub uncopied_secrets: usize,
    /// Step that has not been started.
    pub step: Option<CopyStep>,
}

/// Action of a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PlannedCopy {
    /// Create a connection.
    Create,
    /// Change the connection with this alias.
    Update,
    /// No change needed.
    Same,
    /// Cannot be copied, for this reason.
    Refused(String),
}

/// Step of a plan with its target; run at most once.
#[derive(Clone)]
pub struct CopyStep {
    targets: TargetsHandle,
    target: Arc<str>,
    step: Arc<std::sync::Mutex<Option<PlanStep>>>,
}

impl fmt::Debug for CopyStep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CopyStep")
    }
}

impl PartialEq for CopyStep {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.step, &other.step)
    }
}

impl CopyStep {
    /// Runs the step.
    pub async fn run(self) -> StepResult {
        let taken = self.step.lock().ok().and_then(|mut step| step.take());
        let Some(step) = taken else {
            return StepResult::NotStarted;
        };
        let opened = self.targets.0.open(&self.target, OpenPurpose::Change).await;
        match opened {
            Ok(target) => execute_step(&*target.service, step.action).await,
            Err(error) => StepResult::Failed(error),
        }
    }
}

/// Plans a copy of connections of `source`.
pub async fn plan_copy(
    source: &dyn ConnectionService,
    request: CopyRequest,
) -> Result<CopyPlan, ConnectionError> {
    let targets = &request.targets.0;
    let connections = read_connections(source, request.ids).await?;
    let ids: Vec<Uuid> = connections.iter().map(|one| one.item.id).collect();
    let revealed = targets.reveal(None, &ids).await;
    let revealed = match request.secrets {
        SecretPolicy::Copy => revealed?,
        // They are only compared.
        SecretPolicy::Keep => revealed.unwrap_or_default(),
    };
    let revealed = revealed.map(Arc::new);
    let target = targets.open(&request.name, OpenPurpose::Compare).await?;
    let service = target.service;
    let catalog = service.providers();
    let of_source: HashMap<String, Uuid> = connections
        .iter()
        .map(|one| (one.item.alias.to_lowercase(), one.item.id))
        .collect();
    let (mut entries, mut rows) = (Vec::new(), Vec::new());
    // One by one, so that one that cannot be copied does not keep the others.
    for connection in connections {
        let source = CopySource {
            connections: vec![connection],
            catalog: source.providers(),
            revealed: revealed.clone(),
        };
        match copy_entries(&source, &catalog, request.secrets) {
            Ok(entry) => entries.extend(entry),
            Err(reasons) => rows.push(CopyRow::refused(
                alias_of(&source.connections),
                reasons.join("; "),
            )),
        }
    }
    let ids = ids_with_lists(&*service, &entries).await;
    if let Ok(Some(theirs)) = targets.reveal(Some(&request.name), &ids).await {
        drop_equal_lists(&mut entries, revealed.as_deref(), &theirs);
    }
    let options = PlanOptions {
        existing: ExistingPolicy::Update,
        is_pruning: false,
        is_shown: true,
    };
    let plan = build_plan(&service, entries, options, || {}).await?;
    let refused = plan.refused.into_iter();
    rows.extend(refused.map(|one| CopyRow::refused(one.alias, one.error.to_string())));
    let target_name: Arc<str> = request.name.as_str().into();
    rows.extend(plan.steps.into_iter().map(|step| {
        let place = (request.targets.clone(), Arc::clone(&target_name));
        CopyRow::planned(step, place)
    }));
    for row in &mut rows {
        row.id = of_source.get(&row.alias).copied();
    }
    rows.sort_by(|one, other| (one.rank(), &one.alias).cmp(&(other.rank(), &other.alias)));
    Ok(CopyPlan {
        rows,
        can_reveal: revealed.is_some(),
        creates_store: target.is_missing,
    })
}

fn alias_of(connections: &[Connection]) -> String {
    let first = connections.first();
    first.map_or_else(String::new, |one| one.item.alias.to_lowercase())
}

impl CopyRow {
    fn refused(alias: String, reason: String) -> Self {
        Self {
            alias,
            id: None,
            planned: PlannedCopy::Refused(reason),
            changes: Vec::new(),
            not_copied: Vec::new(),
            uncopied_secrets: 0,
            step: None,
        }
    }

    /// Position of its group in the list.
    const fn rank(&self) -> u8 {
        match self.planned {
            PlannedCopy::Create | PlannedCopy::Update => 0,
            PlannedCopy::Refused(_) => 1,
            PlannedCopy::Same if !self.not_copied.is_empty() => 2,
            PlannedCopy::Same => 3,
        }
    }

    /// Returns the row of a step on one of the targets.
    fn planned(step: PlanStep, (targets, target): (TargetsHandle, Arc<str>)) -> Self {
        Self {
            alias: step.alias.clone(),
            id: None,
            planned: match step.action {
                PlanAction::Create(_) => PlannedCopy::Create,
                PlanAction::Update(_) => PlannedCopy::Update,
                PlanAction::Delete(_) | PlanAction::Unchanged | PlanAction::Skip => {
                    PlannedCopy::Same
                }
            },
            changes: step.field_changes(),
            not_copied: step.not_copied(),
            uncopied_secrets: step.uncopied_secrets.len(),
            step: step.is_change().then(|| CopyStep {
                targets,
                target,
                step: Arc::new(std::sync::Mutex::new(Some(step))),
            }),
        }
    }
}

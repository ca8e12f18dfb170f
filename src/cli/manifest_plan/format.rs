//! Output of a plan: a marker and the alias of each connection, followed by its changes with masked secrets.

use serde::Serialize;
use serde_json::{Value, json};

use super::super::exit::Failure;
use super::super::output::Output;
use crate::connection::Connection;
use crate::plan::{ActionCounts, PlanAction, PlanStep, value_at};

/// Writes the changes for people.
pub fn write_plan(steps: &[PlanStep], output: &mut Output) -> Result<(), Failure> {
    for step in steps {
        match &step.action {
            PlanAction::Create(new) => {
                output.line(&format!(
                    "+ {} {}",
                    step.alias,
                    describe(new.after.as_deref())
                ))?;
            }
            PlanAction::Update(change) => {
                output.line(&format!("~ {} ({})", step.alias, change.before.item.name))?;
            }
            PlanAction::Delete(item) => {
                output.line(&format!("- {} ({})", step.alias, item.name))?;
            }
            PlanAction::Unchanged if !step.not_copied().is_empty() => {
                output.line(&format!("= {}", step.alias))?;
            }
            PlanAction::Unchanged | PlanAction::Skip => {}
        }
        for change in step.field_changes() {
            output.line(&format!("    {}: {}", change.path, change.values()))?;
        }
        for (path, reason) in step.not_copied() {
            output.line(&format!("    {path}: {reason}"))?;
        }
    }
    Ok(())
}

fn describe(connection: Option<&Connection>) -> String {
    connection.map_or_else(String::new, |connection| {
        let item = &connection.item;
        let state = if item.is_active { "" } else { ", inactive" };
        format!("({}), {}{state}", item.name, item.provider_id)
    })
}

/// JSON of a step.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct StepJson<'s> {
    action: &'static str,
    alias: &'s str,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    changes: Vec<Value>,
    /// Paths of secrets that differ and are not copied.
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    kept_secrets: &'s [String],
    /// Paths of lists and objects, which are not copied.
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    left_out: &'s [String],
}

fn step_json(step: &PlanStep) -> Option<StepJson<'_>> {
    let (action, changes) = match &step.action {
        PlanAction::Create(_) => ("create", Vec::new()),
        PlanAction::Update(change) => {
            let paths = change.preview.paths.iter().map(|path| {
                json!({
                    "path": path,
                    "fromValue": value_at(&change.before, path),
                    "toValue": value_at(&change.preview.connection, path),
                })
            });
            ("update", paths.collect())
        }
        PlanAction::Delete(_) => ("delete", Vec::new()),
        PlanAction::Unchanged if !step.not_copied().is_empty() => ("none", Vec::new()),
        PlanAction::Unchanged | PlanAction::Skip => return None,
    };
    Some(StepJson {
        action,
        alias: &step.alias,
        changes,
        kept_secrets: &step.uncopied_secrets,
        left_out: &step.uncopied_lists,
    })
}

/// Returns the steps as JSON.
pub fn as_json(steps: &[PlanStep]) -> Value {
    json!(steps.iter().filter_map(step_json).collect::<Vec<_>>())
}

/// Returns the summary of a plan, or of its result, as JSON.
pub fn summary(changes: &Value, done: &ActionCounts, is_dry_run: bool) -> Value {
    json!({
        "dryRun": is_dry_run,
        "created": done.created,
        "updated": done.updated,
        "deleted": done.deleted,
        "unchanged": done.unchanged,
        "skipped": done.skipped,
        "refused": done.refused,
        "unconfirmed": done.unconfirmed,
        "notStarted": done.not_started,
        "changes": changes,
    })
}

//! Output of a plan: a marker and the alias of each connection, followed by its changes with masked secrets.

use serde::Serialize;
use serde_json::{Value, json};

use super::super::exit::Failure;
use super::super::output::Output;
use super::execute::ActionCounts;
use super::{PlanAction, PlanStep};
use crate::connection::{Connection, MaskedSecret, SettingValue, Settings};

/// Text for a missing or empty value.
const NOTHING: &str = "-";

/// Writes the changes for people.
pub fn write_plan(steps: &[PlanStep], output: &mut Output) -> Result<(), Failure> {
    for step in steps {
        match &step.action {
            PlanAction::Create(new) => {
                output.line(&format!(
                    "+ {} {}",
                    step.alias,
                    describe(new.after.as_ref())
                ))?;
                for (path, value) in new.after.iter().flat_map(settings_of) {
                    output.line(&format!("    {path}: {value}"))?;
                }
            }
            PlanAction::Update(change) => {
                let before = &change.before;
                output.line(&format!("~ {} ({})", step.alias, before.item.name))?;
                for path in &change.preview.paths {
                    let from = value(before, path);
                    let to = value(&change.preview.connection, path);
                    let note = if change.preview.unknown.contains(path) {
                        " (possibly unchanged)"
                    } else if from == to && MaskedSecret::read(&from).is_some() {
                        " (different)"
                    } else {
                        ""
                    };
                    output.line(&format!("    {path}: {from} → {to}{note}"))?;
                }
            }
            PlanAction::Delete(item) => {
                output.line(&format!("- {} ({})", step.alias, item.name))?;
            }
            PlanAction::Unchanged | PlanAction::Skip => {}
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

fn settings_of(connection: &Connection) -> Vec<(String, String)> {
    let settings = connection.settings.iter().flat_map(Settings::iter);
    let given = settings.filter(|(_, value)| !matches!(value, SettingValue::Null));
    let lines = given.map(|(key, value)| (format!("settings.{key}"), format_value(Some(value))));
    lines.collect()
}

/// Returns the value at a path.
fn value(connection: &Connection, path: &str) -> String {
    match path {
        "alias" => connection.item.alias.clone(),
        "name" => connection.item.name.clone(),
        "isActive" => connection.item.is_active.to_string(),
        path => {
            let key = path.strip_prefix("settings.").unwrap_or(path);
            let settings = connection.settings.as_ref();
            format_value(settings.and_then(|settings| settings.get(key)))
        }
    }
}

fn format_value(value: Option<&SettingValue<MaskedSecret>>) -> String {
    match value {
        None | Some(SettingValue::Null) => NOTHING.into(),
        Some(SettingValue::Switch(on)) => on.to_string(),
        Some(SettingValue::Number(number)) => number.to_string(),
        Some(SettingValue::Secret(mask)) => mask.text().into(),
        Some(SettingValue::Text(text)) if text.is_empty() => "\"\"".into(),
        Some(SettingValue::Text(text)) => text.clone(),
    }
}

/// JSON of a step.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct StepJson<'s> {
    action: &'static str,
    alias: &'s str,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    changes: Vec<Value>,
}

fn step_json(step: &PlanStep) -> Option<StepJson<'_>> {
    let (action, changes) = match &step.action {
        PlanAction::Create(_) => ("create", Vec::new()),
        PlanAction::Update(change) => {
            let paths = change.preview.paths.iter().map(|path| {
                json!({
                    "path": path,
                    "fromValue": value(&change.before, path),
                    "toValue": value(&change.preview.connection, path),
                })
            });
            ("update", paths.collect())
        }
        PlanAction::Delete(_) => ("delete", Vec::new()),
        PlanAction::Unchanged | PlanAction::Skip => return None,
    };
    Some(StepJson {
        action,
        alias: &step.alias,
        changes,
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
        "changes": changes,
    })
}

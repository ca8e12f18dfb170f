//! Builds and executes a plan with progress, and reports refusals and results.

use std::sync::Arc;

use serde_json::{Value, json};

use super::super::exit::{Exit, Failure, exit_of};
use super::super::output::{Audience, Output};
use super::super::progress::Progress;
use super::format;
use crate::plan::{
    self, ActionCounts, ExistingPolicy, PlanEntry, PlanOptions, PlanStep, RefusedEntry,
    StepOutcome, StepResult,
};
use crate::service::ConnectionService;

/// Maximum number of aliases per line.
const MAX_NAMED: usize = 200;

/// Returns the plan. Reports every refused connection before it fails.
pub async fn build_plan(
    service: &Arc<dyn ConnectionService>,
    entries: Vec<PlanEntry>,
    options: PlanOptions,
    output: &mut Output,
) -> Result<Vec<PlanStep>, Failure> {
    let all = entries.len();
    let mut progress = Progress::new("Checking", all, output);
    let plan = plan::build_plan(service, entries, options, || progress.advance()).await?;
    drop(progress);
    if !plan.refused.is_empty() {
        if options.is_shown && output.audience() == Audience::Person {
            // What would be done without the refused ones.
            format::write_plan(&plan.steps, output)?;
            output.flush()?;
        }
        return Err(report_refusals(
            &plan.refused,
            (all, options.existing),
            output,
        ));
    }
    plan.notice
        .into_iter()
        .for_each(|notice| output.note(&notice));
    Ok(plan.steps)
}

fn report_refusals(
    refusals: &[RefusedEntry],
    (all, existing): (usize, ExistingPolicy),
    output: &Output,
) -> Failure {
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
    let is_conflict = existing == ExistingPolicy::Fail && refusals.iter().all(is_taken);
    let advice = "To keep or update what exists, add --on-conflict skip or --on-conflict update";
    let message = match (is_conflict, all) {
        (true, 1) => format!("Nothing imported: the connection exists. {advice}"),
        (true, _) => format!("Nothing imported: {many} of {all} connections exist. {advice}"),
        (false, 1) => "Nothing changed: the connection was refused.".to_owned(),
        (false, _) => format!("Nothing changed: {many} of {all} connections refused."),
    };
    Failure::Partial(message, exit)
}

/// Applies a plan and writes the result. If something was not done, reports each error, and which connections are done.
pub async fn execute(
    service: &Arc<dyn ConnectionService>,
    steps: Vec<PlanStep>,
    word: &str,
    output: &mut Output,
) -> Result<(), Failure> {
    let changes = (output.audience() == Audience::Program).then(|| format::as_json(&steps));
    let count = ActionCounts::planned(&steps).changes();
    let mut progress = Progress::new(word, count, output);
    let outcomes = plan::execute(service, steps, |outcome| {
        if let StepResult::Failed(error) = &outcome.result {
            progress.clear();
            output.refusal_at(error, &outcome.position);
        }
        progress.advance();
    })
    .await;
    drop(progress);
    let done = ActionCounts::done(&outcomes);
    if let Some(changes) = changes {
        let mut summary = format::summary(&changes, &done, false);
        if let Value::Object(members) = &mut summary {
            members.insert("results".into(), results_json(&outcomes));
        }
        output.value(&summary)?;
        output.flush()?;
    }
    let Some(exit) = exit(&outcomes) else {
        return match output.audience() {
            Audience::Program => Ok(()),
            Audience::Person => output.line(&done.sentence("")),
        };
    };
    let mut sentence = done.sentence("");
    if done.unconfirmed + done.not_started > 0 {
        sentence = format!("Stopped after an error: {sentence}\n{}", named(&outcomes));
    }
    Err(Failure::Partial(sentence, exit))
}

/// Returns the exit code of the first error that is fatal, otherwise of the first error.
fn exit(outcomes: &[StepOutcome]) -> Option<Exit> {
    let errors = || {
        outcomes.iter().filter_map(|outcome| match &outcome.result {
            StepResult::Failed(error) => Some(error),
            _ => None,
        })
    };
    let fatal = errors().find(|error| error.fails_next_request());
    match exit_of(fatal.or_else(|| errors().next())?) {
        Exit::Success => Some(Exit::Invalid),
        exit => Some(exit),
    }
}

/// Returns one line per kind of result with the aliases.
fn named(outcomes: &[StepOutcome]) -> String {
    let lines = [
        ("created", "Created"),
        ("updated", "Updated"),
        ("deleted", "Deleted"),
        ("saved", "Saved, but not read back"),
        ("unconfirmed", "May have been saved"),
        ("refused", "Not saved"),
        ("notStarted", "Not started"),
    ];
    let lines = lines.iter().filter_map(|(result, words)| {
        let aliases: Vec<&str> = outcomes
            .iter()
            .filter(|outcome| outcome.result.as_str() == *result)
            .map(|outcome| outcome.alias.as_str())
            .collect();
        let shown = aliases.get(..MAX_NAMED).unwrap_or(&aliases).join(", ");
        let rest = match aliases.len().saturating_sub(MAX_NAMED) {
            0 => String::new(),
            rest => format!(" and {rest} more; --json lists all"),
        };
        (!aliases.is_empty()).then(|| format!("{words}: {shown}{rest}"))
    });
    lines.collect::<Vec<_>>().join("\n")
}

fn results_json(outcomes: &[StepOutcome]) -> Value {
    let rows = outcomes.iter().map(|outcome| {
        let mut row = json!({ "alias": outcome.alias, "result": outcome.result.as_str() });
        if let (StepResult::Failed(error), Value::Object(row)) = (&outcome.result, &mut row) {
            row.insert("reason".into(), error.to_string().into());
        }
        row
    });
    rows.collect()
}

//! Applies a plan.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use futures_util::{StreamExt, stream};

use super::build::broken_task;
use super::{PlanAction, PlanStep};
use crate::connection::{ConnectionError, ServerError, StoreError};
use crate::service::{ConnectionService, ServiceFeatures};

/// Number of concurrent changes; a store saves them together.
const AT_ONCE: usize = 256;

/// Number of concurrent changes on a third-party server.
const AT_ONCE_ELSEWHERE: usize = 8;

/// Result of one step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StepResult {
    /// Created.
    Created,
    /// Changed.
    Updated,
    /// Deleted.
    Deleted,
    /// Without changes.
    Unchanged,
    /// Skipped because the connection exists.
    Skipped,
    /// Ended with an error, for example after a change elsewhere; the error says whether it was saved.
    Failed(ConnectionError),
    /// Not started, because an earlier error would have repeated itself.
    NotStarted,
}

/// Step with its result.
pub struct StepOutcome {
    /// Alias that identifies the connection.
    pub alias: String,
    /// Position in the input, as a prefix of messages.
    pub position: String,
    /// Result.
    pub result: StepResult,
}

impl StepResult {
    /// Returns the result in words, and in JSON without spaces.
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::Updated => "updated",
            Self::Deleted => "deleted",
            Self::Unchanged => "unchanged",
            Self::Skipped => "skipped",
            Self::Failed(
                ConnectionError::Server(ServerError::Unconfirmed { .. })
                | ConnectionError::Store(StoreError::Unanswered(_)),
            ) => "unconfirmed",
            Self::Failed(ConnectionError::Server(ServerError::SavedUnread(_))) => "saved",
            Self::Failed(_) => "refused",
            Self::NotStarted => "notStarted",
        }
    }
}

/// Number of connections per action.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ActionCounts {
    /// Created.
    pub created: usize,
    /// Changed.
    pub updated: usize,
    /// Deleted.
    pub deleted: usize,
    /// Without changes.
    pub unchanged: usize,
    /// Skipped because the connection exists.
    pub skipped: usize,
    /// Refused, for example after a change elsewhere.
    pub refused: usize,
    /// Possibly saved, or saved without a readable result.
    pub unconfirmed: usize,
    /// Not started after an error.
    pub not_started: usize,
}

impl ActionCounts {
    /// Counts the steps of a plan.
    pub fn planned(steps: &[PlanStep]) -> Self {
        let mut counts = Self::default();
        for step in steps {
            counts.count(&expected(&step.action));
        }
        counts
    }

    /// Counts results.
    pub fn done(outcomes: &[StepOutcome]) -> Self {
        let mut counts = Self::default();
        for outcome in outcomes {
            counts.count(&outcome.result);
        }
        counts
    }

    fn count(&mut self, result: &StepResult) {
        *match result {
            StepResult::Created => &mut self.created,
            StepResult::Updated => &mut self.updated,
            StepResult::Deleted => &mut self.deleted,
            StepResult::Unchanged => &mut self.unchanged,
            StepResult::Skipped => &mut self.skipped,
            StepResult::NotStarted => &mut self.not_started,
            StepResult::Failed(
                ConnectionError::Server(
                    ServerError::Unconfirmed { .. } | ServerError::SavedUnread(_),
                )
                | ConnectionError::Store(StoreError::Unanswered(_)),
            ) => &mut self.unconfirmed,
            StepResult::Failed(_) => &mut self.refused,
        } += 1;
    }

    /// Returns the number of changes.
    pub const fn changes(&self) -> usize {
        self.created + self.updated + self.deleted
    }

    /// Returns the question before the changes are applied: `Create 2, delete 1 on staging?`
    pub fn question(&self, place: Option<&str>) -> String {
        let counts = [
            (self.created, "create"),
            (self.updated, "update"),
            (self.deleted, "delete"),
        ];
        let changes = counts.iter().filter(|(count, _)| *count > 0);
        let changes: Vec<_> = changes
            .enumerate()
            .map(|(at, (count, word))| match at {
                0 => format!("{}{} {count}", word[..1].to_uppercase(), &word[1..]),
                _ => format!("{word} {count}"),
            })
            .collect();
        let place = place.map_or_else(String::new, |place| format!(" on {place}"));
        format!("{}{place}?", changes.join(", "))
    }

    /// Returns a sentence with the counts, after a prefix.
    pub fn sentence(&self, would: &str) -> String {
        let counts = [
            (self.created, "created"),
            (self.updated, "updated"),
            (self.deleted, "deleted"),
            (self.unchanged, "unchanged"),
            (self.skipped, "skipped"),
            (self.refused, "refused"),
            (self.unconfirmed, "to be checked"),
            (self.not_started, "not started"),
        ];
        let counts = counts.iter().filter(|(count, _)| *count > 0);
        let counts: Vec<_> = counts
            .map(|(count, word)| format!("{count} {word}"))
            .collect();
        format!("{would}{}", counts.join(", "))
    }
}

/// Returns the result of an action that succeeds.
const fn expected(action: &PlanAction) -> StepResult {
    match action {
        PlanAction::Create(_) => StepResult::Created,
        PlanAction::Update(_) => StepResult::Updated,
        PlanAction::Delete(_) => StepResult::Deleted,
        PlanAction::Unchanged => StepResult::Unchanged,
        PlanAction::Skip => StepResult::Skipped,
    }
}

/// Applies the plan, deletions last, and calls `report` after each change. Returns the outcomes in the order of the plan.
///
/// A refusal does not stop the others. After an error that the next request would meet, too, no further step is started.
pub async fn execute(
    service: &Arc<dyn ConnectionService>,
    steps: Vec<PlanStep>,
    mut report: impl FnMut(&StepOutcome),
) -> Vec<StepOutcome> {
    let execution = Execution {
        service,
        is_stopped: Arc::default(),
    };
    let mut outcomes: Vec<(usize, StepOutcome)> = Vec::with_capacity(steps.len());
    let mut add = |at, is_change, outcome| {
        if is_change {
            report(&outcome);
        }
        outcomes.push((at, outcome));
    };
    let mut deletions = Vec::new();
    let others = steps.into_iter().enumerate().filter_map(|(at, step)| {
        if matches!(step.action, PlanAction::Delete(_)) {
            deletions.push((at, step));
            return None;
        }
        Some((at, step))
    });
    execution.run(others, &mut add).await;
    execution.run(deletions.into_iter(), &mut add).await;
    outcomes.sort_by_key(|(at, _)| *at);
    outcomes.into_iter().map(|(_, outcome)| outcome).collect()
}

/// Execution of a plan.
struct Execution<'a> {
    service: &'a Arc<dyn ConnectionService>,
    /// Set by an error that the next request would meet, too.
    is_stopped: Arc<AtomicBool>,
}

impl Execution<'_> {
    /// Applies steps, and calls `ended` with the position of each, whether it is a change, and its outcome.
    async fn run(
        &self,
        steps: impl Iterator<Item = (usize, PlanStep)>,
        mut ended: impl FnMut(usize, bool, StepOutcome),
    ) {
        let is_elsewhere = self.service.features() == ServiceFeatures::THIRD_PARTY;
        let at_once = if is_elsewhere {
            AT_ONCE_ELSEWHERE
        } else {
            AT_ONCE
        };
        let tasks = stream::iter(steps).map(|(at, step)| {
            let (service, is_stopped) = (Arc::clone(self.service), Arc::clone(&self.is_stopped));
            async move {
                let is_change = step.is_change();
                let PlanStep {
                    alias,
                    position,
                    action,
                    ..
                } = step;
                let run = async move {
                    if is_change && is_stopped.load(Ordering::Relaxed) {
                        return StepResult::NotStarted;
                    }
                    let result = execute_step(&*service, action).await;
                    if let StepResult::Failed(error) = &result
                        && error.fails_next_request()
                    {
                        is_stopped.store(true, Ordering::Relaxed);
                    }
                    result
                };
                let ended = tokio::spawn(run).await;
                let result = ended.unwrap_or_else(|error| StepResult::Failed(broken_task(&error)));
                let outcome = StepOutcome {
                    alias,
                    position,
                    result,
                };
                (at, is_change, outcome)
            }
        });
        let mut tasks = std::pin::pin!(tasks.buffer_unordered(at_once));
        while let Some((at, is_change, outcome)) = tasks.next().await {
            ended(at, is_change, outcome);
        }
    }
}

/// Applies one step.
pub async fn execute_step(service: &dyn ConnectionService, action: PlanAction) -> StepResult {
    let expected = expected(&action);
    let done = match action {
        PlanAction::Create(new) => service.commit(new.command).await.map(|_| expected),
        PlanAction::Update(change) => update(service, *change).await,
        PlanAction::Delete(item) => {
            let deleted = service.delete(&item.id.into(), Some(item.version)).await;
            deleted.map(|_| expected)
        }
        PlanAction::Unchanged | PlanAction::Skip => Ok(expected),
    };
    done.unwrap_or_else(StepResult::Failed)
}

async fn update(
    service: &dyn ConnectionService,
    change: super::PlannedChange,
) -> Result<StepResult, ConnectionError> {
    let before = change.before.item.version;
    let saved = service.commit(change.command).await?;
    Ok(if saved.connection()?.item.version > before {
        StepResult::Updated
    } else {
        StepResult::Unchanged
    })
}

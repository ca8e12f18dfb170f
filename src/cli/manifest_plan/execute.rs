//! Applies a plan concurrently; the store syncs concurrent changes together.

use std::sync::Arc;

use futures_util::{StreamExt, stream};

use super::super::exit::{Exit, Failure, exit_of, is_fatal};
use super::super::output::Output;
use super::super::progress::Progress;
use super::{PlanAction, PlanStep};
use crate::connection::ConnectionError;
use crate::service::ConnectionService;

/// Number of concurrent changes.
const AT_ONCE: usize = 256;

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
}

impl ActionCounts {
    /// Counts the steps of a plan.
    pub fn planned(steps: &[PlanStep]) -> Self {
        let mut done = Self::default();
        for step in steps {
            *done.count(&step.action) += 1;
        }
        done
    }

    fn count(&mut self, what: &PlanAction) -> &mut usize {
        match what {
            PlanAction::Create(_) => &mut self.created,
            PlanAction::Update(_) => &mut self.updated,
            PlanAction::Delete(_) => &mut self.deleted,
            PlanAction::Unchanged => &mut self.unchanged,
            PlanAction::Skip => &mut self.skipped,
        }
    }

    /// Returns the number of changes.
    pub const fn changes(&self) -> usize {
        self.created + self.updated + self.deleted
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
        ];
        let counts = counts.iter().filter(|(count, _)| *count > 0);
        let counts: Vec<_> = counts
            .map(|(count, word)| format!("{count} {word}"))
            .collect();
        format!("{would}{}", counts.join(", "))
    }
}

/// Result of one step.
enum StepResult {
    Created,
    /// True if a new version was created.
    Updated(bool),
    Deleted,
}

/// Applies the plan, deletions last. A refusal is reported and does not stop the others.
pub async fn execute(
    service: &Arc<dyn ConnectionService>,
    steps: Vec<PlanStep>,
    word: &str,
    output: &Output,
) -> Result<ActionCounts, Failure> {
    let planned_counts = ActionCounts::planned(&steps);
    let mut done = ActionCounts {
        unchanged: planned_counts.unchanged,
        skipped: planned_counts.skipped,
        ..ActionCounts::default()
    };
    let mut progress = Progress::new(word, planned_counts.changes(), output);
    let (deletions, others): (Vec<PlanStep>, Vec<PlanStep>) = steps
        .into_iter()
        .partition(|step| matches!(step.action, PlanAction::Delete(_)));
    let mut first = None;
    for steps in [others, deletions] {
        let tasks = stream::iter(steps).filter_map(async |step| {
            let service = Arc::clone(service);
            Some(async move {
                let place = step.position.clone();
                let task = tokio::spawn(async move { execute_step(&*service, step.action).await });
                (place, task.await)
            })
        });
        let mut tasks = std::pin::pin!(tasks.buffer_unordered(AT_ONCE));
        while let Some((place, ended)) = tasks.next().await {
            match ended.map_err(anyhow::Error::from)? {
                Ok(None) => continue,
                Ok(Some(StepResult::Created)) => done.created += 1,
                Ok(Some(StepResult::Updated(true))) => done.updated += 1,
                Ok(Some(StepResult::Updated(false))) => done.unchanged += 1,
                Ok(Some(StepResult::Deleted)) => done.deleted += 1,
                Err(error) if is_fatal(&error) => {
                    drop(progress);
                    if done.changes() > 0 {
                        output.note(&done.sentence("Before the error: "));
                    }
                    return Err(error.into());
                }
                Err(error) => {
                    done.refused += 1;
                    progress.clear();
                    output.refusal_at(&error, &place);
                    first.get_or_insert(exit_of(&error));
                }
            }
            progress.advance();
        }
    }
    drop(progress);
    let Some(exit) = first else {
        return Ok(done);
    };
    let exit = if exit == Exit::Success {
        Exit::Invalid
    } else {
        exit
    };
    Err(Failure::Partial(done.sentence(""), exit))
}

async fn execute_step(
    service: &dyn ConnectionService,
    what: PlanAction,
) -> Result<Option<StepResult>, ConnectionError> {
    match what {
        PlanAction::Create(new) => {
            service.commit(new.command).await?;
            Ok(Some(StepResult::Created))
        }
        PlanAction::Update(change) => {
            let before = change.before.item.version;
            let saved = service.commit(change.command).await?;
            let version = saved.connection()?.item.version;
            Ok(Some(StepResult::Updated(version > before)))
        }
        PlanAction::Delete(item) => {
            service.delete(&item.id.into(), Some(item.version)).await?;
            Ok(Some(StepResult::Deleted))
        }
        PlanAction::Unchanged | PlanAction::Skip => Ok(None),
    }
}

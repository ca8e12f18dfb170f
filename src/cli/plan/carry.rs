//! Applies a plan concurrently; the store syncs concurrent changes together.

use std::sync::Arc;

use futures_util::{StreamExt, stream};

use super::super::exit::{Exit, Failure, exit_of, is_lasting};
use super::super::output::Output;
use super::super::progress::Progress;
use super::{Refusal, Step, What};
use crate::connection::{ConnectionError, ConnectionService};

/// Number of concurrent changes.
const AT_ONCE: usize = 256;

/// Number of connections per action.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Done {
    /// Created.
    pub created: usize,
    /// Changed.
    pub updated: usize,
    /// Deleted.
    pub deleted: usize,
    /// Without changes.
    pub unchanged: usize,
    /// Skipped because the alias exists.
    pub skipped: usize,
    /// Refused, for example after a change elsewhere.
    pub refused: usize,
}

impl Done {
    /// Counts the steps of a plan.
    pub fn planned(steps: &[Step]) -> Self {
        let mut done = Self::default();
        for step in steps {
            *done.count(&step.what) += 1;
        }
        done
    }

    fn count(&mut self, what: &What) -> &mut usize {
        match what {
            What::Create(_) => &mut self.created,
            What::Update(_) => &mut self.updated,
            What::Delete(_) => &mut self.deleted,
            What::Nothing => &mut self.unchanged,
            What::Skip => &mut self.skipped,
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
enum Ended {
    Created,
    /// True if a new version was created.
    Updated(bool),
    Deleted,
}

/// Applies the plan, deletions last. A refusal is reported and does not stop the others.
pub async fn execute(
    service: &Arc<dyn ConnectionService>,
    steps: Vec<Step>,
    word: &str,
    output: &Output,
) -> Result<Done, Failure> {
    let planned_counts = Done::planned(&steps);
    let mut done = Done {
        unchanged: planned_counts.unchanged,
        skipped: planned_counts.skipped,
        ..Done::default()
    };
    let mut progress = Progress::new(word, planned_counts.changes(), output);
    let (deletions, others): (Vec<Step>, Vec<Step>) = steps
        .into_iter()
        .partition(|step| matches!(step.what, What::Delete(_)));
    let mut first = None;
    for steps in [others, deletions] {
        let tasks = stream::iter(steps).filter_map(async |step| {
            let service = Arc::clone(service);
            Some(async move {
                let place = step.place.clone();
                let task = tokio::spawn(async move { make(&*service, step.what).await });
                (place, task.await)
            })
        });
        let mut tasks = std::pin::pin!(tasks.buffer_unordered(AT_ONCE));
        while let Some((place, ended)) = tasks.next().await {
            match ended.map_err(anyhow::Error::from)? {
                Ok(None) => continue,
                Ok(Some(Ended::Created)) => done.created += 1,
                Ok(Some(Ended::Updated(true))) => done.updated += 1,
                Ok(Some(Ended::Updated(false))) => done.unchanged += 1,
                Ok(Some(Ended::Deleted)) => done.deleted += 1,
                Err(error) if is_lasting(&error) => {
                    drop(progress);
                    if done.changes() > 0 {
                        output.note(&done.sentence("Before the error: "));
                    }
                    return Err(error.into());
                }
                Err(error) => {
                    done.refused += 1;
                    progress.clear();
                    let refusal = Refusal { place, error };
                    output.refusal_at(&refusal.error, &refusal.place);
                    first.get_or_insert(exit_of(&refusal.error));
                }
            }
            progress.advance();
        }
    }
    drop(progress);
    match first {
        None => Ok(done),
        Some(exit) => Err(Failure::Partial(
            done.sentence(""),
            if exit == Exit::Success {
                Exit::Invalid
            } else {
                exit
            },
        )),
    }
}

async fn make(
    service: &dyn ConnectionService,
    what: What,
) -> Result<Option<Ended>, ConnectionError> {
    match what {
        What::Create(new) => {
            service.create(new.draft).await?;
            Ok(Some(Ended::Created))
        }
        What::Update(change) => {
            let before = change.before.item.version;
            let saved = service
                .update(&change.key(), change.draft, Some(before))
                .await?;
            Ok(Some(Ended::Updated(saved.item.version > before)))
        }
        What::Delete(item) => {
            service.delete(&item.id.into(), Some(item.version)).await?;
            Ok(Some(Ended::Deleted))
        }
        What::Nothing | What::Skip => Ok(None),
    }
}

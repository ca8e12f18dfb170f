//! Applies the part of the journal that is not in the index yet.

use std::sync::Arc;

use super::change::{Ask, Step};
use super::ledger::{Ledger, Point};
use super::rows::Applied;
use super::views::Views;
use crate::connection::StoreError;
use crate::store::journal::entry::Entry;
use crate::store::journal::head::Identity;

/// Number of changes applied at once.
const BATCH: usize = 256;

/// Replay of journal entries.
pub struct Replay<'a> {
    index: &'a Views,
    identity: &'a Identity,
    ledger: Ledger,
    steps: Vec<Step>,
    /// True when there was a change.
    has_changes: bool,
    problem: Option<String>,
}

impl<'a> Replay<'a> {
    /// Starts at the position of the index; ignores all changes when `problem` is set.
    pub fn new(
        index: &'a Arc<Views>,
        applied: Point,
        identity: &'a Identity,
        problem: Option<String>,
    ) -> Self {
        Self {
            index,
            identity,
            ledger: Ledger::new(Arc::clone(index), applied),
            steps: Vec::new(),
            has_changes: false,
            problem,
        }
    }

    /// Adds the next change.
    pub fn add(&mut self, entry: &Entry<'_>) {
        if self.problem.is_some() {
            return;
        }
        self.has_changes = true;
        let added = Ask::replay(entry).map_or(Ok(()), |ask| {
            let point = Point {
                revision: entry.revision,
                digest: entry.digest,
            };
            self.steps.extend(self.ledger.replay(ask?, point)?);
            if self.steps.len() >= BATCH {
                self.write()?;
            }
            Ok(())
        });
        self.record(added);
    }

    /// Applies the remaining changes. Returns the reason why the index is incomplete, if it is.
    pub fn finish(mut self) -> Option<String> {
        if self.problem.is_none() && self.has_changes {
            let written = self.write();
            self.record(written);
        }
        self.problem
    }

    fn record(&mut self, done: Result<(), StoreError>) {
        if let Err(error) = done {
            self.problem.get_or_insert(error.to_string());
        }
    }

    fn write(&mut self) -> Result<(), StoreError> {
        let steps = std::mem::take(&mut self.steps);
        let Point { revision, digest } = self.ledger.point();
        let applied = Applied {
            revision,
            digest,
            identity: self.identity.clone(),
        };
        let view = self.index.current();
        let mut rows = Vec::new();
        for step in &steps {
            step.write_rows(&view, &mut rows)?;
        }
        rows.push(applied.row());
        self.index.apply(rows, applied.digest.count)?;
        self.ledger.remove_applied(applied.revision);
        Ok(())
    }
}

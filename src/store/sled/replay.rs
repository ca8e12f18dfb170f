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
const PIECE: usize = 256;

/// Replay of journal entries.
pub struct Replay<'a> {
    views: &'a Views,
    identity: &'a Identity,
    ledger: Ledger,
    steps: Vec<Step>,
    /// True when there was a change.
    told: bool,
    trouble: Option<String>,
}

impl<'a> Replay<'a> {
    /// Starts at the position of the index; ignores all changes when `trouble` is set.
    pub fn new(
        views: &'a Arc<Views>,
        applied: Point,
        identity: &'a Identity,
        trouble: Option<String>,
    ) -> Self {
        Self {
            views,
            identity,
            ledger: Ledger::new(Arc::clone(views), applied),
            steps: Vec::new(),
            told: false,
            trouble,
        }
    }

    /// Adds the next change.
    pub fn add(&mut self, entry: &Entry<'_>) {
        if self.trouble.is_some() {
            return;
        }
        self.told = true;
        let added = Ask::replay(entry).map_or(Ok(()), |ask| {
            let point = Point {
                revision: entry.revision,
                digest: entry.digest,
            };
            self.steps.extend(self.ledger.replay(ask?, point)?);
            if self.steps.len() >= PIECE {
                self.write()?;
            }
            Ok(())
        });
        self.note(added);
    }

    /// Applies the remaining changes. Returns the reason why the index is incomplete, if it is.
    pub fn finish(mut self) -> Option<String> {
        if self.trouble.is_none() && self.told {
            let written = self.write();
            self.note(written);
        }
        self.trouble
    }

    fn note(&mut self, done: Result<(), StoreError>) {
        if let Err(error) = done {
            self.trouble.get_or_insert(error.to_string());
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
        let view = self.views.current();
        let mut rows = Vec::new();
        for step in &steps {
            step.write_rows(&view, &mut rows)?;
        }
        rows.push(applied.row());
        self.views.apply(rows, applied.digest.count)?;
        self.ledger.forget(applied.revision);
        Ok(())
    }
}

//! Takes what the journal has beyond the view into the view.

use std::sync::Arc;

use super::change::{Ask, Step};
use super::ledger::{Ledger, Point};
use super::rows::Applied;
use super::views::Views;
use crate::connection::StoreError;
use crate::store::journal::entry::Entry;
use crate::store::journal::head::Identity;

/// So many changes are taken into the view at once.
const PIECE: usize = 256;

/// Changes that are told again.
pub struct Replay<'a> {
    views: &'a Views,
    identity: &'a Identity,
    ledger: Ledger,
    steps: Vec<Step>,
    /// Whether there was any change.
    told: bool,
    trouble: Option<String>,
}

impl<'a> Replay<'a> {
    /// Onto a view that is at this point; onto none, when there is trouble with it already.
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

    /// The next change.
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

    /// Why the view does not have all of them now; nothing when it has.
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

//! Applies the part of the journal that is not in the index yet.

use std::sync::Arc;

use super::change::{AcceptedChange, WriteRequest};
use super::index_handle::IndexHandle;
use super::index_header::{IndexHeader, StorePosition};
use super::pending_writes::PendingWrites;
use crate::connection::StoreError;
use crate::store::journal::entry::JournalEntry;
use crate::store::journal::header::StoreIdentity;

/// Number of changes applied at once.
const BATCH: usize = 256;

/// Replay of journal entries.
pub struct JournalReplay<'a> {
    index: &'a IndexHandle,
    identity: &'a StoreIdentity,
    pending_writes: PendingWrites,
    steps: Vec<AcceptedChange>,
    /// True when there was a change.
    has_changes: bool,
    problem: Option<String>,
}

impl<'a> JournalReplay<'a> {
    /// Starts at the position of the index; ignores all changes when `problem` is set.
    pub fn new(
        index: &'a Arc<IndexHandle>,
        applied: StorePosition,
        identity: &'a StoreIdentity,
        problem: Option<String>,
    ) -> Self {
        Self {
            index,
            identity,
            pending_writes: PendingWrites::new(Arc::clone(index), applied),
            steps: Vec::new(),
            has_changes: false,
            problem,
        }
    }

    /// Adds the next change.
    pub fn add(&mut self, entry: &JournalEntry<'_>) {
        if self.problem.is_some() {
            return;
        }
        self.has_changes = true;
        let added = WriteRequest::replay(entry).map_or(Ok(()), |ask| {
            let position = StorePosition {
                revision: entry.revision,
                digest: entry.digest,
            };
            self.steps
                .extend(self.pending_writes.replay(ask?, position)?);
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
        let position = self.pending_writes.position();
        let applied = IndexHeader::new(position, self.identity.clone());
        let index = self.index.current();
        let mut rows = Vec::new();
        for step in &steps {
            step.write_rows(&index, &mut rows)?;
        }
        rows.push(applied.row());
        self.index.apply(rows, applied.digest.count)?;
        self.pending_writes.remove_applied(applied.revision);
        Ok(())
    }
}

//! Checks a write against the index and the pending writes.

use std::cmp::Ordering;
use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use uuid::Uuid;

use super::change::{AcceptedChange, NewState, PurgedJson, SaveRequest, WriteRequest};
use super::encoding::CurrentState;
use super::index_handle::IndexHandle;
use super::index_header::StorePosition;
use super::stored_json::write_json;
use crate::connection::StoreError;
use crate::connection::store::Precondition;
use crate::store::journal::digest::version_hash;

/// Accepted writes that are not in the index yet, and the state after them.
pub struct PendingWrites {
    index: Arc<IndexHandle>,
    /// Newest accepted revision and the digest after it.
    position: StorePosition,
    /// Connections after pending writes, with the revision of the newest one.
    records: HashMap<Uuid, (u64, Option<CurrentState>)>,
    /// Owners of lower-case aliases after pending writes, with the revision of the newest one.
    aliases: HashMap<String, (u64, Option<Uuid>)>,
    /// Pending writes in order.
    pending: VecDeque<PendingWrite>,
}

struct PendingWrite {
    revision: u64,
    id: Uuid,
    aliases: Vec<String>,
}

impl PendingWrites {
    /// Starts at the position of the index.
    pub fn new(index: Arc<IndexHandle>, position: StorePosition) -> Self {
        Self {
            index,
            position,
            records: HashMap::new(),
            aliases: HashMap::new(),
            pending: VecDeque::new(),
        }
    }

    /// Position after the newest accepted write.
    pub const fn position(&self) -> StorePosition {
        self.position
    }

    /// Accepts a change, or returns the rule that it violates.
    pub fn accept(&mut self, request: WriteRequest) -> Result<AcceptedChange, StoreError> {
        match request {
            WriteRequest::Save(save) => {
                let before = self.current(save.item.id)?;
                check_version(&save, before.as_ref())?;
                self.check_alias(&save)?;
                Ok(self.save(*save, before))
            }
            WriteRequest::Purge {
                id,
                version,
                request,
            } => {
                let before = self.current(id)?.ok_or(StoreError::NotFound(id))?;
                if before.item.version != version {
                    return Err(StoreError::VersionConflict {
                        expected: version,
                        found: before.item.version,
                    });
                }
                self.purge(id, request, Some(before))
            }
        }
    }

    /// Repeats a change from the journal. Returns `None` when the index already has a later change of the same connection, which
    /// happens after a crash.
    pub fn replay(
        &mut self,
        request: WriteRequest,
        position: StorePosition,
    ) -> Result<Option<AcceptedChange>, StoreError> {
        self.position.revision = position.revision - 1;
        let mut step = match request {
            WriteRequest::Save(save) => {
                let before = self.current(save.item.id)?;
                match before
                    .as_ref()
                    .map(|before| before.revision.cmp(&position.revision))
                {
                    Some(Ordering::Greater) => None,
                    Some(Ordering::Equal) => {
                        // The index has this change. It is written again, because an earlier replayed change may have taken its
                        // alias.
                        let existing = before.filter(|before| before.item == save.item);
                        existing.map(|existing| self.record_save(existing, None))
                    }
                    Some(Ordering::Less) | None => Some(self.save(*save, before)),
                }
            }
            WriteRequest::Purge { id, request, .. } => match self.current(id)? {
                Some(before) if before.revision > position.revision => None,
                before => Some(self.purge(id, request, before)?),
            },
        };
        self.position = position;
        if let Some(step) = &mut step {
            step.digest = position.digest;
        }
        Ok(step)
    }

    /// Removes the writes that the index has.
    pub fn remove_applied(&mut self, applied: u64) {
        while self
            .pending
            .front()
            .is_some_and(|pending| pending.revision <= applied)
        {
            let Some(pending) = self.pending.pop_front() else {
                return;
            };
            if self
                .records
                .get(&pending.id)
                .is_some_and(|(revision, _)| *revision <= applied)
            {
                self.records.remove(&pending.id);
            }
            for alias in pending.aliases {
                if self
                    .aliases
                    .get(&alias)
                    .is_some_and(|(revision, _)| *revision <= applied)
                {
                    self.aliases.remove(&alias);
                }
            }
        }
    }

    /// Reverts to a position, discarding later writes. The index must be at that position.
    pub fn revert_to(&mut self, position: StorePosition) {
        self.position = position;
        self.records.clear();
        self.aliases.clear();
        self.pending.clear();
    }

    fn check_alias(&self, save: &SaveRequest) -> Result<(), StoreError> {
        let alias = &save.item.alias;
        let Some(owner) = self.owner(alias)?.filter(|owner| *owner != save.item.id) else {
            return Ok(());
        };
        let by = self.current(owner)?.ok_or_else(|| {
            StoreError::Other(format!(
                "The alias '{alias}' refers to a missing connection"
            ))
        })?;
        Err(StoreError::AliasTaken {
            alias: alias.clone(),
            by: Box::new(by.item),
        })
    }

    fn current(&self, id: Uuid) -> Result<Option<CurrentState>, StoreError> {
        match self.records.get(&id) {
            Some((_, current)) => Ok(current.clone()),
            None => self.index.record(id),
        }
    }

    fn owner(&self, alias: &str) -> Result<Option<Uuid>, StoreError> {
        match self.aliases.get(&alias.to_lowercase()) {
            Some((_, owner)) => Ok(*owner),
            None => self.index.owner(alias),
        }
    }

    fn save(&mut self, save: SaveRequest, before: Option<CurrentState>) -> AcceptedChange {
        let revision = self.position.revision + 1;
        let SaveRequest { item, json, .. } = save;
        let hash = version_hash(item.id, item.version, revision);
        let history_digest = before.as_ref().map_or(0, |before| before.history_digest);
        let after = CurrentState {
            revision,
            history_digest: history_digest.wrapping_add(hash),
            item,
            json,
        };
        self.record_save(after, before)
    }

    fn record_save(&mut self, after: CurrentState, before: Option<CurrentState>) -> AcceptedChange {
        let revision = after.revision;
        let id = after.item.id;
        let mut aliases = self.release_alias(before.as_ref(), revision);
        let alias = after.item.alias.to_lowercase();
        self.aliases.insert(alias.clone(), (revision, Some(id)));
        aliases.push(alias);
        self.records.insert(id, (revision, Some(after.clone())));
        self.enqueue(id, aliases, before, NewState::Saved(after))
    }

    fn purge(
        &mut self,
        id: Uuid,
        request: Option<Uuid>,
        before: Option<CurrentState>,
    ) -> Result<AcceptedChange, StoreError> {
        let item = before.as_ref().map(|before| &before.item);
        let after = NewState::Purged {
            id,
            number: item.map_or(0, |item| item.version),
            payload: write_json(&PurgedJson { item, request })?,
            request,
        };
        let revision = self.position.revision + 1;
        let aliases = self.release_alias(before.as_ref(), revision);
        self.records.insert(id, (revision, None));
        Ok(self.enqueue(id, aliases, before, after))
    }

    fn release_alias(&mut self, before: Option<&CurrentState>, revision: u64) -> Vec<String> {
        let mut released = Vec::with_capacity(2);
        if let Some(before) = before {
            let alias = before.item.alias.to_lowercase();
            self.aliases.insert(alias.clone(), (revision, None));
            released.push(alias);
        }
        released
    }

    fn enqueue(
        &mut self,
        id: Uuid,
        aliases: Vec<String>,
        before: Option<CurrentState>,
        after: NewState,
    ) -> AcceptedChange {
        let revision = self.position.revision + 1;
        let mut digest = self.position.digest;
        if let Some(before) = &before {
            digest = digest.without(before.hash());
        }
        if let NewState::Saved(current) = &after {
            digest = digest.with(current.hash());
        }
        self.position = StorePosition { revision, digest };
        self.pending.push_back(PendingWrite {
            revision,
            id,
            aliases,
        });
        AcceptedChange {
            revision,
            digest,
            before,
            after,
        }
    }
}

fn check_version(save: &SaveRequest, before: Option<&CurrentState>) -> Result<(), StoreError> {
    let id = save.item.id;
    match (save.precondition, before) {
        (Precondition::Absent, None) => Ok(()),
        (Precondition::Absent, Some(_)) => Err(StoreError::IdTaken(id)),
        (Precondition::Version(_), None) => Err(StoreError::NotFound(id)),
        (Precondition::Version(expected), Some(before)) => {
            let found = before.item.version;
            if found == expected && save.item.version > found {
                Ok(())
            } else {
                Err(StoreError::VersionConflict { expected, found })
            }
        }
    }
}

//! Writes: one transaction each, repeated until etcd says what became of it.
//!
//! Every transaction compares the identity of the store, the absence of its own mark, and the keys that it changes; it writes the
//! mark and the head too. A request that is repeated without an answer therefore finds its mark if it was done before.

mod refused;

use std::time::Duration;

use tokio::time::{Instant, timeout_at};
use uuid::Uuid;

use self::refused::is_refusal;
use super::backend::{EtcdBackend, read_error};
use super::call_error::{CallError, Refusal};
use super::change::{EtcdChange, FoundKeys, owner_in, owner_value};
use super::client::Backoff;
use super::node::is_certificate_refused;
use super::operations::{created_at, delete, delete_range, get, modified_at, put, put_with_lease};
use super::wire::{Compare, KeyValue, RequestOp, TxnRequest, TxnResponse};
use crate::connection::store::Precondition;
use crate::connection::{ConnectionItem, StoreError};
use crate::store::sled::stored_json::version_json;

/// Time that a write is tried for.
const PATIENCE: Duration = Duration::from_secs(15);

/// Write that is not done yet.
struct PendingWrite<'a> {
    backend: &'a EtcdBackend,
    change: &'a EtcdChange,
    request: Uuid,
    end: Instant,
    /// Reason why the outcome of an earlier try is not known.
    unanswered: Option<String>,
}

/// Parts of a transaction that depend on the change.
#[derive(Default)]
struct ChangeParts {
    compare: Vec<Compare>,
    success: Vec<RequestOp>,
}

/// Next step of a write.
enum Step {
    /// It was done at this revision.
    Done(i64),
    /// The alias belongs to this connection.
    AliasTaken(Uuid),
    /// Transaction to run.
    Run(ChangeParts),
}

/// Performs a change and returns its revision.
pub async fn write(backend: &EtcdBackend, change: &EtcdChange) -> Result<i64, StoreError> {
    let mut write = PendingWrite {
        backend,
        change,
        request: Uuid::new_v4(),
        end: Instant::now() + PATIENCE,
        unanswered: None,
    };
    match write.run().await {
        Err(refused) if write.unanswered.is_some() && is_refusal(&refused) => {
            write.cancel(refused).await
        }
        outcome => outcome,
    }
}

impl PendingWrite<'_> {
    async fn run(&mut self) -> Result<i64, StoreError> {
        let mut backoff = Backoff::default();
        // A new connection needs no read: the transaction decides.
        let mut found = self.is_new().then(|| FoundKeys::none(self.backend.fence));
        loop {
            let keys = match found.take() {
                Some(keys) => keys,
                None => self.read().await?,
            };
            let parts = match self.next_step(&keys)? {
                Step::Done(revision) => return Ok(revision),
                Step::AliasTaken(owner) => {
                    self.check_alias(owner).await?;
                    backoff.wait().await;
                    continue;
                }
                Step::Run(parts) => parts,
            };
            let error = match self.attempt(parts).await {
                Ok(answer) if answer.succeeded => return Ok(answer.revision()),
                Ok(answer) => {
                    found = Some(FoundKeys::read(answer));
                    continue;
                }
                Err(CallError::Refused(Refusal::LeaseGone)) => continue,
                Err(error @ CallError::Refused(Refusal::Busy)) => error,
                Err(CallError::Refused(refusal)) => return self.after_refusal(refusal).await,
                Err(error) => error,
            };
            if Instant::now() >= self.end {
                return Err(self.unless_unanswered(read_error(error)));
            }
            backoff.wait().await;
        }
    }

    const fn is_new(&self) -> bool {
        matches!(
            self.change,
            EtcdChange::Save {
                precondition: Precondition::Absent,
                ..
            }
        )
    }

    /// Runs a transaction once.
    async fn attempt(&mut self, parts: ChangeParts) -> Result<TxnResponse, CallError> {
        let EtcdBackend {
            client,
            keys,
            fence,
            marks,
            ..
        } = self.backend;
        let lease = timeout_at(self.end, marks.lease(client))
            .await
            .map_err(|_| CallError::NoAnswer("no lease in time".into()))??;
        let mark = keys.mark(self.request);
        let ChangeParts {
            mut compare,
            mut success,
        } = parts;
        compare.push(modified_at(keys.store(), *fence));
        compare.push(created_at(mark.clone(), 0));
        success.push(put(keys.head(), self.request.as_bytes().to_vec()));
        success.push(put_with_lease(mark, Vec::new(), lease));
        let request = TxnRequest {
            compare,
            success,
            failure: self.reads(),
        };
        let answer = client.txn(&request).await;
        match &answer {
            Err(CallError::NoAnswer(why)) => self.unanswered = Some(why.clone()),
            Err(CallError::Refused(Refusal::LeaseGone)) => marks.forget(lease).await,
            Ok(_) | Err(CallError::Refused(_)) => {}
        }
        answer
    }

    /// Reads the keys that the write depends on, as long as it is tried.
    async fn read(&self) -> Result<FoundKeys, StoreError> {
        let request = TxnRequest {
            success: self.reads(),
            ..TxnRequest::default()
        };
        loop {
            match self.backend.client.read_txn(&request).await {
                Ok(answer) => return Ok(FoundKeys::read(answer)),
                // The read has taken its time, except for a refused certificate, which is final.
                Err(CallError::NoAnswer(why))
                    if !is_certificate_refused(&why) && Instant::now() < self.end => {}
                Err(error) => return Err(self.unless_unanswered(read_error(error))),
            }
        }
    }

    /// Reads of mark, identity, connection and new alias; [`FoundKeys::read`] has the same order.
    fn reads(&self) -> Vec<RequestOp> {
        let keys = &self.backend.keys;
        let mut read = vec![
            keys.mark(self.request),
            keys.store(),
            keys.connection(self.change.id()),
        ];
        if let EtcdChange::Save { item, .. } = self.change {
            read.push(keys.alias(&item.alias));
        }
        read.into_iter().map(|key| get(key).into()).collect()
    }

    /// Decides what to do with these keys; fails if the change is not possible.
    fn next_step(&self, found: &FoundKeys) -> Result<Step, StoreError> {
        if let Some(revision) = found.done() {
            return Ok(Step::Done(revision));
        }
        if found.identity != self.backend.fence {
            return Err(StoreError::Replaced);
        }
        match self.change {
            EtcdChange::Save {
                item,
                precondition,
                json,
            } => {
                let value = self.backend.codec.connection(item.id, json);
                match (precondition, &found.record) {
                    (Precondition::Absent, Some(_)) => Err(StoreError::IdTaken(item.id)),
                    (Precondition::Version(_), None) => Err(StoreError::NotFound(item.id)),
                    (Precondition::Absent, None) => Ok(self.create(item, value, found)),
                    (Precondition::Version(expected), Some(stored)) => {
                        self.update((*expected, stored), item, value, found)
                    }
                }
            }
            EtcdChange::Purge { id, version } => {
                let stored = found.record.as_ref().ok_or(StoreError::NotFound(*id))?;
                self.purge(*id, *version, stored)
            }
        }
    }

    fn create(&self, item: &ConnectionItem, value: Vec<u8>, found: &FoundKeys) -> Step {
        let keys = &self.backend.keys;
        let (key, alias) = (keys.connection(item.id), keys.alias(&item.alias));
        if let Some(owner) = &found.alias {
            return Step::AliasTaken(owner_in(owner));
        }
        Step::Run(ChangeParts {
            compare: vec![created_at(key.clone(), 0), created_at(alias.clone(), 0)],
            success: vec![put(key, value), put(alias, owner_value(item.id))],
        })
    }

    fn update(
        &self,
        (expected, stored): (u64, &KeyValue),
        item: &ConnectionItem,
        value: Vec<u8>,
        keys_found: &FoundKeys,
    ) -> Result<Step, StoreError> {
        let EtcdBackend { keys, codec, .. } = self.backend;
        let before = self.backend.item_in(item.id, stored)?;
        let found = before.version;
        if found != expected || item.version <= found {
            return Err(StoreError::VersionConflict { expected, found });
        }
        let json = codec.read_connection(item.id, &stored.value)?;
        let earlier = codec.version(item.id, found, &version_json(item.id, json)?);
        let key = keys.connection(item.id);
        let mut parts = ChangeParts {
            compare: vec![modified_at(key.clone(), stored.mod_revision)],
            success: vec![put(keys.version(item.id, found), earlier), put(key, value)],
        };
        let (old, new) = (keys.alias(&before.alias), keys.alias(&item.alias));
        if old != new {
            if let Some(owner) = &keys_found.alias {
                return Ok(Step::AliasTaken(owner_in(owner)));
            }
            parts.compare.push(created_at(new.clone(), 0));
            parts.success.push(delete(old));
            parts.success.push(put(new, owner_value(item.id)));
        }
        Ok(Step::Run(parts))
    }

    fn purge(&self, id: Uuid, expected: u64, stored: &KeyValue) -> Result<Step, StoreError> {
        let keys = &self.backend.keys;
        let before = self.backend.item_in(id, stored)?;
        let found = before.version;
        if found != expected {
            return Err(StoreError::VersionConflict { expected, found });
        }
        let key = keys.connection(id);
        Ok(Step::Run(ChangeParts {
            compare: vec![modified_at(key.clone(), stored.mod_revision)],
            success: vec![
                delete(key),
                delete(keys.alias(&before.alias)),
                delete_range(keys.versions(id)),
            ],
        }))
    }
}

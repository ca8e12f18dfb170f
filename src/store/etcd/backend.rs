//! Cluster, keys and values of a store: the base of reads, writes and the index.

use uuid::Uuid;

use super::call_error::{CallError, Refusal};
use super::client::EtcdClient;
use super::keys::EtcdKeys;
use super::node::is_certificate_refused;
use super::operations::{get, modified_at};
use super::record::RecordCodec;
use super::request_marks::RequestMarks;
use super::wire::{KeyValue, RangeRequest, RangeResponse, RequestOp, TxnRequest};
use crate::connection::{ConnectionItem, StoreError};
use crate::store::sled::stored_json::read_listed;

/// Store on a cluster.
pub struct EtcdBackend {
    /// Cluster.
    pub client: EtcdClient,
    /// Names of the keys in etcd.
    pub keys: EtcdKeys,
    /// Values of the store.
    pub codec: RecordCodec,
    /// Revision of the identity, which fences every write.
    pub fence: i64,
    /// Revision at which the store was created, or its content replaced.
    pub created: i64,
    /// Sentence for the user: the store was created, or is another one than before.
    pub notice: Option<String>,
    /// Marks of the writes of this process.
    pub marks: RequestMarks,
}

impl EtcdBackend {
    /// Reads keys at one revision. Fails if the store was replaced: its keys are then others.
    pub async fn read<const RANGES: usize>(
        &self,
        ranges: [RangeRequest; RANGES],
    ) -> Result<[RangeResponse; RANGES], StoreError> {
        let request = TxnRequest {
            compare: vec![modified_at(self.keys.store(), self.fence)],
            success: ranges.into_iter().map(RequestOp::from).collect(),
            failure: Vec::new(),
        };
        let answer = self.client.read_txn(&request).await.map_err(read_error)?;
        if !answer.succeeded {
            return Err(StoreError::Replaced);
        }
        let mut found = answer.into_ranges();
        Ok(std::array::from_fn(|_| found.next().unwrap_or_default()))
    }

    /// Reads a key.
    pub async fn get(&self, key: Vec<u8>) -> Result<Option<KeyValue>, StoreError> {
        let [found] = self.read([get(key)]).await?;
        Ok(found.into_first())
    }

    /// Returns the revision of the newest write.
    pub async fn head(&self) -> Result<i64, StoreError> {
        let head = self.get(self.keys.head()).await?;
        Ok(head.map_or(self.created, |head| head.mod_revision))
    }

    /// Fails if the node in use reports an alarm, after which changes are refused.
    pub async fn check_space(&self) -> Result<(), StoreError> {
        let status = self.client.status(self.client.node()).await;
        // A node that does not answer was left by the read before.
        let alarms = status.map(|status| status.errors).unwrap_or_default();
        if alarms.iter().any(|alarm| alarm.contains("NOSPACE")) {
            return Err(Refusal::NoSpace.into());
        }
        Ok(())
    }

    /// Returns the list item of a connection; none if it does not exist.
    pub async fn item(&self, id: Uuid) -> Result<Option<ConnectionItem>, StoreError> {
        let found = self.get(self.keys.connection(id)).await?;
        let item = found.map(|found| self.item_in(id, &found));
        item.transpose()
    }

    /// Returns the list item in the value of a connection.
    pub fn item_in(&self, id: Uuid, found: &KeyValue) -> Result<ConnectionItem, StoreError> {
        read_listed(id, self.codec.read_connection(id, &found.value)?)
    }
}

/// Returns the error of a read.
pub fn read_error(error: CallError) -> StoreError {
    match error {
        CallError::NoAnswer(why) => {
            let remedy = if why.contains("invalid peer certificate") {
                "Trust the certificate of its authority with --store-ca-file"
            } else if is_certificate_refused(&why) {
                "Set or replace the client certificate with --store-cert-file"
            } else {
                "Check that the cluster runs and that the address is right"
            };
            StoreError::Unreachable(format!("etcd did not answer ({why}). {remedy}"))
        }
        CallError::Refused(refusal) => refusal.into(),
    }
}

impl From<Refusal> for StoreError {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::NoSpace => Self::Full(
                "The database of etcd is full: nothing was changed; connections can still be read. Compact and defragment it, then disarm the alarm (etcdctl alarm disarm)".into(),
            ),
            Refusal::Busy => Self::Unreachable(
                "etcd has too many requests at the moment; try again later".into(),
            ),
            Refusal::Token => Self::Unreachable(
                "etcd does not accept its own token; try again later".into(),
            ),
            Refusal::Denied(why) => Self::Unreachable(format!(
                "etcd denies access ({why}). Check --store-user and --store-password-file, or the client certificate, and the role of the user"
            )),
            Refusal::LeaseGone | Refusal::RevisionGone => Self::Other(
                "etcd no longer has the revision that was read; try again".into(),
            ),
            Refusal::StoreReplaced => Self::Replaced,
            Refusal::TooLarge => Self::Other(
                "etcd sent an answer that is too large".into(),
            ),
            Refusal::Other(why) => Self::Other(format!("etcd refused the request: {why}")),
        }
    }
}

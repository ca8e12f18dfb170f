//! Cluster, keys and values of a store: the base of reads, writes and the index.

use uuid::Uuid;

use super::call_error::{CallError, Refusal};
use super::client::EtcdClient;
use super::keys::EtcdKeys;
use super::operations::get;
use super::record::RecordCodec;
use super::request_marks::RequestMarks;
use super::wire::{KeyValue, RangeRequest, RangeResponse, TxnRequest, TxnResponse};
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
    /// Revision at which the store was created.
    pub created: i64,
    /// Marks of the writes of this process.
    pub marks: RequestMarks,
}

impl EtcdBackend {
    /// Reads keys.
    pub async fn range(&self, request: &RangeRequest) -> Result<RangeResponse, StoreError> {
        self.client.range(request).await.map_err(read_error)
    }

    /// Runs a transaction that only reads.
    pub async fn read_txn(&self, request: &TxnRequest) -> Result<TxnResponse, StoreError> {
        self.client.read_txn(request).await.map_err(read_error)
    }

    /// Returns the revision of the newest write.
    pub async fn head(&self) -> Result<i64, StoreError> {
        let head = self.range(&get(self.keys.head())).await?.into_first();
        Ok(head.map_or(self.created, |head| head.mod_revision))
    }

    /// Returns the list item of a connection; none if it does not exist.
    pub async fn item(&self, id: Uuid) -> Result<Option<ConnectionItem>, StoreError> {
        let found = self.range(&get(self.keys.connection(id))).await?;
        let item = found.into_first().map(|found| self.item_in(id, &found));
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
                "The database of etcd is full: nothing was changed, and reading goes on. Compact and defragment it, then disarm the alarm (etcdctl alarm disarm)".into(),
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
            Refusal::LeaseGone | Refusal::RevisionGone => Self::Unusable(
                "etcd no longer has the revision that was read; try again".into(),
            ),
            Refusal::Other(why) => Self::Unusable(format!("etcd refused the request: {why}")),
        }
    }
}

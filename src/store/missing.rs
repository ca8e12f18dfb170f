//! Stands for a store on etcd that does not exist: it is empty, and refuses changes.

use async_trait::async_trait;
use futures_util::{StreamExt, stream};
use uuid::Uuid;

use super::etcd_options::EtcdAddress;
use crate::connection::store::{
    ChangeFeed, ConnectionStore, Revision, SaveConnection, StoreNotice,
};
use crate::connection::{
    Connection, ConnectionItem, ListQuery, Page, PageRequest, PlainSecret, StoreError, Version,
};

/// Store that does not exist.
pub struct MissingStore {
    notice: StoreNotice,
}

impl MissingStore {
    /// Creates the stand-in for the store at an address.
    pub fn new(address: &EtcdAddress) -> Self {
        Self {
            notice: missing_notice(address),
        }
    }
}

/// Sentence about a store that does not exist, for a command that only reads.
pub fn missing_notice(address: &EtcdAddress) -> String {
    format!(
        "No store at {address} yet; the app, umai serve or a command that adds something creates it"
    )
}

#[async_trait]
impl ConnectionStore<PlainSecret> for MissingStore {
    async fn get(&self, _: Uuid) -> Result<Option<Connection<PlainSecret>>, StoreError> {
        Ok(None)
    }

    async fn find(&self, _: &str) -> Result<Option<Connection<PlainSecret>>, StoreError> {
        Ok(None)
    }

    async fn list(&self, _: &ListQuery) -> Result<Page<ConnectionItem>, StoreError> {
        Ok(Page {
            items: Vec::new(),
            total: 0,
        })
    }

    async fn aliases(&self, _: &str, _: usize) -> Result<Vec<String>, StoreError> {
        Ok(Vec::new())
    }

    async fn save(&self, _: SaveConnection<PlainSecret>) -> Result<Revision, StoreError> {
        Err(StoreError::Other(self.notice.clone()))
    }

    async fn purge(&self, _: Uuid, _: u64) -> Result<Revision, StoreError> {
        Err(StoreError::Other(self.notice.clone()))
    }

    async fn versions(&self, _: Uuid, _: PageRequest) -> Result<Page<Version>, StoreError> {
        Ok(Page {
            items: Vec::new(),
            total: 0,
        })
    }

    async fn version(&self, _: Uuid, _: u64) -> Result<Option<Version>, StoreError> {
        Ok(None)
    }

    fn revision(&self) -> Revision {
        Revision(0)
    }

    async fn changes(&self, _: Revision) -> Result<ChangeFeed, StoreError> {
        Ok(stream::pending().boxed())
    }

    fn notices(&self) -> Vec<StoreNotice> {
        vec![self.notice.clone()]
    }

    async fn close(&self) -> Result<(), StoreError> {
        Ok(())
    }
}

//! Stores on etcd for the conformance tests.

use uuid::Uuid;

use super::{Store, options};
use crate::store::etcd_options::EtcdOptions;
use crate::store::{StoreHandle, WithoutStore};

#[path = "../../../tests/support/etcd.rs"]
#[allow(dead_code, reason = "each test uses its part")]
mod node;

/// Returns the options of a new store with a prefix of its own; none without etcd.
pub fn new_options() -> Option<EtcdOptions> {
    let node = node::shared_address()?;
    let address = format!("{node}/conformance/{}", Uuid::new_v4());
    Some(EtcdOptions::new(address.parse().unwrap()))
}

/// Returns a new store; none without etcd.
pub async fn new_store() -> Option<Store> {
    Some(open(new_options()?).await)
}

async fn open(etcd: EtcdOptions) -> Store {
    let folder = tempfile::tempdir().unwrap();
    let handle = StoreHandle::etcd(etcd);
    let files = options(folder.path());
    handle.open(&files, WithoutStore::Create).await.unwrap()
}

//! Stores on etcd for the conformance tests.

use uuid::Uuid;

use super::{Store, options};
use crate::store::etcd_options::EtcdOptions;
use crate::store::{StoreHandle, WithoutStore};

#[path = "../../../tests/support/etcd.rs"]
#[allow(dead_code, reason = "each test uses its part")]
mod node;

/// Returns a new store with a prefix of its own; none without etcd.
pub async fn new_store() -> Option<Store> {
    let node = node::shared_address()?;
    let address = format!("{node}/conformance/{}", Uuid::new_v4());
    let folder = tempfile::tempdir().unwrap();
    let etcd = EtcdOptions::new(address.parse().unwrap());
    let handle = StoreHandle::etcd(etcd);
    let files = options(folder.path());
    let opened = handle.open(&files, WithoutStore::Create).await;
    Some(opened.unwrap())
}

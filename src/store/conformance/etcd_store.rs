//! Stores on etcd for the conformance tests.

use std::sync::OnceLock;

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

/// Returns a new store on three nodes; none without etcd.
pub async fn new_store_on_three_nodes() -> Option<Store> {
    static NODES: OnceLock<Option<[node::EtcdNode; 3]>> = OnceLock::new();
    let nodes = NODES.get_or_init(node::EtcdNode::start_cluster).as_ref()?;
    let clients: Vec<_> = nodes.iter().map(|node| node.client.as_str()).collect();
    let address = format!(
        "etcd://{}/conformance/{}",
        clients.join(","),
        Uuid::new_v4()
    );
    Some(open(EtcdOptions::new(address.parse().unwrap())).await)
}

async fn open(etcd: EtcdOptions) -> Store {
    let folder = tempfile::tempdir().unwrap();
    let handle = StoreHandle::etcd(etcd);
    let files = options(folder.path());
    handle.open(&files, WithoutStore::Create).await.unwrap()
}

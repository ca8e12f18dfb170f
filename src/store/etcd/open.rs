//! Opens a store on etcd with its key, and creates it.

use std::sync::Arc;

use uuid::Uuid;

use super::backend::{EtcdBackend, read_error};
use super::call_error::CallError;
use super::client::EtcdClient;
use super::follower::Follower;
use super::identity::EtcdIdentity;
use super::keys::EtcdKeys;
use super::operations::{created_at, get, put};
use super::record::RecordCodec;
use super::request_marks::RequestMarks;
use super::wire::{KeyValue, TxnRequest};
use super::{EtcdStore, OpenEtcdStore};
use crate::connection::StoreError;
use crate::store::etcd_options::EtcdAddress;
use crate::store::etcd_options::EtcdOptions;
use crate::store::key::key_file::KeyFileLocation;
use crate::store::key::{KeyLookup, StoreKey, previous_keys};
use crate::store::{StoreOptions, WithoutStore};

/// Identity and head of a store.
pub struct FoundStore {
    /// Stored identity.
    pub store: Option<KeyValue>,
    head: Option<KeyValue>,
}

/// Opens the store at an address. `files` locates the key.
pub async fn open(
    options: &EtcdOptions,
    files: &StoreOptions,
    without: WithoutStore,
) -> Result<OpenEtcdStore, StoreError> {
    let address = &options.address;
    let client = EtcdClient::new(options)?;
    let keys = EtcdKeys::new(address.prefix());
    let mut found = find(&client, &keys).await?;
    if found.store.is_none() {
        if without == WithoutStore::Refuse {
            return Err(StoreError::Unusable(format!(
                "No store at {address}, and read-only mode does not create one"
            )));
        }
        create(&client, &keys, &new_identity(files)?).await?;
        found = find(&client, &keys).await?;
    }
    let missing = || StoreError::Unusable(format!("The store at {address} was deleted; try again"));
    let stored = found.store.ok_or_else(missing)?;
    let identity = EtcdIdentity::read(&stored.value, address)?;
    let key = matching_key(files, &identity, address)?;
    let backend = Arc::new(EtcdBackend {
        client,
        keys,
        codec: RecordCodec::new(key.authenticator(identity.store)),
        fence: stored.mod_revision,
        created: stored.create_revision,
        marks: RequestMarks::default(),
    });
    let head = found
        .head
        .map_or(stored.create_revision, |head| head.mod_revision);
    Ok(OpenEtcdStore {
        store: EtcdStore::new(Arc::clone(&backend), Follower::new(backend, head), head),
        id: identity.store,
        key,
    })
}

/// Reads identity and head.
pub async fn find(client: &EtcdClient, keys: &EtcdKeys) -> Result<FoundStore, StoreError> {
    let request = TxnRequest {
        success: vec![get(keys.store()).into(), get(keys.head()).into()],
        ..TxnRequest::default()
    };
    let answer = client.read_txn(&request).await.map_err(read_error)?;
    let mut found = answer
        .into_ranges()
        .map(|range| range.kvs.into_iter().next());
    Ok(FoundStore {
        store: found.next().flatten(),
        head: found.next().flatten(),
    })
}

/// Creates the store, unless another process was faster.
async fn create(
    client: &EtcdClient,
    keys: &EtcdKeys,
    identity: &EtcdIdentity,
) -> Result<(), StoreError> {
    let request = TxnRequest {
        compare: vec![created_at(keys.store(), 0)],
        success: vec![
            put(keys.store(), identity.to_bytes()),
            put(keys.head(), Vec::new()),
        ],
        failure: Vec::new(),
    };
    match client.txn(&request).await {
        // Without an answer, the read that follows shows if the store was created.
        Ok(_) | Err(CallError::NoAnswer(_)) => Ok(()),
        Err(error) => Err(read_error(error)),
    }
}

/// Returns the identity of a new store with the key of this machine, which is created if it does not exist.
fn new_identity(files: &StoreOptions) -> Result<EtcdIdentity, StoreError> {
    let key = match StoreKey::find(files.key_file.as_deref(), &files.config)? {
        KeyLookup::Key(key, _) => key,
        KeyLookup::Missing(path) => StoreKey::generate(&path)?,
    };
    let store = Uuid::new_v4();
    Ok(EtcdIdentity {
        store,
        check: key.check(store)?,
    })
}

/// Returns the key of a store: the key of this machine, or one before it, because the rotation of the key of a local store does not
/// change this store.
pub fn matching_key(
    files: &StoreOptions,
    identity: &EtcdIdentity,
    address: &EtcdAddress,
) -> Result<Arc<StoreKey>, StoreError> {
    const HINT: &str = "Copy the key file from a machine that uses the store (umai key export there), and name it with --key-file; nothing was changed";
    match StoreKey::find(files.key_file.as_deref(), &files.config)? {
        KeyLookup::Key(key, path) => {
            let location = KeyFileLocation::find(files.key_file.as_deref(), &files.config);
            let earlier = previous_keys::read(&location, &key);
            let mut keys = std::iter::once(key).chain(earlier);
            let matches = |key: &StoreKey| key.matches(identity.store, &identity.check);
            keys.find(matches).map(Arc::new).ok_or_else(|| {
                StoreError::Key(format!(
                    "The key in {} does not match the store {address}. {HINT}",
                    path.display()
                ))
            })
        }
        KeyLookup::Missing(path) => Err(StoreError::Key(format!(
            "The store {address} needs its key, but {} does not exist. {HINT}",
            path.display()
        ))),
    }
}

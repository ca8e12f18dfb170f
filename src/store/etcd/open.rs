//! Opens a store on etcd with its key, and creates it.

use std::sync::Arc;

use uuid::Uuid;

use super::backend::{EtcdBackend, read_error};
use super::call_error::CallError;
use super::client::EtcdClient;
use super::follower::Follower;
use super::identity::EtcdIdentity;
use super::keys::EtcdKeys;
use super::known_addresses::KnownAddresses;
use super::operations::{created_at, get, put};
use super::record::RecordCodec;
use super::request_marks::RequestMarks;
use super::saved_index::SavedIndex;
use super::wire::{RangeRequest, TxnRequest};
use super::{EtcdStore, OpenEtcdStore};
use crate::connection::StoreError;
use crate::store::etcd_options::EtcdAddress;
use crate::store::etcd_options::EtcdOptions;
use crate::store::key::key_file::{self, KeyFileLocation};
use crate::store::key::{KeyLookup, StoreKey, previous_keys};
use crate::store::{StoreOptions, WithoutStore};

/// Identity and position of a store.
pub struct FoundStore {
    /// Identity.
    pub identity: EtcdIdentity,
    /// Names of its keys.
    pub keys: EtcdKeys,
    /// Revision of the identity.
    pub fence: i64,
    /// Revision at which it was created, or its content replaced.
    pub created: i64,
    /// Revision of the key of the head; 0 without one.
    pub stored_head: i64,
    /// Revision of the cluster at the read.
    pub revision: i64,
}

impl FoundStore {
    /// Revision of the newest write.
    pub fn head(&self) -> i64 {
        self.stored_head.max(self.created)
    }
}

/// Opens the store at an address; none if there is none, and it is not created. `files` locates the key.
pub async fn open(
    options: &EtcdOptions,
    files: &StoreOptions,
    without: WithoutStore,
) -> Result<Option<OpenEtcdStore>, StoreError> {
    let Some(OpenBackend {
        backend,
        id,
        key,
        head,
    }) = open_backend(options, files, without).await?
    else {
        return Ok(None);
    };
    let saved = options
        .cache
        .as_deref()
        .map(|cache| SavedIndex::new(cache, id, key.authenticator(id)));
    let follower = Follower::new(Arc::clone(&backend), head, saved);
    Ok(Some(OpenEtcdStore {
        notice: backend.notice.clone(),
        store: EtcdStore::new(backend, follower, head),
        id,
        key,
    }))
}

/// Store that was found or created, and its key.
pub struct OpenBackend {
    /// Cluster, keys and values.
    pub backend: Arc<EtcdBackend>,
    /// ID of the store.
    id: Uuid,
    key: Arc<StoreKey>,
    /// Revision of the newest write.
    head: i64,
}

/// Finds the store at an address with its key, or creates it; none if there is none, and it is not created.
pub async fn open_backend(
    options: &EtcdOptions,
    files: &StoreOptions,
    without: WithoutStore,
) -> Result<Option<OpenBackend>, StoreError> {
    let address = &options.address;
    let client = EtcdClient::new(options)?;
    let keys = EtcdKeys::new(address.prefix());
    let known = KnownAddresses::new(files, address);
    let mut found = find(&client, &keys, address).await?;
    let mut is_created = false;
    if found.is_none() {
        known.reject_lost()?;
        if without != WithoutStore::Create {
            return Ok(None);
        }
        let identity = new_identity(files)?;
        create(&client, &keys, &identity).await?;
        found = find(&client, &keys, address).await?;
        let is_own = |found: &FoundStore| found.identity.store == identity.store;
        is_created = found.as_ref().is_some_and(is_own);
    }
    let missing = || StoreError::Other(format!("The store at {address} was deleted; try again"));
    let found = found.ok_or_else(missing)?;
    let head = found.head();
    let identity = &found.identity;
    let key = matching_key(files, identity, address)?;
    install_if_pending(files, &key);
    let before = known.add(identity.store);
    let is_another = before.is_some_and(|before| before != identity.store);
    let notice = if is_created {
        Some(format!("Created the store {address}"))
    } else if is_another {
        Some(format!(
            "The store at {address} is another one than before: it was restored, copied or created anew"
        ))
    } else {
        None
    };
    let backend = Arc::new(EtcdBackend {
        client,
        keys: found.keys,
        codec: RecordCodec::new(key.authenticator(identity.store)),
        fence: found.fence,
        created: found.created,
        notice,
        marks: RequestMarks::default(),
    });
    Ok(Some(OpenBackend {
        backend,
        id: identity.store,
        key,
        head,
    }))
}

/// Finds the store at an address; none if there is none.
pub async fn find(
    client: &EtcdClient,
    keys: &EtcdKeys,
    address: &EtcdAddress,
) -> Result<Option<FoundStore>, StoreError> {
    let stored = client.range(&get(keys.store())).await.map_err(read_error)?;
    let revision = stored.revision();
    let Some(stored) = stored.into_first() else {
        return Ok(None);
    };
    let identity = EtcdIdentity::read(&stored.value, address)?;
    let keys = keys.with_content(identity.content);
    let head = RangeRequest {
        revision,
        ..get(keys.head())
    };
    let head = client.range(&head).await.map_err(read_error)?.into_first();
    // Every content begins with a change of the identity.
    let created = match identity.content {
        None => stored.create_revision,
        Some(_) => stored.mod_revision,
    };
    Ok(Some(FoundStore {
        identity,
        keys,
        fence: stored.mod_revision,
        created,
        stored_head: head.map_or(0, |head| head.mod_revision),
        revision,
    }))
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
        content: None,
    })
}

/// Installs a key after a rotation that was interrupted at its end.
fn install_if_pending(files: &StoreOptions, key: &StoreKey) {
    let location = KeyFileLocation::find(files.key_file.as_deref(), &files.config);
    let is_this = |pending: &StoreKey| pending.fingerprint() == key.fingerprint();
    if key_file::pending_key(&location, is_this).is_some() {
        // A key that cannot be moved now is found at its pending path again.
        let _ = key_file::install(&location).and_then(|()| previous_keys::prune(&location, key));
    }
}

/// Returns the key of a store: the key of this machine, or one before it, because the rotation of the key of a local store does not
/// change this store.
pub fn matching_key(
    files: &StoreOptions,
    identity: &EtcdIdentity,
    address: &EtcdAddress,
) -> Result<Arc<StoreKey>, StoreError> {
    const HINT: &str = "Copy the key file from a machine that uses the store (umai key export there), and name it with --key-file; nothing was changed";
    let location = KeyFileLocation::find(files.key_file.as_deref(), &files.config);
    let matches = |key: &StoreKey| key.matches(identity.store, &identity.check);
    if let Some(key) = key_file::pending_key(&location, matches) {
        return Ok(Arc::new(key));
    }
    match StoreKey::find(files.key_file.as_deref(), &files.config)? {
        KeyLookup::Key(key, path) => {
            let earlier = previous_keys::read(&location, &key);
            let mut keys = std::iter::once(key).chain(earlier);
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

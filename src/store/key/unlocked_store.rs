//! Store whose key was found, and access to the files of a store with or without its key.

use std::sync::Arc;

use super::{StoreAuthenticator, StoreKey};
use crate::store::journal::header::StoreIdentity;

/// Identity of a store, and its key.
#[derive(Clone)]
pub struct UnlockedStore {
    /// Identity, in the current format.
    pub identity: StoreIdentity,
    /// Key that matches it.
    pub key: Arc<StoreKey>,
}

impl UnlockedStore {
    /// Returns the access to the files of the store.
    pub fn access(&self) -> StoreAccess {
        StoreAccess::new(self.identity.clone(), Some(&self.key))
    }
}

/// Access to the files of a store.
#[derive(Clone)]
pub struct StoreAccess {
    /// Identity of the store.
    pub identity: StoreIdentity,
    /// Authenticator of its files; `None` without the key, and for an earlier format, whose files have no codes.
    pub auth: Option<StoreAuthenticator>,
}

impl StoreAccess {
    /// Returns the access to the files of a store.
    pub fn new(identity: StoreIdentity, key: Option<&StoreKey>) -> Self {
        let auth = key
            .filter(|_| !identity.is_of_earlier_format())
            .map(|key| key.authenticator(identity.store));
        Self { identity, auth }
    }

    /// Authenticator of the files, if there is one.
    pub const fn auth(&self) -> Option<&StoreAuthenticator> {
        self.auth.as_ref()
    }
}

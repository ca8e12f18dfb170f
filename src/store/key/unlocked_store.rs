//! Store whose key was found.

use std::sync::Arc;

use super::StoreKey;
use crate::store::journal::header::StoreIdentity;

/// Identity of a store, and its key.
#[derive(Clone)]
pub struct UnlockedStore {
    /// Identity, in the current format.
    pub identity: StoreIdentity,
    /// Key that matches it.
    pub key: Arc<StoreKey>,
}

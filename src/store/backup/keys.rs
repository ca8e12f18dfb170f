//! Available keys, to find the one that sealed a store or a backup.

use std::sync::Arc;

use crate::connection::StoreError;
use crate::store::StoreOptions;
use crate::store::journal::head::Identity;
use crate::store::key::place::Spot;
use crate::store::key::{Found, Key, earlier};

/// Available keys.
pub struct Keys {
    /// Current key.
    pub current: Option<Arc<Key>>,
    /// Reason why the current key cannot be used.
    pub problem: Option<StoreError>,
    /// Previous keys.
    earlier: Vec<Arc<Key>>,
}

impl Keys {
    /// Finds the keys in the same places as opening a store does.
    pub fn find(options: &StoreOptions) -> Self {
        let spot = Spot::find(options.key_file.as_deref(), &options.config);
        let (current, problem) = match Key::find(options.key_file.as_deref(), &options.config) {
            Ok(Found::Key(key, _)) => (Some(Arc::new(key)), None),
            Ok(Found::Missing(_)) => (None, None),
            Err(error) => (None, Some(error)),
        };
        let earlier = current
            .iter()
            .flat_map(|key| earlier::read(&spot, key))
            .map(Arc::new)
            .collect();
        Self {
            current,
            problem,
            earlier,
        }
    }

    /// Returns the key of a store.
    pub fn matching(&self, identity: &Identity) -> Option<&Arc<Key>> {
        self.current
            .iter()
            .chain(&self.earlier)
            .find(|key| key.matches(identity.store, &identity.check))
    }
}

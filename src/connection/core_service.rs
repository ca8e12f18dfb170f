//! The rules, over any store.

use std::sync::Arc;

use chrono::{DateTime, Utc};

use super::secret::Plain;
use super::store::ConnectionStore;
use crate::appsettings::AppSettings;
use crate::provider::ProviderCatalog;

/// Tells the time; given, so that tests decide it.
pub type Clock = Arc<dyn Fn() -> DateTime<Utc> + Send + Sync>;

/// Answers [`super::ConnectionService`] from a store.
pub struct CoreService {
    store: Arc<dyn ConnectionStore<Plain>>,
    catalog: Arc<ProviderCatalog>,
    appsettings: AppSettings,
    clock: Clock,
}

impl CoreService {
    /// The rules over `store`.
    pub fn new(
        store: Arc<dyn ConnectionStore<Plain>>,
        catalog: Arc<ProviderCatalog>,
        appsettings: AppSettings,
        clock: Clock,
    ) -> Self {
        Self {
            store,
            catalog,
            appsettings,
            clock,
        }
    }
}

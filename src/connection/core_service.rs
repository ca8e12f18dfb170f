//! The rules, over any store.

mod changed;
mod history;
mod merge;
mod save;
mod test;

use std::sync::Arc;

use async_trait::async_trait;
use chrono::{DateTime, SubsecRound, Utc};
use uuid::Uuid;

use super::check::Limits;
use super::draft::ConnectionDraft;
use super::error::ConnectionError;
use super::query::{IdOrAlias, Page, Query, Window};
use super::secret::Plain;
use super::service::ConnectionService;
use super::store::{ChangeFeed, ConnectionStore, Put, Revision, Save, StoreError};
use super::validate::Stored;
use super::version::{Change, Version};
use super::{Comparison, Connection, ConnectionItem, Model, Rollback, TestReport, TestSubject};
use crate::appsettings::{AppSettings, Lookup, Reference};
use crate::provider::{Capability, ProviderCatalog};

/// Tells the time; given, so that tests decide it.
pub type Clock = Arc<dyn Fn() -> DateTime<Utc> + Send + Sync>;

/// How often a change that names no version is made again when someone else saved in between.
const MOST_RETRIES: usize = 32;

/// Answers [`ConnectionService`] from a store.
pub struct CoreService {
    store: Arc<dyn ConnectionStore<Plain>>,
    catalog: Arc<ProviderCatalog>,
    appsettings: AppSettings,
    clock: Clock,
    limits: Limits,
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
            limits: Limits::default(),
        }
    }

    /// The same with other limits for a connection test.
    #[must_use]
    pub fn with_limits(self, limits: Limits) -> Self {
        Self { limits, ..self }
    }

    /// Now, to the millisecond: what a record keeps is what it is answered with.
    fn now(&self) -> DateTime<Utc> {
        (self.clock)().trunc_subsecs(3)
    }

    async fn stored(&self, key: &IdOrAlias) -> Result<Connection<Plain>, ConnectionError> {
        let found = match key {
            IdOrAlias::Id(id) => self.store.get(*id).await?,
            IdOrAlias::Alias(alias) => self.store.find(alias).await?,
        };
        found.ok_or_else(|| ConnectionError::NotFound(key.clone()))
    }
}

#[async_trait]
impl ConnectionService for CoreService {
    fn providers(&self) -> Arc<ProviderCatalog> {
        Arc::clone(&self.catalog)
    }

    async fn list(&self, query: Query) -> Result<Page<ConnectionItem>, ConnectionError> {
        let query = query.lowered();
        let query = match query.capability {
            None => query,
            Some(capability) => {
                let able = self.catalog.all().iter().filter(|provider| {
                    let is_asked = query.provider_ids.as_ref().is_none_or(|asked| {
                        asked.iter().any(|id| id.eq_ignore_ascii_case(&provider.id))
                    });
                    is_asked && provider.capabilities.contains(&capability)
                });
                let able = able.map(|provider| provider.id.clone()).collect();
                Query {
                    provider_ids: Some(able),
                    ..query
                }
            }
        };
        Ok(self.store.list(&query).await?)
    }

    async fn get(&self, key: &IdOrAlias) -> Result<Connection, ConnectionError> {
        Ok(self.stored(key).await?.masked())
    }

    async fn alias_owner(
        &self,
        alias: &str,
        except: Option<Uuid>,
    ) -> Result<Option<ConnectionItem>, ConnectionError> {
        let owner = self.store.find(alias).await?;
        Ok(owner
            .map(|connection| connection.item)
            .filter(|item| Some(item.id) != except))
    }

    async fn lookup(&self, reference: &Reference) -> Result<Lookup, ConnectionError> {
        Ok(self.appsettings.lookup(reference))
    }

    async fn create(&self, draft: ConnectionDraft) -> Result<Connection, ConnectionError> {
        let mut found = draft.examine(&self.catalog, Stored::Nothing);
        self.examine_further(&mut found, None).await?;
        let (Some(alias), true) = (found.alias, found.errors.is_empty()) else {
            return Err(ConnectionError::Invalid(found.errors));
        };
        let now = self.now();
        let connection = Connection {
            item: ConnectionItem {
                id: Uuid::now_v7(),
                alias,
                name: found.name,
                provider_id: found.provider_id,
                is_active: found.is_active,
                date_created: now,
                date_modified: now,
                version: 1,
            },
            settings: found.settings,
        };
        let masked = connection.masked();
        self.store
            .save(Save {
                connection,
                put: Put::New,
                change: Change::default(),
            })
            .await?;
        Ok(masked)
    }

    async fn update(
        &self,
        key: &IdOrAlias,
        draft: ConnectionDraft,
        over: Option<u64>,
    ) -> Result<Connection, ConnectionError> {
        for _ in 0..MOST_RETRIES {
            match self.update_once(key, &draft, over).await {
                Err(ConnectionError::VersionMoved { .. }) if over.is_none() => {}
                answer => return answer,
            }
        }
        self.update_once(key, &draft, over).await
    }

    async fn set_active(
        &self,
        key: &IdOrAlias,
        active: bool,
    ) -> Result<Connection, ConnectionError> {
        for _ in 0..MOST_RETRIES {
            match self.set_active_once(key, active).await {
                Err(ConnectionError::VersionMoved { .. }) => {}
                answer => return answer,
            }
        }
        self.set_active_once(key, active).await
    }

    async fn delete(&self, key: &IdOrAlias) -> Result<ConnectionItem, ConnectionError> {
        let mut tries = 0;
        loop {
            let item = self.stored(key).await?.item;
            match self.store.delete(item.id, item.version).await {
                Ok(_) => return Ok(item),
                Err(StoreError::VersionMoved { .. }) if tries < MOST_RETRIES => tries += 1,
                Err(StoreError::NotFound(_)) => return Err(ConnectionError::NotFound(key.clone())),
                Err(error) => return Err(error.into()),
            }
        }
    }

    async fn versions(
        &self,
        key: &IdOrAlias,
        window: Window,
    ) -> Result<Page<Version>, ConnectionError> {
        let id = self.stored(key).await?.item.id;
        Ok(self.store.versions(id, window).await?)
    }

    async fn version(&self, key: &IdOrAlias, number: u64) -> Result<Version, ConnectionError> {
        let id = self.stored(key).await?.item.id;
        let version = self.store.version(id, number).await?;
        version.ok_or(ConnectionError::VersionNotFound(number))
    }

    async fn compare(
        &self,
        key: &IdOrAlias,
        from: u64,
        to: u64,
    ) -> Result<Comparison, ConnectionError> {
        let id = self.stored(key).await?.item.id;
        self.compare_versions(id, from, to).await
    }

    async fn rollback(
        &self,
        key: &IdOrAlias,
        number: u64,
        description: Option<String>,
    ) -> Result<Rollback, ConnectionError> {
        for _ in 0..MOST_RETRIES {
            match self.roll_back_once(key, number, description.clone()).await {
                Err(ConnectionError::VersionMoved { .. }) => {}
                answer => return answer,
            }
        }
        self.roll_back_once(key, number, description).await
    }

    async fn test(&self, subject: TestSubject) -> Result<TestReport, ConnectionError> {
        self.test_subject(subject).await
    }

    async fn models(
        &self,
        key: &IdOrAlias,
        capability: Option<Capability>,
    ) -> Result<Vec<Model>, ConnectionError> {
        self.models_of(key, capability).await
    }

    async fn capabilities(&self) -> Result<Vec<Capability>, ConnectionError> {
        let mut able = Vec::new();
        for capability in Capability::ALL {
            let query = Query {
                capability: Some(capability),
                ..Query::all(Window { skip: 0, take: 1 })
            };
            if self.list(query).await?.total > 0 {
                able.push(capability);
            }
        }
        Ok(able)
    }

    async fn revision(&self) -> Result<Revision, ConnectionError> {
        Ok(self.store.revision())
    }

    async fn changes(&self, since: Revision) -> Result<ChangeFeed, ConnectionError> {
        Ok(self.store.changes(since).await?)
    }

    fn notices(&self) -> Vec<String> {
        self.store.notices()
    }
}

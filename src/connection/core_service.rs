//! The rules, over any store.

mod changed;
mod history;
pub(crate) mod merge;
mod save;
mod trash;

use std::sync::Arc;

use async_trait::async_trait;
use chrono::{DateTime, SubsecRound, Utc};
use uuid::Uuid;

use super::draft::ConnectionDraft;
use super::error::ConnectionError;
use super::query::{IdOrAlias, Page, Query, Window};
use super::secret::Plain;
use super::service::ConnectionService;
use super::store::{ChangeFeed, ConnectionStore, Put, Revision, Save};
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

    /// Now, to the millisecond: what a record keeps is what it is answered with.
    fn now(&self) -> DateTime<Utc> {
        (self.clock)().trunc_subsecs(3)
    }

    async fn stored(&self, key: &IdOrAlias) -> Result<Connection<Plain>, ConnectionError> {
        let found = match key {
            IdOrAlias::Id(id) => self.store.get(*id).await?,
            IdOrAlias::Alias(alias) => self.store.find(alias).await?,
        };
        found
            .filter(|connection| !connection.item.is_deleted())
            .ok_or_else(|| ConnectionError::NotFound(key.clone()))
    }
}

/// Makes a change that names no version again when someone else saved in between.
async fn again<T, F: Future<Output = Result<T, ConnectionError>>>(
    change: impl Fn() -> F,
) -> Result<T, ConnectionError> {
    for _ in 0..MOST_RETRIES {
        match change().await {
            Err(ConnectionError::VersionMoved { .. }) => {}
            answer => return answer,
        }
    }
    change().await
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
            .filter(|item| Some(item.id) != except && !item.is_deleted()))
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
                date_deleted: None,
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
        if over.is_some() {
            return self.update_once(key, &draft, over).await;
        }
        again(|| self.update_once(key, &draft, None)).await
    }

    async fn set_active(
        &self,
        key: &IdOrAlias,
        active: bool,
    ) -> Result<Connection, ConnectionError> {
        again(|| self.set_active_once(key, active)).await
    }

    async fn delete(
        &self,
        key: &IdOrAlias,
        over: Option<u64>,
    ) -> Result<ConnectionItem, ConnectionError> {
        if over.is_some() {
            return self.put_in_trash(key, over).await;
        }
        again(|| self.put_in_trash(key, None)).await
    }

    async fn trash(&self, window: Window) -> Result<Page<ConnectionItem>, ConnectionError> {
        let query = Query {
            is_trash: true,
            ..Query::all(window)
        };
        let mut page = self.store.list(&query).await?;
        page.items.iter_mut().for_each(trash::show_alias);
        Ok(page)
    }

    async fn restore(
        &self,
        id: Uuid,
        alias: Option<String>,
    ) -> Result<Connection, ConnectionError> {
        again(|| self.bring_back(id, alias.clone())).await
    }

    async fn purge(&self, id: Uuid) -> Result<ConnectionItem, ConnectionError> {
        self.forget(id).await
    }

    async fn versions(
        &self,
        key: &IdOrAlias,
        window: Window,
    ) -> Result<Page<Version>, ConnectionError> {
        let id = self.id_of(key).await?;
        let mut page = self.store.versions(id, window).await?;
        for version in &mut page.items {
            trash::show_alias(&mut version.snapshot.item);
        }
        Ok(page)
    }

    async fn version(&self, key: &IdOrAlias, number: u64) -> Result<Version, ConnectionError> {
        let id = self.id_of(key).await?;
        self.version_of(id, number).await
    }

    async fn compare(
        &self,
        key: &IdOrAlias,
        from: u64,
        to: u64,
    ) -> Result<Comparison, ConnectionError> {
        let id = self.id_of(key).await?;
        self.compare_versions(id, from, to).await
    }

    async fn rollback(
        &self,
        key: &IdOrAlias,
        number: u64,
        description: Option<String>,
    ) -> Result<Rollback, ConnectionError> {
        again(|| self.roll_back_once(key, number, description.clone())).await
    }

    async fn test(&self, subject: TestSubject) -> Result<TestReport, ConnectionError> {
        let provider_id = match subject {
            TestSubject::Stored(key) | TestSubject::Changed(key, _) => {
                self.stored(&key).await?.item.provider_id
            }
            TestSubject::Draft(draft) => draft.provider_id.unwrap_or_default(),
        };
        Ok(TestReport {
            error_message: Some(format!(
                "Provider '{provider_id}' says nothing of how it is tested"
            )),
            ..TestReport::default()
        })
    }

    async fn models(
        &self,
        key: &IdOrAlias,
        _capability: Option<Capability>,
    ) -> Result<Vec<Model>, ConnectionError> {
        let report = self.test(TestSubject::Stored(key.clone())).await?;
        Err(ConnectionError::Provider(Box::new(report)))
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

//! The rules, over any store.

mod changed;
mod merge;

use std::sync::Arc;

use async_trait::async_trait;
use chrono::{DateTime, SubsecRound, Utc};
use uuid::Uuid;

use super::draft::ConnectionDraft;
use super::error::{ConnectionError, Field, Reason};
use super::query::{IdOrAlias, Page, Query, Window};
use super::secret::Plain;
use super::service::ConnectionService;
use super::store::{ChangeFeed, ConnectionStore, Put, Revision, Save, StoreError};
use super::validate::{Examined, Stored};
use super::version::{Change, Version};
use super::{Connection, ConnectionItem};
use crate::appsettings::{AppSettings, Lookup, Reference};
use crate::provider::ProviderCatalog;

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
        found.ok_or_else(|| ConnectionError::NotFound(key.clone()))
    }

    /// Adds what only the store and the application settings can tell; `before` is the connection that is changed.
    async fn examine_further(
        &self,
        found: &mut Examined,
        before: Option<&Connection<Plain>>,
    ) -> Result<(), ConnectionError> {
        if let Some(alias) = found.alias.clone() {
            let except = before.map(|before| before.item.id);
            if let Some(owner) = self.alias_owner(&alias, except).await? {
                let taken = Reason::AliasTaken {
                    alias,
                    by: owner.name,
                };
                found.refuse(Field::Alias, taken);
            }
        }
        for (field, reference) in std::mem::take(&mut found.references) {
            if is_kept(&field, &reference, before) {
                continue;
            }
            let key = reference.key().to_owned();
            match self.appsettings.lookup(&reference) {
                Lookup::Found { .. } => {}
                Lookup::Missing { looked_in } => {
                    found.refuse(field, Reason::ReferenceMissing { key, looked_in });
                }
                Lookup::Refused { allowed } => {
                    found.refuse(field, Reason::ReferenceRefused { key, allowed });
                }
            }
        }
        Ok(())
    }

    /// Keeps `after` over `before` unless nothing is different.
    async fn save_over(
        &self,
        before: &Connection<Plain>,
        mut after: Connection<Plain>,
    ) -> Result<Connection, ConnectionError> {
        let paths = changed::paths(before, &after);
        if paths.is_empty() {
            return Ok(before.masked());
        }
        after.item.version = before.item.version + 1;
        after.item.date_modified = self.now().max(before.item.date_modified);
        let masked = after.masked();
        self.store
            .save(Save {
                connection: after,
                put: Put::Over(before.item.version),
                change: Change {
                    paths,
                    ..Change::default()
                },
            })
            .await?;
        Ok(masked)
    }

    async fn update_once(
        &self,
        key: &IdOrAlias,
        draft: &ConnectionDraft,
        over: Option<u64>,
    ) -> Result<Connection, ConnectionError> {
        let before = self.stored(key).await?;
        let found_version = before.item.version;
        if let Some(expected) = over.filter(|expected| *expected != found_version) {
            return Err(ConnectionError::VersionMoved {
                expected,
                found: found_version,
            });
        }
        let merged = merge::over(&before, draft, &self.catalog);
        let mut found = merged.draft.examine(&self.catalog, Stored::Nothing);
        merged.refuse_what_moved(&mut found);
        self.examine_further(&mut found, Some(&before)).await?;
        if !found.errors.is_empty() {
            return Err(ConnectionError::Invalid(found.errors));
        }
        let mut after = before.clone();
        after.item.name = found.name;
        after.item.alias = found.alias.unwrap_or(after.item.alias);
        after.item.is_active = found.is_active;
        if draft.settings.is_some() {
            after.settings = found.settings;
        }
        self.save_over(&before, after).await
    }

    async fn set_active_once(
        &self,
        key: &IdOrAlias,
        active: bool,
    ) -> Result<Connection, ConnectionError> {
        let before = self.stored(key).await?;
        let mut after = before.clone();
        after.item.is_active = active;
        self.save_over(&before, after).await
    }
}

/// Whether a setting had this reference already: what is unchanged is not looked up again.
fn is_kept(field: &Field, reference: &Reference, before: Option<&Connection<Plain>>) -> bool {
    let Some(settings) = before.and_then(|before| before.settings.as_ref()) else {
        return false;
    };
    field
        .setting_key()
        .and_then(|key| settings.get(key))
        .and_then(super::Setting::text)
        .is_some_and(|text| text == reference.to_string())
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

    async fn changes(&self, since: Revision) -> Result<ChangeFeed, ConnectionError> {
        Ok(self.store.changes(since).await?)
    }

    fn notices(&self) -> Vec<String> {
        self.store.notices()
    }
}

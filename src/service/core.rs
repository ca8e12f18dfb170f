//! Service that applies validation and versioning over a store.

pub(crate) mod changes;
mod history;
pub(crate) mod merge;
mod prepare;
mod save;
mod test;
mod trash;

use std::sync::{Arc, OnceLock};

use async_trait::async_trait;
use chrono::{DateTime, SecondsFormat, SubsecRound, TimeDelta, Utc};
use uuid::Uuid;

use crate::appsettings::{AppSettings, ConfigurationKey, Reference, ReferenceLookup};
use crate::connection::error::ConnectionError;
use crate::connection::query::{IdOrAlias, ListQuery, Page, PageRequest};
use crate::connection::secret::PlainSecret;
use crate::connection::store::{ChangeFeed, ConnectionStore, Revision};
use crate::connection::version::Version;
use crate::connection::{
    Command, Connection, ConnectionItem, Mode, Model, Outcome, TestProgress, TestReport,
    TestSubject, VersionComparison,
};
use crate::probe::ProbeLimits;
use crate::provider::{Capability, ProviderCatalog};
use crate::service::ConnectionService;

/// Clock; a parameter, so that tests control the time.
pub type Clock = Arc<dyn Fn() -> DateTime<Utc> + Send + Sync>;

/// Maximum number of retries of a change without an expected version after a concurrent save.
const MAX_RETRIES: usize = 32;

/// Largest lead of a stored date over the clock at which the stored date still counts.
const MAX_CLOCK_LEAD: TimeDelta = TimeDelta::days(1);

/// [`ConnectionService`] over a store.
pub struct CoreService {
    store: Arc<dyn ConnectionStore<PlainSecret>>,
    catalog: Arc<ProviderCatalog>,
    appsettings: AppSettings,
    clock: Clock,
    limits: ProbeLimits,
    /// Set once a stored date gave way to the clock.
    clock_notice: OnceLock<String>,
}

impl CoreService {
    /// Creates the service over `store`.
    pub fn new(
        store: Arc<dyn ConnectionStore<PlainSecret>>,
        catalog: Arc<ProviderCatalog>,
        appsettings: AppSettings,
        clock: Clock,
    ) -> Self {
        Self {
            store,
            catalog,
            appsettings,
            clock,
            limits: ProbeLimits::default(),
            clock_notice: OnceLock::new(),
        }
    }

    /// Sets the limits of connection tests.
    #[must_use]
    pub fn with_limits(self, limits: ProbeLimits) -> Self {
        Self { limits, ..self }
    }

    /// Current time in the millisecond resolution of stored records.
    fn now(&self) -> DateTime<Utc> {
        (self.clock)().trunc_subsecs(3)
    }

    /// Date of a change of something that was changed at `stored`. It does not go back, unless the stored date is from a clock that
    /// was far ahead.
    fn date_after(&self, stored: DateTime<Utc>) -> DateTime<Utc> {
        let now = self.now();
        if stored - now <= MAX_CLOCK_LEAD {
            return now.max(stored);
        }
        self.clock_notice.get_or_init(|| {
            format!(
                "A stored date ({}) is more than one day ahead of the clock of this machine, so the clock is used; check that it is right",
                stored.to_rfc3339_opts(SecondsFormat::Secs, true)
            )
        });
        now
    }

    async fn stored(&self, key: &IdOrAlias) -> Result<Connection<PlainSecret>, ConnectionError> {
        let found = match key {
            IdOrAlias::Id(id) => self.store.get(*id).await?,
            IdOrAlias::Alias(alias) => self.store.find(alias).await?,
        };
        found
            .filter(|connection| !connection.item.is_deleted())
            .ok_or_else(|| ConnectionError::NotFound(key.clone()))
    }

    async fn commit_once(&self, command: &Command) -> Result<Outcome, ConnectionError> {
        self.commit_prepared(self.prepare(command).await?).await
    }
}

/// Returns whether a command is retried after a concurrent save. One that expects a version is refused instead.
const fn is_repeatable(command: &Command) -> bool {
    match command {
        Command::SetActive { .. } | Command::Restore { .. } | Command::Rollback { .. } => true,
        Command::Update {
            expected_version, ..
        }
        | Command::Delete {
            expected_version, ..
        } => expected_version.is_none(),
        Command::Create { .. } | Command::Duplicate { .. } | Command::Purge { .. } => false,
    }
}

/// Retries a change without an expected version after a concurrent save.
async fn retry<T, F: Future<Output = Result<T, ConnectionError>>>(
    change: impl Fn() -> F,
) -> Result<T, ConnectionError> {
    for _ in 0..MAX_RETRIES {
        match change().await {
            Err(ConnectionError::VersionConflict { .. }) => {}
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

    async fn list(&self, query: ListQuery) -> Result<Page<ConnectionItem>, ConnectionError> {
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
                ListQuery {
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

    async fn aliases(&self, prefix: &str, most: usize) -> Result<Vec<String>, ConnectionError> {
        Ok(self.store.aliases(prefix, most).await?)
    }

    async fn lookup(&self, reference: &Reference) -> Result<ReferenceLookup, ConnectionError> {
        Ok(self.appsettings.lookup(reference))
    }

    async fn configuration_keys(&self) -> Result<Page<ConfigurationKey>, ConnectionError> {
        let is_known = |name: &str| self.catalog.names_variable(name);
        let (items, total) = self.appsettings.keys(is_known);
        Ok(Page { items, total })
    }

    async fn run(&self, command: Command, mode: Mode) -> Result<Outcome, ConnectionError> {
        match mode {
            Mode::Commit if is_repeatable(&command) => retry(|| self.commit_once(&command)).await,
            Mode::Commit => self.commit_once(&command).await,
            Mode::DryRun => {
                let prepared = self.prepare(&command).await?;
                let preview = self.preview_prepared(prepared).await?;
                Ok(Outcome::Previewed(Box::new(preview)))
            }
        }
    }

    async fn trash(&self, window: PageRequest) -> Result<Page<ConnectionItem>, ConnectionError> {
        let query = ListQuery {
            is_trash: true,
            ..ListQuery::all(window)
        };
        let mut page = self.store.list(&query).await?;
        page.items.iter_mut().for_each(trash::show_alias);
        Ok(page)
    }

    async fn versions(
        &self,
        key: &IdOrAlias,
        window: PageRequest,
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
    ) -> Result<VersionComparison, ConnectionError> {
        let id = self.id_of(key).await?;
        self.compare_versions(id, from, to).await
    }

    async fn test_with_progress(
        &self,
        subject: TestSubject,
        progress: &TestProgress,
    ) -> Result<TestReport, ConnectionError> {
        self.test_subject(subject, progress).await
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
            let query = ListQuery {
                capability: Some(capability),
                ..ListQuery::all(PageRequest { skip: 0, take: 1 })
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

    async fn check(&self) -> Result<(), ConnectionError> {
        Ok(self.store.check().await?)
    }

    fn notices(&self) -> Vec<String> {
        let mut notices = self.store.notices();
        notices.extend(self.clock_notice.get().cloned());
        notices
    }
}

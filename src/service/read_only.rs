//! Read-only service: forwards reads and dry runs, and refuses all changes.

use std::sync::Arc;

use async_trait::async_trait;
use uuid::Uuid;

use super::{ConnectionService, ServiceFeatures};
use crate::appsettings::{ConfigurationKey, Reference, ReferenceLookup};
use crate::connection::store::{ChangeFeed, Revision};
use crate::connection::{
    Command, Connection, ConnectionError, ConnectionItem, IdOrAlias, ListQuery, Mode, Model,
    Outcome, Page, PageRequest, TestProgress, TestReport, TestSubject, Version, VersionComparison,
};
use crate::provider::{Capability, ProviderCatalog};

/// Read-only wrapper of another service.
pub struct ReadOnlyService {
    inner: Arc<dyn ConnectionService>,
    reason: String,
}

impl ReadOnlyService {
    /// Wraps `inner`; `why` follows `Nothing was changed:` in messages.
    pub fn new(inner: Arc<dyn ConnectionService>, why: impl Into<String>) -> Self {
        Self {
            inner,
            reason: why.into(),
        }
    }
}

#[async_trait]
impl ConnectionService for ReadOnlyService {
    fn providers(&self) -> Arc<ProviderCatalog> {
        self.inner.providers()
    }

    fn read_only_reason(&self) -> Option<&str> {
        Some(&self.reason)
    }

    async fn list(&self, query: ListQuery) -> Result<Page<ConnectionItem>, ConnectionError> {
        self.inner.list(query).await
    }

    async fn get(&self, key: &IdOrAlias) -> Result<Connection, ConnectionError> {
        self.inner.get(key).await
    }

    async fn alias_owner(
        &self,
        alias: &str,
        except: Option<Uuid>,
    ) -> Result<Option<ConnectionItem>, ConnectionError> {
        self.inner.alias_owner(alias, except).await
    }

    async fn aliases(&self, prefix: &str, most: usize) -> Result<Vec<String>, ConnectionError> {
        self.inner.aliases(prefix, most).await
    }

    async fn configuration_keys(&self) -> Result<Page<ConfigurationKey>, ConnectionError> {
        self.inner.configuration_keys().await
    }

    async fn lookup(&self, reference: &Reference) -> Result<ReferenceLookup, ConnectionError> {
        self.inner.lookup(reference).await
    }

    async fn run(&self, command: Command, mode: Mode) -> Result<Outcome, ConnectionError> {
        match mode {
            Mode::Commit => Err(ConnectionError::ReadOnly(self.reason.clone())),
            Mode::DryRun => self.inner.run(command, mode).await,
        }
    }

    async fn trash(&self, window: PageRequest) -> Result<Page<ConnectionItem>, ConnectionError> {
        self.inner.trash(window).await
    }

    async fn versions(
        &self,
        key: &IdOrAlias,
        window: PageRequest,
    ) -> Result<Page<Version>, ConnectionError> {
        self.inner.versions(key, window).await
    }

    async fn version(&self, key: &IdOrAlias, number: u64) -> Result<Version, ConnectionError> {
        self.inner.version(key, number).await
    }

    async fn compare(
        &self,
        key: &IdOrAlias,
        from: u64,
        to: u64,
    ) -> Result<VersionComparison, ConnectionError> {
        self.inner.compare(key, from, to).await
    }

    async fn test_with_progress(
        &self,
        subject: TestSubject,
        progress: &TestProgress,
    ) -> Result<TestReport, ConnectionError> {
        self.inner.test_with_progress(subject, progress).await
    }

    async fn models(
        &self,
        key: &IdOrAlias,
        capability: Option<Capability>,
    ) -> Result<Vec<Model>, ConnectionError> {
        self.inner.models(key, capability).await
    }

    async fn capabilities(&self) -> Result<Vec<Capability>, ConnectionError> {
        self.inner.capabilities().await
    }

    async fn revision(&self) -> Result<Revision, ConnectionError> {
        self.inner.revision().await
    }

    async fn changes(&self, since: Revision) -> Result<ChangeFeed, ConnectionError> {
        self.inner.changes(since).await
    }

    fn features(&self) -> ServiceFeatures {
        self.inner.features()
    }

    async fn check(&self) -> Result<(), ConnectionError> {
        self.inner.check().await
    }

    fn notices(&self) -> Vec<String> {
        self.inner.notices()
    }
}

//! A service that changes nothing: reads go through, everything else is refused before it gets anywhere.

use std::sync::Arc;

use async_trait::async_trait;
use uuid::Uuid;

use super::store::{ChangeFeed, Revision};
use super::{
    Comparison, Connection, ConnectionDraft, ConnectionError, ConnectionItem, ConnectionService,
    Foreseen, IdOrAlias, Model, Page, Proposal, Query, Rollback, ServiceFeatures, TestReport,
    TestSubject, Version, Window,
};
use crate::appsettings::{ConfigurationKey, Lookup, Reference};
use crate::provider::{Capability, ProviderCatalog};

/// Another service, of which only what it knows can be had.
pub struct ReadOnlyService {
    beneath: Arc<dyn ConnectionService>,
    why: String,
}

impl ReadOnlyService {
    /// Refuses every change of what is beneath; says why, as words that follow `Nothing was changed:`.
    pub fn over(beneath: Arc<dyn ConnectionService>, why: impl Into<String>) -> Self {
        Self {
            beneath,
            why: why.into(),
        }
    }

    fn refused<T>(&self) -> Result<T, ConnectionError> {
        Err(ConnectionError::ReadOnly(self.why.clone()))
    }
}

#[async_trait]
impl ConnectionService for ReadOnlyService {
    fn providers(&self) -> Arc<ProviderCatalog> {
        self.beneath.providers()
    }

    async fn list(&self, query: Query) -> Result<Page<ConnectionItem>, ConnectionError> {
        self.beneath.list(query).await
    }

    async fn get(&self, key: &IdOrAlias) -> Result<Connection, ConnectionError> {
        self.beneath.get(key).await
    }

    async fn alias_owner(
        &self,
        alias: &str,
        except: Option<Uuid>,
    ) -> Result<Option<ConnectionItem>, ConnectionError> {
        self.beneath.alias_owner(alias, except).await
    }

    async fn aliases(&self, prefix: &str, most: usize) -> Result<Vec<String>, ConnectionError> {
        self.beneath.aliases(prefix, most).await
    }

    async fn configuration_keys(&self) -> Result<Page<ConfigurationKey>, ConnectionError> {
        self.beneath.configuration_keys().await
    }

    async fn lookup(&self, reference: &Reference) -> Result<Lookup, ConnectionError> {
        self.beneath.lookup(reference).await
    }

    async fn create(&self, _: ConnectionDraft) -> Result<Connection, ConnectionError> {
        self.refused()
    }

    async fn update(
        &self,
        _: &IdOrAlias,
        _: ConnectionDraft,
        _: Option<u64>,
    ) -> Result<Connection, ConnectionError> {
        self.refused()
    }

    async fn duplicate(
        &self,
        _: &IdOrAlias,
        _: ConnectionDraft,
    ) -> Result<Connection, ConnectionError> {
        self.refused()
    }

    async fn set_active(&self, _: &IdOrAlias, _: bool) -> Result<Connection, ConnectionError> {
        self.refused()
    }

    async fn delete(
        &self,
        _: &IdOrAlias,
        _: Option<u64>,
    ) -> Result<ConnectionItem, ConnectionError> {
        self.refused()
    }

    async fn trash(&self, window: Window) -> Result<Page<ConnectionItem>, ConnectionError> {
        self.beneath.trash(window).await
    }

    async fn restore(&self, _: Uuid, _: Option<String>) -> Result<Connection, ConnectionError> {
        self.refused()
    }

    async fn purge(&self, _: Uuid) -> Result<(), ConnectionError> {
        self.refused()
    }

    async fn versions(
        &self,
        key: &IdOrAlias,
        window: Window,
    ) -> Result<Page<Version>, ConnectionError> {
        self.beneath.versions(key, window).await
    }

    async fn version(&self, key: &IdOrAlias, number: u64) -> Result<Version, ConnectionError> {
        self.beneath.version(key, number).await
    }

    async fn compare(
        &self,
        key: &IdOrAlias,
        from: u64,
        to: u64,
    ) -> Result<Comparison, ConnectionError> {
        self.beneath.compare(key, from, to).await
    }

    async fn rollback(
        &self,
        _: &IdOrAlias,
        _: u64,
        _: Option<String>,
    ) -> Result<Rollback, ConnectionError> {
        self.refused()
    }

    async fn foresee(&self, _: Proposal) -> Result<Foreseen, ConnectionError> {
        self.refused()
    }

    async fn test(&self, subject: TestSubject) -> Result<TestReport, ConnectionError> {
        self.beneath.test(subject).await
    }

    async fn models(
        &self,
        key: &IdOrAlias,
        capability: Option<Capability>,
    ) -> Result<Vec<Model>, ConnectionError> {
        self.beneath.models(key, capability).await
    }

    async fn capabilities(&self) -> Result<Vec<Capability>, ConnectionError> {
        self.beneath.capabilities().await
    }

    async fn revision(&self) -> Result<Revision, ConnectionError> {
        self.beneath.revision().await
    }

    async fn changes(&self, since: Revision) -> Result<ChangeFeed, ConnectionError> {
        self.beneath.changes(since).await
    }

    fn features(&self) -> ServiceFeatures {
        self.beneath.features()
    }

    fn notices(&self) -> Vec<String> {
        self.beneath.notices()
    }
}

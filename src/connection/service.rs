//! The upper seam: what the screen, the command line and the API ask.

use std::sync::Arc;

use async_trait::async_trait;
use uuid::Uuid;

use super::store::ChangeFeed;
use super::store::Revision;
use super::{
    Comparison, Connection, ConnectionDraft, ConnectionError, ConnectionItem, Foreseen, IdOrAlias,
    Model, Page, Proposal, Query, Rollback, ServiceFeatures, TestReport, TestSubject, Version,
    Window, proposal,
};
use crate::appsettings::{ConfigurationKey, Lookup, Reference};
use crate::provider::{Capability, ProviderCatalog};

/// Everything that can be done with connections, wherever they are kept.
#[async_trait]
pub trait ConnectionService: Send + Sync {
    /// The providers a connection can be made for.
    fn providers(&self) -> Arc<ProviderCatalog>;

    /// The connections a query admits, ordered by name without regard to case.
    async fn list(&self, query: Query) -> Result<Page<ConnectionItem>, ConnectionError>;

    /// One connection, secrets masked.
    async fn get(&self, key: &IdOrAlias) -> Result<Connection, ConnectionError>;

    /// Who has an alias, leaving one connection out of account.
    async fn alias_owner(
        &self,
        alias: &str,
        except: Option<Uuid>,
    ) -> Result<Option<ConnectionItem>, ConnectionError>;

    /// The aliases in use that begin with this, in any case, in their order; at most so many.
    async fn aliases(&self, prefix: &str, most: usize) -> Result<Vec<String>, ConnectionError>;

    /// Whether a `$Section:Key` reference resolves, and where; never its value.
    async fn lookup(&self, reference: &Reference) -> Result<Lookup, ConnectionError>;

    /// The configuration keys that may be referenced and resolve, by name, and where; never their values.
    async fn configuration_keys(&self) -> Result<Page<ConfigurationKey>, ConnectionError>;

    /// Validates and keeps a new connection.
    async fn create(&self, draft: ConnectionDraft) -> Result<Connection, ConnectionError>;

    /// Validates and keeps what a draft says of a connection: what it leaves out, and a masked secret, stay as they are.
    ///
    /// `over` is the version the change was made over; a connection that moved on is a [`ConnectionError::VersionMoved`].
    async fn update(
        &self,
        key: &IdOrAlias,
        draft: ConnectionDraft,
        over: Option<u64>,
    ) -> Result<Connection, ConnectionError>;

    /// Keeps a new connection that is what another one is, its secrets among it, with what a draft says laid over.
    async fn duplicate(
        &self,
        key: &IdOrAlias,
        draft: ConnectionDraft,
    ) -> Result<Connection, ConnectionError>;

    /// Switches a connection on or off; nothing is saved when it already is.
    async fn set_active(
        &self,
        key: &IdOrAlias,
        active: bool,
    ) -> Result<Connection, ConnectionError>;

    /// Puts a connection into the trash, with its history, and answers what it was. Its alias is free at once.
    ///
    /// `over` is the version that whoever deletes it has seen; a connection that moved on is a [`ConnectionError::VersionMoved`].
    async fn delete(
        &self,
        key: &IdOrAlias,
        over: Option<u64>,
    ) -> Result<ConnectionItem, ConnectionError>;

    /// The connections in the trash, ordered by name without regard to case.
    async fn trash(&self, window: Window) -> Result<Page<ConnectionItem>, ConnectionError>;

    /// Brings a connection back from the trash, under another alias when one is given.
    async fn restore(&self, id: Uuid, alias: Option<String>)
    -> Result<Connection, ConnectionError>;

    /// Takes a connection out of the trash for good, with its history.
    async fn purge(&self, id: Uuid) -> Result<(), ConnectionError>;

    /// The versions of a connection, newest first.
    async fn versions(
        &self,
        key: &IdOrAlias,
        window: Window,
    ) -> Result<Page<Version>, ConnectionError>;

    /// One version of a connection.
    async fn version(&self, key: &IdOrAlias, number: u64) -> Result<Version, ConnectionError>;

    /// What differs between two versions of a connection.
    async fn compare(
        &self,
        key: &IdOrAlias,
        from: u64,
        to: u64,
    ) -> Result<Comparison, ConnectionError>;

    /// Makes a connection what it was at a version, as a new version, by the rules of an update; secrets stay those stored now.
    async fn rollback(
        &self,
        key: &IdOrAlias,
        number: u64,
        description: Option<String>,
    ) -> Result<Rollback, ConnectionError>;

    /// What a change would come to: everything is examined as when it is made, and nothing is kept.
    ///
    /// Who keeps connections elsewhere answers as far as can be told from here, and says that it was.
    async fn foresee(&self, proposal: Proposal) -> Result<Foreseen, ConnectionError> {
        proposal::from_afar(self, proposal).await
    }

    /// Asks the provider whether the credentials work; what is wrong with them is in the report, not an error.
    async fn test(&self, subject: TestSubject) -> Result<TestReport, ConnectionError>;

    /// The models that the provider names to a connection; those that can do something, when that is asked.
    async fn models(
        &self,
        key: &IdOrAlias,
        capability: Option<Capability>,
    ) -> Result<Vec<Model>, ConnectionError>;

    /// What the providers of the connections can do, each once.
    async fn capabilities(&self) -> Result<Vec<Capability>, ConnectionError>;

    /// The newest durable revision of the store.
    async fn revision(&self) -> Result<Revision, ConnectionError>;

    /// Every change after a revision, then those that come.
    async fn changes(&self, since: Revision) -> Result<ChangeFeed, ConnectionError>;

    /// What can be done here beyond the basic verbs.
    fn features(&self) -> ServiceFeatures {
        ServiceFeatures::ALL
    }

    /// What people should know since the service started, one sentence each.
    fn notices(&self) -> Vec<String>;
}

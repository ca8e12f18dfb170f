//! Service trait that the app, the command line and the API use.

pub mod core;
pub mod features;
pub mod preview;
pub mod read_only;

use std::sync::Arc;

use async_trait::async_trait;
use uuid::Uuid;

use crate::appsettings::{ConfigurationKey, Reference, ReferenceLookup};
use crate::connection::store::{ChangeFeed, Revision};
use crate::connection::{
    Connection, ConnectionDraft, ConnectionError, ConnectionItem, IdOrAlias, ListQuery, Model,
    Page, PageRequest, RollbackResult, TestReport, TestSubject, Version, VersionComparison,
};
use crate::provider::{Capability, ProviderCatalog};

pub use self::core::{Clock, CoreService};
pub use features::ServiceFeatures;
pub use preview::{ChangePreview, ProposedChange};
pub use read_only::ReadOnlyService;

/// Operations on connections, in a local store or on a server.
#[async_trait]
pub trait ConnectionService: Send + Sync {
    /// Available providers.
    fn providers(&self) -> Arc<ProviderCatalog>;

    /// Lists the connections that match a query, ordered by name, case-insensitive.
    async fn list(&self, query: ListQuery) -> Result<Page<ConnectionItem>, ConnectionError>;

    /// Returns a connection with masked secrets.
    async fn get(&self, key: &IdOrAlias) -> Result<Connection, ConnectionError>;

    /// Returns the connection that uses an alias, unless it is `except`.
    async fn alias_owner(
        &self,
        alias: &str,
        except: Option<Uuid>,
    ) -> Result<Option<ConnectionItem>, ConnectionError>;

    /// Returns up to `most` aliases in use that begin with `prefix`, in any case, in order.
    async fn aliases(&self, prefix: &str, most: usize) -> Result<Vec<String>, ConnectionError>;

    /// Resolves a `$Section:Key` reference to its source, without its value.
    async fn lookup(&self, reference: &Reference) -> Result<ReferenceLookup, ConnectionError>;

    /// Lists the configuration keys that can be referenced, with their source, without values.
    async fn configuration_keys(&self) -> Result<Page<ConfigurationKey>, ConnectionError>;

    /// Validates and saves a new connection.
    async fn create(&self, draft: ConnectionDraft) -> Result<Connection, ConnectionError>;

    /// Validates and saves changes of a connection: absent fields and masked secrets are unchanged.
    ///
    /// `over` is the expected version; another one is a [`ConnectionError::VersionConflict`].
    async fn update(
        &self,
        key: &IdOrAlias,
        draft: ConnectionDraft,
        over: Option<u64>,
    ) -> Result<Connection, ConnectionError>;

    /// Duplicates a connection, including its secrets, with the changes of a draft.
    async fn duplicate(
        &self,
        key: &IdOrAlias,
        draft: ConnectionDraft,
    ) -> Result<Connection, ConnectionError>;

    /// Activates or deactivates a connection; saves nothing if the status is unchanged.
    async fn set_active(
        &self,
        key: &IdOrAlias,
        active: bool,
    ) -> Result<Connection, ConnectionError>;

    /// Moves a connection with its history to the trash and returns its last state. Its alias is free immediately.
    ///
    /// `over` is the expected version; another one is a [`ConnectionError::VersionConflict`].
    async fn delete(
        &self,
        key: &IdOrAlias,
        over: Option<u64>,
    ) -> Result<ConnectionItem, ConnectionError>;

    /// Lists the connections in the trash, ordered by name, case-insensitive.
    async fn trash(&self, window: PageRequest) -> Result<Page<ConnectionItem>, ConnectionError>;

    /// Restores a connection from the trash, optionally with another alias.
    async fn restore(&self, id: Uuid, alias: Option<String>)
    -> Result<Connection, ConnectionError>;

    /// Deletes a connection in the trash permanently, with its history.
    async fn purge(&self, id: Uuid) -> Result<(), ConnectionError>;

    /// Lists the versions of a connection, newest first.
    async fn versions(
        &self,
        key: &IdOrAlias,
        window: PageRequest,
    ) -> Result<Page<Version>, ConnectionError>;

    /// Returns a version of a connection.
    async fn version(&self, key: &IdOrAlias, number: u64) -> Result<Version, ConnectionError>;

    /// Compares two versions of a connection.
    async fn compare(
        &self,
        key: &IdOrAlias,
        from: u64,
        to: u64,
    ) -> Result<VersionComparison, ConnectionError>;

    /// Rolls a connection back to a version, as a new version with the rules of an update; stored secrets are kept.
    async fn rollback(
        &self,
        key: &IdOrAlias,
        number: u64,
        description: Option<String>,
    ) -> Result<RollbackResult, ConnectionError>;

    /// Previews a change: validates it completely without saving it.
    ///
    /// The default implementation uses read requests only and marks the preview as not exact.
    async fn preview(&self, proposal: ProposedChange) -> Result<ChangePreview, ConnectionError> {
        preview::preview_remotely(self, proposal).await
    }

    /// Tests the credentials with the provider; rejected credentials are a report, not an error.
    async fn test(&self, subject: TestSubject) -> Result<TestReport, ConnectionError>;

    /// Lists the models available to a connection, optionally with one capability.
    async fn models(
        &self,
        key: &IdOrAlias,
        capability: Option<Capability>,
    ) -> Result<Vec<Model>, ConnectionError>;

    /// Returns the capabilities of all configured connections.
    async fn capabilities(&self) -> Result<Vec<Capability>, ConnectionError>;

    /// Returns the newest durable revision of the store.
    async fn revision(&self) -> Result<Revision, ConnectionError>;

    /// Streams the changes after a revision, then new ones.
    async fn changes(&self, since: Revision) -> Result<ChangeFeed, ConnectionError>;

    /// Optional features of this service.
    fn features(&self) -> ServiceFeatures {
        ServiceFeatures::ALL
    }

    /// Checks that changes are accepted at the moment. Always successful for a service that cannot tell.
    async fn check(&self) -> Result<(), ConnectionError> {
        Ok(())
    }

    /// Returns messages for the user since the service started.
    fn notices(&self) -> Vec<String>;
}

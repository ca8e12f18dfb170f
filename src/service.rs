//! Service trait that the app, the command line and the API use.

pub mod core;
pub mod features;
pub(crate) mod preview;
pub mod read_only;

use std::sync::Arc;

use async_trait::async_trait;
use uuid::Uuid;

use crate::appsettings::{ConfigurationKey, Reference, ReferenceLookup};
use crate::connection::store::{ChangeFeed, Revision};
use crate::connection::{
    ChangePreview, Command, Connection, ConnectionDraft, ConnectionError, ConnectionItem,
    IdOrAlias, ListQuery, Mode, Model, Outcome, Page, PageRequest, RollbackResult, TestProgress,
    TestReport, TestSubject, Version, VersionComparison,
};
use crate::provider::{Capability, ProviderCatalog};

pub use self::core::{Clock, CoreService};
pub use features::ServiceFeatures;
pub use read_only::ReadOnlyService;

/// Operations on connections, in a local store or on a server.
///
/// All changes pass through [`ConnectionService::run`]; the methods from [`ConnectionService::commit`] on only wrap it.
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

    /// Runs a command, or in a dry run only validates it.
    async fn run(&self, command: Command, mode: Mode) -> Result<Outcome, ConnectionError>;

    /// Lists the connections in the trash, ordered by name, case-insensitive.
    async fn trash(&self, window: PageRequest) -> Result<Page<ConnectionItem>, ConnectionError>;

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

    /// Tests the credentials with the provider; rejected credentials are a report, not an error. A test in this process reports
    /// its stages while it runs; a server reports them at the end only.
    async fn test_with_progress(
        &self,
        subject: TestSubject,
        progress: &TestProgress,
    ) -> Result<TestReport, ConnectionError>;

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

    /// Reason why the service refuses all changes, as far as it is known.
    fn read_only_reason(&self) -> Option<&str> {
        None
    }

    /// Checks that changes are accepted at the moment. Always successful for a service that cannot tell.
    async fn check(&self) -> Result<(), ConnectionError> {
        Ok(())
    }

    /// Returns messages for the user since the service started.
    fn notices(&self) -> Vec<String>;

    /// Tests the credentials without progress.
    async fn test(&self, subject: TestSubject) -> Result<TestReport, ConnectionError> {
        self.test_with_progress(subject, &TestProgress::default())
            .await
    }

    /// Runs a command and saves.
    async fn commit(&self, command: Command) -> Result<Outcome, ConnectionError> {
        self.run(command, Mode::Commit).await
    }

    /// Runs a command as a dry run.
    async fn preview(&self, command: Command) -> Result<ChangePreview, ConnectionError> {
        self.run(command, Mode::DryRun).await?.preview()
    }

    /// Runs [`Command::Create`].
    async fn create(&self, draft: ConnectionDraft) -> Result<Connection, ConnectionError> {
        self.commit(Command::create(draft)).await?.connection()
    }

    /// Runs [`Command::Duplicate`].
    async fn duplicate(
        &self,
        key: &IdOrAlias,
        draft: ConnectionDraft,
    ) -> Result<Connection, ConnectionError> {
        let key = key.clone();
        let command = Command::Duplicate { key, draft };
        self.commit(command).await?.connection()
    }

    /// Runs [`Command::Update`].
    async fn update(
        &self,
        key: &IdOrAlias,
        draft: ConnectionDraft,
        expected_version: Option<u64>,
    ) -> Result<Connection, ConnectionError> {
        let command = Command::Update {
            key: key.clone(),
            draft,
            expected_version,
        };
        self.commit(command).await?.connection()
    }

    /// Runs [`Command::SetActive`].
    async fn set_active(
        &self,
        key: &IdOrAlias,
        active: bool,
    ) -> Result<Connection, ConnectionError> {
        let key = key.clone();
        let command = Command::SetActive { key, active };
        self.commit(command).await?.connection()
    }

    /// Runs [`Command::Delete`].
    async fn delete(
        &self,
        key: &IdOrAlias,
        expected_version: Option<u64>,
    ) -> Result<ConnectionItem, ConnectionError> {
        let command = Command::Delete {
            key: key.clone(),
            expected_version,
        };
        self.commit(command).await?.deleted()
    }

    /// Runs [`Command::Restore`].
    async fn restore(
        &self,
        id: Uuid,
        alias: Option<String>,
    ) -> Result<Connection, ConnectionError> {
        let command = Command::Restore { id, alias };
        self.commit(command).await?.connection()
    }

    /// Runs [`Command::Purge`].
    async fn purge(&self, id: Uuid) -> Result<(), ConnectionError> {
        self.commit(Command::Purge { id }).await.map(drop)
    }

    /// Runs [`Command::Rollback`].
    async fn rollback(
        &self,
        key: &IdOrAlias,
        version: u64,
        note: Option<String>,
    ) -> Result<RollbackResult, ConnectionError> {
        let key = key.clone();
        let command = Command::Rollback { key, version, note };
        self.commit(command).await?.rollback()
    }
}

//! Comparison of versions, and rollback.

use uuid::Uuid;

use super::prepare::PreparedChange;
use super::{CoreService, merge, trash};
use crate::connection::{Connection, ConnectionError, PlainSecret, Version, VersionComparison};

impl CoreService {
    /// Returns a version of a connection, also of one in the trash.
    pub(super) async fn version_of(
        &self,
        id: Uuid,
        number: u64,
    ) -> Result<Version, ConnectionError> {
        let version = self.store.version(id, number).await?;
        let mut version = version.ok_or(ConnectionError::VersionNotFound(number))?;
        trash::show_alias(&mut version.snapshot.item);
        Ok(version)
    }

    pub(super) async fn compare_versions(
        &self,
        id: Uuid,
        from: u64,
        to: u64,
    ) -> Result<VersionComparison, ConnectionError> {
        let (older, newer) = (
            self.version_of(id, from).await?,
            self.version_of(id, to).await?,
        );
        let mut between = Vec::new();
        for number in from.min(to) + 1..=from.max(to) {
            between.extend(self.version_of(id, number).await?.change.paths);
        }
        Ok(VersionComparison::new(older, newer, &between))
    }

    /// Prepares a rollback to a version.
    pub(super) async fn prepare_rollback(
        &self,
        before: Connection<PlainSecret>,
        version: u64,
        note: Option<String>,
    ) -> Result<PreparedChange, ConnectionError> {
        let snapshot = self.version_of(before.item.id, version).await?.snapshot;
        let merged = merge::merge_rollback(&before, &snapshot, &self.catalog);
        let after = self.apply_merged(&before, merged).await?;
        Ok(PreparedChange::Rollback {
            before,
            after,
            version,
            note,
        })
    }
}

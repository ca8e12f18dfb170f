//! Comparison of versions, and rollback.

use uuid::Uuid;

use super::{CoreService, merge, trash};
use crate::connection::diff::ENTITY_TYPE;
use crate::connection::{
    Connection, ConnectionError, IdOrAlias, PlainSecret, RollbackResult, Version, VersionComparison,
};

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

    pub(super) async fn roll_back_once(
        &self,
        key: &IdOrAlias,
        number: u64,
        description: Option<String>,
    ) -> Result<RollbackResult, ConnectionError> {
        let (before, after) = self.rolled_back(key, number).await?;
        let description = description.or_else(|| Some(format!("Rollback to v{number}")));
        let entity = self.save_if_changed(&before, after, description).await?;
        Ok(RollbackResult {
            entity_id: entity.item.id,
            entity_type: ENTITY_TYPE.into(),
            previous_version: before.item.version,
            restored_from_version: number,
            new_version: entity.item.version,
            entity,
        })
    }

    /// Returns a connection before and after a rollback.
    pub(super) async fn rolled_back(
        &self,
        key: &IdOrAlias,
        number: u64,
    ) -> Result<(Connection<PlainSecret>, Connection<PlainSecret>), ConnectionError> {
        let before = self.stored(key).await?;
        let snapshot = self.version_of(before.item.id, number).await?.snapshot;
        let merged = merge::back_to(&before, &snapshot, &self.catalog);
        let after = self.apply_merged(&before, merged).await?;
        Ok((before, after))
    }
}

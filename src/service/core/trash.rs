//! Trash: delete, restore and purge.
//!
//! A deleted connection is saved with its deletion date and an alias that no request can use, so that history, sealed secrets
//! and the change feed need no special case.

use uuid::Uuid;

use super::CoreService;
use crate::connection::store::{Precondition, SaveConnection};
use crate::connection::{
    Connection, ConnectionError, ConnectionItem, DraftField, FieldReason, IdOrAlias, PlainSecret,
    VersionChange, alias,
};
use crate::text::key_like;

const DELETED: &str = "Deleted";
const RESTORED: &str = "Restored from trash";

/// Resets the alias of an item in the trash to the one before the deletion.
pub(super) fn show_alias(item: &mut ConnectionItem) {
    let length = alias::before_trash(&item.alias).len();
    item.alias.truncate(length);
}

impl CoreService {
    /// Returns the ID of a connection; an ID also finds a connection in the trash.
    pub(super) async fn id_of(&self, key: &IdOrAlias) -> Result<Uuid, ConnectionError> {
        match key {
            IdOrAlias::Id(id) => match self.store.get(*id).await? {
                Some(connection) => Ok(connection.item.id),
                None => Err(ConnectionError::NotFound(key.clone())),
            },
            IdOrAlias::Alias(_) => Ok(self.stored(key).await?.item.id),
        }
    }

    pub(super) async fn put_in_trash(
        &self,
        key: &IdOrAlias,
        over: Option<u64>,
    ) -> Result<ConnectionItem, ConnectionError> {
        let before = self.stored(key).await?;
        let found = before.item.version;
        if let Some(expected) = over.filter(|expected| *expected != found) {
            return Err(ConnectionError::VersionConflict { expected, found });
        }
        let mut after = before.clone();
        let item = &mut after.item;
        item.alias = alias::in_trash(&item.alias, item.id);
        item.date_deleted = Some(self.now().max(item.date_modified));
        self.save_version(&before, after, DELETED).await?;
        Ok(before.item)
    }

    pub(super) async fn restore_once(
        &self,
        id: Uuid,
        other: Option<String>,
    ) -> Result<Connection, ConnectionError> {
        let (before, after) = self.restored_connection(id, other).await?;
        self.save_version(&before, after, RESTORED).await
    }

    /// Returns a connection in the trash, and the same connection restored.
    pub(super) async fn restored_connection(
        &self,
        id: Uuid,
        other: Option<String>,
    ) -> Result<(Connection<PlainSecret>, Connection<PlainSecret>), ConnectionError> {
        let before = self.in_trash(id).await?;
        let mut after = before.clone();
        let item = &mut after.item;
        item.date_deleted = None;
        item.alias = match other {
            None => alias::before_trash(&item.alias).to_owned(),
            Some(other) => {
                let reason = if alias::is_reserved(&other) {
                    Some(FieldReason::AliasReserved(other.clone()))
                } else if other.chars().count() > alias::MAX_LENGTH {
                    Some(FieldReason::TooLong(alias::MAX_LENGTH))
                } else if !alias::is_well_formed(&other) {
                    Some(FieldReason::AliasFormat)
                } else {
                    let prefixes = self.catalog.key_prefixes();
                    key_like::has_key_with(&other, prefixes).then_some(FieldReason::LooksLikeKey)
                };
                if let Some(reason) = reason {
                    return Err(ConnectionError::at(DraftField::Alias, reason));
                }
                other
            }
        };
        Ok((before, after))
    }

    pub(super) async fn purge_once(&self, id: Uuid) -> Result<(), ConnectionError> {
        let item = self.in_trash(id).await?.item;
        self.store.delete(id, item.version).await?;
        Ok(())
    }

    pub(super) async fn in_trash(
        &self,
        id: Uuid,
    ) -> Result<Connection<PlainSecret>, ConnectionError> {
        let found = self.store.get(id).await?;
        found
            .filter(|connection| connection.item.is_deleted())
            .ok_or(ConnectionError::NotFound(IdOrAlias::Id(id)))
    }

    async fn save_version(
        &self,
        before: &Connection<PlainSecret>,
        mut after: Connection<PlainSecret>,
        description: &str,
    ) -> Result<Connection, ConnectionError> {
        after.item.version = before.item.version + 1;
        after.item.date_modified = self.now().max(before.item.date_modified);
        let masked = after.masked();
        self.store
            .save(SaveConnection {
                connection: after,
                precondition: Precondition::Version(before.item.version),
                change: VersionChange {
                    description: Some(description.into()),
                    ..VersionChange::default()
                },
            })
            .await?;
        Ok(masked)
    }
}

//! Trash: connections before and after a delete and a restore.
//!
//! A deleted connection is saved with its deletion date and an alias that no request can use, so that history, sealed secrets
//! and the change feed need no special case.

use uuid::Uuid;

use super::CoreService;
use super::prepare::PreparedChange;
use crate::connection::{
    Connection, ConnectionError, ConnectionItem, DraftField, FieldReason, IdOrAlias, PlainSecret,
    alias,
};
use crate::text::key_like;

/// Description of a delete in the history.
pub(super) const DELETED: &str = "Deleted";
/// Description of a restore in the history.
pub(super) const RESTORED: &str = "Restored from trash";

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

    /// Returns a connection as it is in the trash.
    pub(super) fn deleted(&self, before: &Connection<PlainSecret>) -> Connection<PlainSecret> {
        let mut after = before.clone();
        let item = &mut after.item;
        item.alias = alias::in_trash(&item.alias, item.id);
        item.date_deleted = Some(self.date_after(item.date_modified));
        after
    }

    /// Prepares the restore of a connection in the trash, with its former alias or `other`.
    pub(super) fn prepare_restore(
        &self,
        before: Connection<PlainSecret>,
        other: Option<&str>,
    ) -> Result<PreparedChange, ConnectionError> {
        let mut after = before.clone();
        let item = &mut after.item;
        item.date_deleted = None;
        let Some(other) = other else {
            show_alias(item);
            return Ok(PreparedChange::Restore { before, after });
        };
        let reason = if alias::is_reserved(other) {
            Some(FieldReason::AliasReserved(other.to_owned()))
        } else if other.chars().count() > alias::MAX_LENGTH {
            Some(FieldReason::TooLong(alias::MAX_LENGTH))
        } else if !alias::is_well_formed(other) {
            Some(FieldReason::AliasFormat)
        } else {
            let prefixes = self.catalog.key_prefixes();
            key_like::has_key_with(other, prefixes).then_some(FieldReason::LooksLikeKey)
        };
        if let Some(reason) = reason {
            return Err(ConnectionError::at(DraftField::Alias, reason));
        }
        other.clone_into(&mut item.alias);
        Ok(PreparedChange::Restore { before, after })
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
}

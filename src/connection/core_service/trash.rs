//! Puts connections into the trash, brings them back, and forgets them.
//!
//! A connection in the trash is one that was saved with the moment of its deletion and an alias nobody can ask for, so that its
//! history, its sealed secrets and the change feed need nothing of their own.

use uuid::Uuid;

use super::super::store::{Put, Save};
use super::super::{
    Change, Connection, ConnectionError, ConnectionItem, Field, IdOrAlias, Plain, Reason, alias,
};
use super::CoreService;
use crate::text::key_like;

const DELETED: &str = "Deleted";
const BROUGHT_BACK: &str = "Brought back from the trash";

/// Gives an item that may be in the trash the alias it had.
pub(super) fn show_alias(item: &mut ConnectionItem) {
    let length = alias::before_trash(&item.alias).len();
    item.alias.truncate(length);
}

impl CoreService {
    /// The id of a connection, which may be in the trash when it is asked for by its id.
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
            return Err(ConnectionError::VersionMoved { expected, found });
        }
        let mut after = before.clone();
        let item = &mut after.item;
        item.alias = alias::in_trash(&item.alias, item.id);
        item.date_deleted = Some(self.now().max(item.date_modified));
        self.keep_over(&before, after, DELETED).await?;
        Ok(before.item)
    }

    pub(super) async fn bring_back(
        &self,
        id: Uuid,
        other: Option<String>,
    ) -> Result<Connection, ConnectionError> {
        let (before, after) = self.brought_back(id, other).await?;
        self.keep_over(&before, after, BROUGHT_BACK).await
    }

    /// A connection in the trash, and as it is outside of it.
    pub(super) async fn brought_back(
        &self,
        id: Uuid,
        other: Option<String>,
    ) -> Result<(Connection<Plain>, Connection<Plain>), ConnectionError> {
        let before = self.in_trash(id).await?;
        let mut after = before.clone();
        let item = &mut after.item;
        item.date_deleted = None;
        item.alias = match other {
            None => alias::before_trash(&item.alias).to_owned(),
            Some(other) => {
                let reason = if alias::is_reserved(&other) {
                    Some(Reason::AliasReserved(other.clone()))
                } else if other.chars().count() > alias::MAX_LENGTH {
                    Some(Reason::TooLong(alias::MAX_LENGTH))
                } else if !alias::is_well_formed(&other) {
                    Some(Reason::AliasFormat)
                } else {
                    let prefixes = self.catalog.key_prefixes();
                    key_like::has_key_with(&other, prefixes).then_some(Reason::LooksLikeKey)
                };
                if let Some(reason) = reason {
                    return Err(ConnectionError::at(Field::Alias, reason));
                }
                other
            }
        };
        Ok((before, after))
    }

    pub(super) async fn forget(&self, id: Uuid) -> Result<(), ConnectionError> {
        let item = self.in_trash(id).await?.item;
        self.store.delete(id, item.version).await?;
        Ok(())
    }

    pub(super) async fn in_trash(&self, id: Uuid) -> Result<Connection<Plain>, ConnectionError> {
        let found = self.store.get(id).await?;
        found
            .filter(|connection| connection.item.is_deleted())
            .ok_or(ConnectionError::NotFound(IdOrAlias::Id(id)))
    }

    async fn keep_over(
        &self,
        before: &Connection<Plain>,
        mut after: Connection<Plain>,
        description: &str,
    ) -> Result<Connection, ConnectionError> {
        after.item.version = before.item.version + 1;
        after.item.date_modified = self.now().max(before.item.date_modified);
        let masked = after.masked();
        self.store
            .save(Save {
                connection: after,
                put: Put::Over(before.item.version),
                change: Change {
                    description: Some(description.into()),
                    ..Change::default()
                },
            })
            .await?;
        Ok(masked)
    }
}

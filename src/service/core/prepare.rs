//! Preparation of commands: the validation that a commit and a dry run share, and the result of the dry run.

use uuid::Uuid;

use super::super::ConnectionService;
use super::{CoreService, changes, merge, trash};
use crate::connection::validate::MaskPolicy;
use crate::connection::{
    ChangePreview, Command, Connection, ConnectionError, DraftField, FieldReason, PlainSecret,
    StoreError,
};

/// Validated change that is not saved.
pub(super) enum PreparedChange {
    /// New connection.
    Create {
        connection: Connection<PlainSecret>,
        note: Option<String>,
    },
    /// Changed connection.
    Update {
        before: Connection<PlainSecret>,
        after: Connection<PlainSecret>,
        note: Option<String>,
    },
    /// Connection with the values of an earlier version.
    Rollback {
        before: Connection<PlainSecret>,
        after: Connection<PlainSecret>,
        version: u64,
        note: Option<String>,
    },
    /// Connection to move to the trash.
    Delete(Connection<PlainSecret>),
    /// Connection in the trash, and restored.
    Restore {
        before: Connection<PlainSecret>,
        after: Connection<PlainSecret>,
    },
    /// Connection in the trash to delete permanently.
    Purge(Connection<PlainSecret>),
}

impl CoreService {
    /// Validates a command.
    pub(super) async fn prepare(
        &self,
        command: &Command,
    ) -> Result<PreparedChange, ConnectionError> {
        match command {
            Command::Create { draft, id } => {
                let validated = draft.validate(&self.catalog, MaskPolicy::Reject);
                let prepared = self.prepare_new(validated, None, draft).await?;
                self.with_id(prepared, *id).await
            }
            Command::Duplicate { key, draft } => {
                let original = self.stored(key).await?;
                let validated = merge::validated_copy(&original, draft, &self.catalog);
                self.prepare_new(validated, Some(&original), draft).await
            }
            Command::Update {
                key,
                draft,
                expected_version,
            } => {
                let before = self.stored(key).await?;
                before.item.check_version(*expected_version)?;
                self.prepare_update(before, draft).await
            }
            Command::SetActive { key, active } => {
                let before = self.stored(key).await?;
                let mut after = before.clone();
                after.item.is_active = *active;
                Ok(PreparedChange::Update {
                    before,
                    after,
                    note: None,
                })
            }
            Command::Delete {
                key,
                expected_version,
            } => {
                let before = self.stored(key).await?;
                before.item.check_version(*expected_version)?;
                Ok(PreparedChange::Delete(before))
            }
            Command::Restore { id, alias } => {
                let before = self.in_trash(*id).await?;
                self.prepare_restore(before, alias.as_deref())
            }
            Command::Purge { id } => Ok(PreparedChange::Purge(self.in_trash(*id).await?)),
            Command::Rollback { key, version, note } => {
                let before = self.stored(key).await?;
                self.prepare_rollback(before, *version, note.clone()).await
            }
        }
    }

    /// Gives a new connection this ID. The store refuses one in use, too; a dry run must not find that out later.
    async fn with_id(
        &self,
        mut change: PreparedChange,
        id: Option<Uuid>,
    ) -> Result<PreparedChange, ConnectionError> {
        if let (PreparedChange::Create { connection, .. }, Some(id)) = (&mut change, id) {
            if self.store.get(id).await?.is_some() {
                return Err(StoreError::IdTaken(id).into());
            }
            connection.item.id = id;
        }
        Ok(change)
    }

    /// Previews a change.
    pub(super) async fn preview_prepared(
        &self,
        change: PreparedChange,
    ) -> Result<ChangePreview, ConnectionError> {
        Ok(match change {
            PreparedChange::Create { connection, .. } => whole(&connection),
            PreparedChange::Update { before, after, .. }
            | PreparedChange::Rollback { before, after, .. } => changed(&before, &after),
            PreparedChange::Delete(before) => whole(&before),
            PreparedChange::Restore { after, .. } => {
                self.check_restored_alias(&after).await?;
                whole(&after)
            }
            PreparedChange::Purge(mut gone) => {
                trash::show_alias(&mut gone.item);
                whole(&gone)
            }
        })
    }

    /// Refuses an alias in use, which the store refuses in a commit.
    async fn check_restored_alias(
        &self,
        after: &Connection<PlainSecret>,
    ) -> Result<(), ConnectionError> {
        let alias = &after.item.alias;
        let Some(owner) = self.alias_owner(alias, Some(after.item.id)).await? else {
            return Ok(());
        };
        let reason = FieldReason::AliasTaken {
            alias: alias.clone(),
            by: owner.name,
        };
        Err(ConnectionError::at(DraftField::Alias, reason))
    }
}

/// Preview of a whole connection that is created or removed.
fn whole(connection: &Connection<PlainSecret>) -> ChangePreview {
    ChangePreview {
        connection: connection.masked(),
        paths: Vec::new(),
        unknown: Vec::new(),
        is_exact: true,
    }
}

fn changed(before: &Connection<PlainSecret>, after: &Connection<PlainSecret>) -> ChangePreview {
    let paths = changes::paths(before, after);
    let mut connection = after.masked();
    if !paths.is_empty() {
        connection.item.version = before.item.version + 1;
    }
    ChangePreview {
        connection,
        paths,
        unknown: Vec::new(),
        is_exact: true,
    }
}

//! Previews of changes, with the validation of the change itself.

use uuid::Uuid;

use super::super::ConnectionService;
use super::{CoreService, changes, merge, trash};
use crate::connection::validate::MaskPolicy;
use crate::connection::{Connection, ConnectionError, DraftField, FieldReason, PlainSecret};
use crate::service::{ChangePreview, ProposedChange};

impl CoreService {
    pub(super) async fn preview_exactly(
        &self,
        proposal: ProposedChange,
    ) -> Result<ChangePreview, ConnectionError> {
        match proposal {
            ProposedChange::Create(draft) => {
                let found = draft.validate(&self.catalog, MaskPolicy::Reject);
                Ok(created(&self.build_new(found, None).await?))
            }
            ProposedChange::Duplicate { key, draft } => {
                let original = self.stored(&key).await?;
                let found = merge::copy(&original, &draft, &self.catalog);
                Ok(created(&self.build_new(found, Some(&original)).await?))
            }
            ProposedChange::Update { key, draft, over } => {
                let (before, after) = self.updated(&key, &draft, over).await?;
                Ok(changed(&before, &after))
            }
            ProposedChange::SetActive { key, active } => {
                let before = self.stored(&key).await?;
                let mut after = before.clone();
                after.item.is_active = active;
                Ok(changed(&before, &after))
            }
            ProposedChange::Rollback { key, number } => {
                let (before, after) = self.rolled_back(&key, number).await?;
                Ok(changed(&before, &after))
            }
            ProposedChange::Delete { key, over } => {
                let before = self.stored(&key).await?;
                let found = before.item.version;
                match over.filter(|expected| *expected != found) {
                    Some(expected) => Err(ConnectionError::VersionConflict { expected, found }),
                    None => Ok(created(&before)),
                }
            }
            ProposedChange::Restore { id, alias } => {
                let (_, after) = self.restored_connection(id, alias).await?;
                self.check_alias(&after.item.alias, after.item.id).await?;
                Ok(created(&after))
            }
            ProposedChange::Purge(id) => {
                let mut gone = self.in_trash(id).await?;
                trash::show_alias(&mut gone.item);
                Ok(created(&gone))
            }
        }
    }

    async fn check_alias(&self, alias: &str, except: Uuid) -> Result<(), ConnectionError> {
        let Some(owner) = self.alias_owner(alias, Some(except)).await? else {
            return Ok(());
        };
        let reason = FieldReason::AliasTaken {
            alias: alias.to_owned(),
            by: owner.name,
        };
        Err(ConnectionError::at(DraftField::Alias, reason))
    }
}

/// Preview of a whole connection that is created or removed.
fn created(connection: &Connection<PlainSecret>) -> ChangePreview {
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

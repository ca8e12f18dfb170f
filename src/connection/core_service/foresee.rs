//! Previews of changes, with the validation of the change itself.

use uuid::Uuid;

use super::super::validate::Stored;
use super::super::{
    Connection, ConnectionError, ConnectionService, Field, Foreseen, Plain, Proposal, Reason,
};
use super::{CoreService, changed, merge, trash};

impl CoreService {
    pub(super) async fn foresee_exactly(
        &self,
        proposal: Proposal,
    ) -> Result<Foreseen, ConnectionError> {
        match proposal {
            Proposal::Create(draft) => {
                let found = draft.examine(&self.catalog, Stored::Nothing);
                Ok(created(&self.new_of(found, None).await?))
            }
            Proposal::Duplicate { key, draft } => {
                let original = self.stored(&key).await?;
                let found = merge::copy(&original, &draft, &self.catalog);
                Ok(created(&self.new_of(found, Some(&original)).await?))
            }
            Proposal::Update { key, draft, over } => {
                let (before, after) = self.updated(&key, &draft, over).await?;
                Ok(changed(&before, &after))
            }
            Proposal::SetActive { key, active } => {
                let before = self.stored(&key).await?;
                let mut after = before.clone();
                after.item.is_active = active;
                Ok(changed(&before, &after))
            }
            Proposal::Rollback { key, number } => {
                let (before, after) = self.rolled_back(&key, number).await?;
                Ok(changed(&before, &after))
            }
            Proposal::Delete { key, over } => {
                let before = self.stored(&key).await?;
                let found = before.item.version;
                match over.filter(|expected| *expected != found) {
                    Some(expected) => Err(ConnectionError::VersionMoved { expected, found }),
                    None => Ok(created(&before)),
                }
            }
            Proposal::Restore { id, alias } => {
                let (_, after) = self.restored(id, alias).await?;
                self.check_alias(&after.item.alias, after.item.id).await?;
                Ok(created(&after))
            }
            Proposal::Purge(id) => {
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
        let reason = Reason::AliasTaken {
            alias: alias.to_owned(),
            by: owner.name,
        };
        Err(ConnectionError::at(Field::Alias, reason))
    }
}

/// Preview of a whole connection that is created or removed.
fn created(connection: &Connection<Plain>) -> Foreseen {
    Foreseen {
        connection: connection.masked(),
        paths: Vec::new(),
        untold: Vec::new(),
        is_exact: true,
    }
}

fn changed(before: &Connection<Plain>, after: &Connection<Plain>) -> Foreseen {
    let paths = changed::paths(before, after);
    let mut connection = after.masked();
    if !paths.is_empty() {
        connection.item.version = before.item.version + 1;
    }
    Foreseen {
        connection,
        paths,
        untold: Vec::new(),
        is_exact: true,
    }
}

//! Save: validation that needs the store, and one attempt of each change.

use uuid::Uuid;

use super::super::ConnectionService;
use super::merge::MergedDraft;
use super::{CoreService, changes, merge};
use crate::appsettings::{Reference, ReferenceLookup};
use crate::connection::store::{Precondition, SaveConnection};
use crate::connection::validate::{MaskPolicy, ValidatedDraft};
use crate::connection::{
    Connection, ConnectionDraft, ConnectionError, ConnectionItem, DraftField, FieldReason,
    IdOrAlias, PlainSecret, SettingValue, VersionChange,
};
use crate::text::printable;

impl CoreService {
    /// Adds errors that depend on the store and appsettings; `before` is the stored connection.
    pub(super) async fn validate_against_store(
        &self,
        found: &mut ValidatedDraft,
        before: Option<&Connection<PlainSecret>>,
    ) -> Result<(), ConnectionError> {
        if let Some(alias) = found.alias.clone() {
            let except = before.map(|before| before.item.id);
            self.check_alias_free(&alias, except, found).await?;
        }
        self.check_references(found, before);
        Ok(())
    }

    pub(super) async fn check_alias_free(
        &self,
        alias: &str,
        except: Option<Uuid>,
        found: &mut ValidatedDraft,
    ) -> Result<(), ConnectionError> {
        if let Some(owner) = self.alias_owner(alias, except).await? {
            let taken = FieldReason::AliasTaken {
                alias: alias.to_owned(),
                by: owner.name,
            };
            found.push_error(DraftField::Alias, taken);
        }
        Ok(())
    }

    /// Checks references; those of `before` are not checked again.
    fn check_references(
        &self,
        found: &mut ValidatedDraft,
        before: Option<&Connection<PlainSecret>>,
    ) {
        for (field, reference) in std::mem::take(&mut found.references) {
            if is_kept(&field, &reference, before) {
                continue;
            }
            let key = reference.key().to_owned();
            match self.appsettings.lookup(&reference) {
                ReferenceLookup::Found { .. } => {}
                ReferenceLookup::Missing { looked_in } => {
                    found.push_error(field, FieldReason::ReferenceMissing { key, looked_in });
                }
                ReferenceLookup::Refused { allowed } => {
                    found.push_error(field, FieldReason::ReferenceRefused { key, allowed });
                }
            }
        }
    }

    /// Saves a validated draft as a new connection; `like` is the original of a duplicate.
    pub(super) async fn save_new(
        &self,
        found: ValidatedDraft,
        like: Option<&Connection<PlainSecret>>,
        description: Option<String>,
    ) -> Result<Connection, ConnectionError> {
        let connection = self.build_new(found, like).await?;
        let masked = connection.masked();
        self.store
            .save(SaveConnection {
                connection,
                precondition: Precondition::Absent,
                change: VersionChange {
                    description,
                    ..VersionChange::default()
                },
            })
            .await?;
        Ok(masked)
    }

    /// Builds a new connection from a validated draft.
    pub(super) async fn build_new(
        &self,
        mut found: ValidatedDraft,
        like: Option<&Connection<PlainSecret>>,
    ) -> Result<Connection<PlainSecret>, ConnectionError> {
        if let Some(alias) = found.alias.clone() {
            self.check_alias_free(&alias, None, &mut found).await?;
        }
        self.check_references(&mut found, like);
        let (Some(alias), true) = (found.alias, found.errors.is_empty()) else {
            return Err(ConnectionError::Invalid(found.errors));
        };
        let now = self.now();
        Ok(Connection {
            item: ConnectionItem {
                id: Uuid::now_v7(),
                alias,
                name: found.name,
                provider_id: found.provider_id,
                is_active: found.is_active,
                date_created: now,
                date_modified: now,
                version: 1,
                date_deleted: None,
                endpoint: None,
            },
            settings: found.settings,
        })
    }

    /// Saves `after` over `before` if they differ.
    pub(super) async fn save_if_changed(
        &self,
        before: &Connection<PlainSecret>,
        mut after: Connection<PlainSecret>,
        description: Option<String>,
    ) -> Result<Connection, ConnectionError> {
        let paths = changes::paths(before, &after);
        if paths.is_empty() {
            return Ok(before.masked());
        }
        after.item.version = before.item.version + 1;
        after.item.date_modified = self.now().max(before.item.date_modified);
        let masked = after.masked();
        self.store
            .save(SaveConnection {
                connection: after,
                precondition: Precondition::Version(before.item.version),
                change: VersionChange {
                    description,
                    paths,
                    ..VersionChange::default()
                },
            })
            .await?;
        Ok(masked)
    }

    pub(super) async fn update_once(
        &self,
        key: &IdOrAlias,
        draft: &ConnectionDraft,
        over: Option<u64>,
    ) -> Result<Connection, ConnectionError> {
        let (before, after) = self.updated(key, draft, over).await?;
        self.save_if_changed(&before, after, description_of(draft))
            .await
    }

    /// Returns the connection with the values of the merged draft, if it is valid.
    pub(super) async fn apply_merged(
        &self,
        before: &Connection<PlainSecret>,
        merged: MergedDraft,
    ) -> Result<Connection<PlainSecret>, ConnectionError> {
        let mut found = merged.draft.validate(&self.catalog, MaskPolicy::Reject);
        merged.add_errors(&mut found);
        self.validate_against_store(&mut found, Some(before))
            .await?;
        if !found.errors.is_empty() {
            return Err(ConnectionError::Invalid(found.errors));
        }
        let mut after = before.clone();
        after.item.name = found.name;
        after.item.alias = found.alias.unwrap_or(after.item.alias);
        after.item.is_active = found.is_active;
        after.settings = found.settings;
        Ok(after)
    }

    /// Returns a connection before and after an update.
    pub(super) async fn updated(
        &self,
        key: &IdOrAlias,
        draft: &ConnectionDraft,
        over: Option<u64>,
    ) -> Result<(Connection<PlainSecret>, Connection<PlainSecret>), ConnectionError> {
        let before = self.stored(key).await?;
        let found_version = before.item.version;
        if let Some(expected) = over.filter(|expected| *expected != found_version) {
            return Err(ConnectionError::VersionConflict {
                expected,
                found: found_version,
            });
        }
        let merged = merge::over(&before, draft, &self.catalog);
        let mut after = self.apply_merged(&before, merged).await?;
        if draft.settings.is_none() {
            after.settings.clone_from(&before.settings);
        }
        Ok((before, after))
    }

    pub(super) async fn set_active_once(
        &self,
        key: &IdOrAlias,
        active: bool,
    ) -> Result<Connection, ConnectionError> {
        let before = self.stored(key).await?;
        let mut after = before.clone();
        after.item.is_active = active;
        self.save_if_changed(&before, after, None).await
    }
}

/// Maximum length of a change description in characters.
const MAX_DESCRIPTION: usize = 255;

/// Returns the change description as one printable line; none if it is blank.
pub(super) fn description_of(draft: &ConnectionDraft) -> Option<String> {
    let text = draft.change_description.as_deref()?.trim();
    let text: String = printable(text).chars().take(MAX_DESCRIPTION).collect();
    (!text.is_empty()).then_some(text)
}

/// Returns whether a setting has this reference in the stored connection.
fn is_kept(
    field: &DraftField,
    reference: &Reference,
    before: Option<&Connection<PlainSecret>>,
) -> bool {
    let Some(settings) = before.and_then(|before| before.settings.as_ref()) else {
        return false;
    };
    field
        .setting_key()
        .and_then(|key| settings.get(key))
        .and_then(SettingValue::text)
        .is_some_and(|text| text == reference.to_string())
}

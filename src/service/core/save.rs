//! Save: validation that needs the store, and one attempt of each prepared change.

use uuid::Uuid;

use super::super::ConnectionService;
use super::merge::MergedDraft;
use super::prepare::PreparedChange;
use super::{CoreService, changes, merge, trash};
use crate::appsettings::Reference;
use crate::connection::diff::ENTITY_TYPE;
use crate::connection::store::{Precondition, SaveConnection};
use crate::connection::validate::{MaskPolicy, ValidatedDraft};
use crate::connection::{
    Connection, ConnectionDraft, ConnectionError, ConnectionItem, DraftField, FieldReason, Outcome,
    PlainSecret, RollbackResult, SettingValue, VersionChange,
};
use crate::text::printable;

impl CoreService {
    /// Adds errors that depend on the store and appsettings; `before` is the stored connection.
    pub(super) async fn validate_against_store(
        &self,
        validated: &mut ValidatedDraft,
        before: Option<&Connection<PlainSecret>>,
    ) -> Result<(), ConnectionError> {
        if let Some(alias) = validated.alias.clone() {
            let except = before.map(|before| before.item.id);
            self.check_alias_free(&alias, except, validated).await?;
        }
        self.check_references(validated, before);
        Ok(())
    }

    pub(super) async fn check_alias_free(
        &self,
        alias: &str,
        except: Option<Uuid>,
        validated: &mut ValidatedDraft,
    ) -> Result<(), ConnectionError> {
        if let Some(owner) = self.alias_owner(alias, except).await? {
            let taken = FieldReason::AliasTaken {
                alias: alias.to_owned(),
                by: owner.name,
            };
            validated.push_error(DraftField::Alias, taken);
        }
        Ok(())
    }

    /// Checks references; those of `before` are not checked again.
    fn check_references(
        &self,
        validated: &mut ValidatedDraft,
        before: Option<&Connection<PlainSecret>>,
    ) {
        for (field, reference) in std::mem::take(&mut validated.references) {
            if is_kept(&field, &reference, before) {
                continue;
            }
            let lookup = self.appsettings.lookup(&reference);
            validated.push_lookup(field, &reference, lookup);
        }
    }

    /// Prepares a new connection with the note of `draft`; `like` is the original of a duplicate.
    pub(super) async fn prepare_new(
        &self,
        mut validated: ValidatedDraft,
        like: Option<&Connection<PlainSecret>>,
        draft: &ConnectionDraft,
    ) -> Result<PreparedChange, ConnectionError> {
        if let Some(alias) = validated.alias.clone() {
            self.check_alias_free(&alias, None, &mut validated).await?;
        }
        self.check_references(&mut validated, like);
        let (Some(alias), true) = (validated.alias, validated.errors.is_empty()) else {
            return Err(ConnectionError::Invalid(validated.errors));
        };
        let now = self.now();
        let connection = Connection {
            item: ConnectionItem {
                id: Uuid::now_v7(),
                alias,
                name: validated.name,
                provider_id: validated.provider_id,
                is_active: validated.is_active,
                date_created: now,
                date_modified: now,
                version: 1,
                date_deleted: None,
                endpoint: None,
            },
            settings: validated.settings,
        };
        Ok(PreparedChange::Create {
            connection,
            note: note_of(draft),
        })
    }

    /// Saves a validated change.
    pub(super) async fn commit_prepared(
        &self,
        change: PreparedChange,
    ) -> Result<Outcome, ConnectionError> {
        match change {
            PreparedChange::Create { connection, note } => {
                let change = change_with_note(note);
                let saved = self.save(connection, Precondition::Absent, change).await?;
                Ok(Outcome::Saved(saved))
            }
            PreparedChange::Update {
                before,
                after,
                note,
            } => {
                let saved = self.save_if_changed(&before, after, note).await?;
                Ok(Outcome::Saved(saved))
            }
            PreparedChange::Rollback {
                before,
                after,
                version,
                note,
            } => {
                let note = note.or_else(|| Some(format!("Rollback to v{version}")));
                let entity = self.save_if_changed(&before, after, note).await?;
                Ok(Outcome::RolledBack(Box::new(RollbackResult {
                    entity_id: entity.item.id,
                    entity_type: ENTITY_TYPE.into(),
                    previous_version: before.item.version,
                    restored_from_version: version,
                    new_version: entity.item.version,
                    entity,
                })))
            }
            PreparedChange::Delete(before) => {
                let after = self.deleted(&before);
                let change = change_with_note(Some(trash::DELETED.into()));
                self.save_next(&before, after, change).await?;
                Ok(Outcome::Deleted(before.item))
            }
            PreparedChange::Restore { before, after } => {
                let change = change_with_note(Some(trash::RESTORED.into()));
                let saved = self.save_next(&before, after, change).await?;
                Ok(Outcome::Saved(saved))
            }
            PreparedChange::Purge(Connection { item, .. }) => {
                self.store.purge(item.id, item.version).await?;
                Ok(Outcome::Purged)
            }
        }
    }

    /// Saves `after` over `before` if they differ.
    async fn save_if_changed(
        &self,
        before: &Connection<PlainSecret>,
        after: Connection<PlainSecret>,
        note: Option<String>,
    ) -> Result<Connection, ConnectionError> {
        let paths = changes::paths(before, &after);
        if paths.is_empty() {
            return Ok(before.masked());
        }
        let change = VersionChange {
            paths,
            ..change_with_note(note)
        };
        self.save_next(before, after, change).await
    }

    /// Saves `after` as the version after `before`.
    async fn save_next(
        &self,
        before: &Connection<PlainSecret>,
        mut after: Connection<PlainSecret>,
        change: VersionChange,
    ) -> Result<Connection, ConnectionError> {
        after.item.version = before.item.version + 1;
        after.item.date_modified = self.date_after(before.item.date_modified);
        let precondition = Precondition::Version(before.item.version);
        self.save(after, precondition, change).await
    }

    async fn save(
        &self,
        connection: Connection<PlainSecret>,
        precondition: Precondition,
        change: VersionChange,
    ) -> Result<Connection, ConnectionError> {
        let masked = connection.masked();
        self.store
            .save(SaveConnection {
                connection,
                precondition,
                change,
            })
            .await?;
        Ok(masked)
    }

    /// Returns the connection with the values of the merged draft, if it is valid.
    pub(super) async fn apply_merged(
        &self,
        before: &Connection<PlainSecret>,
        merged: MergedDraft,
    ) -> Result<Connection<PlainSecret>, ConnectionError> {
        let mut validated = merged.draft.validate(&self.catalog, MaskPolicy::Reject);
        merged.add_errors(&mut validated);
        self.validate_against_store(&mut validated, Some(before))
            .await?;
        if !validated.errors.is_empty() {
            return Err(ConnectionError::Invalid(validated.errors));
        }
        let mut after = before.clone();
        after.item.name = validated.name;
        after.item.alias = validated.alias.unwrap_or(after.item.alias);
        after.item.is_active = validated.is_active;
        after.settings = validated.settings;
        Ok(after)
    }

    /// Prepares the changes of a draft.
    pub(super) async fn prepare_update(
        &self,
        before: Connection<PlainSecret>,
        draft: &ConnectionDraft,
    ) -> Result<PreparedChange, ConnectionError> {
        let merged = merge::merge_onto(&before, draft, &self.catalog);
        let mut after = self.apply_merged(&before, merged).await?;
        if draft.settings.is_none() {
            after.settings.clone_from(&before.settings);
        }
        Ok(PreparedChange::Update {
            before,
            after,
            note: note_of(draft),
        })
    }
}

fn change_with_note(note: Option<String>) -> VersionChange {
    VersionChange {
        note,
        ..VersionChange::default()
    }
}

/// Maximum length of a note in characters.
const MAX_NOTE_LENGTH: usize = 255;

/// Returns the note as one printable line; none if it is blank.
fn note_of(draft: &ConnectionDraft) -> Option<String> {
    let text = draft.note.as_deref()?.trim();
    let text: String = printable(text).chars().take(MAX_NOTE_LENGTH).collect();
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

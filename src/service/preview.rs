//! Previews of changes as far as a client can tell, for dry runs on a server.

use uuid::Uuid;

use crate::connection::validate::{MaskPolicy, ValidatedDraft};
use crate::connection::{
    ChangePreview, Command, Connection, ConnectionDraft, ConnectionError, ConnectionItem,
    DraftField, FieldReason, IdOrAlias, MaskedSecret, PageRequest, PlainSecret, SettingValue,
    Settings,
};
use crate::service::ConnectionService;
use crate::service::core::{changes, merge};

/// Previews a change with read requests only: validation, alias, references.
pub async fn preview_remotely<S: ConnectionService + ?Sized>(
    service: &S,
    command: Command,
) -> Result<ChangePreview, ConnectionError> {
    let catalog = service.providers();
    match command {
        Command::Create { draft, id: _ } => {
            let validated = draft.validate(&catalog, MaskPolicy::Reject);
            let validated = check_remotely(service, validated, None).await?;
            Ok(preview(&connection_from(validated, None), Vec::new()))
        }
        Command::Duplicate { key, draft } => {
            let original = unreadable(service.get(&key).await?);
            let validated = merge::validated_copy(&original, &draft, &catalog);
            let validated = check_remotely(service, validated, None).await?;
            Ok(preview(&connection_from(validated, None), Vec::new()))
        }
        Command::Update {
            key,
            draft,
            expected_version,
        } => {
            let before = unreadable(service.get(&key).await?);
            before.item.check_version(expected_version)?;
            preview_update(service, &before, &draft).await
        }
        Command::SetActive { key, active } => {
            let before = unreadable(service.get(&key).await?);
            let mut after = before.clone();
            after.item.is_active = active;
            let paths = changes::paths(&before, &after);
            Ok(preview(&after, paths))
        }
        Command::Rollback {
            key,
            version,
            note: _,
        } => {
            let snapshot = service.version(&key, version).await?.snapshot;
            let before = unreadable(service.get(&key).await?);
            let merged = merge::merge_rollback(&before, &snapshot, &catalog);
            let mut validated = merged.draft.validate(&catalog, MaskPolicy::Reject);
            merged.add_errors(&mut validated);
            let validated = check_remotely(service, validated, Some(&before)).await?;
            let after = connection_from(validated, Some(&before));
            let paths = changes::paths(&before, &after);
            Ok(preview(&after, paths))
        }
        Command::Delete {
            key,
            expected_version,
        } => preview_delete(service, &key, expected_version).await,
        Command::Restore { id, alias } => preview_restore(service, id, alias).await,
        Command::Purge { id } => Ok(preview(
            &without_settings(in_trash(service, id).await?),
            Vec::new(),
        )),
    }
}

async fn preview_update<S: ConnectionService + ?Sized>(
    service: &S,
    before: &Connection<PlainSecret>,
    draft: &ConnectionDraft,
) -> Result<ChangePreview, ConnectionError> {
    let catalog = service.providers();
    let merged = merge::merge_onto(before, draft, &catalog);
    let mut validated = merged.draft.validate(&catalog, MaskPolicy::Reject);
    merged.add_errors(&mut validated);
    let validated = check_remotely(service, validated, Some(before)).await?;
    let mut after = connection_from(validated, Some(before));
    if draft.settings.is_none() {
        after.settings.clone_from(&before.settings);
    }
    let paths = changes::paths(before, &after);
    Ok(with_unknown_secrets(preview(&after, paths), before))
}

async fn preview_delete<S: ConnectionService + ?Sized>(
    service: &S,
    key: &IdOrAlias,
    expected_version: Option<u64>,
) -> Result<ChangePreview, ConnectionError> {
    let connection = service.get(key).await?;
    connection.item.check_version(expected_version)?;
    Ok(preview(&unreadable(connection), Vec::new()))
}

async fn preview_restore<S: ConnectionService + ?Sized>(
    service: &S,
    id: Uuid,
    alias: Option<String>,
) -> Result<ChangePreview, ConnectionError> {
    let mut item = in_trash(service, id).await?;
    item.date_deleted = None;
    if let Some(alias) = alias {
        item.alias = alias;
    }
    if let Some(owner) = service.alias_owner(&item.alias, Some(id)).await? {
        let reason = FieldReason::AliasTaken {
            alias: item.alias,
            by: owner.name,
        };
        return Err(ConnectionError::at(DraftField::Alias, reason));
    }
    Ok(preview(&without_settings(item), Vec::new()))
}

fn preview(connection: &Connection<PlainSecret>, paths: Vec<String>) -> ChangePreview {
    ChangePreview {
        connection: connection.masked(),
        paths,
        unknown: Vec::new(),
        is_exact: false,
    }
}

/// Sets the paths of secrets that may equal the stored ones.
fn with_unknown_secrets(
    mut preview: ChangePreview,
    before: &Connection<PlainSecret>,
) -> ChangePreview {
    let (old, new) = (&before.settings, &preview.connection.settings);
    let is_undetermined = |path: &&String| {
        let key = path.strip_prefix("settings.");
        let before = key.and_then(|key| old.as_ref()?.get(key));
        let after = key.and_then(|key| new.as_ref()?.get(key));
        matches!(
            (before, after),
            (Some(SettingValue::Secret(_)), Some(SettingValue::Secret(_)))
        )
    };
    preview.unknown = preview
        .paths
        .iter()
        .filter(is_undetermined)
        .cloned()
        .collect();
    preview
}

/// Returns a connection whose masked secrets exist but cannot be read.
fn unreadable(connection: Connection<MaskedSecret>) -> Connection<PlainSecret> {
    let settings = connection.settings.map(|settings| {
        let pairs = settings.iter().map(|(key, value)| {
            let value = match value {
                SettingValue::Null => SettingValue::Null,
                SettingValue::Switch(on) => SettingValue::Switch(*on),
                SettingValue::Number(number) => SettingValue::Number(number.clone()),
                SettingValue::Text(text) => SettingValue::Text(text.clone()),
                SettingValue::Secret(_) => SettingValue::Secret(PlainSecret::unreadable()),
            };
            (key.to_owned(), value)
        });
        pairs.collect::<Settings<PlainSecret>>()
    });
    Connection {
        item: connection.item,
        settings,
    }
}

const fn without_settings(item: ConnectionItem) -> Connection<PlainSecret> {
    Connection {
        item,
        settings: None,
    }
}

/// Adds errors that need requests: the alias is taken, or a new reference does not resolve.
async fn check_remotely<S: ConnectionService + ?Sized>(
    service: &S,
    mut validated: ValidatedDraft,
    before: Option<&Connection<PlainSecret>>,
) -> Result<ValidatedDraft, ConnectionError> {
    if let Some(alias) = validated.alias.clone() {
        let except = before.map(|before| before.item.id);
        if let Some(owner) = service.alias_owner(&alias, except).await? {
            let by = owner.name;
            validated.push_error(DraftField::Alias, FieldReason::AliasTaken { alias, by });
        }
    }
    for (field, reference) in std::mem::take(&mut validated.references) {
        let settings = before.and_then(|before| before.settings.as_ref());
        let old = field.setting_key().and_then(|key| settings?.get(key));
        if old.and_then(SettingValue::text) == Some(reference.to_string().as_str()) {
            continue;
        }
        // A third-party server may not support the check; the preview is not exact anyway.
        let Ok(lookup) = service.lookup(&reference).await else {
            continue;
        };
        validated.push_lookup(field, &reference, lookup);
    }
    if validated.errors.is_empty() {
        Ok(validated)
    } else {
        Err(ConnectionError::Invalid(validated.errors))
    }
}

/// Builds the connection from a validated draft; `before` supplies the other fields.
fn connection_from(
    validated: ValidatedDraft,
    before: Option<&Connection<PlainSecret>>,
) -> Connection<PlainSecret> {
    let never = chrono::DateTime::UNIX_EPOCH;
    let item = before.map_or_else(
        || ConnectionItem {
            id: Uuid::nil(),
            alias: String::new(),
            name: String::new(),
            provider_id: validated.provider_id.clone(),
            is_active: true,
            date_created: never,
            date_modified: never,
            version: 1,
            date_deleted: None,
            endpoint: None,
        },
        |before| before.item.clone(),
    );
    Connection {
        item: ConnectionItem {
            alias: validated.alias.unwrap_or(item.alias),
            name: validated.name,
            is_active: validated.is_active,
            ..item
        },
        settings: validated.settings,
    }
}

async fn in_trash<S: ConnectionService + ?Sized>(
    service: &S,
    id: Uuid,
) -> Result<ConnectionItem, ConnectionError> {
    let everything = PageRequest {
        skip: 0,
        take: usize::MAX,
    };
    let trash = service.trash(everything).await?.items;
    let validated = trash.into_iter().find(|item| item.id == id);
    validated.ok_or(ConnectionError::NotFound(IdOrAlias::Id(id)))
}

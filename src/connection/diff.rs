//! Comparison of two versions, and the result of a rollback.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

use super::secret::MaskedSecret;
use super::{Connection, Version};

/// Entity type of connections in the API.
pub const ENTITY_TYPE: &str = "connection";

/// Comparison of two versions.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct VersionComparison {
    /// Connection ID.
    pub entity_id: Uuid,
    /// `connection`.
    pub entity_type: String,
    /// Older version.
    pub from_version: u64,
    /// Newer version.
    pub to_version: u64,
    /// Date of the older version.
    pub from_date: DateTime<Utc>,
    /// Date of the newer version.
    pub to_date: DateTime<Utc>,
    /// Differences in the order of a response.
    pub changes: Vec<Difference>,
    /// Connection at the older version.
    pub from_snapshot: Connection<MaskedSecret>,
    /// Connection at the newer version.
    pub to_snapshot: Connection<MaskedSecret>,
}

/// Changed value.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Difference {
    /// Path: `name`, `settings.apiKey`.
    pub path: String,
    /// Kind of the difference.
    pub change_type: ChangeType,
    /// Older value; a secret is masked.
    pub from_value: Option<Value>,
    /// Newer value; a secret is masked.
    pub to_value: Option<Value>,
}

/// Kind of a difference.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum ChangeType {
    /// Absent in the older version.
    Added,
    /// Absent in the newer version.
    Removed,
    /// Different values.
    Modified,
}

/// Result of a rollback.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RollbackResult {
    /// Connection ID.
    pub entity_id: Uuid,
    /// `connection`.
    pub entity_type: String,
    /// Version before the rollback.
    pub previous_version: u64,
    /// Version that was restored.
    pub restored_from_version: u64,
    /// Version after the rollback.
    pub new_version: u64,
    /// Connection after the rollback.
    pub entity: Connection<MaskedSecret>,
}

impl VersionComparison {
    /// Compares two versions; `between` contains the paths that the saves between them changed.
    ///
    /// Masked secrets look equal, so that only the saves show a changed secret.
    pub fn new(from: Version, to: Version, between: &[String]) -> Self {
        let (old, new) = (flat(&from.snapshot), flat(&to.snapshot));
        let is_new = |path: &String| !old.iter().any(|(known, _)| known == path);
        let paths = old.iter().map(|(path, _)| path.clone());
        let paths = paths.chain(new.iter().map(|(path, _)| path.clone()).filter(is_new));
        let changes = paths
            .filter_map(|path| {
                let (from_value, to_value) = (value(&old, &path), value(&new, &path));
                let is_secret = |value: &Option<Value>| {
                    matches!(value, Some(Value::String(text)) if MaskedSecret::read(text).is_some())
                };
                let is_retyped =
                    is_secret(&from_value) && is_secret(&to_value) && between.contains(&path);
                let change_type = match (&from_value, &to_value) {
                    (None, None) => return None,
                    (None, _) => ChangeType::Added,
                    (_, None) => ChangeType::Removed,
                    (old, new) if old == new && !is_retyped => return None,
                    _ => ChangeType::Modified,
                };
                Some(Difference {
                    path,
                    change_type,
                    from_value,
                    to_value,
                })
            })
            .collect();
        Self {
            entity_id: to.snapshot.item.id,
            entity_type: ENTITY_TYPE.into(),
            from_version: from.number(),
            to_version: to.number(),
            from_date: from.snapshot.item.date_modified,
            to_date: to.snapshot.item.date_modified,
            changes,
            from_snapshot: from.snapshot,
            to_snapshot: to.snapshot,
        }
    }
}

fn value(of: &[(String, Value)], path: &str) -> Option<Value> {
    let found = of.iter().find(|(known, _)| known == path);
    // Null counts as absent.
    found
        .map(|(_, value)| value.clone())
        .filter(|value| !value.is_null())
}

/// Returns the editable values of a connection by path.
fn flat(connection: &Connection<MaskedSecret>) -> Vec<(String, Value)> {
    let item = &connection.item;
    let mut flat = vec![
        ("alias".to_owned(), item.alias.clone().into()),
        ("name".to_owned(), item.name.clone().into()),
        ("isActive".to_owned(), item.is_active.into()),
    ];
    for (key, setting) in connection.settings.iter().flat_map(super::Settings::iter) {
        let value = serde_json::to_value(setting).unwrap_or(Value::Null);
        flat.push((format!("settings.{key}"), value));
    }
    flat
}

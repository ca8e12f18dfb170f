//! What differs between two versions of a connection, and what a rollback did.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

use super::secret::Mask;
use super::{Connection, Version};

/// The one type of entity that has versions here.
pub const ENTITY_TYPE: &str = "connection";

/// What differs between two versions.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Comparison {
    /// The connection.
    pub entity_id: Uuid,
    /// `connection`.
    pub entity_type: String,
    /// The version that is compared.
    pub from_version: u64,
    /// The version it is compared to.
    pub to_version: u64,
    /// When the first was saved.
    pub from_date: DateTime<Utc>,
    /// When the second was saved.
    pub to_date: DateTime<Utc>,
    /// What is different, in the order of a response.
    pub changes: Vec<Difference>,
    /// The connection at the first.
    pub from_snapshot: Connection<Mask>,
    /// The connection at the second.
    pub to_snapshot: Connection<Mask>,
}

/// One value that is different.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Difference {
    /// Where: `name`, `settings.apiKey`.
    pub path: String,
    /// How.
    pub change_type: ChangeType,
    /// What it was; a secret is masked.
    pub from_value: Option<Value>,
    /// What it is; a secret is masked.
    pub to_value: Option<Value>,
}

/// How a value is different.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum ChangeType {
    /// It was not there.
    Added,
    /// It is not there any more.
    Removed,
    /// It is another.
    Modified,
}

/// What a rollback did.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Rollback {
    /// The connection.
    pub entity_id: Uuid,
    /// `connection`.
    pub entity_type: String,
    /// The version it was at.
    pub previous_version: u64,
    /// The version that it is like now.
    pub restored_from_version: u64,
    /// The version it is at.
    pub new_version: u64,
    /// The connection as it is now.
    pub entity: Connection<Mask>,
}

impl Comparison {
    /// Compares two versions; `between` are the paths that the saves from the older to the newer one changed.
    ///
    /// Two secrets look the same once they are masked, so whether one is different is known only from the saves.
    pub fn of(from: Version, to: Version, between: &[String]) -> Self {
        let (old, new) = (flat(&from.snapshot), flat(&to.snapshot));
        let is_new = |path: &String| !old.iter().any(|(known, _)| known == path);
        let paths = old.iter().map(|(path, _)| path.clone());
        let paths = paths.chain(new.iter().map(|(path, _)| path.clone()).filter(is_new));
        let changes = paths
            .filter_map(|path| {
                let (from_value, to_value) = (value(&old, &path), value(&new, &path));
                let is_secret = |value: &Option<Value>| {
                    matches!(value, Some(Value::String(text)) if Mask::read(text).is_some())
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
    // Given as null is as good as not given.
    found
        .map(|(_, value)| value.clone())
        .filter(|value| !value.is_null())
}

/// What people can change of a connection, by path.
fn flat(connection: &Connection<Mask>) -> Vec<(String, Value)> {
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

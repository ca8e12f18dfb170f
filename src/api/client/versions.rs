//! Versions, comparisons and rollbacks in server responses.

use chrono::{DateTime, Utc};
use serde::Deserialize;
use serde_json::Value;
use uuid::Uuid;

use super::response_dto::{ConnectionDto, LenientDate, seen};
use crate::connection::diff::ENTITY_TYPE;
use crate::connection::{
    Connection, ConnectionItem, Difference, RollbackResult, SettingValue, Version, VersionChange,
    VersionComparison,
};
use crate::provider::{Provider, ProviderCatalog};

/// A version. Some lists leave out the snapshot.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct VersionDto {
    pub version: u64,
    #[serde(default)]
    pub date_created: LenientDate,
    #[serde(default)]
    created_by_user_id: Option<Uuid>,
    #[serde(default, rename = "changeDescription")]
    note: Option<String>,
    #[serde(default)]
    changed_paths: Vec<String>,
    #[serde(default)]
    snapshot: Option<ConnectionDto>,
}

impl VersionDto {
    /// Returns the version; none without a snapshot.
    pub fn complete(mut self, catalog: &ProviderCatalog) -> Option<Version> {
        let snapshot = self.snapshot.take()?;
        let snapshot = snapshot.at(self.version, self.date_created);
        Some(Version {
            snapshot: snapshot.masked(catalog),
            change: self.change(),
        })
    }

    /// Returns the version of a connection on a server that may leave out snapshots: then everything but number and date is that
    /// of the current connection, without settings.
    pub fn without_snapshot(
        mut self,
        current: &ConnectionItem,
        saved: DateTime<Utc>,
        catalog: &ProviderCatalog,
    ) -> Version {
        let own = self.snapshot.take();
        let snapshot = match own {
            Some(snapshot) => snapshot
                .at(self.version, LenientDate(Some(saved)))
                .masked(catalog),
            None => Connection {
                item: ConnectionItem {
                    version: self.version,
                    date_modified: saved,
                    ..current.clone()
                },
                settings: None,
            },
        };
        Version {
            snapshot,
            change: self.change(),
        }
    }

    fn change(self) -> VersionChange {
        VersionChange {
            note: self.note,
            paths: self.changed_paths,
            user_id: self.created_by_user_id,
        }
    }

    /// Returns whether the snapshot is present.
    pub fn is_complete(&self) -> bool {
        self.snapshot.is_some()
    }
}

/// A comparison of two versions.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ComparisonDto {
    from_version: u64,
    to_version: u64,
    #[serde(default)]
    from_date: LenientDate,
    #[serde(default)]
    to_date: LenientDate,
    changes: Vec<Difference>,
    from_snapshot: ConnectionDto,
    to_snapshot: ConnectionDto,
}

impl ComparisonDto {
    /// Returns the comparison with secrets masked.
    pub fn masked(self, catalog: &ProviderCatalog) -> VersionComparison {
        let from = self.from_snapshot.at(self.from_version, self.from_date);
        let from = from.masked(catalog);
        let to = self.to_snapshot.at(self.to_version, self.to_date);
        let to = to.masked(catalog);
        let provider = catalog.get(&to.item.provider_id);
        let changes = self.changes.into_iter();
        VersionComparison {
            entity_id: to.item.id,
            entity_type: ENTITY_TYPE.into(),
            from_version: self.from_version,
            to_version: self.to_version,
            from_date: self.from_date.0.unwrap_or(from.item.date_modified),
            to_date: self.to_date.0.unwrap_or(to.item.date_modified),
            changes: changes
                .map(|change| without_secret(change, provider))
                .collect(),
            from_snapshot: from,
            to_snapshot: to,
        }
    }
}

fn without_secret(change: Difference, provider: Option<&Provider>) -> Difference {
    let Some((_, key)) = change
        .path
        .split_once('.')
        .filter(|(object, _)| object.eq_ignore_ascii_case("settings"))
    else {
        return change;
    };
    let key = key.to_owned();
    let shown = |value: Option<Value>| {
        let seen: SettingValue<_> = seen(provider, &key, value?)?;
        serde_json::to_value(seen).ok()
    };
    Difference {
        from_value: shown(change.from_value),
        to_value: shown(change.to_value),
        ..change
    }
}

/// Result of a rollback.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RollbackDto {
    previous_version: u64,
    restored_from_version: u64,
    new_version: u64,
    entity: ConnectionDto,
}

impl RollbackDto {
    /// Returns the result with secrets masked.
    pub fn masked(self, catalog: &ProviderCatalog) -> RollbackResult {
        let entity = self.entity.at(self.new_version, LenientDate::default());
        let entity: Connection = entity.masked(catalog);
        RollbackResult {
            entity_id: entity.item.id,
            entity_type: ENTITY_TYPE.into(),
            previous_version: self.previous_version,
            restored_from_version: self.restored_from_version,
            new_version: self.new_version,
            entity,
        }
    }
}

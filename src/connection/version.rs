//! Versions: states of a connection after each save, without secrets.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{Connection, MaskedSecret};

/// Description of a save, stored with its version.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct VersionChange {
    /// Note by the user.
    #[serde(
        default,
        rename = "description",
        skip_serializing_if = "Option::is_none"
    )]
    pub note: Option<String>,
    /// Paths that differ from the previous version, for example `settings.apiKey`; includes changed secrets.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub paths: Vec<String>,
    /// User who saved, if known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_id: Option<Uuid>,
}

/// Version of a connection.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Version {
    /// Connection at this version with masked secrets; a rollback keeps the stored ones.
    pub snapshot: Connection<MaskedSecret>,
    /// Description of the save.
    pub change: VersionChange,
}

impl Version {
    /// Version number, from 1.
    pub const fn number(&self) -> u64 {
        self.snapshot.item.version
    }
}

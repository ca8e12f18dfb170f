//! A version: what a connection was after a save, without its secrets.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{Connection, Mask};

/// What a save did, kept with the version it made.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Change {
    /// What the person who saved said about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// The paths that differ from the version before, for example `settings.apiKey`; secrets are compared before they are masked.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub paths: Vec<String>,
    /// Who saved, where that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_id: Option<Uuid>,
}

/// One version of a connection.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Version {
    /// The connection as it was; secrets are masked, so going back keeps the ones stored now.
    pub snapshot: Connection<Mask>,
    /// What the save did.
    pub change: Change,
}

impl Version {
    /// Its number, from 1.
    pub const fn number(&self) -> u64 {
        self.snapshot.item.version
    }
}

//! Connections: one type for the entity, the response body and the stored record.

pub mod alias;
pub mod command;
pub mod diff;
pub mod manifest;
pub mod draft;
pub mod endpoint;
pub mod error;
pub mod export;
pub mod outcome;
pub mod strict_json;
pub mod paste;
pub mod query;
pub mod secret;
pub mod key_flaw;
pub mod secret_input;
pub mod setting;
pub mod store;
pub mod test_report;
pub mod validate;
pub mod version;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

pub use command::{Command, Mode};
pub use diff::{ChangeType, Difference, RollbackResult, VersionComparison};
pub use draft::ConnectionDraft;
pub use error::{ConnectionError, DraftField, FieldError, FieldReason, ServerError, SiteError};
pub use outcome::{ChangePreview, Outcome};
pub use paste::provider_variables::{ProviderMatch, ProviderVariables, SetVariable};
pub use paste::{PasteKind, PasteResult, PastedConnection, PastedProfile};
pub use query::{IdOrAlias, ListCursor, ListQuery, Page, PageRequest};
pub use secret::{MaskedSecret, PlainSecret, SealedSecret};
pub use setting::{SettingValue, Settings};
pub use store::{ConnectionStore, StoreError};
pub use test_report::{Model, TestProgress, TestReport, TestStage, TestStep, TestSubject};
pub use version::{Version, VersionChange};

/// Connection in a list: everything but its settings, plus its endpoint.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ConnectionItem {
    /// ID, assigned by the service; never changes.
    pub id: Uuid,
    /// Name for scripts; unique, case-insensitive.
    pub alias: String,
    /// Display name.
    pub name: String,
    /// Provider ID in the spelling of the catalog.
    pub provider_id: String,
    /// `true` if Active.
    pub is_active: bool,
    /// Creation date.
    pub date_created: DateTime<Utc>,
    /// Date of the last save; never earlier than that of the previous version.
    pub date_modified: DateTime<Utc>,
    /// Version number: 1 after the create, incremented by each save.
    pub version: u64,
    /// Date of deletion, in the trash only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub date_deleted: Option<DateTime<Utc>>,
    /// Endpoint from the settings; in lists and the change feed only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub endpoint: Option<String>,
}

impl ConnectionItem {
    /// Returns whether the connection is in the trash.
    pub const fn is_deleted(&self) -> bool {
        self.date_deleted.is_some()
    }

    /// Refuses another version than the expected one.
    pub fn check_version(&self, expected: Option<u64>) -> Result<(), ConnectionError> {
        match expected.filter(|expected| *expected != self.version) {
            None => Ok(()),
            Some(expected) => Err(ConnectionError::VersionConflict {
                expected,
                found: self.version,
            }),
        }
    }
}

/// Connection whose secrets have the type `S`: [`MaskedSecret`] above the service, [`PlainSecret`] inside it, [`SealedSecret`] at rest.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Connection<S = MaskedSecret> {
    /// Everything but the settings.
    #[serde(flatten)]
    pub item: ConnectionItem,
    /// Settings; none if the connection was created without any.
    pub settings: Option<Settings<S>>,
}

impl<S> Connection<S> {
    /// Returns the item for lists.
    pub fn listed(&self) -> ConnectionItem {
        ConnectionItem {
            endpoint: self.settings.as_ref().and_then(endpoint::from_settings),
            ..self.item.clone()
        }
    }

    /// Converts every secret with `convert`, which receives the key of the setting.
    pub fn try_map<T, E>(
        self,
        mut convert: impl FnMut(&str, S) -> Result<T, E>,
    ) -> Result<Connection<T>, E> {
        let settings = match self.settings {
            Some(settings) => Some(settings.try_map(&mut convert)?),
            None => None,
        };
        Ok(Connection {
            item: self.item,
            settings,
        })
    }
}

impl Connection<PlainSecret> {
    /// Returns the connection with every secret masked.
    pub fn masked(&self) -> Connection<MaskedSecret> {
        Connection {
            item: self.item.clone(),
            settings: self.settings.as_ref().map(Settings::masked),
        }
    }
}

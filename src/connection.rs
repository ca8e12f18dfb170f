//! A connection: the entity, the response body and the stored record in one shape.

pub mod alias;
pub mod check;
pub mod comparison;
pub mod document;
pub mod draft;
pub mod endpoint;
pub mod error;
pub mod export;
pub mod features;
pub mod json;
pub mod paste;
pub mod proposal;
pub mod query;
pub mod read_only;
pub mod secret;
pub mod secret_input;
pub mod service;
pub mod setting;
pub mod store;
pub mod test_report;
pub mod validate;
pub mod version;
pub mod core_service;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

pub use comparison::{ChangeType, Comparison, Difference, Rollback};
pub use core_service::{Clock, CoreService};
pub use draft::ConnectionDraft;
pub use error::{ConnectionError, Field, FieldError, Reason, ServerError};
pub use features::ServiceFeatures;
pub use paste::environment::{Environment, Offer, Variable};
pub use paste::{PasteKind, PasteResult, PastedConnection, PastedProfile};
pub use proposal::{Foreseen, Proposal};
pub use query::{IdOrAlias, Page, Query, Window};
pub use read_only::ReadOnlyService;
pub use secret::{Mask, Plain, Sealed};
pub use service::ConnectionService;
pub use setting::{Setting, Settings};
pub use store::{ConnectionStore, StoreError};
pub use test_report::{Model, TestReport, TestStage, TestStep, TestSubject};
pub use version::{Change, Version};

/// What lists show of a connection: everything but its settings, of which they show where it calls.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ConnectionItem {
    /// The identity, given by the service and never changed.
    pub id: Uuid,
    /// The name scripts use; unique without regard to case.
    pub alias: String,
    /// The name people see.
    pub name: String,
    /// The provider, as the catalogue spells it.
    pub provider_id: String,
    /// Whether it may be used.
    pub is_active: bool,
    /// When it was created.
    pub date_created: DateTime<Utc>,
    /// When it was last saved; never before the save it follows.
    pub date_modified: DateTime<Utc>,
    /// 1 after the create, one more after each save.
    pub version: u64,
    /// When it went to the trash; none while it is in use.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub date_deleted: Option<DateTime<Utc>>,
    /// Where it calls, as its settings say; only lists and the feed say it, since elsewhere the settings are there themselves.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub endpoint: Option<String>,
}

impl ConnectionItem {
    /// Whether it is in the trash.
    pub const fn is_deleted(&self) -> bool {
        self.date_deleted.is_some()
    }
}

/// A connection whose secrets are in the state `S`: [`Mask`] above the service, [`Plain`] inside it, [`Sealed`] at rest.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Connection<S = Mask> {
    /// Everything but the settings.
    #[serde(flatten)]
    pub item: ConnectionItem,
    /// The provider's values; none when it was created without any.
    pub settings: Option<Settings<S>>,
}

impl<S> Connection<S> {
    /// What lists show of it.
    pub fn listed(&self) -> ConnectionItem {
        ConnectionItem {
            endpoint: self.settings.as_ref().and_then(endpoint::of),
            ..self.item.clone()
        }
    }

    /// The same connection with every secret taken through `turn`, which is told the setting's key.
    pub fn try_map<T, E>(
        self,
        mut turn: impl FnMut(&str, S) -> Result<T, E>,
    ) -> Result<Connection<T>, E> {
        let settings = match self.settings {
            Some(settings) => Some(settings.try_map(&mut turn)?),
            None => None,
        };
        Ok(Connection {
            item: self.item,
            settings,
        })
    }
}

impl Connection<Plain> {
    /// What may leave the service: every secret masked.
    pub fn masked(&self) -> Connection<Mask> {
        Connection {
            item: self.item.clone(),
            settings: self.settings.as_ref().map(Settings::masked),
        }
    }
}

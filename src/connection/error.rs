//! Everything that can be wrong with a request, with the sentence in it.

mod reason;

use serde::{Deserialize, Serialize};

use super::IdOrAlias;
use super::store::StoreError;
use super::test_report::TestReport;

pub use reason::Reason;

/// Why a request was not carried out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum ConnectionError {
    /// The content is refused; every field that is wrong, in the order of the request, at least one.
    #[error("{}", sentence(.0))]
    Invalid(Vec<FieldError>),
    /// The text is no connection at all: not JSON, not an object, too deep.
    #[error("{0}")]
    Malformed(String),
    /// There is no such connection.
    #[error("Connection '{0}' not found")]
    NotFound(IdOrAlias),
    /// There is no such version.
    #[error("Version {0} not found")]
    VersionNotFound(u64),
    /// Someone else saved meanwhile.
    #[error(
        "The connection was changed meanwhile: it is at version {found}, this change was made over version {expected}. Read it again"
    )]
    VersionMoved {
        /// The version the change was made over.
        expected: u64,
        /// The version it is at.
        found: u64,
    },
    /// The store could not do it.
    #[error(transparent)]
    Store(StoreError),
    /// The provider did not answer what it was asked; the report says how far it came.
    #[error("{}", .0.error_message.as_deref().unwrap_or("The provider gave no answer"))]
    Provider(Box<TestReport>),
    /// The server could not be asked, or it refused for a reason of its own.
    #[error(transparent)]
    Server(ServerError),
    /// Nothing can be changed where this was asked for; says why.
    #[error("Nothing was changed: {0}")]
    ReadOnly(String),
}

/// What can be wrong between here and a server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum ServerError {
    /// Nobody answers there, or the answer broke off.
    #[error("The server {server} cannot be reached: {why}")]
    Unreachable {
        /// Its address.
        server: String,
        /// What is known.
        why: String,
    },
    /// No token, or one that is wrong, revoked or expired.
    #[error(
        "The server does not know who asks: give a valid token in UMAI_TOKEN or with --token-file"
    )]
    SignIn,
    /// The token may read and not write, or the like; the server's words.
    #[error("{0}")]
    Forbidden(String),
    /// What answers there is not the management API.
    #[error("What {server} answers is not what the management API answers; check the address")]
    Foreign {
        /// Its address.
        server: String,
    },
    /// Another refusal, in the server's words.
    #[error("{words}")]
    Refused {
        /// The HTTP status.
        status: u16,
        /// What it said, or what the status means.
        words: String,
    },
}

/// What the first error says; the others ride along.
fn sentence(errors: &[FieldError]) -> String {
    errors.first().map(ToString::to_string).unwrap_or_default()
}

impl ConnectionError {
    /// One field, one reason.
    pub fn at(field: Field, reason: Reason) -> Self {
        Self::Invalid(vec![FieldError { field, reason }])
    }

    /// The errors that stand at a field.
    pub fn fields(&self) -> &[FieldError] {
        match self {
            Self::Invalid(errors) => errors,
            Self::Malformed(_)
            | Self::NotFound(_)
            | Self::VersionNotFound(_)
            | Self::VersionMoved { .. }
            | Self::Store(_)
            | Self::Provider(_)
            | Self::Server(_)
            | Self::ReadOnly(_) => &[],
        }
    }
}

impl From<ServerError> for ConnectionError {
    fn from(error: ServerError) -> Self {
        Self::Server(error)
    }
}

impl From<StoreError> for ConnectionError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::AliasTaken { alias, by } => {
                Self::at(Field::Alias, Reason::AliasTaken { alias, by: by.name })
            }
            StoreError::NotFound(id) => Self::NotFound(IdOrAlias::Id(id)),
            StoreError::VersionMoved { expected, found } => Self::VersionMoved { expected, found },
            StoreError::IdTaken(_)
            | StoreError::FeedTooOld(_)
            | StoreError::Held { .. }
            | StoreError::ReadOnly(_)
            | StoreError::Damaged { .. }
            | StoreError::Key(_)
            | StoreError::Unusable(_) => Self::Store(error),
        }
    }
}

/// A place in a draft.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum Field {
    /// The alias.
    Alias,
    /// The name.
    Name,
    /// The provider.
    ProviderId,
    /// The status.
    IsActive,
    /// The settings as a whole.
    Settings,
    /// One setting of a provider.
    Setting {
        /// The provider's id.
        provider: String,
        /// The key in `settings`.
        key: String,
        /// What people call it.
        label: String,
    },
}

impl Field {
    /// The member's path in a request: `alias`, `settings.apiKey`.
    pub fn path(&self) -> String {
        match self {
            Self::Alias => "alias".into(),
            Self::Name => "name".into(),
            Self::ProviderId => "providerId".into(),
            Self::IsActive => "isActive".into(),
            Self::Settings => "settings".into(),
            Self::Setting { key, .. } => format!("settings.{key}"),
        }
    }

    /// Where it stands in a request; settings keep the order they were found in.
    pub const fn place(&self) -> u8 {
        match self {
            Self::Alias => 0,
            Self::Name => 1,
            Self::ProviderId => 2,
            Self::IsActive => 3,
            Self::Settings => 4,
            Self::Setting { .. } => 5,
        }
    }

    /// The setting's key, when it is one.
    pub fn setting_key(&self) -> Option<&str> {
        match self {
            Self::Setting { key, .. } => Some(key),
            Self::Alias | Self::Name | Self::ProviderId | Self::IsActive | Self::Settings => None,
        }
    }

    /// What sentences call it.
    fn label(&self) -> &str {
        match self {
            Self::Alias => "Alias",
            Self::Name => "Name",
            Self::ProviderId => "ProviderId",
            Self::IsActive => "IsActive",
            Self::Settings => "Settings",
            Self::Setting { label, .. } => label,
        }
    }
}

/// One field that is refused, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FieldError {
    /// Where.
    pub field: Field,
    /// Why.
    pub reason: Reason,
}

impl std::fmt::Display for FieldError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let said = self.reason.about(self.field.label());
        match (&self.field, &self.reason) {
            (
                _,
                Reason::ReferenceMissing { .. } | Reason::ReferenceRefused { .. } | Reason::Said(_),
            ) => f.write_str(&said),
            (Field::Setting { provider, .. }, _) => {
                write!(f, "Invalid settings for provider '{provider}': {said}")
            }
            _ => f.write_str(&said),
        }
    }
}

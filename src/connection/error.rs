//! Errors of requests, with their messages.

mod reason;
mod site;

use serde::{Deserialize, Serialize};

use super::IdOrAlias;
use super::store::StoreError;
use super::test_report::TestReport;

pub use reason::FieldReason;
pub use site::SiteError;

/// Error of a request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum ConnectionError {
    /// Invalid content: every invalid field, in the order of the request, at least one.
    #[error("{}", sentence(.0))]
    Invalid(Vec<FieldError>),
    /// Malformed body: not JSON, not an object, nested too deeply.
    #[error("{0}")]
    Malformed(String),
    /// Connection not found.
    #[error("Connection '{0}' not found")]
    NotFound(IdOrAlias),
    /// Version not found.
    #[error("Version {0} not found")]
    VersionNotFound(u64),
    /// The connection was saved by another client since it was read.
    #[error(
        "The connection was changed: it is at version {found}, this change is based on version {expected}. Reload it and try again"
    )]
    #[serde(rename = "versionMoved")]
    VersionConflict {
        /// Version that the change is based on.
        expected: u64,
        /// Current version.
        found: u64,
    },
    /// Error of the store.
    #[error(transparent)]
    Store(StoreError),
    /// The request to the provider failed; contains the report.
    #[error("{}", .0.error_message.as_deref().unwrap_or("The provider did not respond"))]
    Provider(Box<TestReport>),
    /// Error of a remote server, or of the connection to it.
    #[error(transparent)]
    Server(ServerError),
    /// The target is read-only; contains the reason.
    #[error("Nothing was changed: {0}")]
    ReadOnly(String),
}

/// Error of a remote server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum ServerError {
    /// No response, or an incomplete one.
    #[error("The server {server} cannot be reached: {why}")]
    Unreachable {
        /// URL of the server.
        server: String,
        /// Cause.
        why: String,
    },
    /// A change without a response, or whose response is an error of the server itself: it may have been saved.
    #[error(
        "The change may have been saved: check before you retry. {server} did not confirm it: {why}"
    )]
    Unconfirmed {
        /// URL of the server.
        server: String,
        /// Cause.
        why: String,
    },
    /// The change is saved, but the saved connection could not be read.
    #[error("The change is saved, but its result could not be read: {0}")]
    SavedUnread(String),
    /// The token is missing, unknown, revoked or expired.
    #[error(
        "Unauthorized: the token is missing, unknown, revoked or expired; set UMAI_TOKEN or --token-file"
    )]
    SignIn,
    /// The token lacks permission; contains the message of the server.
    #[error("{0}")]
    Forbidden(String),
    /// The response is not one of the management API.
    #[error("{server} did not return a response of the management API; check the URL")]
    #[serde(rename = "foreign")]
    NotTheApi {
        /// URL of the server.
        server: String,
    },
    /// An Umbraco site that cannot be used, or not by this API user.
    #[error(transparent)]
    Site(SiteError),
    /// Any other error response.
    #[error("{words}")]
    Refused {
        /// HTTP status.
        status: u16,
        /// Message of the server, or the meaning of the status.
        words: String,
    },
}

/// Message of the first error.
fn sentence(errors: &[FieldError]) -> String {
    errors.first().map(ToString::to_string).unwrap_or_default()
}

impl ConnectionError {
    /// Creates the error of one field.
    pub fn at(field: DraftField, reason: FieldReason) -> Self {
        Self::Invalid(vec![FieldError { field, reason }])
    }

    /// Returns true if a series of requests stops at this error, because the next one would fail for the same reason.
    pub const fn fails_next_request(&self) -> bool {
        match self {
            Self::Store(error) => {
                !matches!(error, StoreError::IdTaken(_) | StoreError::Damaged { .. })
            }
            Self::Server(ServerError::Refused { status, .. }) => {
                !matches!(*status, 400 | 409 | 412 | 413 | 422)
            }
            Self::Server(_) | Self::ReadOnly(_) => true,
            _ => false,
        }
    }

    /// Returns the errors of fields.
    pub fn fields(&self) -> &[FieldError] {
        match self {
            Self::Invalid(errors) => errors,
            _ => &[],
        }
    }
}

impl From<SiteError> for ServerError {
    fn from(error: SiteError) -> Self {
        Self::Site(error)
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
            StoreError::AliasTaken { alias, by } => Self::at(
                DraftField::Alias,
                FieldReason::AliasTaken { alias, by: by.name },
            ),
            StoreError::NotFound(id) => Self::NotFound(IdOrAlias::Id(id)),
            StoreError::VersionConflict { expected, found } => {
                Self::VersionConflict { expected, found }
            }
            _ => Self::Store(error),
        }
    }
}

/// Field of a draft.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum DraftField {
    /// Alias.
    Alias,
    /// Name.
    Name,
    /// Provider.
    ProviderId,
    /// Status.
    IsActive,
    /// Settings as a whole.
    Settings,
    /// One setting of a provider.
    Setting {
        /// Provider ID.
        provider: String,
        /// Key in `settings`.
        key: String,
        /// Display name.
        label: String,
    },
}

impl DraftField {
    /// Path of the member in a request: `alias`, `settings.apiKey`.
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

    /// Position in a request. All settings share one position.
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

    /// Returns the key of a setting.
    pub fn setting_key(&self) -> Option<&str> {
        match self {
            Self::Setting { key, .. } => Some(key),
            Self::Alias | Self::Name | Self::ProviderId | Self::IsActive | Self::Settings => None,
        }
    }

    /// Name in messages.
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

/// Invalid field with the reason.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FieldError {
    /// Field.
    pub field: DraftField,
    /// Reason.
    pub reason: FieldReason,
}

impl std::fmt::Display for FieldError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let message = self.reason.message_about(self.field.label());
        match (&self.field, &self.reason) {
            (
                _,
                FieldReason::ReferenceMissing { .. }
                | FieldReason::ReferenceRefused { .. }
                | FieldReason::Message(_),
            ) => f.write_str(&message),
            // A change does not name the provider, so it may be unknown here.
            (DraftField::Setting { provider, .. }, _) if !provider.is_empty() => {
                write!(f, "Invalid settings for provider '{provider}': {message}")
            }
            _ => f.write_str(&message),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn damaged_connection_does_not_stop_the_requests_for_others() {
        let damaged = StoreError::Damaged {
            id: uuid::Uuid::nil(),
            why: "checksum".into(),
        };
        assert!(!ConnectionError::Store(damaged).fails_next_request());
        let full = StoreError::Full("no space".into());
        assert!(ConnectionError::Store(full).fails_next_request());
    }
}

//! Everything that can be wrong with a request, with the sentence in it.

use super::IdOrAlias;
use super::store::StoreError;

/// Why a request was not carried out.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
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
            | Self::Store(_) => &[],
        }
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
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
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
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldError {
    /// Where.
    pub field: Field,
    /// Why.
    pub reason: Reason,
}

/// Why a field is refused. Nothing in it was sent as a secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reason {
    /// Missing, null, empty or blank.
    Required,
    /// More characters than this.
    TooLong(usize),
    /// Not `^[a-z0-9-]+$`.
    AliasFormat,
    /// A word of the API's own addresses, or shaped like an id.
    AliasReserved(String),
    /// Another connection has it.
    AliasTaken {
        /// The alias asked for.
        alias: String,
        /// The name of the connection that has it.
        by: String,
    },
    /// Control, bidi or nothing but invisible characters.
    Unprintable,
    /// Not the type it should be; says which that is.
    WrongType(&'static str),
    /// No such provider.
    UnknownProvider(String),
    /// An existing connection keeps its provider.
    ProviderFixed,
    /// The provider has no such setting; says which it has.
    UnknownSetting(Vec<String>),
    /// Given twice, under two of its keys.
    GivenTwice,
    /// Not an http or https address.
    NotAUrl,
    /// An address with a user name or password in it.
    UrlWithCredentials,
    /// Not one of these.
    NotAnOption(Vec<String>),
    /// Not `Name: value; Other-Name: value`.
    NotHeaders,
    /// A masked text where a secret is needed.
    Masked,
    /// Begins with `$` and is neither `$Section:Key` nor `$$…`.
    NotAReference,
    /// The referenced key has no value.
    ReferenceMissing {
        /// The key without its `$`.
        key: String,
        /// Where it was looked for.
        looked_in: Vec<String>,
    },
    /// The key may not be referenced.
    ReferenceRefused {
        /// The key without its `$`.
        key: String,
        /// The prefixes that may be.
        allowed: Vec<String>,
    },
    /// One of these settings must have a value; by label.
    OneOf(Vec<String>),
    /// The address leads elsewhere now, and the secret was given for the old one.
    EndpointMoved,
}

impl Reason {
    /// What stands under the field in the form.
    pub fn at_field(&self) -> String {
        match self {
            Self::Required => "This field is required".into(),
            Self::TooLong(most) => format!("Must not exceed {most} characters"),
            Self::AliasTaken { by, .. } => {
                format!("An item with this alias already exists (\"{by}\")")
            }
            other => other.about("This field"),
        }
    }

    /// The sentence, about a field that is called `label`.
    fn about(&self, label: &str) -> String {
        match self {
            Self::Required => format!("{label} is required"),
            Self::TooLong(most) => format!("{label} must not exceed {most} characters"),
            Self::AliasFormat => {
                "Alias can only contain lowercase letters, numbers, and hyphens".into()
            }
            Self::AliasReserved(alias) => {
                format!(
                    "Alias '{alias}' is reserved: it would be taken for an address or an ID; choose another"
                )
            }
            Self::AliasTaken { alias, .. } => {
                format!("A connection with alias '{alias}' already exists")
            }
            Self::Unprintable => {
                format!(
                    "{label} must be one line of visible text, without control or direction characters"
                )
            }
            Self::WrongType(expected) => format!("{label} must be {expected}"),
            Self::UnknownProvider(id) => format!("Provider '{id}' not found"),
            Self::ProviderFixed => {
                "The provider of a connection cannot be changed; create another connection".into()
            }
            Self::UnknownSetting(known) if known.is_empty() => {
                format!("there is no setting '{label}'; this provider has none")
            }
            Self::UnknownSetting(known) => {
                format!("there is no setting '{label}'; it has {}", known.join(", "))
            }
            Self::GivenTwice => format!("{label} is given twice"),
            Self::NotAUrl => {
                format!("{label} must be an address that begins with http:// or https://")
            }
            Self::UrlWithCredentials => {
                format!("{label} must not carry a user name or password")
            }
            Self::NotAnOption(options) => format!("{label} must be one of {}", options.join(", ")),
            Self::NotHeaders => {
                format!("{label} must be headers such as Name: value; Other-Name: value")
            }
            Self::Masked => {
                format!("{label} is a masked text, not a key; give the key itself")
            }
            Self::NotAReference => {
                format!(
                    "{label} begins with $ but is not a reference such as $Section:Key; write $$ for a text that begins with $"
                )
            }
            Self::ReferenceMissing { key, looked_in } if looked_in.is_empty() => {
                format!("Configuration key '{key}' not found")
            }
            Self::ReferenceMissing { key, looked_in } => {
                format!(
                    "Configuration key '{key}' not found (looked in {})",
                    looked_in.join(", ")
                )
            }
            Self::ReferenceRefused { key, allowed } if allowed.is_empty() => {
                format!("Configuration key '{key}' may not be referenced")
            }
            Self::ReferenceRefused { key, allowed } => {
                format!(
                    "Configuration key '{key}' may not be referenced; allowed are keys under {}",
                    allowed.join(", ")
                )
            }
            Self::OneOf(labels) => format!("one of {} is required", labels.join(", ")),
            Self::EndpointMoved => {
                format!("{label} was given for another address; type it again for the new one")
            }
        }
    }
}

impl std::fmt::Display for FieldError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let said = self.reason.about(self.field.label());
        match (&self.field, &self.reason) {
            (_, Reason::ReferenceMissing { .. } | Reason::ReferenceRefused { .. }) => {
                f.write_str(&said)
            }
            (Field::Setting { provider, .. }, _) => {
                write!(f, "Invalid settings for provider '{provider}': {said}")
            }
            _ => f.write_str(&said),
        }
    }
}

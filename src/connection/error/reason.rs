//! Reasons for invalid fields, with their messages in the form and in the API.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use crate::connection::key_flaw::KeyFlaw;

/// Reason for an invalid field, without secrets.
///
/// Serialized as `{"code":"tooLong","of":255}` with a stable code.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(
    tag = "code",
    content = "of",
    rename_all = "camelCase",
    rename_all_fields = "camelCase"
)]
pub enum FieldReason {
    /// Missing, null, empty or blank.
    Required,
    /// Longer than this number of characters.
    TooLong(usize),
    /// Not `^[a-z0-9-]+$`.
    AliasFormat,
    /// Reserved for API routes, or formatted like an ID.
    AliasReserved(String),
    /// Used by another connection.
    AliasTaken {
        /// Requested alias.
        alias: String,
        /// Name of the connection that uses it.
        by: String,
    },
    /// Control or bidirectional characters, or only invisible ones.
    Unprintable,
    /// API key in a visible field.
    LooksLikeKey,
    /// Wrong type; contains the expected one.
    WrongType(Cow<'static, str>),
    /// Unknown provider.
    UnknownProvider(String),
    /// The provider of an existing connection cannot change.
    ProviderFixed,
    /// Unknown setting; contains the known ones.
    UnknownSetting(Vec<String>),
    /// Set twice, under two of its keys.
    #[serde(rename = "givenTwice")]
    DuplicateKey,
    /// Not an http or https URL.
    NotAUrl,
    /// URL with a user name or password.
    UrlWithCredentials,
    /// Not one of these options.
    NotAnOption(Vec<String>),
    /// Not `Name: value; Other-Name: value`.
    NotHeaders,
    /// Header that only the HTTP client may set.
    ClientHeader(String),
    /// Mask instead of a secret.
    Masked,
    /// Not a key alone: encrypted, in quotes, behind `Bearer ` or `NAME=`, or with an invisible character inside.
    NotAKey(KeyFlaw),
    /// Begins with `$` and is neither `$Section:Key` nor `$$…`.
    NotAReference,
    /// The referenced key has no value.
    ReferenceMissing {
        /// The key without its `$`.
        key: String,
        /// Searched sources.
        looked_in: Vec<String>,
    },
    /// Reference refused by the allow-list.
    ReferenceRefused {
        /// The key without its `$`.
        key: String,
        /// Allowed prefixes.
        allowed: Vec<String>,
    },
    /// Labels of settings of which one is required.
    OneOf(Vec<String>),
    /// The endpoint changed to another origin, and the secret belongs to the old one.
    #[serde(rename = "endpointMoved")]
    EndpointChanged,
    /// Any other reason, as a sentence of umai or of a third-party server.
    #[serde(rename = "said")]
    Message(String),
}

impl FieldReason {
    /// Message below the field in the form.
    pub fn at_field(&self) -> String {
        match self {
            Self::Required => "This field is required".into(),
            Self::TooLong(most) => format!("Must not exceed {most} characters"),
            Self::AliasTaken { by, .. } => {
                format!("A connection with this alias already exists (\"{by}\")")
            }
            Self::LooksLikeKey => {
                "This looks like an API key; enter keys in the secret field".into()
            }
            other => other.message_about("This field"),
        }
    }

    /// Message about the field `label`.
    #[expect(clippy::too_many_lines, reason = "one message for each reason")]
    pub(super) fn message_about(&self, label: &str) -> String {
        match self {
            Self::Required => format!("{label} is required"),
            Self::TooLong(most) => format!("{label} must not exceed {most} characters"),
            Self::AliasFormat => {
                "Alias can only contain lowercase letters, numbers, and hyphens".into()
            }
            Self::AliasReserved(alias) => {
                format!(
                    "Alias '{alias}' is reserved: it is part of a URL path or looks like an ID; choose another"
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
            Self::LooksLikeKey => {
                format!(
                    "{label} looks like an API key and is visible to everyone; choose another and enter the key as a secret setting"
                )
            }
            Self::WrongType(expected) => format!("{label} must be {expected}"),
            Self::UnknownProvider(id) => format!("Provider '{id}' not found"),
            Self::ProviderFixed => {
                "The provider of a connection cannot be changed; create another connection".into()
            }
            Self::UnknownSetting(known) if known.is_empty() => {
                format!("unknown setting '{label}'; this provider has no settings")
            }
            Self::UnknownSetting(known) => {
                format!(
                    "unknown setting '{label}'; known settings: {}",
                    known.join(", ")
                )
            }
            Self::DuplicateKey => format!("{label} is given twice"),
            Self::NotAUrl => {
                format!("{label} must be a URL that begins with http:// or https://")
            }
            Self::UrlWithCredentials => {
                format!("{label} must not contain a user name or password")
            }
            Self::NotAnOption(options) => format!("{label} must be one of {}", options.join(", ")),
            Self::NotHeaders => {
                format!("{label} must be headers such as Name: value; Other-Name: value")
            }
            Self::ClientHeader(name) => {
                format!("{label} must not contain {name}: umai sets this header")
            }
            Self::Masked => {
                format!("{label} is a masked value, not a key; enter the key itself")
            }
            Self::NotAKey(flaw) => format!("{label} {flaw}: {}", flaw.advice()),
            Self::NotAReference => {
                format!(
                    "{label} begins with $ but is not a reference such as $Section:Key; write $$ for a value that begins with $"
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
                    "Configuration key '{key}' may not be referenced; allowed prefixes: {}",
                    allowed.join(", ")
                )
            }
            Self::OneOf(labels) => format!("one of {} is required", labels.join(", ")),
            Self::EndpointChanged => {
                format!("{label} must be entered again because the endpoint changed")
            }
            Self::Message(words) => words.clone(),
        }
    }
}

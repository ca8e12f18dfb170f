//! Why a field is refused, in the words of the form and of the API.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use crate::connection::secret_input::KeyFlaw;

/// Why a field is refused. Nothing in it was sent as a secret.
///
/// It travels as `{"code":"tooLong","of":255}`; the code is the stable word of the API.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(
    tag = "code",
    content = "of",
    rename_all = "camelCase",
    rename_all_fields = "camelCase"
)]
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
    /// An API key in a place that everyone sees.
    LooksLikeKey,
    /// Not the type it should be; says which that is.
    WrongType(Cow<'static, str>),
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
    /// A header that only the HTTP client may set; names it.
    ClientHeader(String),
    /// A masked text where a secret is needed.
    Masked,
    /// Not a key alone: encrypted, in quotes, behind `Bearer ` or `NAME=`, or with an invisible character inside.
    NotAKey(KeyFlaw),
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
    /// Something else, in the words of a server of another making.
    Said(String),
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
            Self::LooksLikeKey => {
                "This looks like an API key; keys belong into the secret field".into()
            }
            other => other.about("This field"),
        }
    }

    /// The sentence, about a field that is called `label`.
    pub(super) fn about(&self, label: &str) -> String {
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
            Self::LooksLikeKey => {
                format!(
                    "{label} looks like an API key and is shown to everyone; choose another and give the key as a secret setting"
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
            Self::ClientHeader(name) => {
                format!(
                    "{label} must not contain {name}: umai sets the headers that frame a request itself"
                )
            }
            Self::Masked => {
                format!("{label} is a masked text, not a key; give the key itself")
            }
            Self::NotAKey(flaw) => format!("{label} {flaw}: {}", flaw.advice()),
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
            Self::Said(words) => words.clone(),
        }
    }
}

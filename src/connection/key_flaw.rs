//! Reasons why a text cannot be a key.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Text around a key that is not part of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum SurroundingText {
    /// White space at its ends.
    WhiteSpace,
    /// Zero-width and similar characters at its ends.
    Invisible,
    /// A pair of quotes.
    Quotes,
    /// Text before it, such as `Bearer ` or `OPENAI_API_KEY=`. Unknown names are written as `NAME=`, because they may be
    /// part of a secret.
    Prefix(String),
}

/// A reason why a text cannot be a key. It never contains the text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum KeyFlaw {
    /// Quotes around the key, or text before it.
    Surrounded(SurroundingText),
    /// Encrypted by an Umbraco site.
    Encrypted,
    /// A mask that was copied from a display of the key.
    Mask,
    /// An invisible character inside, as `U+200B`.
    Invisible(String),
}

impl KeyFlaw {
    /// Advice for the user.
    pub const fn advice(&self) -> &'static str {
        match self {
            Self::Surrounded(_) => "send the key alone",
            Self::Encrypted | Self::Mask => "enter the key itself",
            Self::Invisible(_) => "copy the key again without it",
        }
    }
}

/// Predicate of a message: "is in quotes".
impl fmt::Display for KeyFlaw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Surrounded(SurroundingText::Prefix(prefix)) => {
                write!(f, "begins with '{prefix}'")
            }
            Self::Surrounded(SurroundingText::Quotes) => f.write_str("is in quotes"),
            Self::Surrounded(SurroundingText::WhiteSpace) => {
                f.write_str("has white space around it")
            }
            Self::Surrounded(SurroundingText::Invisible) => {
                f.write_str("has invisible characters around it")
            }
            Self::Encrypted => f.write_str("is encrypted by Umbraco (ENC:…)"),
            Self::Mask => f.write_str("is a mask (***), not a key"),
            Self::Invisible(code_point) => {
                write!(f, "contains an invisible character ({code_point})")
            }
        }
    }
}

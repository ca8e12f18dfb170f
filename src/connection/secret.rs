//! Types of secrets: masked, plaintext, sealed.
//!
//! Each layer has its own type, so that a plaintext secret cannot be serialized and a sealed one cannot be mistaken for it.

use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Prefix of secrets that an Umbraco site encrypted with its own keys.
pub const ENCRYPTED: &str = "ENC:";

/// Mask that leaves the service instead of a secret; reveals nothing but a public prefix.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum MaskedSecret {
    /// Mask of a value that begins with `sk-`.
    OpenAiStyle,
    /// Mask of a text that an Umbraco site encrypted and can no longer decrypt. It is transferred like that of any other value.
    Undecryptable,
    /// Mask of any other value.
    #[default]
    Any,
}

impl MaskedSecret {
    /// Returns the mask of a value.
    pub fn new(plain: &str) -> Self {
        if plain.starts_with("sk-") {
            Self::OpenAiStyle
        } else if plain.starts_with(ENCRYPTED) {
            Self::Undecryptable
        } else {
            Self::Any
        }
    }

    /// Returns the displayed text.
    pub const fn text(self) -> &'static str {
        match self {
            Self::OpenAiStyle => "sk-***",
            Self::Undecryptable | Self::Any => "***",
        }
    }

    /// Returns the state of the secret for people; none for a secret that can be used.
    pub const fn remark(self) -> Option<&'static str> {
        match self {
            Self::Undecryptable => Some("cannot be decrypted by the site; enter it again"),
            Self::OpenAiStyle | Self::Any => None,
        }
    }

    /// Parses a displayed mask.
    pub fn read(text: &str) -> Option<Self> {
        match text {
            "sk-***" => Some(Self::OpenAiStyle),
            "***" => Some(Self::Any),
            _ => None,
        }
    }

    /// Returns whether a text is any mask (`sk-***`, `********`, `••••`) and therefore not a secret.
    pub fn is_mask(text: &str) -> bool {
        let body = text.strip_prefix("sk-").unwrap_or(text);
        let mut signs = body.chars();
        matches!(signs.next(), Some('*' | '•' | '●'))
            && signs.all(|character| matches!(character, '*' | '•' | '●'))
    }
}

impl Serialize for MaskedSecret {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.text())
    }
}

/// Plaintext secret in the service and in forms; wiped on drop, not serializable.
#[derive(Clone)]
pub struct PlainSecret(Option<SecretString>);

impl PlainSecret {
    /// Creates a secret; the caller wipes other copies.
    pub fn new(text: impl Into<String>) -> Self {
        Self(Some(SecretString::from(text.into())))
    }

    /// Stored secret that cannot be decrypted: it can be kept or replaced, not read.
    pub const fn unreadable() -> Self {
        Self(None)
    }

    /// Returns the text; none if the secret cannot be decrypted.
    pub fn expose(&self) -> Option<&str> {
        self.0.as_ref().map(ExposeSecret::expose_secret)
    }

    /// Returns the mask of the text.
    pub fn mask(&self) -> MaskedSecret {
        self.expose().map(MaskedSecret::new).unwrap_or_default()
    }
}

impl PartialEq for PlainSecret {
    fn eq(&self, other: &Self) -> bool {
        self.expose() == other.expose()
    }
}

impl std::fmt::Debug for PlainSecret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Plain(…)")
    }
}

/// Secret encrypted by `SealedStore`.
///
/// Serialized as `{"sealed":"…"}`. No other setting is an object, so that no input can be mistaken for a sealed secret.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SealedSecret {
    /// Base64 of nonce and ciphertext.
    pub sealed: String,
}

impl std::fmt::Debug for SealedSecret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Sealed(…)")
    }
}

impl<'de> Deserialize<'de> for MaskedSecret {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::read(&text).ok_or_else(|| serde::de::Error::custom("not a mask"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mask_reveals_public_prefix_only() {
        assert_eq!(MaskedSecret::new("sk-12345").text(), "sk-***");
        assert_eq!(
            MaskedSecret::new("sk-1").text(),
            MaskedSecret::new("sk-a-much-longer-one").text()
        );
        assert_eq!(MaskedSecret::new("AIza123").text(), "***");
    }

    #[test]
    fn masks_of_other_tools_are_recognized() {
        for text in ["***", "sk-***", "********", "sk-****", "••••••", "●●●"] {
            assert!(MaskedSecret::is_mask(text), "{text}");
        }
        for text in ["", "sk-", "sk-a***", "***a", "$A:B"] {
            assert!(!MaskedSecret::is_mask(text), "{text}");
        }
    }

    #[test]
    fn debug_never_shows_a_secret() {
        let shown = format!("{:?}", PlainSecret::new("sk-planted"));
        assert!(!shown.contains("planted"), "{shown}");
    }
}

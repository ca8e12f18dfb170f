//! Types of secrets: masked, plaintext, sealed.
//!
//! Each layer has its own type, so that a plaintext secret cannot be serialized and a sealed one cannot be mistaken for it.

use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Mask that leaves the service instead of a secret; reveals nothing but a public prefix.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Mask {
    /// Mask of a value that begins with `sk-`.
    Sk,
    /// Mask of any other value.
    #[default]
    Any,
}

impl Mask {
    /// Returns the mask of a value.
    pub fn of(plain: &str) -> Self {
        if plain.starts_with("sk-") {
            Self::Sk
        } else {
            Self::Any
        }
    }

    /// Returns the displayed text.
    pub const fn text(self) -> &'static str {
        match self {
            Self::Sk => "sk-***",
            Self::Any => "***",
        }
    }

    /// Parses a displayed mask.
    pub fn read(text: &str) -> Option<Self> {
        match text {
            "sk-***" => Some(Self::Sk),
            "***" => Some(Self::Any),
            _ => None,
        }
    }

    /// Returns whether a text is any mask (`sk-***`, `********`, `••••`) and therefore not a secret.
    pub fn is_mask(text: &str) -> bool {
        let body = text.strip_prefix("sk-").unwrap_or(text);
        let mut signs = body.chars();
        matches!(signs.next(), Some('*' | '•' | '●'))
            && signs.all(|sign| matches!(sign, '*' | '•' | '●'))
    }
}

impl Serialize for Mask {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.text())
    }
}

/// Plaintext secret in the service and in forms; wiped on drop, not serializable.
#[derive(Clone)]
pub struct Plain(Option<SecretString>);

impl Plain {
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
    pub fn mask(&self) -> Mask {
        self.expose().map(Mask::of).unwrap_or_default()
    }
}

impl PartialEq for Plain {
    fn eq(&self, other: &Self) -> bool {
        self.expose() == other.expose()
    }
}

impl std::fmt::Debug for Plain {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Plain(…)")
    }
}

/// Secret encrypted by `SealedStore`.
///
/// Serialized as `{"sealed":"…"}`. No other setting is an object, so that no input can be mistaken for a sealed secret.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sealed {
    /// Base64 of nonce and ciphertext.
    pub sealed: String,
}

impl std::fmt::Debug for Sealed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Sealed(…)")
    }
}

impl<'de> Deserialize<'de> for Mask {
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
        assert_eq!(Mask::of("sk-12345").text(), "sk-***");
        assert_eq!(
            Mask::of("sk-1").text(),
            Mask::of("sk-a-much-longer-one").text()
        );
        assert_eq!(Mask::of("AIza123").text(), "***");
    }

    #[test]
    fn masks_of_other_tools_are_recognized() {
        for text in ["***", "sk-***", "********", "sk-****", "••••••", "●●●"] {
            assert!(Mask::is_mask(text), "{text}");
        }
        for text in ["", "sk-", "sk-a***", "***a", "$A:B"] {
            assert!(!Mask::is_mask(text), "{text}");
        }
    }

    #[test]
    fn debug_never_shows_a_secret() {
        let shown = format!("{:?}", Plain::new("sk-planted"));
        assert!(!shown.contains("planted"), "{shown}");
    }
}

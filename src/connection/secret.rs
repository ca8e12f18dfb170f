//! The three states of a secret: masked, plain, sealed.
//!
//! Why: a secret goes in and never comes out. Each layer has its own type for it, so that a plain secret cannot be
//! serialized, and a sealed one cannot be taken for a plain one.

use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// What leaves the service instead of a secret; it says nothing of the value but a public prefix.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Mask {
    /// A value that begins with `sk-`.
    Sk,
    /// Any other value.
    #[default]
    Any,
}

impl Mask {
    /// The mask of a value.
    pub fn of(plain: &str) -> Self {
        if plain.starts_with("sk-") {
            Self::Sk
        } else {
            Self::Any
        }
    }

    /// The text shown.
    pub const fn text(self) -> &'static str {
        match self {
            Self::Sk => "sk-***",
            Self::Any => "***",
        }
    }

    /// The mask this text is, if it is one.
    pub fn read(text: &str) -> Option<Self> {
        match text {
            "sk-***" => Some(Self::Sk),
            "***" => Some(Self::Any),
            _ => None,
        }
    }

    /// Whether a text is somebody's mask (`sk-***`, `********`, `••••`) and so cannot be a secret.
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

/// A secret in clear: it lives inside the service and in forms, is wiped when dropped, and cannot be serialized.
#[derive(Clone)]
pub struct Plain(Option<SecretString>);

impl Plain {
    /// Takes the text over; the caller's copy is the caller's to wipe.
    pub fn new(text: impl Into<String>) -> Self {
        Self(Some(SecretString::from(text.into())))
    }

    /// A stored secret whose seal could not be opened: it can be kept as it is or replaced, not read.
    pub const fn unreadable() -> Self {
        Self(None)
    }

    /// The text; nothing when the stored secret could not be opened.
    pub fn expose(&self) -> Option<&str> {
        self.0.as_ref().map(ExposeSecret::expose_secret)
    }

    /// The mask of the text.
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

/// A secret at rest: what `SealedStore` made of it, as base64 of nonce and ciphertext.
///
/// In a record it is `{"sealed":"…"}`, an object that no setting in clear can be, so nothing that was typed reads as sealed.
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
    fn a_mask_says_nothing_of_the_value_but_its_public_prefix() {
        assert_eq!(Mask::of("sk-12345").text(), "sk-***");
        assert_eq!(
            Mask::of("sk-1").text(),
            Mask::of("sk-a-much-longer-one").text()
        );
        assert_eq!(Mask::of("AIza123").text(), "***");
    }

    #[test]
    fn masked_texts_are_known_whoever_masked_them() {
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

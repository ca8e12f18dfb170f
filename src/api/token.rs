//! Bearer tokens of the management API.

pub mod file;
pub mod cache;

use std::fmt::Write;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use sha2::{Digest as _, Sha256};
use subtle::{Choice, ConstantTimeEq};
use uuid::Uuid;
use zeroize::Zeroizing;

use crate::text::case_fold::nfc;
use crate::text::is_visible_text;

/// Prefix of every token, so that people and secret scanners recognize one.
pub const PREFIX: &str = "umai_";

/// Random part of a token, in bytes.
const RANDOM: usize = 32;

/// Maximum length of a token's name, in characters.
pub const MAX_NAME_LENGTH: usize = 100;

/// Permissions of a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum TokenScope {
    /// GET and HEAD.
    Read,
    /// Every method.
    Write,
}

/// Response header with the scope of the token, so that a client can hide what it cannot do.
pub const TOKEN_SCOPE: &str = "x-umai-token-scope";

impl TokenScope {
    /// Returns the name in the token file and on the command line.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Write => "write",
        }
    }
}

/// A stored token: everything except its text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct StoredToken {
    /// ID, independent of the name.
    pub id: Uuid,
    /// Name of the token, usually that of the machine that uses it: `laptop`.
    pub name: String,
    /// Permissions.
    pub scope: TokenScope,
    /// Expiry; none for a token that never expires. The member is required, so that a damaged file cannot extend a token.
    #[serde(deserialize_with = "Option::deserialize")]
    pub expires: Option<DateTime<Utc>>,
    /// Hash of the token's text.
    pub sha256: TokenDigest,
}

impl StoredToken {
    /// Creates a token and returns it with its text, which is not stored.
    pub fn generate(
        name: String,
        scope: TokenScope,
        expires: Option<DateTime<Utc>>,
    ) -> Result<(Self, Zeroizing<String>), TokenError> {
        let mut random = Zeroizing::new([0; RANDOM]);
        getrandom::fill(&mut *random).map_err(|error| {
            TokenError::Unusable(format!(
                "cannot read random numbers from the system: {error}"
            ))
        })?;
        let mut text = Zeroizing::new(String::with_capacity(PREFIX.len() + 2 * RANDOM));
        text.push_str(PREFIX);
        write_hex(&*random, &mut text);
        let token = Self {
            id: Uuid::now_v7(),
            name,
            scope,
            expires,
            sha256: TokenDigest::hash(&text),
        };
        Ok((token, text))
    }

    /// Returns whether the token has expired.
    pub fn is_expired(&self, now: DateTime<Utc>) -> bool {
        self.expires.is_some_and(|expires| expires <= now)
    }
}

/// SHA-256 of a token's text. A token has 256 random bits, so a slow hash is not needed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenDigest([u8; 32]);

impl TokenDigest {
    /// Hashes a text.
    pub fn hash(text: &str) -> Self {
        Self(Sha256::digest(text).into())
    }

    /// Compares two hashes in constant time.
    pub fn ct_eq(&self, other: &Self) -> Choice {
        self.0.ct_eq(&other.0)
    }
}

impl Serialize for TokenDigest {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut text = String::with_capacity(2 * self.0.len());
        write_hex(&self.0, &mut text);
        serializer.serialize_str(&text)
    }
}

impl<'de> Deserialize<'de> for TokenDigest {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let digits: Option<Vec<u32>> = text.chars().map(|digit| digit.to_digit(16)).collect();
        let bytes: Vec<u8> = digits
            .unwrap_or_default()
            .chunks_exact(2)
            .filter_map(|pair| u8::try_from(pair[0] * 16 + pair[1]).ok())
            .collect();
        match <[u8; 32]>::try_from(bytes) {
            Ok(bytes) if text.len() == 64 => Ok(Self(bytes)),
            _ => Err(serde::de::Error::custom("not a SHA-256 hash")),
        }
    }
}

/// Error of a token command or of the token file.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// The name is already used by another token.
    #[error("A token named '{0}' already exists; revoke it first or use another name")]
    NameTaken(String),
    /// The name is not valid.
    #[error(
        "A token name must have 1 to {MAX_NAME_LENGTH} printable characters and must not be an ID"
    )]
    NameFormat,
    /// No token has this ID or name.
    #[error("No token with ID or name '{0}'")]
    NotFound(String),
    /// The token file is damaged. Its content is not repeated, because it could be a token.
    #[error(
        "{path} is damaged at line {line}: all tokens are rejected, and nothing was changed. Restore the file from a copy, or delete it and create the tokens again"
    )]
    Damaged {
        /// Path of the file.
        path: String,
        /// Line number, from 1.
        line: usize,
    },
    /// The file cannot be read or written.
    #[error("{0}")]
    Unusable(String),
}

/// Checks a name: 1 to [`MAX_NAME_LENGTH`] visible characters, and not an ID.
pub fn check_name(name: &str) -> Result<(), TokenError> {
    let is_name = name.chars().count() <= MAX_NAME_LENGTH
        && is_visible_text(name)
        && !name.chars().any(crate::text::is_hidden)
        && name.trim() == name
        && Uuid::try_parse(name).is_err();
    if is_name {
        Ok(())
    } else {
        Err(TokenError::NameFormat)
    }
}

/// Returns the index of the token with this ID or name.
pub fn find_token(tokens: &[StoredToken], id_or_name: &str) -> Result<usize, TokenError> {
    let id = Uuid::try_parse(id_or_name).ok();
    let is_meant = |token: &StoredToken| match id {
        Some(id) => token.id == id,
        None => nfc(&token.name) == nfc(id_or_name),
    };
    let found = tokens.iter().position(is_meant);
    found.ok_or_else(|| TokenError::NotFound(id_or_name.to_owned()))
}

/// Returns a key for a name, equal for names that are not distinguished.
pub fn name_key(name: &str) -> String {
    let mut key = String::new();
    write_hex(&Sha256::digest(nfc(name).as_bytes()), &mut key);
    key
}

fn write_hex(bytes: &[u8], text: &mut String) {
    for byte in bytes {
        // Writing into a String cannot fail.
        let _ = write!(text, "{byte:02x}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn token_is_random_and_stored_as_hash() {
        let make = || StoredToken::generate("ci".into(), TokenScope::Read, None).unwrap();
        let (token, text) = make();
        assert_eq!(text.len(), PREFIX.len() + 64);
        assert!(text.starts_with("umai_"));
        assert_ne!(make().1, text);
        let kept = serde_json::to_string(&token).unwrap();
        assert!(!kept.contains(&text[PREFIX.len()..]));
        assert_eq!(serde_json::from_str::<StoredToken>(&kept).unwrap(), token);
        assert!(bool::from(token.sha256.ct_eq(&TokenDigest::hash(&text))));
        assert!(!bool::from(token.sha256.ct_eq(&TokenDigest::hash("umai_"))));
    }

    #[test]
    fn token_without_expiry_member_is_rejected() {
        let (token, _) = StoredToken::generate("ci".into(), TokenScope::Read, None).unwrap();
        let whole = serde_json::to_value(&token).unwrap();
        for (member, value) in [
            ("expires", None),
            ("expires", Some("tomorrow")),
            ("sha256", Some("ab")),
            ("scope", Some("admin")),
            ("more", Some("members")),
        ] {
            let mut broken = whole.clone();
            match value {
                None => drop(broken.as_object_mut().unwrap().remove(member)),
                Some(value) => broken[member] = value.into(),
            }
            assert!(
                serde_json::from_value::<StoredToken>(broken).is_err(),
                "{member}"
            );
        }
    }

    #[test]
    fn token_name_is_visible_and_not_an_id() {
        for name in ["ci", "Team B's laptop", "日本語", &"a".repeat(100)] {
            assert_eq!(check_name(name), Ok(()), "{name}");
        }
        for name in [
            "",
            " ",
            " ci",
            "a\u{1b}[2J",
            "a\u{200b}",
            "a\nb",
            &"a".repeat(101),
            "3fa85f64-5717-4562-b3fc-2c963f66afa6",
        ] {
            assert_eq!(check_name(name), Err(TokenError::NameFormat), "{name:?}");
        }
    }
}

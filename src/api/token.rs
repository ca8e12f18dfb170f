//! Bearer tokens: who may ask the management API, and for what.

pub mod book;
pub mod live;

use std::fmt::Write;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use sha2::{Digest as _, Sha256};
use subtle::{Choice, ConstantTimeEq};
use uuid::Uuid;
use zeroize::Zeroizing;

use crate::text::is_visible_text;

/// How every token begins, so that people and secret scanners know one when they see it.
pub const PREFIX: &str = "umai_";

/// The random bytes of a token.
const RANDOM: usize = 32;

/// The longest name.
pub const LONGEST_NAME: usize = 100;

/// What a token allows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Scope {
    /// Reading: GET and HEAD.
    Read,
    /// Everything.
    Write,
}

impl Scope {
    /// The word for it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Write => "write",
        }
    }
}

/// A token as it is kept: everything but its text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Token {
    /// Stays the same, whatever it is called.
    pub id: Uuid,
    /// Who or what has it.
    pub name: String,
    /// What it allows.
    pub scope: Scope,
    /// When it ends; never, when that was asked for. It has to be said: a file that lost it must not make tokens last.
    #[serde(deserialize_with = "Option::deserialize")]
    pub expires: Option<DateTime<Utc>>,
    /// What its text hashes to.
    pub sha256: Digest,
}

impl Token {
    /// A new one, and its text, which is nowhere else.
    pub fn make(
        name: String,
        scope: Scope,
        expires: Option<DateTime<Utc>>,
    ) -> Result<(Self, Zeroizing<String>), TokenError> {
        let mut random = Zeroizing::new([0; RANDOM]);
        getrandom::fill(&mut *random).map_err(|error| {
            TokenError::Unusable(format!("The system gives no random numbers: {error}"))
        })?;
        let mut text = Zeroizing::new(String::with_capacity(PREFIX.len() + 2 * RANDOM));
        text.push_str(PREFIX);
        write_hex(&*random, &mut text);
        let token = Self {
            id: Uuid::now_v7(),
            name,
            scope,
            expires,
            sha256: Digest::of(&text),
        };
        Ok((token, text))
    }

    /// Whether it is over.
    pub fn is_expired(&self, now: DateTime<Utc>) -> bool {
        self.expires.is_some_and(|expires| expires <= now)
    }
}

/// SHA-256 of a token's text. Guessing 256 random bits is hopeless: nothing slower is needed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Digest([u8; 32]);

impl Digest {
    /// Of a text.
    pub fn of(text: &str) -> Self {
        Self(Sha256::digest(text).into())
    }

    /// Whether two are the same, in the same time whether they are or not.
    pub fn is(&self, other: &Self) -> Choice {
        self.0.ct_eq(&other.0)
    }
}

impl Serialize for Digest {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut text = String::with_capacity(2 * self.0.len());
        write_hex(&self.0, &mut text);
        serializer.serialize_str(&text)
    }
}

impl<'de> Deserialize<'de> for Digest {
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
            _ => Err(serde::de::Error::custom("no SHA-256")),
        }
    }
}

/// Why a token cannot be made, found or used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// Names tell tokens apart.
    #[error("There is a token named '{0}' already; revoke it first, or choose another name")]
    NameTaken(String),
    /// Not every text is a name.
    #[error("The name of a token has 1 to {LONGEST_NAME} printable characters and is no ID")]
    NameFormat,
    /// There is no such token.
    #[error("There is no token with the ID or name '{0}'")]
    NotFound(String),
    /// The file is not as it was written. What stands there is not repeated: it could be a token.
    #[error(
        "{path} is damaged at line {line}, so nobody is let in by it and nothing was changed. \
         Put a good copy back; or delete it, and make the tokens anew"
    )]
    Damaged {
        /// The file.
        path: String,
        /// The line, from 1.
        line: usize,
    },
    /// The system refused something about the file.
    #[error("{0}")]
    Unusable(String),
}

/// The name, when it is one: not empty, not long, visible, and not to be taken for an ID.
pub fn check_name(name: &str) -> Result<(), TokenError> {
    let is_name = name.chars().count() <= LONGEST_NAME
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
    fn a_token_has_256_random_bits_and_only_their_hash_is_kept() {
        let make = || Token::make("ci".into(), Scope::Read, None).unwrap();
        let (token, text) = make();
        assert_eq!(text.len(), PREFIX.len() + 64);
        assert!(text.starts_with("umai_"));
        assert_ne!(make().1, text);
        let kept = serde_json::to_string(&token).unwrap();
        assert!(!kept.contains(&text[PREFIX.len()..]));
        assert_eq!(serde_json::from_str::<Token>(&kept).unwrap(), token);
        assert!(bool::from(token.sha256.is(&Digest::of(&text))));
        assert!(!bool::from(token.sha256.is(&Digest::of("umai_"))));
    }

    #[test]
    fn a_token_that_lost_its_end_is_no_token() {
        let (token, _) = Token::make("ci".into(), Scope::Read, None).unwrap();
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
            assert!(serde_json::from_value::<Token>(broken).is_err(), "{member}");
        }
    }

    #[test]
    fn a_name_can_be_read_and_is_no_id() {
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

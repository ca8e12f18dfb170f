//! The application settings that `$Section:Key` references resolve against.

use secrecy::SecretString;

/// A configuration reference: `$OpenAI:ApiKey`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Reference(String);

impl Reference {
    /// Reads `$Section:Key`; `$$…` is a literal and no reference, nor is any other text.
    pub fn read(text: &str) -> Option<Self> {
        let key = text.strip_prefix('$')?;
        let is_word = |word: &str| {
            !word.is_empty()
                && word
                    .bytes()
                    .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'-'))
        };
        key.split(':').all(is_word).then(|| Self(key.to_owned()))
    }

    /// The key without its `$`.
    pub fn key(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Display for Reference {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "${}", self.0)
    }
}

/// Whether a reference resolves; never the value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Lookup {
    /// It does.
    Found {
        /// Where, for example `environment variable OpenAI__ApiKey` or `appsettings.json`.
        source: String,
    },
    /// It does not.
    Missing {
        /// Everywhere it was looked for.
        looked_in: Vec<String>,
    },
    /// It may not be referenced.
    Refused {
        /// The prefixes that may be.
        allowed: Vec<String>,
    },
}

/// Where application settings are read from, afresh at each use.
#[derive(Debug, Clone, Default)]
pub struct AppSettings {}

impl AppSettings {
    /// Whether a reference resolves, and where.
    pub fn lookup(&self, reference: &Reference) -> Lookup {
        let _ = reference;
        Lookup::Missing { looked_in: vec![] }
    }

    /// The value of a reference, for the moment it is used; nothing when it does not resolve or may not be referenced.
    pub fn resolve(&self, reference: &Reference) -> Option<SecretString> {
        let _ = reference;
        None
    }
}

//! Reads manifests: connections in JSON or YAML, from an export or an Umbraco Deploy artifact.
//!
//! Unknown members and plaintext secrets are errors, because a misspelled member must not be ignored and a manifest is often
//! stored next to code.

mod artifact;
mod members;
mod secrets;
pub mod notation;

use std::path::PathBuf;

use super::export::{KIND, VERSION};
use super::json::Json;
use super::{ConnectionDraft, IdOrAlias};
use crate::provider::ProviderCatalog;

pub use notation::Notation;
pub use secrets::WAYS;

/// Connection of a manifest.
#[derive(Debug)]
pub struct Wanted {
    /// Position in the file, from 1.
    pub number: usize,
    /// Contents, without secrets from other sources.
    pub draft: ConnectionDraft,
    /// Settings whose secret comes from another source.
    pub elsewhere: Vec<(String, Elsewhere)>,
    /// Settings whose stored secret is kept.
    pub blank: Vec<Blank>,
}

impl Wanted {
    /// Lowercase alias.
    pub fn alias(&self) -> String {
        let alias = self.draft.alias.as_deref().unwrap_or_default();
        alias.trim().to_lowercase()
    }

    /// Key of the connection: its alias.
    pub fn key(&self) -> IdOrAlias {
        IdOrAlias::Alias(self.alias())
    }
}

/// Source of a secret outside of the manifest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Elsewhere {
    /// File, relative to the folder of the manifest.
    File(PathBuf),
    /// Standard input.
    Stdin,
}

/// Setting whose stored secret is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Blank {
    /// Key of the setting.
    pub key: String,
    /// `true` if a stored secret is required.
    pub is_needed: bool,
}

/// Error in a manifest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Flaw {
    /// Number of the connection, from 1; none for an error of the whole manifest.
    pub number: Option<usize>,
    /// Alias of the connection, if it has one.
    pub alias: Option<String>,
    /// Path of the field: `settings.apiKey`.
    pub field: Option<String>,
    /// Message.
    pub why: String,
}

impl Flaw {
    fn whole(why: impl Into<String>) -> Self {
        Self {
            number: None,
            alias: None,
            field: None,
            why: why.into(),
        }
    }
}

impl std::fmt::Display for Flaw {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if let Some(number) = self.number {
            write!(f, "connection {number}")?;
            if let Some(alias) = &self.alias {
                write!(f, " ({alias})")?;
            }
            write!(f, ": ")?;
        }
        if let Some(field) = &self.field {
            write!(f, "{field}: ")?;
        }
        f.write_str(&self.why)
    }
}

/// Contents of a file.
#[derive(Debug, Default)]
pub struct Read {
    /// Connections, in their order.
    pub wanted: Vec<Wanted>,
    /// All errors.
    pub flaws: Vec<Flaw>,
    /// Number of artifacts of other entities.
    pub others: usize,
}

/// Reads one or several manifests, a list of connections, or a single connection.
pub fn read(text: &str, notation: Notation, catalog: &ProviderCatalog) -> Read {
    let mut read = Read::default();
    let values = match notation.values(text) {
        Ok(values) => values,
        Err(why) => {
            read.flaws.push(Flaw::whole(why));
            return read;
        }
    };
    if values.is_empty() {
        read.flaws.push(Flaw::whole("empty document"));
    }
    for value in values {
        read.take(value, catalog);
    }
    read
}

/// Members of a manifest.
const MEMBERS: [&str; 3] = ["kind", "version", "connections"];

impl Read {
    fn take(&mut self, value: Json, catalog: &ProviderCatalog) {
        match value {
            Json::List(values) => self.take_each(values, catalog),
            Json::Object(members) if artifact::is_artifact(&members) => {
                match artifact::read(members) {
                    artifact::Artifact::Connection(members) => {
                        self.take_one(members, true, catalog);
                    }
                    artifact::Artifact::Other => self.others += 1,
                }
            }
            Json::Object(members) if members.iter().any(|(name, _)| name == "connections") => {
                self.take_document(members, catalog);
            }
            Json::Object(members) if members.iter().any(|(name, _)| name == "alias") => {
                self.take_one(members, false, catalog);
            }
            Json::Object(_) => self.flaws.push(Flaw::whole(
                "expected 'connections' or, for a single connection, 'alias'",
            )),
            Json::Null | Json::Switch(_) | Json::Number(_) | Json::Text(_) => self
                .flaws
                .push(Flaw::whole("expected an object with 'connections'")),
        }
    }

    fn take_document(&mut self, members: Vec<(String, Json)>, catalog: &ProviderCatalog) {
        let flaws = self.flaws.len();
        let mut connections = Vec::new();
        for (name, value) in members {
            match (name.as_str(), value) {
                ("kind", Json::Text(kind)) if kind == KIND => {}
                ("kind", _) => self.refuse(format!("kind must be {KIND}")),
                ("version", Json::Number(version)) if version.as_u64() == Some(VERSION.into()) => {}
                ("version", Json::Number(version)) if version.as_u64() > Some(VERSION.into()) => {
                    self.refuse("unsupported version; update umai to read this document".into());
                }
                ("version", _) => self.refuse(format!("version must be {VERSION}")),
                ("connections", Json::List(values)) => connections = values,
                ("connections", Json::Null) => {
                    self.refuse("connections has no value; write [] for an empty list".into());
                }
                ("connections", _) => self.refuse("connections must be a list".into()),
                (name, _) => self.refuse(members::unknown(name, &MEMBERS, "a document")),
            }
        }
        if self.flaws.len() == flaws {
            self.take_each(connections, catalog);
        }
    }

    fn refuse(&mut self, why: String) {
        self.flaws.push(Flaw::whole(why));
    }

    fn take_each(&mut self, values: Vec<Json>, catalog: &ProviderCatalog) {
        for value in values {
            match value {
                Json::Object(members) => self.take_one(members, false, catalog),
                Json::Null | Json::Switch(_) | Json::Number(_) | Json::Text(_) | Json::List(_) => {
                    let number = Some(self.next());
                    self.flaws.push(Flaw {
                        number,
                        ..Flaw::whole("expected an object with 'alias', 'name' and 'providerId'")
                    });
                }
            }
        }
    }

    fn next(&self) -> usize {
        let refused = self.flaws.iter().filter_map(|flaw| flaw.number).max();
        let taken = self.wanted.last().map(|wanted| wanted.number);
        refused.max(taken).unwrap_or_default() + 1
    }

    fn take_one(
        &mut self,
        members: Vec<(String, Json)>,
        is_artifact: bool,
        catalog: &ProviderCatalog,
    ) {
        let number = self.next();
        match members::wanted(number, members, is_artifact, catalog) {
            Ok(wanted) => self.wanted.push(wanted),
            Err(flaws) => self.flaws.extend(flaws),
        }
    }
}

#[cfg(test)]
mod tests;

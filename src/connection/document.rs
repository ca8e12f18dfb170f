//! Reads documents: which connections there should be, in JSON or YAML, as an export or as an artifact of Umbraco Deploy.
//!
//! Why strict: what is applied to many connections at once must not pass over a member that is spelt wrong, and no secret
//! belongs into a file that is kept beside code. So an unknown member and a secret in clear are refused, each with its place.

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

/// A connection that should be, as a document says it.
#[derive(Debug)]
pub struct Wanted {
    /// Its place in the file, from 1.
    pub number: usize,
    /// What it says, without the secrets that are elsewhere.
    pub draft: ConnectionDraft,
    /// The settings whose secret is elsewhere.
    pub elsewhere: Vec<(String, Elsewhere)>,
    /// The settings that stay as they are stored.
    pub blank: Vec<Blank>,
}

impl Wanted {
    /// The alias, in the case that aliases are kept in.
    pub fn alias(&self) -> String {
        let alias = self.draft.alias.as_deref().unwrap_or_default();
        alias.trim().to_lowercase()
    }

    /// By which it is known.
    pub fn key(&self) -> IdOrAlias {
        IdOrAlias::Alias(self.alias())
    }
}

/// Where a secret is that is not in the document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Elsewhere {
    /// In this file, seen from the folder of the document.
    File(PathBuf),
    /// On standard input.
    Stdin,
}

/// A setting that stays as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Blank {
    /// Its key.
    pub key: String,
    /// Whether something has to be stored for it.
    pub is_needed: bool,
}

/// What is wrong with a document, and where in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Flaw {
    /// The connection, from 1; none where the document as a whole is wrong.
    pub number: Option<usize>,
    /// Its alias, where it has one.
    pub alias: Option<String>,
    /// The field: `settings.apiKey`.
    pub field: Option<String>,
    /// What is wrong.
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

/// What a file holds.
#[derive(Debug, Default)]
pub struct Read {
    /// The connections, in their order.
    pub wanted: Vec<Wanted>,
    /// Everything that is wrong.
    pub flaws: Vec<Flaw>,
    /// How many artifacts are of something else than a connection.
    pub others: usize,
}

/// Reads everything that a text holds: one document, several, a list of connections, or a connection.
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
        read.flaws.push(Flaw::whole("it is empty"));
    }
    for value in values {
        read.take(value, catalog);
    }
    read
}

/// What a document can have.
const MEMBERS: [&str; 3] = ["kind", "version", "connections"];

impl Read {
    fn take(&mut self, value: Json, catalog: &ProviderCatalog) {
        match value {
            Json::List(values) => self.take_each(values, catalog),
            Json::Object(members) if artifact::is_one(&members) => match artifact::read(members) {
                artifact::Artifact::Connection(members) => {
                    self.take_one(members, true, catalog);
                }
                artifact::Artifact::Other => self.others += 1,
            },
            Json::Object(members) if members.iter().any(|(name, _)| name == "connections") => {
                self.take_document(members, catalog);
            }
            Json::Object(members) if members.iter().any(|(name, _)| name == "alias") => {
                self.take_one(members, false, catalog);
            }
            Json::Object(_) => self.flaws.push(Flaw::whole(
                "there is no list of 'connections' in it, and it is no connection itself, which has an 'alias'",
            )),
            Json::Null | Json::Switch(_) | Json::Number(_) | Json::Text(_) => self
                .flaws
                .push(Flaw::whole("it must be an object with 'connections'")),
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
                    self.refuse("it is of a later version than this program reads".into());
                }
                ("version", _) => self.refuse(format!("version must be {VERSION}")),
                ("connections", Json::List(values)) => connections = values,
                ("connections", Json::Null) => self
                    .refuse("connections has no value; write [] where there are to be none".into()),
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
                        ..Flaw::whole("it must be an object with 'alias', 'name' and 'providerId'")
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

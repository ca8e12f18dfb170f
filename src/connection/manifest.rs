//! Reads manifests: connections in JSON or YAML, from an export or an Umbraco Deploy artifact.
//!
//! Unknown members and plaintext secrets are errors, because a misspelled member must not be ignored and a manifest is often
//! stored next to code.

mod umbraco_deploy;
mod fields;
mod secrets;
mod json_stream;
pub mod format;

use std::path::PathBuf;

use uuid::Uuid;

use super::export::{KIND, VERSION};
use super::strict_json::StrictJson;
use super::{ConnectionDraft, IdOrAlias};
use crate::provider::ProviderCatalog;

pub use format::ManifestFormat;
pub use secrets::SECRET_ADVICE;

/// Connection of a manifest.
#[derive(Debug)]
pub struct DesiredConnection {
    /// Position in the file, from 1.
    pub number: usize,
    /// GUID in an Umbraco Deploy artifact, which a new connection keeps.
    pub id: Option<Uuid>,
    /// Contents, without secrets from other sources.
    pub draft: Box<ConnectionDraft>,
    /// Settings whose secret comes from another source.
    pub secret_sources: Vec<(String, SecretSource)>,
    /// Settings whose stored secret is kept.
    pub blank: Vec<BlankSetting>,
}

impl DesiredConnection {
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
pub enum SecretSource {
    /// File, relative to the folder of the manifest.
    File(PathBuf),
    /// Standard input.
    Stdin,
}

/// Secret that the manifest leaves blank, so that the stored one is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BlankSetting {
    /// Key of the setting.
    pub key: String,
    /// `true` if a stored secret is required.
    pub requires_stored: bool,
}

/// Error in a manifest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ManifestError {
    /// Number of the connection, from 1; none for an error of the whole manifest.
    pub number: Option<usize>,
    /// Alias of the connection, if it has one.
    pub alias: Option<String>,
    /// Path of the field: `settings.apiKey`.
    pub field: Option<String>,
    /// Message.
    pub reason: String,
}

impl ManifestError {
    fn document_error(reason: impl Into<String>) -> Self {
        Self {
            number: None,
            alias: None,
            field: None,
            reason: reason.into(),
        }
    }
}

impl std::fmt::Display for ManifestError {
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
        f.write_str(&self.reason)
    }
}

/// Contents of a file.
#[derive(Debug, Default)]
pub struct ManifestContents {
    /// Connections, in their order.
    pub connections: Vec<DesiredConnection>,
    /// All errors.
    pub errors: Vec<ManifestError>,
    /// Number of artifacts of other entities.
    pub skipped: usize,
}

/// Reads one or several manifests, a list of connections, or a single connection.
pub fn read(text: &str, format: ManifestFormat, catalog: &ProviderCatalog) -> ManifestContents {
    if format == ManifestFormat::Json
        && let Some(read) = json_stream::read(text, catalog)
    {
        return read;
    }
    read_values(text, format, catalog)
}

fn read_values(text: &str, format: ManifestFormat, catalog: &ProviderCatalog) -> ManifestContents {
    let mut read = ManifestContents::default();
    let values = match format.values(text) {
        Ok(values) => values,
        Err(reason) => {
            read.errors.push(ManifestError::document_error(reason));
            return read;
        }
    };
    if values.is_empty() {
        read.errors
            .push(ManifestError::document_error("the manifest is empty"));
    }
    for value in values {
        read.take(value, catalog);
    }
    read
}

/// Members of a manifest.
const MEMBERS: [&str; 3] = ["kind", "version", "connections"];

impl ManifestContents {
    fn take(&mut self, value: StrictJson, catalog: &ProviderCatalog) {
        match value {
            StrictJson::List(values) => self.take_each(values, catalog),
            StrictJson::Object(members) if umbraco_deploy::is_artifact(&members) => {
                match umbraco_deploy::read(members) {
                    umbraco_deploy::DeployEntity::Connection(id, members) => {
                        self.take_one(members, Some(id), catalog);
                    }
                    umbraco_deploy::DeployEntity::Damaged => self.error(
                        "Udi must be umb://umbraco-ai-connection/ and a GUID; write the artifact again".into(),
                    ),
                    umbraco_deploy::DeployEntity::Other => self.skipped += 1,
                }
            }
            StrictJson::Object(members)
                if members.iter().any(|(name, _)| name == "connections") =>
            {
                self.take_document(members, catalog);
            }
            StrictJson::Object(members) if members.iter().any(|(name, _)| name == "alias") => {
                self.take_one(members, None, catalog);
            }
            StrictJson::Object(_) => self.errors.push(ManifestError::document_error(
                "expected 'connections' or, for a single connection, 'alias'",
            )),
            _ => self.errors.push(ManifestError::document_error(
                "expected an object with 'connections'",
            )),
        }
    }

    fn take_document(&mut self, members: Vec<(String, StrictJson)>, catalog: &ProviderCatalog) {
        let errors = self.errors.len();
        let mut connections = Vec::new();
        for (name, value) in members {
            match (name.as_str(), value) {
                ("kind", StrictJson::Text(kind)) if kind == KIND => {}
                ("kind", _) => self.error(format!("kind must be {KIND}")),
                ("version", StrictJson::Number(version))
                    if version.as_u64() == Some(VERSION.into()) => {}
                ("version", StrictJson::Number(version))
                    if version.as_u64() > Some(VERSION.into()) =>
                {
                    self.error("unsupported version; update umai to read this manifest".into());
                }
                ("version", _) => self.error(format!("version must be {VERSION}")),
                ("connections", StrictJson::List(values)) => connections = values,
                ("connections", StrictJson::Null) => {
                    self.error("connections has no value; write [] for an empty list".into());
                }
                ("connections", _) => self.error("connections must be a list".into()),
                (name, _) => self.error(fields::unknown(name, &MEMBERS, "a document")),
            }
        }
        if self.errors.len() == errors {
            self.take_each(connections, catalog);
        }
    }

    fn error(&mut self, reason: String) {
        self.errors.push(ManifestError::document_error(reason));
    }

    fn take_each(&mut self, values: Vec<StrictJson>, catalog: &ProviderCatalog) {
        for value in values {
            self.take_element(value, catalog);
        }
    }

    fn take_element(&mut self, value: StrictJson, catalog: &ProviderCatalog) {
        if let StrictJson::Object(members) = value {
            self.take_one(members, None, catalog);
            return;
        }
        let number = Some(self.next());
        self.errors.push(ManifestError {
            number,
            ..ManifestError::document_error(
                "expected an object with 'alias', 'name' and 'providerId'",
            )
        });
    }

    fn next(&self) -> usize {
        // Numbers grow, so the last one is the largest.
        let refused = self.errors.iter().rev().find_map(|error| error.number);
        let taken = self.connections.last().map(|wanted| wanted.number);
        refused.max(taken).unwrap_or_default() + 1
    }

    fn take_one(
        &mut self,
        members: Vec<(String, StrictJson)>,
        artifact_id: Option<Uuid>,
        catalog: &ProviderCatalog,
    ) {
        let number = self.next();
        match fields::desired_connection(number, members, artifact_id, catalog) {
            Ok(wanted) => self.connections.push(wanted),
            Err(errors) => self.errors.extend(errors),
        }
    }
}

#[cfg(test)]
mod tests;

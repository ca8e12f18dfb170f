//! Umbraco Deploy artifacts of connections. Deploy replaces all settings on its target, so an artifact is complete or refused.

use serde::Serialize;

use super::{BlankSecret, Exported};
use crate::connection::{
    Connection, ConnectionError, DraftField, FieldError, FieldReason, MaskedSecret, Settings,
};
use crate::provider::ProviderCatalog;

/// Beginning of the `Udi` of a connection, before its GUID.
pub const UDI_PREFIX: &str = "umb://umbraco-ai-connection/";

/// Type of the artifact, as Umbraco Deploy names it.
const TYPE: &str = "Umbraco.AI.Deploy,Umbraco.AI.Deploy.Artifacts.AIConnectionArtifact";

/// Version of the package that defines the type.
const VERSION: &str = "17.0.0";

/// Artifact of a connection.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct DeployArtifact {
    name: String,
    alias: String,
    provider_id: String,
    settings: Option<Settings<BlankSecret>>,
    is_active: bool,
    udi: String,
    dependencies: [(); 0],
    #[serde(rename = "__type")]
    type_name: &'static str,
    #[serde(rename = "__version")]
    version: &'static str,
    #[serde(skip)]
    file_name: String,
}

impl DeployArtifact {
    /// Creates the artifact; fails with every setting that has, or may have, a secret instead of a reference.
    pub fn new(
        connection: Connection<MaskedSecret>,
        catalog: &ProviderCatalog,
    ) -> Result<Self, ConnectionError> {
        let guid = connection.item.id.simple();
        let exported = Exported::new(connection, catalog);
        if !exported.blank.is_empty() {
            let provider = &exported.provider_id;
            let errors = exported.blank.iter().map(|key| secret_at(provider, key));
            return Err(ConnectionError::Invalid(errors.collect()));
        }
        Ok(Self {
            name: exported.name,
            alias: exported.alias,
            provider_id: exported.provider_id,
            settings: exported.settings,
            is_active: exported.is_active,
            udi: format!("{UDI_PREFIX}{guid}"),
            dependencies: [],
            type_name: TYPE,
            version: VERSION,
            file_name: format!("umbraco-ai-connection__{guid}.uda"),
        })
    }

    /// Name of the file, as Umbraco Deploy expects it.
    pub fn file_name(&self) -> &str {
        &self.file_name
    }

    /// Serializes as JSON with escaped invisible characters.
    pub fn to_json(&self) -> Result<String, serde_json::Error> {
        let text = serde_json::to_string_pretty(self)?;
        Ok(format!("{}\n", crate::text::json::harmless(&text)))
    }
}

fn secret_at(provider: &str, key: &str) -> FieldError {
    FieldError {
        field: DraftField::Setting {
            provider: provider.to_owned(),
            key: key.to_owned(),
            label: key.to_owned(),
        },
        reason: FieldReason::Message(
            "The value is a secret, or may be one, and Umbraco Deploy can carry references only: replace it with $Section:Key".into(),
        ),
    }
}

//! Models in responses, of umai and of Umbraco.AI.

use serde::Deserialize;

use crate::connection::Model;
use crate::provider::Capability;

/// A model. Unknown capabilities are ignored.
#[derive(Deserialize)]
pub(super) struct ModelDto {
    #[serde(default)]
    id: Option<String>,
    /// ID and name in the format of Umbraco.AI.
    #[serde(default)]
    model: Option<NestedModelDto>,
    #[serde(default)]
    name: Option<String>,
    #[serde(default)]
    capabilities: Vec<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct NestedModelDto {
    model_id: String,
}

impl ModelDto {
    /// Returns the model; `None` without an ID.
    pub fn into_model(self) -> Option<Model> {
        let id = self.id.or(self.model.map(|nested| nested.model_id))?;
        Some(Model {
            name: self.name.unwrap_or_else(|| id.clone()),
            capabilities: known_capabilities(&self.capabilities),
            id,
        })
    }
}

/// Returns the capabilities that are known.
pub(super) fn known_capabilities(words: &[String]) -> Vec<Capability> {
    let named = words.iter().filter_map(|word| Capability::from_name(word));
    named.collect()
}

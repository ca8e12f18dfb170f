//! Reads Umbraco Deploy artifacts (`*.uda`) of connections: JSON objects with the entity type in `Udi`.
//!
//! Members begin with a capital letter, and so do setting keys from typed objects. The site that writes the artifact chooses
//! its settings; secrets are references or encrypted for that site (`ENC:…`).

use uuid::Uuid;

use crate::connection::export::UDI_PREFIX;
use crate::connection::strict_json::StrictJson;

/// Entity of an artifact.
pub enum DeployEntity {
    /// Connection, with its GUID and the members of a manifest.
    Connection(Uuid, Vec<(String, StrictJson)>),
    /// Connection whose GUID cannot be read.
    Damaged,
    /// Any other entity.
    Other,
}

/// Ignored members that only matter to the site.
const IGNORED: [&str; 9] = [
    "udi",
    "dependencies",
    "__type",
    "__version",
    "datecreated",
    "datemodified",
    "createdbyuserid",
    "modifiedbyuserid",
    "version",
];

/// Returns whether an object is an artifact.
pub fn is_artifact(members: &[(String, StrictJson)]) -> bool {
    members
        .iter()
        .any(|(name, _)| name.eq_ignore_ascii_case("udi"))
}

/// Reads an artifact.
pub fn read(members: Vec<(String, StrictJson)>) -> DeployEntity {
    let udi = members.iter().find_map(|(name, value)| match value {
        StrictJson::Text(udi) if name.eq_ignore_ascii_case("udi") => Some(udi.to_ascii_lowercase()),
        _ => None,
    });
    let Some(guid) = udi.as_deref().and_then(|udi| udi.strip_prefix(UDI_PREFIX)) else {
        return DeployEntity::Other;
    };
    let Some(id) = Uuid::try_parse(guid).ok().filter(|id| !id.is_nil()) else {
        return DeployEntity::Damaged;
    };
    let ours = members.into_iter().filter_map(|(name, value)| {
        let lower = name.to_ascii_lowercase();
        if IGNORED.contains(&lower.as_str()) {
            return None;
        }
        let ours = match lower.as_str() {
            "alias" => "alias",
            "name" => "name",
            "providerid" => "providerId",
            "isactive" => "isActive",
            "settings" => "settings",
            // Members of later Deploy versions are ignored.
            _ => return None,
        };
        Some((ours.to_owned(), value))
    });
    DeployEntity::Connection(id, ours.collect())
}

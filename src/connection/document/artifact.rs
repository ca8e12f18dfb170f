//! Reads the artifact that Umbraco Deploy keeps of a connection (`*.uda`): a JSON object that names its kind in `Udi`.
//!
//! Its members are spelt with capitals, as are the keys of its settings where they come from a typed object; which settings are in
//! it is decided by the site that wrote it, and its secrets are references or sealed for that site (`ENC:…`).

use crate::connection::json::Json;

/// What a `Udi` of a connection begins with.
const CONNECTION: &str = "umb://umbraco-ai-connection/";

/// What an artifact is of.
pub enum Artifact {
    /// A connection, by the members of a document.
    Connection(Vec<(String, Json)>),
    /// Something that is not for us.
    Other,
}

/// The members that are passed over: what only the site knows.
const OF_THE_SITE: [&str; 9] = [
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

/// Whether an object is an artifact, of whatever.
pub fn is_one(members: &[(String, Json)]) -> bool {
    members
        .iter()
        .any(|(name, _)| name.eq_ignore_ascii_case("udi"))
}

/// The connection in an artifact.
pub fn read(members: Vec<(String, Json)>) -> Artifact {
    let is_connection = members.iter().any(|(name, value)| {
        name.eq_ignore_ascii_case("udi")
            && matches!(value, Json::Text(udi) if udi.to_ascii_lowercase().starts_with(CONNECTION))
    });
    if !is_connection {
        return Artifact::Other;
    }
    let ours = members.into_iter().filter_map(|(name, value)| {
        let lower = name.to_ascii_lowercase();
        if OF_THE_SITE.contains(&lower.as_str()) {
            return None;
        }
        let ours = match lower.as_str() {
            "alias" => "alias",
            "name" => "name",
            "providerid" => "providerId",
            "isactive" => "isActive",
            "settings" => "settings",
            // What later versions of Deploy add is theirs to know.
            _ => return None,
        };
        Some((ours.to_owned(), value))
    });
    Artifact::Connection(ours.collect())
}

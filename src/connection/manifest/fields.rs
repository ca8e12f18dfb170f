//! Reads the members of a connection in a manifest.

use uuid::Uuid;

use super::secrets::{self, ManifestSettings};
use super::{DesiredConnection, ManifestError};
use crate::connection::ConnectionDraft;
use crate::connection::strict_json::StrictJson;
use crate::provider::{Provider, ProviderCatalog};

/// Members of a connection.
const MEMBERS: [&str; 7] = [
    "alias",
    "name",
    "providerId",
    "isActive",
    "settings",
    "blank",
    "changeDescription",
];

/// Members that API responses add; they are ignored.
const IGNORED: [&str; 6] = [
    "id",
    "dateCreated",
    "dateModified",
    "dateDeleted",
    "version",
    "endpoint",
];

/// Maximum length of a name in a message; a longer one may be a secret.
const MAX_NAME: usize = 24;

/// Message about an unknown member.
pub fn unknown(name: &str, known: &[&str], what: &str) -> String {
    let known = known.join(", ");
    if name.len() > MAX_NAME {
        return format!("unknown member; {what} has {known}");
    }
    format!("unknown member '{name}'; {what} has {known}")
}

/// Reads a connection, of an artifact if it has an ID; returns all errors.
pub fn desired_connection(
    number: usize,
    members: Vec<(String, StrictJson)>,
    artifact_id: Option<Uuid>,
    catalog: &ProviderCatalog,
) -> Result<DesiredConnection, Vec<ManifestError>> {
    let is_artifact = artifact_id.is_some();
    let alias = text(&members, "alias").map(str::to_owned);
    let flaw = |field: Option<String>, why: String| ManifestError {
        number: Some(number),
        alias: alias.clone().filter(|alias| !alias.trim().is_empty()),
        field,
        reason: why,
    };
    let mut errors = Vec::new();
    let provider = text(&members, "providerId").and_then(|id| catalog.get(id));
    let named = named(&members);
    let mut given = ManifestSettings::default();
    let mut kept = Vec::new();
    for (name, value) in members {
        match (name.as_str(), value) {
            ("blank", _) => {}
            ("settings", StrictJson::Object(settings)) => {
                for (key, value) in settings {
                    let key = member_spelling(key, provider, is_artifact);
                    if let Err(reason) = given.take(&key, value, provider, &named) {
                        errors.push(flaw(Some(format!("settings.{key}")), reason));
                    }
                }
            }
            (name, value) if MEMBERS.contains(&name) => kept.push((name.to_owned(), value)),
            (name, _) if IGNORED.contains(&name) => {}
            (name, _) => errors.push(flaw(None, unknown(name, &MEMBERS, "a connection"))),
        }
    }
    if is_artifact {
        secrets::missing(&mut given, provider);
    }
    if !given.settings.is_empty() {
        kept.push(("settings".to_owned(), StrictJson::Object(given.settings)));
    }
    let draft = ConnectionDraft::from_members(kept);
    let flaws = flaws(&draft).into_iter();
    errors.extend(flaws.map(|(field, reason)| flaw(Some(field), reason)));
    if !errors.is_empty() {
        return Err(errors);
    }
    Ok(DesiredConnection {
        number,
        id: artifact_id,
        draft: Box::new(draft),
        secret_sources: given.secret_sources,
        blank: given.blank,
    })
}

/// Fields of a draft that are missing or have another type, with the reasons.
fn flaws(draft: &ConnectionDraft) -> Vec<(String, String)> {
    let required = [("alias", &draft.alias), ("providerId", &draft.provider_id)];
    let missing = required.into_iter().filter(|(name, text)| {
        let is_missing = text.as_deref().is_none_or(|it| it.trim().is_empty());
        is_missing && !draft.has_misread(name)
    });
    let missing = missing.map(|(name, _)| (name.to_owned(), "required".to_owned()));
    let misread = draft.misread.iter();
    missing
        .chain(misread.map(|error| (error.field.path(), error.to_string())))
        .collect()
}

fn text<'m>(members: &'m [(String, StrictJson)], name: &str) -> Option<&'m str> {
    let value = members.iter().find(|(member, _)| member == name);
    match value {
        Some((_, StrictJson::Text(text))) => Some(text),
        Some(_) | None => None,
    }
}

/// Settings that the manifest lists as blank.
fn named(members: &[(String, StrictJson)]) -> Vec<String> {
    let Some((_, StrictJson::List(blank))) = members.iter().find(|(name, _)| name == "blank")
    else {
        return Vec::new();
    };
    let texts = blank.iter().filter_map(|key| match key {
        StrictJson::Text(key) => Some(key.clone()),
        _ => None,
    });
    texts.collect()
}

/// Returns the provider's spelling of a key of an artifact.
fn member_spelling(key: String, provider: Option<&Provider>, is_artifact: bool) -> String {
    let mut fields = provider
        .filter(|_| is_artifact)
        .into_iter()
        .flat_map(|it| &it.settings);
    let same = fields.find(|field| {
        let mut names = std::iter::once(&field.key).chain(&field.accepted_as);
        names.any(|name| name.eq_ignore_ascii_case(&key))
    });
    same.map_or(key, |field| field.key.clone())
}

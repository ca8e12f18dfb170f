//! Paths that differ between two states of a connection, compared with plaintext secrets.

use crate::connection::{Connection, PlainSecret};

/// Returns the changed paths in camel case, in the order of a response: `name`, `settings.apiKey`.
pub fn paths(before: &Connection<PlainSecret>, after: &Connection<PlainSecret>) -> Vec<String> {
    let (old, new) = (&before.item, &after.item);
    let mut paths = Vec::new();
    if old.alias != new.alias {
        paths.push("alias".to_owned());
    }
    if old.name != new.name {
        paths.push("name".to_owned());
    }
    if old.is_active != new.is_active {
        paths.push("isActive".to_owned());
    }
    let old = before.settings.clone().unwrap_or_default();
    let new = after.settings.clone().unwrap_or_default();
    let kept = old
        .iter()
        .filter(|(key, value)| new.get(key) != Some(value));
    let added = new.iter().filter(|(key, _)| old.get(key).is_none());
    paths.extend(kept.chain(added).map(|(key, _)| format!("settings.{key}")));
    if paths.is_empty() && before.settings.is_some() != after.settings.is_some() {
        paths.push("settings".to_owned());
    }
    paths
}

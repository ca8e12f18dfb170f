//! Versions of the test server: records without snapshots, comparisons for display, rollbacks.

use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::{SiteState, error, not_found};
use crate::fixture::{MASK, Stored, is_secret};
use crate::http::{Request, Response};

/// Maximum length of a displayed text.
const SHOWN: usize = 100;

impl SiteState {
    /// Returns the states of a connection, newest first.
    fn history(&self, id: &str) -> Option<Vec<&Stored>> {
        let id = Uuid::try_parse(id).ok()?;
        let live = self.connections.iter().find(|one| one.id == id)?;
        let past = self.past.iter().rev().filter(|one| one.id == id);
        Some(std::iter::once(live).chain(past).collect())
    }

    pub fn versions(&self, id: &str, request: &Request) -> Response {
        let Some(all) = self.history(id) else {
            return not_found();
        };
        let number = |name: &str, default: usize| {
            let given = request.parameter(name);
            given.map_or(default, |text| text.parse().unwrap())
        };
        let page = all.iter().skip(number("skip", 0));
        let page = page.take(number("take", 10).min(self.switches.page_limit));
        let records: Vec<Value> = page.map(|one| record(one)).collect();
        Response::json(
            200,
            &json!({"currentVersion": all[0].version, "totalVersions": all.len(), "versions": records}),
        )
    }

    pub fn version(&self, id: &str, number: &str) -> Response {
        match self.at(id, number) {
            Some(one) => Response::json(200, &record(one)),
            None => version_not_found(),
        }
    }

    fn at(&self, id: &str, number: &str) -> Option<&Stored> {
        let number: u64 = number.parse().ok()?;
        self.history(id)?
            .into_iter()
            .find(|one| one.version == number)
    }

    pub fn compare(&self, id: &str, from: &str, to: &str) -> Response {
        let (Some(old), Some(new)) = (self.at(id, from), self.at(id, to)) else {
            return version_not_found();
        };
        let mut changes = Vec::new();
        let mut add = |path: &str, old: Option<String>, new: Option<String>| {
            if old != new {
                changes.push(json!({"newValue": new, "oldValue": old, "path": path}));
            }
        };
        add("Alias", Some(old.alias.clone()), Some(new.alias.clone()));
        add("Name", Some(old.name.clone()), Some(new.name.clone()));
        let active = |one: &Stored| Some(if one.is_active { "True" } else { "False" }.to_owned());
        add("IsActive", active(old), active(new));
        let (before, after) = (settings(old), settings(new));
        let keys = before
            .keys()
            .chain(after.keys().filter(|key| !before.contains_key(*key)));
        for key in keys {
            if before.get(key) == after.get(key) {
                continue;
            }
            let value = |settings: &Map<String, Value>| {
                settings.get(key).and_then(|value| shown(key, value))
            };
            let (old, new) = (value(&before), value(&after));
            changes
                .push(json!({"newValue": new, "oldValue": old, "path": format!("Settings.{key}")}));
        }
        Response::json(
            200,
            &json!({"changes": changes, "fromVersion": old.version, "toVersion": new.version}),
        )
    }

    /// Rolls back, including the old secrets.
    pub fn roll_back(&mut self, id: &str, number: &str) -> Response {
        let Some(past) = self.at(id, number).cloned() else {
            return error(404, "NotFound", "Rollback failed");
        };
        let Some(at) = self.position(id) else {
            return not_found();
        };
        let current = self.connections[at].clone();
        self.connections[at] = Stored {
            version: current.version + 1,
            ..past
        };
        self.past.push(current);
        Response::empty(204)
    }
}

fn version_not_found() -> Response {
    let body = json!({"type": "Error", "title": "Version not found", "status": 404, "detail": "Version not found"});
    Response::json(404, &body)
}

fn record(one: &Stored) -> Value {
    json!({
        "changeDescription": null,
        "createdByUserId": Uuid::nil(),
        "createdByUserName": "umai",
        "dateCreated": "2026-04-01T10:00:00.000Z",
        "entityId": one.id,
        "id": Uuid::from_u128(one.id.as_u128() + u128::from(one.version)),
        "version": one.version,
    })
}

fn settings(one: &Stored) -> Map<String, Value> {
    let text = one.settings.as_deref().unwrap_or("{}");
    serde_json::from_str(text).unwrap()
}

/// Returns a value as the site displays it.
fn shown(key: &str, value: &Value) -> Option<String> {
    Some(match value {
        Value::Null => return None,
        _ if is_secret(key) => MASK.into(),
        Value::String(text) if text.chars().count() > SHOWN => {
            let cut: String = text.chars().take(SHOWN).collect();
            format!("{cut}...")
        }
        Value::String(text) => text.clone(),
        Value::Array(items) => format!("[{} items]", items.len()),
        Value::Object(_) => "(object)".into(),
        other => other.to_string(),
    })
}

//! Connections of the test server: lists, validation and writes as on a site.

use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::{BASE, SiteState, error, not_found};
use crate::fixture::{Stored, is_secret};
use crate::http::{Request, Response};

/// Configuration keys of the site.
const CONFIGURED: [&str; 5] = [
    "Umbraco:AI:Secrets:Anthropic",
    "Umbraco:AI:Secrets:X",
    "Umbraco:AI:Variables:Endpoint",
    "OpenAI:ApiKey",
    "OpenAI:Organization",
];

/// Prefixes of the keys that a newer site lets connections use.
const ALLOWED: [&str; 2] = ["Umbraco:AI:Secrets:", "Umbraco:AI:Variables:"];

impl SiteState {
    pub fn position(&self, key: &str) -> Option<usize> {
        let id = Uuid::try_parse(key).ok();
        self.connections.iter().position(|one| match id {
            Some(id) => one.id == id,
            None => one.alias.eq_ignore_ascii_case(key),
        })
    }

    pub fn list(&self, request: &Request) -> Response {
        let number = |name: &str, default: usize| {
            request
                .parameter(name)
                .map_or(default, |text| text.parse().unwrap())
        };
        let filter = request
            .parameter("filter")
            .unwrap_or_default()
            .to_lowercase();
        let provider = request.parameter("providerId");
        let mut found: Vec<&Stored> = self
            .connections
            .iter()
            .filter(|one| one.name.to_lowercase().contains(&filter))
            .filter(|one| provider.as_ref().is_none_or(|id| one.provider_id == *id))
            .collect();
        found.sort_by_key(|one| one.name.to_lowercase());
        let total = found.len();
        let page = found
            .into_iter()
            .skip(number("skip", 0))
            .take(number("take", 100).min(self.switches.page_limit));
        let items: Vec<Value> = page.map(Stored::item).collect();
        Response::json(200, &json!({"items": items, "total": total}))
    }

    /// Reads the members of a body in lower case, with raw settings.
    fn read(&mut self, request: &Request) -> Option<(Map<String, Value>, Option<String>)> {
        let body: Map<String, Value> = serde_json::from_str(&request.body).ok()?;
        for (key, value) in body.values().filter_map(Value::as_object).flatten() {
            let is_mask = value.as_str().is_some_and(|text| {
                let body = text.strip_prefix("sk-").unwrap_or(text);
                !body.is_empty() && body.chars().all(|sign| "*•●".contains(sign))
            });
            if is_mask {
                let sent = format!("{} {}: {key} is a mask", request.method, request.path);
                self.violate(sent);
            }
        }
        let raw = request
            .body
            .split_once("\"settings\":")
            .map(|(_, raw)| raw.strip_suffix('}').unwrap().to_owned())
            .filter(|raw| raw != "null");
        let body = body
            .into_iter()
            .map(|(key, value)| (key.to_lowercase(), value));
        Some((body.collect(), raw))
    }

    pub fn create(&mut self, request: &Request) -> Response {
        let Some((body, settings)) = self.read(request) else {
            return error(400, "Invalid", "body");
        };
        let text = |name: &str| body.get(name).and_then(Value::as_str).map(str::to_owned);
        let (Some(alias), Some(name), Some(provider_id)) =
            (text("alias"), text("name"), text("providerid"))
        else {
            return error(400, "Invalid", "missing");
        };
        let is_known = self.providers.iter().any(|one| one["id"] == *provider_id)
            || self
                .connections
                .iter()
                .any(|one| one.provider_id == provider_id);
        if self.position(&alias).is_some() {
            let detail = format!("A connection with alias '{alias}' already exists.");
            return error(400, "InvalidSettings", &detail);
        }
        if !is_known || !self.resolves(settings.as_deref()) {
            return invalid_settings(&provider_id);
        }
        let stored = Stored {
            is_active: body
                .get("isactive")
                .and_then(Value::as_bool)
                .unwrap_or(true),
            ..Stored::new(&alias, &name, &provider_id, settings.as_deref())
        };
        let id = stored.id;
        self.connections.push(stored);
        let location = format!("https://www.example.com{BASE}/connections/{id}");
        Response::json(201, &json!(id)).with("Location", location)
    }

    pub fn replace(&mut self, key: &str, request: &Request) -> Response {
        let Some(at) = self.position(key) else {
            return not_found();
        };
        let Some((body, settings)) = self.read(request) else {
            return error(400, "Invalid", "body");
        };
        for member in ["alias", "name", "settings", "isactive"] {
            if !body.contains_key(member) {
                self.violate(format!("PUT {key} leaves out {member}"));
            }
        }
        let text = |name: &str| body.get(name).and_then(Value::as_str).map(str::to_owned);
        let (Some(alias), Some(name)) = (text("alias"), text("name")) else {
            return error(400, "Invalid", "missing");
        };
        if let Some(renamed) = self.switches.renamed_before_put.take() {
            self.edit(&renamed, |one| one.name.push_str(" by others"));
        }
        let before = self.connections[at].clone();
        if self.position(&alias).is_some_and(|other| other != at) {
            let detail = format!("A connection with alias '{alias}' already exists.");
            return error(400, "InvalidSettings", &detail);
        }
        if settings != before.settings && !self.resolves(settings.as_deref()) {
            return invalid_settings(&before.provider_id);
        }
        let after = Stored {
            alias,
            name,
            is_active: body
                .get("isactive")
                .and_then(Value::as_bool)
                .unwrap_or(false),
            settings,
            version: before.version + 1,
            ..before.clone()
        };
        if (Stored {
            version: before.version,
            ..after.clone()
        }) == before
        {
            self.violate(format!("PUT {key} changes nothing"));
        }
        self.past.push(before);
        self.connections[at] = after;
        Response::empty(200)
    }

    pub fn test(&self, key: &str) -> Response {
        let Some(at) = self.position(key) else {
            return not_found();
        };
        let one = &self.connections[at];
        let is_installed = self.providers.iter().any(|it| it["id"] == *one.provider_id);
        if one.settings.is_none() || !is_installed {
            return not_found();
        }
        let is_accepted = one.is_active;
        let why = (!is_accepted).then_some("Connection test failed");
        Response::json(200, &json!({"errorMessage": why, "success": is_accepted}))
    }

    /// Changes a connection as another user does.
    pub fn edit(&mut self, alias: &str, change: impl FnOnce(&mut Stored)) {
        let at = self.position(alias).unwrap();
        self.past.push(self.connections[at].clone());
        change(&mut self.connections[at]);
        self.connections[at].version += 1;
    }

    /// Returns whether every reference resolves and may be used.
    fn resolves(&self, settings: Option<&str>) -> bool {
        let settings: Map<String, Value> =
            settings.map_or_else(Map::new, |text| serde_json::from_str(text).unwrap());
        settings.iter().all(|(key, value)| {
            let text = value.as_str().unwrap_or_default();
            let Some(name) = text.strip_prefix('$') else {
                return true;
            };
            if self.switches.is_newer {
                if name.starts_with('$') {
                    return true;
                }
                let is_allowed = ALLOWED.iter().any(|prefix| name.starts_with(prefix))
                    && (is_secret(key) || !name.starts_with(ALLOWED[0]));
                return is_allowed && CONFIGURED.contains(&name);
            }
            CONFIGURED.contains(&name)
        })
    }
}

fn invalid_settings(provider: &str) -> Response {
    let detail = format!("Failed to validate settings for provider '{provider}'");
    error(400, "InvalidSettings", &detail)
}

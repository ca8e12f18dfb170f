//! Test server with the API of an Umbraco site that records errors of its clients.
#![allow(clippy::too_many_lines, reason = "one arm for each route")]

use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

use serde_json::{Map, Value, json};
use uuid::Uuid;

use crate::fixture::{Mode, Stored};
use crate::home::Home;
use crate::http::{self, Request, Response};

const BASE: &str = "/umbraco/ai/management/api/v1";

/// Running test server.
pub struct StandIn {
    pub origin: String,
    state: Arc<Mutex<State>>,
}

struct State {
    mode: Mode,
    token: String,
    connections: Vec<Stored>,
    past: Vec<Stored>,
    providers: Vec<Value>,
    requests: Vec<Request>,
    violations: Vec<String>,
}

impl StandIn {
    pub fn new(mode: Mode) -> Self {
        Self::with(mode, crate::fixture::connections(mode))
    }

    pub fn with(mode: Mode, connections: Vec<Stored>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let origin = format!("http://{}", listener.local_addr().unwrap());
        let state = Arc::new(Mutex::new(State {
            mode,
            token: "token-one".into(),
            connections,
            past: Vec::new(),
            providers: crate::fixture::providers(mode),
            requests: Vec::new(),
            violations: Vec::new(),
        }));
        let shared = Arc::clone(&state);
        std::thread::spawn(move || {
            for socket in listener.incoming() {
                let Ok(socket) = socket else { return };
                let shared = Arc::clone(&shared);
                std::thread::spawn(move || serve(socket, &shared));
            }
        });
        Self { origin, state }
    }

    /// Runs umai with this server.
    pub fn umai(&self, home: &Home, arguments: &[&str]) -> crate::home::Answer {
        self.pipe(home, arguments, "")
    }

    /// Runs umai with input on stdin.
    pub fn pipe(&self, home: &Home, arguments: &[&str], stdin: &str) -> crate::home::Answer {
        let file = home.write("token", self.token());
        let file = file.to_str().unwrap();
        let place = ["--server", self.origin.as_str(), "--token-file", file];
        home.pipe(&[&place[..], arguments].concat(), stdin)
    }

    pub fn token(&self) -> String {
        self.state.lock().unwrap().token.clone()
    }

    pub fn accept_only(&self, token: &str) {
        token.clone_into(&mut self.state.lock().unwrap().token);
    }

    /// Removes every provider.
    pub fn uninstall_providers(&self) {
        self.state.lock().unwrap().providers.clear();
    }

    /// Returns a connection, if it exists.
    pub fn find(&self, alias: &str) -> Option<Stored> {
        let state = self.state.lock().unwrap();
        let mut connections = state.connections.iter();
        connections.find(|one| one.alias == alias).cloned()
    }

    pub fn get(&self, alias: &str) -> Stored {
        self.find(alias).unwrap_or_else(|| panic!("no {alias}"))
    }

    pub fn all(&self) -> Vec<Stored> {
        self.state.lock().unwrap().connections.clone()
    }

    /// The requests so far that are not reads.
    pub fn writes(&self) -> Vec<Request> {
        let state = self.state.lock().unwrap();
        let writes = state.requests.iter().filter(|one| one.method != "GET");
        writes.cloned().collect()
    }

    pub fn requests(&self) -> Vec<Request> {
        self.state.lock().unwrap().requests.clone()
    }

    /// Fails if a client sent a harmful request.
    pub fn assert_unharmed(&self) {
        let state = self.state.lock().unwrap();
        assert!(state.violations.is_empty(), "{:#?}", state.violations);
    }
}

fn serve(mut socket: TcpStream, shared: &Mutex<State>) {
    let Some(request) = http::read(&mut socket, BASE) else {
        return;
    };
    let response = {
        let mut state = shared.lock().unwrap();
        let response = state.answer(&request);
        state.requests.push(request);
        response
    };
    // The client may have disconnected.
    let _ = http::write(&mut socket, &response);
}

fn error(status: u16, operation: &str, detail: &str) -> Response {
    let body = json!({
        "type": "Error", "title": operation, "status": status, "detail": detail, "operationStatus": operation,
    });
    Response::json(status, &body)
}

impl State {
    fn violate(&mut self, what: String) {
        self.violations.push(what);
    }

    fn answer(&mut self, request: &Request) -> Response {
        let expected = format!("Bearer {}", self.token);
        if request.authorization != expected {
            let challenge = if request.authorization.is_empty() {
                "Bearer"
            } else {
                "Bearer error=\"invalid_token\", error_description=\"expired\""
            };
            return Response::empty(401).with("WWW-Authenticate", challenge);
        }
        let path: Vec<String> = request
            .path
            .trim_matches('/')
            .split('/')
            .map(percent)
            .collect();
        let path: Vec<&str> = path.iter().map(String::as_str).collect();
        match (request.method.as_str(), path.as_slice()) {
            ("GET", ["providers"]) => {
                let list = self.providers.iter().map(|provider| {
                    json!({"capabilities": provider["capabilities"], "id": provider["id"], "name": provider["name"]})
                });
                Response::json(200, &list.collect())
            }
            ("GET", ["providers", id]) => {
                let found = self.providers.iter().find(|one| one["id"] == *id);
                found.map_or_else(
                    || error(404, "NotFound", "Provider not found"),
                    |provider| Response::json(200, provider),
                )
            }
            ("GET", ["connections"]) => self.list(request),
            ("POST", ["connections"]) => self.create(request),
            ("GET", ["connections", "capabilities"] | ["connections", _, "capabilities"]) => {
                Response::json(200, &json!(["Chat"]))
            }
            ("GET", ["connections", key]) => match self.position(key) {
                Some(at) => Response {
                    body: self.connections[at].body(self.mode),
                    ..Response::json(200, &Value::Null)
                },
                None => not_found(),
            },
            ("PUT", ["connections", key]) => self.replace(key, request),
            ("DELETE", ["connections", key]) => match self.position(key) {
                Some(at) => {
                    self.connections.remove(at);
                    Response::empty(200)
                }
                None => not_found(),
            },
            ("GET", ["connections", key, "exists"]) => {
                Response::json(200, &json!(self.position(key).is_some()))
            }
            ("POST", ["connections", key, "test"]) => self.test(key),
            ("GET", ["connections", key, "models"]) => match self.position(key) {
                Some(_) => Response::json(
                    200,
                    &json!([{"metadata": null, "model": {"modelId": "gpt-4o", "providerId": "openai"}, "name": "GPT-4o"}]),
                ),
                None => not_found(),
            },
            ("GET", ["versions", "supported-types"]) => Response::json(200, &json!(["Connection"])),
            ("GET", ["versions", "connection", id]) => self.versions(id),
            ("GET", ["versions", "connection", _, _]) => {
                error(404, "NotFound", "Version not found")
            }
            ("GET", ["versions", "connection", _, _, "compare", _]) => Response::json(
                200,
                &json!({"changes": [{"newValue": crate::fixture::MASK, "oldValue": crate::fixture::MASK, "path": "Settings.apiKey"}], "fromVersion": 1, "toVersion": 2}),
            ),
            ("POST", ["versions", "connection", id, number, "rollback"]) => {
                self.roll_back(id, number)
            }
            _ => {
                if request.path != "/umbraco/ai/management/api/openapi.json"
                    && !request.path.ends_with("openapi.json")
                {
                    self.violate(format!(
                        "{} {} is no address of a site",
                        request.method, request.path
                    ));
                }
                Response::empty(404)
            }
        }
    }

    fn position(&self, key: &str) -> Option<usize> {
        let id = Uuid::try_parse(key).ok();
        self.connections.iter().position(|one| match id {
            Some(id) => one.id == id,
            None => one.alias.eq_ignore_ascii_case(key),
        })
    }

    fn list(&self, request: &Request) -> Response {
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
        // Pages of three, so that clients read more than one.
        let page = found
            .into_iter()
            .skip(number("skip", 0))
            .take(number("take", 100).min(3));
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

    fn create(&mut self, request: &Request) -> Response {
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
        if !is_known || self.position(&alias).is_some() {
            return error(400, "InvalidSettings", "Failed to validate settings");
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

    fn replace(&mut self, key: &str, request: &Request) -> Response {
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
        let before = self.connections[at].clone();
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

    fn test(&self, key: &str) -> Response {
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

    fn versions(&mut self, id: &str) -> Response {
        if Uuid::try_parse(id).is_err() {
            return not_found();
        }
        let Some(at) = self.position(id) else {
            return not_found();
        };
        let one = &self.connections[at];
        let record = json!({
            "changeDescription": null, "createdByUserId": null, "createdByUserName": null,
            "dateCreated": "2026-04-01T10:00:00.000Z", "entityId": one.id, "id": one.id, "version": one.version,
        });
        Response::json(
            200,
            &json!({"currentVersion": one.version, "totalVersions": 1, "versions": [record]}),
        )
    }

    /// Rolls back, including the old secrets.
    fn roll_back(&mut self, id: &str, number: &str) -> Response {
        let (Some(at), Ok(number), true) = (
            self.position(id),
            number.parse::<u64>(),
            Uuid::try_parse(id).is_ok(),
        ) else {
            return not_found();
        };
        let current = self.connections[at].clone();
        let mut past = self.past.iter();
        let Some(past) = past.find(|one| one.id == current.id && one.version == number) else {
            return error(404, "NotFound", "Rollback failed");
        };
        self.connections[at] = Stored {
            version: current.version + 1,
            ..past.clone()
        };
        self.past.push(current);
        Response::empty(204)
    }
}

fn not_found() -> Response {
    error(404, "NotFound", "Connection not found")
}

fn percent(part: &str) -> String {
    let replaced = part.replace('+', "%2B");
    let pairs = url::form_urlencoded::parse(replaced.as_bytes());
    pairs.map(|(key, _)| key.into_owned()).collect()
}

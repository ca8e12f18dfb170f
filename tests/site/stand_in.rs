//! Test server with the API of an Umbraco site that records errors of its clients.
#![allow(clippy::too_many_lines, reason = "one arm for each route")]

mod connections;
mod sign_in;
mod switches;
mod tls;
mod versions;

use std::fs::Permissions;
use std::io::{Read, Write};
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::sync::{Arc, Mutex, MutexGuard};

use rustls::ServerConfig;
use serde_json::{Value, json};
use umai::api::client::{BaseUrl, ClientCredentials, RemoteOptions};

pub use self::sign_in::{CLIENT_ID, CLIENT_SECRET};
pub use self::switches::{Cut, Switches};
use crate::fixture::{Mode, Stored};
use crate::home::{Answer, Home};
use crate::http::{self, Request, Response};
use sign_in::IssuedTokens;

const BASE: &str = "/umbraco/ai/management/api/v1";

/// Running test server.
pub struct StandIn {
    pub origin: String,
    state: Arc<Mutex<SiteState>>,
}

pub struct SiteState {
    mode: Mode,
    switches: Switches,
    tokens: IssuedTokens,
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

    /// Serves over TLS with a certificate of its own, which is returned as PEM.
    pub fn over_tls(mode: Mode) -> (Self, String) {
        let (config, certificate) = tls::config();
        let connections = crate::fixture::connections(mode);
        (Self::listen(mode, connections, Some(config)), certificate)
    }

    pub fn with(mode: Mode, connections: Vec<Stored>) -> Self {
        Self::listen(mode, connections, None)
    }

    fn listen(mode: Mode, connections: Vec<Stored>, tls: Option<Arc<ServerConfig>>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let scheme = if tls.is_some() { "https" } else { "http" };
        let origin = format!("{scheme}://{}", listener.local_addr().unwrap());
        let state = Arc::new(Mutex::new(SiteState {
            mode,
            switches: Switches::default(),
            tokens: IssuedTokens::with_fixed("token-one"),
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
                let (shared, tls) = (Arc::clone(&shared), tls.clone());
                std::thread::spawn(move || match tls {
                    None => serve(socket, &shared),
                    Some(config) => tls::serve(config, socket, &shared),
                });
            }
        });
        Self { origin, state }
    }

    fn state(&self) -> MutexGuard<'_, SiteState> {
        self.state.lock().unwrap()
    }

    pub fn switch(&self, change: impl FnOnce(&mut Switches)) {
        change(&mut self.state().switches);
    }

    /// Options of a client in this process, without a cache of tokens.
    pub fn options(&self) -> RemoteOptions {
        let credentials = ClientCredentials::new(CLIENT_ID, CLIENT_SECRET).unwrap();
        RemoteOptions::for_site(BaseUrl::of_site(&self.origin).unwrap(), credentials)
    }

    /// Runs umai as the API user of this site.
    pub fn umai(&self, home: &Home, arguments: &[&str]) -> Answer {
        self.pipe(home, arguments, "")
    }

    /// Runs umai with input on stdin.
    pub fn pipe(&self, home: &Home, arguments: &[&str], stdin: &str) -> Answer {
        let arguments = self.arguments(home, arguments);
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        crate::home::answer_with(home.umai(&arguments), stdin)
    }

    /// Arguments that name this site, before the others. The secret is in a file.
    pub fn arguments(&self, home: &Home, arguments: &[&str]) -> Vec<String> {
        let file = home.write("outside/secret", CLIENT_SECRET);
        std::fs::set_permissions(&file, Permissions::from_mode(0o600)).unwrap();
        let file = file.to_str().unwrap();
        let place = [
            "--umbraco",
            &self.origin,
            "--client-id",
            CLIENT_ID,
            "--client-secret-file",
            file,
        ];
        place
            .iter()
            .chain(arguments)
            .map(|one| (*one).to_owned())
            .collect()
    }

    pub fn accept_only(&self, token: &str) {
        token.clone_into(&mut self.state().tokens.fixed);
    }

    /// Makes every issued token invalid.
    pub fn revoke_tokens(&self) {
        self.state().tokens.revoke_all();
    }

    /// Number of tokens issued so far.
    pub fn issued(&self) -> usize {
        self.state().tokens.count
    }

    /// Number of issued tokens that were not revoked.
    pub fn valid_tokens(&self) -> usize {
        self.state().tokens.valid()
    }

    /// Changes a connection as another user does.
    pub fn edit(&self, alias: &str, change: impl FnOnce(&mut Stored)) {
        self.state().edit(alias, change);
    }

    /// Adds a connection as another user does.
    pub fn add(&self, connection: Stored) {
        self.state().connections.push(connection);
    }

    /// Removes every provider.
    pub fn uninstall_providers(&self) {
        self.state().providers.clear();
    }

    /// Returns a connection, if it exists.
    pub fn find(&self, alias: &str) -> Option<Stored> {
        let state = self.state();
        let mut connections = state.connections.iter();
        connections.find(|one| one.alias == alias).cloned()
    }

    pub fn get(&self, alias: &str) -> Stored {
        self.find(alias).unwrap_or_else(|| panic!("no {alias}"))
    }

    pub fn all(&self) -> Vec<Stored> {
        self.state().connections.clone()
    }

    /// The requests to the API so far that are not reads.
    pub fn writes(&self) -> Vec<Request> {
        let requests = self.requests().into_iter();
        requests
            .filter(|one| one.is_api && one.method != "GET")
            .collect()
    }

    pub fn requests(&self) -> Vec<Request> {
        self.state().requests.clone()
    }

    /// Fails if a client sent a harmful request.
    pub fn assert_unharmed(&self) {
        let state = self.state();
        assert!(state.violations.is_empty(), "{:#?}", state.violations);
    }
}

fn serve(mut socket: impl Read + Write, shared: &Mutex<SiteState>) {
    let Some(request) = http::read(&mut socket, BASE) else {
        return;
    };
    let response = {
        let mut state = shared.lock().unwrap();
        let cut = state.next_cut();
        if cut == Some(false) {
            return;
        }
        let response = state.answer(&request);
        state.requests.push(request);
        if cut.is_some() {
            return;
        }
        response
    };
    // The client may have disconnected.
    let _ = http::write(&mut socket, &response).and_then(|()| socket.flush());
}

fn error(status: u16, operation: &str, detail: &str) -> Response {
    let body = json!({
        "type": "Error", "title": operation, "status": status, "detail": detail, "operationStatus": operation,
    });
    Response::json(status, &body)
}

impl SiteState {
    fn violate(&mut self, what: String) {
        self.violations.push(what);
    }

    /// Returns whether the request that is cut off now is taken; none if it is not cut off.
    fn next_cut(&mut self) -> Option<bool> {
        let cut = self.switches.cut.as_mut()?;
        if cut.after > 0 {
            cut.after -= 1;
            return None;
        }
        let is_taken = cut.is_taken;
        self.switches.cut = None;
        Some(is_taken)
    }

    fn answer(&mut self, request: &Request) -> Response {
        if let Some(location) = &self.switches.redirects_to {
            return Response::empty(302).with("Location", location.clone());
        }
        if self.switches.is_starting {
            return Response::html(503, "Website is starting");
        }
        if self.switches.lacks_umbraco {
            return Response::html(404, "Not found");
        }
        if !request.is_api {
            return self.answer_umbraco(request);
        }
        if self.switches.lacks_package {
            // Before the token is checked, since there is no such route.
            return if request.path.starts_with("/providers") {
                Response::empty(404)
            } else {
                Response::html(404, "Page not found")
            };
        }
        if let Some(refused) = self.check_token(request) {
            return refused;
        }
        if request.method != "GET"
            && let Some(left) = &mut self.switches.fails_writes_after
        {
            if *left == 0 {
                return Response::html(502, "Bad Gateway");
            }
            *left -= 1;
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
            ("PUT", ["connections", key]) => {
                let response = self.replace(key, request);
                if let Some(renamed) = self.switches.renamed_after_put.take() {
                    self.edit(&renamed, |one| one.name.push_str(" by others"));
                }
                response
            }
            ("DELETE", ["connections", key]) => match self.position(key) {
                Some(at) => {
                    self.connections.remove(at);
                    Response::empty(200)
                }
                None => not_found(),
            },
            ("GET", ["connections", key, "exists"]) => {
                let except = request.parameter("excludeId");
                let found = self
                    .position(key)
                    .map(|at| self.connections[at].id.to_string());
                Response::json(200, &json!(found.is_some() && found != except))
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
            ("GET", ["versions", "connection", id]) => self.versions(id, request),
            ("GET", ["versions", "connection", id, number]) => self.version(id, number),
            ("GET", ["versions", "connection", id, from, "compare", to]) => {
                self.compare(id, from, to)
            }
            ("POST", ["versions", "connection", id, number, "rollback"]) => {
                self.roll_back(id, number)
            }
            _ => {
                self.violate(format!(
                    "{} {} is no address of a site",
                    request.method, request.path
                ));
                Response::empty(404)
            }
        }
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

/// Serves a site to try the app by hand: `cargo test --test site serve_by_hand -- --ignored --nocapture`.
#[test]
#[ignore = "runs until it is interrupted"]
#[allow(clippy::print_stdout, reason = "the address is its purpose")]
fn serve_by_hand() {
    let site = StandIn::new(Mode::Extra);
    println!("umai login {}\n{CLIENT_ID}\n{CLIENT_SECRET}", site.origin);
    loop {
        std::thread::park();
    }
}

//! Token endpoints of the test server, and its check of tokens.

use std::collections::HashMap;
use std::time::Instant;

use serde_json::json;

use super::SiteState;
use crate::http::{Request, Response};

/// Client ID of the API user.
pub const CLIENT_ID: &str = "umbraco-back-office-umai";

/// Client secret of the API user.
pub const CLIENT_SECRET: &str = "hush+client secret&1";

/// Issued tokens.
#[derive(Default)]
pub struct IssuedTokens {
    /// Token given by the test, for clients without credentials.
    pub fixed: String,
    valid: HashMap<String, Instant>,
    pub count: usize,
}

impl IssuedTokens {
    pub fn with_fixed(fixed: &str) -> Self {
        Self {
            fixed: fixed.into(),
            ..Self::default()
        }
    }

    /// Makes every issued token invalid, as a restart of a site does.
    pub fn revoke_all(&mut self) {
        self.valid.clear();
    }

    pub fn valid(&self) -> usize {
        self.valid.len()
    }
}

fn oauth_error(status: u16, error: &str, number: &str, description: &str) -> Response {
    let uri = format!("https://documentation.openiddict.com/errors/{number}");
    let body = json!({"error": error, "error_description": description, "error_uri": uri});
    Response::json(status, &body)
}

impl SiteState {
    /// Answers a request to a path of Umbraco itself.
    pub fn answer_umbraco(&mut self, request: &Request) -> Response {
        const MANAGEMENT: &str = "/umbraco/management/api/v1";
        let name = request.path.strip_prefix(MANAGEMENT).unwrap_or_default();
        match (request.method.as_str(), name) {
            ("GET", "/server/status") => {
                if !request.authorization.is_empty() {
                    self.violate("a token was sent where none is needed".into());
                }
                Response::json(200, &json!({"serverStatus": "Run"}))
            }
            ("GET", "/server/information") => match self.check_token(request) {
                Some(refused) => refused,
                None => Response::json(
                    200,
                    &json!({"assemblyVersion": "17.3.0.0", "baseUtcOffset": "00:00:00", "runtimeMode": "Production", "version": "17.3.0"}),
                ),
            },
            ("POST", "/security/back-office/token") => self.issue(request),
            ("POST", "/security/back-office/revoke") => {
                let token = request.form("token").unwrap_or_default();
                self.check_client(request).unwrap_or_else(|| {
                    self.tokens.valid.remove(&token);
                    Response::empty(200)
                })
            }
            _ => {
                self.violate(format!(
                    "{} {} is no address of a site",
                    request.method, request.path
                ));
                Response::html(404, "Not found")
            }
        }
    }

    fn check_client(&self, request: &Request) -> Option<Response> {
        if self.switches.requires_https {
            let words = "This server only accepts HTTPS requests.";
            return Some(oauth_error(400, "invalid_request", "ID2083", words));
        }
        if request.form("client_id").as_deref() != Some(CLIENT_ID) {
            let words = "The specified 'client_id' is invalid.";
            return Some(oauth_error(401, "invalid_client", "ID2052", words));
        }
        if request.form("client_secret").as_deref() != Some(CLIENT_SECRET) {
            let words = "The specified client credentials are invalid.";
            return Some(oauth_error(401, "invalid_client", "ID2055", words));
        }
        if self.switches.is_disabled {
            let body = json!({"error": "Authorization failed", "error_description": "The user is not allowed to sign in."});
            return Some(Response::json(400, &body));
        }
        None
    }

    fn issue(&mut self, request: &Request) -> Response {
        if request.form("grant_type").as_deref() != Some("client_credentials") {
            self.violate(format!("grant of another type: {}", request.query));
        }
        if !request.query.is_empty() || !request.authorization.is_empty() {
            self.violate("credentials outside the body".into());
        }
        if let Some(refused) = self.check_client(request) {
            return refused;
        }
        self.tokens.count += 1;
        let token = format!("opaque-planted-{}", self.tokens.count);
        let until = Instant::now() + self.switches.lifetime;
        self.tokens.valid.insert(token.clone(), until);
        let body = json!({"access_token": token, "token_type": "Bearer", "expires_in": self.switches.expires_in});
        Response::json(200, &body)
    }

    /// Returns the response to a request without a valid token, or without the right to use the API.
    pub fn check_token(&self, request: &Request) -> Option<Response> {
        let header = if self.switches.drops_token {
            ""
        } else {
            &request.authorization
        };
        if header.is_empty() {
            return Some(Response::empty(401).with("WWW-Authenticate", "Bearer"));
        }
        let token = header.strip_prefix("Bearer ").unwrap_or_default();
        let is_issued = self
            .tokens
            .valid
            .get(token)
            .is_some_and(|until| Instant::now() < *until);
        if !is_issued && token != self.tokens.fixed {
            let challenge = "Bearer error=\"invalid_token\", error_description=\"The specified token is invalid.\"";
            return Some(Response::empty(401).with("WWW-Authenticate", challenge));
        }
        if self.switches.lacks_section && request.is_api {
            let challenge = "Bearer error=\"insufficient_access\", error_description=\"The user represented by the token is not allowed to perform the requested action.\"";
            return Some(Response::empty(403).with("WWW-Authenticate", challenge));
        }
        None
    }
}

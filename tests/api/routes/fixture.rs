//! Server over an in-memory store, and a client that validates every response against the `OpenAPI` document.

use std::sync::Arc;

use reqwest::{Client, Method, RequestBuilder};
use serde_json::Value;
use umai::api::BASE_PATH;
use umai::service::ConnectionService;

use crate::routes::openapi::Document;
use crate::support::server::Server;
use crate::support::{DOCUMENTED, TestClock, service_at};

pub struct Fixture {
    pub clock: TestClock,
    pub server: Server,
    pub client: Client,
    pub document: Document,
}

/// A response.
pub struct Answer {
    pub status: u16,
    pub headers: reqwest::header::HeaderMap,
    pub text: String,
}

impl Answer {
    pub async fn of(response: reqwest::Response) -> Self {
        Self {
            status: response.status().as_u16(),
            headers: response.headers().clone(),
            text: response.text().await.unwrap(),
        }
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }

    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error}: {}", self.text))
    }

    /// Returns the status and the detail of an error response.
    pub fn refusal(&self) -> (u16, String) {
        let detail = self.json()["detail"].as_str().unwrap().to_owned();
        (self.status, detail)
    }
}

/// The documented request for a local endpoint without a server.
pub const UNREACHABLE: &str = r#"{"alias":"openai-prod","name":"OpenAI Production","providerId":"openai","isActive":true,"settings":{"apiKey":"sk-your-api-key","endpoint":"http://127.0.0.1:9/v1"}}"#;

impl Fixture {
    pub async fn new() -> Self {
        let clock = TestClock::new();
        let mut fixture = Self::over(service_at(&clock)).await;
        fixture.clock = clock;
        fixture
    }

    pub async fn over(service: Arc<dyn ConnectionService>) -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let server = Server::over(service).await;
        let client = Client::builder().no_proxy().build().unwrap();
        let document = client.get(format!("{}/openapi.json", server.origin)).send();
        let document = document.await.unwrap().json().await.unwrap();
        Self {
            clock: TestClock::new(),
            server,
            client,
            document: Document(document),
        }
    }

    /// Creates a request for a path below the base path, or for a full path.
    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let path = path.strip_prefix(BASE_PATH).unwrap_or(path);
        let address = match path {
            "/health" | "/openapi.json" => format!("{}{path}", self.server.origin),
            _ => self.server.at(path),
        };
        self.client.request(method, address)
    }

    /// Sends a request and validates the response against the document.
    pub async fn send(&self, request: RequestBuilder) -> Answer {
        let request = request.build().unwrap();
        let (method, path) = (request.method().clone(), request.url().path().to_owned());
        let answer = Answer::of(self.client.execute(request).await.unwrap()).await;
        if let Err(flaw) = self.document.flaw(&method, &path, &answer) {
            panic!("{method} {path}: {flaw}\n{} {}", answer.status, answer.text);
        }
        answer
    }

    pub async fn ask(&self, method: Method, path: &str) -> Answer {
        self.send(self.request(method, path)).await
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.ask(Method::GET, path).await
    }

    pub async fn delete(&self, path: &str) -> Answer {
        self.ask(Method::DELETE, path).await
    }

    /// Sends a PUT request with JSON.
    pub async fn put_json(&self, path: &str, body: &str) -> Answer {
        self.with_json(Method::PUT, path, body.to_owned()).await
    }

    /// Sends a POST request with JSON.
    pub async fn post_json(&self, path: &str, body: impl Into<reqwest::Body>) -> Answer {
        self.with_json(Method::POST, path, body).await
    }

    async fn with_json(
        &self,
        method: Method,
        path: &str,
        body: impl Into<reqwest::Body>,
    ) -> Answer {
        let request = self.request(method, path);
        let request = request.header("content-type", "application/json");
        self.send(request.body(body)).await
    }

    pub async fn create(&self, body: &str) -> Value {
        let created = self.post_json("/connections", body.to_owned()).await;
        assert_eq!(created.status, 201, "{}", created.text);
        created.json()
    }

    pub async fn create_documented(&self) -> Value {
        self.create(DOCUMENTED).await
    }

    /// Returns the number of connections and the revision of the store.
    pub async fn state(&self) -> (Value, Value) {
        let list = self.get("/connections?take=0").await.json();
        let revision = self.get("/changes/latest").await.json();
        (list["total"].clone(), revision["revision"].clone())
    }
}

//! Shared test support: an in-memory service with a controlled clock.
#![allow(dead_code, reason = "each test file uses its part")]
#![allow(clippy::unwrap_used, reason = "a test may fail anywhere")]

pub mod harness;
pub mod every_target;
pub mod random_events;
pub mod server;

use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use chrono::{DateTime, TimeDelta, Utc};
use umai::api::client::{RemoteOptions, RemoteService};
use umai::appsettings::{AppSettings, EnvironmentVariables};
use umai::connection::store::ConnectionStore;
use umai::connection::{ConnectionDraft, PlainSecret};
use umai::provider::ProviderCatalog;
use umai::service::{Clock, ConnectionService, CoreService};
use umai::store::memory::MemoryStore;

/// Clock that stands still until a test advances it.
#[derive(Clone)]
pub struct TestClock(Arc<Mutex<DateTime<Utc>>>);

impl TestClock {
    pub fn new() -> Self {
        Self(Arc::new(Mutex::new(
            "2024-01-15T10:30:00Z".parse().unwrap(),
        )))
    }

    pub fn turn(&self, seconds: i64) {
        let mut now = self.0.lock().unwrap();
        *now += TimeDelta::seconds(seconds);
    }

    pub fn clock(&self) -> Clock {
        let now = Arc::clone(&self.0);
        Arc::new(move || *now.lock().unwrap())
    }
}

/// In-memory service with the embedded providers and an `appsettings.json` that contains `OpenAI:ApiKey`.
pub fn service_at(clock: &TestClock) -> Arc<dyn ConnectionService> {
    service_over(Arc::new(MemoryStore::<PlainSecret>::default()), clock)
}

/// Service like that of [`service_at`] over any store.
pub fn service_over(
    store: Arc<dyn ConnectionStore<PlainSecret>>,
    clock: &TestClock,
) -> Arc<dyn ConnectionService> {
    Arc::new(CoreService::new(
        store,
        Arc::new(ProviderCatalog::embedded()),
        appsettings(),
        clock.clock(),
    ))
}

pub fn service() -> Arc<dyn ConnectionService> {
    service_at(&TestClock::new())
}

/// Contents of `appsettings.json`.
pub const APPSETTINGS: &str = r#"{ "OpenAI": { "ApiKey": "sk-from-appsettings" } }"#;

fn appsettings() -> AppSettings {
    AppSettings::in_folder(
        folder_with_settings(APPSETTINGS),
        EnvironmentVariables::from_pairs([]),
    )
}

/// Folder with this `appsettings.json`, which all tests with the same text share: it outlives the services that read it.
pub fn folder_with_settings(text: &str) -> PathBuf {
    let mut hasher = DefaultHasher::new();
    text.hash(&mut hasher);
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR"))
        .join(format!("appsettings-{:016x}", hasher.finish()));
    let file = folder.join("appsettings.json");
    if !file.exists() {
        std::fs::create_dir_all(&folder).unwrap();
        let mut written = tempfile::NamedTempFile::new_in(&folder).unwrap();
        written.write_all(text.as_bytes()).unwrap();
        written.persist(file).unwrap();
    }
    folder
}

/// Client of the server at `origin`.
pub async fn remote(origin: &str) -> Arc<dyn ConnectionService> {
    let options = RemoteOptions::new(origin.parse().unwrap());
    Arc::new(RemoteService::connect(&options).await.unwrap())
}

/// Draft from a JSON request body.
pub fn draft(body: &str) -> ConnectionDraft {
    ConnectionDraft::from_json(body.as_bytes()).unwrap()
}

/// Request body of the documented example.
pub const DOCUMENTED: &str = r#"{"alias":"openai-prod","name":"OpenAI Production","providerId":"openai","isActive":true,"settings":{"apiKey":"sk-your-api-key","organization":null}}"#;

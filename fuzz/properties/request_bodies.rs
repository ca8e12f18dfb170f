//! Request bodies round-trip, responses never contain their secrets, and a response can be sent back as an update.

use std::sync::{Arc, OnceLock};

use axum::Router;
use axum::body::Body;
use http::{Method, Request, StatusCode, header::CONTENT_TYPE};
use http_body_util::BodyExt;
use serde_json::Value;
use tempfile::TempDir;
use tokio::runtime::{Builder, Runtime};
use tower::ServiceExt;
use umai::api::{BASE_PATH, server};
use umai::appsettings::{AppSettings, EnvironmentVariables};
use umai::connection::validate::MaskPolicy;
use umai::connection::{ConnectionDraft, PlainSecret, Settings};
use umai::provider::ProviderCatalog;
use umai::service::{Clock, ConnectionService, CoreService};
use umai::store::memory::MemoryStore;

use super::PLANTED;
use super::folder::folder;
use crate::support::{APPSETTINGS, TestClock};

/// Existing connection and its secret.
const KEPT: &str = r#"{"alias":"kept","name":"Kept","providerId":"openai","settings":{"apiKey":"sk-stored-inside","organization":"org-1"}}"#;
const INSIDE: &str = "stored-inside";

pub fn holds(body: &[u8]) {
    let read = ConnectionDraft::from_json(body);
    match &read {
        Err(error) => {
            let outcome = error.to_string();
            assert!(
                is_about_a_name(&outcome) || !outcome.contains(PLANTED),
                "{outcome}"
            );
        }
        Ok(draft) => {
            reads_back(draft);
            is_examined(draft);
        }
    }
    is_answered(body, read.ok().as_ref());
}

/// Returns whether the error names a duplicate member.
fn is_about_a_name(outcome: &str) -> bool {
    outcome.contains("is given twice")
}

fn reads_back(draft: &ConnectionDraft) {
    let understood = ConnectionDraft {
        misread: Vec::new(),
        ..draft.clone()
    };
    let again = ConnectionDraft::from_json(&understood.to_body()).unwrap();
    assert!(again == understood, "{again:?} was {understood:?}");
    if is_only_secret(draft) {
        let shown = format!("{draft:?}");
        assert!(!shown.contains(PLANTED), "{shown}");
    }
}

fn is_examined(draft: &ConnectionDraft) {
    let examined = draft.validate(catalog(), MaskPolicy::Reject);
    let places: Vec<_> = examined
        .errors
        .iter()
        .map(|error| error.field.place())
        .collect();
    assert!(places.is_sorted(), "the order of a request");
    for error in &examined.errors {
        let outcome = error.to_string();
        assert!(!outcome.is_empty());
        assert!(
            !is_only_secret(draft) || !outcome.contains(PLANTED),
            "{outcome}"
        );
    }
}

/// Returns whether the placeholder of secrets occurs in hidden values only.
fn is_only_secret(draft: &ConnectionDraft) -> bool {
    let has = |text: &str| text.to_lowercase().contains(PLANTED);
    let texts = [&draft.alias, &draft.name, &draft.provider_id, &draft.note];
    let mut settings = draft.settings.iter().flat_map(Settings::iter);
    !texts.into_iter().flatten().any(|text| has(text))
        && !draft
            .misread
            .iter()
            .any(|error| has(&error.to_string()) || has(&format!("{error:?}")))
        && settings.all(|(key, value)| {
            !has(key) && (!is_shown(key) || !has(value.text().unwrap_or_default()))
        })
}

/// Returns whether a setting is visible for any provider.
fn is_shown(key: &str) -> bool {
    catalog().all().iter().any(|provider| {
        let field = provider.field(key);
        field.is_some_and(|field| !field.sensitive)
    })
}

/// Returns whether a value is a reference.
fn has_reference(draft: &ConnectionDraft) -> bool {
    let mut settings = draft.settings.iter().flat_map(Settings::iter);
    settings.any(|(_, value)| {
        value
            .text()
            .is_some_and(|text| text.trim().starts_with('$'))
    })
}

fn is_answered(body: &[u8], draft: Option<&ConnectionDraft>) {
    let api = Api::new();
    let hides = draft.is_some_and(|draft| is_only_secret(draft) && !has_reference(draft));
    let is_inside = String::from_utf8_lossy(body).contains("inside");
    for (method, path) in [
        (Method::POST, "/connections"),
        (Method::PUT, "/connections/kept"),
        (Method::POST, "/connections/kept/duplicate"),
    ] {
        let (status, text) = api.ask(&method, path, body);
        assert!(
            status.is_success() || status.is_client_error(),
            "{method} {path}: {text}"
        );
        assert!(!hides || !text.contains(PLANTED), "{method} {path}: {text}");
        assert!(
            is_inside || !text.contains(INSIDE),
            "{method} {path}: {text}"
        );
        assert!(
            draft.is_some() || status == StatusCode::BAD_REQUEST,
            "{status}"
        );
        let answer: Value = serde_json::from_str(&text).expect("the answer is JSON");
        if status.is_success() {
            let id = answer["id"].as_str().expect("a connection has an id");
            can_be_sent_back(&api, id, &answer);
            let (_, versions) = api.ask(&Method::GET, &format!("/versions/connection/{id}"), b"");
            assert!(!hides || !versions.contains(PLANTED), "{versions}");
        } else {
            assert!(
                answer["detail"]
                    .as_str()
                    .is_some_and(|outcome| !outcome.is_empty()),
                "{text}"
            );
        }
    }
}

/// A response that is sent back changes nothing.
fn can_be_sent_back(api: &Api, id: &str, answer: &Value) {
    let path = format!("/connections/{id}");
    let (status, text) = api.ask(&Method::PUT, &path, answer.to_string().as_bytes());
    assert_eq!(status, StatusCode::OK, "{answer} came back: {text}");
    let again: Value = serde_json::from_str(&text).unwrap();
    for member in [
        "id",
        "alias",
        "name",
        "providerId",
        "isActive",
        "settings",
        "dateCreated",
    ] {
        assert_eq!(again[member], answer[member], "{member}");
    }
}

fn catalog() -> &'static Arc<ProviderCatalog> {
    static CATALOG: OnceLock<Arc<ProviderCatalog>> = OnceLock::new();
    CATALOG.get_or_init(|| Arc::new(ProviderCatalog::embedded()))
}

/// Service over an empty store, with one appsettings file for the whole run.
pub fn service(clock: Clock) -> Arc<dyn ConnectionService> {
    static FOLDER: OnceLock<TempDir> = OnceLock::new();
    static SETTINGS: OnceLock<AppSettings> = OnceLock::new();
    let settings = SETTINGS.get_or_init(|| {
        let folder = folder(&FOLDER);
        std::fs::write(folder.join("appsettings.json"), APPSETTINGS).unwrap();
        AppSettings::in_folder(folder, EnvironmentVariables::none())
    });
    Arc::new(CoreService::new(
        Arc::new(MemoryStore::<PlainSecret>::default()),
        Arc::clone(catalog()),
        settings.clone(),
        clock,
    ))
}

/// API with one connection.
struct Api {
    router: Router,
}

fn runtime() -> &'static Runtime {
    static RUNTIME: OnceLock<Runtime> = OnceLock::new();
    RUNTIME.get_or_init(|| Builder::new_current_thread().build().unwrap())
}

impl Api {
    fn new() -> Self {
        let service = service(TestClock::new().clock());
        let kept = ConnectionDraft::from_json(KEPT.as_bytes()).unwrap();
        runtime().block_on(service.create(kept)).unwrap();
        Self {
            router: server::router(service),
        }
    }

    fn ask(&self, method: &Method, path: &str, body: &[u8]) -> (StatusCode, String) {
        let request = Request::builder()
            .method(method)
            .uri(format!("{BASE_PATH}{path}"))
            .header(CONTENT_TYPE, "application/json")
            .body(Body::from(body.to_vec()))
            .unwrap();
        runtime().block_on(async {
            let Ok(answer) = self.router.clone().oneshot(request).await;
            let status = answer.status();
            let bytes = answer.into_body().collect().await.unwrap().to_bytes();
            (status, String::from_utf8(bytes.to_vec()).unwrap())
        })
    }
}

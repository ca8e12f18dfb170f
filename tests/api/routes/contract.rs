//! Pins the parts of the API that clients depend on: paths, operation IDs, schemas, and problem codes.

use reqwest::Method;
use serde_json::Value;

use crate::routes::fixture::Fixture;
use crate::support::service;

/// The `OpenAPI` document without its prose, one line for each path and component.
const OUTLINE: &str = include_str!("openapi_outline.txt");

/// Removes the texts that may change freely. A member that is called `description` is an object and stays.
fn remove_prose(value: &mut Value) {
    match value {
        Value::Object(members) => {
            for name in ["description", "summary"] {
                if members.get(name).is_some_and(Value::is_string) {
                    members.remove(name);
                }
            }
            members.values_mut().for_each(remove_prose);
        }
        Value::Array(items) => items.iter_mut().for_each(remove_prose),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

fn outline(document: &Value) -> String {
    let mut document = document.clone();
    remove_prose(&mut document);
    let mut lines = Vec::new();
    let mut add = |group: &str, members: &Value| {
        for (name, value) in members.as_object().unwrap() {
            lines.push(format!("{group} {name} {value}\n"));
        }
    };
    for (path, operations) in document["paths"].as_object().unwrap() {
        add(path, operations);
    }
    for group in ["parameters", "responses", "schemas", "securitySchemes"] {
        add(group, &document["components"][group]);
    }
    lines.sort_unstable();
    lines.concat()
}

#[tokio::test]
async fn openapi_document_keeps_its_paths_ids_and_schemas() {
    let fixture = Fixture::over(service()).await;
    let outline = outline(&fixture.document.0);
    for (line, expected) in outline.lines().zip(OUTLINE.lines()) {
        assert_eq!(line, expected, "the API changed for its clients");
    }
    assert_eq!(outline.lines().count(), OUTLINE.lines().count());
}

#[tokio::test]
async fn problem_codes_of_refused_requests_stay() {
    let fixture = Fixture::new().await;
    fixture.create_documented().await;
    let one = "/connections/openai-prod";
    let named = r#"{"alias":"a","name":"A","providerId":"openai"}"#;
    for (method, path, header, body, status, code) in [
        ("GET", "/nothing", None, "", 404, "noSuchAddress"),
        ("PATCH", "/connections", None, "", 405, "methodNotAllowed"),
        ("GET", "/connections/%ff", None, "", 400, "malformedAddress"),
        ("GET", "/connections/nothing", None, "", 404, "notFound"),
        (
            "GET",
            "/providers/nothing",
            None,
            "",
            404,
            "providerNotFound",
        ),
        (
            "GET",
            "/versions/page/a",
            None,
            "",
            400,
            "unknownEntityType",
        ),
        (
            "GET",
            "/versions/connection/openai-prod/9",
            None,
            "",
            404,
            "versionNotFound",
        ),
        ("GET", "/connections?take=x", None, "", 400, "badParameter"),
        (
            "PUT",
            one,
            Some(("if-match", "1")),
            "{}",
            400,
            "badPrecondition",
        ),
        (
            "PUT",
            one,
            Some(("if-match", "\"9\"")),
            "{}",
            412,
            "versionMoved",
        ),
        ("POST", "/connections", None, "{}", 400, "required"),
        ("POST", "/connections", None, "{", 400, "malformed"),
        (
            "POST",
            "/connections",
            Some(("content-encoding", "gzip")),
            named,
            415,
            "unsupportedMediaType",
        ),
    ] {
        let method = Method::from_bytes(method.as_bytes()).unwrap();
        let mut request = fixture.request(method, path);
        if !body.is_empty() {
            request = request.header("content-type", "application/json");
        }
        if let Some((name, value)) = header {
            request = request.header(name, value);
        }
        let response = request.body(body).send().await.unwrap();
        assert_eq!(response.status(), status, "{path}");
        let problem: Value = response.json().await.unwrap();
        assert_eq!(problem["code"], code, "{path}");
    }
}

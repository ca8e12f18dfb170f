//! `/openapi.json`: the API described in `OpenAPI` 3.1.
//!
//! Built from the operations of the routes and the schemas here: attributes on the types of `connection` would couple them to
//! HTTP. Tests check every response against the document.

mod parameters;
mod schemas;

use std::sync::LazyLock;

use axum::response::Response;
use serde_json::{Map, Value, json};

use super::response;
use super::route::ResponseKind::Json;
use super::route::{self, Route};
use super::route::{Mount, Operation, ResponseKind};
use crate::api::Problem;

/// Statuses that any operation can return, from the layers around the routes.
const COMMON_ERRORS: [u16; 9] = [400, 401, 403, 408, 421, 429, 431, 500, 503];

/// The document; it does not change while the program runs.
static DOCUMENT: LazyLock<Value> = LazyLock::new(|| {
    let operations: Vec<_> = super::routes().map(|route| route.operation).collect();
    build_document(&operations)
});

/// Route of the document.
pub fn routes() -> Vec<Route> {
    vec![
        route::get(
            super::OPENAPI,
            "getOpenApi",
            "Get this document",
            Json("Document"),
        )
        .at_root()
        .handled_by(document),
    ]
}

/// `GET /openapi.json`
pub async fn document() -> Response {
    response::json(&*DOCUMENT)
}

/// Builds the document.
fn build_document(operations: &[Operation]) -> Value {
    let mut paths = Map::new();
    for operation in operations {
        let path = paths
            .entry(operation.full_path())
            .or_insert_with(|| Value::Object(Map::new()));
        if let Value::Object(methods) = path {
            methods.insert(operation.method.as_str().to_owned(), operation.to_json());
        }
    }
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "umai management API",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "Manage connections to AI providers: create, test, update, delete, and roll back. Secrets are write-only.",
            "license": { "name": "MIT", "identifier": "MIT" },
        },
        "servers": [{ "url": "/" }],
        "security": [{ "bearer": [] }],
        "paths": paths,
        "components": {
            "securitySchemes": { "bearer": {
                "type": "http",
                "scheme": "bearer",
                "description": "A token with scope read allows GET and HEAD; scope write allows everything.",
            } },
            "parameters": parameters::all(),
            "responses": error_responses(operations),
            "schemas": schemas::all(),
        },
    })
}

impl Operation {
    fn to_json(&self) -> Value {
        let mut described = json!({
            "operationId": self.id,
            "summary": self.summary,
            "tags": [self.tag()],
        });
        let named = parameters::in_path(self.path).map(|name| format!("{name}InPath"));
        let named = named.chain(self.parameters.iter().map(|name| (*name).to_owned()));
        let named: Vec<_> = named.map(|name| reference("parameters", &name)).collect();
        if !named.is_empty() {
            described["parameters"] = named.into();
        }
        if let Some(body) = &self.body {
            described["requestBody"] = json!({
                "required": body.is_required,
                "content": { "application/json": { "schema": reference("schemas", body.schema) } },
            });
        }
        if matches!(self.below, Mount::Root) {
            // Health and the API description need no token.
            described["security"] = json!([]);
        }
        described["responses"] = self.responses();
        described
    }

    /// Tag of the operation, from the first path segment.
    fn tag(&self) -> &str {
        let tag = self.path.trim_start_matches('/').split('/').next();
        match tag.unwrap_or_default() {
            "connection-tests" | "aliases" => "connections",
            "provider" => "providers",
            "health" | "openapi.json" | "notices" | "appsettings" => "server",
            other => other,
        }
    }

    fn responses(&self) -> Value {
        let mut answers = Map::new();
        let (status, shape) = &self.success;
        let content = match shape {
            ResponseKind::Json(schema) => {
                Some(json!({ "application/json": { "schema": reference("schemas", schema) } }))
            }
            ResponseKind::Events => {
                Some(json!({ "text/event-stream": { "schema": { "type": "string" } } }))
            }
            ResponseKind::Nothing => None,
        };
        let mut success = json!({ "description": self.summary });
        if let Some(content) = content {
            success["content"] = content;
        }
        let headers = self.headers.iter().map(|name| {
            let header = json!({ "required": true, "schema": { "type": "string" } });
            ((*name).to_owned(), header)
        });
        let headers: Map<_, _> = headers.collect();
        if !headers.is_empty() {
            success["headers"] = headers.into();
        }
        answers.insert(status.to_string(), success);
        if self.parameters.contains(&"If-None-Match") {
            let unchanged =
                json!({ "description": "Not modified: the client already has this version" });
            answers.insert("304".into(), unchanged);
        }
        let mut errors: Vec<_> = self.errors.iter().copied().chain(COMMON_ERRORS).collect();
        errors.sort_unstable();
        errors.dedup();
        for status in errors {
            answers.insert(
                status.to_string(),
                reference("responses", &status.to_string()),
            );
        }
        answers.into()
    }
}

fn reference(kind: &str, name: &str) -> Value {
    json!({ "$ref": format!("#/components/{kind}/{name}") })
}

/// Error responses by status.
fn error_responses(operations: &[Operation]) -> Map<String, Value> {
    let mut statuses: Vec<_> = operations
        .iter()
        .flat_map(|operation| operation.errors)
        .collect();
    statuses.extend(&COMMON_ERRORS);
    statuses.sort_unstable();
    statuses.dedup();
    let described = statuses.into_iter().map(|&status| {
        let mut refusal = json!({
            "description": Problem::new(status, "", "").title,
            "content": { "application/problem+json": { "schema": reference("schemas", "Problem") } },
        });
        if status == 401 {
            refusal["headers"] = json!({ "WWW-Authenticate": { "schema": { "type": "string" } } });
        }
        (status.to_string(), refusal)
    });
    described.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_reference_resolves() {
        fn resolve_schema(value: &Value, document: &Value) {
            match value {
                Value::Object(members) => {
                    if let Some(Value::String(to)) = members.get("$ref") {
                        let found = to.strip_prefix('#').and_then(|to| document.pointer(to));
                        assert!(found.is_some(), "{to}");
                    }
                    members
                        .values()
                        .for_each(|value| resolve_schema(value, document));
                }
                Value::Array(values) => values
                    .iter()
                    .for_each(|value| resolve_schema(value, document)),
                Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
            }
        }
        resolve_schema(&DOCUMENT, &DOCUMENT);
    }
}

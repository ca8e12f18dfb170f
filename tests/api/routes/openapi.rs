//! Validates responses against the server's `OpenAPI` document.

use std::collections::BTreeSet;

use reqwest::Method;
use serde_json::{Map, Value};
use umai::api::BASE_PATH;

use crate::routes::fixture::{Answer, Fixture, UNREACHABLE};
use crate::support::service;

/// The content of `/openapi.json`.
pub struct Document(pub Value);

impl Document {
    /// Checks a response to a request.
    pub fn flaw(&self, method: &Method, path: &str, answer: &Answer) -> Result<(), String> {
        if answer.header("cache-control") != Some("no-store") {
            return Err("the response may be cached".into());
        }
        let path = path.split('?').next().unwrap();
        let wanted = if *method == Method::HEAD {
            Method::GET
        } else {
            method.clone()
        };
        if answer.status >= 400 {
            self.problem_flaw(method, answer)?;
        }
        let Some(operation) = self.operation(&wanted, path) else {
            let is_fine = matches!(answer.status, 400 | 404 | 405);
            return is_fine.then_some(()).ok_or("no such operation".into());
        };
        let output = &operation["responses"][answer.status.to_string()];
        let output = self.at(output);
        if output.is_null() {
            return Err(format!("{} is not in the document", answer.status));
        }
        for name in members(&output["headers"]).keys() {
            let is_required = output["headers"][name]["required"] == true;
            if is_required && answer.header(name).is_none() {
                return Err(format!("the header {name} is missing"));
            }
        }
        if *method == Method::HEAD {
            return answer
                .text
                .is_empty()
                .then_some(())
                .ok_or("the response to HEAD has a body".into());
        }
        let content = members(&output["content"]);
        let Some((media_type, content)) = content.iter().next() else {
            return answer
                .text
                .is_empty()
                .then_some(())
                .ok_or("the response has an unexpected body".into());
        };
        if answer.header("content-type") != Some(media_type) {
            return Err(format!(
                "{:?} is not {media_type}",
                answer.header("content-type")
            ));
        }
        self.shape_flaw(&content["schema"], &answer.json(), "the body")
    }

    fn problem_flaw(&self, method: &Method, answer: &Answer) -> Result<(), String> {
        if answer.header("content-type") != Some("application/problem+json") {
            return Err("the response is not problem details".into());
        }
        if *method == Method::HEAD {
            return Ok(());
        }
        let problem = answer.json();
        let begins = format!(
            r#"{{"type":{},"title":{},"status":{},"detail":{}"#,
            problem["type"], problem["title"], answer.status, problem["detail"]
        );
        if !answer.text.starts_with(&begins) {
            return Err(format!("it does not begin with {begins}"));
        }
        if problem["detail"] == "" {
            return Err("the detail is empty".into());
        }
        self.shape_flaw(
            &serde_json::json!({ "$ref": "#/components/schemas/Problem" }),
            &problem,
            "the problem",
        )
    }

    /// Returns the operation of a request; among matching templates the one with the fewest parameters.
    fn operation(&self, method: &Method, path: &str) -> Option<&Value> {
        let fits = |template: &str| {
            let (output, given) = (template.split('/'), path.split('/'));
            output.clone().count() == given.clone().count()
                && output
                    .zip(given)
                    .all(|(output, given)| output.starts_with('{') || output == given)
        };
        let paths = members(&self.0["paths"]);
        let fitting = paths.keys().filter(|template| fits(template));
        let best = fitting.min_by_key(|template| template.matches('{').count())?;
        self.0["paths"][best].get(method.as_str().to_lowercase())
    }

    fn at<'a>(&'a self, value: &'a Value) -> &'a Value {
        match value.get("$ref").and_then(Value::as_str) {
            Some(to) => self.0.pointer(to.trim_start_matches('#')).unwrap(),
            None => value,
        }
    }

    /// Validates a value. An object may have only members that its schema names.
    fn shape_flaw(&self, schema: &Value, value: &Value, place: &str) -> Result<(), String> {
        let schema = self.at(schema);
        let wrong = |what: &str| Err(format!("{place} is {value}, which is not {what}"));
        if let Some(any) = schema.get("anyOf").and_then(Value::as_array) {
            let fits = |one| self.shape_flaw(one, value, place).is_ok();
            return if any.iter().any(fits) {
                Ok(())
            } else {
                wrong("valid for any of the schemas")
            };
        }
        if schema
            .get("const")
            .is_some_and(|constant| constant != value)
        {
            return wrong("the constant");
        }
        if let Some(one_of) = schema.get("enum").and_then(Value::as_array)
            && !one_of.contains(value)
        {
            return wrong("a value of the enum");
        }
        let types = match schema.get("type") {
            None => return Ok(()),
            Some(Value::Array(types)) => types.clone(),
            Some(one) => vec![one.clone()],
        };
        if !types.iter().any(|name| is_a(value, name.as_str().unwrap())) {
            return wrong(&schema["type"].to_string());
        }
        match value {
            Value::String(text) => text_flaw(schema, text).map_or(Ok(()), |what| wrong(&what)),
            Value::Number(number) => {
                let least = schema.get("minimum").and_then(Value::as_i64);
                let is_less = least.is_some_and(|least| number.as_i64().unwrap() < least);
                if is_less {
                    wrong("above the minimum")
                } else {
                    Ok(())
                }
            }
            Value::Array(items) => items.iter().enumerate().try_for_each(|(index, item)| {
                self.shape_flaw(&schema["items"], item, &format!("{place}[{index}]"))
            }),
            Value::Object(given) => {
                for name in schema["required"].as_array().into_iter().flatten() {
                    if !given.contains_key(name.as_str().unwrap()) {
                        return wrong(&format!("complete without {name}"));
                    }
                }
                given.iter().try_for_each(|(name, value)| {
                    let inner = format!("{place}.{name}");
                    let output = schema["properties"].get(name);
                    match output.or(schema.get("additionalProperties")) {
                        Some(Value::Bool(true)) => Ok(()),
                        Some(output) => self.shape_flaw(output, value, &inner),
                        None => Err(format!("{inner} is not in the document")),
                    }
                })
            }
            Value::Null | Value::Bool(_) => Ok(()),
        }
    }
}

fn is_a(value: &Value, name: &str) -> bool {
    match name {
        "null" => value.is_null(),
        "boolean" => value.is_boolean(),
        "integer" => value.is_u64() || value.is_i64(),
        "number" => value.is_number(),
        "string" => value.is_string(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        other => panic!("unknown type {other}"),
    }
}

fn text_flaw(schema: &Value, text: &str) -> Option<String> {
    let is_fine = match schema.get("format").and_then(Value::as_str) {
        None => true,
        Some("uuid") => uuid::Uuid::try_parse(text).is_ok_and(|id| id.to_string() == text),
        Some("date-time") => {
            chrono::DateTime::parse_from_rfc3339(text).is_ok() && text.ends_with('Z')
        }
        Some("uri") => url::Url::parse(text).is_ok(),
        Some(other) => panic!("unknown format {other}"),
    };
    if !is_fine {
        return Some(schema["format"].to_string());
    }
    let most = schema.get("maxLength").and_then(Value::as_u64);
    if most.is_some_and(|most| text.chars().count() as u64 > most) {
        return Some("within the maximum length".into());
    }
    let is_alias = || {
        text.bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
    };
    match schema.get("pattern").and_then(Value::as_str) {
        Some("^[a-z0-9-]+$") if text.is_empty() || !is_alias() => Some("an alias".into()),
        Some("^[a-z0-9-]+$") | None => None,
        Some(other) => panic!("unknown pattern {other}"),
    }
}

fn members(value: &Value) -> Map<String, Value> {
    value.as_object().cloned().unwrap_or_default()
}

/// Returns an example path of a template.
fn example(template: &str) -> String {
    let parts = template.split('/').map(|part| match part {
        "{capability}" => "Chat",
        "{entityType}" => "connection",
        "{version}" | "{to}" => "1",
        "{key}" => "OpenAI:ApiKey",
        "{id}" if template.contains("/provider") => "openai",
        "{id}" | "{idOrAlias}" => "openai-prod",
        other => other,
    });
    parts.collect::<Vec<_>>().join("/")
}

#[tokio::test]
async fn document_and_served_methods_match() {
    let fixture = Fixture::new().await;
    fixture.create(UNREACHABLE).await;
    let paths = members(&fixture.document.0["paths"]);
    assert!(paths.len() > 20);
    for (template, methods) in paths {
        let address = example(&template);
        let unknown = Method::from_bytes(b"BREW").unwrap();
        let refused = fixture.ask(unknown, &address).await;
        assert_eq!(refused.status, 405, "{template}");
        let allowed: BTreeSet<_> = refused.header("allow").unwrap().split(',').collect();
        let mut output: BTreeSet<_> = members(&methods)
            .keys()
            .map(|name| name.to_uppercase())
            .collect();
        if output.contains("GET") {
            output.insert("HEAD".into());
        }
        assert_eq!(
            allowed,
            output.iter().map(String::as_str).collect(),
            "{template}"
        );
        for method in output {
            // Streams do not end; other tests cover them.
            if address.ends_with("/changes") {
                continue;
            }
            let method = Method::from_bytes(method.as_bytes()).unwrap();
            let answer = fixture.ask(method.clone(), &address).await;
            assert_ne!(answer.status, 405, "{method} {template}");
            if answer.status == 404 && method != Method::HEAD {
                assert_ne!(
                    answer.json()["code"],
                    "noSuchAddress",
                    "{method} {template}"
                );
            }
        }
    }
}

#[tokio::test]
async fn document_is_openapi_3_1_with_unique_ids() {
    let fixture = Fixture::over(service()).await;
    let document = &fixture.document.0;
    assert_eq!(document["openapi"], "3.1.0");
    assert_eq!(
        document["components"]["securitySchemes"]["bearer"]["scheme"],
        "bearer"
    );
    assert_eq!(document["security"], serde_json::json!([{ "bearer": [] }]));
    for open in ["/health", "/openapi.json"] {
        assert_eq!(
            document["paths"][open]["get"]["security"],
            serde_json::json!([])
        );
    }
    let mut names = BTreeSet::new();
    for (path, methods) in members(&document["paths"]) {
        for (method, operation) in members(&methods) {
            let name = operation["operationId"].as_str().unwrap().to_owned();
            assert!(names.insert(name), "{method} {path}");
            for status in ["401", "403", "421", "429", "500"] {
                assert!(
                    operation["responses"].get(status).is_some(),
                    "{method} {path}"
                );
            }
        }
    }
    let everything = format!("{BASE_PATH}/connections");
    assert!(document["paths"].get(everything).is_some());
}

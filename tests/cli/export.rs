//! Exports contain no secrets and never overwrite a file without confirmation.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use serde_json::json;

use crate::home::Home;

/// The documented connection, and one with a reference.
fn home() -> Home {
    let home = Home::documented();
    home.write(
        "appsettings.json",
        r#"{ "OpenAI": { "ApiKey": "sk-from-appsettings" } }"#,
    );
    let body = r#"{"alias":"a-dev","name":"Dev","providerId":"openai","isActive":false,"settings":{"apiKey":"$OpenAI:ApiKey"}}"#;
    assert_eq!(home.create(body).code, 0);
    home
}

#[test]
fn export_has_all_connections_by_alias_and_no_secret() {
    let home = home();
    let exported = home.run(&["connections", "export"]);
    assert_eq!(exported.code, 0, "{exported:?}");
    assert_eq!(
        exported.json(),
        json!({
            "kind": "umai.connections",
            "version": 1,
            "connections": [
                {"alias":"a-dev","name":"Dev","providerId":"openai","isActive":false,"settings":{"apiKey":"$OpenAI:ApiKey"}},
                {"alias":"openai-prod","name":"OpenAI Production","providerId":"openai","isActive":true,
                 "settings":{"apiKey":"","organization":null},"blank":["apiKey"]}
            ]
        })
    );
    assert!(
        exported.err.contains("1 connection has blank settings"),
        "{exported:?}"
    );
    assert!(!exported.output().contains("sk-"), "{exported:?}");
}

#[test]
fn named_connections_are_exported_once() {
    let home = home();
    let one = home
        .run(&["connections", "get", "openai-prod", "--json"])
        .json();
    let id = one["id"].as_str().unwrap();
    let exported = home.run(&["connections", "export", "OPENAI-PROD", id]);
    let connections = exported.json()["connections"].as_array().unwrap().clone();
    assert_eq!(connections.len(), 1, "{exported:?}");
    let missing = home.run(&["connections", "export", "openai-prod", "missing"]);
    assert_eq!(missing.code, 3, "{missing:?}");
    assert_eq!(missing.out, "", "no partial export");
}

#[test]
fn export_file_is_private_and_not_overwritten_without_yes() {
    let home = home();
    let path = home.path("out.json");
    let export = |more: &[&str]| {
        let arguments = ["connections", "export", "--output-file", "out.json"];
        home.run(&[&arguments, more].concat())
    };
    let written = export(&[]);
    assert_eq!((written.code, written.out.as_str()), (0, ""), "{written:?}");
    assert!(
        written.err.contains("Exported 2 connections to "),
        "{written:?}"
    );
    let mode = fs::metadata(&path).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);

    fs::write(&path, "mine").unwrap();
    let refused = export(&["a-dev"]);
    assert_eq!(refused.code, 2, "{refused:?}");
    assert!(refused.err.contains(" exists. Add --yes"), "{refused:?}");
    assert_eq!(fs::read_to_string(&path).unwrap(), "mine");
    assert_eq!(export(&["--yes"]).code, 0);
    assert!(fs::read_to_string(&path).unwrap().contains("a-dev"));
}

#[test]
fn unwritable_export_file_is_reported() {
    let home = home();
    let arguments = ["connections", "export", "--output-file", "no/out.json"];
    let refused = home.run(&arguments);
    assert_eq!(refused.code, 1, "{refused:?}");
    assert!(refused.err.contains("directory not found"), "{refused:?}");
}

#[test]
fn export_can_be_created_again_with_its_key() {
    let home = home();
    let exported = home.run(&["connections", "export", "a-dev"]).json();
    let other = Home::new();
    other.write(
        "appsettings.json",
        r#"{ "OpenAI": { "ApiKey": "sk-another" } }"#,
    );
    let created = other.create(&exported["connections"][0].to_string());
    assert_eq!(created.code, 0, "{created:?}");
    assert_eq!(created.json()["settings"]["apiKey"], "$OpenAI:ApiKey");
}

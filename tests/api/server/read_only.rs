//! Read-only servers, and the warning about a missing allow-list.

use std::fs;

use crate::server::fixture::{CONNECTIONS, DOCUMENTED, ServerHome};
use crate::server::raw_http::ask;

#[test]
fn read_only_server_rejects_writes_of_any_token() {
    let home = ServerHome::new();
    let token = home.token("t", "write");
    let bearer = format!("Bearer {token}");
    let headers = [
        ("Authorization", bearer.as_str()),
        ("Content-Type", "application/json"),
    ];
    let server = home.serve(&["--http"]);
    let made = ask(server.address, "POST", CONNECTIONS, &headers, DOCUMENTED);
    assert_eq!(made.status, 201, "{made:?}");
    drop(server);
    let server = home.serve(&["--http", "--read-only"]);
    let one = format!("{CONNECTIONS}/openai-prod");
    let before = ask(server.address, "GET", &one, &headers, "");
    assert_eq!(before.status, 200, "{before:?}");
    for (method, path, body) in [
        ("POST", CONNECTIONS, DOCUMENTED),
        ("PUT", &one, r#"{"name":"Another"}"#),
        ("DELETE", &one, ""),
    ] {
        let reply = ask(server.address, method, path, &headers, body);
        assert_eq!(reply.status, 403, "{method}: {reply:?}");
        assert_eq!(reply.problem()["code"], "readOnly", "{reply:?}");
    }
    let after = ask(server.address, "GET", &one, &headers, "");
    assert_eq!(after.body, before.body);
}

/// Returns the startup messages; the server ends there because its log cannot be created.
fn said_at_start(server: &ServerHome, options: &[&str]) -> String {
    let end = ["--log", "/nowhere/log"];
    let output = server.run(&[&["serve", "--http", "--no-auth"], options, &end].concat());
    assert_ne!(output.code, Some(0), "{output:?}");
    output.err
}

#[test]
fn missing_allow_list_causes_warning() {
    let server = ServerHome::new();
    let host = ["--host", "umai.example"];
    assert!(!said_at_start(&server, &[]).contains("allow-list"));
    let output = said_at_start(&server, &host);
    assert!(output.contains("No allow-list"), "{output}");
    let settings = r#"{"Umbraco":{"AI":{"AllowedConfigurationKeyPrefixes":["OpenAI"]}}}"#;
    fs::write(server.path("appsettings.json"), settings).unwrap();
    let output = said_at_start(&server, &host);
    assert!(!output.contains("allow-list"), "{output}");
}

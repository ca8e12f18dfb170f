//! Tokens while a server runs: created, revoked, expired, and read-only.

use std::fs;
use std::io::{Read, Write};

use chrono::{DateTime, TimeDelta, Utc};

use crate::server::fixture::{CONNECTIONS, DOCUMENTED, ServerHome};
use crate::server::raw_http::connect;

#[test]
fn created_token_has_documented_format() {
    let server = ServerHome::new();
    let made = server.run(&[
        "token", "create", "--name", "laptop", "--scope", "write", "--json",
    ]);
    let json = made.json();
    let members: Vec<&String> = json.as_object().unwrap().keys().collect();
    assert_eq!(members, ["id", "name", "scope", "expires", "token"]);
    assert_eq!(
        (&json["name"], &json["scope"]),
        (&"laptop".into(), &"write".into())
    );
    let text = json["token"].as_str().unwrap();
    assert!(text.starts_with("umai_") && text.len() == 69, "{text}");
    let expires: DateTime<Utc> = json["expires"].as_str().unwrap().parse().unwrap();
    let left = expires - Utc::now();
    assert!(
        left <= TimeDelta::days(90) && left > TimeDelta::days(89),
        "{left}"
    );
    assert_eq!(
        server.files_with(&text.as_bytes()[5..]),
        Vec::<std::path::PathBuf>::new()
    );
    let listed = server.run(&["token", "list", "--json"]);
    assert_eq!(listed.json()["total"], 1);
    assert_eq!(listed.json()["items"][0]["id"], json["id"]);
    assert!(
        !listed.out.contains("token\"") && !listed.out.contains("sha256"),
        "{listed:?}"
    );
    let plain = server.run(&["token", "create", "--name", "ci", "--scope", "read"]);
    assert_eq!(plain.out.trim().len(), 69, "{plain:?}");
}

#[test]
fn token_names_are_unique_and_missing_ones_not_found() {
    let server = ServerHome::new();
    server.token("laptop", "write");
    let create = |name| server.run(&["token", "create", "--name", name, "--scope", "read"]);
    assert_eq!(create("laptop").code, Some(5));
    for name in [
        "",
        " ",
        "a\u{1b}[2J",
        "3fa85f64-5717-4562-b3fc-2c963f66afa6",
    ] {
        assert_eq!(create(name).code, Some(4), "{name:?}");
    }
    assert_eq!(server.run(&["token", "revoke", "missing"]).code, Some(3));
    let never = server.run(&[
        "token",
        "create",
        "--name",
        "x",
        "--scope",
        "read",
        "--expires",
        "never",
        "--json",
    ]);
    assert!(never.json()["expires"].is_null());
}

#[test]
fn token_changes_apply_to_running_server() {
    let home = ServerHome::new();
    let first = home.token("first", "write");
    let server = home.serve(&["--http"]);
    for round in 0..5 {
        let second = home.token("second", "read");
        assert_eq!(server.get_as(&second, CONNECTIONS).status, 200, "{round}");
        assert_eq!(home.run(&["token", "revoke", "second"]).code, Some(0));
        assert_eq!(server.get_as(&second, CONNECTIONS).status, 401, "{round}");
        assert_eq!(server.get_as(&first, CONNECTIONS).status, 200, "{round}");
    }
}

#[test]
fn expired_token_is_rejected() {
    let home = ServerHome::new();
    let token = home.token("laptop", "write");
    let server = home.serve(&["--http"]);
    assert_eq!(server.get_as(&token, CONNECTIONS).status, 200);
    let path = home.data("tokens.json");
    let kept = fs::read_to_string(&path).unwrap();
    let mut content: serde_json::Value = serde_json::from_str(&kept).unwrap();
    content["tokens"][0]["expires"] = "2001-01-01T00:00:00Z".into();
    // A file without a checksum is read, as version 0.1 wrote it.
    drop(content.as_object_mut().unwrap().remove("checksum"));
    fs::write(&path, content.to_string()).unwrap();
    let refused = server.get_as(&token, CONNECTIONS);
    assert_eq!(refused.status, 401);
    assert_eq!(
        refused.header("www-authenticate"),
        Some("Bearer realm=\"umai\", error=\"invalid_token\"")
    );
}

#[test]
fn invalid_token_is_401_with_challenge() {
    let home = ServerHome::new();
    let token = home.token("laptop", "write");
    let server = home.serve(&["--http"]);
    let ask = |authorization: &[&str]| {
        let headers: Vec<_> = authorization
            .iter()
            .map(|value| ("Authorization", *value))
            .collect();
        server.ask("GET", "/umbraco/nothing", &headers, "")
    };
    let bearer = format!("Bearer {token}");
    assert_eq!(ask(&[&bearer]).status, 404);
    assert_eq!(ask(&[&format!("bearer  {token} ")]).status, 404);
    for (authorization, challenge) in [
        (vec![], "Bearer realm=\"umai\""),
        (vec!["Basic dTpw"], "Bearer realm=\"umai\""),
        (vec![&bearer[..], &bearer], "Bearer realm=\"umai\""),
        (vec!["Bearer"], "Bearer realm=\"umai\""),
        (
            vec!["Bearer umai_x"],
            "Bearer realm=\"umai\", error=\"invalid_token\"",
        ),
        (
            vec![&bearer[..bearer.len() - 1]],
            "Bearer realm=\"umai\", error=\"invalid_token\"",
        ),
    ] {
        let refused = ask(&authorization);
        assert_eq!(refused.problem()["code"], "unauthorized");
        assert_eq!(refused.status, 401);
        assert_eq!(refused.header("www-authenticate"), Some(challenge));
    }
    for open in ["/health", "/openapi.json"] {
        assert_eq!(server.get(open).status, 200, "{open} needs no token");
    }
    assert_eq!(server.ask("POST", "/health", &[], "").status, 401);
}

#[test]
fn read_token_cannot_write() {
    let home = ServerHome::new();
    let (reader, writer) = (home.token("ci", "read"), home.token("laptop", "write"));
    let server = home.serve(&["--http"]);
    let create = |token: &str| {
        let bearer = format!("Bearer {token}");
        let headers = [
            ("Content-Type", "application/json"),
            ("Authorization", &*bearer),
        ];
        server.ask("POST", CONNECTIONS, &headers, DOCUMENTED)
    };
    let refused = create(&reader);
    assert_eq!(
        (refused.status, &refused.problem()["code"]),
        (403, &"forbidden".into())
    );
    assert_eq!(server.get_as(&reader, CONNECTIONS).json()["total"], 0);
    assert_eq!(create(&writer).status, 201);
    assert_eq!(server.get_as(&reader, CONNECTIONS).json()["total"], 1);
    let one = format!("{CONNECTIONS}/openai-prod");
    let bearer = format!("Bearer {reader}");
    for method in ["PUT", "DELETE", "PATCH", "OPTIONS", "POST"] {
        let refused = server.ask(method, &one, &[("Authorization", &bearer)], "");
        assert_eq!(refused.status, 403, "{method}");
    }
}

#[test]
fn failed_attempts_are_limited_but_tokens_are_not() {
    let home = ServerHome::new();
    let token = home.token("laptop", "write");
    let server = home.serve(&["--http"]);
    for _ in 0..10 {
        assert_eq!(server.get_as("umai_guess", CONNECTIONS).status, 401);
    }
    let refused = server.get_as("umai_guess", CONNECTIONS);
    assert_eq!(refused.problem()["code"], "tooManyTries");
    assert_eq!(refused.status, 429);
    let wait: u64 = refused.header("retry-after").unwrap().parse().unwrap();
    assert!((1..=60).contains(&wait), "{wait}");
    assert_eq!(server.get(CONNECTIONS).status, 429);
    assert_eq!(server.get_as(&token, CONNECTIONS).status, 200);
    assert_eq!(server.get("/health").status, 200);
}

#[test]
fn damaged_token_file_rejects_all_and_is_logged() {
    let home = ServerHome::new();
    let token = home.token("laptop", "write");
    let server = home.serve(&["--http"]);
    let path = home.data("tokens.json");
    let good = fs::read(&path).unwrap();
    fs::write(&path, "{\n").unwrap();
    let refused = server.get_as(&token, CONNECTIONS);
    assert_eq!(refused.problem()["code"], "tokensUnreadable");
    assert!(!refused.body.contains("tokens.json"), "{refused:?}");
    server.log_line("tokens.json is damaged at line");
    fs::write(&path, good).unwrap();
    assert_eq!(server.get_as(&token, CONNECTIONS).status, 200);
}

#[test]
fn stream_ends_when_token_is_revoked() {
    let home = ServerHome::new();
    let writer = home.token("writer", "write");
    let reader = home.token("reader", "read");
    let server = home.serve(&["--http"]);
    let mut stream = connect(server.address);
    let changes = CONNECTIONS.replace("/connections", "/changes");
    let asked = format!(
        "GET {changes} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {reader}\r\nConnection: close\r\n\r\n"
    );
    stream.write_all(asked.as_bytes()).unwrap();
    let mut output = Vec::new();
    while !String::from_utf8_lossy(&output).contains("event: at") {
        let mut piece = [0; 1024];
        let length = stream.read(&mut piece).unwrap();
        assert!(length > 0, "{}", String::from_utf8_lossy(&output));
        output.extend_from_slice(&piece[..length]);
    }
    assert_eq!(home.run(&["token", "revoke", "reader"]).code, Some(0));
    let authorization = format!("Bearer {writer}");
    let headers = [
        ("Authorization", authorization.as_str()),
        ("Content-Type", "application/json"),
    ];
    let created = server.ask("POST", CONNECTIONS, &headers, DOCUMENTED);
    assert_eq!(created.status, 201, "{created:?}");
    let mut rest = String::new();
    stream.read_to_string(&mut rest).unwrap();
    assert!(!rest.contains("openai-prod"), "{rest}");
}

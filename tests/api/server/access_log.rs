//! The access log: one line for each response, without secrets.

use crate::server::fixture::{CONNECTIONS, DOCUMENTED, ServerHome, wait_for};
use crate::server::raw_http::exchange;

#[test]
fn response_and_log_line_share_request_id() {
    let home = ServerHome::new();
    let token = home.token("laptop", "write");
    let server = home.serve(&["--http"]);
    let bearer = format!("Bearer {token}");
    let headers = [
        ("Content-Type", "application/json"),
        ("Authorization", &*bearer),
        ("X-Request-Id", "my-request.1"),
    ];
    let created = server.ask("POST", CONNECTIONS, &headers, DOCUMENTED);
    assert_eq!(created.header("x-request-id"), Some("my-request.1"));
    let line = server.log_line("my-request.1");
    assert_eq!(line["method"], "POST");
    assert_eq!(line["path"], CONNECTIONS);
    assert_eq!(line["status"], 201);
    assert_eq!(line["token"], "laptop");
    assert_eq!(line["bytes"], created.body.len());
    assert!(line["ms"].as_f64().unwrap() > 0.0);
    assert!(line["peer"].as_str().unwrap().starts_with("127.0.0.1:"));
    let other = server.get("/health");
    let id = other.header("x-request-id").unwrap();
    assert_eq!(id.len(), 32);
    assert_eq!(server.log_line(id)["path"], "/health");
}

#[test]
fn log_has_no_secrets_and_no_forged_lines() {
    let home = ServerHome::new();
    let token = home.token("laptop", "write");
    let server = home.serve(&["--http"]);
    let bearer = format!("Bearer {token}");
    let planted = "sk-planted-5f1e9c7a3b";
    let ask = |method: &str, path: &str, id: &str, body: &str| {
        let headers = [
            ("Content-Type", "application/json"),
            ("Authorization", &*bearer),
            ("X-Request-Id", id),
            ("User-Agent", planted),
            ("Referer", planted),
            ("Cookie", planted),
        ];
        server.ask(method, path, &headers, body)
    };
    ask(
        "POST",
        CONNECTIONS,
        "a",
        &DOCUMENTED.replace("sk-your-api-key", planted),
    );
    ask("GET", &format!("{CONNECTIONS}/{planted}"), planted, "");
    ask("GET", &format!("{CONNECTIONS}?filter={planted}"), "b", "");
    ask(
        "GET",
        &format!("/{planted}/%0a{{%22forged%22:true}}"),
        "c",
        "",
    );
    ask("GET", "/a%0d%0a%1b[2J", "d", "");
    ask("PLANTED-SK", "/", "e", "");
    server.get_as(planted, CONNECTIONS);
    server.ask("GET", "/", &[("Host", planted)], "");
    exchange(server.address, format!("{planted}\r\n\r\n").as_bytes());
    server.get("/last");
    let lines = |log: &str| -> Vec<serde_json::Value> {
        let lines = log.lines().map(serde_json::from_str);
        lines.map(Result::unwrap).collect()
    };
    // Of the four requests without a valid token, the first has a line of its own.
    let counted = |log: &str| -> u64 {
        let summaries = lines(log).into_iter();
        summaries.filter_map(|line| line["requests"].as_u64()).sum()
    };
    let log = wait_for(|| Some(server.log()).filter(|log| counted(log) == 3));
    assert!(!log.to_lowercase().contains("planted"), "{log}");
    assert!(!log.contains(&token[5..]), "{log}");
    assert!(!log.contains("forged"), "{log}");
    let lines = lines(&log);
    let named = lines.iter().filter(|line| line["token"] == "laptop");
    assert_eq!(named.count(), 6, "{log}");
    let alone = lines.iter().filter(|line| line.get("path").is_some());
    assert_eq!(alone.count(), 7, "{log}");
    assert!(lines.iter().all(|line| line["target"] == "umai::access"));
}

#[test]
fn log_defaults_to_stderr() {
    use rustix::process::{Pid, Signal, kill_process};
    use std::io::{BufRead, BufReader, Read};
    let server = ServerHome::new();
    let mut child = server
        .umai(&[
            "serve",
            "--http",
            "--no-auth",
            "--json",
            "--listen",
            "127.0.0.1:0",
        ])
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap())
        .read_line(&mut line)
        .unwrap();
    let output: serde_json::Value = serde_json::from_str(&line).unwrap();
    let address = output["addresses"][0].as_str().unwrap().parse().unwrap();
    crate::server::raw_http::ask(address, "GET", "/health", &[], "");
    let pid = Pid::from_raw(i32::try_from(child.id()).unwrap()).unwrap();
    kill_process(pid, Signal::TERM).unwrap();
    let mut log = String::new();
    child
        .stderr
        .take()
        .unwrap()
        .read_to_string(&mut log)
        .unwrap();
    assert!(child.wait().unwrap().success());
    assert!(log.contains("\"path\":\"/health\""), "{log}");
}

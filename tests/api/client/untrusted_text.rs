//! Servers without the management API, and silent servers: exit code 7.

use std::net::TcpListener;
use std::time::{Duration, Instant};

use rstest::rstest;
use tokio::runtime::Runtime;

use crate::client::third_party_server::{ScriptedResponse, ThirdPartyServer, json, response};
use crate::home::{DOCUMENTED, Home};

#[rstest]
#[case::a_web_site(|| response(404, "text/html", "<html><title>Not Found</title></html>"))]
#[case::a_mute_one(|| response(404, "text/plain", ""))]
#[case::a_welcome(|| response(200, "text/html", "<html><title>Welcome</title></html>"))]
#[case::no_such_method(|| response(405, "text/html", "<html><title>Method Not Allowed</title></html>"))]
#[case::a_bad_request(|| response(400, "text/plain", "Bad Request"))]
fn server_without_api_exits_with_code_7(#[case] answer: fn() -> ScriptedResponse) {
    let runtime = Runtime::new().unwrap();
    let stranger = runtime.block_on(ThirdPartyServer::new(move |_| answer()));
    let home = Home::new();
    for command in [
        &["connections", "list"][..],
        &["connections", "get", "a"],
        &["connections", "history", "a"],
        &["connections", "activate", "a"],
        &["connections", "delete", "a", "--yes"],
        &["connections", "create", "--from-json", "-"],
        &["doctor"],
    ] {
        let arguments = [&["--server", stranger.origin.as_str()], command].concat();
        let answer = home.pipe(&arguments, DOCUMENTED);
        assert_eq!(answer.code, 7, "{command:?}: {answer:?}");
    }
}

#[test]
fn server_without_api_is_named_with_url() {
    let runtime = Runtime::new().unwrap();
    let stranger = runtime.block_on(ThirdPartyServer::new(|_| {
        response(404, "text/html", "<p>?</p>")
    }));
    let answer = Home::new().run(&["--server", &stranger.origin, "connections", "get", "a"]);
    let wanted = format!(
        "{} did not return a response of the management API; check the URL",
        stranger.origin
    );
    assert!(answer.err.contains(&wanted), "{answer:?}");
}

#[test]
fn missing_remote_connection_is_not_found() {
    let runtime = Runtime::new().unwrap();
    let stranger = runtime.block_on(ThirdPartyServer::new(|heard| {
        if heard.line.contains("/connections?") {
            json(200, "{\"items\":[],\"total\":0}")
        } else {
            response(404, "text/plain", "")
        }
    }));
    let answer = Home::new().run(&["--server", &stranger.origin, "connections", "get", "a"]);
    assert_eq!(answer.code, 3, "{answer:?}");
}

#[test]
fn silent_server_times_out_after_ten_seconds() {
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let origin = format!("http://{}", silent.local_addr().unwrap());
    let start = Instant::now();
    let answer = Home::new().run(&["--server", &origin, "connections", "list"]);
    assert_eq!(answer.code, 7, "{answer:?}");
    assert!(
        answer
            .err
            .contains("cannot be reached: the request timed out"),
        "{answer:?}"
    );
    let took = start.elapsed();
    assert!(
        took > Duration::from_secs(9) && took < Duration::from_secs(20),
        "{took:?}"
    );
}

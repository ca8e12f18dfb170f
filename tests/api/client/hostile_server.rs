//! Text of a hostile server is escaped in every output.

use std::sync::Arc;

use tokio::runtime::Runtime;
use umai::service::ConnectionService;
use umai::tui::layout::Size;

use crate::client::third_party_server::{
    ReceivedRequest, ScriptedResponse, ThirdPartyServer, json, response,
};
use crate::home::Home;
use crate::support::TestClock;
use crate::support::harness::Harness;

/// Characters that move the cursor, change the direction, are invisible, or break the line.
const EVIL: &str = "A\\u001b[2J\\u202eB\\u200b\\r\\nC\\u0007";

fn connection() -> String {
    format!(
        r#"{{"id":"3fa85f64-5717-4562-b3fc-2c963f66afa6","alias":"evil{EVIL}","name":"Evil {EVIL}","providerId":"x{EVIL}","version":1,
            "settings":{{"k{EVIL}":"${EVIL}","region":"planted{EVIL}"}}}}"#
    )
}

fn answer(heard: &ReceivedRequest) -> ScriptedResponse {
    if heard.line.contains("/providers") {
        json(
            200,
            &format!(
                r#"[{{"id":"x","name":"X {EVIL}","capabilities":["Chat"],"settings":[],"rules":[]}}]"#
            ),
        )
    } else if heard.line.contains("/notices") {
        json(200, &format!(r#"{{"items":["Notice {EVIL}"]}}"#))
    } else if heard.line.starts_with("POST") || heard.line.starts_with("PUT") {
        response(500, "text/plain", "Out\u{1b}[2J of\r\n\u{202e}order")
    } else if heard.line.contains("/changes") {
        json(404, "{}")
    } else if heard.line.contains("/connections?") {
        json(200, &format!(r#"{{"items":[{}],"total":1}}"#, connection()))
    } else {
        json(200, &connection())
    }
}

fn is_harmless(text: &str) -> bool {
    !text
        .chars()
        .any(|sign| sign != '\n' && umai::text::is_hidden(sign))
}

#[test]
fn commands_escape_text_of_hostile_server() {
    let runtime = Runtime::new().unwrap();
    let stranger = runtime.block_on(ThirdPartyServer::new(answer));
    let home = Home::new();
    for command in [
        &["connections", "list"][..],
        &["connections", "list", "--json"],
        &["connections", "get", "evil"],
        &["connections", "get", "evil", "--json"],
        &["connections", "deactivate", "evil"],
        &["connections", "deactivate", "evil", "--json"],
        &["connections", "create", "--name", "A", "--provider", "x"],
        &["providers", "list"],
    ] {
        let answer = home.run(&[&["--server", &stranger.origin], command].concat());
        assert!(is_harmless(&answer.output()), "{command:?}: {answer:?}");
        assert!(!answer.output().contains("planted"), "{answer:?}");
        assert!(!answer.output().is_empty());
    }
}

#[test]
fn app_escapes_text_of_hostile_server() {
    let runtime = Arc::new(Runtime::new().unwrap());
    let service: Arc<dyn ConnectionService> = runtime.block_on(async {
        let stranger = ThirdPartyServer::new(answer).await;
        Arc::new(stranger.service().await)
    });
    let size = Size {
        width: 120,
        height: 40,
    };
    let mut stage = Harness::over(size, TestClock::new(), service, runtime);
    for keys in [
        "",
        "<down>",
        "t",
        "e",
        "<esc>",
        "n",
        "<esc>",
        "D",
        "<tab><enter>",
    ] {
        stage.play(keys);
        let frame = stage.frame();
        assert!(is_harmless(&frame), "{frame}");
        assert!(!frame.contains("planted"), "{frame}");
    }
}

#[test]
fn answer_with_another_connection_is_an_error() {
    let runtime = Runtime::new().unwrap();
    runtime.block_on(async {
        let service = ThirdPartyServer::new(answer).await.service().await;
        let requested: uuid::Uuid = "00000000-0000-4000-8000-000000000001".parse().unwrap();
        let error = service.get(&requested.into()).await.unwrap_err();
        assert!(error.to_string().contains("another connection"), "{error}");
    });
}

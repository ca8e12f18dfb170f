//! The management API through a real socket.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test may fail anywhere"
)]

#[path = "../common/mod.rs"]
mod common;

use common::server::Server;
use common::{DOCUMENTED, service};

#[tokio::test]
async fn smoke() {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let server = Server::over(service()).await;
    let client = reqwest::Client::new();
    let answer = client
        .post(server.at("/connections"))
        .header("content-type", "application/json")
        .body(DOCUMENTED)
        .send()
        .await
        .unwrap();
    println!("{:?}", answer);
    println!("{}", answer.text().await.unwrap());
    let answer = client
        .post(server.at("/connections"))
        .header("content-type", "application/json")
        .body(DOCUMENTED)
        .send()
        .await
        .unwrap();
    println!("{}", answer.text().await.unwrap());
    let answer = client
        .patch(server.at("/connections"))
        .header("content-type", "application/json")
        .body(DOCUMENTED)
        .send()
        .await
        .unwrap();
    println!(
        "{:?} {}",
        answer.headers().clone(),
        answer.text().await.unwrap()
    );
    for path in [
        "/connections",
        "/connections/openai-prod",
        "/connections/openai-prod/exists",
        "/nothing",
        "/versions/connection/openai-prod?expand=snapshot",
        "/versions/connection/openai-prod/1/compare/1",
        "/providers/openai",
        "/changes/latest",
        "/notices",
        "/appsettings/OpenAI:ApiKey",
        "/connections/x/models",
        "/connections/openai-prod/models",
        "/connections/capabilities/Nope",
        "/providers?expand=settings",
    ] {
        let answer = client.get(server.at(path)).send().await.unwrap();
        println!(
            "{path} {} {}",
            answer.status(),
            answer.text().await.unwrap()
        );
    }
    server.end();
}

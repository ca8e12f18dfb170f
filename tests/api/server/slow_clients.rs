//! Slow and silent clients are closed in time and do not block others.
//!
//! Uses the real server in this process with shorter timeouts than `umai serve`.

use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::runtime::{Builder, Runtime};
use tokio_util::sync::CancellationToken;
use umai::api::http_server::allowed_hosts::AllowedHosts;
use umai::api::http_server::auth::Authentication;
use umai::api::http_server::limits::ServerLimits;
use umai::api::http_server::listener::{ListenAddress, open};
use umai::api::http_server::pipeline::RequestPipeline;
use umai::api::http_server::serve;
use umai::api::server::router;

use crate::server::fixture::LONG;

/// Running server.
struct Running {
    address: SocketAddr,
    stop: CancellationToken,
    serving: tokio::task::JoinHandle<bool>,
}

fn start(limits: ServerLimits) -> Running {
    let place = ListenAddress::Address("127.0.0.1:0".parse().unwrap());
    let listeners = open(place).unwrap();
    let address = listeners[0].address;
    let routes = router(crate::support::service());
    let pipeline = RequestPipeline::new(
        routes,
        AllowedHosts::default(),
        Authentication::Disabled,
        &limits,
    );
    let stop = CancellationToken::new();
    let serving = tokio::spawn(serve(listeners, pipeline, None, limits, stop.clone()));
    Running {
        address,
        stop,
        serving,
    }
}

/// Behavior of a slow client.
#[derive(Clone, Copy)]
enum Slowness {
    /// Sends nothing.
    Silent,
    /// Sends a head byte by byte.
    Head,
    /// Sends a body byte by byte.
    Body,
}

/// Stays slow until the server closes the connection; returns the response.
async fn dawdle(address: SocketAddr, slowness: Slowness) -> String {
    let mut stream = TcpStream::connect(address).await.unwrap();
    let head = "POST /umbraco/ai/management/api/v1/connections HTTP/1.1\r\nHost: localhost\r\n\
                Content-Type: application/json\r\nContent-Length: 100000\r\n\r\n";
    if let Slowness::Body = slowness {
        // The server may have closed the connection already.
        let _ = stream.write_all(head.as_bytes()).await;
    }
    let (mut reading, mut writing) = stream.into_split();
    let saying = async {
        let mut bytes = head.bytes().cycle();
        loop {
            tokio::time::sleep(Duration::from_millis(250)).await;
            let byte = bytes.next().unwrap();
            match slowness {
                Slowness::Silent => {}
                Slowness::Head | Slowness::Body => {
                    if writing.write_all(&[byte]).await.is_err() {
                        std::future::pending::<()>().await;
                    }
                }
            }
        }
    };
    let mut output = Vec::new();
    let closed = tokio::time::timeout(LONG, reading.read_to_end(&mut output));
    tokio::select! {
        () = saying => {}
        ended = closed => {
            // Closed or reset, but not kept open.
            let _ = ended.expect("a slow client was never disconnected");
        }
    }
    String::from_utf8(output).unwrap()
}

/// Sends a request on a new connection.
async fn ask(address: SocketAddr) {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream
        .write_all(b"GET /umbraco/ai/management/api/v1/connections HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        .await
        .unwrap();
    let mut output = String::new();
    stream.read_to_string(&mut output).await.unwrap();
    assert!(output.starts_with("HTTP/1.1 200"), "{output}");
}

#[test]
fn slow_clients_are_closed_while_others_are_served() {
    let limits = ServerLimits {
        head_timeout: Duration::from_secs(2),
        body_timeout: Duration::from_secs(2),
        max_connections: 128,
        ..ServerLimits::default()
    };
    let (server_runtime, slow_runtime) = (runtime(2), runtime(1));
    let server = server_runtime.block_on(async { start(limits) });
    let slow = slow_runtime.spawn(all_slow(server.address));
    server_runtime.block_on(async {
        while !slow.is_finished() {
            ask(server.address).await;
        }
    });
    slow_runtime.block_on(slow).unwrap();
    server.stop.cancel();
    assert!(server_runtime.block_on(server.serving).unwrap());
}

fn runtime(threads: usize) -> Runtime {
    Builder::new_multi_thread()
        .worker_threads(threads)
        .enable_all()
        .build()
        .unwrap()
}

/// Runs 500 slow clients at once, until the last one is closed.
async fn all_slow(address: SocketAddr) {
    let clients: Vec<_> = [Slowness::Silent, Slowness::Head, Slowness::Body]
        .into_iter()
        .cycle()
        .take(500)
        .map(|slowness| tokio::spawn(dawdle(address, slowness)))
        .collect();
    for client in clients {
        let output = client.await.unwrap();
        let is_told = |status: &str| output.starts_with(&format!("HTTP/1.1 {status}"));
        assert!(
            output.is_empty() || is_told("408") || is_told("503"),
            "{output}"
        );
    }
}

#[tokio::test]
async fn slow_head_and_body_get_408() {
    let limits = ServerLimits {
        head_timeout: Duration::from_millis(300),
        body_timeout: Duration::from_millis(300),
        idle_timeout: Duration::from_millis(300),
        ..ServerLimits::default()
    };
    let server = start(limits);
    for (slowness, code) in [
        (Slowness::Silent, None),
        (Slowness::Head, Some("headTooSlow")),
        (Slowness::Body, Some("bodyTooSlow")),
    ] {
        let output = dawdle(server.address, slowness).await;
        match code {
            None => assert_eq!(output, ""),
            Some(code) => {
                assert!(
                    output.starts_with("HTTP/1.1 408 Request Timeout\r\n"),
                    "{output}"
                );
                assert!(output.contains("application/problem+json"), "{output}");
                assert!(output.contains(code), "{output}");
            }
        }
    }
    // Silent after one response.
    let mut stream = TcpStream::connect(server.address).await.unwrap();
    stream
        .write_all(b"GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n")
        .await
        .unwrap();
    let mut output = String::new();
    tokio::time::timeout(LONG, stream.read_to_string(&mut output))
        .await
        .expect("an idle connection was never closed")
        .unwrap();
    assert!(output.starts_with("HTTP/1.1 200"), "{output}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn client_that_does_not_read_is_closed() {
    let limits = ServerLimits {
        idle_timeout: Duration::from_millis(500),
        ..ServerLimits::default()
    };
    let server = start(limits);
    let stream = TcpStream::connect(server.address).await.unwrap();
    let (_reading, mut writing) = stream.into_split();
    let request = b"GET /openapi.json HTTP/1.1\r\nHost: localhost\r\n\r\n".repeat(100);
    let flood = async { while writing.write_all(&request).await.is_ok() {} };
    tokio::time::timeout(LONG, flood)
        .await
        .expect("responses were kept for a client that does not read them");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn panic_is_500_without_details() {
    use axum::Router;
    use axum::routing::get;
    let limits = ServerLimits::default();
    let listeners = open(ListenAddress::Address("127.0.0.1:0".parse().unwrap())).unwrap();
    let address = listeners[0].address;
    let secret = "sk-planted-in-a-panic";
    let routes = Router::new()
        .route(
            "/broken",
            get(async move || -> &'static str { std::panic::panic_any(secret) }),
        )
        .route("/whole", get(async || "whole"));
    let pipeline = RequestPipeline::new(
        routes,
        AllowedHosts::default(),
        Authentication::Disabled,
        &limits,
    );
    let stop = CancellationToken::new();
    let serving = tokio::spawn(serve(listeners, pipeline, None, limits, stop.clone()));
    let reply = tokio::task::spawn_blocking(move || {
        let broken = crate::server::raw_http::ask(address, "GET", "/broken", &[], "");
        assert_eq!(broken.status, 500);
        assert_eq!(broken.problem()["code"], "brokeDown");
        assert!(!broken.body.contains("planted"));
        crate::server::raw_http::ask(address, "GET", "/whole", &[], "")
    });
    assert_eq!(reply.await.unwrap().body, "whole");
    stop.cancel();
    assert!(serving.await.unwrap());
}

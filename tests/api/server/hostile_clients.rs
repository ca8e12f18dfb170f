//! A client that behaves is served beside hundreds that do not. Prints how long it waits; run with `--nocapture`.
//!
//! `UMAI_CLIENTS=500` sets the number of the others.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Builder;
use tokio::sync::mpsc;

use crate::server::fixture::{CONNECTIONS, Server, ServerHome};
use crate::server::raw_http::ask;

/// Number of requests of the client that behaves.
const REQUESTS: usize = 200;

/// Pause between two bytes of a slow client.
const BYTE_INTERVAL: Duration = Duration::from_millis(250);

/// Time that a client keeps a connection without reading.
const UNREAD_TIME: Duration = Duration::from_secs(20);

/// Behavior of a client on each of its connections.
#[derive(Debug, Clone, Copy)]
enum Behavior {
    /// Sends nothing.
    Silent,
    /// Sends a request byte by byte.
    Slow,
    /// Asks for three lists and reads nothing for a while.
    Unread,
    /// Asks for the models of a provider that does not answer.
    SlowProvider,
}

const BEHAVIORS: [Behavior; 4] = [
    Behavior::Silent,
    Behavior::Slow,
    Behavior::Unread,
    Behavior::SlowProvider,
];

fn clients() -> usize {
    std::env::var("UMAI_CLIENTS").map_or(100, |text| text.parse().unwrap())
}

fn request(path: &str, token: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\n\r\n")
}

/// Behaves badly on one connection until the server closes it.
async fn misbehave(address: SocketAddr, behavior: Behavior, token: &str) -> std::io::Result<()> {
    let mut stream = TcpStream::connect(address).await?;
    match behavior {
        Behavior::Silent => {}
        Behavior::Slow => {
            let mut interval = tokio::time::interval(BYTE_INTERVAL);
            for byte in request(CONNECTIONS, token).bytes().cycle() {
                interval.tick().await;
                stream.write_all(&[byte]).await?;
            }
        }
        Behavior::Unread => {
            let lists = request(CONNECTIONS, token).repeat(3);
            stream.write_all(lists.as_bytes()).await?;
            tokio::time::sleep(UNREAD_TIME).await;
            return Ok(());
        }
        Behavior::SlowProvider => {
            let models = request(&format!("{CONNECTIONS}/slow/models"), token);
            stream.write_all(models.as_bytes()).await?;
        }
    }
    let mut rest = Vec::new();
    stream.read_to_end(&mut rest).await.map(drop)
}

/// Starts clients that behave badly again and again; returns when each has begun.
async fn start_clients(address: SocketAddr, behaviors: &[Behavior], token: &str) {
    let (begun, mut all_begun) = mpsc::channel::<()>(1);
    for behavior in behaviors.iter().copied().cycle().take(clients()) {
        let (token, begun) = (token.to_owned(), begun.clone());
        tokio::spawn(async move {
            let mut begun = Some(begun);
            loop {
                let misbehaving = misbehave(address, behavior, &token);
                begun.take();
                // A connection that the server refuses or closes is what a bad client expects.
                let _ = misbehaving.await;
                tokio::task::yield_now().await;
            }
        });
    }
    drop(begun);
    all_begun.recv().await;
}

/// A provider that accepts connections and never answers.
async fn silent_provider() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        let mut open = Vec::new();
        while let Ok((stream, _)) = listener.accept().await {
            open.push(stream);
        }
    });
    address
}

/// Serves a client that behaves beside the others, and returns how long it waited for each response.
fn serve_beside(
    server: &Server,
    behaviors: &[Behavior],
    (read, write): (&str, &str),
) -> Vec<Duration> {
    // The others have their own thread, so that the measured times are those of the server.
    let others = Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .unwrap();
    let provider = others.block_on(silent_provider());
    let bearer = format!("Bearer {write}");
    let headers = [
        ("Authorization", bearer.as_str()),
        ("Content-Type", "application/json"),
    ];
    let body = format!(
        r#"{{"alias":"slow","name":"Slow","providerId":"openai","isActive":true,"settings":{{"apiKey":"sk-1","endpoint":"http://{provider}/v1"}}}}"#
    );
    let created = server.ask("POST", CONNECTIONS, &headers, &body);
    assert_eq!(created.status, 201, "{created:?}");
    others.block_on(start_clients(server.address, behaviors, read));
    let mut waits: Vec<Duration> = (0..REQUESTS)
        .map(|_| {
            let start = Instant::now();
            let reply = ask(server.address, "GET", CONNECTIONS, &headers[..1], "");
            assert_eq!(reply.status, 200, "{reply:?}");
            start.elapsed()
        })
        .collect();
    others.shutdown_background();
    waits.sort();
    waits
}

#[test]
fn client_with_token_is_served_beside_hundreds_that_misbehave() {
    let kinds = BEHAVIORS.map(|behavior| vec![behavior]);
    for behaviors in kinds.into_iter().chain([BEHAVIORS.to_vec()]) {
        let home = ServerHome::new();
        let tokens = (home.token("reader", "read"), home.token("good", "write"));
        let server = home.serve(&["--http"]);
        let waits = serve_beside(&server, &behaviors, (&tokens.0, &tokens.1));
        eprintln!(
            "beside {} clients ({behaviors:?}): p50 {:?}, p99 {:?}, 0 of {REQUESTS} failed",
            clients(),
            waits[REQUESTS / 2],
            waits[REQUESTS * 99 / 100]
        );
    }
}

//! Benchmarks of HTTP: creates compared with the store alone, reads compared with a constant response.
//!
//! `cargo bench --bench serve`. The server is the real binary with a token and its log, in plain HTTP as behind a proxy.

#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::cast_precision_loss,
    missing_docs
)]

use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use umai::connection::store::{ConnectionStore, Precondition, SaveConnection};
use umai::connection::{
    Connection, ConnectionItem, PlainSecret, SettingValue, Settings, VersionChange,
};
use umai::store::{StoreOptions, open};
use uuid::Uuid;

const CLIENTS: usize = 32;
const CREATES: usize = 250;
const READS: usize = 2000;
const ROUNDS: usize = 7;
const BASE: &str = "/umbraco/ai/management/api/v1/connections";

/// Route with a constant response in the same request pipeline.
const CONSTANT: &str = "/umbraco/ai/management/api/v1/versions/supported-types";

type Store = Arc<dyn ConnectionStore<PlainSecret>>;

/// Server that runs until drop.
struct Server {
    child: Child,
    address: SocketAddr,
    token: String,
}

impl Drop for Server {
    fn drop(&mut self) {
        // The server may have exited already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Server {
    fn start(folder: &Path) -> Self {
        let umai = |arguments: &[&str]| {
            let mut command = Command::new(env!("CARGO_BIN_EXE_umai"));
            command
                .args(arguments)
                .env_clear()
                .env("HOME", folder)
                .current_dir(folder)
                .stdout(Stdio::piped());
            command
        };
        let made = umai(&[
            "token", "create", "--name", "bench", "--scope", "write", "--json",
        ]);
        let made = { made }.output().unwrap().stdout;
        let made: serde_json::Value = serde_json::from_slice(&made).unwrap();
        let mut child = umai(&[
            "serve",
            "--http",
            "--json",
            "--listen",
            "127.0.0.1:0",
            "--log",
            "log",
        ])
        .spawn()
        .unwrap();
        let mut line = String::new();
        let out = child.stdout.take().unwrap();
        std::io::BufRead::read_line(&mut std::io::BufReader::new(out), &mut line).unwrap();
        let startup: serde_json::Value = serde_json::from_str(&line).unwrap();
        Self {
            address: startup["addresses"][0].as_str().unwrap().parse().unwrap(),
            token: made["token"].as_str().unwrap().to_owned(),
            child,
        }
    }

    fn request(&self, method: &str, path: &str, body: &str) -> String {
        format!(
            "{method} {path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {}\r\n\
             Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
            self.token,
            body.len()
        )
    }

    fn memory(&self) -> String {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        let megabytes = |name: &str| {
            let line = status.lines().find(|line| line.starts_with(name));
            let kilobytes = line.and_then(|line| line.split_whitespace().nth(1));
            kilobytes
                .and_then(|text| text.parse::<u64>().ok())
                .unwrap_or(0)
                / 1024
        };
        format!(
            "{} MB (at most {} MB)",
            megabytes("VmRSS:"),
            megabytes("VmHWM:")
        )
    }
}

/// Sends sequential requests on one connection; returns their durations.
async fn ask_all(
    address: SocketAddr,
    requests: Vec<String>,
    status: &'static str,
) -> Vec<Duration> {
    let stream = TcpStream::connect(address).await.unwrap();
    stream.set_nodelay(true).unwrap();
    let mut stream = BufReader::new(stream);
    let mut took = Vec::with_capacity(requests.len());
    let mut line = String::new();
    let mut body = Vec::new();
    for request in requests {
        let start = Instant::now();
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut length = 0;
        line.clear();
        stream.read_line(&mut line).await.unwrap();
        assert!(line.contains(status), "{line}");
        while line != "\r\n" {
            line.clear();
            stream.read_line(&mut line).await.unwrap();
            if let Some(text) = line.strip_prefix("content-length: ") {
                length = text.trim().parse().unwrap();
            }
        }
        body.resize(length, 0);
        stream.read_exact(&mut body).await.unwrap();
        took.push(start.elapsed());
    }
    took
}

/// Runs all clients concurrently; returns requests per second and sorted durations.
async fn together(
    address: SocketAddr,
    status: &'static str,
    requests: impl Fn(usize) -> Vec<String>,
) -> (f64, Vec<Duration>) {
    let requests: Vec<_> = (0..CLIENTS).map(requests).collect();
    let total: usize = requests.iter().map(Vec::len).sum();
    let start = Instant::now();
    let clients: Vec<_> = requests
        .into_iter()
        .map(|requests| tokio::spawn(ask_all(address, requests, status)))
        .collect();
    let mut took = Vec::with_capacity(total);
    for client in clients {
        took.extend(client.await.unwrap());
    }
    let rate = total as f64 / start.elapsed().as_secs_f64();
    took.sort();
    (rate, took)
}

fn body(number: usize) -> String {
    format!(
        r#"{{"alias":"openai-{number}","name":"OpenAI Production {number}","providerId":"openai","isActive":true,"settings":{{"apiKey":"sk-proj-{number:040}","organization":"org-umai","endpoint":"https://api.openai.com/v1"}}}}"#
    )
}

fn save(number: usize) -> SaveConnection<PlainSecret> {
    let at = DateTime::<Utc>::UNIX_EPOCH;
    let setting = |text: &str| SettingValue::Text(text.to_owned());
    SaveConnection {
        connection: Connection {
            item: ConnectionItem {
                endpoint: None,
                id: Uuid::now_v7(),
                alias: format!("openai-{number}"),
                name: format!("OpenAI Production {number}"),
                provider_id: "openai".into(),
                is_active: true,
                date_created: at,
                date_modified: at,
                version: 1,
                date_deleted: None,
            },
            settings: Some(Settings::from_iter([
                (
                    "apiKey".to_owned(),
                    SettingValue::Secret(PlainSecret::new(format!("sk-proj-{number:040}"))),
                ),
                ("organization".to_owned(), setting("org-umai")),
                ("endpoint".to_owned(), setting("https://api.openai.com/v1")),
            ])),
        },
        precondition: Precondition::Absent,
        change: VersionChange {
            note: None,
            paths: ["alias", "name", "providerId", "isActive", "settings.apiKey"]
                .map(String::from)
                .to_vec(),
            user_id: None,
        },
    }
}

/// Same number of writers directly on the store.
async fn bare(store: &Store, round: usize) -> f64 {
    let start = Instant::now();
    let writers: Vec<_> = (0..CLIENTS)
        .map(|client| {
            let store = Arc::clone(store);
            tokio::spawn(async move {
                for number in numbers(round, client) {
                    store.save(save(number)).await.unwrap();
                }
            })
        })
        .collect();
    for writer in writers {
        writer.await.unwrap();
    }
    (CLIENTS * CREATES) as f64 / start.elapsed().as_secs_f64()
}

/// Connection numbers of a client in a round.
fn numbers(round: usize, client: usize) -> std::ops::Range<usize> {
    let first = (round * CLIENTS + client) * CREATES;
    first..first + CREATES
}

fn milliseconds(sorted: &[Duration], percent: usize) -> f64 {
    sorted[(sorted.len() - 1) * percent / 100].as_secs_f64() * 1e3
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

async fn creates(server: &Server, store: &Store) {
    println!(
        "{CLIENTS} clients create {CREATES} each, over kept connections, beside {CLIENTS} writers into the bare store"
    );
    let mut ratios = Vec::new();
    for round in 0..ROUNDS {
        let saved = bare(store, round).await;
        let (created, took) = together(server.address, " 201 ", |client| {
            numbers(round, client)
                .map(|number| server.request("POST", BASE, &body(number)))
                .collect()
        })
        .await;
        println!(
            "  {created:.0} creates/s, {saved:.0} saves/s, ratio {:.2}; p50 {:.1} ms, p99 {:.1} ms",
            created / saved,
            milliseconds(&took, 50),
            milliseconds(&took, 99),
        );
        ratios.push(created / saved);
    }
    println!(
        "  median ratio {:.2}; server {}",
        median(ratios),
        server.memory()
    );
}

async fn reads(server: &Server) {
    println!(
        "{CLIENTS} clients read {READS} times each: one connection by its alias, and a constant"
    );
    let mut ratios = Vec::new();
    for _ in 0..ROUNDS {
        let rates = [format!("{BASE}/openai-7"), CONSTANT.to_owned()].map(|path| {
            let request = server.request("GET", &path, "");
            together(server.address, " 200 ", move |_| {
                vec![request.clone(); READS]
            })
        });
        let [by_alias, constant] = rates;
        let ((read, took), (constant, _)) = (by_alias.await, constant.await);
        println!(
            "  {read:.0} reads/s, {constant:.0} constants/s, ratio {:.2}; p99 {:.1} ms",
            read / constant,
            milliseconds(&took, 99)
        );
        ratios.push(read / constant);
    }
    println!(
        "  median ratio {:.2}; server {}",
        median(ratios),
        server.memory()
    );
}

#[tokio::main]
async fn main() {
    // In the build directory, because /tmp may be in memory.
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let store = open(&StoreOptions {
        data: folder.path().join("bare/data"),
        config: folder.path().join("bare/config"),
        key_file: None,
    })
    .await
    .unwrap();
    let home = folder.path().join("home");
    std::fs::create_dir(&home).unwrap();
    let server = Server::start(&home);
    creates(&server, &store).await;
    reads(&server).await;
    store.close().await.unwrap();
}

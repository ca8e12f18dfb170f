//! A store on one etcd node beside a store on disk: latency, 32 writers, changes of another machine, start of a command, idle app.
//!
//! `cargo bench --bench etcd`; needs the program `etcd`. `UMAI_BENCH_CONNECTIONS` sets the number of connections for the start.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a measurement stops where it cannot go on, and says what it found"
)]

#[path = "../tests/support/etcd.rs"]
#[allow(dead_code, reason = "the tests use the rest")]
mod etcd_node;
#[path = "terminal/mod.rs"]
mod terminal;

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use etcd_node::EtcdNode;
use futures_util::StreamExt;
use futures_util::future::join_all;
use terminal::{Home, Screen};
use umai::connection::store::{ConnectionStore, Precondition, SaveConnection};
use umai::connection::{
    Connection, ConnectionItem, PlainSecret, SettingValue, Settings, VersionChange,
};
use umai::store::etcd_options::EtcdOptions;
use umai::store::{StoreHandle, StoreOptions, WithoutStore};
use uuid::Uuid;

type Store = Arc<dyn ConnectionStore<PlainSecret>>;

const SINGLE: u64 = 500;
const WRITERS: u64 = 32;
const PER_WRITER: u64 = 100;
const STARTS: usize = 21;
/// Time after which an app is idle: the index was loaded and verified.
const SETTLING: Duration = Duration::from_secs(15);
const IDLE: Duration = Duration::from_secs(10);

fn main() {
    let Some(many) = terminal::connections() else {
        return;
    };
    let Some(node) = EtcdNode::start(&[]) else {
        return;
    };
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let home = Home::new();
    let address = format!("etcd://{}/latency", node.client);
    runtime.block_on(requests(&home, &address));
    drop(runtime);
    commands(&node, many);
}

/// Two stores, each opened by two processes, measured in turn.
async fn requests(home: &Home, address: &str) {
    let etcd = EtcdOptions::new(address.parse().unwrap());
    let mut stores = Vec::new();
    for name in ["disk", "etcd"] {
        let handle = || match name {
            "disk" => StoreHandle::local(&home.path("data"), None),
            _ => StoreHandle::etcd(etcd.clone()),
        };
        let one = open(home, &handle()).await;
        let other = open(home, &handle()).await;
        stores.push((name, one, other));
    }
    let mut created = [Vec::new(), Vec::new()];
    let mut read = [Vec::new(), Vec::new()];
    let mut seen = [Vec::new(), Vec::new()];
    for (at, (_, one, other)) in stores.iter().enumerate() {
        let mut feed = other.changes(other.revision()).await.unwrap();
        for _ in 0..SINGLE {
            let save = new();
            let id = save.connection.item.id;
            let began = Instant::now();
            one.save(save).await.unwrap();
            created[at].push(began.elapsed());
            feed.next().await.unwrap().unwrap();
            seen[at].push(began.elapsed());
            let began = Instant::now();
            one.get(id).await.unwrap().unwrap();
            read[at].push(began.elapsed());
        }
    }
    report("create", &mut created);
    report("get", &mut read);
    report("create, until another process has the change", &mut seen);
    let mut rates = Vec::new();
    for (_, one, _) in &stores {
        let began = Instant::now();
        let writers = (0..WRITERS).map(|_| async {
            for _ in 0..PER_WRITER {
                one.save(new()).await.unwrap();
            }
        });
        join_all(writers).await;
        rates.push((WRITERS * PER_WRITER) as f64 / began.elapsed().as_secs_f64());
    }
    println!(
        "{WRITERS} writers: disk {:.0}/s, etcd {:.0}/s",
        rates[0], rates[1]
    );
    for (_, one, other) in stores {
        other.close().await.unwrap();
        one.close().await.unwrap();
    }
}

async fn open(home: &Home, handle: &StoreHandle) -> Store {
    let files = StoreOptions {
        data: home.path("data"),
        config: home.path("config"),
        key_file: None,
    };
    handle.open(&files, WithoutStore::Create).await.unwrap()
}

fn new() -> SaveConnection<PlainSecret> {
    let at = DateTime::<Utc>::UNIX_EPOCH;
    let id = Uuid::now_v7();
    SaveConnection {
        connection: Connection {
            item: ConnectionItem {
                endpoint: None,
                id,
                alias: format!("openai-{id}"),
                name: format!("OpenAI {id}"),
                provider_id: "openai".into(),
                is_active: true,
                date_created: at,
                date_modified: at,
                version: 1,
                date_deleted: None,
            },
            settings: Some(Settings::from_iter([(
                "apiKey".to_owned(),
                SettingValue::Secret(PlainSecret::new(format!("sk-proj-{id}"))),
            )])),
        },
        precondition: Precondition::Absent,
        change: VersionChange::default(),
    }
}

fn report(name: &str, times: &mut [Vec<Duration>; 2]) {
    for times in &mut *times {
        times.sort();
    }
    let at = |place: usize, share: f64| {
        let sorted = &times[place];
        sorted[((sorted.len() as f64 * share) as usize).min(sorted.len() - 1)]
    };
    println!(
        "{name}: disk p50 {:.2?}, p99 {:.2?}; etcd p50 {:.2?}, p99 {:.2?}",
        at(0, 0.5),
        at(0, 0.99),
        at(1, 0.5),
        at(1, 0.99)
    );
}

/// The binary on both stores with many connections.
fn commands(node: &EtcdNode, many: usize) {
    let home = Home::new();
    home.fill(many);
    let address = format!("etcd://{}/many", node.client);
    let data = home.path("data");
    let copied = umai(&home, &["store", "copy"])
        .arg(&data)
        .arg(&address)
        .stdout(Stdio::null())
        .status();
    assert!(copied.unwrap().success());
    // The source is marked as moved; it can still be read.
    let list = |arguments: &[&str]| {
        let began = Instant::now();
        let output = umai(&home, arguments)
            .args(["connections", "list", "--take", "5", "--json"])
            .output();
        let output = output.unwrap();
        let taken = began.elapsed();
        assert!(output.status.success() && !output.stdout.is_empty());
        taken
    };
    let on_etcd = ["--store", address.as_str()];
    println!(
        "list --take 5 of {many} on etcd, first: {:.1?}",
        list(&on_etcd)
    );
    let mut times = [Vec::new(), Vec::new()];
    for _ in 0..STARTS {
        times[0].push(list(&[]));
        times[1].push(list(&on_etcd));
    }
    report(&format!("list --take 5 of {many}"), &mut times);
    let index = index_size(&home.path("cache/umai/etcd"));
    println!("saved index: {:.1} MB", index as f64 / 1e6);

    let mut command = portable_pty::CommandBuilder::new(terminal::binary());
    command.args(on_etcd);
    for (name, value) in environment(&home) {
        command.env(name, value);
    }
    let mut screen = Screen::run(command, &format!("Connections {many}"));
    println!("app: whole list after {:.1?}", screen.first_frame);
    screen.drain(SETTLING);
    let before = screen.usage();
    screen.drain(IDLE);
    let after = screen.usage();
    println!(
        "app: idle for {IDLE:?}: {} CPU ticks; RSS {} kB",
        after.ticks - before.ticks,
        after.rss_kb
    );
    screen.quit();
}

fn index_size(folder: &Path) -> u64 {
    let entries = std::fs::read_dir(folder).unwrap();
    entries
        .map(|entry| entry.unwrap().metadata().unwrap().len())
        .sum()
}

fn umai(home: &Home, arguments: &[&str]) -> Command {
    let mut command = Command::new(terminal::binary());
    command
        .args(arguments)
        .envs(environment(home))
        .current_dir(home.path(""));
    command
}

fn environment(home: &Home) -> Vec<(&'static str, PathBuf)> {
    let cache = [("XDG_CACHE_HOME", home.path("cache"))];
    home.environment().into_iter().chain(cache).collect()
}

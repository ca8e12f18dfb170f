//! Benchmarks of durable saves, compared with a plain append and sync.
//!
//! `cargo bench --bench store` prints figures and ratios; `-- one`, `-- many` and `-- large 100000` select a part, and
//! `-- fill FOLDER 100000`, then `-- list FOLDER`, create and list a store.

#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    missing_docs
)]

use std::fs::{File, OpenOptions};
use std::io::Write;
use std::path::Path;
use std::sync::{Arc, mpsc};
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use futures_util::{StreamExt, stream};
use umai::connection::store::{ConnectionStore, Precondition, SaveConnection};
use umai::connection::{
    Connection, ConnectionItem, ListQuery, PageRequest, PlainSecret, SettingValue, Settings,
    VersionChange,
};
use umai::store::journal::{entry::JournalEntry, header};
use umai::store::{StoreOptions, open};
use uuid::Uuid;

type Store = Arc<dyn ConnectionStore<PlainSecret>>;

const SINGLE: usize = 2_000;
const WRITERS: usize = 8;
const PER_WRITER: usize = 1_000;
const ROUNDS: usize = 5;
const IN_FLIGHT: usize = 256;

fn connection(number: u128) -> Connection<PlainSecret> {
    let at = DateTime::<Utc>::UNIX_EPOCH;
    Connection {
        item: ConnectionItem {
            endpoint: None,
            id: Uuid::now_v7(),
            alias: format!("openai-production-{number}"),
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
            (
                "organization".to_owned(),
                SettingValue::Text("org-umai".into()),
            ),
            (
                "endpoint".to_owned(),
                SettingValue::Text("https://api.openai.com/v1".into()),
            ),
        ])),
    }
}

fn new(number: u128) -> SaveConnection<PlainSecret> {
    SaveConnection {
        connection: connection(number),
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

fn options(folder: &Path) -> StoreOptions {
    StoreOptions {
        data: folder.join("data"),
        config: folder.join("config"),
        key_file: None,
    }
}

fn folder() -> tempfile::TempDir {
    // In the build directory, because /tmp may be in memory.
    tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap()
}

fn bare_file(folder: &Path) -> File {
    OpenOptions::new()
        .create(true)
        .append(true)
        .open(folder.join("bare"))
        .unwrap()
}

/// Bytes of the first journal entry of a store.
fn entry_bytes(data: &Path) -> Vec<u8> {
    let segment = std::fs::read_dir(data.join("journal"))
        .unwrap()
        .next()
        .unwrap()
        .unwrap();
    let bytes = std::fs::read(segment.path()).unwrap();
    let size = JournalEntry::read(&bytes[header::LENGTH..]).unwrap().size();
    bytes[header::LENGTH..header::LENGTH + size].to_vec()
}

fn at(sorted: &[Duration], share: f64) -> f64 {
    let index = (sorted.len() as f64 * share) as usize;
    sorted[index.min(sorted.len() - 1)].as_secs_f64() * 1e6
}

fn resident() -> String {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = |name: &str| {
        status
            .lines()
            .find(|line| line.starts_with(name))
            .and_then(|line| line.split_whitespace().nth(1))
            .and_then(|kilobytes| kilobytes.parse::<u64>().ok())
            .unwrap_or(0)
            / 1024
    };
    format!("{} MB (at most {} MB)", line("VmRSS:"), line("VmHWM:"))
}

async fn one_writer() {
    let folder = folder();
    let store = open(&options(folder.path())).await.unwrap();
    store.save(new(0)).await.unwrap();
    let bytes = entry_bytes(&folder.path().join("data"));
    let mut bare = bare_file(folder.path());
    let (mut saves, mut appends) = (Vec::new(), Vec::new());
    for number in 1..=SINGLE as u128 {
        let save = new(number);
        let start = Instant::now();
        store.save(save).await.unwrap();
        saves.push(start.elapsed());
        let start = Instant::now();
        bare.write_all(&bytes).unwrap();
        bare.sync_data().unwrap();
        appends.push(start.elapsed());
    }
    saves.sort();
    appends.sort();
    println!(
        "one writer, {SINGLE} creates of {} bytes, interleaved with bare appends",
        bytes.len()
    );
    for (name, share) in [("p50", 0.5), ("p90", 0.9), ("p99", 0.99)] {
        let (save, append) = (at(&saves, share), at(&appends, share));
        println!(
            "  {name}: create {save:.0} µs, append + fdatasync {append:.0} µs, ratio {:.2}",
            save / append
        );
    }
    store.close().await.unwrap();
}

async fn store_together(store: &Store, round: usize) -> f64 {
    let start = Instant::now();
    let writers = (0..WRITERS).map(|writer| {
        let store = Arc::clone(store);
        tokio::spawn(async move {
            for number in 0..PER_WRITER {
                let number = (round * WRITERS + writer) * PER_WRITER + number;
                store.save(new(number as u128)).await.unwrap();
            }
        })
    });
    for writer in writers.collect::<Vec<_>>() {
        writer.await.unwrap();
    }
    (WRITERS * PER_WRITER) as f64 / start.elapsed().as_secs_f64()
}

/// Threads with grouped appends: one write and one sync for all waiting ones.
fn bare_together(folder: &Path, bytes: &[u8]) -> f64 {
    let mut file = bare_file(folder);
    let (appends, arriving) = mpsc::channel::<(Vec<u8>, mpsc::SyncSender<()>)>();
    let start = Instant::now();
    std::thread::scope(|scope| {
        for _ in 0..WRITERS {
            let appends = appends.clone();
            scope.spawn(move || {
                for _ in 0..PER_WRITER {
                    let (done, durable) = mpsc::sync_channel(1);
                    appends.send((bytes.to_vec(), done)).unwrap();
                    durable.recv().unwrap();
                }
            });
        }
        drop(appends);
        while let Ok((mut group, done)) = arriving.recv() {
            let mut waiting = vec![done];
            while let Ok((bytes, done)) = arriving.try_recv() {
                group.extend_from_slice(&bytes);
                waiting.push(done);
            }
            file.write_all(&group).unwrap();
            file.sync_data().unwrap();
            for done in waiting {
                done.send(()).unwrap();
            }
        }
    });
    (WRITERS * PER_WRITER) as f64 / start.elapsed().as_secs_f64()
}

async fn many_writers() {
    let folder = folder();
    let store = open(&options(folder.path())).await.unwrap();
    store.save(new(u128::MAX)).await.unwrap();
    let bytes = entry_bytes(&folder.path().join("data"));
    let mut ratios = Vec::new();
    println!("{WRITERS} writers together, {PER_WRITER} creates each");
    for round in 0..ROUNDS {
        let grouped = bare_together(folder.path(), &bytes);
        let saved = store_together(&store, round).await;
        println!(
            "  {saved:.0} creates/s, {grouped:.0} grouped appends/s, ratio {:.2}",
            saved / grouped
        );
        ratios.push(saved / grouped);
    }
    ratios.sort_by(f64::total_cmp);
    println!("  median ratio {:.2}", ratios[ROUNDS / 2]);
    store.close().await.unwrap();
}

async fn list(store: &Store, take: usize) -> (Duration, usize) {
    let start = Instant::now();
    let page = store
        .list(&ListQuery::all(PageRequest { skip: 0, take }))
        .await
        .unwrap();
    (start.elapsed(), page.total)
}

async fn large_store(size: usize) {
    let folder = folder();
    fill(folder.path(), size).await;
    for how in ["verify", "list", "list"] {
        let again = std::process::Command::new(std::env::current_exe().unwrap())
            .arg(how)
            .arg(folder.path())
            .status();
        assert!(again.unwrap().success());
    }
}

async fn fill(folder: &Path, size: usize) {
    let options = options(folder);
    let start = Instant::now();
    let store = open(&options).await.unwrap();
    println!("a new store: opened in {:.1?}", start.elapsed());
    store.close().await.unwrap();
    drop(store);
    let start = Instant::now();
    let store = open(&options).await.unwrap();
    println!(
        "an empty store: opened in {:.1?}, {}",
        start.elapsed(),
        resident()
    );
    let start = Instant::now();
    stream::iter(0..size as u128)
        .map(|number| store.save(new(number)))
        .buffer_unordered(IN_FLIGHT)
        .for_each(|saved| async {
            saved.unwrap();
        })
        .await;
    println!(
        "{size} creates, {IN_FLIGHT} at once: {:.1?}, {}",
        start.elapsed(),
        resident()
    );
    let start = Instant::now();
    store.close().await.unwrap();
    println!("closed in {:.1?}", start.elapsed());
}

/// Opens the store in a separate process to measure its memory.
async fn reopen(folder: &Path, lists: bool) {
    let start = Instant::now();
    let store = open(&options(folder)).await.unwrap();
    let opened = start.elapsed();
    let (first, total) = list(&store, 50).await;
    println!(
        "{total} connections: opened in {opened:.1?}, first page in {first:.1?}, {}",
        resident()
    );
    if lists {
        let (all, _) = list(&store, usize::MAX).await;
        println!("  all of them in {all:.1?}, {}", resident());
    }
    let start = Instant::now();
    let number = u128::from(Uuid::new_v4().as_u64_pair().0);
    store.save(new(number)).await.unwrap();
    println!(
        "  first save, after everything was verified, in {:.1?}, {}",
        start.elapsed(),
        resident()
    );
    store.close().await.unwrap();
    for notice in store.notices() {
        println!("  {notice}");
    }
}

#[tokio::main]
async fn main() {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let size = words
        .iter()
        .find_map(|word| word.parse().ok())
        .unwrap_or(100_000);
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    match *words {
        ["list", folder, ..] => reopen(Path::new(folder), true).await,
        ["verify", folder, ..] => reopen(Path::new(folder), false).await,
        ["fill", folder, ..] => fill(Path::new(folder), size).await,
        ["one", ..] => one_writer().await,
        ["many", ..] => many_writers().await,
        ["large", ..] => large_store(size).await,
        _ => {
            one_writer().await;
            many_writers().await;
            large_store(size).await;
        }
    }
}

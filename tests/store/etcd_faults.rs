//! A store on etcd while nodes fail: nothing acknowledged is lost, nothing is done twice, and feeds miss and repeat nothing.
//!
//! `UMAI_ETCD_KILLS=20` runs the long form.

mod load;
mod proxy;

use std::time::{Duration, Instant};

use futures_util::StreamExt;
use futures_util::future::join_all;
use tempfile::TempDir;
use umai::connection::StoreError;
use umai::connection::store::Revision;
use umai::store::etcd_options::{EtcdOptions, EtcdUser};
use umai::store::place::StorePlace;
use umai::store::rotation::{RotationResult, rotate_in};
use umai::store::{StoreHandle, StoreOptions, WithoutStore};

pub use self::load::{Cluster, under_load};
use self::proxy::Proxy;
use crate::etcd_node::{EtcdNode, poll};
use crate::support::fixture::{EVERYTHING, Store, id, save};

/// Number of times that the leader is killed.
pub fn kills() -> u64 {
    std::env::var("UMAI_ETCD_KILLS").map_or(1, |text| text.parse().unwrap())
}

fn is_long() -> bool {
    kills() > 1
}

/// Number of times that each other fault happens.
fn rounds() -> u64 {
    if is_long() { 3 } else { 1 }
}

/// Lets a fault last for a time in the long form. The short form only waits for its effect.
async fn last(seconds: u64) {
    if is_long() {
        tokio::time::sleep(Duration::from_secs(seconds)).await;
    }
}

pub async fn open(address: &str, home: &TempDir) -> Store {
    let options = EtcdOptions::new(address.parse().unwrap());
    try_open(options, home).await.unwrap()
}

async fn try_open(options: EtcdOptions, home: &TempDir) -> Result<Store, StoreError> {
    let handle = StoreHandle::etcd(options);
    handle.open(&files(home), WithoutStore::Create).await
}

pub fn files(home: &TempDir) -> StoreOptions {
    StoreOptions {
        data: home.path().join("data"),
        config: home.path().join("config"),
        key_file: None,
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn killed_leaders_lose_and_repeat_nothing() {
    let Some(cluster) = Cluster::start() else {
        return;
    };
    under_load(cluster, async |cluster, progress| {
        for _ in 0..kills() {
            cluster.wait_until_healthy();
            let leader = cluster.leader();
            cluster.nodes[leader].as_ref().unwrap().kill();
            let killed = Instant::now();
            cluster.leader();
            let elected = killed.elapsed();
            progress.wait().await;
            let first = progress.first_after(killed).duration_since(killed);
            let slowest = progress.take_slowest();
            eprintln!(
                "new leader after {elected:?}, next acknowledgement after {first:?}, slowest write {slowest:?}"
            );
            cluster.restart(leader);
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn stopped_leader_is_left_and_its_late_answers_do_no_harm() {
    let Some(cluster) = Cluster::start() else {
        return;
    };
    under_load(cluster, async |cluster, progress| {
        for _ in 0..rounds() {
            let leader = cluster.leader();
            let node = cluster.nodes[leader].as_ref().unwrap();
            node.signal("-STOP");
            last(10).await;
            progress.wait().await;
            node.signal("-CONT");
            progress.wait().await;
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn restart_of_all_nodes_is_survived() {
    let Some(cluster) = Cluster::start() else {
        return;
    };
    under_load(cluster, async |cluster, progress| {
        for _ in 0..rounds() {
            for node in cluster.nodes.iter().flatten() {
                node.kill();
            }
            for node in 0..cluster.nodes.len() {
                cluster.restart(node);
            }
            progress.wait().await;
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn lost_quorum_only_delays_changes() {
    let Some(cluster) = Cluster::start() else {
        return;
    };
    under_load(cluster, async |cluster, progress| {
        for _ in 0..rounds() {
            cluster.wait_until_healthy();
            let first = cluster.leader();
            let [second, left] = [1, 2].map(|by| (first + by) % cluster.nodes.len());
            for node in [first, second] {
                cluster.nodes[node].as_ref().unwrap().kill();
            }
            cluster.wait_until_alone(left);
            last(6).await;
            for node in [first, second] {
                cluster.restart(node);
            }
            progress.wait().await;
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn watchers_that_are_behind_a_compaction_load_the_list_again() {
    let Some(mut cluster) = Cluster::start() else {
        return;
    };
    let nodes = cluster.nodes.iter().flatten();
    let proxies = nodes.map(|node| Proxy::start(node.client.clone()));
    let proxies = join_all(proxies).await;
    cluster.watch_through(&proxies);
    under_load(cluster, async |cluster, progress| {
        for _ in 0..rounds() {
            let before = progress.reloads();
            for proxy in &proxies {
                proxy.cut(true);
            }
            progress.wait().await;
            let node = cluster.nodes[0].as_ref().unwrap();
            let body = format!("{{\"revision\":\"{}\"}}", node.revision().unwrap());
            let answer = node.post("/v3/kv/compaction", &body).unwrap();
            assert!(answer.contains("200 OK"), "{answer}");
            for proxy in &proxies {
                proxy.cut(false);
            }
            progress.every_reload_after(before).await;
            progress.wait().await;
        }
    })
    .await;
}

/// A restored snapshot has the same cluster ID and an earlier revision.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn restored_snapshot_reloads_lists_and_ends_feeds() {
    let Some(node) = EtcdNode::start(&[]) else {
        return;
    };
    let home = tempfile::tempdir().unwrap();
    let address = format!("etcd://{}/restored", node.client);
    let store = open(&address, &home).await;
    store.save(save(1, 1)).await.unwrap();
    node.kill();
    let copy = home.path().join("snapshot");
    let copied = copy_folder(&node.data(), &copy);
    assert!(copied.success());
    let node = node.restart();
    let late = store.save(save(2, 1)).await.unwrap();
    let mut feed = store.changes(late).await.unwrap();
    assert_eq!(total(&store).await, 2);

    node.kill();
    std::fs::remove_dir_all(node.data()).unwrap();
    assert!(copy_folder(&copy, &node.data()).success());
    let _node = node.restart();
    assert!(feed.next().await.unwrap().is_err(), "the feed ends");
    assert_eq!(total(&store).await, 1);
    assert!(store.revision() < late);
    let again = store.save(save(3, 1)).await.unwrap();
    assert_eq!(total(&store).await, 2);
    let mut feed = store.changes(Revision(again.0 - 1)).await.unwrap();
    assert_eq!(feed.next().await.unwrap().unwrap().revision, again);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn feed_from_before_a_compaction_is_too_old() {
    let Some(node) = EtcdNode::start(&[]) else {
        return;
    };
    let home = tempfile::tempdir().unwrap();
    let address = format!("etcd://{}/compacted", node.client);
    let store = open(&address, &home).await;
    let first = store.save(save(1, 1)).await.unwrap();
    let second = store.save(save(2, 1)).await.unwrap();
    let body = format!("{{\"revision\":\"{}\"}}", second.0);
    node.post("/v3/kv/compaction", &body).unwrap();
    let refused = store.changes(Revision(first.0 - 1)).await.map(drop);
    assert_eq!(refused.unwrap_err(), StoreError::FeedTooOld(first.0 - 1));
    assert_eq!(total(&store).await, 2);
    let third = store.save(save(3, 1)).await.unwrap();
    let mut feed = store.changes(second).await.unwrap();
    assert_eq!(feed.next().await.unwrap().unwrap().revision, third);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn full_database_is_named_and_reads_go_on() {
    let Some(node) = EtcdNode::start(&["--quota-backend-bytes=200000"]) else {
        return;
    };
    let home = tempfile::tempdir().unwrap();
    let store = open(&format!("etcd://{}/full", node.client), &home).await;
    let mut saved = 0;
    let refused = loop {
        match store.save(save(saved + 1, 1)).await {
            Ok(_) => saved += 1,
            Err(error) => break error,
        }
    };
    assert!(matches!(refused, StoreError::Full(_)), "{refused:?}");
    assert_eq!(total(&store).await as u64, saved);
    assert!(store.get(id(1)).await.unwrap().is_some());
    let checked = store.check().await;
    assert!(matches!(checked, Err(StoreError::Full(_))), "{checked:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn revision_follows_other_processes_without_a_list() {
    let Some(node) = EtcdNode::start(&[]) else {
        return;
    };
    let home = tempfile::tempdir().unwrap();
    let address = format!("etcd://{}/idle", node.client);
    let idle = open(&address, &home).await;
    let newest = open(&address, &home).await.save(save(1, 1)).await.unwrap();
    poll(|| (idle.revision() == newest).then_some(()));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn close_waits_for_running_writes() {
    let Some(node) = EtcdNode::start(&[]) else {
        return;
    };
    let home = tempfile::tempdir().unwrap();
    let store = open(&format!("etcd://{}/close", node.client), &home).await;
    node.signal("-STOP");
    let mut save = std::pin::pin!(store.save(save(1, 1)));
    assert!(futures_util::poll!(&mut save).is_pending());
    let mut close = std::pin::pin!(store.close());
    assert!(futures_util::poll!(&mut close).is_pending());
    node.signal("-CONT");
    tokio::select! {
        biased;
        _ = &mut close => panic!("closed before the write ended"),
        saved = &mut save => drop(saved.unwrap()),
    }
    close.await.unwrap();
    assert!(store.save(self::save(2, 1)).await.is_err());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn versions_are_listed_across_pages() {
    const VERSIONS: u64 = 600;
    let Some(node) = EtcdNode::start(&[]) else {
        return;
    };
    let home = tempfile::tempdir().unwrap();
    let store = open(&format!("etcd://{}/versions", node.client), &home).await;
    for version in 1..=VERSIONS {
        store.save(save(1, version)).await.unwrap();
    }
    for (skip, take) in [(0, 1), (0, 3), (1, 2), (498, 5), (595, 10), (600, 1)] {
        let window = umai::connection::PageRequest { skip, take };
        let page = store.versions(id(1), window).await.unwrap();
        assert_eq!(page.total as u64, VERSIONS);
        let numbers: Vec<u64> = page
            .items
            .iter()
            .map(umai::connection::Version::number)
            .collect();
        let newest = VERSIONS - skip as u64;
        let count = take.min(newest as usize);
        let expected: Vec<u64> = (0..count as u64).map(|at| newest - at).collect();
        assert_eq!(numbers, expected, "skip {skip}, take {take}");
    }
    let all = store.versions(id(1), EVERYTHING).await.unwrap();
    assert_eq!(all.items.len() as u64, VERSIONS);
}

/// A page of them is larger than a message may be.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn large_connections_are_listed() {
    const CONNECTIONS: u64 = 76;
    let Some(node) = EtcdNode::start(&[]) else {
        return;
    };
    let home = tempfile::tempdir().unwrap();
    let address = format!("etcd://{}/large", node.client);
    let store = open(&address, &home).await;
    for number in 0..CONNECTIONS {
        let mut large = save(number, 1);
        large.change.note = Some("x".repeat(900_000));
        store.save(large).await.unwrap();
    }
    let other = open(&address, &home).await;
    assert_eq!(total(&other).await as u64, CONNECTIONS);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn record_that_was_changed_in_etcd_is_damaged() {
    let Some(node) = EtcdNode::start(&[]) else {
        return;
    };
    let home = tempfile::tempdir().unwrap();
    let store = open(&format!("etcd://{}/t", node.client), &home).await;
    store.save(save(1, 1)).await.unwrap();
    store.save(save(2, 1)).await.unwrap();
    let encode = |text: String| base64::Engine::encode(&base64::prelude::BASE64_STANDARD, text);
    let body = format!(
        "{{\"key\":\"{}\",\"value\":\"{}\"}}",
        encode(format!("/t/c/{}", id(1))),
        encode("0123456789abcdef{}".into())
    );
    let following = open(&format!("etcd://{}/t", node.client), &home).await;
    assert_eq!(total(&following).await, 2);
    node.post("/v3/kv/put", &body).unwrap();
    let read = store.get(id(1)).await;
    assert!(matches!(read, Err(StoreError::Damaged { .. })), "{read:?}");
    store.save(save(3, 1)).await.unwrap();
    assert_eq!(total(&store).await, 2, "the others work");
    assert_eq!(total(&following).await, 2, "and where it was listed before");
    let notices = store.notices().join(" ");
    assert!(notices.contains(&id(1).to_string()), "{notices}");
}

/// The keys of the replaced content are removed: this must not look like deleted connections.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn replaced_store_ends_feeds_and_is_opened_again() {
    let Some(node) = EtcdNode::start(&[]) else {
        return;
    };
    let home = tempfile::tempdir().unwrap();
    let address = format!("etcd://{}/replaced", node.client);
    let store = open(&address, &home).await;
    let idle = open(&address, &home).await;
    for number in 0..20 {
        store.save(save(number, 1)).await.unwrap();
    }
    assert_eq!(total(&store).await, 20);
    let seen = store.revision();
    let mut feed = store.changes(seen).await.unwrap();
    assert_eq!(rotate(&address, &home).await.unwrap().secrets, 20);
    let ended = feed.next().await.unwrap();
    assert_eq!(ended, Err(StoreError::Replaced));
    let again = store.changes(seen).await.map(drop);
    assert_eq!(again, Err(StoreError::FeedTooOld(seen.0)));
    assert_eq!(total(&store).await, 20);
    let saved = idle.save(save(1, 2)).await.unwrap();
    let found = store.get(id(1)).await.unwrap().unwrap();
    assert_eq!(found.item.version, 2);
    let mut feed = store.changes(Revision(saved.0 - 1)).await.unwrap();
    assert_eq!(feed.next().await.unwrap().unwrap().revision, saved);
    store.check().await.unwrap();
    store.close().await.unwrap();
    assert!(store.get(id(1)).await.is_err());
}

/// Rotates the key with the one in a home.
async fn rotate(address: &str, home: &TempDir) -> Result<RotationResult, StoreError> {
    let etcd = EtcdOptions::new(address.parse().unwrap());
    let place = StorePlace::new(files(home), Some(&etcd)).unwrap();
    let rotated = tokio::task::spawn_blocking(move || rotate_in(&place, chrono::Utc::now()));
    rotated.await.unwrap()
}

async fn total(store: &Store) -> usize {
    let all = umai::connection::ListQuery::all(EVERYTHING);
    store.list(&all).await.unwrap().total
}

pub fn copy_folder(from: &std::path::Path, to: &std::path::Path) -> std::process::ExitStatus {
    let mut command = std::process::Command::new("cp");
    command.arg("-a").args([from, to]).status().unwrap()
}

/// A node that was restarted knows no tokens; a watch that is opened with such a token is created and canceled.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn unknown_token_is_renewed_for_requests_and_watches() {
    let Some(node) = EtcdNode::start(&[]) else {
        return;
    };
    let home = tempfile::tempdir().unwrap();
    enable_authentication(&node, "/team/");
    let address = format!("etcd://{}/team/auth", node.client);
    let denied = try_open(EtcdOptions::new(address.parse().unwrap()), &home).await;
    let denied = denied.map(drop).unwrap_err();
    assert!(denied.to_string().contains("--store-user"), "{denied}");
    let mut options = EtcdOptions::new(address.parse().unwrap());
    options.user = Some(EtcdUser {
        name: "umai".into(),
        password: "planted".to_owned().into(),
    });
    let store = try_open(options.clone(), &home).await.unwrap();
    let first = store.save(save(1, 1)).await.unwrap();
    let mut feed = store.changes(first).await.unwrap();
    node.kill();
    let node = node.restart();
    let other = try_open(options, &home).await.unwrap();
    let second = other.save(save(2, 1)).await.unwrap();
    assert_eq!(feed.next().await.unwrap().unwrap().revision, second);
    let third = store.save(save(3, 1)).await.unwrap();
    assert_eq!(feed.next().await.unwrap().unwrap().revision, third);

    let mut elsewhere = EtcdOptions::new(format!("etcd://{}/other", node.client).parse().unwrap());
    elsewhere.user = Some(EtcdUser {
        name: "umai".into(),
        password: "planted".to_owned().into(),
    });
    let denied = try_open(elsewhere, &home).await.map(drop).unwrap_err();
    assert!(
        denied.to_string().contains("the role of the user"),
        "{denied}"
    );
}

/// Creates the user `umai` for keys with a prefix, and requires users.
fn enable_authentication(node: &EtcdNode, prefix: &str) {
    let encode = |text: &str| base64::Engine::encode(&base64::prelude::BASE64_STANDARD, text);
    let end = format!("{}0", prefix.trim_end_matches('/'));
    let permission = format!(
        r#"{{"name":"umai","perm":{{"permType":"READWRITE","key":"{}","range_end":"{}"}}}}"#,
        encode(prefix),
        encode(&end)
    );
    for (path, body) in [
        ("user/add", r#"{"name":"root","password":"root"}"#),
        ("role/add", r#"{"name":"root"}"#),
        ("user/grant", r#"{"user":"root","role":"root"}"#),
        ("user/add", r#"{"name":"umai","password":"planted"}"#),
        ("role/add", r#"{"name":"umai"}"#),
        ("role/grant", &permission),
        ("user/grant", r#"{"user":"umai","role":"umai"}"#),
        ("enable", "{}"),
    ] {
        let answer = node.post(&format!("/v3/auth/{path}"), body).unwrap();
        assert!(answer.contains("200 OK"), "{path}: {answer}");
    }
}

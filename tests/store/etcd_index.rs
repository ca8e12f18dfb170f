//! The index of a store on etcd, which is saved for the next process.

use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use tempfile::TempDir;
use umai::connection::ListQuery;
use umai::connection::store::Revision;
use umai::store::etcd_options::EtcdOptions;
use umai::store::{StoreHandle, WithoutStore};

use crate::etcd_faults::{copy_folder, files};
use crate::etcd_node::EtcdNode;
use crate::support::fixture::{EVERYTHING, Store, connection, id, save};

/// Machine with the key of a store.
struct Machine {
    address: String,
    home: TempDir,
}

impl Machine {
    fn of(node: &EtcdNode) -> Self {
        Self {
            address: format!("etcd://{}/t", node.client),
            home: tempfile::tempdir().unwrap(),
        }
    }

    /// Opens the store as a new process does.
    async fn open(&self) -> Store {
        self.open_with(Some(self.home.path().join("cache"))).await
    }

    /// Opens the store as a process without a cache folder does.
    async fn open_without_cache(&self) -> Store {
        self.open_with(None).await
    }

    async fn open_with(&self, cache: Option<PathBuf>) -> Store {
        let options = EtcdOptions {
            cache,
            ..EtcdOptions::new(self.address.parse().unwrap())
        };
        let handle = StoreHandle::etcd(options);
        let opened = handle.open(&files(&self.home), WithoutStore::Create).await;
        opened.unwrap()
    }

    /// Opens the store, lists its connections, and closes it.
    async fn list(&self) -> Vec<String> {
        let store = self.open().await;
        let listed = names(&store).await;
        store.close().await.unwrap();
        listed
    }

    /// Saved index.
    fn file(&self) -> Option<PathBuf> {
        let folder = self.home.path().join("cache/etcd");
        let entries = std::fs::read_dir(folder).ok()?;
        let mut paths = entries.map(|entry| entry.unwrap().path());
        paths.find(|path| path.extension().is_some_and(|name| name == "index"))
    }
}

async fn names(store: &Store) -> Vec<String> {
    let page = store.list(&ListQuery::all(EVERYTHING)).await.unwrap();
    assert_eq!(page.total, page.items.len());
    page.items.into_iter().map(|item| item.name).collect()
}

fn names_of(versions: &[(u64, u64)]) -> Vec<String> {
    let names = versions
        .iter()
        .map(|(number, version)| connection(*number, *version).item.name);
    let mut names: Vec<_> = names.collect();
    names.sort();
    names
}

/// Removes a connection without a write of umai, which only a process that loads all connections can notice.
fn remove_silently(node: &EtcdNode, number: u64) {
    let key = BASE64_STANDARD.encode(format!("/t/c/{}", id(number)));
    let body = format!("{{\"key\":\"{key}\"}}");
    node.post("/v3/kv/deleterange", &body).unwrap();
}

fn compact(node: &EtcdNode, revision: Revision) {
    let body = format!("{{\"revision\":\"{}\"}}", revision.0);
    node.post("/v3/kv/compaction", &body).unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn saved_index_goes_on_with_the_changes_of_others() {
    let Some(node) = EtcdNode::start(&[]) else {
        return;
    };
    let machine = Machine::of(&node);
    let store = machine.open().await;
    for number in 1..=3 {
        store.save(save(number, 1)).await.unwrap();
    }
    assert_eq!(names(&store).await, names_of(&[(1, 1), (2, 1), (3, 1)]));
    assert_eq!(machine.file(), None);
    store.close().await.unwrap();
    let mode = |path: &std::path::Path| path.metadata().unwrap().permissions().mode() & 0o777;
    let file = machine.file().unwrap();
    assert_eq!((mode(&file), mode(file.parent().unwrap())), (0o600, 0o700));

    let other = machine.open_without_cache().await;
    other.save(save(4, 1)).await.unwrap();
    other.save(save(2, 2)).await.unwrap();
    let newest = other.purge(id(3), 1).await.unwrap();
    let expected = names_of(&[(1, 1), (2, 2), (4, 1)]);
    assert_eq!(names(&other).await, expected);
    let store = machine.open().await;
    assert_eq!(names(&store).await, expected);
    assert_eq!(store.revision(), newest);
    let aliases = store.aliases("", 10).await.unwrap();
    assert_eq!(aliases.len(), 3);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn start_with_a_saved_index_loads_no_connections() {
    let Some(node) = EtcdNode::start(&[]) else {
        return;
    };
    let machine = Machine::of(&node);
    let store = machine.open().await;
    store.save(save(1, 1)).await.unwrap();
    let newest = store.save(save(2, 1)).await.unwrap();
    let both = names(&store).await;
    store.close().await.unwrap();
    remove_silently(&node, 2);
    // The change is in no watch of the saved index, because the compaction removed it.
    compact(&node, Revision(newest.0 + 1));
    assert_eq!(machine.list().await, both);
    let other = machine.open_without_cache().await;
    assert_eq!(names(&other).await, names_of(&[(1, 1)]));
    // With a change, etcd does not have all of them any more.
    let newest = other.save(save(3, 1)).await.unwrap();
    compact(&node, newest);
    assert_eq!(machine.list().await, names_of(&[(1, 1), (3, 1)]));
}

/// The index is from a revision that the restored snapshot does not have, or has with other changes.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn saved_index_from_before_a_restored_snapshot_is_replaced() {
    let Some(node) = EtcdNode::start(&[]) else {
        return;
    };
    let machine = Machine::of(&node);
    let store = machine.open().await;
    store.save(save(1, 1)).await.unwrap();
    node.kill();
    let copy = machine.home.path().join("snapshot");
    assert!(copy_folder(&node.data(), &copy).success());
    let node = node.restart();
    store.save(save(2, 1)).await.unwrap();
    store.save(save(3, 1)).await.unwrap();
    assert_eq!(names(&store).await, names_of(&[(1, 1), (2, 1), (3, 1)]));
    store.close().await.unwrap();

    node.kill();
    std::fs::remove_dir_all(node.data()).unwrap();
    assert!(copy_folder(&copy, &node.data()).success());
    let node = node.restart();
    let saved = std::fs::read(machine.file().unwrap()).unwrap();
    assert_eq!(machine.list().await, names_of(&[(1, 1)]));
    let replaced = std::fs::read(machine.file().unwrap()).unwrap();
    assert_ne!(replaced, saved);
    let other = machine.open_without_cache().await;
    for number in 4..=6 {
        other.save(save(number, 1)).await.unwrap();
    }
    let expected = names_of(&[(1, 1), (4, 1), (5, 1), (6, 1)]);
    assert_eq!(machine.list().await, expected);
    // Its revision exists again, with another write.
    std::fs::write(machine.file().unwrap(), saved).unwrap();
    assert_eq!(machine.list().await, expected);
    drop(node);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn damaged_index_is_loaded_again() {
    let Some(node) = EtcdNode::start(&[]) else {
        return;
    };
    let machine = Machine::of(&node);
    let store = machine.open().await;
    for number in 1..=5 {
        store.save(save(number, 1)).await.unwrap();
    }
    let all = names(&store).await;
    store.close().await.unwrap();
    let file = machine.file().unwrap();
    let whole = std::fs::read(&file).unwrap();
    for at in [0, 20, whole.len() / 2, whole.len() - 20] {
        let mut bytes = whole.clone();
        bytes[at] ^= 1;
        std::fs::write(&file, &bytes).unwrap();
        let store = machine.open().await;
        // A change that arrives before the first list needs the rows of its connection, too.
        store.save(save(1, 2)).await.ok();
        assert_eq!(names(&store).await.len(), all.len(), "byte {at}");
        assert_eq!(store.notices(), Vec::<String>::new());
        store.close().await.unwrap();
        let again = std::fs::read(&file).unwrap();
        assert_ne!(again, bytes, "it is replaced");
    }
}

/// Otherwise only the process that loads the index would report it.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn every_process_reports_a_damaged_connection() {
    let Some(node) = EtcdNode::start(&[]) else {
        return;
    };
    let machine = Machine::of(&node);
    let store = machine.open().await;
    store.save(save(1, 1)).await.unwrap();
    store.save(save(2, 1)).await.unwrap();
    store.close().await.unwrap();
    let key = BASE64_STANDARD.encode(format!("/t/c/{}", id(2)));
    let value = BASE64_STANDARD.encode("0123456789abcdef{}");
    let body = format!("{{\"key\":\"{key}\",\"value\":\"{value}\"}}");
    node.post("/v3/kv/put", &body).unwrap();
    for _ in 0..2 {
        let store = machine.open().await;
        assert_eq!(names(&store).await, names_of(&[(1, 1)]));
        let notices = store.notices().join(" ");
        assert!(notices.contains(&id(2).to_string()), "{notices}");
        store.close().await.unwrap();
    }
}

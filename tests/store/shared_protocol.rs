//! Socket protocol between leader and clients: lost replies, garbage, other users, deep folders, wrong keys.

use std::fs::{self, Permissions};
use std::io::{Read, Write};
use std::os::unix::fs::{PermissionsExt, chown};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::Duration;

use umai::connection::store::{Revision, SaveConnection};
use umai::connection::{ListQuery, PageRequest, PlainSecret, StoreError};
use umai::store::{StoreOptions, open};

use crate::support::child_process::{ChildProcess, parameters, report, wait_for_end};
use crate::support::fixture::{Store, connection, content, id, open_in, options, save};
use crate::support::lossy_proxy::{Fate, LossyProxy};

/// User ID of `nobody`.
const NOBODY: u32 = 65_534;

/// Leader behind a proxy, and a client of the proxy.
struct LossyPair {
    leader: Store,
    client: Store,
    proxy: LossyProxy,
    folder: tempfile::TempDir,
}

impl LossyPair {
    async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let leader = open_in(folder.path()).await.unwrap();
        let proxy = LossyProxy::in_front_of(&options(folder.path()).data);
        let client = open_in(folder.path()).await.unwrap();
        Self {
            leader,
            client,
            proxy,
            folder,
        }
    }

    /// Saves through a loss, and runs `action` on the leader before the client can retry.
    async fn save_through_loss(
        &self,
        fate: Fate,
        saved: SaveConnection<PlainSecret>,
        action: impl AsyncFnOnce(&Store),
    ) -> Result<Revision, StoreError> {
        self.proxy.next(fate);
        let saving = self.client.save(saved);
        let losing = async {
            self.proxy.lost().await;
            action(&self.leader).await;
            self.proxy.resume();
        };
        tokio::join!(saving, losing).0
    }

    async fn end(self) {
        self.client.close().await.unwrap();
        self.leader.close().await.unwrap();
        drop(self.folder);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn write_with_lost_reply_is_executed_once() {
    let lossy = LossyPair::new().await;
    let nothing = async |_: &Store| {};
    let saved = lossy
        .save_through_loss(Fate::ReplyLost, save(1, 1), nothing)
        .await;
    assert_eq!(saved, Ok(Revision(1)));
    let saved = lossy
        .save_through_loss(Fate::ReplyLost, save(1, 2), nothing)
        .await;
    assert_eq!(saved, Ok(Revision(2)));
    assert_eq!(content(&lossy.client).await, [(1, 2)].into());
    lossy.proxy.next(Fate::ReplyLost);
    let deleting = async {
        lossy.proxy.lost().await;
        lossy.proxy.resume();
    };
    let (deleted, ()) = tokio::join!(lossy.client.purge(id(1), 2), deleting);
    assert_eq!(deleted, Ok(Revision(3)));
    assert_eq!(lossy.leader.revision(), Revision(3));
    lossy.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn lost_write_is_executed_on_retry() {
    let lossy = LossyPair::new().await;
    let nothing = async |_: &Store| {};
    let saved = lossy
        .save_through_loss(Fate::RequestLost, save(1, 1), nothing)
        .await;
    assert_eq!(saved, Ok(Revision(1)));
    assert_eq!(content(&lossy.leader).await, [(1, 1)].into());
    lossy.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn later_changes_survive_retry_of_unanswered_write() {
    let lossy = LossyPair::new().await;
    let delete = async |leader: &Store| {
        leader.purge(id(1), 1).await.unwrap();
    };
    let saved = lossy
        .save_through_loss(Fate::ReplyLost, save(1, 1), delete)
        .await;
    assert_eq!(saved, Ok(Revision(1)));
    assert_eq!(content(&lossy.client).await, [].into());
    let change = async |leader: &Store| {
        leader.save(save(2, 2)).await.unwrap();
    };
    let saved = lossy
        .save_through_loss(Fate::ReplyLost, save(2, 1), change)
        .await;
    assert_eq!(saved, Ok(Revision(3)));
    assert_eq!(content(&lossy.client).await, [(2, 2)].into());
    lossy.end().await;
}

/// The connection of [`save`], moved to the trash.
fn trashed(number: u64, version: u64) -> SaveConnection<PlainSecret> {
    let mut save = save(number, version);
    let item = &mut save.connection.item;
    item.date_deleted = Some(item.date_modified);
    item.alias = format!("{}~gone", item.alias);
    save
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn move_to_trash_with_lost_reply_is_executed_once() {
    let lossy = LossyPair::new().await;
    lossy.client.save(save(1, 1)).await.unwrap();
    let nothing = async |_: &Store| {};
    let result = lossy
        .save_through_loss(Fate::ReplyLost, trashed(1, 2), nothing)
        .await;
    assert_eq!(result, Ok(Revision(2)));
    lossy.client.save(save(1, 3)).await.unwrap();
    let same = async |leader: &Store| {
        leader.save(trashed(1, 4)).await.unwrap();
    };
    let result = lossy
        .save_through_loss(Fate::RequestLost, trashed(1, 4), same)
        .await;
    let moved = StoreError::VersionConflict {
        expected: 3,
        found: 4,
    };
    assert_eq!(result, Err(moved), "another process did it");
    lossy.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn second_move_to_trash_is_not_mistaken_for_purge() {
    let lossy = LossyPair::new().await;
    lossy.client.save(save(1, 1)).await.unwrap();
    lossy.client.save(trashed(1, 2)).await.unwrap();
    lossy.proxy.next(Fate::RequestLost);
    let actions = async {
        lossy.proxy.lost().await;
        lossy.leader.save(save(1, 3)).await.unwrap();
        lossy.leader.save(trashed(1, 4)).await.unwrap();
        lossy.proxy.resume();
    };
    let (purged, ()) = tokio::join!(lossy.client.purge(id(1), 2), actions);
    let moved = StoreError::VersionConflict {
        expected: 2,
        found: 4,
    };
    assert_eq!(purged, Err(moved));
    lossy.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn equal_save_of_other_client_is_not_mistaken_for_lost_one() {
    let lossy = LossyPair::new().await;
    lossy.client.save(save(1, 1)).await.unwrap();
    let same = async |leader: &Store| {
        leader.save(save(1, 2)).await.unwrap();
    };
    let saved = lossy
        .save_through_loss(Fate::RequestLost, save(1, 2), same)
        .await;
    let moved = StoreError::VersionConflict {
        expected: 1,
        found: 2,
    };
    assert_eq!(saved, Err(moved));
    lossy.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn purge_of_other_client_is_not_mistaken_for_lost_one() {
    let lossy = LossyPair::new().await;
    lossy.client.save(save(1, 1)).await.unwrap();
    lossy.proxy.next(Fate::RequestLost);
    let other = async {
        lossy.proxy.lost().await;
        lossy.leader.purge(id(1), 1).await.unwrap();
        lossy.proxy.resume();
    };
    let (purged, ()) = tokio::join!(lossy.client.purge(id(1), 1), other);
    assert_eq!(purged, Err(StoreError::NotFound(id(1))));
    lossy.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn garbage_and_partial_frames_do_not_affect_others() {
    let folder = tempfile::tempdir().unwrap();
    let leader = open_in(folder.path()).await.unwrap();
    let client = open_in(folder.path()).await.unwrap();
    let socket = options(folder.path()).data.join("umai.sock");
    let frame = |ask: u64, message: &[u8]| {
        let mut frame = Vec::new();
        let length = u32::try_from(9 + message.len()).unwrap();
        frame.extend(length.to_be_bytes());
        frame.extend(ask.to_le_bytes());
        frame.push(1);
        frame.extend(message);
        frame
    };
    let hello = frame(0, br#"{"protocol":2}"#);
    let inputs: Vec<Vec<u8>> = vec![
        Vec::new(),
        b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n".to_vec(),
        vec![0xff; 4096],
        vec![0; 4096],
        hello[..7].to_vec(),
        frame(0, br#"{"protocol":3}"#),
        frame(7, br#"{"protocol":2}"#),
        frame(0, b"not JSON"),
        [&*hello, &frame(1, b"not JSON")].concat(),
        [&*hello, &frame(1, br#"{"Ask":{"Unknown":1}}"#)].concat(),
        [&*hello, &frame(1, br#"{"Ask":{"Find":"absent"}}"#)[..20]].concat(),
        [&*hello, &[0, 0, 0, 3, 1, 2, 3]].concat(),
        [&*hello, &u32::MAX.to_be_bytes()].concat(),
        [&*hello, &frame(1, "[".repeat(100_000).as_bytes())].concat(),
    ];
    let mut open = Vec::new();
    for input in &inputs {
        let mut stream = UnixStream::connect(&socket).unwrap();
        stream.write_all(input).unwrap();
        // One connection stays open, the other is closed.
        open.push(stream.try_clone().unwrap());
        let mut other = UnixStream::connect(&socket).unwrap();
        other.write_all(input).unwrap();
        drop(other);
    }
    for number in 0..20 {
        client.save(save(number, 1)).await.unwrap();
    }
    assert_eq!(content(&leader).await.len(), 20);
    // Idle connections do not delay the shutdown of the leader.
    tokio::time::timeout(Duration::from_secs(4), leader.close())
        .await
        .unwrap()
        .unwrap();
    assert_eq!(content(&client).await.len(), 20);
    client.close().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn unknown_request_gets_an_error_reply() {
    let folder = tempfile::tempdir().unwrap();
    let leader = open_in(folder.path()).await.unwrap();
    let socket = options(folder.path()).data.join("umai.sock");
    let mut stream = UnixStream::connect(socket).unwrap();
    for (ask, message) in [
        (0, r#"{"protocol":2}"#),
        (5, r#"{"Ask":{"Of a later umai":1}}"#),
    ] {
        let length = u32::try_from(9 + message.len()).unwrap();
        stream.write_all(&length.to_be_bytes()).unwrap();
        stream.write_all(&u64::to_le_bytes(ask)).unwrap();
        stream.write_all(&[1]).unwrap();
        stream.write_all(message.as_bytes()).unwrap();
    }
    let mut received = Vec::new();
    let mut piece = [0; 4096];
    while !String::from_utf8_lossy(&received).contains("does not support") {
        let length = stream.read(&mut piece).unwrap();
        assert!(length > 0, "disconnected");
        received.extend(&piece[..length]);
    }
    leader.close().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn folder_deeper_than_socket_address_is_shared() {
    let folder = tempfile::tempdir().unwrap();
    let deep = folder.path().join("a-rather-long-name/".repeat(20));
    let leader = open_in(&deep).await.unwrap();
    let client = open_in(&deep).await.unwrap();
    client.save(save(1, 1)).await.unwrap();
    assert_eq!(content(&leader).await, [(1, 1)].into());
    let socket = options(&deep).data.join("umai.sock");
    let mode = fs::metadata(&socket).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    leader.close().await.unwrap();
    client.save(save(1, 2)).await.unwrap();
    assert!(socket.exists(), "the client became the leader");
    client.close().await.unwrap();
    assert!(!socket.exists(), "the socket is removed");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn client_with_wrong_or_missing_key_is_rejected() {
    let folder = tempfile::tempdir().unwrap();
    let leader = open_in(folder.path()).await.unwrap();
    let other = tempfile::tempdir().unwrap();
    open_in(other.path()).await.unwrap().close().await.unwrap();
    let wrong = StoreOptions {
        data: options(folder.path()).data,
        config: options(other.path()).config,
        key_file: None,
    };
    let none = StoreOptions {
        config: other.path().join("nothing"),
        ..wrong.clone()
    };
    let as_clients = (key_error(&wrong).await, key_error(&none).await);
    leader.close().await.unwrap();
    assert_eq!(
        as_clients,
        (key_error(&wrong).await, key_error(&none).await)
    );
    assert!(as_clients.0.contains("does not match the store"));
    assert!(!other.path().join("nothing").exists(), "no key was created");
}

async fn key_error(options: &StoreOptions) -> String {
    match open(options).await.map(drop) {
        Err(StoreError::Key(message)) => message,
        other => panic!("{other:?}"),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn long_list_is_complete_and_does_not_block() {
    let folder = tempfile::tempdir().unwrap();
    let leader = open_in(folder.path()).await.unwrap();
    let client = open_in(folder.path()).await.unwrap();
    let count: usize = if std::env::var_os("UMAI_SECONDS").is_some() {
        100_000
    } else {
        4_000
    };
    for start in (0..count as u64).step_by(1_000) {
        let saves = (start..start + 1_000).map(|number| leader.save(save(number, 1)));
        futures_util::future::try_join_all(saves).await.unwrap();
    }
    let query = ListQuery::all(PageRequest {
        skip: 0,
        take: 100_000,
    });
    let (listed, got) = tokio::join!(client.list(&query), client.get(id(7)));
    assert_eq!(got.unwrap(), Some(connection(7, 1)));
    let listed = listed.unwrap();
    assert_eq!((listed.items.len(), listed.total), (count, count));
    assert_eq!(listed, leader.list(&query).await.unwrap());
    client.close().await.unwrap();
    leader.close().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn replaced_store_is_rejected() {
    let folder = tempfile::tempdir().unwrap();
    let leader = open_in(folder.path()).await.unwrap();
    let client = open_in(folder.path()).await.unwrap();
    client.save(save(1, 1)).await.unwrap();
    let data = options(folder.path()).data;
    fs::rename(&data, folder.path().join("old")).unwrap();
    leader.close().await.unwrap();
    let new = open_in(folder.path()).await.unwrap();
    let refused = client.save(save(1, 2)).await;
    let Err(StoreError::Other(message)) = refused else {
        panic!("{refused:?}");
    };
    assert!(
        message.contains("was replaced by another store"),
        "{message}"
    );
    assert_eq!(content(&new).await, [].into());
    new.close().await.unwrap();
    client.close().await.unwrap();
}

/// Connects to the leader and reports the received bytes; run as a child process.
#[test]
#[ignore = "runs as a child process"]
fn child_connects_as_other_user() {
    let Some((folder, _)) = parameters() else {
        return;
    };
    let mut received = Vec::new();
    let mut stream = UnixStream::connect(options(&folder).data.join("umai.sock")).unwrap();
    // The connection may also be reset.
    let _ = stream.read_to_end(&mut received);
    report(&format!("{} bytes", received.len()));
}

/// Keeps the store open; run as a child process.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "runs as a child process"]
async fn child_holds_the_store() {
    let Some((folder, _)) = parameters() else {
        return;
    };
    let store = open_in(&folder).await.unwrap();
    report("open");
    wait_for_end().await;
    store.close().await.unwrap();
}

/// Makes a folder and its socket accessible to other users.
fn make_accessible_to_others(folder: &Path) {
    for path in [folder.to_owned(), options(folder).data] {
        fs::set_permissions(path, Permissions::from_mode(0o711)).unwrap();
    }
    let socket = options(folder).data.join("umai.sock");
    fs::set_permissions(socket, Permissions::from_mode(0o666)).unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn other_user_is_rejected_despite_file_permissions() {
    let folder = tempfile::tempdir().unwrap();
    let leader = open_in(folder.path()).await.unwrap();
    make_accessible_to_others(folder.path());
    let Ok(child) = ChildProcess::start_as(
        NOBODY,
        "shared_protocol::child_connects_as_other_user",
        folder.path(),
    ) else {
        eprintln!("skipped: not permitted to start a process as another user");
        return;
    };
    assert_eq!(child.line(), "0 bytes");
    leader.close().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn store_of_other_user_is_not_used() {
    let folder = tempfile::tempdir().unwrap();
    let (data, config) = (options(folder.path()).data, options(folder.path()).config);
    for path in [&data, &config] {
        fs::create_dir(path).unwrap();
        fs::set_permissions(path, Permissions::from_mode(0o700)).unwrap();
        if chown(path, Some(NOBODY), Some(NOBODY)).is_err() {
            eprintln!("skipped: not permitted to change the owner of a folder");
            return;
        }
    }
    fs::set_permissions(folder.path(), Permissions::from_mode(0o755)).unwrap();
    let test = "shared_protocol::child_holds_the_store";
    let Ok(child) = ChildProcess::start_as(NOBODY, test, folder.path()) else {
        eprintln!("skipped: not permitted to start a process as another user");
        return;
    };
    assert_eq!(child.line(), "open");
    let Err(StoreError::Other(message)) = open_in(folder.path()).await.map(drop) else {
        panic!("the store was opened");
    };
    assert!(message.contains("belongs to user ID"), "{message}");
    child.end();
}

//! Socket protocol between leader and clients: lost replies, garbage, other users, deep folders, wrong keys.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    reason = "a test that cannot go on fails"
)]

#[path = "store/process.rs"]
mod process;
#[path = "store/relay.rs"]
mod relay;
#[path = "store/world.rs"]
mod world;

use std::fs::{self, Permissions};
use std::io::{Read, Write};
use std::os::unix::fs::{PermissionsExt, chown};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::Duration;

use umai::connection::store::{Revision, Save};
use umai::connection::{Plain, Query, StoreError, Window};
use umai::store::{StoreOptions, open};

use self::process::{Beside, say, told, until_let_go};
use self::relay::{Fate, Relay};
use self::world::{Store, connection, content, id, open_in, options, save};

/// User ID of `nobody`.
const NOBODY: u32 = 65_534;

/// Leader behind a proxy, and a client of the proxy.
struct Lossy {
    holder: Store,
    guest: Store,
    relay: Relay,
    folder: tempfile::TempDir,
}

impl Lossy {
    async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let holder = open_in(folder.path()).await.unwrap();
        let relay = Relay::before(&options(folder.path()).data);
        let guest = open_in(folder.path()).await.unwrap();
        Self {
            holder,
            guest,
            relay,
            folder,
        }
    }

    /// Saves through a loss, and runs `action` on the leader before the client can retry.
    async fn save_unheard(
        &self,
        fate: Fate,
        saved: Save<Plain>,
        meanwhile: impl AsyncFnOnce(&Store),
    ) -> Result<Revision, StoreError> {
        self.relay.next(fate);
        let saving = self.guest.save(saved);
        let losing = async {
            self.relay.lost().await;
            meanwhile(&self.holder).await;
            self.relay.go_on();
        };
        tokio::join!(saving, losing).0
    }

    async fn end(self) {
        self.guest.close().await.unwrap();
        self.holder.close().await.unwrap();
        drop(self.folder);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_write_whose_answer_was_lost_is_done_once_and_acknowledged() {
    let lossy = Lossy::new().await;
    let nothing = async |_: &Store| {};
    let saved = lossy
        .save_unheard(Fate::AnswerLost, save(1, 1), nothing)
        .await;
    assert_eq!(saved, Ok(Revision(1)));
    let saved = lossy
        .save_unheard(Fate::AnswerLost, save(1, 2), nothing)
        .await;
    assert_eq!(saved, Ok(Revision(2)));
    assert_eq!(content(&lossy.guest).await, [(1, 2)].into());
    lossy.relay.next(Fate::AnswerLost);
    let deleting = async {
        lossy.relay.lost().await;
        lossy.relay.go_on();
    };
    let (deleted, ()) = tokio::join!(lossy.guest.delete(id(1), 2), deleting);
    assert_eq!(deleted, Ok(Revision(3)));
    assert_eq!(lossy.holder.revision(), Revision(3));
    lossy.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_write_that_was_lost_itself_is_done_when_it_is_asked_again() {
    let lossy = Lossy::new().await;
    let nothing = async |_: &Store| {};
    let saved = lossy.save_unheard(Fate::Lost, save(1, 1), nothing).await;
    assert_eq!(saved, Ok(Revision(1)));
    assert_eq!(content(&lossy.holder).await, [(1, 1)].into());
    lossy.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_deleted_or_changed_after_a_write_that_was_not_answered_stays_so() {
    let lossy = Lossy::new().await;
    let delete = async |holder: &Store| {
        holder.delete(id(1), 1).await.unwrap();
    };
    let saved = lossy
        .save_unheard(Fate::AnswerLost, save(1, 1), delete)
        .await;
    assert_eq!(saved, Ok(Revision(1)));
    assert_eq!(content(&lossy.guest).await, [].into());
    let change = async |holder: &Store| {
        holder.save(save(2, 2)).await.unwrap();
    };
    let saved = lossy
        .save_unheard(Fate::AnswerLost, save(2, 1), change)
        .await;
    assert_eq!(saved, Ok(Revision(3)));
    assert_eq!(content(&lossy.guest).await, [(2, 2)].into());
    lossy.end().await;
}

/// The connection of [`save`], moved to the trash.
fn thrown_away(number: u64, version: u64) -> Save<Plain> {
    let mut save = save(number, version);
    let item = &mut save.connection.item;
    item.date_deleted = Some(item.date_modified);
    item.alias = format!("{}~gone", item.alias);
    save
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_connection_whose_way_into_the_trash_was_not_answered_is_there_and_that_is_acknowledged()
{
    let lossy = Lossy::new().await;
    lossy.guest.save(save(1, 1)).await.unwrap();
    let nothing = async |_: &Store| {};
    let thrown = lossy
        .save_unheard(Fate::AnswerLost, thrown_away(1, 2), nothing)
        .await;
    assert_eq!(thrown, Ok(Revision(2)));
    lossy.guest.save(save(1, 3)).await.unwrap();
    let same = async |holder: &Store| {
        holder.save(thrown_away(1, 4)).await.unwrap();
    };
    let thrown = lossy
        .save_unheard(Fate::Lost, thrown_away(1, 4), same)
        .await;
    let moved = StoreError::VersionMoved {
        expected: 3,
        found: 4,
    };
    assert_eq!(thrown, Err(moved), "somebody else did it");
    lossy.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_went_to_the_trash_again_is_not_taken_for_purged() {
    let lossy = Lossy::new().await;
    lossy.guest.save(save(1, 1)).await.unwrap();
    lossy.guest.save(thrown_away(1, 2)).await.unwrap();
    lossy.relay.next(Fate::Lost);
    let meanwhile = async {
        lossy.relay.lost().await;
        lossy.holder.save(save(1, 3)).await.unwrap();
        lossy.holder.save(thrown_away(1, 4)).await.unwrap();
        lossy.relay.go_on();
    };
    let (purged, ()) = tokio::join!(lossy.guest.delete(id(1), 2), meanwhile);
    let moved = StoreError::VersionMoved {
        expected: 2,
        found: 4,
    };
    assert_eq!(purged, Err(moved));
    lossy.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_same_save_of_someone_else_is_not_taken_for_a_lost_one() {
    let lossy = Lossy::new().await;
    lossy.guest.save(save(1, 1)).await.unwrap();
    let same = async |holder: &Store| {
        holder.save(save(1, 2)).await.unwrap();
    };
    let saved = lossy.save_unheard(Fate::Lost, save(1, 2), same).await;
    let moved = StoreError::VersionMoved {
        expected: 1,
        found: 2,
    };
    assert_eq!(saved, Err(moved));
    lossy.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn garbage_and_half_frames_disturb_nobody() {
    let folder = tempfile::tempdir().unwrap();
    let holder = open_in(folder.path()).await.unwrap();
    let guest = open_in(folder.path()).await.unwrap();
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
    let hello = frame(0, br#"{"protocol":1}"#);
    let said: Vec<Vec<u8>> = vec![
        Vec::new(),
        b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n".to_vec(),
        vec![0xff; 4096],
        vec![0; 4096],
        hello[..7].to_vec(),
        frame(0, br#"{"protocol":2}"#),
        frame(7, br#"{"protocol":1}"#),
        frame(0, b"not JSON"),
        [&*hello, &frame(1, b"not JSON")].concat(),
        [&*hello, &frame(1, br#"{"Ask":{"Unheard":1}}"#)].concat(),
        [&*hello, &frame(1, br#"{"Ask":{"Find":"nobody"}}"#)[..20]].concat(),
        [&*hello, &[0, 0, 0, 3, 1, 2, 3]].concat(),
        [&*hello, &u32::MAX.to_be_bytes()].concat(),
        [&*hello, &frame(1, "[".repeat(100_000).as_bytes())].concat(),
    ];
    let mut open = Vec::new();
    for said in &said {
        let mut stream = UnixStream::connect(&socket).unwrap();
        stream.write_all(said).unwrap();
        // One connection stays open, the other is closed.
        open.push(stream.try_clone().unwrap());
        let mut other = UnixStream::connect(&socket).unwrap();
        other.write_all(said).unwrap();
        drop(other);
    }
    for number in 0..20 {
        guest.save(save(number, 1)).await.unwrap();
    }
    assert_eq!(content(&holder).await.len(), 20);
    // Idle connections do not delay the shutdown of the leader.
    tokio::time::timeout(Duration::from_secs(4), holder.close())
        .await
        .unwrap()
        .unwrap();
    assert_eq!(content(&guest).await.len(), 20);
    guest.close().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_that_asks_what_is_not_understood_is_told_so() {
    let folder = tempfile::tempdir().unwrap();
    let holder = open_in(folder.path()).await.unwrap();
    let socket = options(folder.path()).data.join("umai.sock");
    let mut stream = UnixStream::connect(socket).unwrap();
    for (ask, message) in [
        (0, r#"{"protocol":1}"#),
        (5, r#"{"Ask":{"Of a later umai":1}}"#),
    ] {
        let length = u32::try_from(9 + message.len()).unwrap();
        stream.write_all(&length.to_be_bytes()).unwrap();
        stream.write_all(&u64::to_le_bytes(ask)).unwrap();
        stream.write_all(&[1]).unwrap();
        stream.write_all(message.as_bytes()).unwrap();
    }
    let mut heard = Vec::new();
    let mut piece = [0; 4096];
    while !String::from_utf8_lossy(&heard).contains("does not support") {
        let length = stream.read(&mut piece).unwrap();
        assert!(length > 0, "it hung up");
        heard.extend(&piece[..length]);
    }
    holder.close().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_folder_deeper_than_an_address_is_long_is_shared_like_any_other() {
    let folder = tempfile::tempdir().unwrap();
    let deep = folder.path().join("a-rather-long-name/".repeat(20));
    let holder = open_in(&deep).await.unwrap();
    let guest = open_in(&deep).await.unwrap();
    guest.save(save(1, 1)).await.unwrap();
    assert_eq!(content(&holder).await, [(1, 1)].into());
    let socket = options(&deep).data.join("umai.sock");
    let mode = fs::metadata(&socket).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    holder.close().await.unwrap();
    guest.save(save(1, 2)).await.unwrap();
    assert!(socket.exists(), "the guest took over");
    guest.close().await.unwrap();
    assert!(!socket.exists(), "it was cleared away");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_guest_with_a_wrong_key_or_none_is_refused_like_a_holder() {
    let folder = tempfile::tempdir().unwrap();
    let holder = open_in(folder.path()).await.unwrap();
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
    let as_guests = (refusal(&wrong).await, refusal(&none).await);
    holder.close().await.unwrap();
    assert_eq!(as_guests, (refusal(&wrong).await, refusal(&none).await));
    assert!(as_guests.0.contains("does not match the store"));
    assert!(!other.path().join("nothing").exists(), "no key was made");
}

async fn refusal(options: &StoreOptions) -> String {
    match open(options).await.map(drop) {
        Err(StoreError::Key(said)) => said,
        other => panic!("{other:?}"),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_long_list_comes_whole_and_holds_nobody_up() {
    let folder = tempfile::tempdir().unwrap();
    let holder = open_in(folder.path()).await.unwrap();
    let guest = open_in(folder.path()).await.unwrap();
    let count: usize = if std::env::var_os("UMAI_SECONDS").is_some() {
        100_000
    } else {
        4_000
    };
    for start in (0..count as u64).step_by(1_000) {
        let saves = (start..start + 1_000).map(|number| holder.save(save(number, 1)));
        futures_util::future::try_join_all(saves).await.unwrap();
    }
    let query = Query::all(Window {
        skip: 0,
        take: 100_000,
    });
    let (listed, got) = tokio::join!(guest.list(&query), guest.get(id(7)));
    assert_eq!(got.unwrap(), Some(connection(7, 1)));
    let listed = listed.unwrap();
    assert_eq!((listed.items.len(), listed.total), (count, count));
    assert_eq!(listed, holder.list(&query).await.unwrap());
    guest.close().await.unwrap();
    holder.close().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_store_in_the_place_of_the_old_one_is_not_taken_for_it() {
    let folder = tempfile::tempdir().unwrap();
    let holder = open_in(folder.path()).await.unwrap();
    let guest = open_in(folder.path()).await.unwrap();
    guest.save(save(1, 1)).await.unwrap();
    let data = options(folder.path()).data;
    fs::rename(&data, folder.path().join("old")).unwrap();
    holder.close().await.unwrap();
    let new = open_in(folder.path()).await.unwrap();
    let refused = guest.save(save(1, 2)).await;
    let Err(StoreError::Unusable(said)) = refused else {
        panic!("{refused:?}");
    };
    assert!(said.contains("was replaced by another store"), "{said}");
    assert_eq!(content(&new).await, [].into());
    new.close().await.unwrap();
    guest.close().await.unwrap();
}

/// Connects to the leader and reports the received bytes; run as a child process.
#[test]
#[ignore = "it is the other user's process"]
fn the_stranger_that_calls() {
    let Some((folder, _)) = told() else {
        return;
    };
    let mut heard = Vec::new();
    let mut stream = UnixStream::connect(options(&folder).data.join("umai.sock")).unwrap();
    // The connection may also be reset.
    let _ = stream.read_to_end(&mut heard);
    say(&format!("{} bytes", heard.len()));
}

/// Keeps the store open; run as a child process.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "it is another process"]
async fn the_process_that_has_the_store_open() {
    let Some((folder, _)) = told() else {
        return;
    };
    let store = open_in(&folder).await.unwrap();
    say("open");
    until_let_go().await;
    store.close().await.unwrap();
}

/// Makes a folder and its socket accessible to other users.
fn let_others_pass(folder: &Path) {
    for path in [folder.to_owned(), options(folder).data] {
        fs::set_permissions(path, Permissions::from_mode(0o711)).unwrap();
    }
    let socket = options(folder).data.join("umai.sock");
    fs::set_permissions(socket, Permissions::from_mode(0o666)).unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_user_is_not_let_in_even_where_the_files_would_let_him() {
    let folder = tempfile::tempdir().unwrap();
    let holder = open_in(folder.path()).await.unwrap();
    let_others_pass(folder.path());
    let Ok(stranger) = Beside::start_as(NOBODY, "the_stranger_that_calls", folder.path()) else {
        eprintln!("skipped: this may not start a process of another user");
        return;
    };
    assert_eq!(stranger.line(), "0 bytes");
    holder.close().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_holder_of_another_user_is_not_asked() {
    let folder = tempfile::tempdir().unwrap();
    let (data, config) = (options(folder.path()).data, options(folder.path()).config);
    for path in [&data, &config] {
        fs::create_dir(path).unwrap();
        fs::set_permissions(path, Permissions::from_mode(0o700)).unwrap();
        if chown(path, Some(NOBODY), Some(NOBODY)).is_err() {
            eprintln!("skipped: this may not give a folder to another user");
            return;
        }
    }
    fs::set_permissions(folder.path(), Permissions::from_mode(0o755)).unwrap();
    let test = "the_process_that_has_the_store_open";
    let Ok(stranger) = Beside::start_as(NOBODY, test, folder.path()) else {
        eprintln!("skipped: this may not start a process of another user");
        return;
    };
    assert_eq!(stranger.line(), "open");
    let Err(StoreError::Unusable(said)) = open_in(folder.path()).await.map(drop) else {
        panic!("it was opened");
    };
    assert!(said.contains("another user's umai"), "{said}");
    stranger.end();
}

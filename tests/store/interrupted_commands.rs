//! Kills umai at every step of a backup, a restore, a key rotation and a new key: the next start finds the complete old or new
//! state.
//!
//! The steps are the system calls that change files or make them durable. With strace, umai is killed before the first of them,
//! then before the second, and so on until it completes; a normal run tries a selection, `UMAI_EVERY_STEP=1` all of them. Without
//! strace, umai is killed after random times.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use umai::connection::{ListQuery, StoreError};
use umai::store::backup::folder::BackupFolder;
use umai::store::backup::{BackupDestination, create, file};
use umai::store::key::key_file::KeyFileLocation;
use umai::store::key::passphrase::Passphrase;

use crate::migration::{earlier_folder, readable_names};
use crate::support::fixture::{Content, EVERYTHING, content, open_in, options, random, save};
use crate::support::folders::copy;

/// System calls that change files or make them durable.
const CALLS: &str = "?rename,?renameat,?renameat2,?link,?linkat,?unlink,?unlinkat,?rmdir,?mkdir,?mkdirat,\
    fsync,fdatasync,ftruncate,write,pwrite64";
/// Number of steps per command, when not all are tried.
const TRIED: u64 = 12;
const PASSPHRASE: &str = "correct horse battery";

/// Home folder whose store has changed since its backup.
struct Fixture {
    folder: tempfile::TempDir,
    backup: PathBuf,
    at_backup: Content,
    current: Content,
}

async fn fixture() -> Fixture {
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let store = open_in(folder.path()).await.unwrap();
    for number in 0..6 {
        store.save(save(number, 1)).await.unwrap();
    }
    let at_backup = content(&store).await;
    let made = create(
        &options(folder.path()),
        &BackupDestination::Store,
        chrono::Utc::now(),
    )
    .unwrap();
    for number in 3..9 {
        store
            .save(save(number, if number < 6 { 2 } else { 1 }))
            .await
            .unwrap();
    }
    let current = content(&store).await;
    store.close().await.unwrap();
    fs::write(folder.path().join("passphrase"), PASSPHRASE).unwrap();
    Fixture {
        backup: made.path.strip_prefix(folder.path()).unwrap().to_owned(),
        folder,
        at_backup,
        current,
    }
}

fn umai(folder: &Path, arguments: &[&str], mut before: Command) -> Command {
    let options = options(folder);
    before
        .args(arguments)
        .arg("--data")
        .arg(options.data)
        .arg("--config")
        .arg(options.config)
        .current_dir(folder)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    before
}

/// End of a process.
#[derive(Clone, Copy)]
enum End {
    /// Killed before this system call.
    Call(u64),
    /// Killed after a time.
    Time(Duration),
    /// Not killed.
    Never,
}

fn run(folder: &Path, arguments: &[&str], end: End) -> Output {
    let binary = env!("CARGO_BIN_EXE_umai");
    match end {
        End::Never => umai(folder, arguments, Command::new(binary))
            .output()
            .unwrap(),
        End::Call(number) => {
            let mut strace = Command::new("strace");
            strace.args(["-f", "-qq", "-o", "/dev/null", "-e"]);
            strace.arg(format!("trace={CALLS}")).arg("-e");
            strace.arg(format!("inject={CALLS}:signal=KILL:when={number}"));
            strace.arg(binary);
            umai(folder, arguments, strace).output().unwrap()
        }
        End::Time(time) => {
            let mut child = umai(folder, arguments, Command::new(binary))
                .spawn()
                .unwrap();
            let (_never, telling) = mpsc::channel::<()>();
            let _ = telling.recv_timeout(time);
            // Killing a process that has ended fails.
            let _ = child.kill();
            child.wait_with_output().unwrap()
        }
    }
}

/// Ends to try: by call number, the last of which is not reached; or by time.
fn ends(fixture: &Fixture, arguments: &[&str]) -> Vec<End> {
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    copy(fixture.folder.path(), folder.path());
    let begun = Instant::now();
    let whole = run(folder.path(), arguments, End::Never);
    assert!(whole.status.success(), "{whole:?}");
    let time = begun.elapsed();
    if !crate::support::strace::is_available(
        "kill umai at every step instead of after random times",
    ) {
        let times = (0..TRIED).map(|_| random(time.as_micros() as u64 + 1));
        return times
            .map(|time| End::Time(Duration::from_micros(time)))
            .collect();
    }
    // Approximate number of calls: every thread counts separately.
    let (mut reached, mut count) = (0, 16);
    while !completes(fixture, arguments, count) {
        (reached, count) = (count, count * 2);
    }
    while reached + 1 < count {
        let middle = reached.midpoint(count);
        if completes(fixture, arguments, middle) {
            count = middle;
        } else {
            reached = middle;
        }
    }
    let stride = if std::env::var_os("UMAI_EVERY_STEP").is_some() {
        1
    } else {
        count.div_ceil(TRIED).max(1)
    };
    let first = 1 + random(stride);
    (first..=count)
        .step_by(stride as usize)
        .map(End::Call)
        .collect()
}

fn completes(fixture: &Fixture, arguments: &[&str], number: u64) -> bool {
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    copy(fixture.folder.path(), folder.path());
    run(folder.path(), arguments, End::Call(number))
        .status
        .success()
}

/// Runs a command with all ends and checks each result. Returns the number of kills.
async fn interrupt(
    fixture: &Fixture,
    arguments: &[&str],
    check: impl AsyncFn(&Path, bool, &str),
) -> usize {
    let mut kills = 0;
    for end in ends(fixture, arguments) {
        let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
        copy(fixture.folder.path(), folder.path());
        let output = run(folder.path(), arguments, end);
        let place = match end {
            End::Call(number) => format!("{arguments:?}, killed before call {number}"),
            End::Time(time) => format!("{arguments:?}, killed after {time:?}"),
            End::Never => format!("{arguments:?}"),
        };
        let is_done = output.status.success();
        kills += usize::from(!is_done);
        check(folder.path(), is_done, &place).await;
        // Leftovers do not prevent anything.
        let again = run(folder.path(), &["backup", "create"], End::Never);
        assert!(again.status.success(), "{place}: {again:?}");
        for found in BackupFolder::for_store(&options(folder.path()).data)
            .all()
            .unwrap()
        {
            assert!(
                file::read(&found.path).is_ok(),
                "{place}: {}",
                found.path.display()
            );
        }
        assert!(!folder.path().join("data/next").exists(), "{place}");
        assert!(!folder.path().join("data/outgoing").exists(), "{place}");
    }
    kills
}

async fn content_of(folder: &Path, place: &str) -> Content {
    let store = open_in(folder)
        .await
        .unwrap_or_else(|error| panic!("{place}: {error}"));
    let found = content(&store).await;
    assert_eq!(store.notices(), Vec::<String>::new(), "{place}");
    store.close().await.unwrap();
    found
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_restore_leaves_old_or_new_store() {
    let fixture = fixture().await;
    let path = fixture.backup.to_str().unwrap().to_owned();
    let kills = interrupt(
        &fixture,
        &["backup", "restore", &path, "--yes"],
        async |folder, is_done, place| {
            let found = content_of(folder, place).await;
            assert!(
                found == fixture.at_backup || found == fixture.current,
                "{place}: {found:?}"
            );
            assert!(!is_done || found == fixture.at_backup, "{place}");
            if found == fixture.at_backup {
                assert!(folder.join("data/replaced").exists(), "{place}");
            }
        },
    )
    .await;
    assert!(kills > 5, "killed only {kills} times");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_rotation_keeps_every_secret_readable() {
    let fixture = fixture().await;
    let key = |folder: &Path| fs::read(options(folder).config.join("umai.key")).unwrap();
    let old = key(fixture.folder.path());
    let kills = interrupt(
        &fixture,
        &["key", "rotate"],
        async |folder, is_done, place| {
            // Every secret is read.
            assert_eq!(content_of(folder, place).await, fixture.current, "{place}");
            assert!(!is_done || key(folder) != old, "{place}");
            // The older backup can be restored with either key.
            let path = fixture.backup.to_str().unwrap();
            let restored = run(folder, &["backup", "restore", path, "--yes"], End::Never);
            assert!(restored.status.success(), "{place}: {restored:?}");
            assert_eq!(
                content_of(folder, place).await,
                fixture.at_backup,
                "{place}"
            );
            let rotated = run(folder, &["key", "rotate"], End::Never);
            assert!(rotated.status.success(), "{place}: {rotated:?}");
            assert_eq!(
                content_of(folder, place).await,
                fixture.at_backup,
                "{place}"
            );
        },
    )
    .await;
    assert!(kills > 5, "killed only {kills} times");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_conversion_of_format_1_keeps_every_secret_readable() {
    let folder = earlier_folder();
    let (expected, _) = {
        let copied = earlier_folder();
        readable_names(copied.path()).await
    };
    let fixture = Fixture {
        folder,
        backup: PathBuf::new(),
        at_backup: Content::new(),
        current: Content::new(),
    };
    let kills = interrupt(
        &fixture,
        &["connections", "list"],
        async |folder, is_done, place| {
            let (found, notices) = readable_names(folder).await;
            assert_eq!(found, expected, "{place}");
            assert!(!is_done || notices.is_empty(), "{place}: {notices:?}");
            assert!(folder.join("data/replaced").exists(), "{place}");
        },
    )
    .await;
    assert!(kills > 5, "killed only {kills} times");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_backup_is_complete_or_absent() {
    let fixture = fixture().await;
    let kills = interrupt(
        &fixture,
        &["backup", "create"],
        async |folder, is_done, place| {
            let found = BackupFolder::for_store(&options(folder).data)
                .all()
                .unwrap();
            // One backup existed before.
            assert!((1..=2).contains(&found.len()), "{place}: {found:?}");
            assert!(!is_done || found.len() == 2, "{place}");
            assert_eq!(content_of(folder, place).await, fixture.current, "{place}");
        },
    )
    .await;
    assert!(kills > 2, "killed only {kills} times");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_key_new_keeps_connections_and_key_file() {
    let mut fixture = fixture().await;
    let key = |folder: &Path| options(folder).config.join("umai.key");
    fs::write(key(fixture.folder.path()), [7; 32]).unwrap();
    // Backups made with the lost key are not part of this test.
    fs::remove_dir_all(fixture.folder.path().join("data/backups")).unwrap();
    fixture.backup = PathBuf::new();
    let command = ["key", "new", "--forget-secrets"];
    let kills = interrupt(&fixture, &command, async |folder, _, place| {
        if let Err(error) = open_in(folder).await.map(drop) {
            assert!(matches!(error, StoreError::Key(_)), "{place}: {error}");
            let again = run(folder, &command, End::Never);
            assert!(again.status.success(), "{place}: {again:?}");
        }
        let store = open_in(folder)
            .await
            .unwrap_or_else(|error| panic!("{place}: {error}"));
        let listed = store.list(&ListQuery::all(EVERYTHING)).await.unwrap();
        assert_eq!(listed.items.len(), fixture.current.len(), "{place}");
        store.save(save(77, 1)).await.unwrap();
        store.close().await.unwrap();
        let wrong = fs::read_dir(options(folder).config).unwrap().any(|entry| {
            let path = entry.unwrap().path();
            path != key(folder) && fs::read(path).unwrap() == [7; 32]
        });
        assert!(wrong, "{place}: the previous key file is kept");
    })
    .await;
    assert!(kills > 5, "killed only {kills} times");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_add_passphrase_leaves_usable_key() {
    let fixture = fixture().await;
    let command = ["key", "add-passphrase", "--passphrase-file", "passphrase"];
    let kills = interrupt_key(&fixture, &command).await;
    assert!(kills > 0, "killed only {kills} times");
}

async fn interrupt_key(fixture: &Fixture, command: &[&str]) -> usize {
    let mut kills = 0;
    for end in ends(fixture, command) {
        let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
        copy(fixture.folder.path(), folder.path());
        let output = run(folder.path(), command, end);
        kills += usize::from(!output.status.success());
        let spot = KeyFileLocation::find(None, &options(folder.path()).config);
        if let Some(wrapped) = spot.locked() {
            let given = Passphrase::new(PASSPHRASE);
            assert_eq!(wrapped.try_passphrase(&given), Ok(true));
        }
        assert_eq!(
            content_of(folder.path(), "a passphrase").await,
            fixture.current
        );
        if output.status.success() {
            let refused = run(folder.path(), &["connections", "list"], End::Never);
            assert_eq!(refused.status.code(), Some(6), "{refused:?}");
        }
    }
    kills
}

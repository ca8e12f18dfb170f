//! Store keys: a damaged key file is detected, and a replaced key is no longer used.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use umai::connection::StoreError;
use umai::connection::store::ConnectionStore;
use umai::store::backup::{BackupDestination, create};
use umai::store::inspect::{KeyState, survey};
use umai::store::key::key_file::KeyFileLocation;
use umai::store::key::passphrase::Passphrase;
use umai::store::key::protection::protect;
use umai::store::open_shared;
use umai::store::rotation::{install_key_in_use, renew, rotate};
use umai::store::shared::SharedStore;

use crate::support::fixture::{Content, content, open_in, options, random, save};

async fn store_in(folder: &Path) -> Content {
    let store = open_in(folder).await.unwrap();
    for number in 0..5 {
        store.save(save(number, 1)).await.unwrap();
    }
    let content = content(&store).await;
    store.close().await.unwrap();
    content
}

fn key_file(folder: &Path) -> PathBuf {
    options(folder).config.join("umai.key")
}

/// Damages every byte of the key file; each time the store opens completely or not at all. Returns the number of rejected keys.
async fn flip_every_byte(folder: &Path, before: &Content) -> usize {
    let path = key_file(folder);
    let whole = fs::read(&path).unwrap();
    let mut rejected = 0;
    for at in 0..whole.len() {
        let mut bytes = whole.clone();
        bytes[at] ^= 1 << random(8);
        fs::write(&path, &bytes).unwrap();
        match open_in(folder).await {
            Ok(store) => {
                assert_eq!(content(&store).await, *before, "byte {at}");
                store.close().await.unwrap();
            }
            Err(StoreError::Key(message)) => {
                assert!(
                    message.contains(path.to_str().unwrap()),
                    "byte {at}: {message}"
                );
                rejected += 1;
            }
            Err(other) => panic!("byte {at}: {other}"),
        }
        assert_eq!(
            fs::read(&path).unwrap(),
            bytes,
            "the key file is not changed"
        );
    }
    for length in 0..whole.len() {
        fs::write(&path, &whole[..length]).unwrap();
        // The final newline is optional.
        let is_whole = length + 1 == whole.len();
        assert_eq!(
            open_in(folder).await.map(drop).is_ok(),
            is_whole,
            "cut to {length}"
        );
    }
    fs::write(&path, &whole).unwrap();
    rejected
}

#[tokio::test]
async fn flipped_bits_of_key_file_are_detected() {
    let folder = tempfile::tempdir().unwrap();
    let before = store_in(folder.path()).await;
    let rejected = flip_every_byte(folder.path(), &before).await;
    assert!(rejected >= 42, "{rejected} of 45 were rejected");
    let spot = KeyFileLocation::find(None, &options(folder.path()).config);
    protect(&spot, &Passphrase::new("correct horse battery")).unwrap();
    let length = fs::read(key_file(folder.path())).unwrap().len();
    let rejected = flip_every_byte(folder.path(), &before).await;
    assert!(
        rejected + 1 >= length,
        "{rejected} of {length} were rejected"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rotation_is_rejected_while_store_is_open() {
    let folder = tempfile::tempdir().unwrap();
    let before = store_in(folder.path()).await;
    let key = fs::read(key_file(folder.path())).unwrap();
    let store = open_in(folder.path()).await.unwrap();
    let options = options(folder.path());
    let store_options = options.clone();
    let rotating = tokio::task::spawn_blocking(move || rotate(&store_options));
    let Err(StoreError::Other(message)) = rotating.await.unwrap() else {
        panic!("the key was rotated");
    };
    assert!(message.contains("is in use by another umai"), "{message}");
    assert_eq!(fs::read(key_file(folder.path())).unwrap(), key);
    assert_eq!(content(&store).await, before);
    store.close().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn paused_store_rejects_writes_after_key_rotation() {
    let folder = tempfile::tempdir().unwrap();
    let before = store_in(folder.path()).await;
    let options = options(folder.path());
    let shared = SharedStore::new(&options.data);
    let store = open_shared(&shared, &options).await.unwrap();
    let pause = shared.pause().await;
    let store_options = options.clone();
    let rotated = tokio::task::spawn_blocking(move || rotate(&store_options));
    assert_eq!(rotated.await.unwrap().unwrap().secrets, 5);
    drop(pause);
    let Err(StoreError::Key(message)) = store.save(save(9, 1)).await else {
        panic!("the old key was used");
    };
    assert!(message.contains("Restart umai"), "{message}");
    shared.close().await.unwrap();
    let store = open_in(folder.path()).await.unwrap();
    assert_eq!(content(&store).await, before);
    store.close().await.unwrap();
}

#[tokio::test]
async fn survey_reports_key_and_backups_without_changes() {
    let folder = tempfile::tempdir().unwrap();
    let options = options(folder.path());
    let report = survey(&options);
    assert_eq!(report.contents, Ok(None));
    assert!(matches!(report.key, KeyState::Missing(_)));
    assert_eq!(report.backups, Ok(Vec::new()));
    assert!(!options.data.exists(), "nothing was created");
    store_in(folder.path()).await;
    let path = key_file(folder.path());
    let report = survey(&options);
    assert!(report.contents.unwrap().unwrap().is_sound);
    assert_eq!(report.key, KeyState::Matches(path.clone()));
    assert_eq!(report.backups.unwrap().len(), 1);
    // A pending key of an interrupted rotation belongs to the store.
    fs::rename(&path, path.with_extension("key.new")).unwrap();
    let pending = path.with_extension("key.new");
    assert_eq!(survey(&options).key, KeyState::Pending(pending));
    assert!(
        !path.exists(),
        "only opening the store installs the pending key"
    );
    fs::remove_file(path.with_extension("key.new")).unwrap();
    assert_eq!(survey(&options).key, KeyState::Missing(path.clone()));
    assert!(!path.exists(), "no key was created");
}

/// Key file that cannot be replaced, because it is mounted by itself.
struct MountedFile(PathBuf);

impl MountedFile {
    fn new(path: PathBuf) -> Option<Self> {
        let mut mount = Command::new("mount");
        mount.arg("--bind").args([&path, &path]);
        if mount.output().is_ok_and(|done| done.status.success()) {
            return Some(Self(path));
        }
        eprintln!("NOT CHECKED: not permitted to mount a key file");
        None
    }
}

impl Drop for MountedFile {
    fn drop(&mut self) {
        let unmounted = Command::new("umount").arg("-l").arg(&self.0).status();
        assert!(unmounted.is_ok_and(|status| status.success()));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rotation_refuses_to_overwrite_pending_key_in_use() {
    let folder = tempfile::tempdir().unwrap();
    let before = store_in(folder.path()).await;
    let options = options(folder.path());
    let path = key_file(folder.path());
    let pending = path.with_extension("key.new");
    let Some(mounted) = MountedFile::new(path.clone()) else {
        return;
    };
    let notices = rotate(&options).unwrap().notices;
    assert!(notices[0].contains("cannot be replaced"), "{notices:?}");
    let key = fs::read(&pending).unwrap();
    let Err(StoreError::Key(message)) = rotate(&options) else {
        panic!("the key was rotated again");
    };
    assert!(message.contains("Nothing was changed"), "{message}");
    assert!(
        message.contains(&format!("{} is the key in use", pending.display())),
        "{message}"
    );
    assert_eq!(fs::read(&pending).unwrap(), key);
    assert_eq!(survey(&options).key, KeyState::Pending(pending.clone()));
    let Err(StoreError::Key(message)) = install_key_in_use(&options, "umai key add-passphrase")
    else {
        panic!("the passphrase would protect a key that is not in use");
    };
    assert!(
        message.ends_with("then run umai key add-passphrase again"),
        "{message}"
    );
    let backup = create(&options, &BackupDestination::Store, chrono::Utc::now()).unwrap();
    assert!(backup.label.is_signed(), "signed with the key in use");
    let store = open_in(folder.path()).await.unwrap();
    assert_eq!(content(&store).await, before);
    store.close().await.unwrap();
    // As the message says.
    fs::write(&path, &key).unwrap();
    assert_eq!(rotate(&options).unwrap().secrets, 5);
    drop(mounted);
    let store = open_in(folder.path()).await.unwrap();
    assert_eq!(content(&store).await, before);
    store.close().await.unwrap();
    assert!(!pending.exists(), "the pending key is installed");
}

#[tokio::test]
async fn pending_key_that_does_not_match_is_moved_aside() {
    let folder = tempfile::tempdir().unwrap();
    store_in(folder.path()).await;
    let path = key_file(folder.path());
    let pending = path.with_extension("key.new");
    let aside = |number: u8| fs::read(path.with_extension(format!("key.wrong-{number}")));
    // Backups may have been made with such a key.
    fs::write(&pending, [7; 32]).unwrap();
    rotate(&options(folder.path())).unwrap();
    assert_eq!(aside(1).unwrap(), [7; 32]);
    // The key of the store, which cannot be opened now.
    fs::rename(&path, &pending).unwrap();
    fs::set_permissions(&pending, fs::Permissions::from_mode(0o666)).unwrap();
    let key = fs::read(&pending).unwrap();
    renew(&options(folder.path()), chrono::Utc::now()).unwrap();
    assert_eq!(aside(2).unwrap(), key);
}

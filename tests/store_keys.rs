//! Store keys: a damaged key file is detected, and a replaced key is no longer used.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::cast_possible_truncation,
    reason = "a test that cannot go on fails"
)]

#[path = "store/world.rs"]
mod world;

use std::fs;
use std::path::{Path, PathBuf};

use umai::connection::StoreError;
use umai::connection::store::ConnectionStore;
use umai::store::key::passphrase::Passphrase;
use umai::store::key::place::Spot;
use umai::store::key::protection::protect;
use umai::store::open_shared;
use umai::store::rotation::rotate;
use umai::store::shared::SharedStore;
use umai::store::survey::{KeyState, survey};

use self::world::{Content, content, open_in, options, random, save};

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
async fn flip_through(folder: &Path, before: &Content) -> usize {
    let path = key_file(folder);
    let whole = fs::read(&path).unwrap();
    let mut refused = 0;
    for at in 0..whole.len() {
        let mut bytes = whole.clone();
        bytes[at] ^= 1 << random(8);
        fs::write(&path, &bytes).unwrap();
        match open_in(folder).await {
            Ok(store) => {
                assert_eq!(content(&store).await, *before, "byte {at}");
                store.close().await.unwrap();
            }
            Err(StoreError::Key(said)) => {
                assert!(said.contains(path.to_str().unwrap()), "byte {at}: {said}");
                refused += 1;
            }
            Err(other) => panic!("byte {at}: {other}"),
        }
        assert_eq!(fs::read(&path).unwrap(), bytes, "nobody mends a key");
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
    refused
}

#[tokio::test]
async fn every_flipped_bit_of_a_key_file_is_seen_whether_it_is_behind_a_passphrase_or_not() {
    let folder = tempfile::tempdir().unwrap();
    let before = store_in(folder.path()).await;
    let refused = flip_through(folder.path(), &before).await;
    assert!(refused >= 42, "{refused} of 45 were refused");
    let spot = Spot::find(None, &options(folder.path()).config);
    protect(&spot, &Passphrase::new("correct horse battery")).unwrap();
    let length = fs::read(key_file(folder.path())).unwrap().len();
    let refused = flip_through(folder.path(), &before).await;
    assert!(refused + 1 >= length, "{refused} of {length} were refused");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_rotated_while_somebody_has_the_store_open() {
    let folder = tempfile::tempdir().unwrap();
    let before = store_in(folder.path()).await;
    let key = fs::read(key_file(folder.path())).unwrap();
    let store = open_in(folder.path()).await.unwrap();
    let options = options(folder.path());
    let asked = options.clone();
    let rotating = tokio::task::spawn_blocking(move || rotate(&asked));
    let Err(StoreError::Unusable(said)) = rotating.await.unwrap() else {
        panic!("it was rotated");
    };
    assert!(said.contains("is in use by another umai"), "{said}");
    assert_eq!(fs::read(key_file(folder.path())).unwrap(), key);
    assert_eq!(content(&store).await, before);
    store.close().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_let_go_of_the_store_meanwhile_is_told_of_the_new_key_and_writes_nothing_with_the_old_one()
 {
    let folder = tempfile::tempdir().unwrap();
    let before = store_in(folder.path()).await;
    let options = options(folder.path());
    let shared = SharedStore::new(&options.data);
    let store = open_shared(&shared, &options).await.unwrap();
    let rest = shared.let_go().await;
    let asked = options.clone();
    let rotated = tokio::task::spawn_blocking(move || rotate(&asked));
    assert_eq!(rotated.await.unwrap().unwrap().secrets, 5);
    drop(rest);
    let Err(StoreError::Key(said)) = store.save(save(9, 1)).await else {
        panic!("it was saved with the old key");
    };
    assert!(said.contains("Restart umai"), "{said}");
    shared.close().await.unwrap();
    let store = open_in(folder.path()).await.unwrap();
    assert_eq!(content(&store).await, before);
    store.close().await.unwrap();
}

#[tokio::test]
async fn a_survey_tells_of_key_and_backups_and_changes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let options = options(folder.path());
    let nothing = survey(&options);
    assert_eq!(nothing.contents, Ok(None));
    assert!(matches!(nothing.key, KeyState::Missing(_)));
    assert_eq!(nothing.backups, Ok(Vec::new()));
    assert!(!options.data.exists(), "nothing was made");
    store_in(folder.path()).await;
    let path = key_file(folder.path());
    let whole = survey(&options);
    assert!(whole.contents.unwrap().unwrap().is_sound);
    assert_eq!(whole.key, KeyState::Fits(path.clone()));
    assert_eq!(whole.backups.unwrap().len(), 1);
    // A pending key of an interrupted rotation belongs to the store.
    fs::rename(&path, path.with_extension("key.new")).unwrap();
    assert_eq!(survey(&options).key, KeyState::Fits(path.clone()));
    assert!(
        !path.exists(),
        "nobody but who opens the store puts it in its place"
    );
    fs::remove_file(path.with_extension("key.new")).unwrap();
    assert_eq!(survey(&options).key, KeyState::Missing(path.clone()));
    assert!(!path.exists(), "no key was made");
}

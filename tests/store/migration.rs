//! A store of format 1 is converted once; afterwards files of that format are refused.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use umai::connection::StoreError;
use umai::store::backup::folder::BackupFolder;
use umai::store::backup::restore::{UnsignedPolicy, prepare};
use umai::store::backup::{BackupDestination, SignatureCheck, create};
use umai::store::rotation::rotate;

use crate::support::fixture::{Names, names, open_in, options};
use crate::support::folders::copy;
use crate::support::forgery::{replaced, rewrite_entries, store_files};
use crate::support::index_rows;

/// Folder with the store, backups and keys that umai 0.1 wrote.
pub fn earlier_folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let fixture = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/home-0.1");
    copy(&fixture, folder.path());
    restrict(folder.path());
    folder
}

fn restrict(path: &Path) {
    let mode = if path.is_dir() { 0o700 } else { 0o600 };
    fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
    if path.is_dir() {
        for entry in fs::read_dir(path).unwrap() {
            restrict(&entry.unwrap().path());
        }
    }
}

/// Names with their secrets; none of them is unreadable.
pub async fn readable_names(folder: &Path) -> (Names, Vec<String>) {
    let store = open_in(folder).await.unwrap();
    let found = names(&store).await;
    assert!(
        found.values().all(|secret| secret.starts_with("sk-")),
        "{found:?}"
    );
    let notices = store.notices();
    store.close().await.unwrap();
    (found, notices)
}

/// Converts the store of the fixture. Returns the folder of its previous files.
async fn convert(folder: &Path) -> PathBuf {
    let (found, notices) = readable_names(folder).await;
    assert_eq!(found.len(), 4, "{found:?}");
    let [notice] = &notices[..] else {
        panic!("{notices:?}");
    };
    assert!(notice.contains("converted to the format"), "{notice}");
    let replaced = options(folder).data.join("replaced");
    let kept = fs::read_dir(replaced).unwrap().next().unwrap().unwrap();
    kept.path()
}

/// Puts files of format 1 in place of the store, with another endpoint.
fn plant(folder: &Path, earlier: &Path) {
    let data = options(folder).data;
    for part in ["journal", "snapshots", "sled"] {
        let _ = fs::remove_dir_all(data.join(part));
    }
    for part in ["journal", "snapshots"] {
        copy(&earlier.join(part), &data.join(part));
    }
    for path in store_files(&data) {
        rewrite_entries(&path, |entry| {
            replaced(
                entry.payload,
                r#""settings":{"#,
                r#""settings":{"endpoint":"https://evil.example","#,
            )
        });
    }
}

#[tokio::test]
async fn store_of_format_1_is_converted_with_readable_secrets() {
    let folder = earlier_folder();
    let kept = convert(folder.path()).await;
    assert!(kept.join("journal").exists() && kept.join("snapshots").exists());
    let (_, notices) = readable_names(folder.path()).await;
    assert_eq!(notices, Vec::<String>::new(), "converted once");
}

#[tokio::test]
async fn rotation_converts_store_of_format_1() {
    let folder = earlier_folder();
    let rotated = rotate(&options(folder.path())).unwrap();
    assert_eq!((rotated.secrets, rotated.unreadable), (5, 0));
    let (found, notices) = readable_names(folder.path()).await;
    assert_eq!((found.len(), notices), (4, Vec::new()));
}

#[tokio::test]
async fn planted_files_of_format_1_are_refused_after_conversion() {
    let folder = earlier_folder();
    let kept = convert(folder.path()).await;
    plant(folder.path(), &kept);
    let Err(StoreError::Other(why)) = open_in(folder.path()).await.map(drop) else {
        panic!("the planted store was opened");
    };
    assert!(why.contains("earlier format"), "{why}");
    assert!(rotate(&options(folder.path())).is_err());
    // A backup of it is not signed, and not restored either.
    let now = chrono::Utc::now();
    let backup = create(&options(folder.path()), &BackupDestination::Store, now).unwrap();
    assert!(!backup.label.is_signed());
    let refused = prepare(
        &options(folder.path()),
        &backup.path,
        UnsignedPolicy::Refuse,
    )
    .map(drop);
    let Err(StoreError::Other(why)) = refused else {
        panic!("the planted backup was accepted");
    };
    assert!(why.contains("earlier format"), "{why}");
}

#[tokio::test]
async fn index_of_format_1_is_refused_after_conversion() {
    let folder = earlier_folder();
    convert(folder.path()).await;
    let data = options(folder.path()).data;
    let (key, header) = index_rows::rows(&data, "m").remove(0);
    fs::remove_dir_all(data.join("journal")).unwrap();
    fs::remove_dir_all(data.join("snapshots")).unwrap();
    // Without the format and the layout.
    let body = &header[4..header.len() - 5];
    let sum = crc32fast::hash(&[&key, body].concat());
    let planted = [&sum.to_le_bytes()[..], body].concat();
    index_rows::plant(&data, &key, Some(planted));
    let Err(StoreError::Other(why)) = open_in(folder.path()).await.map(drop) else {
        panic!("the planted index was opened");
    };
    assert!(why.contains("earlier format"), "{why}");
}

#[tokio::test]
async fn signed_backup_of_format_1_is_restored_after_conversion() {
    let folder = earlier_folder();
    convert(folder.path()).await;
    let all = BackupFolder::for_store(&options(folder.path()).data).all();
    for (backup, count) in all
        .unwrap()
        .iter()
        .rev()
        .filter(|backup| {
            let label = backup.label.as_ref().unwrap();
            label.identity().format == 1
        })
        .zip([1, 3])
    {
        let prepared = prepare(
            &options(folder.path()),
            &backup.path,
            UnsignedPolicy::Refuse,
        )
        .unwrap();
        assert_eq!(prepared.signature, SignatureCheck::Valid);
        let restored = prepared.execute(chrono::Utc::now()).unwrap();
        assert_eq!(restored.unreadable, Some(0));
        let (found, _) = readable_names(folder.path()).await;
        assert_eq!(found.len(), count, "{found:?}");
    }
}

/// Flips a bit in the last third of a file.
fn damage(path: &Path) {
    let mut bytes = fs::read(path).unwrap();
    let used = bytes.iter().rposition(|byte| *byte != 0).unwrap();
    bytes[used * 2 / 3] ^= 1;
    fs::write(path, bytes).unwrap();
}

#[tokio::test]
async fn damaged_store_of_format_1_opens_with_all_that_is_readable() {
    for (part, count) in [("journal", 3), ("snapshots", 1)] {
        let folder = earlier_folder();
        let data = options(folder.path()).data;
        for entry in fs::read_dir(data.join(part)).unwrap() {
            damage(&entry.unwrap().path());
        }
        let (found, notices) = readable_names(folder.path()).await;
        assert_eq!(found.len(), count, "{part}: {found:?}");
        let text = notices.join("\n");
        assert!(text.contains("lost") || text.contains("missing"), "{text}");
        let (again, notices) = readable_names(folder.path()).await;
        assert_eq!(again, found, "{part}");
        // A loss that cannot be named is repeated until the user resolves it.
        let is_repeated = notices.join("\n").contains("connections, but only");
        assert_eq!(is_repeated, part == "snapshots", "{notices:?}");
    }
}

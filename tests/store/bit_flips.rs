//! Flips bits in the files of a home folder and truncates files: nothing is silently wrong or lost, the damage is reported with
//! its position, and a restore recovers everything up to the backup.
//!
//! `UMAI_FLIPS=2000` damages 2,000 home folders.
#![allow(
    clippy::too_many_lines,
    reason = "a test tells its whole scenario in order"
)]

use std::collections::BTreeMap;
use std::fs::{self, OpenOptions};
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use chrono::Utc;
use futures_util::{StreamExt, stream};
use umai::connection::{ListQuery, StoreError};
use umai::store::backup::folder::BackupFolder;
use umai::store::backup::keys::AvailableKeys;
use umai::store::backup::restore::{UnsignedPolicy, prepare};
use umai::store::backup::{BackupDestination, create, verify};
use umai::store::inspect::survey;
use umai::store::rotation::rotate;

use crate::support::fixture::{
    Content, EVERYTHING, Store, connection, content, id, open_in, options, random, save,
};
use crate::support::folders::{copy, files};

const CONCURRENCY: usize = 4;

fn flips() -> u64 {
    std::env::var("UMAI_FLIPS").map_or(24, |text| text.parse().unwrap())
}

/// Home folder with a closed store and a complete backup, with or without a snapshot.
struct Fixture {
    home: tempfile::TempDir,
    before: Content,
    backup: PathBuf,
}

impl Fixture {
    async fn new(with_snapshot: bool) -> Self {
        let home = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
        let store = open_in(home.path()).await.unwrap();
        fill(&store, 0).await;
        store.close().await.unwrap();
        drop(store);
        if with_snapshot {
            // A damaged journal causes a snapshot.
            let segment = home.path().join("data/journal/00000000000000000001.log");
            flip(&segment, 400);
            let store = open_in(home.path()).await.unwrap();
            store.close().await.unwrap();
            drop(store);
            fs::remove_dir_all(home.path().join("data/damaged")).unwrap();
            let store = open_in(home.path()).await.unwrap();
            fill(&store, 100).await;
            store.close().await.unwrap();
            drop(store);
            assert_eq!(
                fs::read_dir(home.path().join("data/snapshots"))
                    .unwrap()
                    .count(),
                1
            );
        }
        let mut fixture = Self {
            home,
            before: Content::new(),
            backup: PathBuf::new(),
        };
        fixture.back_up().await;
        fixture
    }

    /// Store that was restored from its backup, so that its journal begins with a snapshot.
    async fn restored() -> Self {
        let fixture = Self::new(false).await;
        let options = options(fixture.home.path());
        let backup = fixture.home.path().join(&fixture.backup);
        let restored = tokio::task::spawn_blocking(move || {
            prepare(&options, &backup, UnsignedPolicy::Refuse)
                .unwrap()
                .execute(Utc::now())
        });
        restored.await.unwrap().unwrap();
        fixture
    }

    /// Store whose key was rotated, so that its journal begins with a snapshot, with a few changes since.
    async fn rotated() -> Self {
        let mut fixture = Self::new(false).await;
        let options = options(fixture.home.path());
        let rotated = tokio::task::spawn_blocking(move || rotate(&options));
        rotated.await.unwrap().unwrap();
        let store = open_in(fixture.home.path()).await.unwrap();
        fill(&store, 100).await;
        store.close().await.unwrap();
        drop(store);
        fixture.back_up().await;
        fixture
    }

    /// Makes the only backup of the content.
    async fn back_up(&mut self) {
        let store = open_in(self.home.path()).await.unwrap();
        assert_eq!(store.notices(), Vec::<String>::new());
        self.before = content(&store).await;
        store.close().await.unwrap();
        let options = options(self.home.path());
        let backups = BackupFolder::for_store(&options.data);
        for earlier in backups.all().unwrap() {
            fs::remove_file(earlier.path).unwrap();
        }
        let made = create(&options, &BackupDestination::Store, Utc::now()).unwrap();
        let backup = made.path.strip_prefix(self.home.path()).unwrap();
        backup.clone_into(&mut self.backup);
    }
}

async fn fill(store: &Store, first: u64) {
    for number in first..first + 12 {
        for version in 1..=1 + number % 3 {
            store.save(save(number, version)).await.unwrap();
        }
        if number % 5 == 3 {
            store.purge(id(number), 1 + number % 3).await.unwrap();
        }
    }
}

fn flip(path: &Path, at: usize) {
    let mut bytes = fs::read(path).unwrap();
    bytes[at] ^= 1 << random(8);
    fs::write(path, bytes).unwrap();
}

/// Damage to a file.
struct Damage {
    file: PathBuf,
    /// Description.
    what: String,
    /// True when a meaningful byte was changed.
    is_meaningful: bool,
}

/// Damages a file: flips a bit of a nonzero byte or of any byte, or truncates the file.
fn damage(file: &Path) -> Damage {
    let bytes = fs::read(file).unwrap();
    let used: Vec<usize> = (0..bytes.len()).filter(|at| bytes[*at] != 0).collect();
    let kind = random(4);
    let (what, is_meaningful) = if kind < 2 && !used.is_empty() {
        let at = used[random(used.len() as u64) as usize];
        flip(file, at);
        (format!("flipped at {at}"), true)
    } else if kind == 2 && !bytes.is_empty() {
        let at = random(bytes.len() as u64) as usize;
        flip(file, at);
        (
            format!("flipped at {at}"),
            used.last().is_some_and(|last| at <= *last),
        )
    } else {
        let end = used.last().map_or(0, |last| last + 1);
        let to = random(end.max(1) as u64);
        let open = OpenOptions::new().write(true).open(file).unwrap();
        open.set_len(to).unwrap();
        (format!("cut from {} to {to}", bytes.len()), to < end as u64)
    };
    Damage {
        what: format!("{} {what}", file.display()),
        file: file.to_owned(),
        is_meaningful,
    }
}

/// Part of the home folder that a file belongs to.
fn part(home: &Path, file: &Path) -> String {
    let name = file.strip_prefix(home).unwrap();
    let mut parts = name
        .components()
        .map(|part| part.as_os_str().to_string_lossy());
    match (parts.next().as_deref(), parts.next()) {
        (Some("data"), Some(part)) => part.into_owned(),
        _ => "key".into(),
    }
}

/// Outcomes by part.
#[derive(Default)]
struct Outcomes(BTreeMap<(String, &'static str), u64>);

impl Outcomes {
    fn count(&mut self, part: &str, what: &'static str) {
        *self.0.entry((part.to_owned(), what)).or_default() += 1;
    }
}

/// Reads the content of a store; each connection must have a saved state, but older versions may be lost.
async fn records(store: &Store) -> Content {
    let page = store.list(&ListQuery::all(EVERYTHING)).await.unwrap();
    let mut found = Content::new();
    for item in page.items {
        let number = item.id.as_u64_pair().1;
        let got = store.get(item.id).await.unwrap();
        assert_eq!(got, Some(connection(number, item.version)));
        found.insert(number, item.version);
    }
    found
}

/// Checks the outcome of damage to a home folder.
async fn check(fixture: &Fixture, home: &Path, damages: &[Damage], outcomes: &Mutex<Outcomes>) {
    let case: Vec<&str> = damages.iter().map(|damage| damage.what.as_str()).collect();
    let case = case.join(", ");
    let part = match damages {
        [only] => part(home, &only.file),
        _ => "several".into(),
    };
    let backup = home.join(&fixture.backup);
    let options = options(home);
    if part == "backups" {
        let text = verify(&backup, &AvailableKeys::find(&options))
            .map(drop)
            .unwrap_err()
            .to_string();
        assert!(text.contains(backup.to_str().unwrap()), "{case}: {text}");
        let refused = prepare(&options, &backup, UnsignedPolicy::Refuse)
            .map(drop)
            .unwrap_err()
            .to_string();
        assert!(
            refused.contains(backup.to_str().unwrap()),
            "{case}: {refused}"
        );
    }
    let doctor_report = survey(&options).damage.unwrap().join(" ");
    match open_in(home).await {
        Ok(store) => {
            let text = store.notices().join(" ");
            let found = match damages {
                [_] => content(&store).await,
                _ => records(&store).await,
            };
            if found == fixture.before {
                // A start reports the damage it found; the doctor reports damage in files that a start does not read.
                let is_named = doctor_report.contains(damages[0].file.to_str().unwrap());
                let what = match (text.is_empty(), is_named) {
                    (false, _) => "intact, reported by the start",
                    (true, true) => "intact, reported by the doctor",
                    (true, false) if part == "backups" => "rejected, and the store is intact",
                    (true, false) => "intact, no effect",
                };
                outcomes.lock().unwrap().count(&part, what);
                let is_authoritative = part == "journal" || part == "snapshots";
                let must_report = is_authoritative && damages[0].is_meaningful;
                let is_reported = is_named || !text.is_empty();
                assert!(is_reported || !must_report, "{case}: nothing was reported");
            } else {
                outcomes
                    .lock()
                    .unwrap()
                    .count(&part, "data lost and reported");
                assert!(
                    damages.len() > 1,
                    "{case}: a single damage lost data: {text}"
                );
                assert!(
                    text.contains("lost") || text.contains("missing") || text.contains("damaged"),
                    "{case}: {text}"
                );
                for (number, version) in &found {
                    let before = fixture.before.get(number);
                    // A connection whose deletion was lost exists again.
                    assert!(
                        before.is_none_or(|before| version <= before),
                        "{case}: {number}"
                    );
                }
            }
            store.close().await.unwrap();
        }
        Err(StoreError::Key(text)) => {
            assert_eq!(part, "key", "{case}: {text}");
            assert!(text.contains("umai.key"), "{case}: {text}");
            outcomes.lock().unwrap().count(&part, "rejected");
            return;
        }
        Err(other) => {
            let text = other.to_string();
            assert!(damages.len() > 1, "{case}: {text}");
            assert!(text.contains(home.to_str().unwrap()), "{case}: {text}");
            assert!(text.contains("umai backup restore"), "{case}: {text}");
            outcomes.lock().unwrap().count(&part, "rejected");
        }
    }
    if part == "backups" {
        return;
    }
    let prepared = prepare(&options, &backup, UnsignedPolicy::Refuse)
        .unwrap_or_else(|error| panic!("{case}: {error}"));
    let restored = tokio::task::spawn_blocking(|| prepared.execute(Utc::now()));
    restored
        .await
        .unwrap()
        .unwrap_or_else(|error| panic!("{case}: {error}"));
    let store = open_in(home).await.unwrap();
    assert_eq!(
        content(&store).await,
        fixture.before,
        "{case}: the restore is incomplete"
    );
    assert_eq!(store.notices(), Vec::<String>::new(), "{case}");
    store.close().await.unwrap();
}

/// Damages a home folder in one place, choosing each part equally often, or in several places of the store.
fn damages(home: &Path, several: bool) -> Vec<Damage> {
    let all = files(home);
    let of = |parts: &[&str]| -> Vec<&PathBuf> {
        let is_of = |file: &&PathBuf| parts.contains(&part(home, file).as_str());
        all.iter().filter(is_of).collect()
    };
    let any = |files: &[&PathBuf]| damage(files[random(files.len() as u64) as usize]);
    if several {
        let files = of(&["journal", "sled", "snapshots"]);
        return (0..2 + random(2)).map(|_| any(&files)).collect();
    }
    let mut parts = vec!["journal", "sled", "snapshots", "backups", "key"];
    parts.retain(|part| !of(&[part]).is_empty());
    vec![any(&of(&[parts[random(parts.len() as u64) as usize]]))]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn damage_is_repaired_or_reported_and_restore_recovers() {
    let fixtures = [
        Fixture::new(false).await,
        Fixture::new(true).await,
        Fixture::restored().await,
        Fixture::rotated().await,
    ];
    let outcomes = Mutex::new(Outcomes::default());
    // Most of the time is spent waiting for the disk, so a few homes are checked concurrently.
    stream::iter(0..flips())
        .for_each_concurrent(CONCURRENCY, async |round| {
            let fixture = &fixtures[round as usize % fixtures.len()];
            let home = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
            copy(fixture.home.path(), home.path());
            let damages = damages(home.path(), round % 5 == 4);
            check(fixture, home.path(), &damages, &outcomes).await;
        })
        .await;
    let outcomes = outcomes.into_inner().unwrap();
    for ((part, what), count) in &outcomes.0 {
        eprintln!("{part:10} {count:5} {what}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn damaged_base_of_a_restored_store_loses_nothing() {
    let fixture = Fixture::restored().await;
    let bases = fixture.home.path().join("data/snapshots");
    let bases: Vec<_> = files(&bases)
        .into_iter()
        .map(|path| path.strip_prefix(fixture.home.path()).unwrap().to_owned())
        .collect();
    assert_eq!(bases.len(), 2, "{bases:?}");
    for (base, has_index) in bases.iter().flat_map(|base| [(base, true), (base, false)]) {
        let home = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
        copy(fixture.home.path(), home.path());
        let damaged = home.path().join(base);
        let length = fs::metadata(&damaged).unwrap().len();
        flip(&damaged, random(length) as usize);
        if !has_index {
            fs::remove_dir_all(home.path().join("data/sled")).unwrap();
        }
        let options = options(home.path());
        let report = survey(&options).damage.unwrap().join(" ");
        assert!(report.contains(damaged.to_str().unwrap()), "{report}");
        let store = open_in(home.path()).await.unwrap();
        assert_eq!(content(&store).await, fixture.before);
        store.save(save(900, 1)).await.unwrap();
        let notices = store.notices().join(" ");
        assert!(notices.contains(damaged.to_str().unwrap()), "{notices}");
        store.close().await.unwrap();
        drop(store);
        create(&options, &BackupDestination::Store, Utc::now()).unwrap();
        let report = survey(&options);
        assert_eq!(report.damage, Ok(vec![]));
        let intact = files(&home.path().join("data/snapshots"));
        assert!(intact.len() >= 2, "{intact:?}");
    }
}

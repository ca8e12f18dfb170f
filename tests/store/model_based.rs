//! Compares random operations on the store on disk with a map, while the store is closed, loses its index, or is restored from a
//! backup in between.
//!
//! `UMAI_CASES=500` tries 500 sequences.
#![allow(
    clippy::too_many_lines,
    reason = "a test tells its whole scenario in order"
)]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use umai::connection::store::{Precondition, Revision, SaveConnection};
use umai::connection::{ConnectionItem, ListQuery, PlainSecret, StoreError, VersionChange};
use umai::store::backup::restore::{UnsignedPolicy, prepare};
use umai::store::backup::{BackupDestination, create};

use crate::support::fixture::{EVERYTHING, Store, connection, id, open_in, options};

const CONNECTIONS: u64 = 6;
const ALIASES: u64 = 5;

/// Operation.
#[derive(Debug, Clone)]
enum Step {
    New {
        number: u64,
        alias: u64,
    },
    /// Save over the current version plus `off`.
    Over {
        number: u64,
        alias: u64,
        off: u64,
    },
    Delete {
        number: u64,
        off: u64,
    },
    Reopen,
    LoseIndex,
    Backup,
    Restore,
}

fn any_step() -> impl Strategy<Value = Step> {
    let number = 0..CONNECTIONS;
    let alias = 0..ALIASES;
    let off = prop_oneof![4 => Just(0_u64), 1 => Just(1)];
    prop_oneof![
        8 => (number.clone(), alias.clone()).prop_map(|(number, alias)| Step::New { number, alias }),
        8 => (number.clone(), alias, off.clone()).prop_map(|(number, alias, off)| Step::Over { number, alias, off }),
        4 => (number, off).prop_map(|(number, off)| Step::Delete { number, off }),
        2 => Just(Step::Reopen),
        1 => Just(Step::LoseIndex),
        1 => Just(Step::Backup),
        1 => Just(Step::Restore),
    ]
}

/// Expected version and alias by number.
type Map = BTreeMap<u64, (u64, u64)>;

/// Store and the map it is compared with.
struct StoreAndMap {
    folder: tempfile::TempDir,
    store: Store,
    map: Map,
    backup: Option<(PathBuf, Map)>,
    newest: Revision,
}

/// Result of a change as a word.
fn outcome(done: &Result<Revision, StoreError>) -> &'static str {
    match done {
        Ok(_) => "done",
        Err(StoreError::IdTaken(_)) => "id taken",
        Err(StoreError::AliasTaken { .. }) => "alias taken",
        Err(StoreError::NotFound(_)) => "not found",
        Err(StoreError::VersionConflict { .. }) => "moved",
        Err(other) => panic!("{other}"),
    }
}

fn save(number: u64, version: u64, alias: u64, put: Precondition) -> SaveConnection<PlainSecret> {
    let mut connection = connection(number, version);
    connection.item.alias = format!("Alias-{alias}");
    SaveConnection {
        connection,
        precondition: put,
        change: VersionChange::default(),
    }
}

impl StoreAndMap {
    async fn new() -> Self {
        let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
        Self {
            store: open_in(folder.path()).await.unwrap(),
            folder,
            map: Map::new(),
            backup: None,
            newest: Revision(0),
        }
    }

    fn path(&self) -> &Path {
        self.folder.path()
    }

    fn is_taken(&self, alias: u64, by_other_than: u64) -> bool {
        let mut others = self
            .map
            .iter()
            .filter(|(number, _)| **number != by_other_than);
        others.any(|(_, kept)| kept.1 == alias)
    }

    async fn step(&mut self, step: &Step) {
        match *step {
            Step::New { number, alias } => {
                let expected = if self.map.contains_key(&number) {
                    "id taken"
                } else if self.is_taken(alias, number) {
                    "alias taken"
                } else {
                    self.map.insert(number, (1, alias));
                    "done"
                };
                let done = self
                    .store
                    .save(save(number, 1, alias, Precondition::Absent))
                    .await;
                self.check_outcome(&done, expected);
            }
            Step::Over { number, alias, off } => {
                let there = self.map.get(&number).map_or(1, |kept| kept.0);
                let version = there + off;
                let expected = if !self.map.contains_key(&number) {
                    "not found"
                } else if off > 0 {
                    "moved"
                } else if self.is_taken(alias, number) {
                    "alias taken"
                } else {
                    self.map.insert(number, (version + 1, alias));
                    "done"
                };
                let put = Precondition::Version(version);
                let done = self.store.save(save(number, version + 1, alias, put)).await;
                self.check_outcome(&done, expected);
            }
            Step::Delete { number, off } => {
                let there = self.map.get(&number).map(|kept| kept.0);
                let expected = match there {
                    None => "not found",
                    Some(_) if off > 0 => "moved",
                    Some(_) => {
                        self.map.remove(&number);
                        "done"
                    }
                };
                let version = there.unwrap_or(1) + off;
                let done = self.store.purge(id(number), version).await;
                self.check_outcome(&done, expected);
            }
            Step::Reopen => self.reopen(async |_| {}).await,
            Step::LoseIndex => {
                self.reopen(async |folder| {
                    std::fs::remove_dir_all(folder.join("data/sled")).unwrap();
                })
                .await;
            }
            Step::Backup => {
                let options = options(self.path());
                if !self.map.is_empty() {
                    let made =
                        create(&options, &BackupDestination::Store, chrono::Utc::now()).unwrap();
                    self.backup = Some((made.path, self.map.clone()));
                }
            }
            Step::Restore => {
                let Some((path, map)) = self.backup.clone() else {
                    return;
                };
                self.reopen(async |folder| {
                    let prepared =
                        prepare(&options(folder), &path, UnsignedPolicy::Refuse).unwrap();
                    prepared.execute(chrono::Utc::now()).unwrap();
                })
                .await;
                self.map = map;
            }
        }
    }

    fn check_outcome(&mut self, done: &Result<Revision, StoreError>, expected: &str) {
        assert_eq!(outcome(done), expected);
        if let Ok(revision) = done {
            assert!(*revision > self.newest, "a revision is used twice");
            self.newest = *revision;
        }
    }

    async fn reopen(&mut self, while_closed: impl AsyncFnOnce(&Path)) {
        self.store.close().await.unwrap();
        while_closed(self.folder.path()).await;
        self.store = open_in(self.folder.path()).await.unwrap();
    }

    /// Compares the complete content.
    async fn compare(&self) {
        let page = self.store.list(&ListQuery::all(EVERYTHING)).await.unwrap();
        let mut found = Map::new();
        for ConnectionItem {
            id, version, alias, ..
        } in page.items
        {
            let alias = alias.strip_prefix("Alias-").unwrap().parse().unwrap();
            found.insert(id.as_u64_pair().1, (version, alias));
        }
        assert_eq!(found, self.map);
        for number in 0..CONNECTIONS {
            let found = self.store.get(id(number)).await.unwrap();
            let versions = self.store.versions(id(number), EVERYTHING).await.unwrap();
            let Some((version, alias)) = self.map.get(&number) else {
                assert_eq!((found, versions.total), (None, 0));
                continue;
            };
            let expected = save(number, *version, *alias, Precondition::Absent).connection;
            assert_eq!(found, Some(expected));
            assert_eq!(versions.total as u64, *version);
        }
        for alias in 0..ALIASES {
            let found = self.store.find(&format!("aLIAS-{alias}")).await.unwrap();
            let owner = self.map.iter().find(|(_, kept)| kept.1 == alias);
            let found = found.map(|found| found.item.id);
            assert_eq!(found, owner.map(|(number, _)| id(*number)));
        }
    }
}

#[test]
fn store_behaves_like_a_map() {
    let cases = std::env::var("UMAI_CASES").map_or(8, |text| text.parse().unwrap());
    let config = Config {
        cases,
        failure_persistence: None,
        max_shrink_iters: 200,
        ..Config::default()
    };
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let steps = proptest::collection::vec(any_step(), 1..50);
    TestRunner::new(config)
        .run(&steps, |steps| {
            runtime.block_on(async {
                let mut pair = StoreAndMap::new().await;
                for step in &steps {
                    pair.step(step).await;
                    pair.compare().await;
                }
                pair.reopen(async |_| {}).await;
                pair.compare().await;
                pair.store.close().await.unwrap();
            });
            Ok(())
        })
        .unwrap();
}

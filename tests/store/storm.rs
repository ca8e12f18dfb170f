//! Eight concurrent processes on one data folder: apps, commands and writers, some of them killed.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use umai::connection::Query;
use umai::store::{StoreOptions, open};

use crate::app::App;
use crate::process::{Beside, say};
use crate::world::{EVERYTHING, Store, id, random, save};

const APPS: u64 = 2;
const COMMANDS: u64 = 3;
const WRITERS: u64 = 3;
/// Number of connections that each writer process writes concurrently.
const SIDE_BY_SIDE: u64 = 4;

/// Result of a stress run.
#[derive(Default)]
pub struct Storm {
    home: Option<tempfile::TempDir>,
    told: Mutex<Told>,
}

/// Acknowledged operations and problems.
#[derive(Default)]
struct Told {
    /// Names that were created.
    created: BTreeSet<String>,
    /// Names whose creation was interrupted: each may exist once.
    uncertain: BTreeSet<String>,
    /// Aliases that were deleted.
    deleted: BTreeSet<String>,
    /// Aliases whose deletion was interrupted.
    uncertainly_deleted: BTreeSet<String>,
    /// Acknowledged versions of the writers' connections, 0 when deleted.
    written: BTreeMap<u64, u64>,
    troubles: Vec<String>,
    kills: u64,
    /// Number of kills that hit the process that had the store open.
    holders: u64,
    stops: u64,
    longest: Duration,
}

impl fmt::Display for Storm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let told = self.told.lock().unwrap();
        write!(
            f,
            "{} created and {} deleted by apps and commands, {} connections by writers, {} kills ({} of the holder), {} stops; \
             {} cut short; the longest command took {:?}",
            told.created.len(),
            told.deleted.len(),
            told.written.len(),
            told.kills,
            told.holders,
            told.stops,
            told.uncertain.len() + told.uncertainly_deleted.len(),
            told.longest
        )
    }
}

/// Runs the processes for a time.
pub fn run(time: Duration) -> Storm {
    let home = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let end = Instant::now() + time;
    let storm = Storm::default();
    std::thread::scope(|scope| {
        let (storm, home) = (&storm, home.path());
        for place in 0..APPS {
            scope.spawn(move || storm.apps(home, place, end));
        }
        for place in 0..COMMANDS {
            scope.spawn(move || storm.commands(home, place, end));
        }
        for place in 0..WRITERS {
            scope.spawn(move || storm.writers(home, place, end));
        }
    });
    Storm {
        home: Some(home),
        ..storm
    }
}

impl Storm {
    /// Records that a process is about to be killed.
    fn tell_kill(&self, home: &Path, id: Option<u32>) {
        let lock = std::fs::read_to_string(places(home).data.join("lock")).unwrap_or_default();
        let is_holder = lock.trim().parse().ok() == id;
        self.tell(|told| {
            told.kills += 1;
            told.holders += u64::from(is_holder);
        });
    }

    fn tell(&self, tell: impl FnOnce(&mut Told)) {
        tell(&mut self.told.lock().unwrap());
    }

    /// Runs one app after the other; each creates connections with the keyboard, then quits, is suspended, or is killed.
    fn apps(&self, home: &Path, place: u64, end: Instant) {
        let mut number = 0;
        while Instant::now() < end {
            let mut app = App::start(home);
            app.opens();
            let mut is_left_in_a_save = false;
            for _ in 0..=random(3) {
                number += 1;
                let name = format!("App {place} {number}");
                self.tell(|told| {
                    told.uncertain.insert(name.clone());
                });
                app.begin_one();
                app.press("openai\r");
                app.shows("Create Connection");
                if random(4) == 0 {
                    app.stop_for(|| self.create(home, &format!("While {place} {number} stopped")));
                    self.tell(|told| told.stops += 1);
                }
                app.press(&format!("{name}\t\t\tsk-planted"));
                app.shows("•••");
                app.press("\u{13}");
                is_left_in_a_save = random(4) == 0;
                if is_left_in_a_save {
                    break;
                }
                app.shows(&format!("Created \"{name}\""));
                self.tell(|told| {
                    told.uncertain.remove(&name);
                    told.created.insert(name);
                });
            }
            if is_left_in_a_save || random(2) == 0 {
                self.tell_kill(home, app.id());
                drop(app);
            } else if !app.quit() {
                self.tell(|told| told.troubles.push("an app did not end well".into()));
            }
        }
    }

    /// Runs one command after the other: create, list, delete; some are killed.
    fn commands(&self, home: &Path, place: u64, end: Instant) {
        let mut number = 0;
        while Instant::now() < end {
            number += 1;
            let name = format!("Command {place} {number}");
            match random(4) {
                0 => self.killed(home, &name),
                1 => {
                    self.create(home, &name);
                    self.delete(home, &name);
                }
                _ => self.create(home, &name),
            }
        }
    }

    fn create(&self, home: &Path, name: &str) {
        let start = Instant::now();
        let answer = umai(home, &create(name)).output().unwrap();
        self.tell(|told| {
            told.longest = told.longest.max(start.elapsed());
            if answer.status.success() {
                told.created.insert(name.to_owned());
            } else {
                told.troubles.push(format!("{name}: {answer:?}"));
            }
        });
    }

    fn delete(&self, home: &Path, name: &str) {
        let alias = name.to_lowercase().replace(' ', "-");
        let cut_short = random(2) == 0;
        self.tell(|told| {
            told.created.remove(name);
            told.uncertainly_deleted.insert(alias.clone());
        });
        let mut child = umai(home, &["connections", "delete", &alias, "--yes"])
            .spawn()
            .unwrap();
        if cut_short {
            std::thread::park_timeout(Duration::from_micros(random(40_000)));
            self.tell_kill(home, Some(child.id()));
            child.kill().unwrap();
            child.wait().unwrap();
            return;
        }
        let answer = child.wait_with_output().unwrap();
        self.tell(|told| {
            if answer.status.success() {
                told.uncertainly_deleted.remove(&alias);
                told.deleted.insert(alias);
            } else {
                told.troubles.push(format!("delete {name}: {answer:?}"));
            }
        });
    }

    fn killed(&self, home: &Path, name: &str) {
        self.tell(|told| {
            told.uncertain.insert(name.to_owned());
        });
        let mut child = umai(home, &create(name)).spawn().unwrap();
        std::thread::park_timeout(Duration::from_micros(random(60_000)));
        self.tell_kill(home, Some(child.id()));
        child.kill().unwrap();
        child.wait().unwrap();
    }

    /// Runs one process after the other that writes many connections concurrently, and kills it.
    fn writers(&self, home: &Path, place: u64, end: Instant) {
        let mut first = (place + 1) * 1_000_000_000;
        while Instant::now() < end {
            first += 1_000_000;
            let mut beside = Beside::start("the_process_that_writes_in_the_storm", home, first);
            let kill = Instant::now() + Duration::from_millis(100 + random(1_500));
            let mut lines = Vec::new();
            while Instant::now() < kill {
                lines.extend(beside.line_within(Duration::from_millis(20)));
            }
            if let Some(ended) = beside.child.try_wait().unwrap() {
                self.tell(|told| told.troubles.push(format!("a writer ended: {ended}")));
            }
            self.tell_kill(home, Some(beside.child.id()));
            lines.extend(beside.kill());
            self.tell(|told| {
                for line in lines {
                    let (number, version) = line.split_once(' ').unwrap();
                    told.written
                        .insert(number.parse().unwrap(), version.parse().unwrap());
                }
            });
        }
    }

    /// Checks that everything acknowledged exists, exactly once.
    pub fn check(&self) {
        let told = self.told.lock().unwrap();
        assert!(told.troubles.is_empty(), "{:#?}", told.troubles);
        let home = self.home.as_ref().unwrap().path();
        let start = Instant::now();
        let runtime = tokio::runtime::Runtime::new().unwrap();
        runtime.block_on(async {
            let store = open(&places(home)).await.unwrap();
            assert!(
                start.elapsed() < Duration::from_secs(2),
                "{:?}",
                start.elapsed()
            );
            assert_eq!(store.notices(), Vec::<String>::new());
            told.check_names(&store).await;
            told.check_written(&store).await;
            store.close().await.unwrap();
        });
    }
}

impl Told {
    async fn check_names(&self, store: &Store) {
        let page = store.list(&Query::all(EVERYTHING)).await.unwrap();
        let mut found: BTreeMap<String, u64> = BTreeMap::new();
        for item in &page.items {
            *found.entry(item.name.clone()).or_default() += 1;
        }
        for name in &self.created {
            assert_eq!(found.get(name), Some(&1), "{name}");
        }
        for name in &self.uncertain {
            assert!(found.get(name).is_none_or(|count| *count == 1), "{name}");
        }
        for alias in &self.deleted {
            assert_eq!(store.find(alias).await.unwrap(), None, "{alias}");
        }
    }

    async fn check_written(&self, store: &Store) {
        for (number, version) in &self.written {
            let found = store.get(id(*number)).await.unwrap();
            let found = found.map(|found| found.item.version);
            let is_kept = match *version {
                0 => found.is_none(),
                2 if ends_deleted(*number) => found.is_none_or(|found| found == 2),
                version => found.is_some_and(|found| found == version || found == version + 1),
            };
            assert!(
                is_kept,
                "{number} was told at {version} and is at {found:?}"
            );
            if let Some(found) = found {
                let versions = store.versions(id(*number), EVERYTHING).await.unwrap();
                assert_eq!(versions.total as u64, found, "{number}");
            }
        }
    }
}

/// Connections that end deleted; the others end at version 2.
const fn ends_deleted(number: u64) -> bool {
    number.is_multiple_of(3)
}

/// Writes connections until the process is killed, reporting each acknowledgement immediately.
pub async fn write(home: &Path, first: u64) {
    let store = open(&places(home)).await.unwrap();
    let writers = (0..SIDE_BY_SIDE).map(|writer| {
        let store = Arc::clone(&store);
        tokio::spawn(async move {
            for number in (first + writer..).step_by(SIDE_BY_SIDE as usize) {
                for version in 1..=2 {
                    store.save(save(number, version)).await.unwrap();
                    say(&format!("{number} {version}"));
                }
                if ends_deleted(number) {
                    store.delete(id(number), 2).await.unwrap();
                    say(&format!("{number} 0"));
                }
            }
        })
    });
    for writer in writers.collect::<Vec<_>>() {
        if let Err(error) = writer.await {
            // A rejected write ends the process, which the parent reports.
            panic!("{error}");
        }
    }
}

/// Default store location in a home folder.
fn places(home: &Path) -> StoreOptions {
    StoreOptions {
        data: home.join(".local/share/umai"),
        config: home.join(".config/umai"),
        key_file: None,
    }
}

/// Arguments of the command that creates a connection.
pub fn create(name: &str) -> [&str; 8] {
    [
        "connections",
        "create",
        "--name",
        name,
        "--provider",
        "openai",
        "--set",
        "apiKey=$Storm:Key",
    ]
}

/// Command that runs umai in a home folder.
pub fn umai(home: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_umai"));
    command
        .args(arguments)
        .env_clear()
        .env("HOME", home)
        .env("Storm__Key", "sk-of-the-storm")
        .current_dir(home)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

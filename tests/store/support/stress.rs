//! Eight concurrent processes on one data directory: apps, commands and writers, some of them killed.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use umai::connection::ListQuery;
use umai::store::{StoreOptions, open};

use crate::support::app::App;
use crate::support::child_process::{ChildProcess, report};
use crate::support::fixture::{EVERYTHING, Store, id, random, save};

const APPS: u64 = 2;
const COMMANDS: u64 = 3;
const WRITERS: u64 = 3;
/// Number of connections that each writer process writes concurrently.
const SIDE_BY_SIDE: u64 = 4;

/// Result of a stress run.
#[derive(Default)]
pub struct StressRun {
    home: Option<tempfile::TempDir>,
    record: Mutex<Record>,
}

/// Acknowledged operations and problems.
#[derive(Default)]
struct Record {
    /// Names that were created.
    created: BTreeSet<String>,
    /// Names whose creation was interrupted: each may exist once.
    maybe_created: BTreeSet<String>,
    /// Aliases that were deleted.
    deleted: BTreeSet<String>,
    /// Aliases whose deletion was interrupted.
    maybe_deleted: BTreeSet<String>,
    /// Acknowledged versions of the writers' connections, 0 when deleted.
    written: BTreeMap<u64, u64>,
    problems: Vec<String>,
    kills: u64,
    /// Number of kills that hit the process that had the store open.
    leader_kills: u64,
    suspensions: u64,
    longest: Duration,
}

impl fmt::Display for StressRun {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let record = self.record.lock().unwrap();
        write!(
            f,
            "{} created and {} deleted by apps and commands, {} connections by writers, {} kills ({} of the leader), {} suspensions; \
             {} interrupted; the longest command took {:?}",
            record.created.len(),
            record.deleted.len(),
            record.written.len(),
            record.kills,
            record.leader_kills,
            record.suspensions,
            record.maybe_created.len() + record.maybe_deleted.len(),
            record.longest
        )
    }
}

/// Runs the processes for a time.
pub fn run(time: Duration) -> StressRun {
    let home = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let end = Instant::now() + time;
    let storm = StressRun::default();
    std::thread::scope(|scope| {
        let (storm, home) = (&storm, home.path());
        for worker in 0..APPS {
            scope.spawn(move || storm.apps(home, worker, end));
        }
        for worker in 0..COMMANDS {
            scope.spawn(move || storm.commands(home, worker, end));
        }
        for worker in 0..WRITERS {
            scope.spawn(move || storm.writers(home, worker, end));
        }
    });
    StressRun {
        home: Some(home),
        ..storm
    }
}

impl StressRun {
    /// Records that a process is about to be killed.
    fn record_kill(&self, home: &Path, id: Option<u32>) {
        let lock =
            std::fs::read_to_string(store_options(home).data.join("lock")).unwrap_or_default();
        let is_leader = lock.trim().parse().ok() == id;
        self.update(|record| {
            record.kills += 1;
            record.leader_kills += u64::from(is_leader);
        });
    }

    fn update(&self, update: impl FnOnce(&mut Record)) {
        update(&mut self.record.lock().unwrap());
    }

    /// Runs one app after the other; each creates connections with the keyboard, then quits, is suspended, or is killed.
    fn apps(&self, home: &Path, worker: u64, end: Instant) {
        let mut number = 0;
        while Instant::now() < end {
            let mut app = App::start(home);
            app.wait_until_ready();
            let mut quits_during_save = false;
            for _ in 0..=random(3) {
                number += 1;
                let name = format!("App {worker} {number}");
                self.update(|record| {
                    record.maybe_created.insert(name.clone());
                });
                app.open_provider_list();
                app.press("openai\r");
                app.wait_for("Create Connection");
                if random(4) == 0 {
                    app.while_suspended(|| {
                        self.create(home, &format!("While {worker} {number} stopped"));
                    });
                    self.update(|record| record.suspensions += 1);
                }
                app.press(&format!("{name}\t\t\tsk-planted"));
                app.wait_for("•••");
                app.press("\u{13}");
                quits_during_save = random(4) == 0;
                if quits_during_save {
                    break;
                }
                app.wait_for(&format!("Created \"{name}\""));
                self.update(|record| {
                    record.maybe_created.remove(&name);
                    record.created.insert(name);
                });
            }
            if quits_during_save || random(2) == 0 {
                self.record_kill(home, app.id());
                drop(app);
            } else if !app.quit() {
                self.update(|record| {
                    record
                        .problems
                        .push("an app did not exit successfully".into());
                });
            }
        }
    }

    /// Runs one command after the other: create, list, delete; some are killed.
    fn commands(&self, home: &Path, worker: u64, end: Instant) {
        let mut number = 0;
        while Instant::now() < end {
            number += 1;
            let name = format!("Command {worker} {number}");
            match random(4) {
                0 => self.create_killed(home, &name),
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
        self.update(|record| {
            record.longest = record.longest.max(start.elapsed());
            if answer.status.success() {
                record.created.insert(name.to_owned());
            } else {
                record.problems.push(format!("{name}: {answer:?}"));
            }
        });
    }

    fn delete(&self, home: &Path, name: &str) {
        let alias = name.to_lowercase().replace(' ', "-");
        let is_interrupted = random(2) == 0;
        self.update(|record| {
            record.created.remove(name);
            record.maybe_deleted.insert(alias.clone());
        });
        let mut child = umai(home, &["connections", "delete", &alias, "--yes"])
            .spawn()
            .unwrap();
        if is_interrupted {
            std::thread::park_timeout(Duration::from_micros(random(40_000)));
            self.record_kill(home, Some(child.id()));
            child.kill().unwrap();
            child.wait().unwrap();
            return;
        }
        let answer = child.wait_with_output().unwrap();
        self.update(|record| {
            if answer.status.success() {
                record.maybe_deleted.remove(&alias);
                record.deleted.insert(alias);
            } else {
                record.problems.push(format!("delete {name}: {answer:?}"));
            }
        });
    }

    fn create_killed(&self, home: &Path, name: &str) {
        self.update(|record| {
            record.maybe_created.insert(name.to_owned());
        });
        let mut child = umai(home, &create(name)).spawn().unwrap();
        std::thread::park_timeout(Duration::from_micros(random(60_000)));
        self.record_kill(home, Some(child.id()));
        child.kill().unwrap();
        child.wait().unwrap();
    }

    /// Runs one process after the other that writes many connections concurrently, and kills it.
    fn writers(&self, home: &Path, worker: u64, end: Instant) {
        let mut first = (worker + 1) * 1_000_000_000;
        while Instant::now() < end {
            first += 1_000_000;
            let mut writer =
                ChildProcess::start("shared::child_writes_in_stress_test", home, first);
            let kill = Instant::now() + Duration::from_millis(100 + random(1_500));
            let mut lines = Vec::new();
            while Instant::now() < kill {
                lines.extend(writer.line_within(Duration::from_millis(20)));
            }
            if let Some(ended) = writer.child.try_wait().unwrap() {
                self.update(|record| record.problems.push(format!("a writer ended: {ended}")));
            }
            self.record_kill(home, Some(writer.child.id()));
            lines.extend(writer.kill());
            self.update(|record| {
                for line in lines {
                    let (number, version) = line.split_once(' ').unwrap();
                    record
                        .written
                        .insert(number.parse().unwrap(), version.parse().unwrap());
                }
            });
        }
    }

    /// Checks that everything acknowledged exists, exactly once.
    pub fn check(&self) {
        let record = self.record.lock().unwrap();
        assert!(record.problems.is_empty(), "{:#?}", record.problems);
        let home = self.home.as_ref().unwrap().path();
        let start = Instant::now();
        let runtime = tokio::runtime::Runtime::new().unwrap();
        runtime.block_on(async {
            let store = open(&store_options(home)).await.unwrap();
            assert!(
                start.elapsed() < Duration::from_secs(2),
                "{:?}",
                start.elapsed()
            );
            assert_eq!(store.notices(), Vec::<String>::new());
            record.check_names(&store).await;
            record.check_written(&store).await;
            store.close().await.unwrap();
        });
    }
}

impl Record {
    async fn check_names(&self, store: &Store) {
        let page = store.list(&ListQuery::all(EVERYTHING)).await.unwrap();
        let mut found: BTreeMap<String, u64> = BTreeMap::new();
        for item in &page.items {
            *found.entry(item.name.clone()).or_default() += 1;
        }
        for name in &self.created {
            assert_eq!(found.get(name), Some(&1), "{name}");
        }
        for name in &self.maybe_created {
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
            let is_expected = match *version {
                0 => found.is_none(),
                2 if ends_deleted(*number) => found.is_none_or(|found| found == 2),
                version => found.is_some_and(|found| found == version || found == version + 1),
            };
            assert!(
                is_expected,
                "{number} was acknowledged at {version} and is at {found:?}"
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
    let store = open(&store_options(home)).await.unwrap();
    let writers = (0..SIDE_BY_SIDE).map(|writer| {
        let store = Arc::clone(&store);
        tokio::spawn(async move {
            for number in (first + writer..).step_by(SIDE_BY_SIDE as usize) {
                for version in 1..=2 {
                    store.save(save(number, version)).await.unwrap();
                    report(&format!("{number} {version}"));
                }
                if ends_deleted(number) {
                    store.purge(id(number), 2).await.unwrap();
                    report(&format!("{number} 0"));
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
fn store_options(home: &Path) -> StoreOptions {
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
        "apiKey=$Stress:Key",
    ]
}

/// Command that runs umai in a home folder.
pub fn umai(home: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_umai"));
    command
        .args(arguments)
        .env_clear()
        .env("HOME", home)
        .env("Stress__Key", "sk-stress")
        .current_dir(home)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

//! Simulates power cuts: records the system calls of umai and derives disk images in which only synced data is certain. Every
//! image opens and has everything that was acknowledged before the cut.
//!
//! `UMAI_IMAGES=300` derives 300 images of each recording.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;

use umai::store::backup::folder::BackupFolder;
use umai::store::backup::keys::AvailableKeys;
use umai::store::backup::{SignatureCheck, verify};
use umai::store::{StoreOptions, open};

use crate::support::child_process::{FOLDER, NUMBER, parameters, report};
use crate::support::fixture::{LONG, Names, Store, content, id, names, random, save};
use crate::support::simulated_disk::{Disk, Survival};
use crate::support::strace::{Call, is_available, recorder};

const WRITERS: u64 = 4;

fn images() -> u64 {
    std::env::var("UMAI_IMAGES").map_or(12, |text| text.parse().unwrap())
}

/// Store location in an empty home folder without any parent folders.
fn store_options(home: &Path) -> StoreOptions {
    StoreOptions {
        data: home.join(".local/share/umai"),
        config: home.join(".config/umai"),
        key_file: None,
    }
}

/// Recorded events, in order.
enum Event {
    /// Another process started.
    Began,
    Call(Call),
    /// An operation was acknowledged.
    Acknowledged(String),
}

/// End of a process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    Normal,
    /// Killed before this sync.
    BeforeSync(u64),
}

/// Home folder and the events recorded in it.
struct Recording {
    home: tempfile::TempDir,
    disk: Disk,
    events: Vec<Event>,
}

impl Recording {
    fn begin() -> Self {
        let home = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
        Self {
            disk: Disk::new(home.path()),
            home,
            events: Vec::new(),
        }
    }

    /// Records a process until its normal end or a kill; lines that start with `@` are acknowledgements.
    fn record(&mut self, program: &Path, end: End, set_up: impl FnOnce(&mut Command)) {
        let log = self.home.path().with_extension("log");
        let mut command = recorder(&log);
        if let End::BeforeSync(number) = end {
            command.args([
                "-e",
                &format!("inject=fsync,fdatasync:signal=KILL:when={number}"),
            ]);
        }
        command.arg(program);
        set_up(&mut command);
        let done = command.stdin(Stdio::null()).output().unwrap();
        assert_eq!(done.status.success(), end == End::Normal, "{done:?}");
        self.events.push(Event::Began);
        for call in crate::support::strace::read(&fs::read(&log).unwrap()) {
            if call.name == "write" && call.word(0) == "1" {
                let text = String::from_utf8_lossy(call.text(1)).into_owned();
                let lines = text.lines().filter_map(|line| line.strip_prefix('@'));
                self.events
                    .extend(lines.map(|line| Event::Acknowledged(line.into())));
            } else {
                self.events.push(Event::Call(call));
            }
        }
        fs::remove_file(&log).unwrap();
    }

    /// Records umai; a successful exit is an acknowledgement.
    fn umai(&mut self, arguments: &[&str]) {
        let home = self.home.path().to_owned();
        self.record(
            Path::new(env!("CARGO_BIN_EXE_umai")),
            End::Normal,
            |command| {
                let options = store_options(&home);
                command.args(arguments).current_dir("/");
                command.arg("--data").arg(options.data);
                command.arg("--config").arg(options.config);
            },
        );
        self.events.push(Event::Acknowledged(arguments.join(" ")));
    }

    /// Cuts the power at random moments and checks each image with the acknowledgements before the cut.
    async fn cut(mut self, count: u64, check: impl AsyncFn(&Path, &[String], &str)) {
        let calls = self.events.len() as u64;
        // Some at the end, where the most can be lost.
        let moment = |_| {
            if random(6) == 0 {
                calls
            } else {
                random(calls + 1)
            }
        };
        let mut moments: Vec<u64> = (0..count).map(moment).collect();
        moments.sort_unstable();
        let mut moments = moments.into_iter().peekable();
        let mut acknowledgements = Vec::new();
        let mut images = 0;
        for number in 0..=self.events.len() {
            while moments.next_if_eq(&(number as u64)).is_some() {
                let survival = Survival::ALL[images % Survival::ALL.len()];
                images += 1;
                let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
                let image = folder.path().join("home");
                self.disk.write_after_cut(survival, &image);
                let last = match number.checked_sub(1).map(|last| &self.events[last]) {
                    Some(Event::Call(call)) => call.name.clone(),
                    Some(Event::Began) => "the start of a process".into(),
                    Some(Event::Acknowledged(line)) => line.clone(),
                    None => "nothing".into(),
                };
                let moment =
                    format!("moment {number} of {calls} (after {last}), {survival:?} left");
                check(&image, &acknowledgements, &moment).await;
            }
            match self.events.get(number) {
                Some(Event::Began) => self.disk.begin_process(),
                Some(Event::Call(call)) => self.disk.apply(call),
                Some(Event::Acknowledged(line)) => acknowledgements.push(line.clone()),
                None => {}
            }
        }
        self.check_simulation();
        eprintln!(
            "{images} power cuts among {calls} calls, {} acknowledged",
            acknowledgements.len()
        );
    }

    /// Checks that the simulated disk has the content of the real one.
    fn check_simulation(&self) {
        let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
        let image = folder.path().join("home");
        self.disk.write_current(&image);
        let names = |root: &Path| -> Vec<PathBuf> {
            let files = crate::support::folders::files(root).into_iter();
            files
                .map(|path| path.strip_prefix(root).unwrap().to_owned())
                .collect()
        };
        assert_eq!(names(&image), names(self.home.path()));
        for name in names(&image) {
            let (ours, real) = (image.join(&name), self.home.path().join(&name));
            assert!(
                fs::read(ours).unwrap() == fs::read(real).unwrap(),
                "{} differs in the simulation",
                name.display()
            );
        }
    }
}

/// Writes connections concurrently, reporting each acknowledgement immediately; long names fill the journal.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "runs as a child process"]
async fn child_writes_for_power_cut() {
    let Some((home, count)) = parameters() else {
        return;
    };
    let store = open(&store_options(&home)).await.unwrap();
    let first = store.revision().0 * 100;
    let writers = (0..WRITERS).map(|writer| {
        let store = Arc::clone(&store);
        tokio::spawn(async move {
            for number in (first + writer..first + count).step_by(WRITERS as usize) {
                let number = if count > 50 { LONG + number } else { number };
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
        writer.await.unwrap();
    }
    store.close().await.unwrap();
}

/// Connections that end deleted; the others end at version 2.
const fn ends_deleted(number: u64) -> bool {
    number.is_multiple_of(3)
}

/// Opens the store and reports its content.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "runs as a child process"]
async fn child_reads_for_power_cut() {
    let Some((home, _)) = parameters() else {
        return;
    };
    let store = open(&store_options(&home)).await.unwrap();
    for (number, version) in content(&store).await {
        report(&format!("{number} {version}"));
    }
    store.close().await.unwrap();
}

fn record_test(recording: &mut Recording, test: &str, end: End, count: u64) {
    let home = recording.home.path().to_owned();
    recording.record(&std::env::current_exe().unwrap(), end, |command| {
        command
            .args(["--exact", test, "--ignored", "--nocapture"])
            .env(FOLDER, home)
            .env(NUMBER, count.to_string());
    });
}

fn record_writer(recording: &mut Recording, count: u64) {
    record_test(
        recording,
        "power_loss::child_writes_for_power_cut",
        End::Normal,
        count,
    );
}

async fn open_after_cut(home: &Path, moment: &str) -> Store {
    let store = open(&store_options(home)).await;
    store.unwrap_or_else(|error| panic!("{moment}: the store does not open: {error}"))
}

/// Checks the acknowledged writes, and that the store works normally.
async fn check_writes(home: &Path, acknowledgements: &[String], moment: &str) {
    let mut acknowledged = BTreeMap::new();
    for line in acknowledgements {
        let (number, version) = line.split_once(' ').unwrap();
        acknowledged.insert(
            number.parse::<u64>().unwrap(),
            version.parse::<u64>().unwrap(),
        );
    }
    let store = open_after_cut(home, moment).await;
    let found = content(&store).await;
    for (number, version) in &acknowledged {
        let stored = found.get(number).copied();
        let is_expected = match *version {
            0 => stored.is_none(),
            2 if ends_deleted(*number) => stored.is_none_or(|stored| stored == 2),
            version => stored.is_some_and(|stored| stored == version || stored == version + 1),
        };
        let notices = store.notices();
        assert!(
            is_expected,
            "{moment}: {number} was acknowledged at {version} and is at {stored:?}; {notices:?}"
        );
    }
    let notices = store.notices().join(" ");
    for alarm in ["missing", "lost", "cannot be read"] {
        let is_alarmed = notices.replace("Nothing is lost", "").contains(alarm);
        assert!(!is_alarmed, "{moment}: unexpected alarm: {notices}");
    }
    store.save(save(LONG - 1, 1)).await.unwrap();
    store.close().await.unwrap();
    drop(store);
    let store = open_after_cut(home, moment).await;
    assert_eq!(
        store.notices(),
        Vec::<String>::new(),
        "{moment}: the notice is repeated"
    );
    assert_eq!(content(&store).await.len(), found.len() + 1, "{moment}");
    store.close().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn power_cut_during_writes_loses_nothing_acknowledged() {
    if !is_available("check that a power cut loses nothing") {
        return;
    }
    let mut recording = Recording::begin();
    // The very first start, and one that continues.
    record_writer(&mut recording, 12);
    record_writer(&mut recording, 12);
    recording.cut(images(), check_writes).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn changes_read_after_kill_survive_power_cut() {
    if !is_available("check that read changes survive a power cut") {
        return;
    }
    for _ in 0..images().div_ceil(12) {
        let mut recording = Recording::begin();
        let killed = End::BeforeSync(1 + random(16));
        record_test(
            &mut recording,
            "power_loss::child_writes_for_power_cut",
            killed,
            12,
        );
        // The next process reads data that the killed process wrote but did not sync, and may acknowledge it; it also uses files
        // whose names are uncertain.
        record_test(
            &mut recording,
            "power_loss::child_reads_for_power_cut",
            End::Normal,
            0,
        );
        record_writer(&mut recording, 3);
        recording.cut(12, check_writes).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn power_cut_during_new_segment_loses_nothing_acknowledged() {
    if !is_available("check that a power cut loses nothing while snapshots are taken") {
        return;
    }
    let mut recording = Recording::begin();
    record_writer(&mut recording, 120);
    recording.cut(images() / 3, check_writes).await;
}

/// Commands of a typical day, each with the expected content after it.
fn commands(secrets: &Path) -> Vec<(Vec<String>, Names)> {
    for secret in ["one", "two"] {
        fs::write(secrets.join(secret), format!("sk-{secret}")).unwrap();
    }
    let secret = |name: &str| format!("apiKey={}", secrets.join(name).display());
    let mut names = Names::new();
    let mut commands = Vec::new();
    let mut add = |command: &[&str], names: &Names| {
        let words = command.iter().map(ToString::to_string).collect();
        commands.push((words, names.clone()));
    };
    let (one, two) = (secret("one"), secret("two"));
    let create = |name| {
        let kind = ["connections", "create", "--provider", "openai"];
        [&kind[..], &["--name", name, "--secret-file", &one]].concat()
    };
    for name in ["A", "B"] {
        names.insert(name.into(), "sk-one".into());
        add(&create(name), &names);
    }
    names.insert("A".into(), "sk-two".into());
    add(
        &["connections", "update", "a", "--secret-file", &two],
        &names,
    );
    names.remove("B");
    add(&["connections", "delete", "b", "--yes"], &names);
    add(&["backup", "create"], &names);
    add(&["key", "rotate"], &names);
    let before = names.clone();
    names.insert("C".into(), "sk-one".into());
    add(&create("C"), &names);
    add(&["backup", "restore", "--newest", "--yes"], &before);
    commands
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn power_cut_during_command_loses_nothing_acknowledged() {
    if !is_available("check that a power cut loses nothing of what commands did") {
        return;
    }
    let secrets = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let commands = commands(secrets.path());
    let mut recording = Recording::begin();
    for (command, _) in &commands {
        let command: Vec<&str> = command.iter().map(String::as_str).collect();
        recording.umai(&command);
    }
    recording
        .cut(images(), async |home, acknowledgements, moment| {
            // The command in progress may have been executed.
            let before = match acknowledgements.len() {
                0 => Names::new(),
                done => commands[done - 1].1.clone(),
            };
            let after = commands.get(acknowledgements.len()).map(|(_, names)| names);
            let store = open_after_cut(home, moment).await;
            let found = names(&store).await;
            assert!(
                found == before || Some(&found) == after,
                "{moment}: {found:?}"
            );
            store.save(save(1, 1)).await.unwrap();
            store.close().await.unwrap();
            drop(store);
            let expected = acknowledgements
                .iter()
                .filter(|line| *line == "backup create")
                .count();
            let keys = AvailableKeys::find(&store_options(home));
            let backups = BackupFolder::for_store(&store_options(home).data)
                .all()
                .unwrap();
            let backups = backups.into_iter().filter(|found| {
                verify(&found.path, &keys)
                    .is_ok_and(|found| found.signature == SignatureCheck::Valid)
            });
            assert!(
                backups.count() >= expected,
                "{moment}: a backup is missing or damaged"
            );
        })
        .await;
}

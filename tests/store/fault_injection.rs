//! Injects an error into one system call after the other: nothing acknowledged is lost, nothing is left half done, the error is a
//! sentence, and the next start works.
//!
//! Each kind of call that changes files or makes them durable fails the first time, then the second time, and so on until umai
//! completes without an error. A normal run tries a random selection, `UMAI_EVERY_FAULT=1` tries all of them, and a word of a
//! command, such as `rotate`, tries all of that command. strace counts the calls of each thread separately, so some runs have
//! several errors.
#![allow(
    clippy::too_many_lines,
    reason = "a test tells its whole scenario in order"
)]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use umai::store::backup::folder::BackupFolder;
use umai::store::backup::{BackupDestination, create, file};

use crate::support::child_process::{FOLDER, NUMBER, parameters, report};
use crate::support::fixture::{Content, Names, content, id, names, open_in, options, random, save};
use crate::support::folders::copy;
use crate::support::strace::is_available;

/// Groups of equivalent calls that fail.
const CALLS: [&str; 10] = [
    "write",
    "pwrite64",
    "fsync",
    "fdatasync",
    "ftruncate",
    "?rename,?renameat,?renameat2",
    "?mkdir,?mkdirat",
    "?link,?linkat",
    "?unlink,?unlinkat",
    "?open,openat",
];
const ERRORS: [&str; 2] = ["EIO", "ENOSPC"];
/// Number of further attempts after an error outside the home folder, when not all errors are tried.
const TRIES: u64 = 3;
/// A run longer than this is reported.
const SLOW: Duration = Duration::from_secs(10);
/// A run longer than this many seconds hangs.
const PATIENCE: &str = "15";

/// Injected error.
#[derive(Debug, Clone, Copy)]
struct Fault {
    calls: &'static str,
    error: &'static str,
    number: u64,
}

/// Result of a run with an injected error.
struct FaultRun {
    output: Output,
    /// Number of injected errors.
    times: usize,
    /// True when all errors affected files in the home folder.
    is_at_home: bool,
}

impl FaultRun {
    fn stderr(&self) -> String {
        String::from_utf8_lossy(&self.output.stderr).into_owned()
    }
}

fn is_exhaustive() -> bool {
    std::env::var_os("UMAI_EVERY_FAULT").is_some()
}

fn run(program: &Path, fault: Option<Fault>, set_up: impl FnOnce(&mut Command)) -> FaultRun {
    let log = tempfile::NamedTempFile::new_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let mut command = Command::new("strace");
    command.args(["-f", "-qq", "-y", "-s", "0", "-e", "signal=none", "-e"]);
    match fault {
        Some(Fault {
            calls,
            error,
            number,
        }) => {
            command.arg(format!("trace={calls}")).arg("-e");
            command.arg(format!("inject={calls}:error={error}:when={number}"));
        }
        None => {
            command.arg(format!("trace={}", CALLS.join(",")));
        }
    }
    command.arg("-o").arg(log.path());
    command
        .args(["timeout", "--signal=KILL", PATIENCE])
        .arg(program);
    set_up(&mut command);
    let output = command.stdin(Stdio::null()).output().unwrap();
    let log = String::from_utf8(fs::read(log.path()).unwrap()).unwrap();
    let injected: Vec<&str> = log
        .lines()
        .filter(|line| line.ends_with("(INJECTED)"))
        .collect();
    let is_at_home = injected
        .iter()
        .all(|line| line.contains(env!("CARGO_TARGET_TMPDIR")));
    // A lost wake-up may block forever; a failed disk operation must not.
    let is_hung = output.status.code().is_none_or(|code| code == 137);
    assert!(!is_hung || !is_at_home, "{fault:?}: the process hangs");
    FaultRun {
        output,
        times: injected.len(),
        is_at_home,
    }
}

/// Injects all errors or a selection. Returns the number of injected errors.
async fn inject_all(
    run: impl Fn(Option<Fault>, &Path) -> FaultRun,
    fixture: &Path,
    check: impl AsyncFn(&Path, &FaultRun, &str),
) -> usize {
    let mut injected = 0;
    let mut sentences = BTreeSet::new();
    for calls in CALLS {
        for error in ERRORS {
            // Every run tries one call that the store certainly makes.
            let is_certain = calls == "fdatasync";
            if !is_exhaustive() && !is_certain && random(3) > 0 {
                continue;
            }
            let mut number = match (is_exhaustive(), is_certain) {
                (true, _) => 1,
                (false, true) => 1 + random(3),
                (false, false) => 1 + random(6),
            };
            let mut tries = 0;
            loop {
                let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
                copy(fixture, folder.path());
                let fault = Fault {
                    calls,
                    error,
                    number,
                };
                let start = Instant::now();
                let result = run(Some(fault), folder.path());
                if start.elapsed() > SLOW {
                    eprintln!("{fault:?} took {:?}", start.elapsed());
                }
                if result.times == 0 {
                    break;
                }
                number += 1;
                tries += 1;
                if !is_exhaustive() && tries > TRIES {
                    break;
                }
                if !result.is_at_home {
                    // A missing library or a lost wake-up is not a disk error.
                    continue;
                }
                injected += 1;
                let place = format!("{fault:?}");
                check(folder.path(), &result, &place).await;
                sentences.extend(reported_errors(&result, folder.path(), &place));
                if !is_exhaustive() {
                    break;
                }
            }
        }
    }
    if is_exhaustive() {
        for sentence in sentences {
            eprintln!("    {sentence}");
        }
    }
    injected
}

/// Reported errors, each checked to be a sentence, without the folder.
fn reported_errors(result: &FaultRun, folder: &Path, place: &str) -> Vec<String> {
    let out = String::from_utf8_lossy(&result.output.stdout).into_owned();
    let failed = out.lines().filter_map(|line| line.strip_prefix("@failed "));
    let folder = folder.display().to_string();
    failed
        .map(|sentence| {
            let is_sentence = sentence.split(' ').count() > 3
                && !sentence.contains("panicked")
                && !sentence.contains("Err(")
                && !sentence.contains("{ ");
            assert!(is_sentence, "{place}: {sentence}");
            sentence.replace(&folder, "…")
        })
        .collect()
}

/// Performs a few operations of every kind, reports each success, and continues after errors.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "runs as a child process"]
async fn child_runs_operations_with_fault() {
    let Some((folder, _)) = parameters() else {
        return;
    };
    for round in 0..2 {
        let store = match open_in(&folder).await {
            Ok(store) => store,
            Err(error) => {
                report(&format!("failed {error}"));
                continue;
            }
        };
        let report_result = |what: String, done: Result<(), String>| match done {
            Ok(()) => report(&what),
            Err(error) => report(&format!("failed {error}")),
        };
        let text = |error: umai::connection::StoreError| error.to_string();
        for number in round * 10..round * 10 + 3 {
            let saved = store.save(save(number, 1)).await;
            report_result(format!("{number} 1"), saved.map(drop).map_err(text));
        }
        let saved = store.save(save(round * 10, 2)).await;
        report_result(format!("{} 2", round * 10), saved.map(drop).map_err(text));
        let gone = store.purge(id(round * 10 + 1), 1).await;
        report_result(
            format!("{} 0", round * 10 + 1),
            gone.map(drop).map_err(text),
        );
        let store_options = options(&folder);
        let made = tokio::task::spawn_blocking(move || {
            create(
                &store_options,
                &BackupDestination::Store,
                chrono::Utc::now(),
            )
        });
        let made = made.await.unwrap();
        report_result("backup".into(), made.map(drop).map_err(text));
        let saved = store.save(save(round * 10 + 5, 1)).await;
        report_result(
            format!("{} 1", round * 10 + 5),
            saved.map(drop).map_err(text),
        );
        for notice in store.notices() {
            report(&format!("notice {notice}"));
        }
        if let Err(error) = store.close().await {
            report(&format!("failed {error}"));
        }
    }
    report("end");
}

async fn check_script(folder: &Path, result: &FaultRun, place: &str) {
    let out = String::from_utf8_lossy(&result.output.stdout).into_owned();
    let lines: Vec<&str> = out
        .lines()
        .filter_map(|line| line.strip_prefix('@'))
        .collect();
    let mut acknowledged = Content::new();
    for line in &lines {
        if let Some((number, version)) = line.split_once(' ')
            && let (Ok(number), Ok(version)) = (number.parse(), version.parse())
        {
            acknowledged.insert(number, version);
        }
    }
    let store = open_in(folder)
        .await
        .unwrap_or_else(|error| panic!("{place}: {error}; {out}"));
    let found = content(&store).await;
    for (number, version) in &acknowledged {
        let stored = found.get(number).copied();
        let is_expected = match version {
            0 => stored.is_none(),
            1 if number % 10 == 1 => stored.is_none_or(|stored| stored == 1),
            version => stored.is_some_and(|stored| stored == *version || stored == version + 1),
        };
        let notices = store.notices();
        assert!(
            is_expected,
            "{place}: {number} was acknowledged at {version} and is at {stored:?}; {notices:?}; {out}"
        );
    }
    // The store works again.
    store
        .save(save(99, 1))
        .await
        .unwrap_or_else(|error| panic!("{place}: {error}"));
    store.close().await.unwrap();
    drop(store);
    let expected = lines.iter().filter(|line| **line == "backup").count();
    let shelf = BackupFolder::for_store(&options(folder).data)
        .all()
        .unwrap();
    let intact = shelf.iter().filter(|found| file::read(&found.path).is_ok());
    assert!(intact.count() >= expected, "{place}: {out}");
    let store = open_in(folder).await.unwrap();
    assert_eq!(store.notices(), Vec::<String>::new(), "{place}");
    assert_eq!(content(&store).await.len(), found.len() + 1, "{place}");
    store.close().await.unwrap();
}

fn run_script(fault: Option<Fault>, folder: &Path) -> FaultRun {
    run(&std::env::current_exe().unwrap(), fault, |command| {
        command
            .args([
                "--exact",
                "fault_injection::child_runs_operations_with_fault",
                "--ignored",
                "--nocapture",
            ])
            .env(FOLDER, folder)
            .env(NUMBER, "0");
    })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn failed_system_call_loses_nothing_acknowledged() {
    if !is_available("check that a failed call loses nothing") {
        return;
    }
    let fixture = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let injected = inject_all(run_script, fixture.path(), check_script).await;
    eprintln!("{injected} faults were injected into the script");
    assert!(injected > 0, "no fault was injected");
}

/// Creates a home folder with two connections and a backup. Returns the path of the backup.
async fn create_home(folder: &Path) -> PathBuf {
    fs::write(folder.join("secret"), "sk-new").unwrap();
    let store = open_in(folder).await.unwrap();
    for number in 0..2 {
        store.save(save(number, 1)).await.unwrap();
    }
    store.close().await.unwrap();
    let shelf = BackupFolder::for_store(&options(folder).data)
        .all()
        .unwrap();
    shelf[0].path.strip_prefix(folder).unwrap().to_owned()
}

fn run_umai(arguments: &[String], fault: Option<Fault>, folder: &Path) -> FaultRun {
    let options = options(folder);
    run(Path::new(env!("CARGO_BIN_EXE_umai")), fault, |command| {
        command
            .args(arguments)
            .arg("--data")
            .arg(options.data)
            .arg("--config")
            .arg(options.config)
            .current_dir(folder);
    })
}

async fn names_in(folder: &Path, place: &str) -> Names {
    let store = open_in(folder)
        .await
        .unwrap_or_else(|error| panic!("{place}: {error}"));
    let found = names(&store).await;
    store.close().await.unwrap();
    found
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn command_with_failed_system_call_is_atomic() {
    if !is_available("check that a failed call leaves nothing half done") {
        return;
    }
    let fixture = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let backup = create_home(fixture.path()).await.display().to_string();
    let commands: [&[&str]; 6] = [
        &[
            "connections",
            "create",
            "--provider",
            "openai",
            "--name",
            "New",
            "--secret-file",
            "apiKey=secret",
        ],
        &[
            "connections",
            "update",
            "alias-0-1",
            "--secret-file",
            "apiKey=secret",
        ],
        &["connections", "delete", "alias-1-1", "--yes"],
        &["backup", "create"],
        &["key", "rotate"],
        &["backup", "restore", &backup, "--yes"],
    ];
    let chosen = random(commands.len() as u64);
    for (number, command) in (0..).zip(commands) {
        let is_chosen = match std::env::var("UMAI_EVERY_FAULT").as_deref() {
            Ok("1") => true,
            Ok(word) => command.contains(&word),
            Err(_) => number == chosen,
        };
        if !is_chosen {
            continue;
        }
        let arguments: Vec<String> = command.iter().map(ToString::to_string).collect();
        let whole = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
        copy(fixture.path(), whole.path());
        let result = run_umai(&arguments, None, whole.path());
        assert!(
            result.output.status.success(),
            "{command:?}: {}",
            result.stderr()
        );
        let before = names_in(fixture.path(), "before").await;
        let after = names_in(whole.path(), "after").await;
        let injected = inject_all(
            |fault, folder| run_umai(&arguments, fault, folder),
            fixture.path(),
            async |folder, result, place| {
                let stderr = result.stderr();
                let place = format!("{command:?}, {place}");
                let is_done = result.output.status.success();
                let found = names_in(folder, &format!("{place}: {stderr}")).await;
                assert!(
                    found == after || (found == before && !is_done),
                    "{place}: {found:?}; {stderr}"
                );
                assert!(!stderr.contains("panicked"), "{place}: {stderr}");
                assert!(
                    is_done || stderr.split(' ').count() > 3,
                    "{place}: {stderr}"
                );
                // The failed operation can be repeated now.
                let again = run_umai(&["connections".into(), "list".into()], None, folder);
                assert!(again.output.status.success(), "{place}: {}", again.stderr());
            },
        )
        .await;
        eprintln!(
            "{injected} faults were injected into umai {}",
            command.join(" ")
        );
    }
}

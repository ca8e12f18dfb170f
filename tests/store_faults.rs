//! Injects an error into one system call after the other: nothing acknowledged is lost, nothing is left half done, the error is a
//! sentence, and the next start works.
//!
//! Each kind of call that changes files or makes them durable fails the first time, then the second time, and so on until umai
//! completes without an error. A normal run tries a random selection, `UMAI_EVERY_FAULT=1` tries all of them, and a word of a
//! command, such as `rotate`, tries all of that command. strace counts the calls of each thread separately, so some runs have
//! several errors.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    reason = "a test that cannot go on fails"
)]

#[path = "store/folders.rs"]
mod folders;
#[path = "store/process.rs"]
mod process;
#[path = "store/strace.rs"]
mod strace;
#[path = "store/world.rs"]
mod world;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use umai::store::backup::shelf::Shelf;
use umai::store::backup::{Target, create, file};

use self::folders::copy;
use self::process::{FOLDER, NUMBER, say, told};
use self::strace::is_there;
use self::world::{Content, Names, content, id, names, open_in, options, random, save};

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
struct Met {
    output: Output,
    /// Number of injected errors.
    times: usize,
    /// True when all errors affected files in the home folder.
    is_at_home: bool,
}

impl Met {
    fn said(&self) -> String {
        String::from_utf8_lossy(&self.output.stderr).into_owned()
    }
}

fn is_every() -> bool {
    std::env::var_os("UMAI_EVERY_FAULT").is_some()
}

fn run(program: &Path, fault: Option<Fault>, set_up: impl FnOnce(&mut Command)) -> Met {
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
    let met: Vec<&str> = log
        .lines()
        .filter(|line| line.ends_with("(INJECTED)"))
        .collect();
    let is_at_home = met
        .iter()
        .all(|line| line.contains(env!("CARGO_TARGET_TMPDIR")));
    // A lost wake-up may block forever; a failed disk operation must not.
    let is_hung = output.status.code().is_none_or(|code| code == 137);
    assert!(!is_hung || !is_at_home, "{fault:?}: it hangs");
    Met {
        output,
        times: met.len(),
        is_at_home,
    }
}

/// Injects all errors or a selection. Returns the number of injected errors.
async fn meet_all(
    run: impl Fn(Option<Fault>, &Path) -> Met,
    ground: &Path,
    look: impl AsyncFn(&Path, &Met, &str),
) -> usize {
    let mut met = 0;
    let mut sentences = BTreeSet::new();
    for calls in CALLS {
        for error in ERRORS {
            if !is_every() && random(3) > 0 {
                continue;
            }
            let mut number = 1 + if is_every() { 0 } else { random(6) };
            let mut tries = 0;
            loop {
                let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
                copy(ground, folder.path());
                let fault = Fault {
                    calls,
                    error,
                    number,
                };
                let start = Instant::now();
                let did = run(Some(fault), folder.path());
                if start.elapsed() > SLOW {
                    eprintln!("{fault:?} took {:?}", start.elapsed());
                }
                if did.times == 0 {
                    break;
                }
                number += 1;
                tries += 1;
                if !is_every() && tries > TRIES {
                    break;
                }
                if !did.is_at_home {
                    // A missing library or a lost wake-up is not a disk error.
                    continue;
                }
                met += 1;
                let place = format!("{fault:?}");
                look(folder.path(), &did, &place).await;
                sentences.extend(refusals(&did, folder.path(), &place));
                if !is_every() {
                    break;
                }
            }
        }
    }
    if is_every() {
        for sentence in sentences {
            eprintln!("    {sentence}");
        }
    }
    met
}

/// Reported errors, each checked to be a sentence, without the folder.
fn refusals(did: &Met, folder: &Path, place: &str) -> Vec<String> {
    let out = String::from_utf8_lossy(&did.output.stdout).into_owned();
    let refused = out
        .lines()
        .filter_map(|line| line.strip_prefix("@refused "));
    let folder = folder.display().to_string();
    refused
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
#[ignore = "it is the process that meets the faults"]
async fn the_script_that_meets_a_fault() {
    let Some((folder, _)) = told() else {
        return;
    };
    for round in 0..2 {
        let store = match open_in(&folder).await {
            Ok(store) => store,
            Err(error) => {
                say(&format!("refused {error}"));
                continue;
            }
        };
        let tell = |what: String, done: Result<(), String>| match done {
            Ok(()) => say(&what),
            Err(error) => say(&format!("refused {error}")),
        };
        let text = |error: umai::connection::StoreError| error.to_string();
        for number in round * 10..round * 10 + 3 {
            let saved = store.save(save(number, 1)).await;
            tell(format!("{number} 1"), saved.map(drop).map_err(text));
        }
        let saved = store.save(save(round * 10, 2)).await;
        tell(format!("{} 2", round * 10), saved.map(drop).map_err(text));
        let gone = store.delete(id(round * 10 + 1), 1).await;
        tell(
            format!("{} 0", round * 10 + 1),
            gone.map(drop).map_err(text),
        );
        let asked = options(&folder);
        let made =
            tokio::task::spawn_blocking(move || create(&asked, &Target::Store, chrono::Utc::now()));
        let made = made.await.unwrap();
        tell("backup".into(), made.map(drop).map_err(text));
        let saved = store.save(save(round * 10 + 5, 1)).await;
        tell(
            format!("{} 1", round * 10 + 5),
            saved.map(drop).map_err(text),
        );
        for notice in store.notices() {
            say(&format!("notice {notice}"));
        }
        if let Err(error) = store.close().await {
            say(&format!("refused {error}"));
        }
    }
    say("end");
}

async fn look_at_script(folder: &Path, did: &Met, place: &str) {
    let out = String::from_utf8_lossy(&did.output.stdout).into_owned();
    let told: Vec<&str> = out
        .lines()
        .filter_map(|line| line.strip_prefix('@'))
        .collect();
    let mut acknowledged = Content::new();
    for line in &told {
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
        let is_kept = match version {
            0 => stored.is_none(),
            1 if number % 10 == 1 => stored.is_none_or(|stored| stored == 1),
            version => stored.is_some_and(|stored| stored == *version || stored == version + 1),
        };
        let notices = store.notices();
        assert!(
            is_kept,
            "{place}: {number} was told at {version} and is at {stored:?}; {notices:?}; {out}"
        );
    }
    // The store works again.
    store
        .save(save(99, 1))
        .await
        .unwrap_or_else(|error| panic!("{place}: {error}"));
    store.close().await.unwrap();
    drop(store);
    let asked = told.iter().filter(|line| **line == "backup").count();
    let shelf = Shelf::of_store(&options(folder).data).all().unwrap();
    let whole = shelf.iter().filter(|found| file::read(&found.path).is_ok());
    assert!(whole.count() >= asked, "{place}: {out}");
    let store = open_in(folder).await.unwrap();
    assert_eq!(store.notices(), Vec::<String>::new(), "{place}");
    assert_eq!(content(&store).await.len(), found.len() + 1, "{place}");
    store.close().await.unwrap();
}

fn run_script(fault: Option<Fault>, folder: &Path) -> Met {
    run(&std::env::current_exe().unwrap(), fault, |command| {
        command
            .args([
                "--exact",
                "the_script_that_meets_a_fault",
                "--ignored",
                "--nocapture",
            ])
            .env(FOLDER, folder)
            .env(NUMBER, "0");
    })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_call_that_is_refused_once_loses_nothing_that_was_acknowledged() {
    if !is_there("that a refused call loses nothing") {
        return;
    }
    let ground = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let met = meet_all(run_script, ground.path(), look_at_script).await;
    eprintln!("{met} faults were met by a process that does everything");
    assert!(met > 0, "none was met");
}

/// Creates a home folder with two connections and a backup. Returns the path of the backup.
async fn home(folder: &Path) -> PathBuf {
    fs::write(folder.join("secret"), "sk-new").unwrap();
    let store = open_in(folder).await.unwrap();
    for number in 0..2 {
        store.save(save(number, 1)).await.unwrap();
    }
    store.close().await.unwrap();
    let shelf = Shelf::of_store(&options(folder).data).all().unwrap();
    shelf[0].path.strip_prefix(folder).unwrap().to_owned()
}

fn run_umai(arguments: &[String], fault: Option<Fault>, folder: &Path) -> Met {
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
async fn a_command_that_is_refused_a_call_is_done_or_not_and_says_so_in_a_sentence() {
    if !is_there("that a refused call leaves nothing half") {
        return;
    }
    let ground = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let backup = home(ground.path()).await.display().to_string();
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
        copy(ground.path(), whole.path());
        let did = run_umai(&arguments, None, whole.path());
        assert!(did.output.status.success(), "{command:?}: {}", did.said());
        let before = names_in(ground.path(), "before").await;
        let after = names_in(whole.path(), "after").await;
        let met = meet_all(
            |fault, folder| run_umai(&arguments, fault, folder),
            ground.path(),
            async |folder, did, place| {
                let said = did.said();
                let place = format!("{command:?}, {place}");
                let is_done = did.output.status.success();
                let found = names_in(folder, &format!("{place}: {said}")).await;
                assert!(
                    found == after || (found == before && !is_done),
                    "{place}: {found:?}; {said}"
                );
                assert!(!said.contains("panicked"), "{place}: {said}");
                assert!(is_done || said.split(' ').count() > 3, "{place}: {said}");
                // The failed operation can be repeated now.
                let again = run_umai(&["connections".into(), "list".into()], None, folder);
                assert!(again.output.status.success(), "{place}: {}", again.said());
            },
        )
        .await;
        eprintln!("{met} faults were met by umai {}", command.join(" "));
    }
}

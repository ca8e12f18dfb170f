//! One command with 1, 10, 10,000 and 100,000 connections: get, list, create; and the disk that a connection takes.
//!
//! `cargo bench --bench commands`; `UMAI_BENCH_CONNECTIONS` sets the largest number.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::cast_precision_loss,
    reason = "a measurement stops where it cannot go on, and says what it found"
)]

#[path = "terminal/mod.rs"]
mod terminal;

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use terminal::Home;

const RUNS: usize = 41;
const COMMANDS: [&str; 3] = ["get", "list --take 5", "create"];

fn main() {
    let Some(many) = terminal::connections() else {
        return;
    };
    let homes = [1, 10, 10_000, many].map(|size| {
        let home = Home::new();
        home.fill(size);
        disk(&home, size);
        (size, home)
    });
    for (number, name) in COMMANDS.into_iter().enumerate() {
        let mut times = homes.each_ref().map(|_| Vec::new());
        // One command in each store in turn, so that all of them see the same machine.
        for run in 0..=RUNS {
            for ((_, home), times) in homes.iter().zip(&mut times) {
                let taken = run_command(home, &arguments(number, run));
                if run > 0 {
                    times.push(taken);
                }
            }
        }
        let medians = times.map(|mut times| {
            times.sort();
            times[times.len() / 2]
        });
        for ((size, _), median) in homes.iter().zip(medians) {
            let ratio = median.as_secs_f64() / medians[0].as_secs_f64();
            println!("{name}, {size}: median {median:.1?} of {RUNS}, {ratio:.2} x one connection");
        }
    }
}

fn arguments(command: usize, run: usize) -> Vec<String> {
    let name = format!("Bench {run}");
    let words: &[&str] = match command {
        0 => &["get", "team-0"],
        1 => &["list", "--take", "5"],
        _ => &[
            "create",
            "--name",
            &name,
            "--provider",
            "openai",
            "--set",
            "apiKey=$OpenAI:ApiKey",
        ],
    };
    words.iter().map(ToString::to_string).collect()
}

fn run_command(home: &Home, arguments: &[String]) -> Duration {
    let began = Instant::now();
    let output = Command::new(terminal::binary())
        .arg("connections")
        .args(arguments)
        .envs(home.environment())
        .env("OpenAI__ApiKey", "sk-key")
        .current_dir(home.path(""))
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let taken = began.elapsed();
    let message = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{arguments:?}: {message}");
    taken
}

/// Prints the size of the store's files; backups are counted apart.
fn disk(home: &Home, size: usize) {
    let data = home.path("data");
    let backups = allocated(&data.join("backups"));
    let store = allocated(&data) - backups;
    println!(
        "disk, {size}: {store} bytes, {:.0} a connection; backups {:.0} a connection",
        store as f64 / size as f64,
        backups as f64 / size as f64
    );
}

/// Allocated bytes of a file or of the files in a folder.
fn allocated(path: &Path) -> u64 {
    use std::os::unix::fs::MetadataExt;
    let Ok(found) = std::fs::symlink_metadata(path) else {
        return 0;
    };
    if !found.is_dir() {
        return found.blocks() * 512;
    }
    let entries = std::fs::read_dir(path).unwrap();
    entries.map(|entry| allocated(&entry.unwrap().path())).sum()
}

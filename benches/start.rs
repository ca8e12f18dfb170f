//! Benchmarks of the binary in a pseudo terminal: first frame, completion, idle, memory; empty and with 100,000 connections.
//!
//! `cargo bench --bench start`; `UMAI_BENCH_CONNECTIONS` sets the number.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a measurement stops where it cannot go on, and says what it found"
)]

#[path = "terminal/mod.rs"]
mod terminal;

use std::process::Command;
use std::time::{Duration, Instant};

use terminal::{Home, Screen};

const RUNS: usize = 21;
/// Delay until the reader threads of sled have ended, before measuring idle time.
const SETTLING: Duration = Duration::from_secs(15);
const IDLE: Duration = Duration::from_secs(10);

fn main() {
    let Some(many) = terminal::connections() else {
        return;
    };
    let empty = Home::new();
    let full = Home::new();
    full.fill(many);
    let (mut starts_empty, mut starts_full) = (Vec::new(), Vec::new());
    for run in 0..=RUNS {
        let (small, large) = (Screen::open(&empty), Screen::open(&full));
        if run > 0 {
            starts_empty.push(small.first_frame);
            starts_full.push(large.first_frame);
        }
        small.quit();
        large.quit();
    }
    let (small, large) = (median(&mut starts_empty), median(&mut starts_full));
    println!("start to first frame, empty:         median {small:?} of {RUNS}");
    println!(
        "start to first frame, {many}:     median {large:?} of {RUNS}, {:.2} x empty",
        large.as_secs_f64() / small.as_secs_f64()
    );
    completion(&full, many);
    rest(&empty, "empty", "No connections yet");
    rest(&full, &many.to_string(), &format!("Connections {many}"));
}

/// Alias completion of a shell, without and with a process that has the store open.
fn completion(home: &Home, many: usize) {
    let ask = || {
        let began = Instant::now();
        let answer = Command::new(terminal::binary())
            .args(["--", "umai", "connections", "get", "team-9"])
            .envs(home.environment())
            .env("UMAI_COMPLETE", "bash")
            .env("_CLAP_IFS", "\n")
            .env("_CLAP_COMPLETE_INDEX", "3")
            .output()
            .unwrap();
        let aliases = String::from_utf8(answer.stdout).unwrap();
        assert!(aliases.lines().all(|alias| alias.starts_with("team-9")));
        assert!(aliases.lines().count() > 0);
        began.elapsed()
    };
    let several = || median(&mut (0..RUNS).map(|_| ask()).collect::<Vec<_>>());
    println!(
        "an alias completed, {many}:            median {:?} of {RUNS}",
        several()
    );
    let mut screen = Screen::open(home);
    screen.wait_for(&format!("Connections {many}"));
    println!(
        "the same beside an open app:         median {:?} of {RUNS}",
        several()
    );
    screen.quit();
}

fn rest(home: &Home, name: &str, loaded: &str) {
    let opened = Instant::now();
    let mut screen = Screen::open(home);
    screen.wait_for(loaded);
    println!(
        "{name}: the whole list is there after {:?}",
        opened.elapsed()
    );
    screen.drain(SETTLING);
    let before = screen.usage();
    screen.drain(IDLE);
    let after = screen.usage();
    println!(
        "{name}: idle for {IDLE:?}: {} CPU ticks, {} bytes written; RSS {} kB",
        after.ticks - before.ticks,
        after.written - before.written,
        after.rss_kb
    );
    screen.quit();
}

fn median(times: &mut [Duration]) -> Duration {
    times.sort();
    times[times.len() / 2]
}

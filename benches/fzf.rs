//! Key to the last byte of the frame and full result of a filter, beside fzf on as many lines, in one run.
//!
//! `cargo bench --bench fzf` needs fzf; `UMAI_BENCH_CONNECTIONS` sets the larger number of connections.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a measurement stops where it cannot go on, and says what it found"
)]

#[path = "terminal/mod.rs"]
mod terminal;

use std::fmt::Write as _;
use std::process::Command;
use std::time::Duration;

use portable_pty::CommandBuilder;
use terminal::{Home, Screen};

const KEYS: usize = 500;
const FILTERS: usize = 11;
const DOWN: &[u8] = b"\x1b[B";
const UP: &[u8] = b"\x1b[A";
/// Empties the query: Ctrl-U.
const CLEAR: &[u8] = b"\x15";

fn main() {
    let Some(many) = terminal::connections() else {
        return;
    };
    let Ok(version) = Command::new("fzf").arg("--version").output() else {
        println!("fzf is not installed; nothing was measured");
        return;
    };
    println!("fzf {}", String::from_utf8_lossy(&version.stdout).trim());
    for many in [1_000, many] {
        let home = Home::new();
        home.fill(many);
        let mut umai = Screen::open(&home);
        umai.wait_for(&format!("Connections {many}"));
        let mut fzf = fzf(&home, many);
        // Both have drawn everything.
        umai.drain(Duration::from_secs(2));
        fzf.drain(Duration::from_secs(2));
        keys(&mut umai, &mut fzf, many);
        filter(&mut umai, &mut fzf, many);
        umai.kill();
        fzf.kill();
    }
}

/// fzf over the names of the connections, which are in the order of the app.
fn fzf(home: &Home, many: usize) -> Screen {
    let mut lines = String::new();
    for number in 0..many {
        writeln!(lines, "Team {number} Production").unwrap();
    }
    let file = home.path("names.txt");
    std::fs::write(&file, lines).unwrap();
    let mut command = CommandBuilder::new("sh");
    command.args(["-c", "exec fzf --no-sort --layout=reverse < \"$0\""]);
    command.arg(&file);
    Screen::run(command, &format!("{many}/{many}"))
}

/// Moves the selection, one key in each program in turn.
fn keys(umai: &mut Screen, fzf: &mut Screen, many: usize) {
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for press in 0..KEYS {
        // Down to the end of the screen and back again, so that some frames scroll.
        let key = if press % 120 < 60 { DOWN } else { UP };
        ours.push(umai.press(key));
        theirs.push(fzf.press(key));
    }
    compare(&format!("key, {many}"), &mut ours, &mut theirs);
}

/// Types a whole query and waits for the number of its matches.
fn filter(umai: &mut Screen, fzf: &mut Screen, many: usize) {
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    umai.press(b"/");
    for query in (0..FILTERS).map(|number| (10 + 7 * number).to_string()) {
        // Each query is new, because fzf remembers the results of earlier ones.
        let is_match = |number: &usize| number.to_string().contains(&query);
        let matches = (0..many).filter(is_match).count();
        ours.push(umai.press_until(query.as_bytes(), &format!("{matches} of {many}")));
        // An exact match, as in umai.
        let exact = format!("'{query}");
        theirs.push(fzf.press_until(exact.as_bytes(), &format!("{matches}/{many}")));
        umai.press(CLEAR);
        fzf.press_until(CLEAR, &format!("{many}/{many}"));
    }
    compare(&format!("filter, {many}"), &mut ours, &mut theirs);
}

fn compare(what: &str, ours: &mut [Duration], theirs: &mut [Duration]) {
    let (ours, theirs) = (percentiles(ours), percentiles(theirs));
    for (name, (ours, theirs)) in ["p50", "p99"].iter().zip(ours.iter().zip(theirs)) {
        println!(
            "{what}, {name}: umai {ours:?}, fzf {theirs:?}, {:.2} x",
            ours.as_secs_f64() / theirs.as_secs_f64()
        );
    }
}

fn percentiles(times: &mut [Duration]) -> [Duration; 2] {
    times.sort();
    [times[times.len() / 2], times[times.len() * 99 / 100]]
}

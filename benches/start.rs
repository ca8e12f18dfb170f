//! Benchmarks of the binary in a pseudo terminal: first frame, completion, idle, memory; empty and with 100,000 connections.
//!
//! `cargo bench --bench start`; `UMAI_BENCH_CONNECTIONS` sets the number.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a measurement stops where it cannot go on, and says what it found"
)]

use std::fmt::Write as _;
use std::io::{Read, Write as _};
use std::num::NonZeroU16;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use portable_pty::{CommandBuilder, PtySize, native_pty_system};

const ROWS: NonZeroU16 = NonZeroU16::new(40).unwrap();
const COLUMNS: NonZeroU16 = NonZeroU16::new(120).unwrap();
const RUNS: usize = 21;
/// Delay until the reader threads of sled have ended, before measuring idle time.
const SETTLING: Duration = Duration::from_secs(15);
const IDLE: Duration = Duration::from_secs(10);
const PATIENCE: Duration = Duration::from_mins(1);

fn main() {
    // `cargo test --benches` runs this, too; skip the measurement.
    if !std::env::args().any(|argument| argument == "--bench") {
        return;
    }
    let many: usize = std::env::var("UMAI_BENCH_CONNECTIONS")
        .ok()
        .and_then(|number| number.parse().ok())
        .unwrap_or(100_000);
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
    rest(&empty, "empty", "Connections (0)");
    rest(&full, &many.to_string(), &format!("Connections ({many})"));
}

/// Alias completion of a shell, without and with a process that has the store open.
fn completion(home: &Home, many: usize) {
    let ask = || {
        let began = Instant::now();
        let answer = Command::new(env!("CARGO_BIN_EXE_umai"))
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
    screen.wait_for(&format!("Connections ({many})"));
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

/// Directories of an installation.
struct Home(tempfile::TempDir);

impl Home {
    fn new() -> Self {
        Self(tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap())
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn fill(&self, many: usize) {
        let mut lines = String::new();
        for number in 0..many {
            writeln!(lines, r#"{{"alias":"team-{number}","name":"Team {number} Production","providerId":"openai","settings":{{"apiKey":"sk-key-of-team-{number}","organization":"org-{number}","endpoint":"https://api.openai.com/v1"}}}}"#).unwrap();
        }
        let file = self.path("lines.json");
        std::fs::write(&file, lines).unwrap();
        let began = Instant::now();
        let done = Command::new(env!("CARGO_BIN_EXE_umai"))
            .args(["connections", "create", "--json", "--from-json"])
            .arg(&file)
            .envs(self.environment())
            .stdout(Stdio::null())
            .status()
            .unwrap();
        assert!(done.success());
        println!("create --from-json, {many} lines:  {:?}", began.elapsed());
    }

    fn environment(&self) -> [(&'static str, PathBuf); 2] {
        [
            ("UMAI_DATA_DIR", self.path("data")),
            ("UMAI_CONFIG_DIR", self.path("config")),
        ]
    }
}

/// Binary in a pseudo terminal of 120 × 40.
struct Screen {
    child: Box<dyn portable_pty::Child + Send + Sync>,
    writer: Box<dyn std::io::Write + Send>,
    bytes: Receiver<Vec<u8>>,
    parser: vt100::Parser,
    first_frame: Duration,
    _master: Box<dyn portable_pty::MasterPty + Send>,
}

struct Usage {
    ticks: u64,
    written: u64,
    rss_kb: u64,
}

impl Screen {
    fn open(home: &Home) -> Self {
        let size = PtySize {
            rows: ROWS.get(),
            cols: COLUMNS.get(),
            pixel_width: 0,
            pixel_height: 0,
        };
        let pty = native_pty_system().openpty(size).unwrap();
        let mut command = CommandBuilder::new(env!("CARGO_BIN_EXE_umai"));
        command.cwd(home.0.path());
        command.env("TERM", "xterm-256color");
        for (name, value) in home.environment() {
            command.env(name, value);
        }
        let began = Instant::now();
        let child = pty.slave.spawn_command(command).unwrap();
        drop(pty.slave);
        let mut reader = pty.master.try_clone_reader().unwrap();
        let (sender, bytes) = channel();
        std::thread::spawn(move || {
            let mut buffer = vec![0; 65_536];
            while let Ok(count @ 1..) = reader.read(&mut buffer) {
                if sender.send(buffer[..count].to_vec()).is_err() {
                    return;
                }
            }
        });
        let mut screen = Self {
            child,
            writer: pty.master.take_writer().unwrap(),
            bytes,
            parser: vt100::Parser::new(ROWS, COLUMNS, 0),
            first_frame: Duration::ZERO,
            _master: pty.master,
        };
        screen.wait_for("Connections");
        screen.first_frame = began.elapsed();
        screen
    }

    fn wait_for(&mut self, text: &str) {
        let deadline = Instant::now() + PATIENCE;
        while !self.parser.screen().contents().contains(text) {
            let left = deadline.saturating_duration_since(Instant::now());
            match self.bytes.recv_timeout(left) {
                Ok(bytes) => self.parser.process(&bytes),
                Err(error) => panic!("no {text:?}: {error}\n{}", self.parser.screen().contents()),
            }
        }
    }

    fn drain(&mut self, time: Duration) {
        let deadline = Instant::now() + time;
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            match self.bytes.recv_timeout(left) {
                Ok(bytes) => self.parser.process(&bytes),
                Err(_) => return,
            }
        }
    }

    fn usage(&self) -> Usage {
        let proc = Path::new("/proc").join(self.child.process_id().unwrap().to_string());
        let read = |name: &str| std::fs::read_to_string(proc.join(name)).unwrap();
        let stat = read("stat");
        let fields: Vec<&str> = stat.rsplit(") ").next().unwrap().split(' ').collect();
        let number = |text: &str, name: &str| -> u64 {
            let line = text.lines().find(|line| line.starts_with(name)).unwrap();
            line.split_whitespace().nth(1).unwrap().parse().unwrap()
        };
        Usage {
            ticks: fields[11].parse::<u64>().unwrap() + fields[12].parse::<u64>().unwrap(),
            written: number(&read("io"), "wchar:"),
            rss_kb: number(&read("status"), "VmRSS:"),
        }
    }

    fn quit(mut self) {
        self.writer.write_all(b"q").unwrap();
        self.child.wait().unwrap();
    }
}

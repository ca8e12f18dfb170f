//! An installation with connections, and programs in a pseudo terminal of 120 × 40.
#![allow(dead_code, reason = "each benchmark uses a part of this")]

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
const PATIENCE: Duration = Duration::from_mins(1);
/// A frame is complete when nothing follows for this long, which is not counted.
const SILENCE: Duration = Duration::from_millis(20);

/// Returns the number of connections to measure with; none where `cargo test --benches` only runs the program.
pub fn connections() -> Option<usize> {
    let is_measured = std::env::args().any(|argument| argument == "--bench");
    is_measured.then(|| {
        let number = std::env::var("UMAI_BENCH_CONNECTIONS").ok();
        let number = number.and_then(|number| number.parse().ok());
        number.unwrap_or(100_000)
    })
}

/// Returns the binary to measure: `UMAI_BENCH_BINARY`, to compare with another build, or the one of this build.
pub fn binary() -> PathBuf {
    let other = std::env::var_os("UMAI_BENCH_BINARY").map(PathBuf::from);
    other.unwrap_or_else(|| env!("CARGO_BIN_EXE_umai").into())
}

/// Directories of an installation.
pub struct Home(tempfile::TempDir);

impl Home {
    pub fn new() -> Self {
        Self(tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap())
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub fn fill(&self, many: usize) {
        let mut lines = String::new();
        for number in 0..many {
            writeln!(lines, r#"{{"alias":"team-{number}","name":"Team {number} Production","providerId":"openai","settings":{{"apiKey":"sk-key-of-team-{number}","organization":"org-{number}","endpoint":"https://api.openai.com/v1"}}}}"#).unwrap();
        }
        let file = self.path("lines.json");
        std::fs::write(&file, lines).unwrap();
        let began = Instant::now();
        let done = Command::new(binary())
            .args(["connections", "create", "--json", "--from-json"])
            .arg(&file)
            .envs(self.environment())
            .stdout(Stdio::null())
            .status()
            .unwrap();
        assert!(done.success());
        println!("create --from-json, {many} lines:  {:?}", began.elapsed());
    }

    pub fn environment(&self) -> [(&'static str, PathBuf); 2] {
        [
            ("UMAI_DATA_DIR", self.path("data")),
            ("UMAI_CONFIG_DIR", self.path("config")),
        ]
    }
}

/// Program in a pseudo terminal.
pub struct Screen {
    child: Box<dyn portable_pty::Child + Send + Sync>,
    writer: Box<dyn std::io::Write + Send>,
    bytes: Receiver<(Instant, Vec<u8>)>,
    parser: vt100::Parser,
    /// Time until its first frame.
    pub first_frame: Duration,
    _master: Box<dyn portable_pty::MasterPty + Send>,
}

/// Resources of a process.
pub struct Usage {
    /// CPU ticks.
    pub ticks: u64,
    /// Written bytes.
    pub written: u64,
    /// Memory.
    pub rss_kb: u64,
}

impl Screen {
    /// Opens the app and waits for its first frame.
    pub fn open(home: &Home) -> Self {
        let mut command = CommandBuilder::new(binary());
        command.cwd(home.0.path());
        for (name, value) in home.environment() {
            command.env(name, value);
        }
        Self::run(command, "Connections")
    }

    /// Starts a program and waits until it shows a text.
    pub fn run(mut command: CommandBuilder, shown: &str) -> Self {
        let size = PtySize {
            rows: ROWS.get(),
            cols: COLUMNS.get(),
            pixel_width: 0,
            pixel_height: 0,
        };
        let pty = native_pty_system().openpty(size).unwrap();
        command.env("TERM", "xterm-256color");
        let began = Instant::now();
        let child = pty.slave.spawn_command(command).unwrap();
        drop(pty.slave);
        let mut reader = pty.master.try_clone_reader().unwrap();
        let (sender, bytes) = channel();
        std::thread::spawn(move || {
            let mut buffer = vec![0; 65_536];
            while let Ok(count @ 1..) = reader.read(&mut buffer) {
                let arrived = (Instant::now(), buffer[..count].to_vec());
                if sender.send(arrived).is_err() {
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
        screen.wait_for(shown);
        screen.first_frame = began.elapsed();
        screen
    }

    /// Waits until a text is on the screen.
    pub fn wait_for(&mut self, text: &str) {
        let deadline = Instant::now() + PATIENCE;
        while !self.parser.screen().contents().contains(text) {
            let left = deadline.saturating_duration_since(Instant::now());
            match self.bytes.recv_timeout(left) {
                Ok((_, bytes)) => self.parser.process(&bytes),
                Err(error) => panic!("no {text:?}: {error}\n{}", self.parser.screen().contents()),
            }
        }
    }

    /// Reads the output for some time.
    pub fn drain(&mut self, time: Duration) {
        let deadline = Instant::now() + time;
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            match self.bytes.recv_timeout(left) {
                Ok((_, bytes)) => self.parser.process(&bytes),
                Err(_) => return,
            }
        }
    }

    /// Returns the resources used so far.
    pub fn usage(&self) -> Usage {
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

    /// Ends the app.
    pub fn quit(mut self) {
        self.writer.write_all(b"q").unwrap();
        self.child.wait().unwrap();
    }

    /// Presses keys and returns the time until the last byte of the frame that they cause.
    pub fn press(&mut self, keys: &[u8]) -> Duration {
        let began = Instant::now();
        self.writer.write_all(keys).unwrap();
        let mut last = began;
        let mut patience = PATIENCE;
        while let Ok((at, bytes)) = self.bytes.recv_timeout(patience) {
            self.parser.process(&bytes);
            last = at;
            patience = SILENCE;
        }
        last - began
    }

    /// Presses keys and returns the time until a text is on the screen.
    pub fn press_until(&mut self, keys: &[u8], text: &str) -> Duration {
        let began = Instant::now();
        self.writer.write_all(keys).unwrap();
        self.wait_for(text);
        began.elapsed()
    }

    /// Ends any program.
    pub fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

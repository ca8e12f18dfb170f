//! The binary in a pseudo terminal, and its screen.
#![allow(
    dead_code,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "each test file uses its part, and a test may fail anywhere"
)]

use std::io::{Read, Write};
use std::num::NonZeroU16;
use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};
use rustix::process::{Pid, Signal, kill_process};

/// Longest wait for expected output.
pub const PATIENCE: Duration = Duration::from_secs(20);

pub struct Terminal {
    pub master: Option<Box<dyn MasterPty + Send>>,
    pub writer: Option<Box<dyn Write + Send>>,
    pub bytes: Receiver<Vec<u8>>,
    pub screen: vt100::Parser,
    pub all: Vec<u8>,
    child: Box<dyn Child + Send + Sync>,
    home: Arc<tempfile::TempDir>,
}

pub fn size(rows: u16, cols: u16) -> PtySize {
    PtySize {
        rows,
        cols,
        pixel_width: 0,
        pixel_height: 0,
    }
}

impl Terminal {
    pub fn start() -> Self {
        Self::command(&format!("exec {}", env!("CARGO_BIN_EXE_umai")))
    }

    /// Runs a shell command in a terminal of 100×30 with a separate home.
    pub fn command(line: &str) -> Self {
        Self::at(Arc::new(tempfile::tempdir().unwrap()), line)
    }

    /// Runs a shell command in the home of this terminal.
    pub fn beside(&self, line: &str) -> Self {
        Self::at(Arc::clone(&self.home), line)
    }

    fn at(home: Arc<tempfile::TempDir>, line: &str) -> Self {
        let pair = native_pty_system().openpty(size(30, 100)).unwrap();
        let mut command = CommandBuilder::new("sh");
        command.args(["-c", line]);
        command.cwd(home.path());
        command.env_clear();
        command.env("PATH", std::env::var_os("PATH").unwrap());
        command.env("TERM", "xterm-256color");
        command.env("HOME", home.path());
        command.env("OpenAI__ApiKey", "sk-from-the-environment");
        let child = pair.slave.spawn_command(command).unwrap();
        drop(pair.slave);
        let mut reader = pair.master.try_clone_reader().unwrap();
        let (sender, bytes) = channel();
        std::thread::spawn(move || {
            let mut piece = [0; 4096];
            while let Ok(count) = reader.read(&mut piece) {
                if count == 0 || sender.send(piece[..count].to_vec()).is_err() {
                    return;
                }
            }
        });
        Self {
            writer: Some(pair.master.take_writer().unwrap()),
            master: Some(pair.master),
            bytes,
            screen: vt100::Parser::new(
                NonZeroU16::new(30).unwrap(),
                NonZeroU16::new(100).unwrap(),
                0,
            ),
            all: Vec::new(),
            child,
            home,
        }
    }

    pub fn home(&self) -> &Path {
        self.home.path()
    }

    pub fn press(&mut self, keys: &str) {
        let writer = self.writer.as_mut().unwrap();
        writer.write_all(keys.as_bytes()).unwrap();
        writer.flush().unwrap();
    }

    /// Closes the terminal, as a lost connection does.
    pub fn hang_up(&mut self) {
        // The reader thread ends with the next output, which a new size causes, and closes the last handle.
        self.bytes = channel().1;
        drop(self.writer.take());
        let master = self.master.take().unwrap();
        master.resize(size(20, 60)).unwrap();
    }

    pub fn signal(&self, signal: Signal) {
        let id = i32::try_from(self.child.process_id().unwrap()).unwrap();
        kill_process(Pid::from_raw(id).unwrap(), signal).unwrap();
    }

    /// Reads output until a condition holds.
    pub fn until(&mut self, what: &str, is_so: impl Fn(&Self) -> bool) {
        let end = Instant::now() + PATIENCE;
        while !is_so(self) {
            let left = end.saturating_duration_since(Instant::now());
            assert!(
                !left.is_zero(),
                "{what} is missing on the screen:\n{}",
                self.contents()
            );
            // Short, so that conditions outside the screen are checked again.
            if let Ok(bytes) = self.bytes.recv_timeout(left.min(Duration::from_millis(50))) {
                self.screen.process(&bytes);
                self.all.extend(bytes);
            }
        }
    }

    pub fn shows(&mut self, text: &str) {
        self.until(&format!("{text:?}"), |terminal| {
            terminal.contents().contains(text)
        });
    }

    pub fn contents(&self) -> String {
        self.screen.screen().contents()
    }

    pub fn has_written(&self, text: &str) -> bool {
        self.all
            .windows(text.len())
            .any(|part| part == text.as_bytes())
    }

    /// Waits for the end and returns the exit code.
    pub fn ends(&mut self) -> u32 {
        let end = Instant::now() + PATIENCE;
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                while let Ok(bytes) = self.bytes.recv_timeout(Duration::from_millis(100)) {
                    self.all.extend(bytes);
                }
                return status.exit_code();
            }
            assert!(Instant::now() < end, "the process does not end");
            if let Ok(bytes) = self.bytes.recv_timeout(Duration::from_millis(20)) {
                self.all.extend(bytes);
            }
        }
    }

    /// Returns whether the last bytes leave the alternate screen, disable mouse and paste events, and show the cursor.
    pub fn is_terminal_restored(&self) -> bool {
        [
            "\u{1b}[?1049l",
            "\u{1b}[?2004l",
            "\u{1b}[?1000l",
            "\u{1b}[?25h",
        ]
        .iter()
        .all(|code| {
            let last = |text: &str| {
                self.all
                    .windows(text.len())
                    .rposition(|part| part == text.as_bytes())
            };
            let taken = code.replace('l', "h");
            last(code).is_some() && (*code == "\u{1b}[?25h" || last(code) > last(&taken))
        })
    }

    pub fn id(&self) -> u32 {
        self.child.process_id().unwrap()
    }

    /// Types the form of a new connection with a secret.
    pub fn type_form(&mut self, name: &str) {
        self.press("n");
        self.shows("Select AI Provider");
        self.press("openai\r");
        self.shows("Create Connection");
        self.press(&format!("{name}\t\t\tsk-planted-in-a-pty"));
        self.shows("•••");
        self.shows(&format!("› {name} ●"));
    }

    /// Drafts on disk.
    pub fn drafts(&self) -> Vec<std::path::PathBuf> {
        let mut found = Vec::new();
        let mut folders = vec![self.home().join(".local/share/umai/drafts")];
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).into_iter().flatten() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    folders.push(path);
                } else if path.extension().is_some_and(|ending| ending == "draft") {
                    found.push(path);
                }
            }
        }
        found
    }

    /// CPU time of the process in hundredths of a second.
    pub fn cpu_ticks(&self) -> u64 {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.id())).unwrap();
        let rest = stat.rsplit_once(") ").unwrap().1;
        let fields: Vec<_> = rest.split(' ').collect();
        fields[11].parse::<u64>().unwrap() + fields[12].parse::<u64>().unwrap()
    }

    /// Waits until nothing is written for two seconds and the process uses almost no CPU time.
    ///
    /// A form is stored as a draft one second after its last change, also by a process that waits for the CPU.
    pub fn wait_until_idle(&mut self) {
        let end = Instant::now() + PATIENCE;
        loop {
            let before = self.cpu_ticks();
            match self.bytes.recv_timeout(Duration::from_secs(2)) {
                Ok(bytes) => {
                    self.screen.process(&bytes);
                    self.all.extend(bytes);
                }
                Err(_) if self.cpu_ticks() - before < 10 => return,
                Err(_) => {}
            }
            assert!(
                Instant::now() < end,
                "the process uses CPU time: {} ticks",
                self.cpu_ticks()
            );
        }
    }

    pub fn state(&self) -> char {
        let id = self.child.process_id().unwrap();
        let stat = std::fs::read_to_string(format!("/proc/{id}/stat")).unwrap();
        stat.rsplit(") ").next().unwrap().chars().next().unwrap()
    }

    /// Number of waits of each thread, by its name. The database's threads wake up once a second, which cannot be changed.
    pub fn waits(&self) -> Vec<(String, String)> {
        let id = self.child.process_id().unwrap();
        let threads = std::fs::read_dir(format!("/proc/{id}/task")).unwrap();
        let switches = |thread: std::fs::DirEntry| {
            let status = std::fs::read_to_string(thread.path().join("status")).unwrap();
            let line = |name: &str| {
                let mut lines = status.lines();
                lines
                    .find_map(|line| line.strip_prefix(name))
                    .unwrap()
                    .trim()
                    .to_owned()
            };
            (line("Name:"), line("voluntary_ctxt_switches:"))
        };
        threads
            .map(|thread| switches(thread.unwrap()))
            .filter(|(name, _)| !name.starts_with("sled-io"))
            .collect()
    }
}

/// Reply of a terminal without color support, which ends the app's wait for one.
pub const KIND: &str = "\u{1b}[?6c";

pub fn started() -> Terminal {
    let mut terminal = Terminal::start();
    terminal.press(KIND);
    terminal.shows("No connections yet");
    terminal
}

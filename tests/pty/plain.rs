//! Plain mode of the binary in a pseudo terminal: no screen, no echo of secrets, and the terminal restored.

use std::io::{Read, Write};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};
use rstest::rstest;
use rustix::fs::{Mode, OFlags, open};
use rustix::process::{Pid, Signal, kill_process};
use rustix::termios::{LocalModes, tcgetattr};

/// Longest wait for expected output.
const PATIENCE: Duration = Duration::from_secs(30);

struct Terminal {
    master: Box<dyn MasterPty + Send>,
    keyboard: Box<dyn Write + Send>,
    bytes: Receiver<Vec<u8>>,
    output: String,
    child: Box<dyn Child + Send + Sync>,
    home: tempfile::TempDir,
}

impl Terminal {
    fn start(kind: &str, arguments: &[&str], file: &str) -> Self {
        let home = tempfile::tempdir().unwrap();
        let config = home.path().join(".config/umai");
        std::fs::create_dir_all(&config).unwrap();
        std::fs::write(config.join("config.toml"), file).unwrap();
        let size = PtySize {
            rows: 30,
            cols: 100,
            pixel_width: 0,
            pixel_height: 0,
        };
        let pair = native_pty_system().openpty(size).unwrap();
        let mut command = CommandBuilder::new(env!("CARGO_BIN_EXE_umai"));
        command.args(arguments);
        command.cwd(home.path());
        command.env_clear();
        command.env("TERM", kind);
        command.env("HOME", home.path());
        let child = pair.slave.spawn_command(command).unwrap();
        drop(pair.slave);
        let mut reader = pair.master.try_clone_reader().unwrap();
        let (sender, bytes) = channel();
        std::thread::spawn(move || {
            let mut piece = [0; 4096];
            while let Ok(count @ 1..) = reader.read(&mut piece) {
                if sender.send(piece[..count].to_vec()).is_err() {
                    return;
                }
            }
        });
        Self {
            keyboard: pair.master.take_writer().unwrap(),
            master: pair.master,
            bytes,
            output: String::new(),
            child,
            home,
        }
    }

    /// Types a line.
    fn line(&mut self, text: &str) {
        self.keyboard
            .write_all(format!("{text}\r").as_bytes())
            .unwrap();
        self.keyboard.flush().unwrap();
    }

    /// Waits for text after the previously expected text.
    fn hears(&mut self, text: &str) {
        let end = Instant::now() + PATIENCE;
        while !self.output.contains(text) {
            let left = end.saturating_duration_since(Instant::now());
            assert!(!left.is_zero(), "{text:?} did not come: {}", self.output);
            if let Ok(bytes) = self.bytes.recv_timeout(left.min(Duration::from_millis(50))) {
                self.take(&bytes);
            }
        }
    }

    /// Waits for a prompt after this text, and forgets earlier output.
    fn asks_after(&mut self, text: &str) {
        self.hears(text);
        let end = Instant::now() + PATIENCE;
        while !self.output.ends_with("> ") {
            assert!(Instant::now() < end, "no prompt: {}", self.output);
            if let Ok(bytes) = self.bytes.recv_timeout(Duration::from_millis(50)) {
                self.take(&bytes);
            }
        }
        self.output.clear();
    }

    fn take(&mut self, bytes: &[u8]) {
        assert!(!bytes.contains(&0x1b), "an escape code: {bytes:?}");
        let text = String::from_utf8_lossy(bytes);
        assert!(!text.contains("planted"), "{text}");
        self.output.push_str(&text);
    }

    fn ends(&mut self) -> u32 {
        let end = Instant::now() + PATIENCE;
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                while let Ok(bytes) = self.bytes.recv_timeout(Duration::from_millis(100)) {
                    self.take(&bytes);
                }
                return status.exit_code();
            }
            assert!(
                Instant::now() < end,
                "the process does not end: {}",
                self.output
            );
            if let Ok(bytes) = self.bytes.recv_timeout(Duration::from_millis(20)) {
                self.take(&bytes);
            }
        }
    }

    fn signal(&self, signal: Signal) {
        let id = i32::try_from(self.child.process_id().unwrap()).unwrap();
        kill_process(Pid::from_raw(id).unwrap(), signal).unwrap();
    }

    /// Returns whether input is echoed.
    fn echoes(&self) -> bool {
        let flags = OFlags::RDWR | OFlags::NOCTTY;
        let terminal = open(self.master.tty_name().unwrap(), flags, Mode::empty()).unwrap();
        let modes = tcgetattr(&terminal).unwrap().local_modes;
        modes.contains(LocalModes::ECHO)
    }
}

#[rstest]
#[case::a_terminal_of_lines("dumb", &[], "")]
#[case::asked_for("xterm-256color", &["--plain"], "")]
#[case::by_the_file("xterm-256color", &[], "plain = true\n")]
fn plain_mode_creates_a_connection_without_echoing_the_key(
    #[case] kind: &str,
    #[case] arguments: &[&str],
    #[case] file: &str,
) {
    let mut terminal = Terminal::start(kind, arguments, file);
    terminal.asks_after("No connections yet");
    terminal.line("new");
    terminal.asks_after("Select AI Provider");
    terminal.line("openai");
    terminal.asks_after("2. OpenAI-compatible");
    terminal.line("1");
    terminal.asks_after("Name, required: empty");
    assert!(terminal.echoes());
    terminal.line("OpenAI Production");
    terminal.asks_after("Alias, required: openai-production");
    terminal.line("");
    terminal.asks_after("Status: Active");
    terminal.line("");
    terminal.asks_after("secret: empty");
    assert!(!terminal.echoes());
    terminal.line("sk-planted-in-a-terminal");
    terminal.asks_after("Organization");
    assert!(terminal.echoes());
    terminal.line(":save");
    terminal.asks_after("Done: Created \"OpenAI Production\"");
    terminal.line("quit");
    assert_eq!(terminal.ends(), 0);
}

#[rstest]
#[case(Signal::INT)]
#[case(Signal::TERM)]
#[case(Signal::HUP)]
fn signal_during_secret_input_restores_the_terminal(#[case] signal: Signal) {
    let mut terminal = Terminal::start("dumb", &[], "");
    terminal.asks_after("No connections yet");
    for (line, then) in [
        ("new", "Select AI Provider"),
        ("openai", "OpenAI-compatible"),
        ("1", "Name, required"),
        (":4", "secret: empty"),
    ] {
        terminal.line(line);
        terminal.asks_after(then);
    }
    assert!(!terminal.echoes());
    terminal.signal(signal);
    terminal.ends();
    assert!(terminal.echoes(), "{signal:?}");
}

#[test]
fn changes_by_others_are_printed_between_lines() {
    let mut terminal = Terminal::start("dumb", &[], "");
    terminal.asks_after("No connections yet");
    let home = terminal.home.path().to_owned();
    let made = std::process::Command::new(env!("CARGO_BIN_EXE_umai"))
        .args([
            "connections",
            "create",
            "--name",
            "Other",
            "--provider",
            "ollama",
        ])
        .env_clear()
        .env("HOME", &home)
        .current_dir(&home)
        .output()
        .unwrap();
    assert!(made.status.success(), "{made:?}");
    terminal.asks_after("1 connection; list lists them.");
    terminal.line("list");
    terminal.asks_after("1. Other, alias other, Ollama, active");
    // End of the input.
    terminal.keyboard.write_all(&[4]).unwrap();
    assert_eq!(terminal.ends(), 0);
}

#[test]
fn next_line_cancels_a_long_connection_test() {
    // A server that accepts connections and does not reply.
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = silent.local_addr().unwrap();
    let mut terminal = Terminal::start("dumb", &[], "");
    let home = terminal.home.path().to_owned();
    terminal.asks_after("No connections yet");
    let made = std::process::Command::new(env!("CARGO_BIN_EXE_umai"))
        .args([
            "connections",
            "create",
            "--name",
            "Mute",
            "--provider",
            "openai-compatible",
        ])
        .args(["--set", &format!("endpoint=http://{address}/v1")])
        .env_clear()
        .env("HOME", &home)
        .current_dir(&home)
        .output()
        .unwrap();
    assert!(made.status.success(), "{made:?}");
    terminal.asks_after("1 connection; list lists them.");
    terminal.line("1");
    terminal.asks_after("Selected: Mute");
    terminal.line("test");
    terminal.asks_after("Testing the connection");
    terminal.line("back");
    terminal.asks_after("1 connection; list lists them.");
    terminal.line("quit");
    assert_eq!(terminal.ends(), 0);
}

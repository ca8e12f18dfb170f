//! The app in a pseudo terminal, as needed by the stress test.

use std::io::{Read, Write};
use std::num::NonZeroU16;
use std::path::Path;
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};
use rustix::process::{Pid, Signal, kill_process};

use crate::support::child_process::PATIENCE;

/// Running app; killed on drop.
pub struct App {
    child: Box<dyn Child + Send + Sync>,
    writer: Box<dyn Write + Send>,
    bytes: Receiver<Vec<u8>>,
    screen: vt100::Parser,
    /// Keeps the terminal open.
    _master: Box<dyn MasterPty + Send>,
}

impl Drop for App {
    fn drop(&mut self) {
        // Killing an app that has ended fails.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl App {
    /// Starts the app in a home folder.
    pub fn start(home: &Path) -> Self {
        let size = PtySize {
            rows: 30,
            cols: 100,
            pixel_width: 0,
            pixel_height: 0,
        };
        let pair = native_pty_system().openpty(size).unwrap();
        let mut command = CommandBuilder::new(env!("CARGO_BIN_EXE_umai"));
        command.cwd(home);
        command.env_clear();
        command.env("TERM", "xterm-256color");
        command.env("HOME", home);
        let child = pair.slave.spawn_command(command).unwrap();
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
        let mut app = Self {
            child,
            writer: pair.master.take_writer().unwrap(),
            bytes,
            screen: vt100::Parser::new(
                NonZeroU16::new(30).unwrap(),
                NonZeroU16::new(100).unwrap(),
                0,
            ),
            _master: pair.master,
        };
        app.press("\u{1b}[?6c");
        app
    }

    pub fn id(&self) -> Option<u32> {
        self.child.process_id()
    }

    pub fn press(&mut self, keys: &str) {
        // A killed app is detected by the missing screen output.
        let _ = self.writer.write_all(keys.as_bytes());
    }

    /// Waits until the screen shows a text.
    pub fn wait_for(&mut self, text: &str) {
        self.wait_for_any(&[text]);
    }

    /// Waits until the screen shows one of the texts, and returns its index.
    fn wait_for_any(&mut self, texts: &[&str]) -> usize {
        let end = Instant::now() + PATIENCE;
        loop {
            let contents = self.screen.screen().contents();
            if let Some(which) = texts.iter().position(|text| contents.contains(text)) {
                return which;
            }
            assert!(
                Instant::now() < end,
                "{texts:?} not shown; the screen is\n{contents}"
            );
            if let Ok(bytes) = self.bytes.recv_timeout(Duration::from_millis(50)) {
                self.screen.process(&bytes);
            }
        }
    }

    /// Waits until the app is ready. It may first offer drafts of an app that was killed.
    pub fn wait_until_ready(&mut self) {
        self.wait_for_any(&["n New", "Unsaved drafts"]);
    }

    /// Opens the list of providers, dismissing the drafts of a killed app if they are offered.
    pub fn open_provider_list(&mut self) {
        self.press("n");
        if self.wait_for_any(&["Select AI Provider", "Unsaved drafts"]) == 1 {
            self.press("\u{1b}");
            self.wait_for(" kept (U)");
            self.press("n");
            self.wait_for("Select AI Provider");
        }
    }

    /// Creates a connection with the keyboard.
    pub fn create(&mut self, name: &str) {
        self.open_provider_list();
        self.press("openai\r");
        self.wait_for("Create Connection");
        self.press(&format!("{name}\t\t\tsk-planted"));
        self.wait_for("•••");
        self.press("\u{13}");
        self.wait_for(&format!("Created \"{name}\""));
    }

    fn signal(&self, signal: Signal) {
        let id = i32::try_from(self.child.process_id().unwrap()).unwrap();
        kill_process(Pid::from_raw(id).unwrap(), signal).unwrap();
    }

    /// Suspends the app like a shell, waits until it is suspended, and runs `action` before resuming it.
    pub fn while_suspended(&mut self, action: impl FnOnce()) {
        self.signal(Signal::TSTP);
        let end = Instant::now() + PATIENCE;
        while self.state() != 'T' {
            assert!(Instant::now() < end, "the app is not suspended");
            if let Ok(bytes) = self.bytes.recv_timeout(Duration::from_millis(5)) {
                self.screen.process(&bytes);
            }
        }
        action();
        self.signal(Signal::CONT);
    }

    fn state(&self) -> char {
        let id = self.child.process_id().unwrap();
        let stat = std::fs::read_to_string(format!("/proc/{id}/stat")).unwrap();
        stat.rsplit(") ").next().unwrap().chars().next().unwrap()
    }

    /// Quits with Ctrl-C, which works everywhere. Returns true when the app exited in order.
    pub fn quit(mut self) -> bool {
        self.press("\u{3}");
        let end = Instant::now() + PATIENCE;
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status.exit_code() == 130;
            }
            assert!(Instant::now() < end, "the app does not exit");
            // Drain the output so that the app can finish drawing.
            let _ = self.bytes.recv_timeout(Duration::from_millis(10));
        }
    }
}

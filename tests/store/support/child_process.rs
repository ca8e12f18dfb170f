//! Child processes: each runs one ignored test of the same file and reports lines that start with `@`.

use std::io::{BufRead, BufReader, Write};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

/// Environment variable with the folder for a child process.
pub const FOLDER: &str = "UMAI_TEST_SHARED_FOLDER";
/// Environment variable with a number for a child process.
pub const NUMBER: &str = "UMAI_TEST_SHARED_NUMBER";

/// Maximum time to wait for an expected event.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// Child process that runs an ignored test; killed on drop.
pub struct ChildProcess {
    pub child: Child,
    lines: Receiver<String>,
}

impl Drop for ChildProcess {
    fn drop(&mut self) {
        // Killing a process that has ended fails.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[allow(dead_code, reason = "each test uses a part of this")]
impl ChildProcess {
    pub fn start(test: &str, folder: &Path, number: u64) -> Self {
        Self::spawn(Self::command(test, folder, number)).unwrap()
    }

    /// Starts the process as another user.
    pub fn start_as(user: u32, test: &str, folder: &Path) -> std::io::Result<Self> {
        let mut command = Self::command(test, folder, 0);
        command.uid(user).gid(user);
        Self::spawn(command)
    }

    fn command(test: &str, folder: &Path, number: u64) -> Command {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command
            .args(["--exact", test, "--ignored", "--nocapture"])
            .env(FOLDER, folder)
            .env(NUMBER, number.to_string())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped());
        command
    }

    fn spawn(mut command: Command) -> std::io::Result<Self> {
        let mut child = command.spawn()?;
        let out = BufReader::new(child.stdout.take().unwrap()).lines();
        let (sender, lines) = channel();
        std::thread::spawn(move || {
            for line in out.map_while(Result::ok) {
                if let Some(line) = line.strip_prefix('@')
                    && sender.send(line.to_owned()).is_err()
                {
                    return;
                }
            }
        });
        Ok(Self { child, lines })
    }

    /// Returns the next reported line.
    pub fn line(&self) -> String {
        self.lines
            .recv_timeout(PATIENCE)
            .expect("the process reports nothing")
    }

    /// Returns the next line reported within a time.
    pub fn line_within(&self, time: Duration) -> Option<String> {
        self.lines.recv_timeout(time).ok()
    }

    /// Kills the process and returns the reported lines that were not read yet.
    pub fn kill(mut self) -> Vec<String> {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
        self.lines.iter().collect()
    }

    /// Closes the input of the process, which ends it, and waits for it.
    pub fn end(mut self) {
        drop(self.child.stdin.take());
        assert!(self.child.wait().unwrap().success());
    }
}

/// Reports a line to the parent test.
#[allow(dead_code, reason = "each test uses a part of this")]
pub fn report(line: &str) {
    let mut out = std::io::stdout().lock();
    writeln!(out, "\n@{line}").unwrap();
    out.flush().unwrap();
}

/// Parameters from the parent test; `None` without a parent.
pub fn parameters() -> Option<(std::path::PathBuf, u64)> {
    let folder = std::env::var_os(FOLDER)?;
    let number = std::env::var(NUMBER).unwrap().parse().unwrap();
    Some((folder.into(), number))
}

/// Waits until the parent test ends this process or is gone.
#[allow(dead_code, reason = "each test uses a part of this")]
pub async fn wait_for_end() {
    tokio::task::spawn_blocking(|| std::io::copy(&mut std::io::stdin(), &mut std::io::sink()))
        .await
        .unwrap()
        .unwrap();
}

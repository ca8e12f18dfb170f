//! Other processes of this test: each runs one ignored test of the same file, and says lines that begin with `@`.

use std::io::{BufRead, BufReader, Write};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

/// The variable that names the folder to such a process.
pub const FOLDER: &str = "UMAI_TEST_SHARED_FOLDER";
/// The variable that gives it a number.
pub const NUMBER: &str = "UMAI_TEST_SHARED_NUMBER";

/// The longest a test waits for what must come.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// A process that runs an ignored test; killed when dropped.
pub struct Beside {
    pub child: Child,
    lines: Receiver<String>,
}

impl Drop for Beside {
    fn drop(&mut self) {
        // One that has ended cannot be killed.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[allow(dead_code, reason = "each test uses a part of this")]
impl Beside {
    pub fn start(test: &str, folder: &Path, number: u64) -> Self {
        Self::begin(Self::command(test, folder, number)).unwrap()
    }

    /// The same as another user.
    pub fn start_as(user: u32, test: &str, folder: &Path) -> std::io::Result<Self> {
        let mut command = Self::command(test, folder, 0);
        command.uid(user).gid(user);
        Self::begin(command)
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

    fn begin(mut command: Command) -> std::io::Result<Self> {
        let mut child = command.spawn()?;
        let out = BufReader::new(child.stdout.take().unwrap()).lines();
        let (told, lines) = channel();
        std::thread::spawn(move || {
            for line in out.map_while(Result::ok) {
                if let Some(line) = line.strip_prefix('@')
                    && told.send(line.to_owned()).is_err()
                {
                    return;
                }
            }
        });
        Ok(Self { child, lines })
    }

    /// The next line it says.
    pub fn line(&self) -> String {
        self.lines.recv_timeout(PATIENCE).expect("it says nothing")
    }

    /// The next line it says within a time.
    pub fn line_within(&self, time: Duration) -> Option<String> {
        self.lines.recv_timeout(time).ok()
    }

    /// Kills it; answers what it said and was not heard yet.
    pub fn kill(mut self) -> Vec<String> {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
        self.lines.iter().collect()
    }

    /// Lets it end; it waits for the end of its input.
    pub fn end(mut self) {
        drop(self.child.stdin.take());
        assert!(self.child.wait().unwrap().success());
    }
}

/// Says a line to the test that started this process.
#[allow(dead_code, reason = "each test uses a part of this")]
pub fn say(line: &str) {
    let mut out = std::io::stdout().lock();
    writeln!(out, "\n@{line}").unwrap();
    out.flush().unwrap();
}

/// What the test that started this process told it; nothing when it was not started so.
pub fn told() -> Option<(std::path::PathBuf, u64)> {
    let folder = std::env::var_os(FOLDER)?;
    let number = std::env::var(NUMBER).unwrap().parse().unwrap();
    Some((folder.into(), number))
}

/// Waits until the test that started this process lets it end, or is gone.
#[allow(dead_code, reason = "each test uses a part of this")]
pub async fn until_let_go() {
    tokio::task::spawn_blocking(|| std::io::copy(&mut std::io::stdin(), &mut std::io::sink()))
        .await
        .unwrap()
        .unwrap();
}

//! A home directory, and the server that runs in it.

use std::fs;
use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use tempfile::TempDir;

use crate::server::raw_http::{Reply, ask};

/// Path of the connections.
pub const CONNECTIONS: &str = "/umbraco/ai/management/api/v1/connections";

/// The documented request body.
pub const DOCUMENTED: &str = r#"{"alias":"openai-prod","name":"OpenAI Production","providerId":"openai","isActive":true,"settings":{"apiKey":"sk-your-api-key","organization":null}}"#;

/// Timeout for events that must happen.
pub const LONG: Duration = Duration::from_secs(20);

/// Home and working directory.
pub struct ServerHome {
    folder: TempDir,
}

/// Output of a command.
#[derive(Debug)]
pub struct CommandOutput {
    pub code: Option<i32>,
    pub out: String,
    pub err: String,
}

impl CommandOutput {
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }
}

impl ServerHome {
    pub fn new() -> Self {
        Self {
            folder: tempfile::tempdir().unwrap(),
        }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn config(&self, name: &str) -> PathBuf {
        self.path(".config/umai").join(name)
    }

    pub fn data(&self, name: &str) -> PathBuf {
        self.path(".local/share/umai").join(name)
    }

    /// Returns an umai command with an empty environment.
    pub fn umai(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_umai"));
        command
            .args(arguments)
            .env_clear()
            .env("HOME", self.folder.path())
            .current_dir(self.folder.path())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    pub fn run(&self, arguments: &[&str]) -> CommandOutput {
        let mut command = assert_cmd::Command::from_std(self.umai(arguments));
        let output = command.timeout(LONG).output().unwrap();
        CommandOutput {
            code: output.status.code(),
            out: String::from_utf8(output.stdout).unwrap(),
            err: String::from_utf8(output.stderr).unwrap(),
        }
    }

    /// Creates a token and returns its text.
    pub fn token(&self, name: &str, scope: &str) -> String {
        let made = self.run(&[
            "token", "create", "--name", name, "--scope", scope, "--json",
        ]);
        made.json()["token"].as_str().unwrap().to_owned()
    }

    /// Starts a plain HTTP server without authentication.
    pub fn open_server(&self) -> Server {
        self.serve(&["--http", "--no-auth"])
    }

    /// Starts a server on a free port.
    pub fn serve(&self, options: &[&str]) -> Server {
        let log = self.path("log");
        let mut arguments = vec!["serve", "--json", "--listen", "127.0.0.1:0", "--log"];
        arguments.push(log.to_str().unwrap());
        arguments.extend(options);
        Server::start(self.umai(&arguments), log)
    }

    /// Returns the files below the home directory that contain these bytes.
    pub fn files_with(&self, needle: &[u8]) -> Vec<PathBuf> {
        let mut found = Vec::new();
        search(self.folder.path(), needle, &mut found);
        found
    }
}

/// A running server, killed on drop.
pub struct Server {
    child: Child,
    pub address: SocketAddr,
    pub startup: Value,
    log: PathBuf,
}

impl Drop for Server {
    fn drop(&mut self) {
        // The process may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Server {
    /// Starts the server and waits for its address.
    pub fn start(mut command: Command, log: PathBuf) -> Self {
        let mut child = command.spawn().unwrap();
        let mut line = String::new();
        let mut out = BufReader::new(child.stdout.take().unwrap());
        out.read_line(&mut line).unwrap();
        if line.is_empty() {
            let output = child.wait_with_output().unwrap();
            panic!("the server did not start: {output:?}");
        }
        let startup: Value = serde_json::from_str(&line).unwrap();
        let address = startup["addresses"][0].as_str().unwrap().parse().unwrap();
        Self {
            child,
            address,
            startup,
            log,
        }
    }

    /// Returns the log.
    pub fn log(&self) -> String {
        fs::read_to_string(&self.log).unwrap()
    }

    /// Waits for a log line with this text and returns it.
    pub fn log_line(&self, needle: &str) -> Value {
        let line = wait_for(|| {
            let log = self.log();
            log.lines()
                .find(|line| line.contains(needle))
                .map(str::to_owned)
        });
        serde_json::from_str(&line).unwrap()
    }

    pub fn id(&self) -> u32 {
        self.child.id()
    }

    pub fn signal(&self, signal: Signal) {
        let pid = i32::try_from(self.child.id()).unwrap();
        kill_process(Pid::from_raw(pid).unwrap(), signal).unwrap();
    }

    /// Waits until the process has ended.
    pub fn ended(&mut self) -> ExitStatus {
        wait_for(|| self.child.try_wait().unwrap())
    }

    /// Sends a request over plain HTTP.
    pub fn ask(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Reply {
        ask(self.address, method, path, headers, body)
    }

    pub fn get(&self, path: &str) -> Reply {
        self.ask("GET", path, &[], "")
    }

    /// Sends a GET request with a token.
    pub fn get_as(&self, token: &str, path: &str) -> Reply {
        let bearer = format!("Bearer {token}");
        self.ask("GET", path, &[("Authorization", &bearer)], "")
    }

    pub fn create(&self, body: &str) -> Reply {
        let json = ("Content-Type", "application/json");
        self.ask("POST", CONNECTIONS, &[json], body)
    }

    /// Returns the list of all connections.
    pub fn stored(&self) -> String {
        self.get(CONNECTIONS).body
    }
}

/// Waits for an event that must happen.
pub fn wait_for<T>(mut look: impl FnMut() -> Option<T>) -> T {
    let end = Instant::now() + LONG;
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(Instant::now() < end, "timed out");
        std::thread::yield_now();
    }
}

fn search(folder: &Path, needle: &[u8], found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            search(&path, needle, found);
        } else if path.is_file()
            && fs::read(&path)
                .unwrap()
                .windows(needle.len())
                .any(|part| part == needle)
        {
            found.push(path);
        }
    }
}

//! A home folder, and the server that runs in it.

use std::fs;
use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use tempfile::TempDir;

use crate::raw::{Reply, ask};

/// Where the connections are.
pub const CONNECTIONS: &str = "/umbraco/ai/management/api/v1/connections";

/// The documented request body.
pub const DOCUMENTED: &str = r#"{"alias":"openai-prod","name":"OpenAI Production","providerId":"openai","isActive":true,"settings":{"apiKey":"sk-your-api-key","organization":null}}"#;

/// How long anything may take that is sure to happen.
pub const LONG: Duration = Duration::from_secs(20);

/// A folder that is home and working folder.
pub struct House {
    folder: TempDir,
}

/// What a command said.
#[derive(Debug)]
pub struct Said {
    pub code: Option<i32>,
    pub out: String,
    pub err: String,
}

impl Said {
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }
}

impl House {
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

    /// umai, ready to run here with an environment that has nothing in it.
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

    pub fn run(&self, arguments: &[&str]) -> Said {
        let mut command = assert_cmd::Command::from_std(self.umai(arguments));
        let output = command.timeout(LONG).output().unwrap();
        Said {
            code: output.status.code(),
            out: String::from_utf8(output.stdout).unwrap(),
            err: String::from_utf8(output.stderr).unwrap(),
        }
    }

    /// Makes a token and answers its text.
    pub fn token(&self, name: &str, scope: &str) -> String {
        let made = self.run(&[
            "token", "create", "--name", name, "--scope", scope, "--json",
        ]);
        made.json()["token"].as_str().unwrap().to_owned()
    }

    /// A server in plain HTTP that asks for no token.
    pub fn open_server(&self) -> Server {
        self.serve(&["--http", "--no-auth"])
    }

    /// A server on a free port.
    pub fn serve(&self, options: &[&str]) -> Server {
        let log = self.path("log");
        let mut arguments = vec!["serve", "--json", "--listen", "127.0.0.1:0", "--log"];
        arguments.push(log.to_str().unwrap());
        arguments.extend(options);
        Server::start(self.umai(&arguments), log)
    }

    /// Whether these bytes are in any file below the home.
    pub fn files_with(&self, needle: &[u8]) -> Vec<PathBuf> {
        let mut found = Vec::new();
        search(self.folder.path(), needle, &mut found);
        found
    }
}

/// A server that is running; it is ended when this is dropped.
pub struct Server {
    child: Child,
    pub address: SocketAddr,
    pub told: Value,
    log: PathBuf,
}

impl Drop for Server {
    fn drop(&mut self) {
        // One that was stopped already is no longer there.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Server {
    /// Starts it, and waits until it says where it listens.
    pub fn start(mut command: Command, log: PathBuf) -> Self {
        let mut child = command.spawn().unwrap();
        let mut line = String::new();
        let mut out = BufReader::new(child.stdout.take().unwrap());
        out.read_line(&mut line).unwrap();
        if line.is_empty() {
            let output = child.wait_with_output().unwrap();
            panic!("it did not start: {output:?}");
        }
        let told: Value = serde_json::from_str(&line).unwrap();
        let address = told["addresses"][0].as_str().unwrap().parse().unwrap();
        Self {
            child,
            address,
            told,
            log,
        }
    }

    /// The log so far.
    pub fn log(&self) -> String {
        fs::read_to_string(&self.log).unwrap()
    }

    /// Waits until the log says this, and answers the line.
    pub fn log_line(&self, needle: &str) -> Value {
        let line = wait_for(|| {
            let log = self.log();
            log.lines()
                .find(|line| line.contains(needle))
                .map(str::to_owned)
        });
        serde_json::from_str(&line).unwrap()
    }

    pub fn signal(&self, signal: Signal) {
        let pid = i32::try_from(self.child.id()).unwrap();
        kill_process(Pid::from_raw(pid).unwrap(), signal).unwrap();
    }

    /// Waits until it has ended.
    pub fn ended(&mut self) -> ExitStatus {
        wait_for(|| self.child.try_wait().unwrap())
    }

    /// Asks and answers in plain HTTP.
    pub fn ask(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Reply {
        ask(self.address, method, path, headers, body)
    }

    pub fn get(&self, path: &str) -> Reply {
        self.ask("GET", path, &[], "")
    }

    /// As a token's owner.
    pub fn get_as(&self, token: &str, path: &str) -> Reply {
        let bearer = format!("Bearer {token}");
        self.ask("GET", path, &[("Authorization", &bearer)], "")
    }

    pub fn create(&self, body: &str) -> Reply {
        let json = ("Content-Type", "application/json");
        self.ask("POST", CONNECTIONS, &[json], body)
    }

    /// Everything that is stored, as the list tells it.
    pub fn stored(&self) -> String {
        self.get(CONNECTIONS).body
    }
}

/// Waits for something that is sure to come.
pub fn wait_for<T>(mut look: impl FnMut() -> Option<T>) -> T {
    let end = Instant::now() + LONG;
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(Instant::now() < end, "it did not come");
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

//! Empty home directory, and umai running in it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;
use tempfile::TempDir;

/// Request body from the API documentation.
pub const DOCUMENTED: &str = r#"{"alias":"openai-prod","name":"OpenAI Production","providerId":"openai","isActive":true,"settings":{"apiKey":"sk-your-api-key","organization":null}}"#;

/// Temporary directory that is the home and the working directory, with data and config.
pub struct Home {
    folder: TempDir,
}

/// Exit code and output of umai.
#[derive(Debug)]
pub struct Answer {
    pub code: i32,
    pub out: String,
    pub err: String,
}

impl Answer {
    /// stdout as one JSON value.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// The last line of stderr as problem details.
    pub fn problem(&self) -> Value {
        let line = self.err.lines().last().unwrap_or_default();
        serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// stdout and stderr.
    pub fn output(&self) -> String {
        format!("{}{}", self.out, self.err)
    }
}

impl Home {
    pub fn new() -> Self {
        Self {
            folder: tempfile::tempdir().unwrap(),
        }
    }

    /// Creates a home with the documented connection.
    pub fn documented() -> Self {
        let home = Self::new();
        let answer = home.create(DOCUMENTED);
        assert_eq!(answer.code, 0, "{answer:?}");
        home
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn write(&self, name: &str, text: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, text).unwrap();
        path
    }

    /// Command for umai in this home, with a minimal environment.
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

    pub fn run(&self, arguments: &[&str]) -> Answer {
        answer(assert_cmd::Command::from_std(self.umai(arguments)))
    }

    pub fn pipe(&self, arguments: &[&str], stdin: impl Into<Vec<u8>>) -> Answer {
        answer_with(self.umai(arguments), stdin)
    }

    /// Creates connections from a request body.
    pub fn create(&self, body: &str) -> Answer {
        self.pipe(
            &["connections", "create", "--from-json", "-", "--json"],
            body,
        )
    }

    /// Number of connections.
    pub fn total(&self) -> u64 {
        self.run(&["connections", "list", "--json"]).json()["total"]
            .as_u64()
            .unwrap()
    }

    /// Files below the home that contain these bytes.
    pub fn files_with(&self, needle: &str) -> Vec<PathBuf> {
        let mut found = Vec::new();
        search(self.folder.path(), needle.as_bytes(), &mut found);
        found
    }
}

/// Names of the members of an object, in order.
pub fn members(value: &Value) -> Vec<&str> {
    value
        .as_object()
        .unwrap()
        .keys()
        .map(String::as_str)
        .collect()
}

fn search(folder: &Path, needle: &[u8], found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            search(&path, needle, found);
        } else if fs::read(&path)
            .unwrap()
            .windows(needle.len())
            .any(|part| part == needle)
        {
            found.push(path);
        }
    }
}

/// Runs a command with input on stdin.
pub fn answer_with(command: Command, stdin: impl Into<Vec<u8>>) -> Answer {
    let mut command = assert_cmd::Command::from_std(command);
    command.write_stdin(stdin);
    answer(command)
}

/// Runs a command.
pub fn answer_of(command: Command) -> Answer {
    answer(assert_cmd::Command::from_std(command))
}

fn answer(mut command: assert_cmd::Command) -> Answer {
    let output = command.output().unwrap();
    Answer {
        code: output.status.code().expect("ended by itself"),
        out: String::from_utf8(output.stdout).unwrap(),
        err: String::from_utf8(output.stderr).unwrap(),
    }
}

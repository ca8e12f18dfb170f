//! Benchmarks of the binary with manifests of 100,000 connections: import, export, and an apply without changes.
//!
//! `cargo bench --bench documents`; `UMAI_BENCH_CONNECTIONS` sets the number.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "a benchmark may panic and prints its results; process memory can only be sampled"
)]

#[path = "terminal/mod.rs"]
mod terminal;

use std::fmt::Write as _;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// Interval of memory samples.
const LOOK: Duration = Duration::from_millis(5);

fn main() {
    let Some(many) = terminal::connections() else {
        return;
    };
    for ending in ["json", "yaml"] {
        let home = Home::new();
        let document = home.document(many, ending);
        let size = std::fs::metadata(&document).unwrap().len() / 1_000;
        println!("{many} connections in {ending}, {size} kB:");
        let document = document.to_str().unwrap();
        home.measure("import", &["import", document]);
        let exported = home.path(&format!("out.{ending}"));
        let exported = exported.to_str().unwrap();
        home.measure("export to a file", &["export", "--output-file", exported]);
        home.measure("export to stdout", &["export", "--format", ending]);
        home.measure(
            "apply, nothing to do",
            &["apply", "-f", exported, "--prune"],
        );
    }
}

/// Directories of an installation.
struct Home(tempfile::TempDir);

impl Home {
    fn new() -> Self {
        let home = Self(tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap());
        let settings = r#"{ "OpenAI": { "ApiKey": "sk-from-appsettings" } }"#;
        std::fs::write(home.path("appsettings.json"), settings).unwrap();
        std::fs::write(home.path("key.txt"), "sk-a-key-in-a-file").unwrap();
        home
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// Half of the connections have a secret, the others a reference.
    fn document(&self, many: usize, ending: &str) -> PathBuf {
        let is_json = ending == "json";
        let mut text = String::new();
        text.push_str(if is_json {
            "{\"connections\":["
        } else {
            "connections:\n"
        });
        for number in 0..many {
            let key = match (number % 2, is_json) {
                (0, true) => r#"{"file":"key.txt"}"#,
                (0, false) => "{file: key.txt}",
                (_, true) => r#""$OpenAI:ApiKey""#,
                (_, false) => "$OpenAI:ApiKey",
            };
            if is_json {
                let comma = if number == 0 { "" } else { "," };
                writeln!(text, r#"{comma}{{"alias":"team-{number}","name":"Team {number} Production","providerId":"openai","isActive":true,"settings":{{"apiKey":{key},"organization":"org-{number}","endpoint":"https://api.openai.com/v1"}}}}"#).unwrap();
            } else {
                write!(text, "  - alias: team-{number}\n    name: Team {number} Production\n    providerId: openai\n    isActive: true\n    settings:\n      apiKey: {key}\n      organization: org-{number}\n      endpoint: https://api.openai.com/v1\n").unwrap();
            }
        }
        text.push_str(if is_json { "]}" } else { "" });
        let file = self.path(&format!("in.{ending}"));
        std::fs::write(&file, text).unwrap();
        file
    }

    fn measure(&self, name: &str, arguments: &[&str]) {
        let began = Instant::now();
        let mut child = Command::new(terminal::binary())
            .arg("connections")
            .args(arguments)
            .env_clear()
            .env("HOME", self.0.path())
            .current_dir(self.0.path())
            .stdin(Stdio::null())
            .stdout(File::create(self.path("stdout")).unwrap())
            .stderr(File::create(self.path("stderr")).unwrap())
            .spawn()
            .unwrap();
        let mut most = 0;
        let status = loop {
            most = most.max(peak(child.id()));
            if let Some(status) = child.try_wait().unwrap() {
                break status;
            }
            std::thread::sleep(LOOK);
        };
        let took = began.elapsed();
        let stderr = std::fs::read_to_string(self.path("stderr")).unwrap();
        assert!(status.success(), "{name}: {stderr}");
        println!("  {name}: {took:.2?}, at most {} MB", most / 1_000);
    }
}

/// Peak memory of a process in kB.
fn peak(process: u32) -> u64 {
    let status = Path::new("/proc").join(process.to_string()).join("status");
    let status = std::fs::read_to_string(status).unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("VmHWM:"));
    let number = line.and_then(|line| line.split_whitespace().nth(1));
    number.and_then(|number| number.parse().ok()).unwrap_or(0)
}

//! Records commit and date for `umai --version` of a release build.

use std::path::Path;
use std::process::Command;

/// Changes with every commit and checkout.
const HEAD_LOG: &str = ".git/logs/HEAD";

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    let is_release = std::env::var("PROFILE").is_ok_and(|profile| profile == "release");
    // A debug build would be compiled again after every commit.
    let commit = if is_release { commit() } else { None };
    let suffix = commit.map_or_else(String::new, |commit| format!(" ({commit})"));
    println!("cargo::rustc-env=UMAI_VERSION_SUFFIX={suffix}");
}

/// Commit and its date, or `None` outside a Git checkout.
fn commit() -> Option<String> {
    // Sources from an archive may lie inside another project's checkout.
    if !Path::new(".git").exists() {
        return None;
    }
    // A file that does not exist would count as changed in every build.
    if Path::new(HEAD_LOG).exists() {
        println!("cargo::rerun-if-changed={HEAD_LOG}");
    }
    let arguments = ["log", "-1", "--format=%h %cs", "--abbrev=10"];
    let output = Command::new("git").args(arguments).output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    output.status.success().then(|| text.trim().to_owned())
}

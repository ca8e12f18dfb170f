//! Keeps the language plain: no banned words, and doc comments that begin with a noun or a verb.
//!
//! The word list is `tests/banned_words.txt`; its head explains the format.

use std::fs;
use std::path::{Path, PathBuf};

use regex::{Regex, RegexBuilder};

const LIST: &str = "tests/banned_words.txt";
const FOLDERS: [&str; 6] = ["src", "tests", "benches", "fuzz", "docs", "assets"];
const ENDINGS: [&str; 5] = ["rs", "md", "toml", "txt", "snap"];

/// Parsed word list.
struct Rules {
    banned: Vec<Regex>,
    exceptions: Vec<Exception>,
}

/// Place where a banned word is allowed.
struct Exception {
    path: String,
    text: String,
}

impl Rules {
    fn load() -> Self {
        let mut rules = Self {
            banned: Vec::new(),
            exceptions: Vec::new(),
        };
        let list = fs::read_to_string(root().join(LIST)).unwrap();
        for (number, line) in list.lines().enumerate() {
            let line = line.trim();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let Some(exception) = line.strip_prefix("allow ") else {
                let regex = RegexBuilder::new(line).case_insensitive(true).build();
                rules
                    .banned
                    .push(regex.unwrap_or_else(|error| panic!("{LIST}:{}: {error}", number + 1)));
                continue;
            };
            let parts: Vec<_> = exception.splitn(3, " | ").collect();
            let [path, text, reason] = parts[..] else {
                panic!("{LIST}:{}: write `allow PATH | TEXT | REASON`", number + 1);
            };
            assert!(
                !reason.trim().is_empty(),
                "{LIST}:{}: no reason",
                number + 1
            );
            rules.exceptions.push(Exception {
                path: path.trim().to_owned(),
                text: text.trim().to_owned(),
            });
        }
        assert!(!rules.banned.is_empty());
        rules
    }

    fn is_allowed(&self, path: &str, line: &str) -> bool {
        self.exceptions
            .iter()
            .any(|one| path == one.path && line.contains(&one.text))
    }
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Every text file of the project, by its path from the root.
fn files() -> Vec<PathBuf> {
    let mut found: Vec<PathBuf> = fs::read_dir(root())
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.is_file() && is_text(path))
        .collect();
    let mut folders: Vec<PathBuf> = FOLDERS.iter().map(|folder| root().join(folder)).collect();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() && path.file_name().is_some_and(|name| name != "target") {
                folders.push(path);
            } else if path.is_file() && is_text(&path) {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

fn is_text(path: &Path) -> bool {
    let ending = path.extension().and_then(|ending| ending.to_str());
    ending.is_some_and(|ending| ENDINGS.contains(&ending))
}

fn shown(path: &Path) -> String {
    let path = path.strip_prefix(root()).unwrap();
    path.to_string_lossy().into_owned()
}

#[test]
fn no_file_contains_a_banned_word() {
    let rules = Rules::load();
    let mut found = Vec::new();
    for path in files() {
        let name = shown(&path);
        if name == LIST {
            continue;
        }
        let text = fs::read_to_string(&path).unwrap_or_default();
        for (number, line) in text.lines().enumerate() {
            for banned in &rules.banned {
                if let Some(word) = banned.find(line)
                    && !rules.is_allowed(&name, line)
                {
                    found.push(format!("{name}:{}: {:?}", number + 1, word.as_str()));
                }
            }
        }
    }
    assert!(
        found.is_empty(),
        "{} banned words (see {LIST}):\n{}",
        found.len(),
        found.join("\n")
    );
}

#[test]
fn every_exception_is_still_needed() {
    let rules = Rules::load();
    for one in &rules.exceptions {
        let text = fs::read_to_string(root().join(&one.path)).unwrap_or_default();
        assert!(
            text.lines().any(|line| line.contains(&one.text)
                && rules.banned.iter().any(|banned| banned.is_match(line))),
            "{LIST}: `allow {} | {}` matches nothing: delete it",
            one.path,
            one.text
        );
    }
}

#[test]
fn doc_comments_begin_with_a_noun_or_a_verb() {
    let opening = Regex::new(r"^\s*//[/!] (What|Whether|Where|How|Who|Which|When|Why)\b").unwrap();
    let doc = Regex::new(r"^\s*//[/!]").unwrap();
    let mut found = Vec::new();
    for path in files() {
        let name = shown(&path);
        if path.extension().is_none_or(|ending| ending != "rs") {
            continue;
        }
        let text = fs::read_to_string(&path).unwrap_or_default();
        let mut is_inside = false;
        for (number, line) in text.lines().enumerate() {
            if !is_inside && opening.is_match(line) {
                found.push(format!("{name}:{}: {}", number + 1, line.trim()));
            }
            is_inside = doc.is_match(line);
        }
    }
    assert!(
        found.is_empty(),
        "{} doc comments begin with a question word; write a noun phrase or an imperative:\n{}",
        found.len(),
        found.join("\n")
    );
}

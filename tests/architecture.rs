//! Reads the sources and holds the directions that the design decides.
#![allow(clippy::unwrap_used, reason = "a test may fail anywhere")]

use std::fs;
use std::path::{Path, PathBuf};

/// A room, and what no file in it may name.
struct Wall {
    room: &'static str,
    but: &'static [&'static str],
    never: &'static [&'static str],
    because: &'static str,
}

const WALLS: &[Wall] = &[
    Wall {
        room: "text",
        but: &[],
        never: &["crate::"],
        because: "making text harmless stands on nothing of umai",
    },
    Wall {
        room: "disk",
        but: &[],
        never: &["crate::"],
        because: "files are made the same way whatever is in them",
    },
    Wall {
        room: "provider",
        but: &[],
        never: &[
            "crate::connection",
            "crate::store",
            "crate::tui",
            "crate::cli",
            "crate::appsettings",
            "sled::",
            "ratatui::",
        ],
        because: "a provider does not know who connects to it",
    },
    Wall {
        room: "appsettings",
        but: &[],
        never: &[
            "crate::connection",
            "crate::store",
            "crate::tui",
            "crate::cli",
            "sled::",
            "ratatui::",
        ],
        because: "application settings do not know who refers to them",
    },
    Wall {
        room: "connection",
        but: &[],
        never: &[
            "crate::store",
            "crate::tui",
            "crate::cli",
            "crate::api",
            "crate::config",
            "sled::",
            "ratatui::",
            "crossterm::",
            "axum::",
            "anyhow::",
            "clap::",
        ],
        because: "the rules know neither what keeps connections nor who asks",
    },
    Wall {
        room: "store",
        but: &[],
        never: &[
            "crate::tui",
            "crate::cli",
            "crate::api",
            "crate::config",
            "ratatui::",
            "crossterm::",
            "axum::",
            "anyhow::",
            "clap::",
        ],
        because: "a store keeps connections and nothing else",
    },
    Wall {
        room: "drafts",
        but: &[],
        never: &[
            "crate::tui",
            "crate::cli",
            "crate::api",
            "crate::config",
            "ConnectionStore",
            "CoreService",
            "sled::",
            "ratatui::",
            "crossterm::",
            "anyhow::",
        ],
        because: "what is kept is bytes to whoever keeps it, and of the store it needs the key alone",
    },
    Wall {
        room: "api",
        but: &[],
        never: &[
            "crate::store",
            "crate::tui",
            "crate::cli",
            "crate::config",
            "CoreService",
            "sled::",
            "ratatui::",
            "anyhow::",
            "clap::",
        ],
        because: "the API speaks for any service and knows no store",
    },
    Wall {
        room: "tui",
        but: &[],
        never: &[
            "crate::store",
            "crate::api",
            "crate::cli",
            "crate::connection::store::ConnectionStore",
            "CoreService",
            "sled::",
            "axum::",
            "anyhow::",
            "clap::",
        ],
        because: "the screen cannot know whether the service is here or far away",
    },
    Wall {
        room: "tui",
        but: &["tui/view", "tui/theme", "tui/runtime", "tui/terminal"],
        never: &["ratatui::"],
        because: "state is decided without drawing",
    },
    Wall {
        room: "tui/view",
        but: &[],
        never: &[
            "ConnectionService",
            "tokio::",
            "tui::perform",
            "tui::runtime",
        ],
        because: "drawing reads and never asks",
    },
];

#[test]
fn nothing_reaches_through_a_wall() {
    let mut broken = Vec::new();
    for wall in WALLS {
        for file in files_of(wall.room, wall.but) {
            let source = code_of(&file);
            for word in wall.never.iter().filter(|word| source.contains(*word)) {
                broken.push(format!("{} names {word}: {}", file.display(), wall.because));
            }
        }
    }
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}

#[test]
fn every_wall_stands_around_a_room_that_exists() {
    for wall in WALLS {
        assert!(!files_of(wall.room, wall.but).is_empty(), "{}", wall.room);
    }
}

#[test]
fn only_the_composition_root_and_main_use_anyhow() {
    for file in rust_files(&source_root()) {
        let inside = relative(&file);
        if !(inside.starts_with("cli") || inside == "main.rs") {
            assert!(!code_of(&file).contains("anyhow"), "{inside}");
        }
    }
}

#[test]
fn every_file_says_in_its_first_line_what_it_holds() {
    for file in rust_files(&source_root()) {
        let source = fs::read_to_string(&file).unwrap();
        let first = source.lines().next().unwrap_or_default();
        assert!(first.starts_with("//! "), "{}: {first}", relative(&file));
        assert!(first.ends_with(['.', ':']), "{}: {first}", relative(&file));
    }
}

#[test]
fn no_module_is_called_mod_or_core() {
    for file in rust_files(&source_root()) {
        let inside = relative(&file);
        assert!(
            !inside.ends_with("mod.rs") && inside != "core.rs",
            "{inside}"
        );
    }
}

fn source_root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src")
}

fn relative(file: &Path) -> String {
    let inside = file.strip_prefix(source_root()).unwrap();
    inside.to_string_lossy().replace('\\', "/")
}

fn files_of(room: &str, but: &[&str]) -> Vec<PathBuf> {
    let is_in = |inside: &str, room: &str| {
        inside == format!("{room}.rs") || inside.starts_with(&format!("{room}/"))
    };
    rust_files(&source_root())
        .into_iter()
        .filter(|file| is_in(&relative(file), room))
        .filter(|file| !but.iter().any(|room| is_in(&relative(file), room)))
        .collect()
}

fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(rust_files(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    files.sort();
    files
}

/// The code of a file: without comments, and without the tests at its end, which may look wherever they need to.
fn code_of(file: &Path) -> String {
    let source = fs::read_to_string(file).unwrap();
    let code = source
        .split("#[cfg(test)]\nmod tests")
        .next()
        .unwrap_or_default();
    code.lines()
        .filter(|line| !line.trim_start().starts_with("//"))
        .collect::<Vec<_>>()
        .join("\n")
}

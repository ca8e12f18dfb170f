//! Checks the dependency directions between modules by reading the sources.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

#[path = "architecture/imports.rs"]
mod imports;

use std::fs;
use std::path::{Path, PathBuf};

/// A module, and the paths that no file in it may name.
struct Boundary {
    module: &'static str,
    except: &'static [&'static str],
    forbidden: &'static [&'static [&'static str]],
    reason: &'static str,
}

/// Modules above the model of a connection.
const UPPER_MODULES: &[&str] = &[
    "crate::probe",
    "crate::service",
    "crate::search",
    "crate::plan",
];

/// Storage, user interfaces and their libraries.
const STORAGE_AND_INTERFACES: &[&str] = &[
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
];

const BOUNDARIES: &[Boundary] = &[
    Boundary {
        module: "text",
        except: &[],
        forbidden: &[&["crate::"]],
        reason: "text sanitizing is independent of the rest of umai",
    },
    Boundary {
        module: "atomic_file",
        except: &[],
        forbidden: &[&["crate::"]],
        reason: "file creation is independent of the contents",
    },
    Boundary {
        module: "provider",
        except: &[],
        forbidden: &[
            UPPER_MODULES,
            &[
                "crate::connection",
                "crate::store",
                "crate::tui",
                "crate::cli",
                "crate::appsettings",
                "sled::",
                "ratatui::",
            ],
        ],
        reason: "a provider is independent of its connections",
    },
    Boundary {
        module: "appsettings",
        except: &[],
        forbidden: &[
            UPPER_MODULES,
            &[
                "crate::connection",
                "crate::store",
                "crate::tui",
                "crate::cli",
                "sled::",
                "ratatui::",
            ],
        ],
        reason: "application settings are independent of their references",
    },
    Boundary {
        module: "connection",
        except: &[],
        forbidden: &[STORAGE_AND_INTERFACES, UPPER_MODULES],
        reason: "the model of a connection is independent of services, storage and user interfaces",
    },
    Boundary {
        module: "probe",
        except: &[],
        forbidden: &[STORAGE_AND_INTERFACES, &["crate::service", "crate::search"]],
        reason: "a connection test needs no service, storage or user interface",
    },
    Boundary {
        module: "service",
        except: &[],
        forbidden: &[STORAGE_AND_INTERFACES, &["crate::search"]],
        reason: "the rules are independent of storage and user interfaces",
    },
    Boundary {
        module: "search",
        except: &[],
        forbidden: &[STORAGE_AND_INTERFACES, &["crate::probe", "crate::service"]],
        reason: "the filter is the same for the app and the command line",
    },
    Boundary {
        module: "plan",
        except: &[],
        forbidden: &[STORAGE_AND_INTERFACES, &["crate::probe", "crate::search"]],
        reason: "a plan works with any service, for the app and the command line",
    },
    Boundary {
        module: "store",
        except: &[],
        forbidden: &[
            UPPER_MODULES,
            &[
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
        ],
        reason: "a store is independent of user interfaces",
    },
    Boundary {
        module: "drafts",
        except: &[],
        forbidden: &[&[
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
        ]],
        reason: "drafts are opaque bytes; of the store only the key is used",
    },
    Boundary {
        module: "api",
        except: &[],
        forbidden: &[&[
            "crate::store",
            "crate::tui",
            "crate::cli",
            "crate::config",
            "CoreService",
            "sled::",
            "ratatui::",
            "anyhow::",
            "clap::",
        ]],
        reason: "the API works with any service and uses no store",
    },
    Boundary {
        module: "tui",
        except: &[],
        forbidden: &[&[
            "crate::store",
            "crate::api",
            "crate::cli",
            "crate::connection::store::ConnectionStore",
            "CoreService",
            "sled::",
            "axum::",
            "anyhow::",
            "clap::",
        ]],
        reason: "the app must work with local and remote services alike",
    },
    Boundary {
        module: "tui",
        except: &["tui/view", "tui/theme", "tui/runtime", "tui/terminal"],
        forbidden: &[&["ratatui::"]],
        reason: "state must not depend on drawing",
    },
    Boundary {
        module: "tui/view",
        except: &[],
        forbidden: &[&[
            "ConnectionService",
            "tokio::",
            "tui::perform",
            "tui::runtime",
        ]],
        reason: "drawing reads state and sends no requests",
    },
];

#[test]
fn no_module_names_forbidden_paths() {
    let mut broken = Vec::new();
    for boundary in BOUNDARIES {
        for file in files_of(boundary.module, boundary.except) {
            let source = code_of(&file);
            for word in boundary
                .forbidden
                .iter()
                .flat_map(|group| *group)
                .filter(|word| source.contains(*word))
            {
                broken.push(format!(
                    "{} names {word}: {}",
                    file.display(),
                    boundary.reason
                ));
            }
        }
    }
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}

#[test]
fn every_boundary_is_about_an_existing_module() {
    for boundary in BOUNDARIES {
        assert!(
            !files_of(boundary.module, boundary.except).is_empty(),
            "{}",
            boundary.module
        );
    }
}

#[test]
fn only_cli_and_main_use_anyhow() {
    for file in rust_files(&source_root()) {
        let inside = relative(&file);
        if !(inside.starts_with("cli") || inside == "main.rs") {
            assert!(!code_of(&file).contains("anyhow"), "{inside}");
        }
    }
}

#[test]
fn every_file_begins_with_a_module_comment() {
    for file in rust_files(&source_root()) {
        let source = fs::read_to_string(&file).unwrap();
        let first = source.lines().next().unwrap_or_default();
        assert!(first.starts_with("//! "), "{}: {first}", relative(&file));
        assert!(first.ends_with(['.', ':']), "{}: {first}", relative(&file));
    }
}

#[test]
fn no_file_is_named_mod_or_core() {
    for file in rust_files(&source_root()) {
        let inside = relative(&file);
        assert!(
            !inside.ends_with("mod.rs") && inside != "core.rs",
            "{inside}"
        );
    }
}

#[test]
fn no_file_has_more_than_350_lines_of_code() {
    let files = rust_files(&source_root());
    for file in files
        .iter()
        .filter(|file| !relative(file).contains("/tests/"))
    {
        let code = code_of(file);
        let lines = code.lines().filter(|line| !line.trim().is_empty());
        let count = lines.count();
        assert!(count <= 350, "{}: {count}", relative(file));
    }
}

#[test]
fn no_import_cycle_has_more_than_4_files() {
    let files = rust_files(&source_root());
    let modules = files.iter().map(|file| {
        let path = relative(file).replace('/', "::");
        (path.trim_end_matches(".rs").to_owned(), code_of(file))
    });
    let modules = modules.collect();
    for cycle in imports::cycles(&modules) {
        assert!(cycle.len() <= 4, "{cycle:?} import each other");
    }
}

fn source_root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src")
}

fn relative(file: &Path) -> String {
    let inside = file.strip_prefix(source_root()).unwrap();
    inside.to_string_lossy().replace('\\', "/")
}

fn files_of(module: &str, except: &[&str]) -> Vec<PathBuf> {
    let is_in = |inside: &str, module: &str| {
        inside == format!("{module}.rs") || inside.starts_with(&format!("{module}/"))
    };
    rust_files(&source_root())
        .into_iter()
        .filter(|file| is_in(&relative(file), module))
        .filter(|file| !except.iter().any(|module| is_in(&relative(file), module)))
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

/// Code of a file without comments and without its unit tests, which may use any module.
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

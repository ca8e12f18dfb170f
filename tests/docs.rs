//! What is generated in the documents is what the program says now. `UMAI_WRITE_DOCS=1 cargo test --test docs` writes it.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test may fail anywhere"
)]

mod common;
mod stage;

use std::path::{Path, PathBuf};

use stage::Stage;
use umai::tui::action::key_table;

#[path = "common/svg.rs"]
mod svg;

#[test]
fn the_readme_has_the_keys_of_the_action_table() {
    let file = path("README.md");
    let readme = std::fs::read_to_string(&file).unwrap();
    let (before, rest) = readme.split_once("<!-- keys:").expect("where keys begin");
    let (note, rest) = rest.split_once("-->\n").expect("where their note ends");
    let (_, after) = rest.split_once("<!-- /keys -->").expect("where keys end");
    let wanted = format!(
        "{before}<!-- keys:{note}-->\n{}\n<!-- /keys -->{after}",
        key_table()
    );
    hold(&file, &wanted);
}

#[test]
fn the_picture_in_the_readme_is_what_the_app_draws() {
    let mut stage = Stage::three(120, 30);
    stage.play("<down><down><down>");
    let (buffer, _) = stage.buffer();
    let picture = svg::picture(&buffer, "umai: three connections, one of them selected");
    hold(&path("assets/screen.svg"), &picture);
}

fn path(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(name)
}

/// Holds that a file says this; or writes it, where that is asked for.
fn hold(file: &Path, wanted: &str) {
    if std::env::var_os("UMAI_WRITE_DOCS").is_some() {
        std::fs::write(file, wanted).unwrap();
    }
    let found = std::fs::read_to_string(file).unwrap_or_default();
    assert!(
        found == wanted,
        "{} is behind; write it with UMAI_WRITE_DOCS=1 cargo test --test docs",
        file.display()
    );
}

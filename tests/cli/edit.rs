//! `umai connections edit`: a connection as text in an editor that is a script.

use std::os::unix::fs::PermissionsExt;

use crate::home::{Answer, Home, answer_of};

fn edit(home: &Home, script: &str, arguments: &[&str]) -> Answer {
    let editor = home.write("editor.sh", script);
    let editor = format!("/bin/sh {}", editor.display());
    let arguments = [&["connections", "edit", "openai-prod"], arguments].concat();
    let mut command = home.umai(&arguments);
    command.env("EDITOR", editor).env("PATH", "/usr/bin:/bin");
    answer_of(command)
}

#[test]
fn saved_text_becomes_a_version_and_keeps_the_secret() {
    let home = Home::documented();
    let script = "cp \"$1\" seen; sed -i 's/OpenAI Production/Renamed/' \"$1\"";
    let saved = edit(&home, script, &[]);
    assert_eq!(saved.code, 0, "{saved:?}");
    assert_eq!(saved.out, "Saved Renamed (openai-prod), version 2\n");
    let seen = std::fs::read_to_string(home.path("seen")).unwrap();
    assert!(seen.contains("\"apiKey\": \"<unchanged>\""), "{seen}");
    assert!(!seen.contains("sk-"), "{seen}");
    let stored = home
        .run(&["connections", "get", "openai-prod", "--json"])
        .json();
    assert_eq!(stored["settings"]["apiKey"], "sk-***");
}

#[test]
fn unchanged_text_saves_nothing() {
    let home = Home::documented();
    let same = edit(&home, "true", &[]);
    assert_eq!(
        (same.code, same.err.as_str()),
        (0, "Nothing changed\n"),
        "{same:?}"
    );
    let failed = edit(&home, "exit 3", &[]);
    assert_eq!(failed.code, 1, "{failed:?}");
    let versions = home
        .run(&["connections", "history", "openai-prod", "--json"])
        .json();
    assert_eq!(versions["total"], 1);
}

#[test]
fn invalid_text_is_refused_with_its_field() {
    let home = Home::documented();
    let wrong = edit(
        &home,
        "sed -i 's/\"openai-prod\"/\"Not An Alias\"/' \"$1\"",
        &[],
    );
    assert_eq!(wrong.code, 4, "{wrong:?}");
    assert!(wrong.err.starts_with("error: Alias: "), "{wrong:?}");
    remove_kept(&wrong);
    let broken = edit(&home, "echo '{' > \"$1\"", &[]);
    assert_eq!(broken.code, 4, "{broken:?}");
    assert!(
        broken.err.starts_with("error: Not valid JSON, line "),
        "{broken:?}"
    );
    remove_kept(&broken);
}

#[test]
fn unknown_or_fixed_members_are_refused_and_the_text_is_kept() {
    let home = Home::documented();
    for (script, named) in [
        ("sed -i 's/\"name\"/\"nmae\"/' \"$1\"", "nmae"),
        (
            "sed -i 's/OpenAI Production/Renamed/; s/\"openai\"/\"anthropic\"/' \"$1\"",
            "providerId (cannot be changed)",
        ),
    ] {
        let refused = edit(&home, script, &[]);
        assert_eq!(refused.code, 4, "{refused:?}");
        let expected = format!(
            "error: Not a member that can be edited: {named}. Correct or remove it\nYour text is in "
        );
        assert!(refused.err.starts_with(&expected), "{refused:?}");
        remove_kept(&refused);
    }
    let stored = home
        .run(&["connections", "get", "openai-prod", "--json"])
        .json();
    assert_eq!(stored["name"], "OpenAI Production");
}

/// Removes the text that a refused edit has kept.
fn remove_kept(refused: &Answer) {
    let (_, file) = refused.err.trim().split_once("--file ").unwrap();
    std::fs::remove_dir_all(std::path::Path::new(file).parent().unwrap()).unwrap();
}

#[test]
fn dry_run_of_an_edit_saves_nothing() {
    let home = Home::documented();
    let script = "sed -i 's/OpenAI Production/Renamed/' \"$1\"";
    let would = edit(&home, script, &["--dry-run"]);
    assert_eq!(would.code, 0, "{would:?}");
    assert!(would.out.contains("Would save"), "{would:?}");
    let stored = home
        .run(&["connections", "get", "openai-prod", "--json"])
        .json();
    assert_eq!(stored["name"], "OpenAI Production");
}

#[test]
fn text_of_a_conflict_is_kept_and_reopened() {
    let home = Home::documented();
    let elsewhere = format!(
        "'{}' connections update openai-prod --name Elsewhere",
        env!("CARGO_BIN_EXE_umai")
    );
    let script = format!("{elsewhere}; sed -i 's/OpenAI Production/Mine/' \"$1\"");
    let refused = edit(&home, &script, &[]);
    assert_eq!(refused.code, 5, "{refused:?}");
    let hint = refused
        .err
        .lines()
        .find(|line| line.contains("Your text is in "));
    let hint = hint.unwrap_or_else(|| panic!("{refused:?}"));
    let (_, file) = hint.split_once("openai-prod --file ").unwrap();
    let kept = std::fs::read_to_string(file).unwrap();
    assert!(kept.contains("\"Mine\""), "{kept}");
    let mode = std::fs::metadata(file).unwrap().permissions().mode();
    assert_eq!(mode & 0o077, 0, "only for its owner");
    let saved = edit(&home, "true", &["--file", file]);
    assert_eq!(
        saved.out, "Saved Mine (openai-prod), version 3\n",
        "{saved:?}"
    );
    std::fs::remove_dir_all(std::path::Path::new(file).parent().unwrap()).unwrap();
    let missing = edit(&home, "true", &["--file", "missing.jsonc"]);
    assert_eq!(missing.code, 2, "{missing:?}");
}

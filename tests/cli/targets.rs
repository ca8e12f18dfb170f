//! Named targets in `config.toml`, and places where nothing can be changed.

use std::process::Command;

use rstest::rstest;

use crate::home::{Answer, DOCUMENTED, Home};

/// A home with two stores: `dev`, with the documented connection in it, and `kept`, which is the same one, read-only.
fn two() -> Home {
    let home = Home::new();
    home.write(
        ".config/umai/config.toml",
        "[targets.dev]\ndata = \"dev\"\n[targets.kept]\ndata = \"dev\"\nread-only = true\nbadge = \"KEPT\"\ncolor = \"red\"\n",
    );
    let made = home.pipe(
        &[
            "--target",
            "dev",
            "connections",
            "create",
            "--from-json",
            "-",
        ],
        DOCUMENTED,
    );
    assert_eq!(made.code, 0, "{made:?}");
    home
}

fn list(home: &Home, options: &[&str]) -> Answer {
    home.run(&[options, &["connections", "list"]].concat())
}

fn with(mut command: Command, name: &str, value: &str) -> Answer {
    let output = command.env(name, value).output().unwrap();
    Answer {
        code: output.status.code().unwrap(),
        out: String::from_utf8(output.stdout).unwrap(),
        err: String::from_utf8(output.stderr).unwrap(),
    }
}

#[test]
fn a_target_is_meant_by_option_by_environment_and_by_default() {
    let home = two();
    assert!(
        list(&home, &["--target", "dev"])
            .out
            .contains("openai-prod")
    );
    let named = with(home.umai(&["connections", "list"]), "UMAI_TARGET", "dev");
    assert!(named.out.contains("openai-prod"), "{named:?}");
    assert!(!list(&home, &[]).out.contains("openai-prod"));
    home.write(
        ".config/umai/config.toml",
        "target = \"dev\"\n[targets.dev]\ndata = \"dev\"\n",
    );
    assert!(list(&home, &[]).out.contains("openai-prod"));
    let elsewhere = list(&home, &["--data", "other"]);
    assert!(
        !elsewhere.out.contains("openai-prod"),
        "a written place wins: {elsewhere:?}"
    );
    let none = with(home.umai(&["connections", "list"]), "UMAI_TARGET", "");
    assert!(
        !none.out.contains("openai-prod"),
        "an empty name is none: {none:?}"
    );
    assert!(
        home.path(".config/umai/dev/journal").exists(),
        "beside the file that names it"
    );
}

#[test]
fn a_data_folder_can_be_named_in_the_file() {
    let home = Home::documented();
    home.write(".config/umai/config.toml", "data = \"~/kept here\"\n");
    assert!(!list(&home, &[]).out.contains("openai-prod"));
    assert!(home.path("kept here/journal").exists());
}

#[rstest]
#[case(&["--target", "none"], "There is no target 'none'; there is dev, kept")]
#[case(&["--target", "dev", "--data", "x"], "--target says where the connections are, and so does --data")]
#[case(&["--target", "dev", "--server", "https://h"], "--target says where the connections are, and so does --server")]
#[case(&["--target", "dev", "--token-file", "t"], "the target 'dev' is on this machine")]
fn what_does_not_go_together_is_refused(#[case] options: &[&str], #[case] why: &str) {
    let answer = list(&two(), options);
    assert_eq!(answer.code, 2, "{answer:?}");
    assert!(answer.err.contains(why), "{answer:?}");
}

#[test]
fn a_server_as_target_is_asked_with_its_own_files() {
    let home = Home::new();
    home.write(
        ".config/umai/config.toml",
        "[targets.far]\nserver = \"http://127.0.0.1:1\"\ntoken-file = \"none\"\n[targets.open]\nserver = \"http://127.0.0.1:1\"\n",
    );
    let answer = list(&home, &["--target", "far"]);
    assert_eq!(answer.code, 2, "{answer:?}");
    assert!(
        answer
            .err
            .contains("The target 'far': The file of --token-file cannot be read"),
        "{answer:?}"
    );
    let answer = list(&home, &["--target", "open"]);
    assert_eq!(answer.code, 7, "{answer:?}");
    let answer = list(&home, &["--target", "open", "--key-file", "k"]);
    assert!(
        answer.err.contains("--key-file names one here"),
        "{answer:?}"
    );
    let answer = home.run(&["--target", "open", "token", "list"]);
    assert_eq!(answer.code, 2, "{answer:?}");
    assert!(answer.err.contains("asks no server"), "{answer:?}");
    let both = with(
        {
            let mut command = home.umai(&["connections", "list"]);
            command.env("UMAI_SERVER", "http://127.0.0.1:1");
            command
        },
        "UMAI_TARGET",
        "open",
    );
    assert_eq!(both.code, 2, "{both:?}");
    assert!(
        both.err.contains("UMAI_TARGET and UMAI_SERVER both"),
        "{both:?}"
    );
}

#[test]
fn a_broken_file_is_said_and_the_defaults_hold_but_a_target_that_was_asked_for_is_an_error() {
    let home = Home::documented();
    home.write(
        ".config/umai/config.toml",
        "theme = \"dark\"\n[targets.prod\n",
    );
    let answer = list(&home, &[]);
    assert_eq!(answer.code, 0, "{answer:?}");
    assert!(answer.out.contains("openai-prod"), "{answer:?}");
    assert!(answer.err.contains("config.toml, line 2: "), "{answer:?}");
    let answer = list(&home, &["--target", "prod"]);
    assert_eq!(answer.code, 2, "{answer:?}");
    assert!(answer.err.contains("config.toml, line 2: "), "{answer:?}");
    home.write(
        ".config/umai/config.toml",
        "[targets.prod]\ndata = \"x\"\nreadonly = true\n",
    );
    let answer = list(&home, &["--target", "prod"]);
    assert_eq!(
        answer.code, 2,
        "a slip must not open what was to stay as it is: {answer:?}"
    );
    assert!(
        answer
            .err
            .contains("line 3: unknown target setting 'readonly'"),
        "{answer:?}"
    );
}

#[rstest]
#[case(&["create", "--name", "A", "--provider", "openai"])]
#[case(&["create", "--from-json", "-"])]
#[case(&["update", "openai-prod", "--name", "B"])]
#[case(&["duplicate", "openai-prod", "--name", "B"])]
#[case(&["activate", "openai-prod"])]
#[case(&["deactivate", "openai-prod"])]
#[case(&["delete", "openai-prod", "--yes"])]
#[case(&["rollback", "openai-prod", "1"])]
#[case(&["restore", "openai-prod"])]
#[case(&["purge", "--all", "--yes"])]
fn nothing_is_changed_where_it_is_read_only(#[case] verb: &[&str]) {
    let home = two();
    for (options, why) in [
        (&["--target", "kept"][..], "the target 'kept' is read-only"),
        (&["--target", "dev", "--read-only"], "--read-only says so"),
    ] {
        let answer = home.pipe(&[options, &["connections"], verb].concat(), DOCUMENTED);
        assert_eq!(answer.code, 2, "{answer:?}");
        assert_eq!(answer.err.trim(), format!("Nothing was changed: {why}"));
    }
    let before = home.run(&[
        "--target",
        "dev",
        "connections",
        "get",
        "openai-prod",
        "--json",
    ]);
    assert_eq!(before.json()["version"], 1);
    assert_eq!(before.json()["isActive"], true);
}

#[test]
fn reading_goes_on_where_nothing_can_be_changed() {
    let home = two();
    for verb in [
        &["list"][..],
        &["get", "openai-prod"],
        &["history", "openai-prod"],
        &["list", "--trash"],
    ] {
        let answer = home.run(&[&["--target", "kept", "connections"], verb].concat());
        assert_eq!(answer.code, 0, "{answer:?}");
    }
    let answer = home.run(&[
        "--read-only",
        "token",
        "create",
        "--name",
        "x",
        "--scope",
        "read",
    ]);
    assert_eq!(answer.code, 2, "{answer:?}");
    let answer = home.run(&[
        "--target",
        "kept",
        "connections",
        "deactivate",
        "openai-prod",
        "--json",
    ]);
    assert_eq!(answer.problem()["code"], "readOnly", "{answer:?}");
}

#[test]
fn no_store_is_made_where_nothing_may_be_changed() {
    let home = Home::new();
    let answer = home.run(&["--read-only", "connections", "list"]);
    assert_eq!(answer.code, 6, "{answer:?}");
    assert!(answer.err.contains("There is no store in"), "{answer:?}");
    assert!(!home.path(".local").exists() && !home.path(".config").exists());
}

#[test]
fn the_targets_are_listed_and_a_broken_one_is_told() {
    let home = two();
    let listed = home.run(&["targets"]);
    assert_eq!(listed.code, 0, "{listed:?}");
    assert!(
        listed
            .out
            .lines()
            .any(|line| line.starts_with("kept") && line.ends_with("KEPT   read-only")),
        "{listed:?}"
    );
    let items = home.run(&["targets", "--json"]).json();
    assert_eq!(items["total"], 2);
    assert_eq!(items["items"][1]["readOnly"], true);
    home.write(
        ".config/umai/config.toml",
        "[targets.a]\nserver = \"https://me:planted@h\"\n",
    );
    let listed = home.run(&["targets"]);
    assert!(
        listed.err.contains("a user name or a password"),
        "{listed:?}"
    );
    assert!(!listed.said().contains("planted"), "{listed:?}");
}

//! Named targets in `config.toml`, and read-only mode.

use std::process::Command;

use rstest::rstest;

use crate::home::{Answer, DOCUMENTED, Home};

/// Home with two stores: `dev` with the documented connection, and `kept`, the same store as a read-only target.
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
fn target_comes_from_option_environment_or_default() {
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
        "an explicit location wins: {elsewhere:?}"
    );
    let none = with(home.umai(&["connections", "list"]), "UMAI_TARGET", "");
    assert!(
        !none.out.contains("openai-prod"),
        "an empty name means no target: {none:?}"
    );
    assert!(
        home.path(".config/umai/dev/journal").exists(),
        "relative to config.toml"
    );
}

/// The name means the store that umai uses without a target.
#[test]
fn local_store_is_in_the_data_directory_of_the_environment() {
    let home = two();
    let run = |arguments: &[&str]| with(home.umai(arguments), "UMAI_DATA_DIR", "mine");
    home.write("mine.json", DOCUMENTED.replace("openai-prod", "mine"));
    let made = run(&["connections", "create", "--from-json", "mine.json"]);
    assert_eq!(made.code, 0, "{made:?}");
    let compared = run(&["store", "copy", "local", "./copy", "--dry-run"]);
    assert!(compared.out.contains("1 connection"), "{compared:?}");
    let different = run(&["targets", "diff", "local", "dev"]);
    assert!(different.out.contains("mine"), "{different:?}");
    // A target has its own directory.
    let copied = run(&["store", "copy", "dev", "./copy", "--dry-run"]);
    assert!(copied.out.contains("1 connection"), "{copied:?}");
    let dev = run(&["--target", "dev", "connections", "list"]);
    assert!(!dev.out.contains("mine"), "{dev:?}");
}

#[test]
fn data_directory_can_be_set_in_config_toml() {
    let home = Home::documented();
    home.write(".config/umai/config.toml", "data = \"~/kept here\"\n");
    assert!(!list(&home, &[]).out.contains("openai-prod"));
    assert!(home.path("kept here/journal").exists());
}

#[rstest]
#[case(&["--target", "none"], "No target 'none'. Known targets: dev, kept")]
#[case(&["--target", "dev", "--data", "x"], "--target and --data exclude each other")]
#[case(&["--target", "dev", "--server", "https://h"], "--target and --server exclude each other")]
#[case(&["--target", "dev", "--token-file", "t"], "target 'dev' is a local store")]
fn conflicting_options_are_rejected(#[case] options: &[&str], #[case] why: &str) {
    let answer = list(&two(), options);
    assert_eq!(answer.code, 2, "{answer:?}");
    assert!(answer.err.contains(why), "{answer:?}");
}

#[test]
fn server_target_uses_its_own_files() {
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
            .contains("Target 'far': Cannot read the file of --token-file"),
        "{answer:?}"
    );
    let answer = list(&home, &["--target", "open"]);
    assert_eq!(answer.code, 7, "{answer:?}");
    let answer = list(&home, &["--target", "open", "--key-file", "k"]);
    assert!(
        answer.err.contains("--key-file is for the local store"),
        "{answer:?}"
    );
    let answer = home.run(&["--target", "open", "token", "list"]);
    assert_eq!(answer.code, 2, "{answer:?}");
    assert!(
        answer.err.contains("works on the store itself"),
        "{answer:?}"
    );
    let empty = home.run(&["connections", "list", "--server", ""]);
    assert_eq!(empty.code, 2, "{empty:?}");
    assert!(empty.err.contains("--server is empty"), "{empty:?}");
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
        both.err
            .contains("UMAI_TARGET and UMAI_SERVER exclude each other"),
        "{both:?}"
    );
}

#[test]
fn invalid_config_toml_is_reported_and_a_requested_target_fails() {
    let home = Home::documented();
    home.write(
        ".config/umai/config.toml",
        "theme = \"dark\"\n[targets.prod\n",
    );
    let data = home.path(".local/share/umai");
    let data = data.to_str().unwrap();
    let answer = list(&home, &["--data", data]);
    assert_eq!(answer.code, 0, "{answer:?}");
    assert!(answer.out.contains("openai-prod"), "{answer:?}");
    assert!(answer.err.contains("config.toml, line 2: "), "{answer:?}");
    // It may name another target, and set read-only and allow-run.
    let activate = ["--data", data, "connections", "activate", "openai-prod"];
    let run = [
        "--data",
        data,
        "run",
        "openai-prod",
        "--",
        "echo",
        "started",
    ];
    for (command, why) in [
        (
            &["connections", "list"][..],
            "or name the location with --data",
        ),
        (&activate, "; the file may set read-only"),
        (&run, "; the file may set allow-run = false"),
        (&["targets"], "; fix it to list the targets"),
    ] {
        let answer = home.run(command);
        assert_eq!((answer.code, answer.out.as_str()), (2, ""), "{answer:?}");
        assert!(answer.err.contains("config.toml, line 2: "), "{answer:?}");
        assert!(answer.err.contains(why), "{answer:?}");
    }
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
        "a typing mistake must not allow changes: {answer:?}"
    );
    assert!(
        answer
            .err
            .contains("line 3: unknown target setting 'readonly'"),
        "{answer:?}"
    );
}

#[test]
fn restriction_by_an_invalid_line_names_the_line() {
    let home = Home::documented();
    home.write(
        ".config/umai/config.toml",
        "read_only = false\nallow-run = 1\n",
    );
    let activate = home.run(&["connections", "activate", "openai-prod"]);
    assert_eq!(activate.code, 2, "{activate:?}");
    assert!(
        activate
            .err
            .contains("config.toml, line 1: unknown setting 'read_only'; write read-only"),
        "{activate:?}"
    );
    let run = home.run(&["run", "openai-prod", "--", "echo", "started"]);
    assert_eq!((run.code, run.out.as_str()), (2, ""), "{run:?}");
    assert!(
        run.err
            .contains("config.toml, line 2: allow-run must be true or false"),
        "{run:?}"
    );
}

#[test]
fn invalid_data_directory_only_matters_for_the_default_location() {
    let home = Home::documented();
    let data = home.path(".local/share/umai");
    home.write(
        ".config/umai/config.toml",
        format!("data = 7\n[targets.prod]\ndata = \"{}\"\n", data.display()),
    );
    let why = "config.toml, line 1: data must be text in quotes. Fix it, or name the location with --data or --target";
    let refused = list(&home, &[]);
    assert_eq!(refused.code, 2, "{refused:?}");
    assert_eq!(refused.err, format!("error: {why}\n"));
    // A command on the store itself does not use the server.
    let token = home.umai(&["token", "list"]);
    let token = with(token, "UMAI_SERVER", "http://127.0.0.1:1");
    assert_eq!(token.code, 2, "{token:?}");
    assert!(token.err.contains(why), "{token:?}");
    let doctor = home.run(&["doctor"]);
    assert_eq!(doctor.code, 2, "{doctor:?}");
    assert!(
        doctor.out.contains("the default data directory is unknown"),
        "{doctor:?}"
    );
    assert!(!doctor.out.contains("store "), "{doctor:?}");
    let named = list(&home, &["--target", "prod"]);
    assert_eq!(named.code, 0, "{named:?}");
    assert!(named.out.contains("openai-prod"), "{named:?}");
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
fn read_only_target_refuses_changes(#[case] verb: &[&str]) {
    let home = two();
    for (options, why) in [
        (&["--target", "kept"][..], "the target 'kept' is read-only"),
        (&["--target", "dev", "--read-only"], "--read-only is set"),
    ] {
        let answer = home.pipe(&[options, &["connections"], verb].concat(), DOCUMENTED);
        assert_eq!(answer.code, 2, "{answer:?}");
        assert_eq!(
            answer.err.trim(),
            format!("error: Nothing was changed: {why}")
        );
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
fn read_only_target_allows_reading() {
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
fn read_only_mode_creates_no_store() {
    let home = Home::new();
    let answer = home.run(&["--read-only", "connections", "list"]);
    assert_eq!(answer.code, 6, "{answer:?}");
    assert!(answer.err.contains("No store in"), "{answer:?}");
    assert!(!home.path(".local").exists() && !home.path(".config").exists());
}

#[test]
fn targets_are_listed_and_invalid_ones_reported() {
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
    assert!(!listed.output().contains("planted"), "{listed:?}");
}

#[test]
fn only_invalid_targets_are_an_error() {
    let home = Home::new();
    home.write(
        ".config/umai/config.toml",
        "[targets.prod]\nbadge = \"X\"\n",
    );
    let listed = home.run(&["targets"]);
    assert_eq!((listed.code, listed.out.as_str()), (2, ""), "{listed:?}");
    assert!(
        listed.err.contains("target 'prod' has no location"),
        "{listed:?}"
    );
    assert!(
        listed
            .err
            .contains("error: No target in config.toml can be used"),
        "{listed:?}"
    );
}

#[test]
fn local_names_the_local_store_unless_a_target_has_the_name() {
    let home = Home::documented();
    home.write(
        ".config/umai/config.toml",
        "target = \"dev\"\n[targets.dev]\ndata = \"dev\"\n",
    );
    let local = list(&home, &["--target", "local"]);
    assert!(local.out.contains("openai-prod"), "{local:?}");
    let copied = home.run(&["targets", "copy", "local", "dev", "--with-secrets", "--yes"]);
    assert_eq!(copied.code, 0, "{copied:?}");
    assert!(list(&home, &[]).out.contains("openai-prod"));
    let server = with(
        home.umai(&["--target", "local", "connections", "list"]),
        "UMAI_SERVER",
        "https://h",
    );
    assert_eq!(server.code, 2, "{server:?}");
    assert!(
        server.err.contains("UMAI_SERVER exclude each other"),
        "{server:?}"
    );
    home.write(
        ".config/umai/config.toml",
        "[targets.local]\ndata = \"empty\"\n",
    );
    let named = list(&home, &["--target", "local"]);
    assert!(!named.out.contains("openai-prod"), "{named:?}");
}

//! References resolve against user secrets and a folder with one file per key, in the order of .NET.

use std::process::Command;

use crate::home::{Home, answer_of};

const ID: &str = "site-1b9d6bcd";

fn home() -> Home {
    let home = Home::new();
    home.write(
        "appsettings.json",
        r#"{"A":{"Base":"1","Env":"1","User":"1","Variable":"1","File":"1"}}"#,
    );
    home.write(
        "appsettings.Development.json",
        r#"{"A":{"Env":"2","User":"2","Variable":"2","File":"2"}}"#,
    );
    home.write(
        &format!(".microsoft/usersecrets/{ID}/secrets.json"),
        r#"{"A:User":"3","A":{"Variable":"3","File":"3"}}"#,
    );
    home.write("secrets/A__File", "5\n");
    home
}

fn lookup(home: &Home, environment: &str, options: &[&str]) -> Command {
    let arguments: Vec<&str> = options.iter().copied().chain(["doctor"]).collect();
    let mut command = home.umai(&arguments);
    command
        .env("DOTNET_ENVIRONMENT", environment)
        .env("A__Variable", "4")
        .env("A__File", "4");
    command
}

/// Creates a connection that uses every reference; its test shows the source of each.
fn create(home: &Home, environment: &str, options: &[&str], key: &str) -> crate::home::Answer {
    let set = format!("apiKey=${key}");
    let create = [
        "connections",
        "create",
        "--name",
        "A",
        "--provider",
        "openai",
        "--set",
        &set,
        "--dry-run",
    ];
    let arguments: Vec<&str> = options.iter().copied().chain(create).collect();
    let mut command = home.umai(&arguments);
    command
        .env("DOTNET_ENVIRONMENT", environment)
        .env("A__Variable", "4")
        .env("A__File", "4");
    answer_of(command)
}

#[test]
fn user_secrets_apply_in_development_only() {
    let home = home();
    home.write(
        &format!(".microsoft/usersecrets/{ID}/secrets.json"),
        r#"{"Only:User":"planted"}"#,
    );
    let options = ["--user-secrets", ID];
    let found = create(&home, "Development", &options, "Only:User");
    assert_eq!(found.code, 0, "{found:?}");
    assert!(!found.output().contains("planted"), "{found:?}");
    let found = create(&home, "development", &options, "Only:User");
    assert_eq!(found.code, 0, "{found:?}");
    let production = create(&home, "Production", &options, "Only:User");
    assert_eq!(production.code, 4, "{production:?}");
    assert!(
        production
            .err
            .contains("user secrets (in Development only)"),
        "{production:?}"
    );
    let not_asked = create(&home, "Development", &[], "Only:User");
    assert_eq!(not_asked.code, 4, "{not_asked:?}");
}

#[test]
fn key_per_file_resolves_a_reference() {
    let home = home();
    home.write("secrets/Only__File", "planted\n");
    let options = ["--key-per-file", "~/secrets"];
    let found = create(&home, "Production", &options, "Only:File");
    assert_eq!(found.code, 0, "{found:?}");
    assert!(!found.output().contains("planted"), "{found:?}");
    let not_asked = create(&home, "Production", &[], "Only:File");
    assert_eq!(not_asked.code, 4, "{not_asked:?}");
    home.write(
        ".config/umai/config.toml",
        "target = \"dev\"\n[targets.dev]\ndata = \"~/dev\"\nkey-per-file = \"~/secrets\"\nuser-secrets = \"site-1b9d6bcd\"\n",
    );
    let by_target = create(&home, "Production", &[], "Only:File");
    assert_eq!(by_target.code, 0, "{by_target:?}");
}

#[test]
fn doctor_names_every_layer_and_no_value() {
    let home = home();
    let options = ["--user-secrets", ID, "--key-per-file", "secrets"];
    let checked = answer_of(lookup(&home, "Development", &options));
    for line in [
        "appsettings.json: 5 keys",
        "appsettings.Development.json: 4 keys",
        "secrets.json: 3 keys",
        "secrets: 1 key",
    ] {
        assert!(checked.output().contains(line), "{line}: {checked:?}");
    }
    let missing = answer_of(lookup(&home, "Development", &["--user-secrets", "none"]));
    assert!(
        missing
            .output()
            .contains("secrets.json does not exist; check --user-secrets"),
        "{missing:?}"
    );
}

#[test]
fn user_secrets_id_is_not_a_path() {
    let home = home();
    for id in ["../x", "a/b", "..", "", "a\\b"] {
        let refused = home.run(&["--user-secrets", id, "connections", "list"]);
        assert_eq!(refused.code, 2, "{id}: {refused:?}");
    }
}

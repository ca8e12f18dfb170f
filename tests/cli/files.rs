//! A bad file is named, and the rest works; where things are can be said.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use crate::home::{DOCUMENTED, Home};

#[test]
fn a_bad_providers_file_is_named_with_its_line_and_the_rest_works() {
    let home = Home::new();
    home.write(
        ".config/umai/providers/mine.toml",
        "id = \"mine\"\nname = \"Mine\"\ncapabilities = [\"Chat\"]\n",
    );
    home.write(
        ".config/umai/providers/torn.toml",
        "id = \"torn\"\nname = \n",
    );
    let answer = home.run(&["providers", "list"]);
    assert_eq!(answer.code, 0, "{answer:?}");
    assert!(
        answer.out.contains("mine") && answer.out.contains("openai"),
        "{answer:?}"
    );
    assert!(
        answer.err.contains("torn.toml, line 2, column"),
        "{answer:?}"
    );
    let made = home.run(&["connections", "create", "--name", "A", "--provider", "mine"]);
    assert_eq!(made.code, 0, "{made:?}");
}

#[test]
fn a_bad_settings_file_is_named_with_its_line_and_the_rest_works() {
    let home = Home::documented();
    home.write("appsettings.json", "{\n  \"A\": oops\n}");
    let answer = home.run(&["connections", "list"]);
    assert_eq!(answer.code, 0, "{answer:?}");
    assert!(
        answer
            .err
            .contains("appsettings.json is wrong at line 2, column 8"),
        "{answer:?}"
    );
    let missing = home.run(&["--appsettings", "none.json", "connections", "list"]);
    assert_eq!(missing.code, 0);
    assert!(
        missing.err.contains("none.json is not there"),
        "{missing:?}"
    );
}

#[test]
fn folders_are_where_they_are_said_to_be_and_only_their_owners() {
    let home = Home::new();
    let (data, config) = (home.path("d"), home.path("c"));
    let options = [
        "--data",
        data.to_str().unwrap(),
        "--config",
        config.to_str().unwrap(),
    ];
    home.write("request.json", DOCUMENTED);
    let made = home.run(
        &[
            &options[..],
            &["connections", "create", "--from-json", "request.json"],
        ]
        .concat(),
    );
    assert_eq!(made.code, 0, "{made:?}");
    for folder in [&data, &config] {
        let rights = fs::metadata(folder).unwrap().permissions().mode();
        assert_eq!(rights & 0o077, 0, "{}", folder.display());
    }
    let by_variable = home
        .umai(&["connections", "get", "openai-prod"])
        .env("UMAI_DATA_DIR", &data)
        .env("UMAI_CONFIG_DIR", &config)
        .output()
        .unwrap();
    assert_eq!(by_variable.status.code(), Some(0));
    assert!(!home.path(".local").exists(), "nothing is made elsewhere");
}

#[test]
fn a_key_that_is_gone_is_key_trouble() {
    let home = Home::documented();
    let key = home.path(".config/umai/umai.key");
    fs::rename(&key, home.path("away.key")).unwrap();
    let answer = home.run(&["connections", "list", "--json"]);
    assert_eq!(answer.code, 6, "{answer:?}");
    assert_eq!(answer.problem()["code"], "key", "{answer:?}");
    assert!(!key.exists(), "no new key is made over sealed records");
    let with = home.run(&["--key-file", "away.key", "connections", "list"]);
    assert_eq!(with.code, 0, "{with:?}");
}

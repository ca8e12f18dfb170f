//! Update, history, rollback, duplicate, and trash.

use rstest::rstest;
use serde_json::json;

use super::home::Home;

#[test]
fn update_changes_only_the_given_fields() {
    let home = Home::documented();
    let key = home.write("key", "sk-new\n");
    let update = ["connections", "update", "openai-prod"];
    let run = |more: &[&str]| home.run(&[&update, more].concat());
    let saved = run(&["--name", "Renamed", "--set", "organization=org-1", "--json"]);
    assert_eq!(saved.code, 0, "{saved:?}");
    let saved = saved.json();
    assert_eq!(
        (&saved["name"], &saved["alias"], &saved["version"]),
        (&json!("Renamed"), &json!("openai-prod"), &json!(2))
    );
    assert_eq!(
        saved["settings"],
        json!({"apiKey":"sk-***","organization":"org-1"})
    );
    let path = format!("apiKey={}", key.display());
    assert_eq!(run(&["--secret-file", &path]).code, 0);
    let cleared = run(&["--unset", "organization", "--json"]).json();
    assert_eq!(cleared["settings"]["organization"], json!(null));
    assert_eq!(cleared["version"], json!(4));

    let moved = run(&["--name", "Late", "--if-version", "2", "--json"]);
    assert_eq!((moved.code, &moved.problem()["status"]), (5, &json!(412)));
    assert_eq!(run(&[]).code, 2, "nothing to change");
    assert_eq!(run(&["--set", "apiKey=sk-in-clear-1234567890"]).code, 2);
    assert_eq!(
        run(&["--set", "organization=a", "--unset", "organization"]).code,
        2
    );
    let away = run(&["--set", "endpoint=https://elsewhere.example/v1"]);
    assert_eq!(away.code, 4, "a new endpoint needs the key: {away:?}");
}

#[rstest]
#[case(["--set", "regin=x"])]
#[case(["--unset", "regin"])]
fn unknown_setting_is_refused_in_the_same_words(#[case] option: [&str; 2]) {
    let home = Home::documented();
    let answer = home.run(&[&["connections", "update", "openai-prod"], &option[..]].concat());
    assert_eq!(answer.code, 4, "{answer:?}");
    assert!(
        answer.err.starts_with(
            "error: Invalid settings for provider 'openai': unknown setting 'regin'; known settings: "
        ),
        "{answer:?}"
    );
}

#[test]
fn update_reads_a_request_body_from_a_file() {
    let home = Home::documented();
    let body = home.write("change.json", r#"{"name":"From a file","isActive":false}"#);
    let saved = home.run(&[
        "connections",
        "update",
        "openai-prod",
        "--from-json",
        body.to_str().unwrap(),
        "--json",
    ]);
    let saved = saved.json();
    assert_eq!(
        (&saved["name"], &saved["isActive"]),
        (&json!("From a file"), &json!(false))
    );
}

#[test]
fn history_can_be_listed_compared_and_rolled_back() {
    let home = Home::documented();
    let run = |arguments: &[&str]| home.run(&[&["connections"], arguments].concat());
    run(&["update", "openai-prod", "--name", "Second"]);
    let history = run(&["history", "openai-prod"]);
    assert!(history.out.contains("name"), "{history:?}");
    assert_eq!(
        run(&["history", "openai-prod", "--json"]).json()["total"],
        json!(2)
    );
    let diff = run(&["diff", "openai-prod", "1", "--json"]).json();
    assert_eq!(
        diff["changes"],
        json!([{"path":"name","changeType":"Modified","fromValue":"OpenAI Production","toValue":"Second"}])
    );
    let same = run(&["diff", "openai-prod", "2"]);
    assert_eq!((same.code, same.output().as_str()), (0, "No differences\n"));
    assert_eq!(run(&["diff", "openai-prod", "9"]).code, 3);
    let back = run(&[
        "rollback",
        "openai-prod",
        "1",
        "--note",
        "as it was",
        "--json",
    ])
    .json();
    assert_eq!(
        (&back["previousVersion"], &back["newVersion"]),
        (&json!(2), &json!(3))
    );
    assert_eq!(back["entity"]["name"], json!("OpenAI Production"));
    assert!(run(&["history", "openai-prod"]).out.contains("as it was"));
}

#[test]
fn duplicate_copies_secrets_without_printing_them() {
    let home = Home::documented();
    let copy = home.run(&[
        "connections",
        "duplicate",
        "openai-prod",
        "--name",
        "OpenAI Staging",
        "--inactive",
        "--json",
    ]);
    assert_eq!(copy.code, 0, "{copy:?}");
    let copy = copy.json();
    assert_eq!(
        (
            &copy["alias"],
            &copy["isActive"],
            &copy["settings"]["apiKey"]
        ),
        (&json!("openai-staging"), &json!(false), &json!("sk-***"))
    );
    let again = home.run(&[
        "connections",
        "duplicate",
        "openai-prod",
        "--name",
        "OpenAI Staging",
    ]);
    assert_eq!(again.code, 5, "the alias is taken: {again:?}");
}

#[test]
fn deleted_connection_can_be_restored_or_purged() {
    let home = Home::documented();
    let run = |arguments: &[&str]| home.run(&[&["connections"], arguments].concat());
    let deleted = run(&["delete", "openai-prod", "--yes"]);
    assert!(
        deleted.err.contains("umai connections restore"),
        "{deleted:?}"
    );
    assert_eq!(home.total(), 0);
    let trash = run(&["list", "--trash", "--json"]).json();
    assert_eq!(trash["items"][0]["alias"], json!("openai-prod"));
    for command in [&["get", "openai-prod"][..], &["test", "OPENAI-PROD"]] {
        let missed = run(command);
        assert_eq!(missed.code, 3, "{missed:?}");
        assert!(missed.err.contains("is in the trash"), "{missed:?}");
    }
    assert!(!run(&["get", "none"]).err.contains("trash"));
    let back = run(&["restore", "openai-prod"]);
    assert_eq!(back.code, 0, "{back:?}");
    assert_eq!(home.total(), 1);

    run(&["delete", "openai-prod", "--yes"]);
    home.create(super::home::DOCUMENTED);
    assert_eq!(run(&["restore", "openai-prod"]).code, 5);
    assert_eq!(run(&["restore", "openai-prod", "--alias", "old"]).code, 0);
    run(&["delete", "old", "--yes"]);
    run(&["delete", "openai-prod", "--yes"]);
    home.create(&super::home::DOCUMENTED.replace("openai-prod", "old"));
    run(&["delete", "old", "--yes"]);
    let guessed = run(&["purge", "old", "--yes"]);
    assert_eq!(guessed.code, 2, "two had this alias: {guessed:?}");
    assert_eq!(
        run(&["list", "--trash", "--json"]).json()["total"],
        json!(3)
    );
    assert_eq!(run(&["purge", "--all"]).code, 2, "needs confirmation");
    assert_eq!(run(&["purge", "--all", "--yes"]).code, 0);
    assert_eq!(
        run(&["list", "--trash", "--json"]).json()["total"],
        json!(0)
    );
    assert_eq!(run(&["restore", "old"]).code, 3);
}

#[test]
fn restore_takes_an_alias_and_lists_ids_if_it_is_ambiguous() {
    let home = Home::documented();
    let run = |arguments: &[&str]| home.run(&[&["connections"], arguments].concat());
    let deleted = run(&["delete", "openai-prod", "--yes"]);
    let hint = "Moved to trash. Undo: umai connections restore openai-prod\n";
    assert_eq!(deleted.err, hint);
    let restored = run(&["restore", "OpenAI-Prod"]);
    assert_eq!(
        (restored.code, restored.out.as_str()),
        (0, "Restored OpenAI Production (openai-prod), version 3\n")
    );

    run(&["delete", "openai-prod", "--yes"]);
    assert_eq!(home.create(super::home::DOCUMENTED).code, 0);
    run(&["delete", "openai-prod", "--yes"]);
    let trash = run(&["list", "--trash", "--json"]).json();
    let ids: Vec<&str> = trash["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|item| item["id"].as_str().unwrap())
        .collect();
    assert_eq!(ids.len(), 2);
    let ambiguous = run(&["restore", "openai-prod"]);
    assert_eq!(ambiguous.code, 2);
    let reason = "Several connections in the trash had the alias 'openai-prod'";
    assert!(ambiguous.err.contains(reason), "{ambiguous:?}");
    for id in &ids {
        assert!(ambiguous.err.contains(id), "{ambiguous:?}");
    }
    assert_eq!(home.total(), 0, "nothing restored");
    assert_eq!(run(&["restore", ids[0]]).code, 0);
    assert_eq!(run(&["restore", "none"]).code, 3);
}

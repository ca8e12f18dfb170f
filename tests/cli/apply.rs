//! `umai connections apply`: changes, dry runs, pruning and errors.

use rstest::rstest;
use serde_json::{Value, json};

use crate::home::{Answer, Home};

/// Two handwritten connections.
const TWO: &str = "\
kind: umai.connections
version: 1
connections:
  - alias: openai-prod
    name: OpenAI Team A
    providerId: openai
    settings:
      apiKey: \"\"
      organization: org-1
  - alias: dev
    name: Dev
    providerId: openai
    isActive: false
    settings:
      apiKey: $OpenAI:ApiKey
";

fn home() -> Home {
    let home = Home::documented();
    home.write(
        "appsettings.json",
        r#"{ "OpenAI": { "ApiKey": "sk-from-appsettings" } }"#,
    );
    home.write("two.yaml", TWO);
    home
}

fn apply(home: &Home, more: &[&str]) -> Answer {
    home.run(&[&["connections", "apply", "-f", "two.yaml"], more].concat())
}

fn get(home: &Home, alias: &str) -> Value {
    home.run(&["connections", "get", alias, "--json"]).json()
}

#[test]
fn apply_shows_and_makes_changes_and_is_idempotent() {
    let home = home();
    let done = apply(&home, &["--yes"]);
    assert_eq!(done.code, 0, "{done:?}");
    for line in [
        "~ openai-prod (OpenAI Production)",
        "    name: OpenAI Production → OpenAI Team A",
        "    settings.organization: - → org-1",
        "+ dev (Dev), openai, inactive",
        "    settings.apiKey: $OpenAI:ApiKey",
        "1 created, 1 updated",
    ] {
        assert!(done.out.lines().any(|it| it == line), "{line}: {done:?}");
    }
    let prod = get(&home, "openai-prod");
    assert_eq!(prod["version"], 2);
    assert_eq!(
        prod["settings"],
        json!({"apiKey": "sk-***", "organization": "org-1"}),
        "the blank kept the secret"
    );
    assert_eq!(get(&home, "dev")["isActive"], false);

    let again = apply(&home, &[]);
    assert_eq!((again.code, again.out.as_str()), (0, ""), "{again:?}");
    assert!(
        again
            .err
            .contains("Nothing to do: 2 connections are up to date"),
        "{again:?}"
    );
    assert_eq!(
        get(&home, "openai-prod")["version"],
        2,
        "no version is made"
    );
    assert_eq!(get(&home, "dev")["version"], 1);
}

#[test]
fn dry_run_shows_all_changes_and_makes_none() {
    let home = home();
    let dry = apply(&home, &["--dry-run"]);
    assert_eq!(dry.code, 0, "{dry:?}");
    assert!(dry.out.contains("+ dev"), "{dry:?}");
    assert!(dry.err.contains("Dry run: 1 created, 1 updated"), "{dry:?}");
    assert_eq!(
        (home.total(), get(&home, "openai-prod")["version"].as_u64()),
        (1, Some(1))
    );
    let reported = apply(&home, &["--dry-run", "--json"]).json();
    assert_eq!(reported["dryRun"], true);
    assert_eq!(reported["created"], 1);
    assert_eq!(reported["changes"][0]["changes"][0]["path"], "name");
    assert!(!reported.to_string().contains("sk-y"), "{reported}");
}

#[test]
fn apply_without_a_terminal_needs_yes() {
    let home = home();
    let refused = apply(&home, &[]);
    assert_eq!(refused.code, 2, "{refused:?}");
    assert!(refused.err.contains("Add --yes to confirm"), "{refused:?}");
    assert_eq!(home.total(), 1);
}

#[rstest]
#[case::yaml_without_value("doc.yaml", "connections:\n")]
#[case::yaml_null("doc.yaml", "kind: umai.connections\nversion: 1\nconnections: ~\n")]
#[case::yaml_empty_text("doc.yaml", "connections: \"\"\n")]
#[case::yaml_empty_object("doc.yaml", "{}\n")]
#[case::comments("doc.yaml", "# nothing\n")]
#[case::marker("doc.yaml", "---\n")]
#[case::one_empty_document("doc.yaml", "connections: []\n---\n# failed\n")]
#[case::json_null("doc.json", "{\"connections\": null}")]
#[case::json_null_alone("doc.json", "null")]
#[case::empty_file("doc.json", "")]
fn prune_with_an_empty_document_is_refused(#[case] name: &str, #[case] text: &str) {
    let home = home();
    home.write(name, text);
    let file = ["connections", "apply", "-f", name, "--prune", "--yes"];
    let stdin = ["connections", "apply", "-f", "-", "--prune", "--yes"];
    for refused in [home.run(&file), home.pipe(&stdin, text)] {
        assert_eq!(refused.code, 4, "{refused:?}");
        assert_eq!(home.total(), 1, "{refused:?}");
    }
    let refused = home.run(&["connections", "import", name]);
    assert_eq!(refused.code, 4, "{refused:?}");
}

#[test]
fn prune_without_documents_is_refused() {
    let home = home();
    let nothing = home.run(&["connections", "apply", "-f", "-", "--prune", "--yes"]);
    assert_eq!(nothing.code, 4, "{nothing:?}");
    std::fs::create_dir(home.path("empty")).unwrap();
    let folder = home.run(&["connections", "apply", "-f", "empty", "--prune", "--yes"]);
    assert_eq!(folder.code, 2, "{folder:?}");
    home.write(
        "deploy/profile.uda",
        r#"{"Udi":"umb://umbraco-ai-profile/3fa85f6457174562b3fc2c963f66afa6","Alias":"chat"}"#,
    );
    let others = home.run(&["connections", "apply", "-f", "deploy", "--prune", "--yes"]);
    assert_eq!(others.code, 4, "{others:?}");
    assert!(others.err.contains("connections: []"), "{others:?}");
    assert_eq!(home.total(), 1);
}

#[test]
fn prune_with_an_empty_list_deletes_everything() {
    let home = home();
    home.write("none.yaml", "connections: []\n");
    let pruned = home.run(&[
        "connections",
        "apply",
        "-f",
        "none.yaml",
        "--prune",
        "--yes",
    ]);
    assert_eq!(pruned.code, 0, "{pruned:?}");
    assert_eq!(home.total(), 0);
}

#[test]
fn prune_moves_missing_connections_to_the_trash() {
    let home = home();
    let body = r#"{"alias":"old","name":"Old","providerId":"openai"}"#;
    assert_eq!(home.create(body).code, 0);
    assert_eq!(apply(&home, &["--yes"]).code, 0);
    assert_eq!(home.total(), 3, "without --prune it stays");
    let refused = apply(&home, &["--prune"]);
    assert_eq!(refused.code, 2, "{refused:?}");
    assert!(refused.out.contains("- old (Old)"), "{refused:?}");
    let done = apply(&home, &["--prune", "--yes"]);
    assert_eq!(done.code, 0, "{done:?}");
    assert!(done.out.contains("1 deleted"), "{done:?}");
    assert_eq!(home.total(), 2);
    let trash = home
        .run(&["connections", "list", "--trash", "--json"])
        .json();
    assert_eq!(trash["items"][0]["alias"], "old");
}

#[rstest]
#[case(
    "settings: {apiKey: sk-planted}",
    "settings.apiKey: a secret is not allowed",
    4
)]
#[case(
    "settings: {apiKey: ''}",
    "settings.apiKey: The value is blank, masked or encrypted by Umbraco (ENC:…), and no value is stored",
    4
)]
#[case(
    "settings: {apiKey: {file: no.txt}}",
    "settings.apiKey: cannot read the secret",
    4
)]
#[case(
    "settings: {apiKey: $No:Key}",
    "settings.apiKey: Configuration key 'No:Key' not found",
    4
)]
#[case("settings: {apiKey: $OpenAI:ApiKey, nope: 1}", "settings.nope: ", 4)]
#[case("isActive: maybe", "isActive: ", 4)]
#[case("colour: red", "unknown member 'colour'", 4)]
fn document_errors_name_their_position_and_nothing_is_written(
    #[case] member: &str,
    #[case] why: &str,
    #[case] code: i32,
) {
    let home = home();
    let good = "- {alias: good, name: Good, providerId: openai}\n";
    home.write(
        "bad.yaml",
        format!("{good}- {{alias: bad, name: Bad, providerId: openai, {member}}}\n"),
    );
    let refused = home.run(&["connections", "apply", "-f", "bad.yaml", "--yes"]);
    assert_eq!(refused.code, code, "{refused:?}");
    let line = format!("bad.yaml: connection 2 (bad): {why}");
    assert!(refused.err.contains(&line), "{refused:?}");
    assert!(!refused.output().contains("planted"), "{refused:?}");
    assert_eq!(home.total(), 1, "not even the valid connection");
}

#[test]
fn document_secrets_come_from_files_and_stdin() {
    let home = Home::new();
    home.write("vault/key.txt", "sk-in-a-file\n");
    home.write(
        "vault/all.yaml",
        "- {alias: a, name: A, providerId: openai, settings: {apiKey: {file: key.txt}}}\n- {alias: b, name: B, providerId: openai, settings: {apiKey: {stdin: true}}}\n",
    );
    let arguments = ["connections", "apply", "-f", "vault/all.yaml", "--yes"];
    let done = home.pipe(&arguments, "sk-on-stdin");
    assert_eq!(done.code, 0, "{done:?}");
    assert!(!done.output().contains("sk-in"), "{done:?}");
    let again = home.pipe(&arguments, "sk-on-stdin");
    assert_eq!(again.out, "", "{again:?}");
    assert_eq!(
        get(&home, "a")["version"],
        1,
        "the same secret is no change"
    );
    let other = home.pipe(&arguments, "sk-another");
    assert!(
        other
            .out
            .contains("settings.apiKey: sk-*** → sk-*** (different)"),
        "{other:?}"
    );
    assert_eq!(get(&home, "b")["version"], 2);
    for planted in ["sk-in-a-file", "sk-on-stdin", "sk-another"] {
        let data: Vec<_> = home.files_with(planted);
        assert!(
            data.iter().all(|path| path.ends_with("key.txt")),
            "{data:?}"
        );
    }
}

#[test]
fn directory_is_read_and_duplicate_aliases_are_refused() {
    let home = Home::new();
    home.write("all/b.yml", "alias: B\nname: B\nproviderId: openai\n");
    home.write(
        "all/a.json",
        r#"{"alias":"a","name":"A","providerId":"openai"}"#,
    );
    home.write("all/notes.txt", "not for us");
    let mixed = home.run(&["connections", "apply", "-f", "all", "--yes"]);
    assert_eq!(mixed.code, 4, "an alias is lower case: {mixed:?}");
    assert!(
        mixed.err.contains("all/b.yml: connection 1 (B): alias: "),
        "{mixed:?}"
    );
    home.write("all/b.yml", "alias: b\nname: B\nproviderId: openai\n");
    let done = home.run(&["connections", "apply", "-f", "all", "--yes"]);
    assert_eq!(done.code, 0, "{done:?}");
    assert_eq!(home.total(), 2);
    home.write("all/c.yml", "alias: A\nname: C\nproviderId: openai\n");
    let twice = home.run(&["connections", "apply", "-f", "all", "--yes"]);
    assert_eq!(twice.code, 4, "{twice:?}");
    assert!(
        twice.err.contains(
            "all/c.yml: connection 1 (A): alias: already used by connection 1 in all/a.json"
        ),
        "{twice:?}"
    );
    assert_eq!(
        home.run(&["connections", "apply", "-f", "no.yaml", "--yes"])
            .code,
        2
    );
}

#[test]
fn alias_matches_in_any_case_and_provider_cannot_change() {
    let home = Home::documented();
    home.write(
        "one.yaml",
        "alias: OpenAI-Prod\nname: Other\nproviderId: openai\nsettings: {endpoint: null}\n",
    );
    let done = home.run(&["connections", "apply", "-f", "one.yaml", "--yes"]);
    assert_eq!(done.code, 0, "{done:?}");
    assert_eq!(get(&home, "openai-prod")["name"], "Other");
    assert!(!done.out.contains("endpoint"), "it was not there: {done:?}");
    home.write(
        "one.yaml",
        "alias: openai-prod\nname: Other\nproviderId: anthropic\n",
    );
    let refused = home.run(&["connections", "apply", "-f", "one.yaml", "--yes"]);
    assert_eq!(refused.code, 4, "{refused:?}");
    assert!(
        refused
            .err
            .contains("providerId: The provider of a connection cannot be changed"),
        "{refused:?}"
    );
}

#[test]
fn applying_an_export_to_its_store_changes_nothing() {
    let home = home();
    assert_eq!(apply(&home, &["--yes"]).code, 0);
    for format in ["json", "yaml"] {
        let exported = home.run(&["connections", "export", "--format", format]);
        assert_eq!(exported.code, 0, "{exported:?}");
        let applied = home.pipe(
            &["connections", "apply", "-f", "-", "--prune"],
            exported.out,
        );
        assert_eq!((applied.code, applied.out.as_str()), (0, ""), "{applied:?}");
    }
}

#[test]
fn apply_is_refused_in_read_only_mode() {
    let home = home();
    let refused = apply(&home, &["--yes", "--read-only"]);
    assert_eq!(refused.code, 2, "{refused:?}");
    assert_eq!(get(&home, "openai-prod")["version"], 1);
}

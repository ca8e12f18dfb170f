//! `umai connections import`: exports and Umbraco Deploy artifacts, all or nothing.

use rstest::rstest;
use serde_json::Value;

use crate::home::Home;

const ARTIFACT: &str = r#"{
  "Udi": "umb://umbraco-ai-connection/3fa85f6457174562b3fc2c963f66afa6",
  "Dependencies": [],
  "__type": "Umbraco.AI.Deploy.Artifacts.AIConnectionArtifact,Umbraco.AI.Deploy",
  "__version": "17.0.0",
  "Name": "From the site",
  "Alias": "from-the-site",
  "ProviderId": "openai",
  "Settings": { "ApiKey": "$OpenAI:ApiKey", "Organization": null },
  "IsActive": true
}"#;

fn home() -> Home {
    let home = Home::new();
    home.write(
        "appsettings.json",
        r#"{ "OpenAI": { "ApiKey": "sk-from-appsettings" } }"#,
    );
    home
}

fn export(format: &str) -> String {
    let source = home();
    for alias in ["a", "b"] {
        let body = format!(
            r#"{{"alias":"{alias}","name":"{alias}","providerId":"openai","isActive":false,"settings":{{"apiKey":"$OpenAI:ApiKey"}}}}"#
        );
        assert_eq!(source.create(&body).code, 0);
    }
    let exported = source.run(&["connections", "export", "--format", format]);
    assert_eq!(exported.code, 0, "{exported:?}");
    exported.out
}

fn get(home: &Home, alias: &str) -> Value {
    home.run(&["connections", "get", alias, "--json"]).json()
}

#[rstest]
#[case("json")]
#[case("yaml")]
fn export_can_be_imported_unchanged(#[case] format: &str) {
    let home = home();
    let exported = export(format);
    home.write("all.txt", &exported);
    let done = home.run(&["connections", "import", "all.txt"]);
    assert_eq!(done.code, 0, "{done:?}");
    assert_eq!(done.out, "2 created\n");
    let back = home.run(&["connections", "export", "--format", format]);
    assert_eq!(back.out, exported);
}

#[test]
fn import_conflicts_are_decided_before_any_write() {
    let home = home();
    let body = r#"{"alias":"b","name":"Mine","providerId":"openai"}"#;
    assert_eq!(home.create(body).code, 0);
    home.write("all.yaml", export("yaml"));
    let import = |more: &[&str]| home.run(&[&["connections", "import", "all.yaml"], more].concat());
    let refused = import(&[]);
    assert_eq!(refused.code, 5, "{refused:?}");
    assert!(
        refused.err.contains(
            "all.yaml: connection 2 (b): alias: A connection with alias 'b' already exists"
        ),
        "{refused:?}"
    );
    assert_eq!(home.total(), 1, "the other one was not created either");
    let dry = import(&["--on-conflict", "skip", "--dry-run", "--json"]).json();
    assert_eq!((&dry["created"], &dry["skipped"]), (&1.into(), &1.into()));
    assert_eq!(home.total(), 1);
    let skipped = import(&["--on-conflict", "skip"]);
    assert_eq!(
        (skipped.code, skipped.out.as_str()),
        (0, "1 created, 1 skipped\n")
    );
    assert_eq!(get(&home, "b")["name"], "Mine");
    let updated = import(&["--on-conflict", "update"]);
    assert_eq!(
        (updated.code, updated.out.as_str()),
        (0, "1 updated, 1 unchanged\n")
    );
    assert_eq!(get(&home, "b")["name"], "b");
    assert_eq!(get(&home, "a")["version"], 1);
}

#[test]
fn import_selects_connection_artifacts() {
    let home = home();
    home.write("Revision/umbraco-ai-connection__3f.uda", ARTIFACT);
    home.write(
        "Revision/data-type__9a.uda",
        r#"{"Udi":"umb://data-type/9a1b","Name":"Text"}"#,
    );
    let done = home.run(&["connections", "import", "Revision"]);
    assert_eq!(done.code, 0, "{done:?}");
    let one = get(&home, "from-the-site");
    assert_eq!(one["name"], "From the site");
    assert_eq!(
        one["settings"].to_string(),
        r#"{"apiKey":"$OpenAI:ApiKey","organization":null}"#
    );
    let other = home.run(&["connections", "import", "Revision/data-type__9a.uda"]);
    assert_eq!(other.code, 4, "{other:?}");
    assert!(other.err.contains("not a connection"), "{other:?}");
}

#[test]
fn secret_encrypted_by_umbraco_is_a_blank() {
    let home = home();
    home.write(
        "one.uda",
        ARTIFACT.replace("$OpenAI:ApiKey", "ENC:CfDJ8planted"),
    );
    let refused = home.run(&["connections", "import", "one.uda"]);
    assert_eq!(refused.code, 4, "{refused:?}");
    assert!(
        refused
            .err
            .contains("one.uda: connection 1 (from-the-site): settings.apiKey: The value is blank"),
        "{refused:?}"
    );
    assert!(!refused.output().contains("planted"), "{refused:?}");
    assert_eq!(home.total(), 0);
}

#[test]
fn export_format_follows_the_file_extension() {
    let home = home();
    home.write("all.json", export("json"));
    assert_eq!(home.run(&["connections", "import", "all.json"]).code, 0);
    let written = home.run(&["connections", "export", "--output-file", "out.yaml"]);
    assert_eq!(written.code, 0, "{written:?}");
    let yaml = std::fs::read_to_string(home.path("out.yaml")).unwrap();
    assert!(
        yaml.starts_with(
            "kind: \"umai.connections\"\nversion: 1\nconnections:\n- alias: a\n  name: a\n"
        ),
        "{yaml}"
    );
    assert!(yaml.contains("    apiKey: \"$OpenAI:ApiKey\"\n"), "{yaml}");
}

//! Output formats: JSON, YAML, CSV and shell lines, all without secrets.

use std::process::Command;

use rstest::rstest;
use serde_json::json;

use crate::home::Home;

fn home() -> Home {
    let home = Home::documented();
    let body = r#"{"alias":"sum","name":"=SUM(A1)'$(id)","providerId":"openai","isActive":false,"settings":{"apiKey":"sk-planted-secret"}}"#;
    assert_eq!(home.create(body).code, 0);
    home
}

#[test]
fn list_as_csv_contains_no_formula() {
    let home = home();
    let csv = home.run(&["connections", "list", "--output", "csv"]);
    assert_eq!(csv.code, 0, "{csv:?}");
    let mut lines = csv.out.lines();
    assert_eq!(
        lines.next(),
        Some("id,alias,name,providerId,isActive,dateCreated,dateModified,version")
    );
    let first = lines.next().unwrap();
    assert!(
        first.contains(",sum,'=SUM(A1)'$(id),openai,false,"),
        "{first}"
    );
    assert_eq!(lines.count(), 1);
}

#[test]
fn connection_as_env_is_safe_for_a_shell() {
    let home = home();
    let env = home.run(&["connections", "get", "sum", "--output", "env"]);
    assert_eq!(env.code, 0, "{env:?}");
    assert!(!env.out.contains("API_KEY"), "{env:?}");
    assert!(
        env.err.contains("umai prints no secrets: apiKey"),
        "{env:?}"
    );
    assert!(env.err.contains("umai run sum -- COMMAND"), "{env:?}");
    let script = format!("{}printf %s \"$CONNECTION_NAME\"", env.out);
    let output = Command::new("sh").args(["-c", &script]).output().unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stdout), "=SUM(A1)'$(id)");
}

#[test]
fn json_and_yaml_output_are_equivalent() {
    let home = home();
    let get = |more: &[&str]| home.run(&[&["connections", "get", "sum"], more].concat());
    assert_eq!(get(&["--json"]).out, get(&["--output", "json"]).out);
    assert_eq!(get(&["--json"]).out, get(&["--output=json"]).out);
    let yaml = get(&["--output", "yaml"]);
    let value: serde_json::Value = serde_saphyr::from_str(&yaml.out).unwrap();
    assert_eq!(value, get(&["--json"]).json());
    assert_eq!(value["settings"], json!({"apiKey": "sk-***"}));
    let missing = home.run(&["connections", "get", "missing", "--output", "json"]);
    assert_eq!(
        (missing.code, &missing.problem()["status"]),
        (3, &404.into())
    );
}

#[rstest]
#[case(&["connections", "list"])]
#[case(&["connections", "list", "--trash"])]
#[case(&["connections", "get", "sum"])]
#[case(&["connections", "history", "sum"])]
#[case(&["connections", "diff", "sum", "1", "2"])]
#[case(&["providers", "list"])]
#[case(&["token", "list"])]
#[case(&["backup", "list"])]
#[case(&["targets"])]
fn every_list_supports_every_format(#[case] arguments: &[&str]) {
    let home = home();
    let rename = ["connections", "update", "sum", "--name", "+1"];
    assert_eq!(home.run(&rename).code, 0);
    let json = home.run(&[arguments, &["--json"]].concat()).json();
    let yaml = home.run(&[arguments, &["--output", "yaml"]].concat());
    let value: serde_json::Value = serde_saphyr::from_str(&yaml.out).unwrap();
    assert_eq!(value, json, "{yaml:?}");
    let csv = home.run(&[arguments, &["--output", "csv"]].concat());
    assert_eq!(csv.code, 0, "{csv:?}");
    let table = home.run(&[arguments, &["--output", "table"]].concat());
    assert_eq!(table.out, home.run(arguments).out);
    for answer in [yaml, csv, table] {
        assert!(!answer.output().contains("planted"), "{answer:?}");
    }
}

#[rstest]
#[case(&["connections", "list", "--output", "env"], "--output env is for umai connections get")]
#[case(&["connections", "delete", "sum", "--yes", "--output", "csv"], "--output csv is for lists")]
#[case(&["completions", "bash", "--output", "yaml"], "does not support --output yaml")]
#[case(&["--output", "yaml"], "--output yaml needs a command")]
#[case(&["connections", "list", "--output", "xml"], "possible values: table, json, yaml, csv, env")]
#[case(&["connections", "list", "--json", "--output", "csv"], "cannot be used with")]
fn unsupported_format_is_rejected(#[case] arguments: &[&str], #[case] why: &str) {
    let home = home();
    let refused = home.run(arguments);
    assert_eq!((refused.code, refused.out.as_str()), (2, ""), "{refused:?}");
    assert!(refused.err.contains(why), "{refused:?}");
    assert_eq!(home.total(), 2);
}

#[test]
fn quiet_prints_only_results_and_errors() {
    let home = home();
    let loud = home.run(&["connections", "export"]);
    let quiet = home.run(&["connections", "export", "--quiet"]);
    assert!(!loud.err.is_empty());
    assert_eq!((quiet.out, quiet.err.as_str()), (loud.out, ""));
    let missing = home.run(&["connections", "get", "missing", "-q"]);
    assert!(missing.err.contains("not found"), "{missing:?}");
}

#[rstest]
#[case::list(&["connections", "list"], "1 of 2 connections; next page: --skip 1; all: --take 2")]
#[case::filtered(&["connections", "list", "provider:openai"], "1 of 2 connections")]
#[case::last_page(&["connections", "list", "--skip", "1"], "1 of 2 connections\n")]
#[case::history(&["connections", "history", "sum"], "1 of 2 versions; next page")]
#[case::trash(&["connections", "list", "--trash"], "1 of 2 connections in the trash; next page")]
fn part_of_a_list_is_reported_in_every_format(#[case] command: &[&str], #[case] notice: &str) {
    let home = home();
    let rename = ["connections", "update", "sum", "--name", "Other"];
    assert_eq!(home.run(&rename).code, 0);
    if command.contains(&"--trash") {
        let delete = ["connections", "delete", "sum", "openai-prod", "--yes"];
        assert_eq!(home.run(&delete).code, 0);
    }
    for format in ["table", "csv", "json", "yaml"] {
        let part = home.run(&[command, &["--take", "1", "--output", format]].concat());
        assert_eq!(part.code, 0, "{part:?}");
        let notices = part.err.replace("\"}", "\n");
        assert!(notices.contains(notice), "{format}: {part:?}");
    }
    let whole = home.run(&["connections", "list", "--output", "csv"]);
    assert_eq!(whole.err, "", "{whole:?}");
}

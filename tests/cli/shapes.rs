//! What is printed can be had as JSON, YAML, CSV or lines for a shell, and a secret in none of them.

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
fn a_list_is_csv_that_no_spreadsheet_computes() {
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
fn a_connection_is_lines_that_a_shell_takes_for_what_they_say() {
    let home = home();
    let env = home.run(&["connections", "get", "sum", "--output", "env"]);
    assert_eq!(env.code, 0, "{env:?}");
    assert!(
        env.out.contains("CONNECTION_SETTINGS_API_KEY='sk-***'\n"),
        "{env:?}"
    );
    let script = format!("{}printf %s \"$CONNECTION_NAME\"", env.out);
    let said = Command::new("sh").args(["-c", &script]).output().unwrap();
    assert_eq!(String::from_utf8_lossy(&said.stdout), "=SUM(A1)'$(id)");
}

#[test]
fn json_is_output_json_and_yaml_says_the_same() {
    let home = home();
    let get = |more: &[&str]| home.run(&[&["connections", "get", "sum"], more].concat());
    assert_eq!(get(&["--json"]).out, get(&["--output", "json"]).out);
    assert_eq!(get(&["--json"]).out, get(&["--output=json"]).out);
    let yaml = get(&["--output", "yaml"]);
    let value: serde_json::Value = serde_saphyr::from_str(&yaml.out).unwrap();
    assert_eq!(value, get(&["--json"]).json());
    assert_eq!(value["settings"], json!({"apiKey": "sk-***"}));
    let missing = home.run(&["connections", "get", "nobody", "--output", "json"]);
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
fn every_list_has_every_shape(#[case] arguments: &[&str]) {
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
        assert!(!answer.said().contains("planted"), "{answer:?}");
    }
}

#[rstest]
#[case(&["connections", "list", "--output", "env"], "--output env is for one connection")]
#[case(&["connections", "delete", "sum", "--yes", "--output", "csv"], "--output csv is for lists")]
#[case(&["completions", "bash", "--output", "yaml"], "--output yaml is for answers")]
#[case(&["--output", "yaml"], "--output yaml is for commands")]
#[case(&["connections", "list", "--output", "xml"], "takes one of table, json, yaml, csv, env")]
#[case(&["connections", "list", "--json", "--output", "csv"], "cannot be used with")]
fn a_shape_that_makes_no_sense_is_refused_in_a_sentence(
    #[case] arguments: &[&str],
    #[case] why: &str,
) {
    let home = home();
    let refused = home.run(arguments);
    assert_eq!((refused.code, refused.out.as_str()), (2, ""), "{refused:?}");
    assert!(refused.err.contains(why), "{refused:?}");
    assert_eq!(home.total(), 2);
}

#[test]
fn quiet_says_nothing_but_the_answer_and_what_went_wrong() {
    let home = home();
    let loud = home.run(&["connections", "export"]);
    let quiet = home.run(&["connections", "export", "--quiet"]);
    assert!(!loud.err.is_empty());
    assert_eq!((quiet.out, quiet.err.as_str()), (loud.out, ""));
    let missing = home.run(&["connections", "get", "nobody", "-q"]);
    assert!(missing.err.contains("not found"), "{missing:?}");
}

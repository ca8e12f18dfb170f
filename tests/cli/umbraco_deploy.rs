//! Umbraco Deploy artifacts: exports with references only, and imports that keep the GUID.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use serde_json::{Value, json};

use crate::home::{Answer, Home};

const GUID: &str = "9e558d6b-11da-5970-8af1-a77449892529";

const FILE: &str = "rev/umbraco-ai-connection__9e558d6b11da59708af1a77449892529.uda";

fn home() -> Home {
    let home = Home::new();
    home.write(
        "appsettings.json",
        r#"{ "OpenAI": { "ApiKey": "sk-from-appsettings" } }"#,
    );
    home
}

fn artifact(guid: &str, alias: &str) -> String {
    json!({
        "Name": "OpenAI", "Alias": alias, "ProviderId": "openai",
        "Settings": { "apiKey": "$OpenAI:ApiKey", "organization": null, "endpoint": "https://api.openai.com/v1" },
        "IsActive": false,
        "Udi": format!("umb://umbraco-ai-connection/{}", guid.replace('-', "")),
        "Dependencies": [],
        "__type": "Umbraco.AI.Deploy,Umbraco.AI.Deploy.Artifacts.AIConnectionArtifact",
        "__version": "17.0.0",
    })
    .to_string()
}

/// Home that imported the artifact.
fn imported() -> Home {
    let home = home();
    home.write(FILE, artifact(GUID, "openai-prod"));
    let done = import(&home, &[]);
    assert_eq!(
        (done.code, done.out.as_str()),
        (0, "1 created\n"),
        "{done:?}"
    );
    home
}

fn import(home: &Home, more: &[&str]) -> Answer {
    home.run(&[&["connections", "import", "rev"], more].concat())
}

fn export(home: &Home, more: &[&str]) -> Answer {
    let verb = ["connections", "export", "--format", "uda"];
    home.run(&[&verb, more].concat())
}

fn get(home: &Home, key: &str) -> Value {
    home.run(&["connections", "get", key, "--json"]).json()
}

#[test]
fn artifacts_move_connections_between_homes_with_their_guid() {
    let (from, to) = (imported(), home());
    let body = r#"{"alias":"bare","name":"Bare","providerId":"openai"}"#;
    let bare = from.create(body).json();
    let folder = to.path("rev");
    let done = export(&from, &["--output-folder", folder.to_str().unwrap()]);
    assert_eq!((done.code, done.out.as_str()), (0, ""), "{done:?}");
    assert!(done.err.contains("Exported 2 connections to "), "{done:?}");
    assert_eq!(fs::read_dir(&folder).unwrap().count(), 2);
    assert_eq!(import(&to, &[]).out, "2 created\n");
    for id in [GUID, bare["id"].as_str().unwrap()] {
        let (before, after) = (get(&from, id), get(&to, id));
        for member in ["id", "alias", "name", "providerId", "isActive", "settings"] {
            assert_eq!(before[member], after[member], "{member}");
        }
    }
    let again = import(&to, &["--on-conflict", "update"]);
    assert_eq!(again.out, "2 unchanged\n", "{again:?}");
}

#[test]
fn exported_artifact_has_the_members_of_umbraco_deploy() {
    let home = imported();
    let file = home.path(FILE);
    let before: Value = serde_json::from_str(&fs::read_to_string(&file).unwrap()).unwrap();
    let done = export(&home, &["openai-prod", "--output-folder", "rev", "--yes"]);
    assert_eq!(done.code, 0, "{done:?}");
    let text = fs::read_to_string(&file).unwrap();
    assert_eq!(serde_json::from_str::<Value>(&text).unwrap(), before);
    let members: Vec<&str> = text
        .lines()
        .filter_map(|line| line.strip_prefix("  \"")?.split_once('"'))
        .map(|(member, _)| member)
        .collect();
    let expected = "Name Alias ProviderId Settings IsActive Udi Dependencies __type __version";
    assert_eq!(members.join(" "), expected);
    let mode = fs::metadata(&file).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
}

#[test]
fn secret_without_a_reference_is_refused_and_nothing_written() {
    let home = imported();
    let body = r#"{"alias":"stored","name":"Stored","providerId":"openai","settings":{"apiKey":"sk-planted-planted"}}"#;
    assert_eq!(home.create(body).code, 0);
    let refused = export(&home, &["--output-folder", "new"]);
    assert_eq!((refused.code, refused.out.as_str()), (4, ""), "{refused:?}");
    assert!(
        refused.err.contains("stored: settings.apiKey: "),
        "{refused:?}"
    );
    assert!(
        refused.err.contains("replace it with $Section:Key"),
        "{refused:?}"
    );
    assert!(refused.err.contains("Nothing exported: "), "{refused:?}");
    assert!(refused.err.ends_with(": 1 of 2.\n"), "{refused:?}");
    assert!(!refused.output().contains("planted"), "{refused:?}");
    assert!(!home.path("new").exists());
    let others = export(&home, &["openai-prod", "--output-folder", "new"]);
    assert_eq!(others.code, 0, "{others:?}");
}

#[test]
fn existing_artifacts_are_replaced_with_yes_only() {
    let home = imported();
    fs::write(home.path(FILE), "mine").unwrap();
    let refused = export(&home, &["--output-folder", "rev"]);
    assert_eq!(refused.code, 2, "{refused:?}");
    assert!(
        refused.err.contains(".uda exists. Add --yes"),
        "{refused:?}"
    );
    assert_eq!(fs::read_to_string(home.path(FILE)).unwrap(), "mine");
    assert_eq!(export(&home, &["--output-folder", "rev", "--yes"]).code, 0);
    assert!(fs::read_to_string(home.path(FILE)).unwrap().contains("Udi"));
}

#[test]
fn artifact_format_and_folder_need_each_other() {
    let home = imported();
    for (arguments, expected) in [
        (&["--format", "uda"][..], "Add --output-folder DIR"),
        (&["--output-folder", "x"], "is for --format uda"),
        (
            &[
                "--format",
                "uda",
                "--output-folder",
                "x",
                "--output-file",
                "y",
            ],
            "cannot be used with",
        ),
        (&["--yes"], "--output-folder"),
    ] {
        let refused = home.run(&[&["connections", "export"], arguments].concat());
        assert_eq!(refused.code, 2, "{refused:?}");
        assert!(refused.err.contains(expected), "{refused:?}");
    }
    fs::write(home.path("file"), "").unwrap();
    let refused = export(&home, &["--output-folder", "file"]);
    assert_eq!(refused.code, 1, "{refused:?}");
    assert!(refused.err.contains("not a directory"), "{refused:?}");
}

#[test]
fn guid_in_use_is_a_conflict_and_an_update_renames() {
    let home = imported();
    home.write(FILE, artifact(GUID, "renamed"));
    let refused = import(&home, &[]);
    assert_eq!(refused.code, 5, "{refused:?}");
    assert!(
        refused.err.contains(&format!("ID '{GUID}' already exists")),
        "{refused:?}"
    );
    assert_eq!(import(&home, &["--on-conflict", "skip"]).code, 0);
    assert_eq!(get(&home, GUID)["alias"], "openai-prod");
    let pruned = ["connections", "apply", "-f", "rev", "--prune", "--yes"];
    assert_eq!(home.run(&pruned).out.lines().last(), Some("1 updated"));
    assert_eq!(get(&home, GUID)["alias"], "renamed");

    assert_eq!(
        home.run(&["connections", "delete", "renamed", "--yes"])
            .code,
        0
    );
    for policy in ["fail", "skip", "update"] {
        let refused = import(&home, &["--on-conflict", policy]);
        assert_eq!(refused.code, 5, "{refused:?}");
        assert!(refused.err.contains("in the trash"), "{refused:?}");
    }
    assert_eq!(home.total(), 0);
}

#[test]
fn connection_with_the_alias_keeps_its_own_id() {
    let home = imported();
    let other = "3fa85f64-5717-4562-b3fc-2c963f66afa6";
    home.write(FILE, artifact(other, "openai-prod"));
    let refused = import(&home, &[]);
    assert_eq!(refused.code, 5, "{refused:?}");
    assert!(
        refused.err.contains("alias 'openai-prod' already exists"),
        "{refused:?}"
    );
    let kept = import(&home, &["--on-conflict", "update"]);
    assert_eq!(kept.out, "1 unchanged\n", "{kept:?}");
    assert!(
        kept.err.contains("The ID in the file is not kept (1)"),
        "{kept:?}"
    );
    assert_eq!(get(&home, "openai-prod")["id"], GUID);
}

#[test]
fn artifacts_that_claim_one_connection_are_refused() {
    let home = imported();
    let other = "3fa85f64-5717-4562-b3fc-2c963f66afa6";
    home.write(FILE, artifact(GUID, "renamed"));
    home.write("rev/z.uda", artifact(other, "openai-prod"));
    let refused = import(&home, &["--on-conflict", "update"]);
    assert_eq!(refused.code, 5, "{refused:?}");
    assert!(
        refused
            .err
            .contains("rev/z.uda: connection 1 (openai-prod): alias: "),
        "{refused:?}"
    );
    assert_eq!(get(&home, GUID)["alias"], "openai-prod");
    home.write("rev/z.uda", artifact(GUID, "twice"));
    let refused = import(&home, &[]);
    assert_eq!(refused.code, 4, "{refused:?}");
    assert!(
        refused.err.contains("Udi: already used by connection 1"),
        "{refused:?}"
    );
}

#[test]
fn server_says_that_it_does_not_keep_the_guid() {
    let (server, client) = (home(), home());
    let mut running = server
        .umai(&["serve", "--http", "--no-auth", "--listen", "127.0.0.1:0"])
        .spawn()
        .unwrap();
    let mut line = String::new();
    let mut out = std::io::BufReader::new(running.stdout.take().unwrap());
    std::io::BufRead::read_line(&mut out, &mut line).unwrap();
    let url = line.trim().strip_prefix("Listening on ").unwrap();
    client.write(FILE, artifact(GUID, "openai-prod"));
    for more in [&["--dry-run"][..], &[]] {
        let verb = ["--server", url, "connections", "import", "rev"];
        let done = client.run(&[&verb[..], more].concat());
        assert_eq!(done.code, 0, "{done:?}");
        assert!(done.err.contains("this server chooses the IDs"), "{done:?}");
    }
    running.kill().unwrap();
    running.wait().unwrap();
    assert_ne!(get(&server, "openai-prod")["id"], GUID);
}

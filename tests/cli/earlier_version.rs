//! Files that umai 0.1 wrote are read: journal, snapshot, backups, keys, access tokens.
//!
//! `tests/fixtures/home-0.1` was written by umai 0.1: creates with a secret each, a rename with a note, a deactivation, a delete, a
//! token, a key rotation, and one create after it.

use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use serde_json::{Value, json};

use crate::home::Home;

/// Home with the files of the fixture.
fn earlier_home() -> Home {
    let home = Home::new();
    let fixture = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/home-0.1");
    for (from, to) in [
        ("config", ".config/umai"),
        ("data/journal", ".local/share/umai/journal"),
        ("data/snapshots", ".local/share/umai/snapshots"),
        ("data/backups", ".local/share/umai/backups"),
        ("data", ".local/share/umai"),
    ] {
        for entry in std::fs::read_dir(fixture.join(from)).unwrap() {
            let path = entry.unwrap().path();
            if path.is_file() {
                let name = path.file_name().unwrap().to_str().unwrap();
                let written = home.write(&format!("{to}/{name}"), std::fs::read(&path).unwrap());
                std::fs::set_permissions(written, Permissions::from_mode(0o600)).unwrap();
            }
        }
        std::fs::set_permissions(home.path(to), Permissions::from_mode(0o700)).unwrap();
    }
    home
}

/// Values at JSON pointers of each item.
fn values_at(list: &Value, pointers: [&str; 3]) -> Vec<Value> {
    let items = list["items"].as_array().unwrap();
    items
        .iter()
        .map(|item| json!(pointers.map(|pointer| item.pointer(pointer))))
        .collect()
}

#[test]
fn store_of_0_1_is_complete() {
    let home = earlier_home();
    let list = home.run(&["connections", "list", "--json"]);
    assert_eq!(list.code, 0, "{list:?}");
    assert_eq!(
        values_at(&list.json(), ["/alias", "/isActive", "/version"]),
        [
            json!(["after-rotation", true, 1]),
            json!(["claude-team", false, 3]),
            json!(["openai-production", true, 1]),
            json!(["openai-test", true, 1]),
        ]
    );
    let trash = home.run(&["connections", "list", "--trash", "--json"]);
    assert_eq!(trash.json()["items"][0]["alias"], "mistral");
    let history = home.run(&["connections", "history", "claude-team", "--json"]);
    assert_eq!(
        values_at(
            &history.json(),
            ["/snapshot/version", "/change/paths", "/change/description"]
        ),
        [
            json!([3, ["isActive"], null]),
            json!([2, ["name"], "renamed"]),
            json!([1, null, null]),
        ]
    );
    let restored = home.run(&["connections", "restore", "mistral"]);
    assert_eq!(restored.code, 0, "{restored:?}");
}

#[test]
fn backups_and_keys_of_0_1_are_valid() {
    let home = earlier_home();
    for entry in std::fs::read_dir(home.path(".local/share/umai/backups")).unwrap() {
        let path = entry.unwrap().path();
        let verified = home.run(&["backup", "verify", path.to_str().unwrap()]);
        assert_eq!(verified.code, 0, "{verified:?}");
    }
    let doctor = home.run(&["doctor"]);
    assert!(!doctor.output().contains('✗'), "{doctor:?}");
    let tokens = home.run(&["token", "list", "--json"]);
    assert_eq!(tokens.json()["items"][0]["name"], "laptop", "{tokens:?}");
}

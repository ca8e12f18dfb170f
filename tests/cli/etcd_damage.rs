//! Damaged stores on etcd: they can be replaced, and what can be read is saved before.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde_json::Value;

use crate::etcd::Machines;
use crate::etcd_node::EtcdNode;
use crate::home::{DOCUMENTED, Home};

const ALIAS: &str = "openai-prod";
const INCOMPLETE: &str = ".local/share/umai/backups/etcd/incomplete";

/// Overwrites the value of a connection.
fn damage(node: &EtcdNode, machines: &Machines, alias: &str) {
    let shown = machines.out(&machines.one, &["connections", "get", alias, "--json"]);
    let shown: Value = serde_json::from_str(&shown).unwrap();
    let (_, prefix) = machines.store.rsplit_once('/').unwrap();
    let key = format!("/{prefix}/c/{}", shown["id"].as_str().unwrap());
    let body = format!(
        r#"{{"key":"{}","value":"{}"}}"#,
        BASE64_STANDARD.encode(key),
        BASE64_STANDARD.encode("0123456789abcdef{}")
    );
    node.post("/v3/kv/put", &body).unwrap();
}

/// Files with an ending in the folder of incomplete backups.
fn saved(home: &Home, ending: &str) -> Vec<String> {
    let files = std::fs::read_dir(home.path(INCOMPLETE)).unwrap();
    let paths = files.map(|file| file.unwrap().path().display().to_string());
    paths.filter(|path| path.ends_with(ending)).collect()
}

#[test]
fn damaged_store_is_restored_after_its_readable_part_was_saved() {
    let Some(node) = EtcdNode::start(&[]) else {
        return;
    };
    let machines = Machines::on(&format!("etcd://{}", node.client));
    let one = &machines.one;
    machines.out(one, &["backup", "create"]);
    let second = DOCUMENTED.replace(ALIAS, "second");
    let create = ["connections", "create", "--from-json", "-"];
    assert_eq!(one.pipe(&machines.arguments(&create), second).code, 0);
    machines.out(one, &["connections", "update", ALIAS, "--name", "Later"]);
    damage(&node, &machines, ALIAS);

    let preview = machines.run(one, &["backup", "restore", "--newest", "--dry-run"]);
    assert!(preview.err.contains("only partly readable"), "{preview:?}");
    assert!(preview.err.contains("saved first"), "{preview:?}");
    let restored = machines.run(one, &["backup", "restore", "--newest", "--yes"]);
    assert_eq!(restored.code, 0, "{restored:?}");
    let readable = saved(one, ".backup");
    assert!(restored.out.contains(&readable[0]), "{restored:?}");
    let unread = std::fs::read_to_string(&saved(one, ".unread.json")[0]).unwrap();
    assert!(unread.contains("MDEyMzQ1Njc4OWFiY2RlZnt9"), "{unread}");
    assert!(unread.contains("/v/"), "its earlier version: {unread}");
    let gone = machines.run(one, &["connections", "get", "second"]);
    assert_eq!(gone.code, 3, "{gone:?}");
    machines.out(one, &["connections", "get", ALIAS]);
    // The readable part can be restored as well.
    machines.out(one, &["backup", "restore", &readable[0], "--yes"]);
    machines.out(one, &["connections", "get", "second"]);
    let newest = machines.out(one, &["backup", "list"]);
    assert!(!newest.contains("incomplete"), "{newest}");
}

#[test]
fn key_of_a_damaged_store_is_rotated_after_a_restore() {
    let Some(node) = EtcdNode::start(&[]) else {
        return;
    };
    let machines = Machines::on(&format!("etcd://{}", node.client));
    let one = &machines.one;
    let second = DOCUMENTED.replace(ALIAS, "second");
    let create = ["connections", "create", "--from-json", "-"];
    assert_eq!(one.pipe(&machines.arguments(&create), second).code, 0);
    damage(&node, &machines, ALIAS);
    let refused = machines.run(one, &["key", "rotate"]);
    assert_eq!(refused.code, 6, "{refused:?}");
    let readable = saved(one, ".backup");
    assert!(refused.err.contains(&readable[0]), "{refused:?}");
    machines.out(one, &["backup", "restore", &readable[0], "--yes"]);
    machines.out(one, &["key", "rotate"]);
    machines.out(&machines.one, &["connections", "get", "second"]);
}

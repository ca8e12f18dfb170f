//! Backups of a store on etcd, and copies of whole stores between a data directory and etcd.

use std::path::Path;

use serde_json::Value;

use crate::etcd::{Machines, Server};
use crate::etcd_node::EtcdNode;
use crate::home::{Answer, DOCUMENTED, Home};

const ALIAS: &str = "openai-prod";

/// Numbers of the versions of the documented connection, newest first.
fn versions(history: &str) -> Vec<u64> {
    let history: Value = serde_json::from_str(history).unwrap();
    let items = history["items"].as_array().unwrap();
    let numbers = items
        .iter()
        .map(|item| item["snapshot"]["version"].as_u64().unwrap());
    numbers.collect()
}

fn json_of(answer: &str) -> Value {
    serde_json::from_str(answer).unwrap()
}

/// Backups in the directory for stores on etcd.
fn backups(home: &Home) -> usize {
    let folder = home.path(".local/share/umai/backups/etcd");
    std::fs::read_dir(folder).map_or(0, Iterator::count)
}

#[test]
fn restore_reverts_a_shared_store_and_backs_it_up_first() {
    let Some(machines) = Machines::with_store("backup") else {
        return;
    };
    let Machines { one, other, .. } = &machines;
    let rename = |home, name| {
        machines.out(home, &["connections", "update", ALIAS, "--name", name]);
    };
    rename(other, "Second");
    let made = json_of(&machines.out(one, &["backup", "create", "--json"]));
    assert_eq!(made["connections"], 1, "{made}");
    assert_eq!(made["isSealed"], true, "{made}");
    let listed = machines.out(one, &["backup", "list"]);
    assert!(listed.contains(made["name"].as_str().unwrap()), "{listed}");
    let local = one.run(&["backup", "list"]);
    assert!(!local.out.contains("umai-"), "kept apart: {local:?}");
    let verified = machines.out(one, &["backup", "verify"]);
    assert!(verified.contains("valid, 1 connection"), "{verified}");

    rename(one, "Third");
    let second = DOCUMENTED.replace(ALIAS, "second");
    let create = ["connections", "create", "--from-json", "-"];
    assert_eq!(one.pipe(&machines.arguments(&create), second).code, 0);
    let preview = machines.run(one, &["backup", "restore", "--newest", "--dry-run"]);
    assert!(
        preview.err.contains("1 connection only in the store"),
        "{preview:?}"
    );
    assert!(
        preview.err.contains("A backup of the current store"),
        "{preview:?}"
    );
    let unconfirmed = machines.run(one, &["backup", "restore", "--newest"]);
    assert_eq!(unconfirmed.code, 2, "{unconfirmed:?}");
    assert_eq!(backups(one), 1);
    let restored = machines.run(one, &["backup", "restore", "--newest", "--yes"]);
    assert_eq!(restored.code, 0, "{restored:?}");
    assert!(restored.out.contains("Previous store"), "{restored:?}");
    assert_eq!(backups(one), 2);

    let shown = machines.out(other, &["connections", "get", ALIAS]);
    assert!(
        shown.contains("Second") && shown.contains("sk-***"),
        "{shown}"
    );
    let gone = machines.run(other, &["connections", "get", "second"]);
    assert_eq!(gone.code, 3, "{gone:?}");
    let history = machines.out(other, &["connections", "history", ALIAS, "--json"]);
    assert_eq!(versions(&history), [2, 1]);
    // Changes go on, and the replaced state can be restored as well.
    rename(other, "Fourth");
    let server = Server::start(&machines, other);
    let all = json_of(&machines.out(one, &["backup", "list", "--json"]));
    let replaced = all["items"][0]["name"].as_str().unwrap();
    assert!(replaced.ends_with("-replaced"), "{replaced}");
    // It is never the newest one: the same command would otherwise undo itself.
    let again = ["backup", "restore", "--newest", "--dry-run", "--json"];
    let again = json_of(&machines.out(one, &again));
    assert_eq!(again["backup"]["path"], made["path"], "{again}");
    machines.out(one, &["backup", "restore", replaced, "--yes"]);
    // A running server opens the store again.
    let shown = Home::new().run(&["--server", &server.url, "connections", "get", ALIAS]);
    assert!(shown.out.contains("Third"), "{shown:?}");
    machines.out(other, &["connections", "get", "second"]);
}

#[test]
fn backup_without_its_key_is_not_restored_to_etcd() {
    let Some(machines) = Machines::with_store("keyless") else {
        return;
    };
    let file = machines.other.path("foreign.backup");
    let foreign = Home::documented();
    let made = foreign.run(&["backup", "create", "--to", file.to_str().unwrap()]);
    assert_eq!(made.code, 0, "{made:?}");
    let restore = ["backup", "restore", file.to_str().unwrap(), "--yes"];
    let refused = machines.run(&machines.one, &restore);
    assert_eq!(refused.code, 6, "{refused:?}");
    assert!(
        refused.err.contains("needs it; nothing was restored"),
        "{refused:?}"
    );
    machines.out(&machines.one, &["connections", "get", ALIAS]);
}

#[test]
fn whole_store_is_copied_to_etcd_and_back() {
    let Some(node) = EtcdNode::start(&[]) else {
        return;
    };
    let home = Home::documented();
    let run = |arguments: &[&str]| -> Answer {
        let answer = home.run(arguments);
        assert_eq!(answer.code, 0, "{arguments:?}: {answer:?}");
        answer
    };
    run(&["connections", "update", ALIAS, "--name", "Second"]);
    home.create(&DOCUMENTED.replace(ALIAS, "trashed"));
    run(&["connections", "delete", "trashed", "--yes"]);
    let store = format!("etcd://{}/team", node.client);
    let local = ".local/share/umai";
    let preview = run(&["store", "copy", "local", &store, "--dry-run"]);
    assert!(
        preview
            .output()
            .contains("2 connections including the trash, with 2 earlier versions"),
        "{preview:?}"
    );
    let missing = home.run(&["--store", &store, "--read-only", "connections", "list"]);
    assert_eq!(missing.code, 6, "a dry run creates nothing: {missing:?}");
    let copied = run(&["store", "copy", local, &store]);
    assert!(copied.out.contains("Copied 2 connections"), "{copied:?}");

    let at = |arguments: &[&str]| run(&[&["--store", &store], arguments].concat()).out;
    assert!(at(&["connections", "get", ALIAS]).contains("sk-***"));
    assert_eq!(
        versions(&at(&["connections", "history", ALIAS, "--json"])),
        [2, 1]
    );
    assert!(at(&["connections", "list", "--trash"]).contains("trashed"));
    // The secret is decrypted there.
    let program = "printf %s \"$OPENAI_API_KEY\"";
    let secret = at(&["run", ALIAS, "--", "sh", "-c", program]);
    assert_eq!(secret, "sk-your-api-key");
    let doctor = at(&["doctor"]);
    assert!(!doctor.contains("not in use"), "{doctor}");
    // As left of a content that was replaced.
    node.post("/v3/kv/put", r#"{"key":"L3RlYW0vYS9sZWZ0","value":""}"#)
        .unwrap();
    let doctor = at(&["doctor"]);
    assert!(doctor.contains("keys below /team/a/"), "{doctor}");
    let again = run(&["store", "copy", local, &store]);
    assert!(again.out.contains("nothing to copy"), "{again:?}");

    at(&["connections", "update", ALIAS, "--name", "Third"]);
    let refused = home.run(&["store", "copy", local, &store]);
    assert_eq!(refused.code, 2, "it would lose a change: {refused:?}");
    assert!(refused.err.contains("newer in etcd://"), "{refused:?}");
    run(&["store", "copy", &store, "./copy"]);
    let back = run(&["--data", "copy", "connections", "history", ALIAS, "--json"]);
    assert_eq!(versions(&back.out), [3, 2, 1]);
    let secret = run(&["--data", "copy", "run", ALIAS, "--", "sh", "-c", program]);
    assert_eq!(secret.out, "sk-your-api-key");
    let same = run(&["store", "copy", &store, "./copy"]);
    assert!(same.out.contains("nothing to copy"), "{same:?}");
}

#[test]
fn killed_copy_changes_nothing_and_is_completed_by_the_next_one() {
    let Some(node) = EtcdNode::start(&[]) else {
        return;
    };
    let home = Home::documented();
    let lines: String = (0..1_000)
        .map(|number| DOCUMENTED.replace(ALIAS, &format!("many-{number}")) + "\n")
        .collect();
    let made = home.pipe(&["connections", "create", "--from-json", "-"], lines);
    assert_eq!(made.code, 0, "{made:?}");
    let store = format!("etcd://{}/team", node.client);
    let local = ".local/share/umai";
    let mut copy = home
        .umai(&["store", "copy", local, &store])
        .spawn()
        .unwrap();
    while count(&node, "/team/g/", "/team/g0") < 100 {
        let ended = copy.try_wait().unwrap();
        assert!(ended.is_none(), "it ended too early: {ended:?}");
    }
    copy.kill().unwrap();
    copy.wait().unwrap();
    let staged = count(&node, "/team/g/", "/team/g0");
    assert!(staged < 2_000, "killed too late: {staged}");
    let missing = home.run(&["--store", &store, "--read-only", "connections", "list"]);
    assert_eq!(missing.code, 6, "{missing:?}");
    assert!(missing.err.contains("No store"), "{missing:?}");
    let doctor = home.run(&["--store", &store, "doctor"]);
    assert!(doctor.out.contains("are not in use"), "{doctor:?}");
    assert!(
        doctor.out.contains("run the interrupted command again"),
        "{doctor:?}"
    );
    let copied = home.run(&["store", "copy", local, &store]);
    assert_eq!(copied.code, 0, "{copied:?}");
    let listed = home.run(&["--store", &store, "connections", "list", "--json"]);
    assert_eq!(listed.json()["total"], 1_001);
    // Connections, aliases and the head; the mark is gone.
    assert_eq!(count(&node, "/team/g/", "/team/g0"), 2 * 1_001 + 1);
    assert!(Path::new(&home.path(local)).exists());
}

#[test]
fn copy_that_fills_the_database_leaves_nothing() {
    // etcd knows the size of its database after every transaction, not only ten times a second.
    let options = ["--quota-backend-bytes=1000000", "--backend-batch-limit=1"];
    let Some(node) = EtcdNode::start(&options) else {
        return;
    };
    let home = Home::documented();
    let lines: String = (0..2_000)
        .map(|number| DOCUMENTED.replace(ALIAS, &format!("many-{number}")) + "\n")
        .collect();
    let made = home.pipe(&["connections", "create", "--from-json", "-"], lines);
    assert_eq!(made.code, 0, "{made:?}");
    let store = format!("etcd://{}/team", node.client);
    let full = home.run(&["store", "copy", "local", &store]);
    assert_ne!(full.code, 0, "{full:?}");
    assert!(full.err.contains("database of etcd is full"), "{full:?}");
    assert_eq!(count(&node, "/team/", "/team0"), 0);
}

/// Number of keys in a range.
pub fn count(node: &EtcdNode, from: &str, to: &str) -> u64 {
    let encode = |text: &str| base64::Engine::encode(&base64::prelude::BASE64_STANDARD, text);
    let body = format!(
        r#"{{"key":"{}","range_end":"{}","count_only":true}}"#,
        encode(from),
        encode(to)
    );
    let answer = node.post("/v3/kv/range", &body).unwrap();
    let (_, json) = answer.split_once("\r\n\r\n").unwrap();
    let answer: Value = serde_json::from_str(json).unwrap();
    answer["count"]
        .as_str()
        .map_or(0, |count| count.parse().unwrap())
}

#[test]
fn places_that_do_not_exist_or_are_the_same_are_refused() {
    let home = Home::documented();
    for (arguments, code, why) in [
        (["nowhere", "./copy"], 2, "'nowhere' is no target"),
        ([".local/share/umai", ".local/share/umai"], 2, "are both"),
        (["./empty", "./copy"], 6, "There is no store in ./empty"),
        (["https://h", "./copy"], 2, "is not the address of a store"),
    ] {
        let refused = home.run(&[&["store", "copy"][..], &arguments].concat());
        assert_eq!(refused.code, code, "{refused:?}");
        assert!(refused.err.contains(why), "{refused:?}");
    }
    assert!(!home.path("copy").exists());
}

#[test]
fn replaced_content_alone_is_not_the_newest_backup() {
    let Some(machines) = Machines::with_store("only-replaced") else {
        return;
    };
    let one = &machines.one;
    let made = json_of(&machines.out(one, &["backup", "create", "--json"]));
    machines.out(one, &["backup", "restore", "--newest", "--yes"]);
    std::fs::remove_file(made["path"].as_str().unwrap()).unwrap();
    let only = machines.run(one, &["backup", "restore", "--newest", "--dry-run"]);
    assert_eq!(only.code, 3, "{only:?}");
    assert!(
        only.err.contains("what an earlier restore replaced"),
        "{only:?}"
    );
}

#[test]
fn newest_backup_of_another_store_is_not_restored_but_named() {
    let Some(machines) = Machines::with_store("other-backups") else {
        return;
    };
    let one = &machines.one;
    let made = json_of(&machines.out(one, &["backup", "create", "--json"]));
    let store = format!("{}/second", machines.store);
    let create = [
        "--store",
        &store,
        "connections",
        "create",
        "--from-json",
        "-",
    ];
    assert_eq!(one.pipe(&create, DOCUMENTED).code, 0);
    let restore = |backup: &str| {
        let folder = ["--backup-folder", "./copies"];
        let restore = ["--store", &store, "backup", "restore", backup, "--yes"];
        one.run(&[&folder[..], &restore].concat())
    };
    let refused = restore("--newest");
    assert_eq!(refused.code, 3, "{refused:?}");
    for part in [
        "backups/etcd and ./copies/etcd",
        "is of this store",
        "umai backup restore NAME",
    ] {
        assert!(refused.err.contains(part), "{part}: {refused:?}");
    }
    let restored = restore(made["name"].as_str().unwrap());
    assert_eq!(restored.code, 0, "{restored:?}");
}

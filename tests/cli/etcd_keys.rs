//! New keys for a store on etcd.

use std::path::Path;

use crate::etcd::{Machines, Server, restrict};
use crate::etcd_backup::count;
use crate::etcd_node::EtcdNode;
use crate::home::{DOCUMENTED, Home, answer_of};

const ALIAS: &str = "openai-prod";
const KEY: &str = ".config/umai/umai.key";
const PENDING: &str = ".config/umai/umai.key.new";
/// Prints the secret of the documented connection.
const SECRET: [&str; 6] = [
    "run",
    ALIAS,
    "--",
    "sh",
    "-c",
    "printf %s \"$OPENAI_API_KEY\"",
];

fn copy_key(from: &Home, to: &Home) {
    let copy = to.write(KEY, std::fs::read(from.path(KEY)).unwrap());
    restrict(&copy);
}

#[test]
fn rotated_key_is_needed_on_every_machine() {
    let Some(machines) = Machines::with_store("rotate") else {
        return;
    };
    let Machines { one, other, .. } = &machines;
    let before = std::fs::read(one.path(KEY)).unwrap();
    let made = machines.out(one, &["backup", "create", "--json"]);
    let made: serde_json::Value = serde_json::from_str(&made).unwrap();
    machines.out(one, &["key", "rotate", "--dry-run"]);
    assert_eq!(std::fs::read(one.path(KEY)).unwrap(), before);
    let rotated = machines.run(one, &["key", "rotate"]);
    assert_eq!(rotated.code, 0, "{rotated:?}");
    assert!(rotated.out.contains("encrypted 1 secret"), "{rotated:?}");
    assert!(rotated.err.contains("Copy the key"), "{rotated:?}");
    assert_ne!(std::fs::read(one.path(KEY)).unwrap(), before);
    assert!(!one.path(PENDING).exists());
    assert_eq!(machines.out(one, &SECRET), "sk-your-api-key");

    let refused = machines.run(other, &["connections", "list"]);
    assert_eq!(refused.code, 6, "{refused:?}");
    copy_key(one, other);
    assert_eq!(machines.out(other, &SECRET), "sk-your-api-key");
    // A backup from before is encrypted with the key of the store.
    let name = made["name"].as_str().unwrap();
    machines.out(one, &["backup", "restore", name, "--yes"]);
    assert_eq!(machines.out(other, &SECRET), "sk-your-api-key");
}

#[test]
fn key_of_a_local_store_is_rotated_there_first() {
    let Some(machines) = Machines::with_store("both") else {
        return;
    };
    let one = &machines.one;
    assert_eq!(one.create(DOCUMENTED).code, 0);
    for arguments in [&["key", "rotate", "--dry-run"][..], &["key", "rotate"]] {
        let refused = machines.run(one, arguments);
        assert_eq!(refused.code, 6, "{refused:?}");
        assert!(refused.err.contains("rotate it first"), "{refused:?}");
    }
    assert!(!one.path(PENDING).exists());
    assert_eq!(one.run(&["key", "rotate"]).code, 0);
    let current = std::fs::read(one.path(KEY)).unwrap();
    machines.out(one, &["key", "rotate"]);
    assert_eq!(std::fs::read(one.path(KEY)).unwrap(), current);
    copy_key(one, &machines.other);
    assert_eq!(machines.out(&machines.other, &SECRET), "sk-your-api-key");
    assert_eq!(one.run(&SECRET).out, "sk-your-api-key");
}

#[test]
fn running_server_goes_on_when_it_has_the_new_key() {
    let Some(machines) = Machines::with_store("server") else {
        return;
    };
    let Machines { one, other, .. } = &machines;
    let create = [
        "token", "create", "--name", "a", "--scope", "read", "--json",
    ];
    let made: serde_json::Value = serde_json::from_str(&machines.out(one, &create)).unwrap();
    let token = made["token"].as_str().unwrap().to_owned();
    let server = Server::start_with_tokens(&machines, other);
    let client = Home::new();
    let get = || {
        let mut get = client.umai(&["--server", &server.url, "connections", "get", ALIAS]);
        get.env("UMAI_TOKEN", &token);
        answer_of(get)
    };
    assert_eq!(get().code, 0);
    machines.out(one, &["key", "rotate"]);
    let refused = get();
    assert_ne!(refused.code, 0, "{refused:?}");
    copy_key(one, other);
    let mut shown = get();
    while shown.code != 0 {
        std::thread::yield_now();
        shown = get();
    }
    assert!(shown.out.contains("sk-***"), "{shown:?}");
}

#[test]
fn dry_run_does_not_complete_an_interrupted_rotation() {
    let Some(machines) = Machines::with_store("dry") else {
        return;
    };
    let one = &machines.one;
    let former = std::fs::read(one.path(KEY)).unwrap();
    machines.out(one, &["key", "rotate"]);
    // As a rotation leaves it that was interrupted before it installed the key.
    std::fs::rename(one.path(KEY), one.path(PENDING)).unwrap();
    restrict(&one.write(KEY, &former));
    machines.out(one, &["key", "rotate", "--dry-run"]);
    assert_eq!(std::fs::read(one.path(KEY)).unwrap(), former);
    assert!(one.path(PENDING).exists());
    machines.out(one, &["key", "rotate"]);
    assert_eq!(machines.out(one, &SECRET), "sk-your-api-key");
    assert!(!one.path(PENDING).exists());
}

#[test]
fn second_replacement_of_a_key_waits_for_its_turn() {
    let Some(machines) = Machines::with_store("locked") else {
        return;
    };
    let one = &machines.one;
    let before = std::fs::read(one.path(KEY)).unwrap();
    // As another rotation holds it.
    let folder = std::fs::File::open(one.path(".config/umai")).unwrap();
    folder.lock().unwrap();
    let refused = machines.run(one, &["key", "rotate"]);
    assert_eq!(refused.code, 6, "{refused:?}");
    assert!(refused.err.contains("Another umai command"), "{refused:?}");
    assert!(!one.path(PENDING).exists());
    assert_eq!(std::fs::read(one.path(KEY)).unwrap(), before);
    drop(folder);
    machines.out(one, &["key", "rotate"]);
    assert_eq!(machines.out(one, &SECRET), "sk-your-api-key");
}

#[test]
fn killed_rotation_changes_nothing_and_is_completed_by_the_next_one() {
    let Some(node) = EtcdNode::start(&[]) else {
        return;
    };
    let machines = Machines::on(&format!("etcd://{}", node.client));
    let one = &machines.one;
    let lines: String = (0..1_000)
        .map(|number| DOCUMENTED.replace(ALIAS, &format!("many-{number}")) + "\n")
        .collect();
    let create = ["connections", "create", "--from-json", "-"];
    assert_eq!(one.pipe(&machines.arguments(&create), lines).code, 0);
    let prefix = machines.store.rsplit('/').next().unwrap();
    let (from, to) = (format!("/{prefix}/g/"), format!("/{prefix}/g0"));
    let mut rotation = one
        .umai(&machines.arguments(&["key", "rotate"]))
        .spawn()
        .unwrap();
    while count(&node, &from, &to) < 100 {
        let ended = rotation.try_wait().unwrap();
        assert!(ended.is_none(), "it ended too early: {ended:?}");
    }
    rotation.kill().unwrap();
    rotation.wait().unwrap();
    assert!(count(&node, &from, &to) < 2_000, "killed too late");
    assert_eq!(machines.out(&machines.other, &SECRET), "sk-your-api-key");
    let pending = std::fs::read(one.path(PENDING)).unwrap();
    let rotated = machines.out(one, &["key", "rotate"]);
    assert!(rotated.contains("encrypted 1001 secrets"), "{rotated}");
    let installed = std::fs::read(one.path(KEY)).unwrap();
    assert_eq!(installed, pending, "it goes on with the same key");
    assert_eq!(count(&node, &from, &to), 2 * 1_001 + 1);
    assert_eq!(machines.out(one, &SECRET), "sk-your-api-key");
}

#[test]
fn lost_key_is_replaced_without_the_secrets() {
    let Some(machines) = Machines::with_store("lost") else {
        return;
    };
    let keyless = Home::new();
    let matching = machines.run(&machines.one, &["key", "new", "--forget-secrets"]);
    assert_eq!(matching.code, 6, "{matching:?}");
    let renewed = machines.run(&keyless, &["key", "new", "--forget-secrets"]);
    assert_eq!(renewed.code, 0, "{renewed:?}");
    assert!(renewed.err.contains("OpenAI Production"), "{renewed:?}");
    let shown = machines.run(&keyless, &["connections", "get", ALIAS]);
    assert_eq!(shown.code, 0, "{shown:?}");
    assert!(!keyless.path(PENDING).exists());
    let refused = machines.run(&machines.one, &["connections", "list"]);
    assert_eq!(refused.code, 6, "{refused:?}");
    assert!(Path::new(&keyless.path(KEY)).exists());
}

//! Addresses without a store on etcd: new or mistyped ones, and those whose store etcd has lost.

use rstest::rstest;

use crate::etcd::Machines;
use crate::etcd_node::{EtcdNode, shared_address};
use crate::home::{Answer, DOCUMENTED, Home, answer_of};
use crate::pty::{KIND, Terminal};

const ADDRESSES: &str = ".config/umai/umai.addresses";
const CREATE: [&str; 4] = ["connections", "create", "--from-json", "-"];

/// Address without a store; none without etcd.
fn new_address() -> Option<String> {
    let address = shared_address()?;
    Some(format!("{address}/missing/{}", uuid::Uuid::new_v4()))
}

fn run(home: &Home, store: &str, command: &[&str]) -> Answer {
    home.run(&[&["--store", store], command].concat())
}

#[rstest]
#[case::list(&["connections", "list"], 0)]
#[case::filtered_list(&["connections", "list", "prod"], 0)]
#[case::json(&["connections", "list", "--json"], 0)]
#[case::trash(&["connections", "list", "--trash"], 0)]
#[case::get(&["connections", "get", "a"], 3)]
#[case::history(&["connections", "history", "a"], 3)]
#[case::export(&["connections", "export"], 0)]
#[case::dry_run(&["connections", "delete", "a", "--dry-run"], 3)]
#[case::change_of_nothing(&["connections", "delete", "a", "--yes"], 3)]
#[case::revoked_token(&["token", "revoke", "a"], 3)]
#[case::run(&["run", "a", "--", "true"], 3)]
#[case::tokens(&["token", "list"], 0)]
#[case::new_token(&["token", "create", "--name", "a", "--scope", "read", "--dry-run"], 0)]
#[case::serve_without_token(&["serve", "--http"], 2)]
fn command_that_only_reads_creates_no_store(#[case] command: &[&str], #[case] code: i32) {
    let Some(store) = new_address() else {
        return;
    };
    let home = Home::new();
    let answer = run(&home, &store, command);
    assert_eq!(answer.code, code, "{answer:?}");
    let notice = format!("No store at {store} yet");
    assert_eq!(answer.err.matches(&notice).count(), 1, "{answer:?}");
    assert!(!home.path(".config/umai/umai.key").exists());
    let doctor = run(&home, &store, &["doctor"]);
    assert!(doctor.out.contains("none yet at"), "{doctor:?}");
}

#[test]
fn backup_and_completion_create_no_store() {
    let Some(store) = new_address() else {
        return;
    };
    let home = Home::new();
    let refused = run(&home, &store, &["backup", "create"]);
    assert_eq!(refused.code, 6, "{refused:?}");
    assert!(refused.err.contains("There is no store"), "{refused:?}");
    let words = ["umai", "--store", &store, "connections", "get", "o"];
    let mut completion = home.umai(&["--"]);
    completion.args(words).env("UMAI_COMPLETE", "bash");
    completion.env("_CLAP_COMPLETE_INDEX", "5");
    let completed = answer_of(completion);
    assert_eq!(completed.output(), "");
    let doctor = run(&home, &store, &["doctor"]);
    assert!(doctor.out.contains("none yet at"), "{doctor:?}");
}

#[test]
fn change_creates_the_store_and_says_so_once() {
    let Some(store) = new_address() else {
        return;
    };
    let home = Home::new();
    let created = format!("Created the store {store}");
    let create = [&["--store", store.as_str()], &CREATE[..]].concat();
    let first = home.pipe(&create, DOCUMENTED);
    assert_eq!(first.code, 0, "{first:?}");
    assert_eq!(first.err.matches(&created).count(), 1, "{first:?}");
    let second = home.pipe(&create, DOCUMENTED.replace("openai-prod", "second"));
    assert_eq!(second.code, 0, "{second:?}");
    assert!(!second.err.contains(&created), "{second:?}");

    let store = new_address().unwrap();
    let token = ["token", "create", "--name", "a", "--scope", "read"];
    let created = format!("Created the store {store}");
    let first = run(&home, &store, &token);
    assert!(first.err.contains(&created), "{first:?}");
    let second = run(&home, &store, &["token", "list"]);
    assert_eq!(second.err, "", "{second:?}");
}

#[test]
fn app_creates_the_store_of_a_target_only_when_a_copy_is_confirmed() {
    let Some(store) = new_address() else {
        return;
    };
    let home = Home::documented();
    let config = format!("[targets.team]\nstore = \"{store}\"\n");
    home.write(".config/umai/config.toml", config);
    let line = format!(
        "exec env HOME='{}' {} --fresh",
        home.path("").display(),
        env!("CARGO_BIN_EXE_umai")
    );
    let mut app = Terminal::command(&line);
    app.press(KIND);
    app.shows("Connections");
    app.press("/");
    app.shows("╭ /");
    app.press("openai-prod");
    app.shows("/ openai-prod");
    app.press("\r");
    app.until("the list", |app| !app.contents().contains("Enter Keep"));
    // The filter goes on after the key; until its result is selected there is nothing to copy.
    app.shows("t Deactivate");
    app.press("P");
    app.shows("team");
    app.press("\r");
    app.shows("Enter Cancel");
    app.press("\t");
    app.shows("Enter Add secrets");
    app.press("\r");
    app.shows("There is no store yet: copying creates it");
    let doctor = run(&home, &store, &["doctor"]);
    assert!(doctor.out.contains("none yet at"), "{doctor:?}");
    app.press("y");
    app.shows("1 created");
    let listed = run(&home, &store, &["connections", "list"]);
    assert!(listed.out.contains("openai-prod"), "{listed:?}");
    app.press("\r");
    app.until("the list", |app| !app.contents().contains("Copy to team"));
    app.press("q");
    app.ends();
    let created = format!("Created the store {store}");
    assert!(app.has_written(&created), "{}", app.contents());
}

/// Deletes everything in etcd, as a new cluster in place of the old one.
fn empty(node: &EtcdNode) {
    let everything = r#"{"key":"AA==","range_end":"AA=="}"#;
    let answer = node.post("/v3/kv/deleterange", everything).unwrap();
    assert!(answer.contains("deleted"), "{answer}");
}

#[test]
fn lost_store_is_not_replaced_by_an_empty_one() {
    let Some(node) = EtcdNode::start(&[]) else {
        return;
    };
    let machines = Machines::on(&format!("etcd://{}", node.client));
    let Machines { one, other, store } = &machines;
    machines.out(one, &["backup", "create"]);
    let another = format!("etcd://{}/another", node.client);
    let create = [&["--store", another.as_str()], &CREATE[..]].concat();
    assert_eq!(one.pipe(&create, DOCUMENTED).code, 0);
    assert_eq!(run(one, &another, &["backup", "create"]).code, 0);
    empty(&node);
    for command in [
        &["connections", "list"][..],
        &["connections", "delete", "a", "--yes"],
        &["token", "create", "--name", "a", "--scope", "read"],
        &["backup", "create"],
        &["backup", "create", "--dry-run"],
        &["key", "rotate"],
        &["--plain"],
        &["--read-only", "connections", "list"],
        &["serve", "--http", "--no-auth"],
        &["doctor"],
    ] {
        let refused = machines.run(one, command);
        assert_eq!(refused.code, 6, "{refused:?}");
        let output = refused.output();
        for part in ["is gone", "umai backup restore --newest", "umai.addresses"] {
            assert!(output.contains(part), "{output}");
        }
    }
    // This machine has not used it.
    let unknown = machines.run(other, &["connections", "list"]);
    assert!(unknown.err.contains("No store at"), "{unknown:?}");
    let newest = ["backup", "restore", "--newest", "--yes"];
    machines.out(one, &newest);
    for home in [one, other] {
        let listed = machines.out(home, &["connections", "list"]);
        assert!(listed.contains("openai-prod"), "{listed}");
    }

    empty(&node);
    assert_eq!(machines.run(one, &["connections", "list"]).code, 6);
    let known = std::fs::read_to_string(one.path(ADDRESSES)).unwrap();
    let lines = known.lines().filter(|line| !line.starts_with(store));
    one.write(ADDRESSES, lines.collect::<String>());
    let begun = one.pipe(
        &[&["--store", store.as_str()], &CREATE[..]].concat(),
        DOCUMENTED,
    );
    assert_eq!(begun.code, 0, "{begun:?}");
    let noticed = machines.run(other, &["connections", "list"]);
    assert!(
        noticed.err.contains("is another one than before"),
        "{noticed:?}"
    );
}

//! History of a site: records without snapshots, comparisons for display, rollbacks.

use serde_json::{Value, json};

use crate::fixture::{Mode, PLANTED, Stored};
use crate::home::{Answer, Home};
use crate::stand_in::StandIn;

/// Changes that lead to version 4 of `openai-prod`.
fn changed(site: &StandIn) {
    let replace = |one: &mut Stored, from: &str, to: &str| {
        let settings = one.settings.take().unwrap();
        one.settings = Some(settings.replace(from, to));
    };
    site.edit("openai-prod", |one| replace(one, "org-1", "org-2"));
    site.edit("openai-prod", |one| {
        replace(one, "planted-one", "planted-new");
    });
    site.edit("openai-prod", |one| one.is_active = false);
}

fn run(site: &StandIn, home: &Home, verb: &[&str]) -> Answer {
    let answer = site.umai(home, &[&["connections"], verb].concat());
    assert!(!answer.output().contains(PLANTED), "{answer:?}");
    answer
}

#[test]
fn history_is_listed_over_short_pages() {
    for limit in [1, 3, 100] {
        let (site, home) = (StandIn::new(Mode::Stock), Home::new());
        changed(&site);
        site.switch(|switches| switches.page_limit = limit);
        let answer = run(&site, &home, &["history", "openai-prod", "--json"]);
        assert_eq!(answer.code, 0, "{answer:?}");
        let page = answer.json();
        let numbers = page["items"].as_array().unwrap().iter();
        let numbers: Vec<_> = numbers
            .map(|item| item["version"].as_u64().unwrap())
            .collect();
        assert_eq!(numbers, [4, 3, 2, 1]);
        assert_eq!(page["total"], 4);
        // The site has no names of past versions, so none are shown.
        assert!(page["items"][1].get("snapshot").is_none(), "{page}");
        let text = run(&site, &home, &["history", "openai-prod"]);
        assert!(text.out.contains("2026-04-02 11:00:00Z"), "{text:?}");
        site.assert_unharmed();
    }
}

#[test]
fn diff_has_the_differences_of_the_site() {
    let (site, home) = (StandIn::new(Mode::Stock), Home::new());
    changed(&site);
    let answer = run(&site, &home, &["diff", "openai-prod", "1", "--json"]);
    assert_eq!(answer.code, 0, "{answer:?}");
    let changes = answer.json()["changes"].take();
    let change = |path: &str, from: Value, to: Value| json!({"path": path, "changeType": "Modified", "fromValue": from, "toValue": to});
    assert_eq!(
        changes,
        json!([
            change("isActive", json!(true), json!(false)),
            change("settings.apiKey", json!("***"), json!("***")),
            change("settings.organization", json!("org-1"), json!("org-2")),
        ])
    );
    let unknown = run(&site, &home, &["diff", "openai-prod", "9"]);
    assert_eq!(unknown.code, 3, "{unknown:?}");
    site.assert_unharmed();
}

#[test]
fn rollback_preview_names_the_paths_and_changes_nothing() {
    let (site, home) = (StandIn::new(Mode::Stock), Home::new());
    changed(&site);
    let verb = ["rollback", "openai-prod", "1", "--dry-run", "--json"];
    let answer = run(&site, &home, &verb);
    assert_eq!(answer.code, 0, "{answer:?}");
    for path in ["isActive", "settings.apiKey", "settings.organization"] {
        assert!(answer.out.contains(path), "{answer:?}");
    }
    assert!(site.writes().is_empty());
    let noted = [&verb[..], &["--note", "why"]].concat();
    assert_eq!(run(&site, &home, &noted).code, 4);
}

#[test]
fn repeated_rollback_adds_no_version() {
    let (site, home) = (StandIn::new(Mode::Stock), Home::new());
    let old = site.get("openai-prod");
    changed(&site);
    for _ in 0..2 {
        let answer = run(&site, &home, &["rollback", "openai-prod", "1", "--yes"]);
        assert_eq!(answer.code, 0, "{answer:?}");
        let now = site.get("openai-prod");
        assert_eq!((now.version, now.settings), (5, old.settings.clone()));
    }
    let again = run(&site, &home, &["rollback", "openai-prod", "1", "--yes"]);
    assert!(again.out.contains("Nothing to roll back"), "{again:?}");
    assert_eq!(site.writes().len(), 1);
}

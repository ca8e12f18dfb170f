//! Responses of an Umbraco site: empty bodies, a bare ID, no trash, ignored parameters.

use rstest::rstest;

use crate::fixture::{MODES, Mode, PLANTED};
use crate::home::Home;
use crate::stand_in::StandIn;

#[test]
fn rollback_with_an_empty_answer_is_done() {
    for arguments in [&[][..], &["--json"]] {
        let (site, home) = (StandIn::new(Mode::Stock), Home::new());
        let old = site.get("openai-prod").settings;
        let renaming = ["connections", "update", "openai-prod", "--name", "New"];
        assert_eq!(site.umai(&home, &renaming).code, 0);
        let verb = ["connections", "rollback", "openai-prod", "1", "--yes"];
        let answer = site.umai(&home, &[&verb[..], arguments].concat());
        assert_eq!(answer.code, 0, "{answer:?}");
        assert!(!answer.output().contains(PLANTED), "{answer:?}");
        if arguments.is_empty() {
            assert!(answer.out.contains("this is version 3"), "{answer:?}");
            assert!(
                answer.err.contains("restored the secrets of that version"),
                "{answer:?}"
            );
        } else {
            assert_eq!(answer.json()["newVersion"], 3);
        }
        let after = site.get("openai-prod");
        assert_eq!(
            (after.name.as_str(), after.settings),
            ("OpenAI Production", old)
        );
        let writes = site.writes();
        let rollbacks = writes.iter().filter(|one| one.path.ends_with("/rollback"));
        assert_eq!(rollbacks.count(), 1, "it is not repeated");
        site.assert_unharmed();
    }
}

#[test]
fn rollback_note_is_refused_before_anything_is_sent() {
    let (site, home) = (StandIn::new(Mode::Stock), Home::new());
    let verb = [
        "connections",
        "rollback",
        "openai-prod",
        "1",
        "--yes",
        "--note",
        "why",
    ];
    let answer = site.umai(&home, &verb);
    assert_eq!(answer.code, 4, "{answer:?}");
    assert!(answer.err.contains("does not support a note"), "{answer:?}");
    assert!(site.writes().is_empty());
}

#[test]
fn rollback_to_an_unknown_version_is_not_found() {
    let (site, home) = (StandIn::new(Mode::Stock), Home::new());
    let verb = ["connections", "rollback", "openai-prod", "9", "--yes"];
    let answer = site.umai(&home, &verb);
    assert_eq!(answer.code, 3, "{answer:?}");
}

#[rstest]
#[case(&["--inactive"], &["resting"])]
#[case(&["--active", "--take", "2", "--skip", "1"], &["openai-prod", "pascal"])]
#[case(&["--inactive", "--provider", "OPENAI"], &[])]
#[case(&["--active", "--filter", "pas"], &["pascal"])]
fn status_is_filtered_over_all_pages(#[case] options: &[&str], #[case] expected: &[&str]) {
    let (site, home) = (StandIn::new(Mode::Stock), Home::new());
    let verb = [&["connections", "list", "--json"], options].concat();
    let answer = site.umai(&home, &verb);
    assert_eq!(answer.code, 0, "{answer:?}");
    let page = answer.json();
    let aliases: Vec<_> = page["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|item| item["alias"].as_str().unwrap())
        .collect();
    assert_eq!(aliases, expected);
    let total = if options.contains(&"--take") {
        4
    } else {
        expected.len()
    };
    assert_eq!(page["total"], total);
}

#[test]
fn deletion_says_that_it_is_permanent() {
    let (site, home) = (StandIn::new(Mode::Stock), Home::new());
    let verb = ["connections", "delete", "resting"];
    let warning = "Deletes permanently: this server keeps no trash";
    let answer = site.umai(&home, &verb);
    assert_eq!(answer.code, 2, "{answer:?}");
    assert!(answer.err.contains(warning), "{answer:?}");
    let answer = site.umai(&home, &[&verb[..], &["--dry-run"]].concat());
    assert!(answer.err.contains(warning), "{answer:?}");
    assert!(site.find("resting").is_some());
    let answer = site.umai(&home, &[&verb[..], &["--yes"]].concat());
    assert_eq!(answer.code, 0, "{answer:?}");
    assert!(answer.err.contains("Deleted permanently"), "{answer:?}");
    assert!(!answer.output().contains("restore"), "{answer:?}");
    assert!(site.find("resting").is_none());
    site.assert_unharmed();
}

#[rstest]
#[case(&["list", "--trash"])]
#[case(&["purge", "--all", "--yes"])]
#[case(&["restore", "resting"])]
fn trash_commands_say_that_there_is_none(#[case] verb: &[&str]) {
    let (site, home) = (StandIn::new(Mode::Stock), Home::new());
    let answer = site.umai(&home, &[&["connections"], verb].concat());
    assert_ne!(answer.code, 0, "{answer:?}");
    assert!(answer.err.contains("no trash"), "{answer:?}");
    site.assert_unharmed();
}

#[test]
fn test_covers_what_is_saved() {
    for mode in MODES {
        let (site, home) = (StandIn::new(mode), Home::new());
        let answer = site.umai(&home, &["connections", "test", "openai-prod"]);
        assert_eq!(answer.code, 0, "{answer:?}");
        let answer = site.umai(&home, &["connections", "test", "resting"]);
        assert_eq!(answer.code, 8, "{answer:?}");
        let answer = site.umai(&home, &["connections", "test", "bare"]);
        assert!(answer.err.contains("has no settings"), "{answer:?}");
        site.assert_unharmed();
    }
}

#[test]
fn models_are_read_from_a_bare_list() {
    let (site, home) = (StandIn::new(Mode::Stock), Home::new());
    let answer = site.umai(&home, &["connections", "models", "openai-prod", "--json"]);
    assert_eq!(answer.code, 0, "{answer:?}");
    assert!(answer.out.contains("gpt-4o"), "{answer:?}");
}

#[test]
fn failed_tests_of_several_connections_name_each() {
    let (site, home) = (StandIn::new(Mode::Stock), Home::new());
    let verb = ["connections", "test", "bare", "resting", "none"];
    let answer = site.umai(&home, &verb);
    for part in [
        "bare: The connection cannot",
        "none: ",
        "resting (inactive): ",
    ] {
        assert!(answer.output().contains(part), "{part}: {answer:?}");
    }
    let json = site.umai(&home, &[&verb[..], &["--json"]].concat());
    assert!(json.out.contains(r#""isActive":false"#), "{json:?}");
}

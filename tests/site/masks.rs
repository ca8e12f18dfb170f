//! Masks from a server or from input are never stored.

use rstest::rstest;

use crate::fixture::{MODES, Mode};
use crate::home::Home;
use crate::stand_in::StandIn;

const MASKS: [&str; 6] = ["***", "sk-***", "********", "sk-*", "••••••", "sk-●●"];

#[rstest]
#[case::toggle(&["deactivate", "openai-prod"])]
#[case::rename(&["update", "openai-prod", "--name", "New"])]
#[case::setting(&["update", "openai-prod", "--set", "organization=org-2"])]
#[case::bulk(&["deactivate", "openai-prod", "pascal"])]
fn masking_server_keeps_its_secrets(#[case] verb: &[&str]) {
    let (site, home) = (StandIn::new(Mode::Masking), Home::new());
    let before = site.all();
    let answer = site.umai(&home, &[&["connections"], verb].concat());
    assert_eq!(answer.code, 4, "{answer:?}");
    assert!(answer.err.contains("shows only a mask of"), "{answer:?}");
    assert!(answer.err.contains("in the same change"), "{answer:?}");
    assert_eq!(site.all(), before);
    assert!(site.writes().is_empty());
}

#[test]
fn masking_server_takes_a_change_with_the_secret() {
    let (site, home) = (StandIn::new(Mode::Masking), Home::new());
    let verb = ["connections", "update", "openai-prod", "--name", "New"];
    let secret = ["--secret-stdin", "apiKey"];
    let answer = site.pipe(&home, &[&verb[..], &secret].concat(), "sk-typed-again");
    assert_eq!(answer.code, 0, "{answer:?}");
    let after = site.get("openai-prod");
    assert_eq!(after.name, "New");
    assert!(
        after
            .settings
            .unwrap()
            .starts_with(r#"{"apiKey":"sk-typed-again","organization":"org-1""#)
    );
    site.assert_unharmed();
}

#[test]
fn reference_needs_no_secret_on_a_masking_server() {
    let (site, home) = (StandIn::new(Mode::Masking), Home::new());
    let answer = site.umai(&home, &["connections", "deactivate", "referring"]);
    assert_eq!(answer.code, 0, "{answer:?}");
    assert!(!site.get("referring").is_active);
    site.assert_unharmed();
}

#[test]
fn mask_is_refused_as_new_secret_on_every_command() {
    for mode in MODES {
        for mask in MASKS {
            let (site, home) = (StandIn::new(mode), Home::new());
            let before = site.all();
            let set = format!("apiKey={mask}");
            let body = format!(
                r#"{{"alias":"new","name":"New","providerId":"openai","settings":{{"apiKey":"{mask}"}}}}"#
            );
            let document = format!(
                "connections:\n- alias: new\n  name: New\n  providerId: openai\n  settings:\n    apiKey: '{mask}'\n"
            );
            let file = home.write("mask", mask);
            let by_file = format!("apiKey={}", file.display());
            let new = [
                "connections",
                "create",
                "--provider",
                "openai",
                "--name",
                "New",
            ];
            let bodies = format!("[{body}]");
            let cases: [(Vec<&str>, &str); 9] = [
                ([&new[..], &["--set", &set]].concat(), ""),
                ([&new[..], &["--secret-stdin", "apiKey"]].concat(), mask),
                ([&new[..], &["--secret-file", &by_file]].concat(), ""),
                (vec!["connections", "create", "--from-json", "-"], &body),
                (vec!["connections", "create", "--from-json", "-"], &bodies),
                (vec!["connections", "apply", "-f", "-", "--yes"], &document),
                (vec!["connections", "import", "-"], &document),
                (vec!["connections", "update", "bare", "--set", &set], ""),
                (
                    vec!["connections", "update", "bare", "--secret-stdin", "apiKey"],
                    mask,
                ),
            ];
            for (verb, stdin) in cases {
                let answer = site.pipe(&home, &verb, stdin);
                assert_eq!(answer.code, 4, "{mask} {verb:?}: {answer:?}");
                assert!(site.writes().is_empty(), "{mask} {verb:?}");
            }
            assert_eq!(site.all(), before);
        }
    }
}

#[test]
fn only_a_mask_of_umai_means_unchanged() {
    let (site, home) = (StandIn::new(Mode::Stock), Home::new());
    let before = site.get("openai-prod");
    for mask in MASKS {
        let body = format!(r#"{{"name":"New","settings":{{"apiKey":"{mask}"}}}}"#);
        let verb = ["connections", "update", "openai-prod", "--from-json"];
        let file = home.write("change.json", body);
        let answer = site.umai(&home, &[&verb[..], &[file.to_str().unwrap()]].concat());
        let is_shown = matches!(mask, "sk-***" | "***");
        assert_eq!(answer.code == 0, is_shown, "{mask}: {answer:?}");
    }
    let after = site.get("openai-prod");
    assert_eq!(after.settings, before.settings);
    assert_eq!(after.name, "New");
    site.assert_unharmed();
}

#[test]
fn only_a_mask_of_umai_means_unchanged_on_this_machine() {
    let home = Home::documented();
    for mask in MASKS {
        let body = format!(r#"{{"settings":{{"apiKey":"{mask}"}}}}"#);
        let file = home.write("change.json", body);
        let verb = ["connections", "update", "openai-prod", "--from-json"];
        let answer = home.run(&[&verb[..], &[file.to_str().unwrap()]].concat());
        let is_shown = matches!(mask, "sk-***" | "***");
        let expected = if is_shown { 0 } else { 4 };
        assert_eq!(answer.code, expected, "{mask}: {answer:?}");
    }
}

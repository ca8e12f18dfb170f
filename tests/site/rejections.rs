//! Rejected saves of a site, changes by others, and secrets that it cannot decrypt.

use rstest::rstest;

use crate::fixture::{Mode, Stored};
use crate::home::Home;
use crate::stand_in::StandIn;

#[rstest]
#[case::create(&["create", "--provider", "openai", "--name", "N", "--set", "apiKey=$Not:There"])]
#[case::update(&["update", "pascal", "--set", "ApiKey=$Not:There"])]
fn rejected_reference_is_named_with_the_allowed_prefixes(#[case] verb: &[&str]) {
    let (site, home) = (StandIn::new(Mode::Stock), Home::new());
    let before = site.all();
    let answer = site.umai(&home, &[&["connections"], verb].concat());
    assert_eq!(answer.code, 4, "{answer:?}");
    assert!(answer.err.contains("$Not:There in "), "{answer:?}");
    assert!(answer.err.contains("Umbraco:AI:Secrets"), "{answer:?}");
    assert_eq!(site.all(), before);
}

#[test]
fn newer_site_rejects_other_prefixes() {
    let (site, home) = (StandIn::new(Mode::Stock), Home::new());
    let verb = [
        "connections",
        "update",
        "openai-prod",
        "--set",
        "apiKey=$OpenAI:ApiKey",
    ];
    site.switch(|switches| switches.is_newer = true);
    let answer = site.umai(&home, &verb);
    assert_eq!(answer.code, 4, "{answer:?}");
    assert!(
        answer.err.contains("$OpenAI:ApiKey in apiKey"),
        "{answer:?}"
    );
    site.switch(|switches| switches.is_newer = false);
    assert_eq!(site.umai(&home, &verb).code, 0);
}

#[rstest]
#[case::create(&["create", "--provider", "openai", "--name", "N", "--alias", "pascal", "--set", "apiKey=$OpenAI:ApiKey"])]
#[case::update(&["update", "openai-prod", "--alias", "pascal"])]
#[case::duplicate(&["duplicate", "openai-prod", "--name", "N", "--alias", "pascal"])]
fn taken_alias_is_a_conflict(#[case] verb: &[&str]) {
    let (site, home) = (StandIn::new(Mode::Stock), Home::new());
    let before = site.all();
    let answer = site.umai(&home, &[&["connections"], verb].concat());
    assert!(answer.err.contains("'pascal' already exists"), "{answer:?}");
    assert_eq!(answer.code, 5, "{answer:?}");
    assert_eq!(site.all(), before);
}

#[rstest]
#[case::unnamed(&["create", "--from-json", "-"], r#"{"alias":"n","name":"","providerId":"openai","settings":{"apiKey":"sk-1"}}"#)]
#[case::no_key(&["create", "--from-json", "-"], r#"{"alias":"n","name":"N","providerId":"openai","settings":{}}"#)]
#[case::cleared(&["update", "openai-prod", "--unset", "apiKey"], "")]
fn invalid_content_is_rejected_before_it_is_sent(#[case] verb: &[&str], #[case] body: &str) {
    let (site, home) = (StandIn::new(Mode::Stock), Home::new());
    let answer = site.pipe(&home, &[&["connections"], verb].concat(), body);
    assert_eq!(answer.code, 4, "{answer:?}");
    assert!(site.writes().is_empty(), "{answer:?}");
}

#[test]
fn encrypted_secret_asks_to_be_entered_again() {
    let encrypted = r#"{"apiKey":"ENC:planted-cipher"}"#;
    let stored = vec![Stored::new("lost", "Lost", "openai", Some(encrypted))];
    let (site, home) = (StandIn::with(Mode::Stock, stored), Home::new());
    let answer = site.umai(&home, &["connections", "get", "lost"]);
    assert!(
        answer
            .out
            .contains("cannot be decrypted by the site; enter it again"),
        "{answer:?}"
    );
    assert!(!answer.output().contains("planted"), "{answer:?}");
    let json = site
        .umai(&home, &["connections", "get", "lost", "--json"])
        .json();
    assert_eq!(json["settings"]["apiKey"], "***");
    let answer = site.umai(&home, &["connections", "deactivate", "lost"]);
    assert_eq!(answer.code, 0, "{answer:?}");
    assert_eq!(site.get("lost").settings.unwrap(), encrypted);
}

#[test]
fn change_by_others_since_the_read_is_a_conflict() {
    let (site, home) = (StandIn::new(Mode::Stock), Home::new());
    site.edit("openai-prod", |one| one.name.push('!'));
    let verb = [
        "connections",
        "update",
        "openai-prod",
        "--name",
        "Mine",
        "--if-version",
        "1",
    ];
    let answer = site.umai(&home, &verb);
    assert_eq!(answer.code, 5, "{answer:?}");
    assert!(site.writes().is_empty());
}

//! Changes reach the site exactly as requested.

use rstest::rstest;

use crate::fixture::{MODES, Mode, Stored};
use crate::home::Home;
use crate::stand_in::StandIn;

/// Asserts the stored connection, without its version.
fn assert_is(site: &StandIn, expected: &Stored) {
    let found = site.get(&expected.alias);
    let version = found.version;
    assert_eq!(
        found,
        Stored {
            version,
            ..expected.clone()
        }
    );
    site.assert_unharmed();
}

#[rstest]
#[case::toggle(&["deactivate", "pascal"], |one: &mut Stored| one.is_active = false)]
#[case::rename(&["update", "pascal", "--name", "Renamed"], |one: &mut Stored| one.name = "Renamed".into())]
#[case::alias(&["update", "pascal", "--alias", "pascal-2"], |one: &mut Stored| one.alias = "pascal-2".into())]
#[case::setting_in_other_casing(
    &["update", "pascal", "--set", "organization=org-9"],
    |one: &mut Stored| replace(one, r#""Organization":null"#, r#""Organization":"org-9""#)
)]
#[case::new_setting_goes_last(
    &["update", "pascal", "--set", "endpoint=https://api.openai.com/v1/x"],
    |one: &mut Stored| replace(one, r#""planted-three"}"#, r#""planted-three","endpoint":"https://api.openai.com/v1/x"}"#)
)]
#[case::unset(
    &["update", "pascal", "--unset", "LEGACYTOKEN"],
    |one: &mut Stored| replace(one, r#""legacyToken":"planted-three""#, r#""legacyToken":null"#)
)]
fn stored_settings_are_preserved_byte_for_byte(
    #[case] verb: &[&str],
    #[case] change: fn(&mut Stored),
    #[values(Mode::Stock, Mode::Extra)] mode: Mode,
) {
    let (site, home) = (StandIn::new(mode), Home::new());
    let mut expected = site.get("pascal");
    change(&mut expected);
    let answer = site.umai(&home, &[&["connections"], verb].concat());
    assert_eq!(answer.code, 0, "{answer:?}");
    assert_is(&site, &expected);
}

fn replace(one: &mut Stored, from: &str, to: &str) {
    let settings = one.settings.take().unwrap();
    assert!(settings.contains(from), "{settings}");
    one.settings = Some(settings.replace(from, to));
}

#[test]
fn secret_in_other_casing_is_replaced_in_place() {
    for mode in MODES {
        let (site, home) = (StandIn::new(mode), Home::new());
        let only_secret = r#"{"ApiKey":"planted-two","big":1.50}"#;
        let site = match mode {
            Mode::Masking => StandIn::with(
                mode,
                vec![Stored::new("pascal", "P", "openai", Some(only_secret))],
            ),
            _ => site,
        };
        let secret = ["--secret-stdin", "apiKey"];
        let verb = [&["connections", "update", "pascal"], &secret[..]].concat();
        let answer = site.pipe(&home, &verb, "new-secret-value");
        assert_eq!(answer.code, 0, "{answer:?}");
        let settings = site.get("pascal").settings.unwrap();
        assert!(
            settings.starts_with(r#"{"ApiKey":"new-secret-value","#),
            "{settings}"
        );
        assert!(!settings.contains("apiKey"), "{settings}");
        site.assert_unharmed();
    }
}

#[test]
fn number_setting_stays_a_number() {
    let (site, home) = (StandIn::new(Mode::Extra), Home::new());
    let before = site.get("acme").settings.unwrap();
    let answer = site.umai(
        &home,
        &["connections", "update", "acme", "--set", "retries=5"],
    );
    assert_eq!(answer.code, 0, "{answer:?}");
    let after = site.get("acme").settings.unwrap();
    assert_eq!(after, before.replace("\"retries\":3", "\"retries\":5"));
    site.assert_unharmed();
}

#[rstest]
#[case::active(&["activate", "openai-prod"])]
#[case::name(&["update", "openai-prod", "--name", "OpenAI Production"])]
#[case::setting(&["update", "openai-prod", "--set", "Organization=org-1"])]
fn unchanged_update_sends_no_put(#[case] verb: &[&str]) {
    for mode in MODES {
        let (site, home) = (StandIn::new(mode), Home::new());
        let answer = site.umai(&home, &[&["connections"], verb].concat());
        assert_eq!(answer.code, 0, "{answer:?}");
        assert!(site.writes().is_empty(), "{:?}", site.writes());
    }
}

#[test]
fn duplicate_takes_the_raw_settings_along() {
    let (site, home) = (StandIn::new(Mode::Stock), Home::new());
    let verb = ["connections", "duplicate", "pascal", "--name", "Copy"];
    let answer = site.umai(&home, &verb);
    assert_eq!(answer.code, 0, "{answer:?}");
    assert_eq!(site.get("copy").settings, site.get("pascal").settings);
    let (masking, home) = (StandIn::new(Mode::Masking), Home::new());
    let answer = masking.umai(&home, &verb);
    assert_eq!(answer.code, 4, "{answer:?}");
    assert!(masking.find("copy").is_none());
    masking.assert_unharmed();
}

#[test]
fn site_without_providers_is_not_taken_for_umai() {
    let (site, home) = (StandIn::new(Mode::Stock), Home::new());
    site.uninstall_providers();
    let mut expected = site.get("openai-prod");
    expected.is_active = false;
    let answer = site.umai(&home, &["connections", "deactivate", "openai-prod"]);
    assert_eq!(answer.code, 0, "{answer:?}");
    assert_is(&site, &expected);
}

#[test]
fn create_sends_the_schema_spelling_and_types() {
    let (site, home) = (StandIn::new(Mode::Extra), Home::new());
    let body = r#"{"alias":"new","name":"New","providerId":"acme","settings":{"AccessToken":"planted-new","RETRIES":"7"}}"#;
    let verb = ["connections", "create", "--from-json", "-", "--json"];
    let answer = site.pipe(&home, &verb, body);
    assert_eq!(answer.code, 0, "{answer:?}");
    assert!(!answer.output().contains("planted"), "{answer:?}");
    assert_eq!(
        site.get("new").settings.unwrap(),
        r#"{"accessToken":"planted-new","retries":7}"#
    );
    site.assert_unharmed();
}

/// A key in the place of a name, which the site would store in clear.
#[rstest]
#[case::rename(&["update", "pascal", "--name", "sk-planted123def456ghi789"], "")]
#[case::alias(&["update", "pascal", "--alias", "sk-planted123def456ghi789"], "")]
#[case::create(
    &["create", "--from-json", "-"],
    r#"{"alias":"new","name":"sk-planted123def456ghi789","providerId":"openai","settings":{"apiKey":"sk-1"}}"#
)]
#[case::duplicate(&["duplicate", "pascal", "--name", "sk-planted123def456ghi789", "--alias", "copy"], "")]
fn key_in_a_name_is_not_sent(#[case] verb: &[&str], #[case] body: &str) {
    let (site, home) = (StandIn::new(Mode::Stock), Home::new());
    let answer = site.pipe(&home, &[&["connections"], verb].concat(), body);
    assert_eq!(answer.code, 4, "{answer:?}");
    assert!(!format!("{answer:?}").contains("planted123"), "{answer:?}");
    assert!(site.writes().is_empty());
}

/// The same secret in the site's spelling of the key, which must be judged like the built-in one.
#[rstest]
#[case::blank_set(&["--set", "ApiKey="], "")]
#[case::encrypted(&["--secret-stdin", "ApiKey"], "ENC:AAAA")]
#[case::invisible(&["--secret-stdin", "ApiKey"], "sk-\u{200b}1")]
#[case::twice(&["--set", "apiKey=$A:B", "--set", "ApiKey=$A:C"], "")]
fn unusable_secret_under_another_spelling_is_not_sent(
    #[case] given: &[&str],
    #[case] secret: &str,
) {
    let (site, home) = (StandIn::new(Mode::Stock), Home::new());
    let verb = [&["connections", "update", "pascal"], given].concat();
    let answer = site.pipe(&home, &verb, secret);
    assert_ne!(answer.code, 0, "{answer:?}");
    assert!(site.writes().is_empty());
}

#[test]
fn secret_is_trimmed_of_invisible_characters_before_it_is_sent() {
    let (site, home) = (StandIn::new(Mode::Stock), Home::new());
    let body = "{\"settings\":{\"ApiKey\":\"\u{feff}sk-new-one \u{200b}\"}}";
    let update = |body: &str| {
        let file = home.write("body.json", body);
        let file = file.to_str().unwrap();
        let verb = ["connections", "update", "pascal", "--from-json", file];
        site.umai(&home, &verb)
    };
    let answer = update(body);
    assert_eq!(answer.code, 0, "{answer:?}");
    let settings = site.get("pascal").settings.unwrap();
    assert!(settings.contains(r#""ApiKey":"sk-new-one""#), "{settings}");
    let mask = "{\"settings\":{\"apiKey\":\"\u{200b}********\"}}";
    let answer = update(mask);
    assert_eq!(answer.code, 4, "{answer:?}");
    site.assert_unharmed();
}

#[test]
fn result_of_an_update_is_its_own_despite_others() {
    let (site, home) = (StandIn::new(Mode::Stock), Home::new());
    site.switch(|switches| switches.renamed_after_put = Some("openai-prod".into()));
    let verb = ["connections", "update", "openai-prod", "--name", "Mine"];
    let answer = site.umai(&home, &verb);
    assert_eq!(answer.out, "Saved Mine (openai-prod), version 2\n");
}

#[rstest]
#[case::create(&["create", "--provider", "openai", "--name", "N", "--set", "apiKey=$OpenAI:ApiKey"])]
#[case::update(&["update", "openai-prod", "--name", "Newer"])]
#[case::rollback(&["rollback", "openai-prod", "1", "--yes"])]
#[case::delete(&["delete", "resting", "--yes"])]
fn error_of_a_gateway_says_that_a_write_may_be_saved(#[case] verb: &[&str]) {
    let (site, home) = (StandIn::new(Mode::Stock), Home::new());
    site.edit("openai-prod", |one| one.name = "Other".into());
    site.switch(|switches| switches.fails_writes_after = Some(0));
    let answer = site.umai(&home, &[&["connections"], verb].concat());
    assert_eq!(answer.code, 7, "{answer:?}");
    let expected = "The change may have been saved: check before you retry";
    assert!(answer.err.contains(expected), "{answer:?}");
    assert!(answer.err.contains("502"), "{answer:?}");
    let test = site.umai(&home, &["connections", "test", "openai-prod"]);
    assert!(
        !test.err.contains("saved"),
        "a test saves nothing: {test:?}"
    );
}

#[test]
fn rollback_needs_a_confirmation_that_names_the_secrets() {
    let (site, home) = (StandIn::new(Mode::Stock), Home::new());
    site.edit("openai-prod", |one| one.name = "Other".into());
    let answer = site.umai(&home, &["connections", "rollback", "openai-prod", "1"]);
    assert_eq!(answer.code, 2, "{answer:?}");
    assert!(answer.err.contains("secrets of that version"), "{answer:?}");
    assert!(answer.err.contains("--yes"), "{answer:?}");
    assert!(site.writes().is_empty());
}

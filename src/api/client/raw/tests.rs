//! Tests that a change of a third-party connection replaces only the named settings.

use super::*;
use rstest::rstest;

const STORED: &str = r#"{"alias":"a","id":"3fa85f64-5717-4562-b3fc-2c963f66afa6","isActive":true,"name":"A","providerId":"openai","version":2,
"settings":{"ApiKey":"sk-planted","Endpoint":"https://api.openai.com/v1","big":12345678901234567890123,"ratio":1.50,"list":[1,{"b":"x"}],"later":{"a":null},"organization":null}}"#;

fn changed(stored: &str, change: &str) -> Result<RawChange, ConnectionError> {
    let raw = RawConnection::read(stored.as_bytes()).unwrap();
    let draft = ConnectionDraft::from_json(change.as_bytes()).unwrap();
    raw.changed(&draft, &ProviderCatalog::embedded())
}

fn settings_sent(change: &RawChange) -> &str {
    let body = std::str::from_utf8(&change.body).unwrap();
    let (_, settings) = body.split_once(",\"settings\":").unwrap();
    settings.strip_suffix('}').unwrap()
}

#[test]
fn untouched_settings_are_sent_byte_for_byte() {
    let change = changed(STORED, r#"{"name":"B"}"#).unwrap();
    let (_, stored) = STORED.split_once("\"settings\":").unwrap();
    assert_eq!(settings_sent(&change), stored.strip_suffix('}').unwrap());
    let body = std::str::from_utf8(&change.body).unwrap();
    assert!(body.starts_with(
        r#"{"alias":"a","name":"B","providerId":"openai","isActive":true,"settings":{"#
    ));
    assert_eq!(change.paths, ["name"]);
}

#[rstest]
#[case::any_case(
    r#"{"settings":{"apiKey":"sk-new"}}"#,
    r#""ApiKey":"sk-new","#,
    "apiKey"
)]
#[case::other_case(r#"{"settings":{"APIKEY":"$A:B"}}"#, r#""ApiKey":"$A:B","#, "apiKey")]
#[case::number_stays_number(r#"{"settings":{"ratio":"2"}}"#, r#""ratio":2,"#, "ratio")]
#[case::new_key_is_last(
    r#"{"settings":{"other":"x"}}"#,
    r#""organization":null,"other":"x"}"#,
    "other"
)]
#[case::cleared(
    r#"{"settings":{"endpoint":null,"apiKey":"sk-new"}}"#,
    r#""Endpoint":null,"#,
    "endpoint"
)]
fn named_setting_is_replaced_in_place(
    #[case] change: &str,
    #[case] sent: &str,
    #[case] path: &str,
) {
    let change = changed(STORED, change).unwrap();
    let settings = settings_sent(&change);
    assert!(settings.contains(sent), "{settings}");
    assert!(settings.contains(r#""big":12345678901234567890123,"#));
    assert!(settings.contains(r#""list":[1,{"b":"x"}],"later":{"a":null}"#));
    let path = format!("settings.{path}");
    assert!(change.paths.contains(&path), "{:?}", change.paths);
}

#[rstest]
#[case::nothing("{}")]
#[case::same(r#"{"name":" A ","alias":"a","isActive":true}"#)]
#[case::masked(r#"{"settings":{"apiKey":"sk-***","organization":null,"unknown":null}}"#)]
#[case::as_a_form_says_it(
    r#"{"settings":{"apiKey":"sk-***","endpoint":"https://api.openai.com/v1","ratio":"1.5","big":"12345678901234567890123"}}"#
)]
fn unchanged_draft_is_no_change(#[case] change: &str) {
    let change = changed(STORED, change).unwrap();
    assert!(!change.is_change, "{:?}", change.paths);
}

#[rstest]
#[case("********")]
#[case("***")]
#[case("sk-****")]
#[case("••••")]
#[case("sk-●")]
fn mask_is_rejected_as_new_secret(#[case] mask: &str) {
    let change = format!(r#"{{"settings":{{"apiKey":"{mask}"}}}}"#);
    // A mask in the format of this server means that the stored secret stays.
    if MaskedSecret::read(mask).is_none() {
        let error = changed(STORED, &change).err().unwrap();
        assert_eq!(error.fields()[0].reason, FieldReason::Masked);
    }
    let unset = STORED.replace("\"sk-planted\"", "null");
    let error = changed(&unset, &change).err().unwrap();
    assert_eq!(error.fields()[0].reason, FieldReason::Masked);
    let absent = STORED.replace("\"ApiKey\":\"sk-planted\",", "");
    let error = changed(&absent, &change).err().unwrap();
    assert_eq!(error.fields()[0].reason, FieldReason::Masked);
}

#[rstest]
#[case(r#"{"isActive":false}"#)]
#[case(r#"{"name":"B"}"#)]
#[case(r#"{"settings":{"organization":"org-1","apiKey":"***"}}"#)]
fn mask_of_server_is_not_sent_back(#[case] change: &str) {
    let masking = STORED.replace("sk-planted", "********");
    let error = changed(&masking, change).err().unwrap().to_string();
    assert!(
        error.contains("shows only a mask of OpenAI API Key"),
        "{error}"
    );
    let replacing = r#"{"isActive":false,"settings":{"apiKey":"sk-new"}}"#;
    let change = changed(&masking, replacing).unwrap();
    assert!(settings_sent(&change).contains(r#""ApiKey":"sk-new""#));
    assert!(!changed(&masking, "{}").unwrap().is_change);
}

#[test]
fn stored_secret_is_not_sent_to_moved_endpoint() {
    let moved = r#"{"settings":{"endpoint":"https://elsewhere.example"}}"#;
    let error = changed(STORED, moved).err().unwrap();
    assert_eq!(error.fields()[0].reason, FieldReason::EndpointChanged);
    let referring = STORED.replace("sk-planted", "$OpenAI:ApiKey");
    assert!(
        changed(&referring, moved).is_ok(),
        "a reference is not a secret"
    );
}

#[test]
fn null_settings_stay_null() {
    let bare = r#"{"alias":"a","id":"3fa85f64-5717-4562-b3fc-2c963f66afa6","isActive":true,"name":"A","providerId":"openai","settings":null}"#;
    let change = changed(bare, r#"{"isActive":false}"#).unwrap();
    assert_eq!(settings_sent(&change), "null");
    let change = changed(bare, r#"{"settings":{"apiKey":"sk-new"}}"#).unwrap();
    assert_eq!(settings_sent(&change), r#"{"apiKey":"sk-new"}"#);
}

#[test]
fn unset_toggle_is_not_added() {
    let change = r#"{"settings":{"unheardOf":false}}"#;
    assert!(!changed(STORED, change).unwrap().is_change);
    assert!(
        changed(STORED, &change.replace("false", "true"))
            .unwrap()
            .is_change
    );
}

/// Connection of a provider without a description.
fn undescribed(settings: &str) -> String {
    format!(
        r#"{{"alias":"a","id":"3fa85f64-5717-4562-b3fc-2c963f66afa6","isActive":true,"name":"A","providerId":"acme","version":2,"settings":{settings}}}"#
    )
}

#[rstest]
#[case::text_that_looks_like_a_number(r#"{"modelVersion":"1.10"}"#, "modelVersion", "1.1")]
#[case::long_secret(
    r#"{"token":"12345678901234567890123"}"#,
    "token",
    "12345678901234567890124"
)]
#[case::long_number(r#"{"big":12345678901234567890123}"#, "big", "12345678901234567890124")]
fn different_digits_are_a_change(#[case] stored: &str, #[case] key: &str, #[case] value: &str) {
    let change = format!(r#"{{"settings":{{"{key}":"{value}"}}}}"#);
    let change = changed(&undescribed(stored), &change).unwrap();
    assert!(change.is_change);
    assert!(settings_sent(&change).contains(value));
}

#[rstest]
#[case::list(r#"{"headers":["********"]}"#)]
#[case::object(r#"{"headers":{"Authorization":{"value":"sk-***"}}}"#)]
#[case::invisible("{\"token\":\"\u{200b}***\"}")]
fn mask_inside_a_setting_is_not_sent_back(#[case] settings: &str) {
    let stored = undescribed(settings);
    let change = changed(&stored, r#"{"isActive":false}"#);
    assert!(matches!(change, Err(ConnectionError::Invalid(_))));
    assert!(!changed(&stored, "{}").unwrap().is_change);
}

#[test]
fn hidden_settings_are_not_wiped() {
    let stored = undescribed("null").replace(r#","settings":null"#, "");
    let refused = changed(&stored, r#"{"isActive":false}"#);
    assert!(matches!(refused, Err(ConnectionError::Invalid(_))));
    assert!(changed(&undescribed("null"), r#"{"isActive":false}"#).is_ok());
}

#[test]
fn undescribed_secret_is_not_led_to_another_address() {
    let stored =
        undescribed(r#"{"baseUrl":"https://acme.example/v1","token":"planted","region":"eu"}"#);
    let moved = r#"{"settings":{"baseUrl":"https://evil.example/v1"}}"#;
    let Err(ConnectionError::Invalid(errors)) = changed(&stored, moved) else {
        panic!("it was accepted");
    };
    assert_eq!(errors.len(), 1);
    assert_eq!(errors[0].field.path(), "settings.token");
    let same_origin = r#"{"settings":{"baseUrl":"https://acme.example/v2"}}"#;
    assert!(changed(&stored, same_origin).is_ok());
    let with_key = r#"{"settings":{"baseUrl":"https://evil.example/v1","token":"new"}}"#;
    assert!(changed(&stored, with_key).is_ok());
}

//! Tests of manifests and their errors.

use std::fmt::Write as _;

use rstest::rstest;

use super::*;
use crate::connection::SettingValue;

fn yaml(text: &str) -> ManifestContents {
    read(text, ManifestFormat::Yaml, &ProviderCatalog::embedded())
}

fn error_of(text: &str) -> String {
    let read = yaml(text);
    let errors: Vec<String> = read.errors.iter().map(ToString::to_string).collect();
    assert!(!errors.is_empty(), "{text} was taken");
    errors.join("\n")
}

#[test]
fn an_export_reads_the_same_in_json_and_in_yaml() {
    let json = r#"{"kind":"umai.connections","version":1,"connections":[
        {"alias":"a","name":"A","providerId":"openai","isActive":false,"settings":{"apiKey":"","organization":null},"blank":["apiKey"]}]}"#;
    let yaml_text = "kind: umai.connections\nversion: 1\nconnections:\n- alias: a\n  name: A\n  providerId: openai\n  isActive: false\n  settings:\n    apiKey: \"\"\n    organization: null\n  blank: [apiKey]\n";
    let catalog = ProviderCatalog::embedded();
    let one = read(json, ManifestFormat::Json, &catalog);
    let other = yaml(yaml_text);
    assert_eq!(one.errors, other.errors);
    assert!(one.errors.is_empty(), "{:?}", one.errors);
    let (one, other) = (&one.connections[0], &other.connections[0]);
    assert_eq!(one.draft, other.draft);
    assert_eq!(one.blank, other.blank);
    assert_eq!(one.draft.is_active, Some(false));
    assert_eq!(
        one.blank,
        [BlankSetting {
            key: "apiKey".into(),
            requires_stored: true
        }]
    );
    let settings = one.draft.settings.as_ref().unwrap();
    assert_eq!(settings.get("organization"), Some(&SettingValue::Null));
    assert!(settings.get("apiKey").is_none());
}

#[test]
fn several_documents_and_lists_are_counted_through() {
    let one = "alias: a\nproviderId: openai\n---\n- alias: b\n  providerId: openai\n- alias: c\n  providerId: openai\n---\nconnections:\n- alias: D\n  providerId: openai\n";
    let read = yaml(one);
    assert!(read.errors.is_empty(), "{:?}", read.errors);
    let found: Vec<_> = read
        .connections
        .iter()
        .map(|it| (it.number, it.alias()))
        .collect();
    let wanted = ["a", "b", "c", "d"].map(str::to_owned);
    assert_eq!(found, (1..).zip(wanted).collect::<Vec<_>>());
}

#[rstest]
#[case("", "the manifest is empty")]
#[case("just words", "expected an object")]
#[case("a: b", "expected 'connections'")]
#[case("connections: {}\n", "connections must be a list")]
#[case("connection: []\nconnections: []", "unknown member 'connection'")]
#[case("kind: other\nconnections: []", "kind must be umai.connections")]
#[case("version: 2\nconnections: []", "unsupported version")]
#[case("connections: [1]", "connection 1: expected an object")]
#[case("connections: [{alias: a}]", "connection 1 (a): providerId: required")]
#[case("connections: [{alias: a, alias: b}]", "duplicate")]
#[case(
    "connections: [{alias: a, providerId: openai, activ: true}]",
    "connection 1 (a): unknown member 'activ'"
)]
#[case(
    "connections: [{alias: a, providerId: openai, isActive: yes}]",
    "isActive: IsActive must be true or false"
)]
#[case(
    "connections: [{alias: a, providerId: openai, settings: {apiKey: {path: x}}}]",
    "settings.apiKey: expected one value, {file: PATH}"
)]
#[case("connections:\n  - alias: a\n bad", "at line")]
#[case("connections:\n", "connections has no value; write []")]
#[case("connections: ~\n", "connections has no value; write []")]
#[case("connections: null\n", "connections has no value; write []")]
#[case("connections: \"\"\n", "connections must be a list")]
#[case("{}", "expected 'connections'")]
#[case("# only a comment\n", "the manifest is empty")]
#[case("---\n", "the manifest is empty")]
#[case("---\n# comment\n", "the manifest is empty")]
#[case("~\n", "the manifest is empty")]
#[case("connections: []\n---\n", "an empty YAML document (1 of 2)")]
#[case("---\n---\nconnections: []\n", "an empty YAML document (1 of 2)")]
#[case(
    "connections: []\n---\n# comment\n--- ~\n",
    "an empty YAML document (2 of 3)"
)]
fn invalid_document_is_reported_with_position(#[case] text: &str, #[case] reason: &str) {
    let message = error_of(text);
    assert!(
        message.to_lowercase().contains(&reason.to_lowercase()),
        "{message}"
    );
}

#[rstest]
#[case::null("{\"connections\":null}", "connections has no value")]
#[case::null_alone("null", "expected an object")]
#[case::empty(" ", "the manifest is empty")]
#[case::text("\"\"", "expected an object")]
#[case::null_among_others("{\"connections\":[]} null", "expected an object")]
fn json_without_connections_is_refused(#[case] text: &str, #[case] reason: &str) {
    let read = read(text, ManifestFormat::Json, &ProviderCatalog::embedded());
    let errors: Vec<String> = read.errors.iter().map(ToString::to_string).collect();
    assert!(errors.join("\n").contains(reason), "{errors:?}");
}

#[rstest]
#[case(ManifestFormat::Json, "{\"connections\":[]}")]
#[case(ManifestFormat::Json, "[]")]
#[case(ManifestFormat::Yaml, "connections: []\n")]
#[case(
    ManifestFormat::Yaml,
    "%YAML 1.2\n# a comment\n---\nconnections: []\n...\n# the end\n"
)]
#[case(ManifestFormat::Yaml, "--- [] # none\n")]
fn an_empty_list_means_no_connections(#[case] format: ManifestFormat, #[case] text: &str) {
    let read = read(text, format, &ProviderCatalog::embedded());
    assert_eq!(read.errors, []);
    assert!(read.connections.is_empty());
}

#[rstest]
#[case("apiKey: sk-planted-secret")]
#[case("apiKey: $$planted")]
#[case("organization: sk-planted-secret")]
#[case("endpoint: plantedplantedplantedplantedplanted1")]
fn a_secret_in_clear_is_refused_and_not_repeated(#[case] setting: &str) {
    let message = error_of(&format!(
        "alias: a\nproviderId: openai\nsettings:\n  {setting}\n"
    ));
    assert!(
        message.contains("is not allowed in a manifest"),
        "{message}"
    );
    assert!(message.contains("settings."), "{message}");
    assert!(!message.contains("planted"), "{message}");
}

#[test]
fn a_secret_is_referred_to_or_elsewhere() {
    let read = yaml(
        "alias: a\nproviderId: openai\nsettings: {apiKey: {file: key.txt}}\n---\nalias: b\nproviderId: openai\nsettings: {apiKey: $OpenAI:ApiKey}\n---\nalias: c\nproviderId: openai\nsettings: {apiKey: {stdin: true}}\n",
    );
    assert!(read.errors.is_empty(), "{:?}", read.errors);
    let file = SecretSource::File("key.txt".into());
    assert_eq!(
        read.connections[0].secret_sources,
        [("apiKey".to_owned(), file)]
    );
    assert!(read.connections[1].draft.settings.is_some());
    let stdin = ("apiKey".to_owned(), SecretSource::Stdin);
    assert_eq!(read.connections[2].secret_sources, [stdin]);
}

#[test]
fn a_small_text_does_not_grow_without_bounds() {
    let mut bomb = String::from("a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
    for level in 1..12 {
        let below = format!("*a{}, ", level - 1).repeat(10);
        writeln!(bomb, "a{level}: &a{level} [{below}]").unwrap();
    }
    let message = error_of(&bomb);
    let expected = "it is not valid YAML: too many anchors, aliases or documents";
    assert!(message.contains(expected), "{message}");
    let deep = format!("connections: {}{}", "[".repeat(5_000), "]".repeat(5_000));
    assert!(error_of(&deep).contains("it is not valid YAML"));
}

#[test]
fn an_anchor_can_be_used_for_what_connections_share() {
    let read = yaml(
        "connections:\n- &base\n  alias: a\n  name: A\n  providerId: openai\n- <<: *base\n  alias: b\n",
    );
    assert!(read.errors.is_empty(), "{:?}", read.errors);
    assert_eq!(read.connections[1].alias(), "b");
    assert_eq!(
        read.connections[1].draft.provider_id.as_deref(),
        Some("openai")
    );
}

#[test]
fn an_artifact_of_umbraco_deploy_is_read_and_others_are_passed_over() {
    let json = r#"{"Udi":"umb://umbraco-ai-connection/3fa85f6457174562b3fc2c963f66afa6","Dependencies":[],
        "__type":"Umbraco.AI.Deploy.Artifacts.AIConnectionArtifact,Umbraco.AI.Deploy","__version":"17.0.0",
        "Name":"OpenAI","Alias":"openai-prod","ProviderId":"openai","IsActive":true,"Version":3,
        "Settings":{"ApiKey":"ENC:CfDJ8planted","Endpoint":"https://api.openai.com/v1","Organization":null}}
        {"Udi":"umb://umbraco-ai-profile/3fa85f6457174562b3fc2c963f66afa6","Alias":"chat"}"#;
    let read = read(json, ManifestFormat::Json, &ProviderCatalog::embedded());
    assert!(read.errors.is_empty(), "{:?}", read.errors);
    assert_eq!((read.connections.len(), read.skipped), (1, 1));
    let wanted = &read.connections[0];
    let id = uuid::uuid!("3fa85f64-5717-4562-b3fc-2c963f66afa6");
    assert_eq!(
        (wanted.alias(), wanted.id),
        ("openai-prod".into(), Some(id))
    );
    assert_eq!(wanted.draft.is_active, Some(true));
    let settings = wanted.draft.settings.as_ref().unwrap();
    let keys: Vec<&str> = settings.iter().map(|(key, _)| key).collect();
    assert_eq!(keys, ["endpoint", "organization"]);
    assert_eq!(wanted.blank[0].key, "apiKey");
}

#[test]
fn artifact_of_a_connection_needs_a_guid() {
    for guid in ["", "3fa85f64", "00000000000000000000000000000000"] {
        let json = format!(
            r#"{{"Udi":"umb://umbraco-ai-connection/{guid}","Name":"A","Alias":"a","ProviderId":"openai"}}"#
        );
        let read = read(&json, ManifestFormat::Json, &ProviderCatalog::embedded());
        assert!(read.connections.is_empty(), "{guid}");
        assert!(read.errors[0].reason.contains("a GUID"), "{guid}");
    }
}

#[rstest]
#[case::document(
    r#"{"kind":"umai.connections","connections":[{"alias":"a","providerId":"openai"},7,{"alias":"b","unknown":1},{"alias":"c","providerId":"openai","settings":{"apiKey":"sk-1"}}],"version":1}"#
)]
#[case::list_before_refused_kind(
    r#"{"connections":[{"alias":"a","providerId":"openai"},{}],"kind":"other"}"#
)]
#[case::list_before_unknown_member(r#"{"connections":[{"alias":"a"}],"connection":[]}"#)]
#[case::no_connections(r#"{"version":1,"connections":[]}"#)]
#[case::connection_with_list(
    r#"{"alias":"a","connections":[{"alias":"b","providerId":"openai"}]}"#
)]
#[case::list_of_artifact(
    r#"{"Udi":"umb://umbraco-ai-connection/1","connections":[{"alias":"b","providerId":"openai"}]}"#
)]
#[case::other_artifact(r#"{"connections":[{}],"Udi":"umb://document/1"} {"alias":"x"}"#)]
#[case::several(
    r#"[{"alias":"a","providerId":"openai"},[]]{"alias":"b","providerId":"openai"}
    {"connections":[{"alias":"c"},{"alias":"d","providerId":"openai"}]}"#
)]
#[case::neither(r#"{} {"kind":"umai.connections"}"#)]
fn json_reads_the_same_one_connection_at_a_time(#[case] text: &str) {
    let catalog = ProviderCatalog::embedded();
    let one_at_a_time = json_stream::read(text, &catalog).unwrap();
    let whole = read_values(text, ManifestFormat::Json, &catalog);
    assert_eq!(format!("{one_at_a_time:?}"), format!("{whole:?}"));
}

#[rstest]
#[case("")]
#[case("[] nullnull")]
#[case(r#"{"connections":[{"alias":"a"}"#)]
#[case(r#"{"connections":[]} ]"#)]
#[case(r#"{"connections":[],"connections":[]}"#)]
#[case(r#"{"connections":[{"alias":"a","alias":"b"}]}"#)]
#[case(r#"{"connections":{}}"#)]
#[case(r#"{"connections":null}"#)]
fn json_with_an_error_is_read_as_a_whole(#[case] text: &str) {
    let catalog = ProviderCatalog::embedded();
    assert!(json_stream::read(text, &catalog).is_none());
    let read = read(text, ManifestFormat::Json, &catalog);
    assert_eq!(read.errors.len(), 1, "{:?}", read.errors);
    assert!(read.connections.is_empty());
}

#[test]
fn nesting_limit_is_the_same_one_connection_at_a_time() {
    let catalog = ProviderCatalog::embedded();
    let nested = |levels: usize| {
        let (open, close) = ("[".repeat(levels), "]".repeat(levels));
        format!(r#"{{"connections":[{{"alias":"a","settings":{open}{close}}}]}}"#)
    };
    for levels in [60, 61, 62, 63] {
        let text = nested(levels);
        let whole = read_values(&text, ManifestFormat::Json, &catalog);
        let is_refused = whole.errors[0].reason.contains("levels");
        assert_eq!(json_stream::read(&text, &catalog).is_none(), is_refused);
    }
}

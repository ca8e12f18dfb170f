//! Stories of the form with provider knowledge beyond its fields: environment import, authentication alternatives, request
//! URLs, duplicates, configuration keys.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "the names say what is held, and a test may fail anywhere"
)]

mod common;
mod stage;

use std::sync::Arc;

use rstest::rstest;
use stage::twice::Twice as Stage;
use umai::appsettings::{AppSettings, EnvironmentVariables};
use umai::connection::{
    Connection, ConnectionService, CoreService, Environment, IdOrAlias, PlainSecret, SettingValue,
};
use umai::provider::ProviderCatalog;
use umai::store::memory::MemoryStore;
use umai::tui::effect::{Effect, ServiceReply, ServiceRequest};
use umai::tui::event::Event;
use umai::tui::form::EditorDocument;
use umai::tui::layout::Size;

/// Frame as one line with single spaces, since notes wrap on narrow screens.
fn said(stage: &Stage) -> String {
    let frame = stage.frame().replace(['│', '┃'], " ");
    let words: Vec<&str> = frame.split_whitespace().collect();
    words.join(" ")
}

fn holds(stage: &Stage, words: &str) {
    let frame = said(stage);
    assert!(frame.contains(words), "{words}\n{}", stage.frame());
    assert!(!frame.contains("planted"), "{}", stage.frame());
}

/// Like `holds`, for a URL that wraps.
fn holds_broken(stage: &Stage, words: &str) {
    let frame = said(stage).replace(' ', "");
    assert!(
        frame.contains(&words.replace(' ', "")),
        "{words}\n{}",
        stage.frame()
    );
}

fn lacks(stage: &Stage, words: &str) {
    assert!(!said(stage).contains(words), "{words}\n{}", stage.frame());
}

/// A connection as the service returns it.
fn stored(stage: &Stage, alias: &str) -> Connection {
    let key: IdOrAlias = alias.parse().unwrap();
    stage
        .elsewhere(&async |service: &dyn ConnectionService| service.get(&key).await)
        .unwrap()
}

/// Stored value of a setting.
fn setting(stage: &Stage, alias: &str, key: &str) -> Option<String> {
    let settings = stored(stage, alias).settings?;
    match settings.get(key)? {
        SettingValue::Null => None,
        SettingValue::Text(text) => Some(text.clone()),
        SettingValue::Secret(mask) => Some(mask.text().into()),
        SettingValue::Switch(on) => Some(on.to_string()),
        SettingValue::Number(number) => Some(number.to_string()),
    }
}

/// Environment with these variables.
fn environment(set: &[(&str, &str)]) -> Event {
    let set: Vec<(String, String)> = set
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect();
    Event::Environment(Environment::read(&ProviderCatalog::embedded(), |name| {
        let found = set.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.clone())
    }))
}

/// Sources that references resolve against in a test.
const SETTINGS: &str = r#"{
    "OpenAI": { "ApiKey": "sk-planted", "Organization": "org-planted" },
    "Anthropic": { "ApiKey": "sk-ant-planted" },
    "Empty": { "Key": "" },
    "ConnectionStrings": { "Main": "planted" },
    "Logging": { "Level": "planted" }
}"#;

/// Stage with a service that resolves references against these settings and variables.
fn configured(
    (width, height): (u16, u16),
    settings: &'static str,
    variables: &'static [(&str, &str)],
) -> Stage {
    Stage::over(Size { width, height }, |clock| {
        let folder = tempfile::tempdir().unwrap().keep();
        std::fs::write(folder.join("appsettings.json"), settings).unwrap();
        let variables = EnvironmentVariables::from_pairs(variables.iter().copied());
        Arc::new(CoreService::new(
            Arc::new(MemoryStore::<PlainSecret>::default()),
            Arc::new(ProviderCatalog::embedded()),
            AppSettings::in_folder(folder, variables),
            clock.clock(),
        ))
    })
}

const SIZES: [(u16, u16); 3] = [(40, 10), (80, 24), (120, 40)];

// Environment import.

const TWO: [(&str, &str); 4] = [
    ("OPENAI_API_KEY", "sk-planted"),
    ("OPENAI_ORG_ID", "org-7"),
    ("AWS_REGION", "eu-central-1"),
    ("UNHEARD_OF", "planted"),
];

#[rstest]
fn import_lists_variables_and_their_connections(
    #[values((40, 10), (80, 24), (120, 40))] size: (u16, u16),
) {
    let mut stage = Stage::empty(size.0, size.1);
    stage.happens(environment(&TWO));
    stage.play("i");
    insta::assert_snapshot!(
        format!("environment_import@{}x{}", size.0, size.1),
        stage.frame()
    );
    holds(&stage, "OpenAI");
    lacks(&stage, "UNHEARD_OF");
    stage.play("<down>");
    holds(&stage, "AWS Region: value of AWS_REGION");
}

#[rstest]
fn chosen_import_opens_a_filled_form_and_is_saved(
    #[values((40, 10), (80, 24), (120, 40))] size: (u16, u16),
) {
    let mut stage = Stage::empty(size.0, size.1);
    stage.happens(environment(&TWO));
    stage.play("iopenai<enter>");
    holds(&stage, "Filled OpenAI API Key, OpenAI Organi");
    stage.play("From here<ctrl-s>");
    holds(&stage, "Created");
    assert_eq!(setting(&stage, "from-here", "apiKey").unwrap(), "sk-***");
    assert_eq!(
        setting(&stage, "from-here", "organization").unwrap(),
        "org-7"
    );
}

#[test]
fn imported_secret_becomes_a_reference_or_a_copy() {
    for (choose, kept) in [("<enter>", "$OPENAI_API_KEY"), ("<down><enter>", "sk-***")] {
        let variables = &[("OPENAI_API_KEY", "sk-planted")];
        let mut stage = configured((80, 24), "{}", variables);
        stage.happens(environment(&TWO));
        stage.play("iopenai");
        holds(&stage, "by reference");
        holds(&stage, "OpenAI API Key: $OPENAI_API_KEY");
        stage.play(choose).play("Referred<ctrl-s>");
        holds(&stage, "Created");
        assert_eq!(setting(&stage, "referred", "apiKey").unwrap(), kept);
    }
}

#[test]
fn missing_variables_are_reported_before_the_form_opens() {
    let mut stage = Stage::empty(80, 24);
    stage.happens(environment(&[(
        "AZURE_OPENAI_ENDPOINT",
        "https://x.example",
    )]));
    stage.play("i");
    holds(&stage, "Missing: Authentication");
}

#[test]
fn import_chooses_the_alternative_with_values() {
    let mut stage = Stage::empty(120, 40);
    let address = ("AZURE_OPENAI_ENDPOINT", "https://x.openai.azure.com");
    stage.happens(environment(&[address, ("AZURE_OPENAI_API_KEY", "planted")]));
    stage.play("i<enter>");
    holds(&stage, "API key");
    lacks(&stage, "Tenant ID");
    stage.play("Foundry<ctrl-s>");
    holds(&stage, "Created");
}

#[test]
fn import_without_variables_names_the_expected_ones() {
    let mut stage = Stage::empty(120, 40);
    stage.play("i");
    holds(&stage, "such as OPENAI_API_KEY");
    assert!(stage.app.dialogs.is_empty());
}

#[test]
fn import_opens_from_the_palette_and_closes() {
    let mut stage = Stage::empty(80, 24);
    stage.happens(environment(&TWO));
    stage.play(":import env<enter>");
    holds(&stage, "Import from environment variables");
    stage.play("zzz");
    holds(&stage, "No match");
    stage.play("<esc>");
    assert!(stage.app.dialogs.is_empty());
}

#[test]
fn import_waits_for_the_configuration_keys() {
    let mut stage = stage::Stage::empty(80, 24);
    stage.happens(environment(&TWO));
    let press = |key: &str| stage::events(key).remove(0);
    assert_eq!(stage.app.update(press("i")), None);
    let asked = stage.app.update(Event::Idle);
    let Some(Effect::Call(ticket, ServiceRequest::LookUpReference(_))) = asked else {
        panic!("{asked:?}");
    };
    assert_eq!(stage.app.update(press("<enter>")), None);
    assert!(stage.frame().contains("Checking references"));
    stage.happens(Event::Reply(
        ticket,
        ServiceReply::TaskFailed("connection lost".into()),
    ));
    stage.play("<enter>");
    assert!(stage.frame().contains("Filled"), "{}", stage.frame());
}

// Authentication alternatives.

/// Foundry form of a new connection with the focus on the choice.
const ON_WAY: &str = "nfoundry<enter>Foundry<tab><tab><tab>https://x.example<tab>";

#[rstest]
fn only_fields_of_the_chosen_alternative_are_shown(
    #[values((80, 24), (120, 40))] size: (u16, u16),
) {
    let mut stage = Stage::empty(size.0, size.1.max(40));
    stage.play(ON_WAY);
    holds(&stage, "◂ Entra ID ▸");
    holds(&stage, "Tenant ID");
    lacks(&stage, "API Key *");
    stage.play("<right>");
    holds(&stage, "◂ API key ▸");
    holds(&stage, "API Key *");
    lacks(&stage, "Tenant ID");
}

#[test]
fn focus_skips_hidden_fields_in_both_directions() {
    let mut stage = Stage::empty(120, 40);
    stage.play(ON_WAY).play("<right><tab>");
    holds(&stage, "▸ API Key");
    stage.play("<tab>");
    holds(&stage, "▸ Use Responses API");
    stage.play("<shift-tab><shift-tab>");
    holds(&stage, "▸ Authentication");
    stage.play("<left><pagedown>");
    let frame = said(&stage);
    assert!(!frame.contains("▸ API Key"), "{frame}");
}

#[test]
fn switching_keeps_input_and_saves_only_the_chosen_alternative() {
    let mut stage = Stage::empty(120, 40);
    stage.play(ON_WAY).play("<tab>project-7<shift-tab>");
    stage.play("<right><tab>planted<shift-tab><left>");
    holds(&stage, "project-7");
    stage.play("<right><ctrl-s>");
    holds(&stage, "Created");
    assert_eq!(setting(&stage, "foundry", "apiKey").unwrap(), "***");
    assert_eq!(setting(&stage, "foundry", "projectName"), None);
}

#[rstest]
#[case(
    "",
    "\"Entra ID\" needs at least one of Tenant ID, Client ID, Client Secret"
)]
#[case("<right>", "\"API key\" needs the API Key")]
fn missing_setting_of_an_alternative_is_reported_at_its_field(
    #[case] keys: &str,
    #[case] words: &str,
) {
    for (width, height) in SIZES {
        let mut stage = Stage::empty(width, height);
        stage.play(ON_WAY).play(keys).play("<ctrl-s>");
        holds(&stage, words);
        holds(&stage, "1 error");
    }
}

/// Stored connection with a key.
const WITH_KEY: &str = r#"{"alias":"f","name":"Foundry","providerId":"microsoft-foundry","settings":{"endpoint":"https://x.example","apiKey":"planted-key","useResponsesApi":false}}"#;

/// Stored connection with Entra ID.
const WITH_ENTRA: &str = r#"{"alias":"f","name":"Foundry","providerId":"microsoft-foundry","settings":{"endpoint":"https://x.example","tenantId":"t","clientId":"c","clientSecret":"planted-secret","useResponsesApi":false}}"#;

#[rstest]
#[case(WITH_KEY, "API key", "Tenant ID")]
#[case(WITH_ENTRA, "Entra ID", "API Key *")]
fn stored_connection_opens_with_its_alternative(
    #[case] body: &str,
    #[case] way: &str,
    #[case] hidden: &str,
) {
    let mut stage = Stage::with(120, 40, &[body]);
    stage.play("<end><enter>");
    holds(&stage, &format!("Authentication {way}"));
    lacks(&stage, hidden);
    stage.play("<ctrl-s>");
    holds(&stage, "Nothing to save");
}

#[test]
fn other_alternative_names_and_removes_stored_values() {
    let mut stage = Stage::with(120, 40, &[WITH_KEY]);
    stage.play("<end><enter><tab><tab><tab><tab><left>");
    holds(&stage, "Saving removes stored values: API Key");
    stage.play("<right>");
    lacks(&stage, "Saving removes");
    assert!(!stage.app.form().unwrap().is_changed());
    stage.play("<left><tab><tab>tenant<ctrl-s>");
    holds(&stage, "Saved");
    assert_eq!(setting(&stage, "f", "apiKey"), None);
    assert_eq!(setting(&stage, "f", "tenantId").unwrap(), "tenant");
}

#[test]
fn pasted_command_with_a_key_chooses_its_alternative() {
    let mut stage = Stage::empty(120, 40);
    stage.play("nfoundry<enter>").play(
        "<paste:curl 'https://x.openai.azure.com/openai/deployments/d/chat/completions?api-version=1' -H 'api-key: planted'>",
    );
    holds(&stage, "Authentication API key");
    holds(&stage, "••••");
}

#[test]
fn edited_setting_of_another_alternative_chooses_it() {
    let mut stage = Stage::with(120, 40, &[WITH_ENTRA]);
    stage.play("<end><enter><ctrl-e>");
    let Some(Effect::OpenEditor(ticket, document)) = stage.effects.pop() else {
        panic!("expected an edit effect");
    };
    let text = document
        .0
        .replace("\"apiKey\": null", "\"apiKey\": \"planted-new\"");
    stage.happens(Event::Edited(ticket, Ok(EditorDocument(text.into()))));
    holds(&stage, "Authentication API key");
    holds(
        &stage,
        "Saving removes stored values: Tenant ID, Client ID, Client Secret",
    );
}

#[test]
fn clearing_the_choice_keeps_it() {
    let mut stage = Stage::empty(120, 40);
    stage.play(ON_WAY).play("<ctrl-x>");
    holds(&stage, "◂ Entra ID ▸");
}

// Request URL.

/// OpenAI form of a new connection with the focus on the endpoint.
const ON_ENDPOINT: &str = "nopenai<enter>A<tab><tab><tab>sk-planted<tab><tab>";

#[rstest]
#[case("", "Calls https://api.openai.com/v1/models")]
#[case(
    "https://gateway.example/v9/",
    "Calls https://gateway.example/v9/models"
)]
#[case(
    "https://gateway.example/v9?tenant=7",
    "Calls https://gateway.example/v9/models"
)]
#[case("https://gаteway.example", "Calls https://xn--")]
#[case("$OpenAI:Endpoint", "Calls $OpenAI:Endpoint/models")]
#[case(
    "http://gateway.example",
    "! Not https: allowed only if the host is on loopback or in a private network"
)]
#[case(
    "http://10.0.0.7",
    "! Not https: anyone on the private network can read the key"
)]
#[case("http://8.8.8.8", "! Not https: blocked, because the host is not on")]
#[case(
    "http://169.254.169.254/latest",
    "! Blocked: a link-local, metadata or reserved address"
)]
#[case("https://metadata.google.internal", "! Blocked")]
fn request_url_is_shown_under_an_endpoint(#[case] typed: &str, #[case] words: &str) {
    for (width, height) in [(80, 24), (120, 40)] {
        let mut stage = Stage::empty(width, height);
        stage.play(ON_ENDPOINT).play(typed);
        holds_broken(&stage, words);
    }
}

#[rstest]
#[case("http://localhost:1234/v1")]
#[case("https://10.0.0.7")]
#[case("nothing")]
fn valid_endpoints_cause_no_warning(#[case] typed: &str) {
    let mut stage = Stage::empty(120, 40);
    stage.play(ON_ENDPOINT).play(typed);
    lacks(&stage, "! ");
}

#[test]
fn warning_stays_without_focus_and_default_is_hidden() {
    let mut stage = Stage::empty(120, 40);
    stage.play("nopenai<enter>");
    lacks(&stage, "Calls");
    stage
        .play("<esc>")
        .play(ON_ENDPOINT)
        .play("http://8.8.8.8<tab>");
    holds(&stage, "! Not https: blocked");
}

#[test]
fn request_url_follows_other_settings() {
    let mut stage = Stage::empty(120, 40);
    stage.play("namazon<enter>A<tab><tab><tab>eu-west-3<tab><tab><tab><tab><tab>");
    holds_broken(
        &stage,
        "Calls https://bedrock.eu-west-3.amazonaws.com/inference-profiles",
    );
    let mut stage = Stage::empty(120, 40);
    stage.play(ON_WAY);
    holds_broken(&stage, "Calls https://x.example/api/projects/…/deployments");
    stage.play("<right>");
    holds_broken(&stage, "Calls https://x.example/openai/models");
}

#[test]
fn key_for_another_endpoint_is_not_sent_to_the_default() {
    let mut stage = Stage::empty(120, 40);
    stage.play("nhugging<enter>A<tab><tab><tab>hf_planted<tab>");
    holds_broken(&stage, "Calls https://huggingface.co/api/whoami-v2");
    stage.play("https://gateway.example/v1");
    holds_broken(&stage, "Calls https://gateway.example/v1/models");
}

// Duplicates.

#[rstest]
fn duplicate_is_saved_with_the_secrets_of_the_original(
    #[values((40, 10), (80, 24), (120, 40))] size: (u16, u16),
) {
    let mut stage = Stage::three(size.0, size.1);
    stage.play("<end>");
    let name = stage.app.tree.selected_item().unwrap().name().to_owned();
    assert_eq!(name, "OpenAI Production");
    stage.play("c");
    holds(&stage, "Copy of OpenAI Producti");
    insta::assert_snapshot!(
        format!("duplicate_form@{}x{}", size.0, size.1),
        stage.frame()
    );
    assert_eq!(
        stage.app.tree.len(),
        3,
        "an unsaved duplicate is in the list"
    );
    stage.play("<ctrl-s>");
    holds(&stage, "Created");
    assert_eq!(stage.app.tree.len(), 4);
    let key = setting(&stage, "openai-production-copy", "apiKey");
    assert_eq!(key.unwrap(), "sk-***");
    let copy = stored(&stage, "openai-production-copy").item;
    assert_eq!(
        (copy.name.as_str(), copy.version),
        ("OpenAI Production (copy)", 1)
    );
}

#[test]
fn alias_of_a_duplicate_is_available() {
    let mut stage = Stage::three(120, 40);
    for alias in [
        "openai-production-copy",
        "openai-production-copy-2",
        "openai-production-copy-3",
    ] {
        stage.play("/openai production<enter><end>");
        stage.play("<esc><home><down><down><down>");
        while stage.app.tree.selected_item().unwrap().name() != "OpenAI Production" {
            stage.play("<down>");
        }
        stage.play("c");
        holds(&stage, alias);
        holds(&stage, "✓ available");
        stage.play("<ctrl-s>");
        stored(&stage, alias);
    }
}

#[test]
fn typed_alias_of_a_duplicate_is_not_changed() {
    let mut stage = Stage::three(120, 40);
    stage.play("<end>c<tab><ctrl-x>openai-dev");
    holds(&stage, "✗ already used by \"OpenAI Development\"");
    holds(&stage, "openai-dev");
}

#[test]
fn alias_of_a_duplicate_follows_its_name() {
    let mut stage = Stage::three(120, 40);
    stage.play("<end>c<ctrl-x>OpenAI Staging");
    holds(&stage, "openai-staging");
    stage.play("<ctrl-s>");
    stored(&stage, "openai-staging");
}

#[test]
fn unedited_duplicate_closes_without_a_prompt() {
    let mut stage = Stage::three(120, 40);
    stage.play("<end>c<esc>");
    assert!(stage.app.dialogs.is_empty());
    stage.play("cx<esc>");
    holds(&stage, "Save your changes?");
}

#[test]
fn duplicate_with_another_endpoint_needs_the_key() {
    let mut stage = Stage::three(120, 40);
    stage.play("<end>c<tab><tab><tab><tab><tab>https://gateway.example<ctrl-s>");
    holds(&stage, "must be entered again because the endpoint changed");
    assert_eq!(stage.app.tree.len(), 3);
}

#[test]
fn duplicate_is_tested_with_the_secrets_of_the_original() {
    let mut stage = Stage::three(120, 40);
    stage.play("<end>c<ctrl-t>");
    let asked = stage.effects.last().unwrap();
    let Effect::Call(_, ServiceRequest::Test(subject)) = asked else {
        panic!("{asked:?}");
    };
    let shown = format!("{subject:?}");
    assert!(shown.starts_with("Changed"), "{shown}");
}

#[test]
fn cleared_setting_is_missing_in_the_duplicate() {
    let body = r#"{"alias":"a","name":"A","providerId":"openai","settings":{"apiKey":"sk-planted","organization":"org-1"}}"#;
    let mut stage = Stage::with(120, 40, &[body]);
    stage.play("<end>c<tab><tab><tab><tab><ctrl-x><ctrl-s>");
    assert_eq!(setting(&stage, "a-copy", "organization"), None);
    assert_eq!(setting(&stage, "a", "organization").unwrap(), "org-1");
}

#[test]
fn only_a_connection_is_duplicated_from_the_palette() {
    let mut stage = Stage::three(120, 40);
    stage.play("<home>c");
    holds(&stage, "Select a connection to duplicate it");
    stage.play("<end>:duplicate<enter>");
    holds(&stage, "Copy of OpenAI Production");
}

// Configuration keys.

/// OpenAI form of a new connection with the focus on the key.
const ON_KEY: &str = "nopenai<enter>A<tab><tab><tab>";

#[rstest]
fn dollar_lists_configuration_keys_with_their_sources(
    #[values((40, 10), (80, 24), (120, 40))] size: (u16, u16),
) {
    let variables = &[("Other__Key", "planted"), ("PATH", "/planted")];
    let mut stage = configured(size, SETTINGS, variables);
    stage.play(ON_KEY).play("$");
    insta::assert_snapshot!(
        format!("reference_picker@{}x{}", size.0, size.1),
        stage.frame()
    );
    holds(&stage, "Anthropic:ApiKey");
    for never in ["ConnectionStrings", "Empty", "PATH"] {
        lacks(&stage, never);
    }
    stage.play("openai:o");
    holds(&stage, "OpenAI:Organization");
    lacks(&stage, "Anthropic:ApiKey");
    stage.play("<enter>");
    holds(&stage, "$OpenAI:Organization");
    holds(&stage, "✓ resolves, from appsettings.json");
}

#[test]
fn variable_is_listed_with_its_name() {
    let variables = &[("Other__Key", "planted"), ("OPENAI_API_KEY", "planted")];
    let mut stage = configured((120, 40), "{}", variables);
    stage.play(ON_KEY).play("$");
    holds(&stage, "Other:Key environment variable Other__Key");
    holds(&stage, "OPENAI_API_KEY environment variable");
}

#[test]
fn only_keys_in_the_allow_list_are_listed() {
    let settings = r#"{ "OpenAI": { "ApiKey": "sk-planted" }, "Stripe": { "Key": "planted" },
        "Umbraco": { "AI": { "AllowedConfigurationKeyPrefixes": ["OpenAI", "AI_"] } } }"#;
    let variables = &[("AI_KEY", "planted"), ("Stripe__Other", "planted")];
    let mut stage = configured((120, 40), settings, variables);
    stage.play(ON_KEY).play("$");
    holds(&stage, "OpenAI:ApiKey");
    holds(&stage, "AI_KEY");
    lacks(&stage, "Stripe");
    lacks(&stage, "AllowedConfiguration");
}

#[test]
fn typed_reference_needs_no_list() {
    let mut stage = configured((120, 40), SETTINGS, &[]);
    stage.play(ON_KEY).play("$OpenAI:ApiKey");
    holds(&stage, "✓ resolves, from appsettings.json");
    lacks(&stage, "OpenAI:Organization");
    stage.play("<enter>");
    holds(&stage, "▸ OpenAI Organization ID");
}

#[test]
fn closing_the_key_list_keeps_the_input() {
    let mut stage = configured((120, 40), SETTINGS, &[]);
    stage.play(ON_KEY).play("$Open<esc>");
    lacks(&stage, "OpenAI:Organization");
    holds(&stage, "$Open");
    assert!(stage.app.form().is_some());
    stage.play("<tab>");
    holds(&stage, "▸ OpenAI Organization ID");
}

#[test]
fn tab_and_save_work_while_the_key_list_is_open() {
    let mut stage = configured((120, 40), SETTINGS, &[]);
    stage.play(ON_KEY).play("$Open<tab>");
    holds(&stage, "▸ OpenAI Organization ID");
    stage.play("<shift-tab><f4><down><up><enter>");
    stage.play("<ctrl-s>");
    holds(&stage, "Created");
    let kept = setting(&stage, "a", "apiKey").unwrap();
    assert_eq!(kept, "$OpenAI:ApiKey");
}

#[test]
fn f4_lists_keys_over_a_filled_field_and_typing_filters() {
    let mut stage = configured((120, 40), SETTINGS, &[]);
    stage.play(ON_KEY).play("sk-planted<f4>");
    holds(&stage, "Type to filter");
    holds(&stage, "Anthropic:ApiKey");
    stage.play("org");
    lacks(&stage, "Anthropic:ApiKey");
    stage.play("<enter>");
    holds(&stage, "$OpenAI:Organization");
    stage.play("<f4>zzz<esc>");
    lacks(&stage, "No match");
}

#[test]
fn text_with_two_dollars_opens_no_list() {
    let mut stage = configured((120, 40), SETTINGS, &[]);
    stage.play(ON_KEY).play("$$");
    lacks(&stage, "Anthropic:ApiKey");
}

#[test]
fn missing_configuration_keys_are_reported() {
    let mut stage = configured((120, 40), "{}", &[]);
    stage.play(ON_KEY).play("$");
    holds(&stage, "No configuration key can be referenced yet");
    stage.play("<f4>");
    holds(&stage, "No configuration key can be referenced yet");
}

#[test]
fn failed_key_list_shows_the_reason() {
    let mut stage = stage::Stage::empty(120, 40);
    stage.play(ON_KEY);
    let press = |key: &str| stage::events(key).remove(0);
    assert_eq!(stage.app.update(press("$")), None);
    let asked = stage.app.update(Event::Idle);
    let Some(Effect::Call(ticket, ServiceRequest::ConfigurationKeys)) = asked else {
        panic!("{asked:?}");
    };
    stage.happens(Event::Reply(
        ticket,
        ServiceReply::TaskFailed("connection lost".into()),
    ));
    assert!(
        stage.frame().contains("connection lost"),
        "{}",
        stage.frame()
    );
    stage.play("Open:Key");
    assert!(stage.frame().contains("$Open:Key"), "{}", stage.frame());
}

#[test]
fn long_key_list_is_limited_and_selection_stays_visible() {
    let names: Vec<String> = (0..1_500)
        .map(|at| format!("\"K{at:04}\": \"v\""))
        .collect();
    let settings: &'static str = format!("{{ {} }}", names.join(",")).leak();
    let mut stage = configured((80, 24), settings, &[]);
    stage.play(ON_KEY).play("$");
    holds(&stage, "First 1000 of 1500 keys");
    stage.play("<ctrl-end>");
    holds(&stage, "K0999");
}

#[test]
fn click_chooses_a_configuration_key() {
    use umai::tui::event::{Mouse, MouseKind};
    let mut stage = configured((120, 40), SETTINGS, &[]);
    stage.play(ON_KEY).play("$");
    let frame = stage.frame();
    let (y, line) = frame
        .lines()
        .enumerate()
        .find(|(_, line)| line.contains("OpenAI:Organization"))
        .unwrap();
    let x = line.chars().position(|sign| sign == ':').unwrap();
    stage.happens(Event::Mouse(Mouse {
        kind: MouseKind::Click,
        x: u16::try_from(x).unwrap(),
        y: u16::try_from(y).unwrap(),
    }));
    holds(&stage, "$OpenAI:Organization");
}

// Moving a key to a reference.

#[rstest]
fn moving_a_key_shows_the_configuration_to_add(
    #[values((40, 10), (80, 24), (120, 40))] size: (u16, u16),
) {
    let mut stage = Stage::three(size.0, size.1);
    stage.play("<end><enter><tab><tab><tab><f6>");
    insta::assert_snapshot!(
        format!("move_to_reference@{}x{}", size.0, size.1),
        stage.frame()
    );
    stage.play("<down><down><down>");
    holds(&stage, "OpenaiProd__ApiKey=");
    stage.play("<up><up><up><enter>");
    holds(&stage, "$OpenAI:ApiKey");
    stage.play("<ctrl-s>");
    holds(&stage, "Saved");
    assert_eq!(
        setting(&stage, "openai-prod", "apiKey").unwrap(),
        "$OpenAI:ApiKey"
    );
}

#[test]
fn copied_snippet_has_an_empty_value() {
    let mut stage = Stage::empty(120, 40);
    stage.play(ON_KEY).play("sk-planted<f6>jv");
    let copied: Vec<_> = stage
        .effects
        .iter()
        .filter_map(|effect| match effect {
            Effect::Copy(text) => Some(text.as_str()),
            _ => None,
        })
        .collect();
    assert_eq!(
        copied,
        [
            "{\n  \"OpenAI\": {\n    \"ApiKey\": \"\"\n  }\n}",
            "OpenAI__ApiKey="
        ]
    );
    holds(&stage, "the terminal does not confirm");
}

#[test]
fn suggested_references_show_their_status() {
    let mut stage = Stage::three(120, 40);
    stage.play("<end><enter><tab><tab><tab><f6>");
    holds(&stage, "$OpenAI:ApiKey (found in appsettings.json)");
    holds(&stage, "$OpenaiProd:ApiKey (not found yet)");
}

#[test]
fn refused_suggestions_are_replaced_by_allowed_ones() {
    let settings =
        r#"{ "Umbraco": { "AI": { "AllowedConfigurationKeyPrefixes": ["Vault:AI", "X"] } } }"#;
    let mut stage = configured((120, 40), settings, &[]);
    stage.play(ON_KEY).play("sk-planted<f6>");
    holds(&stage, "▸ $Vault:AI:ApiKey (not found yet)");
    holds(&stage, "Vault__AI__ApiKey=");
    stage.play("<enter>");
    holds(&stage, "refers to $Vault:AI:ApiKey");
    holds(&stage, "✗ not found");
}

#[rstest]
#[case("nopenai<enter><f6>", "Only a secret can be moved to a reference")]
#[case(
    "nopenai<enter>A<tab><tab><tab>$OpenAI:ApiKey<f6>",
    "already references $OpenAI:ApiKey"
)]
fn only_a_secret_is_moved_to_a_reference(#[case] keys: &str, #[case] words: &str) {
    let mut stage = Stage::empty(120, 40);
    stage.play(keys);
    holds(&stage, words);
    lacks(&stage, "Move to a reference");
}

#[test]
fn canceled_move_changes_nothing() {
    let mut stage = Stage::three(120, 40);
    stage.play("<end><enter><tab><tab><tab><f6><esc>");
    assert!(!stage.app.form().unwrap().is_changed());
    holds(&stage, "stored");
}

#[test]
fn lone_dollar_is_removed_with_its_list() {
    let mut stage = Stage::empty(100, 30);
    stage.play("nopenai<enter>A<tab><tab><tab>$<esc>");
    assert!(!stage.frame().contains("•"), "{}", stage.frame());
    stage.play("$OpenAI:ApiKey");
    assert!(
        stage.frame().contains("$OpenAI:ApiKey"),
        "{}",
        stage.frame()
    );
}

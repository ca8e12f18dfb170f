//! Stories of the form with provider knowledge beyond its fields: environment import, authentication alternatives, request
//! URLs, duplicates, configuration keys.

use std::sync::Arc;

use crate::support::every_target::EveryTarget as Harness;
use crate::support::folder_with_settings;
use rstest::rstest;
use umai::appsettings::{AppSettings, EnvironmentVariables};
use umai::connection::{Connection, IdOrAlias, PlainSecret, ProviderVariables, SettingValue};
use umai::provider::ProviderCatalog;
use umai::service::{ConnectionService, CoreService};
use umai::store::memory::MemoryStore;
use umai::tui::effect::{Effect, ServiceReply, ServiceRequest};
use umai::tui::event::Event;
use umai::tui::form::EditorDocument;
use umai::tui::layout::Size;

/// Frame as one line with single spaces, since notes wrap on narrow screens.
fn frame_text(harness: &Harness) -> String {
    let frame = harness.frame().replace(['│', '┃'], " ");
    let words: Vec<&str> = frame.split_whitespace().collect();
    words.join(" ")
}

fn holds(harness: &Harness, words: &str) {
    let frame = frame_text(harness);
    assert!(frame.contains(words), "{words}\n{}", harness.frame());
    assert!(!frame.contains("planted"), "{}", harness.frame());
}

/// Like `holds`, for a URL that wraps.
fn holds_broken(harness: &Harness, words: &str) {
    let frame = frame_text(harness).replace(' ', "");
    assert!(
        frame.contains(&words.replace(' ', "")),
        "{words}\n{}",
        harness.frame()
    );
}

fn lacks(harness: &Harness, words: &str) {
    assert!(
        !frame_text(harness).contains(words),
        "{words}\n{}",
        harness.frame()
    );
}

/// A connection as the service returns it.
fn stored(harness: &Harness, alias: &str) -> Connection {
    let key: IdOrAlias = alias.parse().unwrap();
    harness
        .elsewhere(&async |service: &dyn ConnectionService| service.get(&key).await)
        .unwrap()
}

/// Stored value of a setting.
fn setting(harness: &Harness, alias: &str, key: &str) -> Option<String> {
    let settings = stored(harness, alias).settings?;
    match settings.get(key)? {
        SettingValue::Null => None,
        SettingValue::Text(text) => Some(text.clone()),
        SettingValue::Secret(mask) => Some(mask.text().into()),
        SettingValue::Switch(on) => Some(on.to_string()),
        SettingValue::Number(number) => Some(number.to_string()),
    }
}

/// Creates the event with these environment variables.
fn variables(set: &[(&str, &str)]) -> Event {
    let set: Vec<(String, String)> = set
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect();
    Event::ProviderVariables(ProviderVariables::read(
        &ProviderCatalog::embedded(),
        |name| {
            let found = set.iter().find(|(known, _)| known == name);
            found.map(|(_, value)| value.clone())
        },
    ))
}

/// Sources that references resolve against in a test.
const SETTINGS: &str = r#"{
    "OpenAI": { "ApiKey": "sk-planted", "Organization": "org-planted" },
    "Anthropic": { "ApiKey": "sk-ant-planted" },
    "Empty": { "Key": "" },
    "ConnectionStrings": { "Main": "planted" },
    "Logging": { "Level": "planted" }
}"#;

/// Harness with a service that resolves references against these settings and variables.
fn configured(
    (width, height): (u16, u16),
    settings: &'static str,
    variables: &'static [(&str, &str)],
) -> Harness {
    Harness::over(Size { width, height }, |clock| {
        let folder = folder_with_settings(settings);
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

// ProviderVariables import.

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
    let mut harness = Harness::empty(size.0, size.1);
    harness.happens(variables(&TWO));
    harness.play("i");
    insta::assert_snapshot!(
        format!("environment_import@{}x{}", size.0, size.1),
        harness.frame()
    );
    holds(&harness, "OpenAI");
    lacks(&harness, "UNHEARD_OF");
    harness.play("<down>");
    holds(&harness, "AWS Region: value of AWS_REGION");
}

#[rstest]
fn chosen_import_opens_a_filled_form_and_is_saved(
    #[values((40, 10), (80, 24), (120, 40))] size: (u16, u16),
) {
    let mut harness = Harness::empty(size.0, size.1);
    harness.happens(variables(&TWO));
    harness.play("iopenai<enter>");
    holds(&harness, "Filled OpenAI API Key, OpenAI Organi");
    harness.play("From here<ctrl-s>");
    holds(&harness, "Created");
    assert_eq!(setting(&harness, "from-here", "apiKey").unwrap(), "sk-***");
    assert_eq!(
        setting(&harness, "from-here", "organization").unwrap(),
        "org-7"
    );
}

#[test]
fn imported_secret_becomes_a_reference_or_a_copy() {
    for (choose, kept) in [("<enter>", "$OPENAI_API_KEY"), ("<down><enter>", "sk-***")] {
        let process = &[("OPENAI_API_KEY", "sk-planted")];
        let mut harness = configured((80, 24), "{}", process);
        harness.happens(variables(&TWO));
        harness.play("iopenai");
        holds(&harness, "by reference");
        holds(&harness, "OpenAI API Key: $OPENAI_API_KEY");
        harness.play(choose).play("Referred<ctrl-s>");
        holds(&harness, "Created");
        assert_eq!(setting(&harness, "referred", "apiKey").unwrap(), kept);
    }
}

#[test]
fn missing_variables_are_reported_before_the_form_opens() {
    let mut harness = Harness::empty(80, 24);
    harness.happens(variables(&[("AZURE_OPENAI_ENDPOINT", "https://x.example")]));
    harness.play("i");
    holds(&harness, "Missing: Authentication");
}

#[test]
fn import_chooses_the_alternative_with_values() {
    let mut harness = Harness::empty(120, 40);
    let address = ("AZURE_OPENAI_ENDPOINT", "https://x.openai.azure.com");
    harness.happens(variables(&[address, ("AZURE_OPENAI_API_KEY", "planted")]));
    harness.play("i<enter>");
    holds(&harness, "API key");
    lacks(&harness, "Tenant ID");
    harness.play("Foundry<ctrl-s>");
    holds(&harness, "Created");
}

#[test]
fn import_without_variables_names_the_expected_ones() {
    let mut harness = Harness::empty(120, 40);
    harness.play("i");
    holds(&harness, "such as OPENAI_API_KEY");
    assert!(harness.app.dialogs.is_empty());
}

#[test]
fn import_opens_from_the_palette_and_closes() {
    let mut harness = Harness::empty(80, 24);
    harness.happens(variables(&TWO));
    harness.play(":import env<enter>");
    holds(&harness, "Import from environment variables");
    harness.play("zzz");
    holds(&harness, "No match");
    harness.play("<esc>");
    assert!(harness.app.dialogs.is_empty());
}

#[test]
fn import_waits_for_the_configuration_keys() {
    let mut harness = crate::support::harness::Harness::empty(80, 24);
    harness.happens(variables(&TWO));
    let press = |key: &str| crate::support::harness::events(key).remove(0);
    assert_eq!(harness.app.update(press("i")), None);
    let asked = harness.app.update(Event::Idle);
    let Some(Effect::Call(ticket, ServiceRequest::LookUpReference(_))) = asked else {
        panic!("{asked:?}");
    };
    assert_eq!(harness.app.update(press("<enter>")), None);
    assert!(harness.frame().contains("Checking references"));
    harness.happens(Event::Reply(
        ticket,
        ServiceReply::TaskFailed("connection lost".into()),
    ));
    harness.play("<enter>");
    assert!(harness.frame().contains("Filled"), "{}", harness.frame());
}

// Authentication alternatives.

/// Foundry form of a new connection with the focus on the choice.
const ON_ALTERNATIVE: &str = "nfoundry<enter>Foundry<tab><tab><tab>https://x.example<tab>";

#[rstest]
fn only_fields_of_the_chosen_alternative_are_shown(
    #[values((80, 24), (120, 40))] size: (u16, u16),
) {
    let mut harness = Harness::empty(size.0, size.1.max(40));
    harness.play(ON_ALTERNATIVE);
    holds(&harness, "◂ Entra ID ▸");
    holds(&harness, "Tenant ID");
    lacks(&harness, "API Key *");
    harness.play("<right>");
    holds(&harness, "◂ API key ▸");
    holds(&harness, "API Key *");
    lacks(&harness, "Tenant ID");
}

#[test]
fn focus_skips_hidden_fields_in_both_directions() {
    let mut harness = Harness::empty(120, 40);
    harness.play(ON_ALTERNATIVE).play("<right><tab>");
    holds(&harness, "▸ API Key");
    harness.play("<tab>");
    holds(&harness, "▸ Use Responses API");
    harness.play("<shift-tab><shift-tab>");
    holds(&harness, "▸ Authentication");
    harness.play("<left><pagedown>");
    let frame = frame_text(&harness);
    assert!(!frame.contains("▸ API Key"), "{frame}");
}

#[test]
fn switching_keeps_input_and_saves_only_the_chosen_alternative() {
    let mut harness = Harness::empty(120, 40);
    harness
        .play(ON_ALTERNATIVE)
        .play("<tab>project-7<shift-tab>");
    harness.play("<right><tab>planted<shift-tab><left>");
    holds(&harness, "project-7");
    harness.play("<right><ctrl-s>");
    holds(&harness, "Created");
    assert_eq!(setting(&harness, "foundry", "apiKey").unwrap(), "***");
    assert_eq!(setting(&harness, "foundry", "projectName"), None);
}

#[rstest]
#[case(
    "",
    "\"Entra ID\": a tenant ID alone uses the web server's Azure identity"
)]
#[case("<right>", "\"API key\" needs the API Key")]
fn missing_setting_of_an_alternative_is_reported_at_its_field(
    #[case] keys: &str,
    #[case] words: &str,
) {
    for (width, height) in SIZES {
        let mut harness = Harness::empty(width, height);
        harness.play(ON_ALTERNATIVE).play(keys).play("<ctrl-s>");
        holds(&harness, words);
        holds(&harness, "1 error");
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
    let mut harness = Harness::with(120, 40, &[body]);
    harness.play("<end><enter>");
    holds(&harness, &format!("Authentication {way}"));
    lacks(&harness, hidden);
    harness.play("<ctrl-s>");
    holds(&harness, "Nothing to save");
}

#[test]
fn other_alternative_names_and_removes_stored_values() {
    let mut harness = Harness::with(120, 40, &[WITH_KEY]);
    harness.play("<end><enter><tab><tab><tab><tab><left>");
    holds(&harness, "Removes API Key");
    harness.play("<right>");
    lacks(&harness, "Saving removes");
    assert!(!harness.app.form().unwrap().is_changed());
    harness.play("<left><tab><tab>tenant<ctrl-s>");
    holds(&harness, "Saved");
    assert_eq!(setting(&harness, "f", "apiKey"), None);
    assert_eq!(setting(&harness, "f", "tenantId").unwrap(), "tenant");
}

#[test]
fn pasted_command_with_a_key_chooses_its_alternative() {
    let mut harness = Harness::empty(120, 40);
    harness.play("nfoundry<enter>").play(
        "<paste:curl 'https://x.openai.azure.com/openai/deployments/d/chat/completions?api-version=1' -H 'api-key: planted'>",
    );
    holds(&harness, "Authentication API key");
    holds(&harness, "••••");
}

#[test]
fn edited_setting_of_another_alternative_chooses_it() {
    let mut harness = Harness::with(120, 40, &[WITH_ENTRA]);
    harness.play("<end><enter><ctrl-e>");
    let Some(Effect::OpenEditor(ticket, document)) = harness.effects.pop() else {
        panic!("expected an edit effect");
    };
    let text = document
        .0
        .replace("\"apiKey\": null", "\"apiKey\": \"planted-new\"");
    harness.happens(Event::Edited(ticket, Ok(EditorDocument(text.into()))));
    holds(&harness, "Authentication API key");
    holds(&harness, "Removes Tenant ID, Client ID, Client Secret");
}

#[test]
fn clear_does_not_change_the_alternative() {
    let mut harness = Harness::empty(120, 40);
    harness.play(ON_ALTERNATIVE).play("<ctrl-x>");
    holds(&harness, "◂ Entra ID ▸");
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
        let mut harness = Harness::empty(width, height);
        harness.play(ON_ENDPOINT).play(typed);
        holds_broken(&harness, words);
    }
}

#[rstest]
#[case("http://localhost:1234/v1")]
#[case("https://10.0.0.7")]
#[case("nothing")]
fn valid_endpoints_cause_no_warning(#[case] typed: &str) {
    let mut harness = Harness::empty(120, 40);
    harness.play(ON_ENDPOINT).play(typed);
    lacks(&harness, "! ");
}

#[test]
fn warning_stays_without_focus_and_default_is_hidden() {
    let mut harness = Harness::empty(120, 40);
    harness.play("nopenai<enter>");
    lacks(&harness, "Calls");
    harness
        .play("<esc>")
        .play(ON_ENDPOINT)
        .play("http://8.8.8.8<tab>");
    holds(&harness, "! Not https: blocked");
}

#[test]
fn request_url_follows_other_settings() {
    let mut harness = Harness::empty(120, 40);
    harness.play("namazon<enter>A<tab><tab><tab>eu-west-3<tab><tab><tab><tab><tab>");
    holds_broken(
        &harness,
        "Calls https://bedrock.eu-west-3.amazonaws.com/inference-profiles",
    );
    let mut harness = Harness::empty(120, 40);
    harness.play(ON_ALTERNATIVE);
    holds_broken(
        &harness,
        "Calls https://x.example/api/projects/…/deployments",
    );
    harness.play("<right>");
    holds_broken(&harness, "Calls https://x.example/openai/models");
}

#[test]
fn key_for_another_endpoint_is_not_sent_to_the_default() {
    let mut harness = Harness::empty(120, 40);
    harness.play("nhugging<enter>A<tab><tab><tab>hf_planted<tab>");
    holds_broken(&harness, "Calls https://huggingface.co/api/whoami-v2");
    harness.play("https://gateway.example/v1");
    holds_broken(&harness, "Calls https://gateway.example/v1/models");
}

// Duplicates.

#[rstest]
fn duplicate_is_saved_with_the_secrets_of_the_original(
    #[values((40, 10), (80, 24), (120, 40))] size: (u16, u16),
) {
    let mut harness = Harness::three(size.0, size.1);
    harness.play("<end>");
    let name = harness.app.tree.selected_item().unwrap().name().to_owned();
    assert_eq!(name, "OpenAI Production");
    harness.play("c");
    holds(&harness, "Copy of OpenAI Producti");
    insta::assert_snapshot!(
        format!("duplicate_form@{}x{}", size.0, size.1),
        harness.frame()
    );
    assert_eq!(
        harness.app.tree.len(),
        3,
        "an unsaved duplicate is in the list"
    );
    harness.play("<ctrl-s>");
    holds(&harness, "Created");
    assert_eq!(harness.app.tree.len(), 4);
    let key = setting(&harness, "openai-production-copy", "apiKey");
    assert_eq!(key.unwrap(), "sk-***");
    let copy = stored(&harness, "openai-production-copy").item;
    assert_eq!(
        (copy.name.as_str(), copy.version),
        ("OpenAI Production (copy)", 1)
    );
}

#[test]
fn alias_of_a_duplicate_is_available() {
    let mut harness = Harness::three(120, 40);
    for alias in [
        "openai-production-copy",
        "openai-production-copy-2",
        "openai-production-copy-3",
    ] {
        harness.play("/openai production<enter><end>");
        harness.play("<esc><home>");
        while harness.app.tree.selected_item().unwrap().name() != "OpenAI Production" {
            harness.play("<down>");
        }
        harness.play("c");
        holds(&harness, alias);
        holds(&harness, "✓ available");
        harness.play("<ctrl-s>");
        stored(&harness, alias);
    }
}

#[test]
fn typed_alias_of_a_duplicate_is_not_changed() {
    let mut harness = Harness::three(120, 40);
    harness.play("<end>c<tab><ctrl-x>openai-dev");
    holds(&harness, "✗ already used by \"OpenAI Development\"");
    holds(&harness, "openai-dev");
}

#[test]
fn alias_of_a_duplicate_follows_its_name() {
    let mut harness = Harness::three(120, 40);
    harness.play("<end>c<ctrl-x>OpenAI Staging");
    holds(&harness, "openai-staging");
    harness.play("<ctrl-s>");
    stored(&harness, "openai-staging");
}

#[test]
fn unedited_duplicate_closes_without_a_prompt() {
    let mut harness = Harness::three(120, 40);
    harness.play("<end>c<esc>");
    assert!(harness.app.dialogs.is_empty());
    harness.play("cx<esc>");
    holds(&harness, "Save changes to ");
}

#[test]
fn duplicate_with_another_endpoint_needs_the_key() {
    let mut harness = Harness::three(120, 40);
    harness.play("<end>c<tab><tab><tab><tab><tab>https://gateway.example<ctrl-s>");
    holds(
        &harness,
        "must be entered again because the endpoint changed",
    );
    assert_eq!(harness.app.tree.len(), 3);
}

#[test]
fn duplicate_is_tested_with_the_secrets_of_the_original() {
    let mut harness = Harness::three(120, 40);
    harness.play("<end>c<ctrl-t>");
    let asked = harness.effects.last().unwrap();
    let Effect::Call(_, ServiceRequest::Test(subject)) = asked else {
        panic!("{asked:?}");
    };
    let shown = format!("{subject:?}");
    assert!(shown.starts_with("Edited"), "{shown}");
}

#[test]
fn cleared_setting_is_missing_in_the_duplicate() {
    let body = r#"{"alias":"a","name":"A","providerId":"openai","settings":{"apiKey":"sk-planted","organization":"org-1"}}"#;
    let mut harness = Harness::with(120, 40, &[body]);
    harness.play("<end>c<tab><tab><tab><tab><ctrl-x><ctrl-s>");
    assert_eq!(setting(&harness, "a-copy", "organization"), None);
    assert_eq!(setting(&harness, "a", "organization").unwrap(), "org-1");
}

#[test]
fn only_a_connection_is_duplicated_from_the_palette() {
    let mut harness = Harness::three(120, 40);
    harness.play("<home>c");
    holds(&harness, "Select a connection to duplicate it");
    harness.play("<end>:duplicate<enter>");
    holds(&harness, "Copy of OpenAI Production");
}

// Configuration keys.

/// OpenAI form of a new connection with the focus on the key.
const ON_KEY: &str = "nopenai<enter>A<tab><tab><tab>";

#[rstest]
fn dollar_lists_configuration_keys_with_their_sources(
    #[values((40, 10), (80, 24), (120, 40))] size: (u16, u16),
) {
    let variables = &[("Other__Key", "planted"), ("PATH", "/planted")];
    let mut harness = configured(size, SETTINGS, variables);
    harness.play(ON_KEY).play("$");
    insta::assert_snapshot!(
        format!("reference_picker@{}x{}", size.0, size.1),
        harness.frame()
    );
    holds(&harness, "Anthropic:ApiKey");
    for never in ["ConnectionStrings", "Empty", "PATH"] {
        lacks(&harness, never);
    }
    harness.play("openai:o");
    holds(&harness, "OpenAI:Organization");
    lacks(&harness, "Anthropic:ApiKey");
    harness.play("<enter>");
    holds(&harness, "$OpenAI:Organization");
    holds(&harness, "✓ resolves, from appsettings.json");
}

#[test]
fn variable_is_listed_with_its_name() {
    let variables = &[("Other__Key", "planted"), ("OPENAI_API_KEY", "planted")];
    let mut harness = configured((120, 40), "{}", variables);
    harness.play(ON_KEY).play("$");
    holds(&harness, "Other:Key environment variable Other__Key");
    holds(&harness, "OPENAI_API_KEY environment variable");
}

#[test]
fn only_keys_in_the_allow_list_are_listed() {
    let settings = r#"{ "OpenAI": { "ApiKey": "sk-planted" }, "Stripe": { "Key": "planted" },
        "Umbraco": { "AI": { "AllowedConfigurationKeyPrefixes": ["OpenAI", "AI_"] } } }"#;
    let variables = &[("AI_KEY", "planted"), ("Stripe__Other", "planted")];
    let mut harness = configured((120, 40), settings, variables);
    harness.play(ON_KEY).play("$");
    holds(&harness, "OpenAI:ApiKey");
    holds(&harness, "AI_KEY");
    lacks(&harness, "Stripe");
    lacks(&harness, "AllowedConfiguration");
}

#[test]
fn typed_reference_needs_no_list() {
    let mut harness = configured((120, 40), SETTINGS, &[]);
    harness.play(ON_KEY).play("$OpenAI:ApiKey");
    holds(&harness, "✓ resolves, from appsettings.json");
    lacks(&harness, "OpenAI:Organization");
    harness.play("<enter>");
    holds(&harness, "▸ OpenAI Organization ID");
}

#[test]
fn closing_the_key_list_keeps_the_input() {
    let mut harness = configured((120, 40), SETTINGS, &[]);
    harness.play(ON_KEY).play("$Open<esc>");
    lacks(&harness, "OpenAI:Organization");
    holds(&harness, "$Open");
    assert!(harness.app.form().is_some());
    harness.play("<tab>");
    holds(&harness, "▸ OpenAI Organization ID");
}

#[test]
fn tab_and_save_work_while_the_key_list_is_open() {
    let mut harness = configured((120, 40), SETTINGS, &[]);
    harness.play(ON_KEY).play("$Open<tab>");
    holds(&harness, "▸ OpenAI Organization ID");
    harness.play("<shift-tab><f4><down><up><enter>");
    harness.play("<ctrl-s>");
    holds(&harness, "Created");
    let kept = setting(&harness, "a", "apiKey").unwrap();
    assert_eq!(kept, "$OpenAI:ApiKey");
}

#[test]
fn f4_lists_keys_over_a_filled_field_and_typing_filters() {
    let mut harness = configured((120, 40), SETTINGS, &[]);
    harness.play(ON_KEY).play("sk-planted<f4>");
    holds(&harness, "Type to filter");
    holds(&harness, "Anthropic:ApiKey");
    harness.play("org");
    lacks(&harness, "Anthropic:ApiKey");
    harness.play("<enter>");
    holds(&harness, "$OpenAI:Organization");
    harness.play("<f4>zzz<esc>");
    lacks(&harness, "No match");
}

#[test]
fn text_with_two_dollars_opens_no_list() {
    let mut harness = configured((120, 40), SETTINGS, &[]);
    harness.play(ON_KEY).play("$$");
    lacks(&harness, "Anthropic:ApiKey");
}

#[test]
fn missing_configuration_keys_are_reported() {
    let mut harness = configured((120, 40), "{}", &[]);
    harness.play(ON_KEY).play("$");
    holds(&harness, "No configuration key can be referenced yet");
    harness.play("<f4>");
    holds(&harness, "No configuration key can be referenced yet");
}

#[test]
fn failed_key_list_shows_the_reason() {
    let mut harness = crate::support::harness::Harness::empty(120, 40);
    harness.play(ON_KEY);
    let press = |key: &str| crate::support::harness::events(key).remove(0);
    assert_eq!(harness.app.update(press("$")), None);
    let asked = harness.app.update(Event::Idle);
    let Some(Effect::Call(ticket, ServiceRequest::ConfigurationKeys)) = asked else {
        panic!("{asked:?}");
    };
    harness.happens(Event::Reply(
        ticket,
        ServiceReply::TaskFailed("connection lost".into()),
    ));
    assert!(
        harness.frame().contains("connection lost"),
        "{}",
        harness.frame()
    );
    harness.play("Open:Key");
    assert!(harness.frame().contains("$Open:Key"), "{}", harness.frame());
}

#[test]
fn long_key_list_is_limited_and_selection_stays_visible() {
    let names: Vec<String> = (0..1_500)
        .map(|at| format!("\"K{at:04}\": \"v\""))
        .collect();
    let settings: &'static str = format!("{{ {} }}", names.join(",")).leak();
    let mut harness = configured((80, 24), settings, &[]);
    harness.play(ON_KEY).play("$");
    holds(&harness, "First 1000 of 1500 keys");
    harness.play("<ctrl-end>");
    holds(&harness, "K0999");
}

#[test]
fn click_chooses_a_configuration_key() {
    use umai::tui::event::{Mouse, MouseKind};
    let mut harness = configured((120, 40), SETTINGS, &[]);
    harness.play(ON_KEY).play("$");
    let frame = harness.frame();
    let (y, line) = frame
        .lines()
        .enumerate()
        .find(|(_, line)| line.contains("OpenAI:Organization"))
        .unwrap();
    let x = line.chars().position(|sign| sign == ':').unwrap();
    harness.happens(Event::Mouse(Mouse {
        kind: MouseKind::Click,
        x: u16::try_from(x).unwrap(),
        y: u16::try_from(y).unwrap(),
    }));
    holds(&harness, "$OpenAI:Organization");
}

// Moving a key to a reference.

#[rstest]
fn moving_a_key_shows_the_configuration_to_add(
    #[values((40, 10), (80, 24), (120, 40))] size: (u16, u16),
) {
    let mut harness = Harness::three(size.0, size.1);
    harness.play("<end><enter><tab><tab><tab><f6>");
    insta::assert_snapshot!(
        format!("move_to_reference@{}x{}", size.0, size.1),
        harness.frame()
    );
    harness.play("<down><down><pagedown>");
    holds(&harness, "OpenaiProd__ApiKey=");
    harness.play("<home><end>");
    holds(&harness, "OpenaiProd__ApiKey=");
    harness.play("<home><enter>");
    holds(&harness, "$OpenAI:ApiKey");
    harness.play("<ctrl-s>");
    holds(&harness, "Saved");
    assert_eq!(
        setting(&harness, "openai-prod", "apiKey").unwrap(),
        "$OpenAI:ApiKey"
    );
}

#[test]
fn copied_snippet_has_an_empty_value() {
    let mut harness = Harness::empty(120, 40);
    harness.play(ON_KEY).play("sk-planted<f6>jv");
    let copied: Vec<_> = harness
        .effects
        .iter()
        .filter_map(|effect| match effect {
            Effect::CopyToClipboard(text) => Some(text.as_str()),
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
    holds(&harness, "the terminal does not confirm");
}

#[test]
fn suggested_references_show_their_status() {
    let mut harness = Harness::three(120, 40);
    harness.play("<end><enter><tab><tab><tab><f6>");
    holds(&harness, "$OpenAI:ApiKey (found in appsettings.json)");
    holds(&harness, "$OpenaiProd:ApiKey (not found yet)");
}

#[test]
fn refused_suggestions_are_replaced_by_allowed_ones() {
    let settings =
        r#"{ "Umbraco": { "AI": { "AllowedConfigurationKeyPrefixes": ["Vault:AI", "X"] } } }"#;
    let mut harness = configured((120, 40), settings, &[]);
    harness.play(ON_KEY).play("sk-planted<f6>");
    holds(&harness, "▸ $Vault:AI:ApiKey (not found yet)");
    holds(&harness, "Vault__AI__ApiKey=");
    harness.play("<enter>");
    holds(&harness, "refers to $Vault:AI:ApiKey");
    holds(&harness, "✗ not found");
}

#[rstest]
#[case("nopenai<enter><f6>", "Only a secret can be moved to a reference")]
#[case(
    "nopenai<enter>A<tab><tab><tab>$OpenAI:ApiKey<f6>",
    "already references $OpenAI:ApiKey"
)]
fn only_a_secret_is_moved_to_a_reference(#[case] keys: &str, #[case] words: &str) {
    let mut harness = Harness::empty(120, 40);
    harness.play(keys);
    holds(&harness, words);
    lacks(&harness, "Move to a reference");
}

#[test]
fn canceled_move_changes_nothing() {
    let mut harness = Harness::three(120, 40);
    harness.play("<end><enter><tab><tab><tab><f6><esc>");
    assert!(!harness.app.form().unwrap().is_changed());
    holds(&harness, "stored");
}

#[test]
fn lone_dollar_is_removed_with_its_list() {
    let mut harness = Harness::empty(100, 30);
    harness.play("nopenai<enter>A<tab><tab><tab>$<esc>");
    assert!(!harness.frame().contains("•"), "{}", harness.frame());
    harness.play("$OpenAI:ApiKey");
    assert!(
        harness.frame().contains("$OpenAI:ApiKey"),
        "{}",
        harness.frame()
    );
}

#[rstest]
fn note_below_a_field_moves_no_field(#[values((80, 24), (120, 40))] size: (u16, u16)) {
    let mut harness = Harness::empty(size.0, size.1);
    harness.play("nopenai<enter>A<tab><tab><tab>");
    let row_of = |harness: &Harness, label: &str| {
        let frame = harness.frame();
        frame
            .lines()
            .position(|line| line.contains(label))
            .expect(label)
    };
    let before = row_of(&harness, "Organization");
    harness.play("<paste:sk-ant-planted>");
    assert_eq!(
        row_of(&harness, "Organization"),
        before,
        "{}",
        harness.frame()
    );
    let frame = frame_text(&harness);
    assert!(
        frame.contains("! This looks like a key for Anthropic"),
        "{frame}"
    );
}

#[test]
fn long_value_is_marked_at_both_ends() {
    let mut harness = Harness::empty(120, 40);
    let name = "first ".to_owned() + &"x".repeat(100) + " last";
    harness.play(&format!("nopenai<enter>{name}"));
    let line = |harness: &Harness| {
        let frame = harness.frame();
        let line = frame.lines().find(|line| line.contains("▸ Name"));
        line.unwrap().to_owned()
    };
    assert!(line(&harness).contains("│…x"), "{}", line(&harness));
    harness.play("<left><left><left><left><left><left>");
    let middle = line(&harness);
    assert!(middle.contains("│…x") && middle.contains('…'), "{middle}");
    harness.play("<home><tab>");
    let frame = harness.frame();
    assert!(
        frame.contains("│first x") && frame.contains("x…│"),
        "{frame}"
    );
}

#[test]
fn f4_lists_keys_over_a_reference() {
    let mut harness = configured((120, 40), SETTINGS, &[]);
    harness.play(ON_KEY).play("$OpenAI:ApiKey<f4>");
    holds(&harness, "Type to filter");
    holds(&harness, "Anthropic:ApiKey");
    harness.play("Anthropic<enter>");
    holds(&harness, "$Anthropic:ApiKey");
}

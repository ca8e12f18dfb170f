//! Stories of what the form knows of providers beyond their fields: the environment, ways to sign in, the address that will be
//! called, copies, configuration keys.
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
use umai::appsettings::{AppSettings, Variables};
use umai::connection::{
    Connection, ConnectionService, CoreService, Environment, IdOrAlias, Plain, Setting,
};
use umai::provider::ProviderCatalog;
use umai::store::memory::MemoryStore;
use umai::tui::effect::{Effect, Reply, Request};
use umai::tui::event::Event;
use umai::tui::form::Document;
use umai::tui::layout::Size;

/// What a frame says, its words one space apart: notes are wrapped where the screen is narrow.
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

/// The same where an address is broken over lines.
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

/// A connection as everybody sees it.
fn stored(stage: &Stage, alias: &str) -> Connection {
    let key: IdOrAlias = alias.parse().unwrap();
    stage
        .elsewhere(&async |service: &dyn ConnectionService| service.get(&key).await)
        .unwrap()
}

/// What is stored in a setting.
fn setting(stage: &Stage, alias: &str, key: &str) -> Option<String> {
    let settings = stored(stage, alias).settings?;
    match settings.get(key)? {
        Setting::Null => None,
        Setting::Text(text) => Some(text.clone()),
        Setting::Secret(mask) => Some(mask.text().into()),
        Setting::Switch(on) => Some(on.to_string()),
        Setting::Number(number) => Some(number.to_string()),
    }
}

/// An environment that has these variables.
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

/// What references resolve against where a test says so.
const SETTINGS: &str = r#"{
    "OpenAI": { "ApiKey": "sk-planted", "Organization": "org-planted" },
    "Anthropic": { "ApiKey": "sk-ant-planted" },
    "Empty": { "Key": "" },
    "ConnectionStrings": { "Main": "planted" },
    "Logging": { "Level": "planted" }
}"#;

/// A stage whose service resolves references against these settings and variables.
fn configured(
    (width, height): (u16, u16),
    settings: &'static str,
    variables: &'static [(&str, &str)],
) -> Stage {
    Stage::over(Size { width, height }, |clock| {
        let folder = tempfile::tempdir().unwrap().keep();
        std::fs::write(folder.join("appsettings.json"), settings).unwrap();
        let variables = Variables::of(variables.iter().copied());
        Arc::new(CoreService::new(
            Arc::new(MemoryStore::<Plain>::default()),
            Arc::new(ProviderCatalog::embedded()),
            AppSettings::in_folder(folder, variables),
            clock.clock(),
        ))
    })
}

const SIZES: [(u16, u16); 3] = [(40, 10), (80, 24), (120, 40)];

// The environment.

const TWO: [(&str, &str); 4] = [
    ("OPENAI_API_KEY", "sk-planted"),
    ("OPENAI_ORG_ID", "org-7"),
    ("AWS_REGION", "eu-central-1"),
    ("UNHEARD_OF", "planted"),
];

#[rstest]
fn the_environment_shows_names_of_variables_and_what_they_make(
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
fn what_is_chosen_opens_its_form_filled_and_is_saved(
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
fn a_secret_that_the_configuration_resolves_is_referred_to_or_taken_over() {
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
fn what_is_missing_is_said_before_a_form_opens() {
    let mut stage = Stage::empty(80, 24);
    stage.happens(environment(&[(
        "AZURE_OPENAI_ENDPOINT",
        "https://x.example",
    )]));
    stage.play("i");
    holds(&stage, "Missing: Authentication");
}

#[test]
fn the_way_that_the_environment_has_values_for_is_chosen() {
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
fn an_environment_without_such_variables_says_which_are_looked_for() {
    let mut stage = Stage::empty(120, 40);
    stage.play("i");
    holds(&stage, "such as OPENAI_API_KEY");
    assert!(stage.app.layers.is_empty());
}

#[test]
fn the_import_is_found_in_the_palette_and_left_again() {
    let mut stage = Stage::empty(80, 24);
    stage.happens(environment(&TWO));
    stage.play(":import env<enter>");
    holds(&stage, "Import from environment variables");
    stage.play("zzz");
    holds(&stage, "No match");
    stage.play("<esc>");
    assert!(stage.app.layers.is_empty());
}

#[test]
fn while_it_is_not_known_what_can_be_referred_to_nothing_can_be_chosen() {
    let mut stage = stage::Stage::empty(80, 24);
    stage.happens(environment(&TWO));
    let press = |key: &str| stage::events(key).remove(0);
    assert_eq!(stage.app.update(press("i")), None);
    let asked = stage.app.update(Event::Idle);
    let Some(Effect::Call(ticket, Request::Lookup(_))) = asked else {
        panic!("{asked:?}");
    };
    assert_eq!(stage.app.update(press("<enter>")), None);
    assert!(stage.frame().contains("Checking references"));
    stage.happens(Event::Reply(ticket, Reply::Lost("the line broke".into())));
    stage.play("<enter>");
    assert!(stage.frame().contains("Filled"), "{}", stage.frame());
}

// Ways to sign in.

/// A Foundry form of a new connection with the focus on the choice.
const ON_WAY: &str = "nfoundry<enter>Foundry<tab><tab><tab>https://x.example<tab>";

#[rstest]
fn only_the_fields_of_the_chosen_way_are_shown(#[values((80, 24), (120, 40))] size: (u16, u16)) {
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
fn the_focus_passes_over_what_is_hidden_in_both_directions() {
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
fn switching_keeps_what_was_typed_and_only_the_chosen_way_is_saved() {
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
fn what_a_way_needs_is_said_at_its_field_with_its_name(#[case] keys: &str, #[case] words: &str) {
    for (width, height) in SIZES {
        let mut stage = Stage::empty(width, height);
        stage.play(ON_WAY).play(keys).play("<ctrl-s>");
        holds(&stage, words);
        holds(&stage, "1 error");
    }
}

/// A stored connection that signs in with a key.
const WITH_KEY: &str = r#"{"alias":"f","name":"Foundry","providerId":"microsoft-foundry","settings":{"endpoint":"https://x.example","apiKey":"planted-key","useResponsesApi":false}}"#;

/// A stored connection that signs in with Entra ID.
const WITH_ENTRA: &str = r#"{"alias":"f","name":"Foundry","providerId":"microsoft-foundry","settings":{"endpoint":"https://x.example","tenantId":"t","clientId":"c","clientSecret":"planted-secret","useResponsesApi":false}}"#;

#[rstest]
#[case(WITH_KEY, "API key", "Tenant ID")]
#[case(WITH_ENTRA, "Entra ID", "API Key *")]
fn a_stored_connection_opens_with_the_way_it_goes(
    #[case] body: &str,
    #[case] way: &str,
    #[case] hidden: &str,
) {
    let mut stage = Stage::with(120, 40, &[body]);
    stage.play("<end><enter>");
    holds(&stage, &format!("Authentication {way}"));
    lacks(&stage, hidden);
    stage.play("<ctrl-s>");
    holds(&stage, "no changes detected");
}

#[test]
fn going_another_way_says_what_is_removed_and_removes_it_with_the_save() {
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
fn a_command_with_a_key_chooses_its_way() {
    let mut stage = Stage::empty(120, 40);
    stage.play("nfoundry<enter>").play(
        "<paste:curl 'https://x.openai.azure.com/openai/deployments/d/chat/completions?api-version=1' -H 'api-key: planted'>",
    );
    holds(&stage, "Authentication API key");
    holds(&stage, "••••");
}

#[test]
fn what_an_editor_says_for_another_way_chooses_it() {
    let mut stage = Stage::with(120, 40, &[WITH_ENTRA]);
    stage.play("<end><enter><ctrl-e>");
    let Some(Effect::Edit(ticket, document)) = stage.effects.pop() else {
        panic!("an editor was expected");
    };
    let text = document
        .0
        .replace("\"apiKey\": null", "\"apiKey\": \"planted-new\"");
    stage.happens(Event::Edited(ticket, Ok(Document(text.into()))));
    holds(&stage, "Authentication API key");
    holds(
        &stage,
        "Saving removes stored values: Tenant ID, Client ID, Client Secret",
    );
}

#[test]
fn clearing_the_choice_leaves_it_as_it_is() {
    let mut stage = Stage::empty(120, 40);
    stage.play(ON_WAY).play("<ctrl-x>");
    holds(&stage, "◂ Entra ID ▸");
}

// The address that will be called.

/// An OpenAI form of a new connection with the focus on the endpoint.
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
#[case("https://metadata.google.internal", "! Never called")]
fn the_address_under_an_endpoint_is_the_one_that_will_be_called(
    #[case] typed: &str,
    #[case] words: &str,
) {
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
fn nothing_is_warned_of_where_nothing_is_wrong(#[case] typed: &str) {
    let mut stage = Stage::empty(120, 40);
    stage.play(ON_ENDPOINT).play(typed);
    lacks(&stage, "! ");
}

#[test]
fn a_warning_stays_when_the_focus_leaves_and_a_default_goes_quiet() {
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
fn the_address_follows_other_settings() {
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
fn a_key_is_not_led_to_the_providers_own_address_from_another_endpoint() {
    let mut stage = Stage::empty(120, 40);
    stage.play("nhugging<enter>A<tab><tab><tab>hf_planted<tab>");
    holds_broken(&stage, "Calls https://huggingface.co/api/whoami-v2");
    stage.play("https://gateway.example/v1");
    holds_broken(&stage, "Calls https://gateway.example/v1/models");
}

// Copies.

#[rstest]
fn a_copy_says_so_and_is_saved_with_the_secrets_of_the_original(
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
    assert_eq!(stage.app.tree.len(), 3, "it is nothing until it is saved");
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
fn the_alias_of_a_copy_is_one_that_nobody_has() {
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
fn an_alias_that_was_typed_for_a_copy_is_not_changed() {
    let mut stage = Stage::three(120, 40);
    stage.play("<end>c<tab><ctrl-x>openai-dev");
    holds(&stage, "✗ already used by \"OpenAI Development\"");
    holds(&stage, "openai-dev");
}

#[test]
fn the_alias_of_a_copy_follows_its_name() {
    let mut stage = Stage::three(120, 40);
    stage.play("<end>c<ctrl-x>OpenAI Staging");
    holds(&stage, "openai-staging");
    stage.play("<ctrl-s>");
    stored(&stage, "openai-staging");
}

#[test]
fn a_copy_that_nobody_touched_is_left_without_a_question() {
    let mut stage = Stage::three(120, 40);
    stage.play("<end>c<esc>");
    assert!(stage.app.layers.is_empty());
    stage.play("cx<esc>");
    holds(&stage, "Save your changes?");
}

#[test]
fn a_copy_to_another_address_wants_the_key_again() {
    let mut stage = Stage::three(120, 40);
    stage.play("<end>c<tab><tab><tab><tab><tab>https://gateway.example<ctrl-s>");
    holds(
        &stage,
        "was given for another address; type it again for the new one",
    );
    assert_eq!(stage.app.tree.len(), 3);
}

#[test]
fn a_copy_is_tested_with_the_secrets_of_its_original() {
    let mut stage = Stage::three(120, 40);
    stage.play("<end>c<ctrl-t>");
    let asked = stage.effects.last().unwrap();
    let Effect::Call(_, Request::Test(subject)) = asked else {
        panic!("{asked:?}");
    };
    let shown = format!("{subject:?}");
    assert!(shown.starts_with("Changed"), "{shown}");
}

#[test]
fn what_is_cleared_in_a_copy_is_not_in_it() {
    let body = r#"{"alias":"a","name":"A","providerId":"openai","settings":{"apiKey":"sk-planted","organization":"org-1"}}"#;
    let mut stage = Stage::with(120, 40, &[body]);
    stage.play("<end>c<tab><tab><tab><tab><ctrl-x><ctrl-s>");
    assert_eq!(setting(&stage, "a-copy", "organization"), None);
    assert_eq!(setting(&stage, "a", "organization").unwrap(), "org-1");
}

#[test]
fn a_copy_is_made_from_the_palette_and_of_nothing_else_than_a_connection() {
    let mut stage = Stage::three(120, 40);
    stage.play("<home>c");
    holds(&stage, "Select a connection to duplicate it");
    stage.play("<end>:duplicate<enter>");
    holds(&stage, "Copy of OpenAI Production");
}

// Configuration keys.

/// An OpenAI form of a new connection with the focus on the key.
const ON_KEY: &str = "nopenai<enter>A<tab><tab><tab>";

#[rstest]
fn a_dollar_lists_the_keys_that_may_be_referred_to_and_where_each_is(
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
fn a_variable_is_listed_with_its_name() {
    let variables = &[("Other__Key", "planted"), ("OPENAI_API_KEY", "planted")];
    let mut stage = configured((120, 40), "{}", variables);
    stage.play(ON_KEY).play("$");
    holds(&stage, "Other:Key environment variable Other__Key");
    holds(&stage, "OPENAI_API_KEY environment variable");
}

#[test]
fn only_what_the_allow_list_names_is_listed() {
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
fn a_reference_that_is_typed_whole_needs_no_list() {
    let mut stage = configured((120, 40), SETTINGS, &[]);
    stage.play(ON_KEY).play("$OpenAI:ApiKey");
    holds(&stage, "✓ resolves, from appsettings.json");
    lacks(&stage, "OpenAI:Organization");
    stage.play("<enter>");
    holds(&stage, "▸ OpenAI Organization ID");
}

#[test]
fn leaving_the_list_keeps_what_was_typed() {
    let mut stage = configured((120, 40), SETTINGS, &[]);
    stage.play(ON_KEY).play("$Open<esc>");
    lacks(&stage, "OpenAI:Organization");
    holds(&stage, "$Open");
    assert!(stage.app.form().is_some());
    stage.play("<tab>");
    holds(&stage, "▸ OpenAI Organization ID");
}

#[test]
fn tab_and_save_go_on_while_the_list_is_open() {
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
fn f4_lists_them_over_a_field_that_says_something_and_typing_narrows() {
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
fn a_text_that_begins_with_two_dollars_lists_nothing() {
    let mut stage = configured((120, 40), SETTINGS, &[]);
    stage.play(ON_KEY).play("$$");
    lacks(&stage, "Anthropic:ApiKey");
}

#[test]
fn where_there_are_no_keys_it_says_so() {
    let mut stage = configured((120, 40), "{}", &[]);
    stage.play(ON_KEY).play("$");
    holds(&stage, "No configuration key can be referenced yet");
    stage.play("<f4>");
    holds(&stage, "No configuration key can be referenced yet");
}

#[test]
fn keys_that_cannot_be_listed_say_why() {
    let mut stage = stage::Stage::empty(120, 40);
    stage.play(ON_KEY);
    let press = |key: &str| stage::events(key).remove(0);
    assert_eq!(stage.app.update(press("$")), None);
    let asked = stage.app.update(Event::Idle);
    let Some(Effect::Call(ticket, Request::ConfigurationKeys)) = asked else {
        panic!("{asked:?}");
    };
    stage.happens(Event::Reply(ticket, Reply::Lost("the line broke".into())));
    assert!(
        stage.frame().contains("the line broke"),
        "{}",
        stage.frame()
    );
    stage.play("Open:Key");
    assert!(stage.frame().contains("$Open:Key"), "{}", stage.frame());
}

#[test]
fn many_keys_are_cut_and_counted_and_the_selection_is_seen() {
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
fn a_click_takes_the_key_it_points_at() {
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
fn moving_a_key_says_what_to_put_where(#[values((40, 10), (80, 24), (120, 40))] size: (u16, u16)) {
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
fn what_is_to_be_put_somewhere_is_copied_with_a_blank() {
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
fn whether_a_suggestion_is_there_already_is_said() {
    let mut stage = Stage::three(120, 40);
    stage.play("<end><enter><tab><tab><tab><f6>");
    holds(&stage, "$OpenAI:ApiKey (found in appsettings.json)");
    holds(&stage, "$OpenaiProd:ApiKey (not found yet)");
}

#[test]
fn where_an_allow_list_refuses_what_was_thought_of_an_allowed_one_is_suggested() {
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
fn what_is_no_secret_is_not_moved(#[case] keys: &str, #[case] words: &str) {
    let mut stage = Stage::empty(120, 40);
    stage.play(keys);
    holds(&stage, words);
    lacks(&stage, "Move to a reference");
}

#[test]
fn leaving_the_move_changes_nothing() {
    let mut stage = Stage::three(120, 40);
    stage.play("<end><enter><tab><tab><tab><f6><esc>");
    assert!(!stage.app.form().unwrap().is_changed());
    holds(&stage, "stored");
}

#[test]
fn a_sign_that_refers_to_nothing_goes_with_the_list_it_opened() {
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

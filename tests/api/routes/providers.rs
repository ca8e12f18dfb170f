//! Providers, and the catalog that a client rebuilds from their description.

use serde_json::{Value, json};
use umai::provider::from_api::Received;
use umai::provider::{FieldKind, ProviderCatalog, SettingsField};

use crate::routes::fixture::Fixture;

#[tokio::test]
async fn providers_are_listed_by_name_with_capabilities() {
    let fixture = Fixture::new().await;
    let list = fixture.get("/providers").await;
    let catalog = ProviderCatalog::embedded();
    let expected = catalog.all().iter().map(|provider| {
        json!({ "id": provider.id, "name": provider.name, "capabilities": provider.capabilities })
    });
    assert_eq!(list.json(), expected.collect::<Value>());
    let openai =
        r#"{"id":"openai","name":"OpenAI","capabilities":["Chat","Embedding","SpeechToText"]}"#;
    assert!(list.text.contains(openai), "{}", list.text);
    assert_eq!(fixture.get("/provider").await.text, list.text);
}

#[tokio::test]
async fn provider_has_schema_and_settings() {
    let fixture = Fixture::new().await;
    let one = fixture.get("/providers/OpenAI").await.json();
    assert_eq!(
        one["settingsSchema"]["fields"][0],
        json!({
            "key": "apiKey", "label": "OpenAI API Key", "description": "API key from platform.openai.com, or $Section:Key",
            "editorUiAlias": "Umb.PropertyEditorUi.TextBox", "defaultValue": null, "sortOrder": 0,
            "isRequired": true, "isSensitive": true, "group": null,
        })
    );
    let mut fact = one["settings"][0].clone();
    for beyond in ["variables", "prefixes"] {
        fact.as_object_mut().unwrap().shift_remove(beyond);
    }
    assert_eq!(
        fact,
        json!({
            "alias": "apiKey", "name": "OpenAI API Key", "description": "API key from platform.openai.com, or $Section:Key",
            "type": "string", "isRequired": true, "isSensitive": true, "defaultValue": null, "options": [],
        })
    );
    assert_eq!(fixture.get("/provider/openai").await.json(), one);
}

#[tokio::test]
async fn unknown_provider_is_404_with_its_id() {
    let fixture = Fixture::new().await;
    for path in ["/providers/missing", "/provider/missing"] {
        assert_eq!(
            fixture.get(path).await.refusal(),
            (404, "Provider 'missing' not found".into())
        );
    }
}

#[tokio::test]
async fn provider_details_are_complete_for_forms() {
    let fixture = Fixture::new().await;
    let all = fixture.get("/providers?expand=settings").await.json();
    let catalog = ProviderCatalog::embedded();
    assert_eq!(all.as_array().unwrap().len(), catalog.all().len());
    for (output, known) in all.as_array().unwrap().iter().zip(catalog.all()) {
        assert_eq!(
            fixture
                .get(&format!("/providers/{}", known.id))
                .await
                .json(),
            *output
        );
        let received: Received = serde_json::from_value(output.clone()).unwrap();
        assert!(received.is_from_umai());
        let read = received.into_provider(None).unwrap();
        assert_eq!(
            (&read.settings, &read.rules, &read.alternative_groups),
            (&known.settings, &known.rules, &known.alternative_groups)
        );
        assert_eq!(output["id"], known.id.as_str());
        assert_eq!(output["rules"], json!(known.rules));
        assert_eq!(read.probe_urls(), known.probe_urls());
        assert_eq!(list(&output["hosts"]), known.hosts);
        assert_eq!(
            output["settings"].as_array().unwrap().len(),
            known.settings.len()
        );
        for (index, field) in known.settings.iter().enumerate() {
            // Exhaustive on purpose: a new member must be added here.
            let SettingsField {
                key,
                label,
                description,
                kind,
                required,
                required_when,
                sensitive,
                default,
                group,
                accepted_as,
                options,
                suggestions,
                variables,
                prefixes,
            } = field;
            let fact = &output["settings"][index];
            assert_eq!(fact["alias"], key.as_str());
            assert_eq!(fact["name"], label.as_str());
            assert_eq!(fact["description"], description.as_str());
            let told_kind = match (fact["kind"].as_str(), fact["type"].as_str()) {
                (Some("url"), Some("string")) => FieldKind::Url,
                (Some("headers"), Some("string")) => FieldKind::Headers,
                (None, Some("string")) => FieldKind::Text,
                (None, Some("boolean")) => FieldKind::Switch,
                other => panic!("{other:?}"),
            };
            assert_eq!(told_kind, *kind);
            assert_eq!(fact["isRequired"], *required);
            assert_eq!(fact["isSensitive"], *sensitive);
            assert_eq!(fact["requiredWhen"], json!(required_when));
            assert_eq!(fact["defaultValue"], json!(default));
            assert_eq!(
                output["settingsSchema"]["fields"][index]["group"],
                json!(group)
            );
            assert_eq!(list(&fact["acceptedAs"]), *accepted_as);
            assert_eq!(list(&fact["options"]), *options);
            assert_eq!(list(&fact["suggestions"]), *suggestions);
            assert_eq!(list(&fact["variables"]), *variables);
            assert_eq!(list(&fact["prefixes"]), *prefixes);
        }
    }
    assert_eq!(fixture.get("/providers?expand=x").await.status, 400);
}

/// Returns the texts of a list; empty when it is missing.
fn list(value: &Value) -> Vec<String> {
    let texts = value.as_array().into_iter().flatten();
    texts
        .map(|text| text.as_str().unwrap().to_owned())
        .collect()
}

#[tokio::test]
async fn provider_details_omit_the_probe() {
    let fixture = Fixture::new().await;
    let text = fixture.get("/providers?expand=settings").await.text;
    assert!(!text.contains("probe"), "{text}");
}

//! Providers, and the catalogue that is built again from what is said of them.

use serde_json::json;
use umai::provider::ProviderCatalog;
use umai::provider::received::Received;

use super::world::World;

#[tokio::test]
async fn providers_are_listed_by_name_with_what_they_can_do() {
    let world = World::new().await;
    let list = world.get("/providers").await;
    let names: Vec<_> = list
        .json()
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["name"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(
        names,
        [
            "Amazon Bedrock",
            "Anthropic",
            "Google",
            "Microsoft AI Foundry",
            "OpenAI",
            "OpenAI-compatible"
        ]
    );
    assert!(list.text.starts_with(
        r#"[{"id":"amazon","name":"Amazon Bedrock","capabilities":["Chat","Embedding"]},"#
    ));
    assert_eq!(world.get("/provider").await.text, list.text);
}

#[tokio::test]
async fn a_provider_is_described_as_schema_and_as_facts() {
    let world = World::new().await;
    let one = world.get("/providers/OpenAI").await.json();
    assert_eq!(
        one["settingsSchema"]["fields"][0],
        json!({
            "key": "apiKey", "label": "OpenAI API Key", "description": "The key that requests to OpenAI are signed with.",
            "editorUiAlias": "Umb.PropertyEditorUi.TextBox", "defaultValue": null, "sortOrder": 0,
            "isRequired": true, "isSensitive": true, "group": null,
        })
    );
    assert_eq!(
        one["settings"][0],
        json!({
            "alias": "apiKey", "name": "OpenAI API Key", "description": "The key that requests to OpenAI are signed with.",
            "type": "string", "isRequired": true, "isSensitive": true, "defaultValue": null, "options": [],
            "variables": ["OPENAI_API_KEY"], "prefixes": ["sk-", "sk-proj-", "sk-svcacct-"],
        })
    );
    assert_eq!(world.get("/provider/openai").await.json(), one);
}

#[tokio::test]
async fn an_unknown_provider_is_a_404_that_names_it() {
    let world = World::new().await;
    for path in ["/providers/nobody", "/provider/nobody"] {
        assert_eq!(
            world.get(path).await.refusal(),
            (404, "Provider 'nobody' not found".into())
        );
    }
}

#[tokio::test]
async fn the_catalogue_can_be_built_again_from_one_answer() {
    let world = World::new().await;
    let all = world.get("/providers?expand=settings").await.json();
    let read = all
        .as_array()
        .unwrap()
        .iter()
        .map(|one| serde_json::from_value::<Received>(one.clone()).unwrap())
        .map(|received| received.into_provider(None).unwrap());
    let read: ProviderCatalog = read.collect();
    let embedded = ProviderCatalog::embedded();
    assert_eq!(read.all().len(), embedded.all().len());
    for (read, known) in read.all().iter().zip(embedded.all()) {
        assert_eq!(
            format!("{:?}", read.described()),
            format!("{:?}", known.described())
        );
        assert_eq!(read.settings, known.settings, "{}", known.id);
        assert_eq!(read.rules, known.rules, "{}", known.id);
    }
    assert_eq!(world.get("/providers?expand=x").await.status, 400);
}

#[tokio::test]
async fn how_a_provider_is_probed_is_told_to_nobody() {
    let world = World::new().await;
    let text = world.get("/providers?expand=settings").await.text;
    assert!(!text.contains("probe"), "{text}");
}

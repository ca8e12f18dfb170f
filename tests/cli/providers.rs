//! What the catalogue answers.

use serde_json::json;

use crate::home::{Home, members};

#[test]
fn providers_have_the_apis_shapes() {
    let home = Home::new();
    let list = home.run(&["providers", "list", "--json"]).json();
    let ids: Vec<_> = list
        .as_array()
        .unwrap()
        .iter()
        .map(|provider| provider["id"].as_str().unwrap())
        .collect();
    assert_eq!(
        ids,
        [
            "alibaba",
            "amazon",
            "anthropic",
            "deepseek",
            "fireworks-ai",
            "google",
            "huggingface",
            "microsoft-foundry",
            "mistral",
            "moonshot",
            "ollama",
            "openai",
            "openai-compatible",
            "openrouter",
            "perplexity",
            "togetherai",
            "zai",
        ]
    );
    assert_eq!(
        list[11],
        json!({"id": "openai", "name": "OpenAI", "capabilities": ["Chat", "Embedding", "SpeechToText"]})
    );
    let one = home.run(&["providers", "get", "OpenAI", "--json"]).json();
    assert_eq!(
        members(&one),
        [
            "id",
            "name",
            "capabilities",
            "settingsSchema",
            "settings",
            "rules",
            "calls",
            "hosts"
        ]
    );
    assert_eq!(
        members(&one["settingsSchema"]["fields"][0]),
        [
            "key",
            "label",
            "description",
            "editorUiAlias",
            "defaultValue",
            "sortOrder",
            "isRequired",
            "isSensitive",
            "group"
        ]
    );
    assert_eq!(
        members(&one["settings"][0]),
        [
            "alias",
            "name",
            "description",
            "type",
            "isRequired",
            "isSensitive",
            "defaultValue",
            "options",
            "variables",
            "prefixes"
        ]
    );
    let none = home.run(&["providers", "get", "none"]);
    assert_eq!(
        (none.code, none.err.as_str()),
        (3, "Provider 'none' not found\n")
    );
}

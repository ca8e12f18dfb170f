//! Output of `umai providers`.
#![allow(
    clippy::too_many_lines,
    reason = "a test tells its whole scenario in order"
)]

use serde_json::json;

use crate::home::{Home, members};

#[test]
fn providers_have_the_shapes_of_the_api() {
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
        (
            3,
            "error: Provider 'none' not found; umai providers list shows all\n"
        )
    );
}

const OWN: &str = "id = \"own\"\nname = \"Own\"\ncapabilities = [\"Chat\"]\n";

#[test]
fn providers_check_reports_the_invalid_line() {
    let home = Home::new();
    let none = home.run(&["providers", "check"]);
    assert!(none.err.contains("No provider files"), "{}", none.err);
    let folder = home.path(".config/umai/providers");
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join("a.toml"), OWN).unwrap();
    let right = home.run(&["providers", "check"]);
    assert_eq!(right.code, 0, "{}", right.err);
    assert!(
        right
            .out
            .contains("a.toml: provider 'own' (Own) with 0 settings"),
        "{}",
        right.out
    );
    std::fs::write(folder.join("b.toml"), OWN).unwrap();
    std::fs::write(folder.join("c.toml"), "id = \"c\"\nname = 3\n").unwrap();
    let wrong = home.run(&["providers", "check", "--json"]);
    assert_eq!(wrong.code, 4);
    let items = wrong.json()["items"].clone();
    assert_eq!(items[0]["ok"], true);
    assert!(
        items[1]["detail"]
            .as_str()
            .unwrap()
            .starts_with("provider 'own' is already defined in")
    );
    assert!(
        items[2]["detail"].as_str().unwrap().contains("line 2"),
        "{items}"
    );
    let named = home.run(&["providers", "check", ".config/umai/providers/c.toml"]);
    assert_eq!(named.code, 4);
}

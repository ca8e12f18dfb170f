//! `umai connections create --from-env`: settings from environment variables, whose values are never printed.

use serde_json::json;

use crate::home::{Answer, Home, answer_of};

const TWO: [(&str, &str); 4] = [
    ("OPENAI_API_KEY", "sk-planted-1"),
    ("OPENAI_ORG_ID", "org-7"),
    ("AWS_REGION", "eu-central-1"),
    ("UNHEARD_OF", "planted-2"),
];

/// Runs `umai connections create --from-env` with these variables and more arguments.
fn create(home: &Home, variables: &[(&str, &str)], more: &[&str]) -> Answer {
    let mut arguments = vec!["connections", "create", "--from-env"];
    arguments.extend(more);
    let mut command = home.umai(&arguments);
    command.envs(variables.iter().copied());
    let answer = answer_of(command);
    assert!(!answer.output().contains("planted"), "{answer:?}");
    answer
}

#[test]
fn from_env_selects_the_only_complete_provider() {
    let home = Home::new();
    let made = create(&home, &TWO, &[]);
    assert_eq!(made.code, 0, "{made:?}");
    assert!(made.out.starts_with("Created OpenAI (openai)"), "{made:?}");
    let stored = home.run(&["connections", "get", "openai", "--json"]).json();
    let settings = json!({"apiKey": "sk-***", "organization": "org-7"});
    assert_eq!(stored["settings"], settings);
    assert!(home.files_with("planted").is_empty());
}

#[test]
fn as_references_stores_references() {
    let home = Home::new();
    let made = create(
        &home,
        &TWO,
        &["--as-references", "--name", "By name", "--json"],
    );
    assert_eq!(made.code, 0, "{made:?}");
    let made = made.json();
    assert_eq!(made["alias"], "by-name");
    assert_eq!(made["settings"]["apiKey"], "$OPENAI_API_KEY");
}

#[test]
fn options_override_the_environment() {
    let home = Home::new();
    let more = [
        "--provider",
        "OpenAI",
        "--set",
        "organizationId=org-8",
        "--json",
    ];
    let made = create(&home, &TWO, &more);
    assert_eq!(made.code, 0, "{made:?}");
    assert_eq!(made.json()["settings"]["organization"], "org-8");
}

#[test]
fn several_providers_in_the_environment_need_a_choice() {
    let home = Home::new();
    let both = [TWO[0], ("GEMINI_API_KEY", "planted-3")];
    let asked = create(&home, &both, &[]);
    assert_eq!(asked.code, 2, "{asked:?}");
    for words in [
        "google (GEMINI_API_KEY)",
        "openai (OPENAI_API_KEY)",
        "--provider",
    ] {
        assert!(asked.err.contains(words), "{asked:?}");
    }
    assert_eq!(home.total(), 0);
    assert_eq!(create(&home, &both, &["--provider", "google"]).code, 0);
}

#[test]
fn missing_variables_are_named() {
    let home = Home::new();
    let none = create(&home, &[TWO[3]], &[]);
    assert_eq!(none.code, 2, "{none:?}");
    assert!(none.err.contains("such as OPENAI_API_KEY"), "{none:?}");
    let other = create(&home, &TWO, &["--provider", "mistral"]);
    assert_eq!(other.code, 2, "{other:?}");
    assert!(other.err.contains("MISTRAL_API_KEY"), "{other:?}");
    assert_eq!(create(&home, &TWO, &["--provider", "missing"]).code, 3);
}

#[test]
fn missing_required_variable_is_rejected() {
    let home = Home::new();
    let made = create(&home, &[TWO[2]], &[]);
    assert_eq!(made.code, 4, "{made:?}");
    let wanted = "Amazon Bedrock requires one of --secret-stdin apiKey (Bedrock API Key), --secret-stdin accessKeyId (Access Key ID), --secret-stdin secretAccessKey (Secret Access Key)";
    assert!(made.err.contains(wanted), "{made:?}");
    let id = ("AWS_ACCESS_KEY_ID", "ASIAPLANTED");
    let made = create(&home, &[TWO[2], id], &[]);
    assert_eq!(made.code, 4, "{made:?}");
    for missing in ["Secret Access Key is required", "Session Token is required"] {
        assert!(made.err.contains(missing), "{made:?}");
    }
}

#[test]
fn from_env_dry_run_lists_variable_names() {
    let home = Home::new();
    let reported = create(&home, &TWO, &["--dry-run"]);
    assert_eq!(reported.code, 0, "{reported:?}");
    let rows: Vec<Vec<&str>> = reported
        .out
        .lines()
        .map(|line| line.split_whitespace().collect())
        .collect();
    assert_eq!(rows[0], ["PROVIDER", "VARIABLE", "SETTING", "VALUE"]);
    assert_eq!(rows[1], ["openai", "OPENAI_API_KEY", "apiKey", "secret"]);
    assert_eq!(rows[3], ["amazon", "AWS_REGION", "region", "text"]);
    assert!(
        reported
            .err
            .contains("Missing for Amazon Bedrock: Authentication"),
        "{reported:?}"
    );
    let json = create(
        &home,
        &TWO,
        &["--dry-run", "--provider", "openai", "--json"],
    )
    .json();
    assert_eq!(
        json,
        json!({"providers": [{"id": "openai", "name": "OpenAI", "missing": [], "variables": [
            {"name": "OPENAI_API_KEY", "setting": "apiKey", "isSecret": true},
            {"name": "OPENAI_ORG_ID", "setting": "organization", "isSecret": false},
        ]}]})
    );
    assert_eq!(home.total(), 0);
    let alone = home.run(&["connections", "create", "--dry-run"]);
    assert_eq!(alone.code, 4, "as without it: {alone:?}");
}

#[rstest::rstest]
#[case("\"sk-planted-1\"", "Removed quotes around the key for apiKey")]
#[case("Bearer sk-planted-1", "Removed 'Bearer ' before the key for apiKey")]
#[case(
    "sk-planted-1\u{200b}",
    "Removed invisible characters around the key for apiKey"
)]
fn extra_characters_of_a_variable_are_removed_with_a_note(#[case] value: &str, #[case] note: &str) {
    let home = Home::new();
    let made = create(&home, &[("OPENAI_API_KEY", value)], &[]);
    assert_eq!(made.code, 0, "{made:?}");
    assert!(made.err.contains(note), "{made:?}");
    home.write("clean.txt", "sk-planted-1");
    let file = [
        "connections",
        "update",
        "openai",
        "--secret-file",
        "apiKey=clean.txt",
    ];
    assert!(home.run(&file).out.contains("version 1"));
}

#[rstest::rstest]
#[case("ENC:planted", "is encrypted by Umbraco")]
#[case("sk-\u{2060}planted", "contains an invisible character (U+2060)")]
fn variables_without_a_key_are_rejected(#[case] value: &str, #[case] words: &str) {
    let home = Home::new();
    let made = create(&home, &[("OPENAI_API_KEY", value)], &[]);
    assert_eq!(made.code, 4, "{made:?}");
    assert!(made.err.contains(words), "{made:?}");
    assert_eq!(home.total(), 0);
}

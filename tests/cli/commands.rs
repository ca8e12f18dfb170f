//! Results of each command.

use serde_json::{Value, json};

use crate::home::{DOCUMENTED, Home, members};

fn aliases(page: &Value) -> Vec<&str> {
    page["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|item| item["alias"].as_str().unwrap())
        .collect()
}

const ITEM: [&str; 8] = [
    "id",
    "alias",
    "name",
    "providerId",
    "isActive",
    "dateCreated",
    "dateModified",
    "version",
];

/// Three connections: two to OpenAI, one of them inactive, and one to Anthropic.
fn three() -> Home {
    let home = Home::new();
    for (name, provider, active) in [
        ("beta", "openai", true),
        ("Alpha", "openai", false),
        ("gamma", "anthropic", true),
    ] {
        let body = json!({"alias": name.to_lowercase(), "name": name, "providerId": provider, "isActive": active});
        assert_eq!(home.create(&body.to_string()).code, 0);
    }
    home
}

#[test]
fn names_are_normalized_for_filter_and_sort() {
    let home = Home::new();
    for (alias, name) in [("a", "Cafe\u{301}"), ("b", "CAF\u{c9}"), ("c", "Cafz")] {
        let body = json!({"alias": alias, "name": name, "providerId": "openai"});
        assert_eq!(home.create(&body.to_string()).code, 0);
    }
    for filter in ["caf\u{e9}", "cafe\u{301}"] {
        for arguments in [&["--filter", filter][..], &[filter]] {
            let list = [&["connections", "list", "--json"], arguments].concat();
            let list = home.run(&list).json();
            let mut found = aliases(&list);
            found.sort_unstable();
            assert_eq!(found, ["a", "b"], "{arguments:?}");
        }
    }
    let sorted = home.run(&["connections", "list", "--sort", "name", "--json"]);
    assert_eq!(aliases(&sorted.json()), ["c", "a", "b"]);
}

#[test]
fn documented_request_returns_the_documented_response() {
    let home = Home::new();
    home.write("request.json", DOCUMENTED);
    let answer = home.run(&[
        "connections",
        "create",
        "--from-json",
        "request.json",
        "--json",
    ]);
    assert_eq!((answer.code, answer.err.as_str()), (0, ""), "{answer:?}");
    let created = answer.json();
    assert_eq!(members(&created), [&ITEM[..], &["settings"]].concat());
    assert_eq!(
        created["settings"].to_string(),
        r#"{"apiKey":"sk-***","organization":null}"#
    );
    assert_eq!(created["version"], 1);
    assert!(created["dateCreated"].as_str().unwrap().ends_with('Z'));
    for key in [
        "openai-prod",
        "OpenAI-PROD",
        created["id"].as_str().unwrap(),
    ] {
        assert_eq!(
            home.run(&["connections", "get", key, "--json"]).json(),
            created
        );
    }
}

#[test]
fn options_and_request_body_create_the_same_connection() {
    let home = Home::new();
    let answer = home.pipe(
        &[
            "connections",
            "create",
            "--name",
            "OpenAI Production",
            "--alias",
            "openai-prod",
            "--provider",
            "OPENAI",
            "--set",
            "organization=org-1",
            "--secret-stdin",
            "apiKey",
            "--inactive",
            "--json",
        ],
        "sk-your-api-key",
    );
    assert_eq!(answer.code, 0, "{answer:?}");
    let created = answer.json();
    assert_eq!(created["providerId"], "openai");
    assert_eq!(created["isActive"], false);
    assert_eq!(
        created["settings"],
        json!({"organization": "org-1", "apiKey": "sk-***"})
    );
}

#[test]
fn boolean_setting_takes_true_or_false() {
    let home = Home::new();
    let create = |value: &str| {
        home.pipe(
            &[
                "connections",
                "create",
                "--name",
                "Foundry",
                "--provider",
                "microsoft-foundry",
                "--set",
                "endpoint=https://x.test",
                "--set",
                &format!("useResponsesApi={value}"),
                "--secret-stdin",
                "apiKey",
                "--json",
            ],
            "key",
        )
    };
    let refused = create("yes");
    assert_eq!(refused.code, 4, "{refused:?}");
    assert!(refused.err.contains("must be true or false"), "{refused:?}");
    assert_eq!(create("True").json()["settings"]["useResponsesApi"], true);
}

#[test]
fn alias_is_derived_from_the_name_and_reported() {
    let home = Home::new();
    let answer = home.run(&[
        "connections",
        "create",
        "--name",
        "Zoë's OpenAI",
        "--provider",
        "openai",
        "--allow-incomplete",
    ]);
    assert_eq!(answer.code, 0, "{answer:?}");
    assert!(
        answer
            .err
            .contains("Alias: zoe-s-openai (derived from the name"),
        "{answer:?}"
    );
    assert!(
        answer
            .out
            .starts_with("Created Zoë's OpenAI (zoe-s-openai) "),
        "{answer:?}"
    );
}

#[test]
fn name_without_letters_for_an_alias_is_explained() {
    let home = Home::new();
    let create = [
        "connections",
        "create",
        "--provider",
        "ollama",
        "--name",
        "家族",
    ];
    let refused = home.run(&create);
    assert_eq!(refused.code, 4, "{refused:?}");
    let expected = "error: --alias is required: no alias can be derived from this name\n";
    assert_eq!(refused.err, expected);
    let created = home.run(&[&create[..], &["--alias", "family"]].concat());
    assert_eq!(created.code, 0, "{created:?}");
}

#[test]
fn refused_create_reports_no_alias() {
    let home = Home::documented();
    for (name, provider) in [("OpenAI Prod", "openai"), ("New", "none")] {
        let answer = home.run(&[
            "connections",
            "create",
            "--name",
            name,
            "--provider",
            provider,
        ]);
        assert_ne!(answer.code, 0, "{answer:?}");
        assert!(!answer.err.contains("derived from the name"), "{answer:?}");
    }
}

#[test]
fn list_is_a_page_ordered_by_name() {
    let home = three();
    let page = home.run(&["connections", "list", "--json"]).json();
    assert_eq!(members(&page), ["items", "total"]);
    assert_eq!(members(&page["items"][0]), ITEM);
    assert_eq!(aliases(&page), ["alpha", "beta", "gamma"]);
    assert_eq!(page["total"], 3);
}

#[test]
fn list_can_be_filtered_and_paged() {
    let home = three();
    let list = |options: &[&str]| {
        home.run(&[&["connections", "list", "--json"], options].concat())
            .json()
    };
    assert_eq!(aliases(&list(&["--filter", "ET"])), ["beta"]);
    assert_eq!(aliases(&list(&["--provider", "OpenAI"])), ["alpha", "beta"]);
    assert_eq!(aliases(&list(&["--active"])), ["beta", "gamma"]);
    assert_eq!(
        aliases(&list(&["--inactive", "--provider", "openai"])),
        ["alpha"]
    );
    let part = list(&["--skip", "1", "--take", "1"]);
    assert_eq!((aliases(&part), &part["total"]), (vec!["beta"], &json!(3)));
    let people = home.run(&["connections", "list", "--take", "2"]);
    assert_eq!(people.out.lines().count(), 3, "{people:?}");
    assert_eq!(
        people.err,
        "2 of 3 connections; next page: --skip 2; all: --take 3\n"
    );
    let none = home.run(&["connections", "list", "--take", "0"]);
    assert_eq!(none.err, "0 of 3 connections; all: --take 3\n");
    let both = home.run(&["connections", "list", "--active", "--inactive"]);
    assert_eq!(both.code, 2, "{both:?}");
}

#[test]
fn list_accepts_filter_terms_and_rejects_unknown_ones() {
    let home = three();
    let list = |terms: &[&str]| home.run(&[&["connections", "list", "--json"], terms].concat());
    assert_eq!(aliases(&list(&["status:active"]).json()), ["beta", "gamma"]);
    assert_eq!(aliases(&list(&["!status:active"]).json()), ["alpha"]);
    assert_eq!(
        aliases(&list(&["provider:openai", "status:active"]).json()),
        ["beta"]
    );
    assert_eq!(aliases(&list(&["alias:et"]).json()), ["beta"]);
    assert_eq!(
        aliases(&list(&["status:active", "--skip", "1"]).json()),
        ["gamma"]
    );
    for (term, why) in [
        ("status:foo", "must be active, inactive"),
        ("state:on", "Unknown filter 'state:'"),
        ("provider:missing", "Unknown provider"),
    ] {
        let refused = list(&[term]);
        assert_eq!(refused.code, 2, "{term}");
        assert!(refused.err.contains(why), "{}", refused.err);
    }
}

#[test]
fn list_without_a_match_says_so() {
    let home = three();
    for options in [
        &["--filter", "zzz"][..],
        &["--provider", "google"],
        &["--inactive", "--provider", "anthropic"],
    ] {
        let answer = home.run(&[&["connections", "list"], options].concat());
        assert_eq!(
            (answer.code, answer.output().as_str()),
            (0, "No match\n"),
            "{answer:?}"
        );
    }
    let none = Home::new().run(&["connections", "list"]);
    assert!(
        none.err.contains("Create one: umai connections create"),
        "{none:?}"
    );
}

#[test]
fn list_of_unknown_provider_fails_as_text_and_is_empty_as_json() {
    let home = three();
    let list = ["connections", "list", "--provider", "nope"];
    let people = home.run(&list);
    assert_eq!(
        (people.code, people.output().as_str()),
        (
            3,
            "error: Provider 'nope' not found; umai providers list shows all\n"
        ),
        "{people:?}"
    );
    let programs = home.run(&[&list[..], &["--json"]].concat());
    assert_eq!((programs.code, programs.err.as_str()), (0, ""));
    assert_eq!(programs.json(), json!({"items": [], "total": 0}));
}

#[test]
fn activation_creates_versions_and_continues_after_missing_connections() {
    let home = three();
    let answer = home.run(&["connections", "deactivate", "beta", "none", "gamma"]);
    assert_eq!(answer.code, 3, "{answer:?}");
    assert_eq!(
        answer.out,
        "beta (beta): Inactive\ngamma (gamma): Inactive\n"
    );
    assert_eq!(answer.err, "error: Connection 'none' not found\n");
    let active = home
        .run(&["connections", "activate", "beta", "--json"])
        .json();
    assert_eq!(
        (&active["isActive"], &active["version"]),
        (&json!(true), &json!(3))
    );
    let lines = home.run(&["connections", "activate", "beta", "gamma", "--json"]);
    assert_eq!(
        lines.out.lines().count(),
        2,
        "many are a line each: {lines:?}"
    );
}

#[test]
fn delete_needs_confirmation() {
    let home = three();
    let asked = home.run(&["connections", "delete", "beta"]);
    assert_eq!(asked.code, 2, "{asked:?}");
    assert_eq!(asked.err, "error: Nothing deleted. Add --yes to confirm.\n");
    assert_eq!(home.total(), 3);
    let deleted = home.run(&["connections", "delete", "beta", "gamma", "--yes", "--json"]);
    assert_eq!(
        (deleted.code, deleted.output().as_str()),
        (0, ""),
        "as the API: an empty body"
    );
    assert_eq!(home.total(), 1);
    let gone = home.run(&["connections", "get", "beta", "--json"]);
    assert_eq!((gone.code, gone.out.as_str()), (3, ""));
    let problem = gone.problem();
    assert_eq!(
        problem["type"],
        "https://tools.ietf.org/html/rfc7231#section-6.5.4"
    );
    assert_eq!(
        (&problem["title"], &problem["status"], &problem["detail"]),
        (
            &json!("Not Found"),
            &json!(404),
            &json!("Connection not found")
        )
    );
}

#[test]
fn connection_is_shown_with_provider_labels() {
    let home = Home::documented();
    let answer = home.run(&["connections", "get", "openai-prod"]);
    assert_eq!(answer.code, 0);
    for line in [
        "Name                    OpenAI Production",
        "Provider                OpenAI",
        "OpenAI API Key          sk-***",
        "OpenAI Organization ID  -",
    ] {
        assert!(
            answer.out.lines().any(|found| found == line),
            "{line}: {answer:?}"
        );
    }
}

#[test]
fn list_of_a_store_that_lost_connections_is_an_error() {
    let home = Home::documented();
    home.write(".local/share/umai/damaged/missing.txt", "1 is missing");
    for arguments in [&["connections", "list"][..], &["connections", "export"]] {
        let answer = home.run(arguments);
        assert_eq!(answer.code, 6, "{answer:?}");
        assert!(answer.out.contains("openai-prod"), "{answer:?}");
        assert!(answer.err.contains("1 is missing"), "{answer:?}");
        assert!(
            answer.err.contains("error: The result is incomplete"),
            "{answer:?}"
        );
    }
}

#[test]
fn list_forgives_mistakes_only_when_nothing_matches() {
    let home = Home::documented();
    let exact = home.run(&["connections", "list", "openai-prod"]);
    assert_eq!((exact.code, exact.err.as_str()), (0, ""), "{exact:?}");
    let similar = home.run(&["connections", "list", "opnai-prod"]);
    assert!(similar.out.contains("openai-prod"), "{similar:?}");
    assert!(
        similar.err.contains("Nothing matches exactly"),
        "{similar:?}"
    );
    let quoted = home.run(&["connections", "list", "\"opnai-prod\""]);
    assert!(quoted.err.contains("No match"), "{quoted:?}");
    let tests = home.run(&["connections", "list", "status:failing"]);
    assert_eq!(tests.code, 2, "{tests:?}");
}

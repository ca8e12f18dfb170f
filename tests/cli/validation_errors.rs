//! All rows of the API's 400 table that apply to a draft: message, field and exit code.

use rstest::rstest;
use serde_json::json;

use crate::home::{DOCUMENTED, Home};

/// The documented body with a different alias and one member replaced.
fn with(member: &str, value: &str) -> String {
    let body = DOCUMENTED.replace("openai-prod", "openai-two");
    let mut object: serde_json::Map<String, serde_json::Value> =
        serde_json::from_str(&body).unwrap();
    object.insert(member.into(), serde_json::from_str(value).unwrap());
    json!(object).to_string()
}

fn settings(settings: &str) -> String {
    with("settings", settings)
}

#[rstest]
#[case::alias_missing(r#"{"name":"A","providerId":"openai"}"#.into(), "alias", "Alias is required")]
#[case::alias_null(with("alias", "null"), "alias", "Alias is required")]
#[case::alias_blank(with("alias", r#"" ""#), "alias", "Alias is required")]
#[case::alias_type(with("alias", "5"), "alias", "Alias must be text")]
#[case::alias_format(
    with("alias", r#""Not OK""#),
    "alias",
    "Alias can only contain lowercase letters, numbers, and hyphens"
)]
#[case::alias_long(with("alias", &format!("{:?}", "a".repeat(101))), "alias", "Alias must not exceed 100 characters")]
#[case::alias_reserved(
    with("alias", r#""capabilities""#),
    "alias",
    "Alias 'capabilities' is reserved"
)]
#[case::alias_id(
    with("alias", r#""3fa85f64-5717-4562-b3fc-2c963f66afa6""#),
    "alias",
    "is reserved"
)]
#[case::name_missing(r#"{"alias":"a","providerId":"openai"}"#.into(), "name", "Name is required")]
#[case::name_empty(with("name", r#""""#), "name", "Name is required")]
#[case::name_type(with("name", "[]"), "name", "Name must be text")]
#[case::name_long(with("name", &format!("{:?}", "n".repeat(256))), "name", "Name must not exceed 255 characters")]
#[case::name_control(
    with("name", r#""a\u001b[31mb""#),
    "name",
    "Name must be one line of visible text"
)]
#[case::name_bidi(
    with("name", r#""a\u202eb""#),
    "name",
    "Name must be one line of visible text"
)]
#[case::name_key(
    with("name", r#""Team sk-planted123def456ghi789jkl""#),
    "name",
    "Name looks like an API key"
)]
#[case::alias_key(
    with("alias", r#""sk-planted123def456ghi789jkl""#),
    "alias",
    "Alias looks like an API key"
)]
#[case::name_invisible(
    with("name", r#""\u200b\u200b""#),
    "name",
    "Name must be one line of visible text"
)]
#[case::provider_missing(r#"{"alias":"a","name":"A"}"#.into(), "providerId", "ProviderId is required")]
#[case::provider_unknown(
    with("providerId", r#""invalid-provider""#),
    "providerId",
    "Provider 'invalid-provider' not found"
)]
#[case::active_type(
    with("isActive", r#""yes""#),
    "isActive",
    "IsActive must be true or false"
)]
#[case::settings_type(settings("[]"), "settings", "Settings must be an object")]
#[case::setting_unknown(
    settings(r#"{"apiKey":"sk-1","apikey2":"x"}"#),
    "settings.apikey2",
    "apiKey, organization, endpoint"
)]
#[case::setting_missing(
    settings("{}"),
    "settings.apiKey",
    "Invalid settings for provider 'openai': OpenAI API Key is required"
)]
#[case::setting_blank(
    settings(r#"{"apiKey":" "}"#),
    "settings.apiKey",
    "OpenAI API Key is required"
)]
#[case::setting_type(
    settings(r#"{"apiKey":5}"#),
    "settings.apiKey",
    "OpenAI API Key must be text"
)]
#[case::setting_nested(
    settings(r#"{"apiKey":{"a":1}}"#),
    "settings.apiKey",
    "not a list or an object"
)]
#[case::endpoint(
    settings(r#"{"apiKey":"sk-1","endpoint":"ftp://x"}"#),
    "settings.endpoint",
    "begins with http:// or https://"
)]
#[case::masked(
    settings(r#"{"apiKey":"sk-***"}"#),
    "settings.apiKey",
    "is a masked value"
)]
#[case::masked_otherwise(
    settings(r#"{"apiKey":"********"}"#),
    "settings.apiKey",
    "is a masked value"
)]
#[case::reference(
    settings(r#"{"apiKey":"$OpenAI:ApiKey"}"#),
    "settings.apiKey",
    "Configuration key 'OpenAI:ApiKey' not found (looked in environment variable OpenAI__ApiKey, appsettings.json (does not exist), appsettings.Production.json (does not exist))"
)]
#[case::connection_string(
    settings(r#"{"apiKey":"$ConnectionStrings:Db"}"#),
    "settings.apiKey",
    "Configuration key 'ConnectionStrings:Db' may not be referenced"
)]
#[case::no_reference(
    settings(r#"{"apiKey":"$not a reference"}"#),
    "settings.apiKey",
    "is not a reference such as $Section:Key"
)]
fn invalid_field_is_rejected_with_its_message(
    #[case] body: String,
    #[case] field: &str,
    #[case] output: &str,
) {
    let home = Home::documented();
    let answer = home.create(&body);
    assert_eq!((answer.code, answer.out.as_str()), (4, ""), "{answer:?}");
    let problem = answer.problem();
    assert_eq!(
        problem["type"],
        "https://tools.ietf.org/html/rfc7231#section-6.5.1"
    );
    assert_eq!(
        (&problem["title"], &problem["status"]),
        (&json!("Bad Request"), &json!(400))
    );
    let detail = problem["detail"].as_str().unwrap();
    assert!(detail.contains(output), "{problem}");
    assert_eq!(problem["errors"][field][0], detail, "{problem}");
    let people = home.pipe(&["connections", "create", "--from-json", "-"], body);
    assert_eq!(people.code, 4);
    assert_eq!(people.err, format!("error: {field}: {detail}\n"));
    assert_eq!(home.total(), 1);
}

#[rstest]
#[case::empty("", "body is empty")]
#[case::torn(r#"{"alias": "a", "#, "")]
#[case::text("\"connection\"", "")]
#[case::number("5", "")]
#[case::twice(
    r#"{"alias":"a","alias":"b","name":"A","providerId":"openai"}"#,
    "alias"
)]
#[case::twice_inside(r#"{"alias":"a","name":"A","providerId":"openai","settings":{"apiKey":"sk-1","apiKey":"sk-2"}}"#, "apiKey")]
fn malformed_body_is_rejected(#[case] body: &str, #[case] output: &str) {
    let home = Home::new();
    let answer = home.create(body);
    assert_eq!((answer.code, answer.out.as_str()), (4, ""), "{answer:?}");
    let problem = answer.problem();
    assert_eq!(problem["status"], 400);
    assert!(
        problem["detail"].as_str().unwrap().contains(output),
        "{problem}"
    );
    assert_eq!(home.total(), 0);
}

#[test]
fn too_deep_or_too_large_body_is_rejected() {
    let home = Home::new();
    let deep = home.create(&settings(&format!(
        "{}1{}",
        r#"{"a":"#.repeat(64),
        "}".repeat(64)
    )));
    assert_eq!(deep.code, 4, "{deep:?}");
    assert!(
        deep.problem()["detail"].as_str().unwrap().contains("64"),
        "{deep:?}"
    );
    let large = home.create(&with("name", &format!("{:?}", "n".repeat(256 * 1024))));
    assert_eq!(large.code, 4, "{large:?}");
    assert!(
        large.problem()["detail"]
            .as_str()
            .unwrap()
            .contains("256 KiB"),
        "{large:?}"
    );
}

#[test]
fn existing_alias_is_a_conflict_unless_more_is_invalid() {
    let home = Home::documented();
    let taken = home.create(DOCUMENTED);
    assert_eq!(taken.code, 5, "{taken:?}");
    assert_eq!(
        taken.problem()["detail"],
        "A connection with alias 'openai-prod' already exists"
    );
    assert_eq!(taken.problem()["code"], "aliasTaken");
    let more = home.create(&DOCUMENTED.replace("OpenAI Production", ""));
    assert_eq!(more.code, 4, "{more:?}");
    let errors = more.problem()["errors"].as_object().unwrap().len();
    assert_eq!(errors, 2, "{more:?}");
}

#[test]
fn each_invalid_option_is_reported_on_its_own_line() {
    let home = Home::new();
    let answer = home.run(&[
        "connections",
        "create",
        "--alias",
        "Not OK",
        "--provider",
        "none",
    ]);
    assert_eq!(answer.code, 4);
    assert_eq!(
        answer.err,
        "error: --alias: Alias can only contain lowercase letters, numbers, and hyphens\nerror: --name is required\nerror: --provider: Provider 'none' not found\n"
    );
}

#[test]
fn reference_is_stored_and_its_value_never_shown() {
    let home = Home::new();
    home.write(
        "appsettings.json",
        r#"{"OpenAI":{"ApiKey":"sk-planted-0123456789"}}"#,
    );
    let answer = home.run(&[
        "connections",
        "create",
        "--name",
        "A",
        "--provider",
        "openai",
        "--set",
        "apiKey=$OpenAI:ApiKey",
        "--json",
    ]);
    assert_eq!(answer.code, 0, "{answer:?}");
    assert_eq!(answer.json()["settings"]["apiKey"], "$OpenAI:ApiKey");
    assert!(!answer.output().contains("planted"));
    assert_eq!(
        home.files_with("sk-planted-0123456789"),
        [home.path("appsettings.json")]
    );
    let named = home.write("elsewhere/my.json", r#"{"My":{"Key":"x"}}"#);
    let answer = home.run(&[
        "connections",
        "create",
        "--name",
        "B",
        "--provider",
        "openai",
        "--set",
        "apiKey=$My:Key",
        "--appsettings",
        named.to_str().unwrap(),
    ]);
    assert_eq!(answer.code, 0, "{answer:?}");
}

#[test]
fn dry_run_of_other_commands_changes_nothing() {
    let home = Home::documented();
    let key = home.path(".config/umai/umai.key");
    let before = std::fs::read(&key).unwrap();
    let output = |arguments: &[&str], code: i32| {
        let answer = home.run(arguments);
        assert_eq!(answer.code, code, "{arguments:?} {answer:?}");
        answer.output()
    };
    let create = ["token", "create", "--name", "ci", "--scope", "read"];
    assert!(output(&[&create[..], &["--dry-run"]].concat(), 0).contains("Would create token ci"));
    assert!(output(&["token", "list", "--json"], 0).contains("\"total\": 0"));
    output(&["token", "revoke", "ci", "--dry-run"], 3);
    output(&create, 0);
    output(&[&create[..], &["--dry-run"]].concat(), 5);
    assert!(output(&["token", "revoke", "ci", "--dry-run"], 0).contains("Would revoke ci"));
    assert!(output(&["token", "list", "--json"], 0).contains("\"total\": 1"));
    assert!(output(&["key", "rotate", "--dry-run"], 0).contains("Would create a new key in"));
    assert_eq!(std::fs::read(&key).unwrap(), before);
    let there = home.write("there.backup", "x");
    output(
        &[
            "backup",
            "create",
            "--to",
            there.to_str().unwrap(),
            "--dry-run",
        ],
        6,
    );
    assert!(
        output(&["backup", "create", "--to", "new.backup", "--dry-run"], 0).contains("new.backup")
    );
    assert!(!home.path("new.backup").exists());
}

#[test]
fn key_as_name_is_rejected_without_being_repeated() {
    let home = Home::documented();
    let key = "sk-planted123def456ghi789jkl";
    let create = [
        "connections",
        "create",
        "--name",
        key,
        "--provider",
        "openai",
    ];
    let rename = ["connections", "update", "openai-prod", "--name", key];
    let move_to = ["connections", "update", "openai-prod", "--alias", key];
    let copy = ["connections", "duplicate", "openai-prod", "--name", key];
    for arguments in [&create[..], &rename, &move_to, &copy] {
        let answer = home.run(arguments);
        assert_eq!(answer.code, 4, "{answer:?}");
        assert!(answer.err.contains("looks like an API key"), "{answer:?}");
        assert!(!answer.output().contains("planted"), "{answer:?}");
    }
    assert_eq!(home.total(), 1);
}

//! JSON, YAML and files of other tools.

use super::{Row, check, form, read, row};
use crate::connection::PasteResult;

const KEY: (&str, &str) = ("apiKey", "§");
const AWS: &[(&str, &str)] = &[("accessKeyId", "AKIA1"), ("secretAccessKey", "§")];

#[test]
fn documents_are_read() {
    check(ROWS);
}

pub(super) const ROWS: &[Row] = &[
    // Request bodies and settings.
    row(
        r#"{"alias":"a","name":"A","providerId":"openai","settings":{"apiKey":"§"}}"#,
        "openai",
        &[KEY],
        &[],
    ),
    row(
        r#"{"providerId":"openai","settings":{"apiKey":"§","organizationId":"o","else":"x"}}"#,
        "openai",
        &[KEY, ("organization", "o")],
        &["else"],
    ),
    row(
        r#"{"providerId":"openai","settings":{"apiKey":"$OpenAI:ApiKey"}}"#,
        "openai",
        &[("apiKey", "$OpenAI:ApiKey")],
        &[],
    ),
    row(
        r#"{"providerId":"openai","settings":{"apiKey":"sk-your-api-key"}}"#,
        "openai",
        &[],
        &["apiKey (a placeholder)"],
    ),
    row(
        r#"{"providerId":"openai","settings":{"apiKey":"********"}}"#,
        "openai",
        &[],
        &["apiKey (a mask)"],
    ),
    row(
        r#"{"providerId":"openai","name":"§","alias":"§","settings":{"apiKey":"§"}}"#,
        "openai",
        &[KEY],
        &["name (looks like a key)", "alias (looks like a key)"],
    ),
    row(
        r#"{"providerId":"openai","settings":{"ApiKey":"§","endpoint":"https://u:§@gw.example/v1"}}"#,
        "openai",
        &[KEY, ("endpoint", "https://gw.example/v1")],
        &["the user in endpoint"],
    ),
    form(
        "openai",
        r#"{"apiKey":"§","organizationId":"o","else":"x"}"#,
        &[KEY, ("organization", "o")],
        &["else"],
    ),
    form("openai", r#"{"ApiKey":"§"}"#, &[KEY], &[]),
    form("openai", r#"{"api_key":"§"}"#, &[KEY], &[]),
    row(
        r#"{"apiKey":"sk-ant-1§"}"#,
        "anthropic",
        &[("apiKey", "sk-ant-1§")],
        &[],
    ),
    row(
        r#"{"apiKey":"§","endpoint":"https://api.mistral.ai/v1"}"#,
        "mistral",
        &[KEY, ("endpoint", "https://api.mistral.ai/v1")],
        &[],
    ),
    row(r#"{"apiKey":"§"}"#, "", &[], &["apiKey"]),
    // Variables and sections.
    row(r#"{"OPENAI_API_KEY":"§"}"#, "openai", &[KEY], &[]),
    row(
        r#"{"GEMINI_API_KEY":"","OPENAI_API_KEY":"§"}"#,
        "openai",
        &[KEY],
        &["GEMINI_API_KEY"],
    ),
    row(
        r#"{"env":{"OPENAI_API_KEY":"§","PATH":"/bin"}}"#,
        "openai",
        &[KEY],
        &["PATH"],
    ),
    row(
        r#"{"mcpServers":{"x":{"command":"npx","env":{"ANTHROPIC_API_KEY":"§"}}}}"#,
        "anthropic",
        &[KEY],
        &["command"],
    ),
    row(
        r#"{"env":[{"name":"OPENAI_API_KEY","value":"§"}]}"#,
        "openai",
        &[KEY],
        &[],
    ),
    row(
        r#"{"Env":["OPENAI_API_KEY=§","PATH=/bin"]}"#,
        "openai",
        &[KEY],
        &["PATH"],
    ),
    row(r#"{ "OpenAI": { "ApiKey": "§" } }"#, "openai", &[KEY], &[]),
    row(r#""OpenAI": { "ApiKey": "§" }"#, "openai", &[KEY], &[]),
    row(
        "{\n  // the key\n  \"OpenAI\": { \"ApiKey\": \"§\", },\n}",
        "openai",
        &[KEY],
        &[],
    ),
    row(
        r#"{"OpenAI:ApiKey":"§","Logging":{"LogLevel":{"Default":"Warning"}}}"#,
        "openai",
        &[KEY],
        &["Default"],
    ),
    row(
        r#"{"Umbraco":{"AI":{"OpenAI":{"ApiKey":"§","Endpoint":"http://127.0.0.1:8391/v1"}}}}"#,
        "openai",
        &[KEY, ("endpoint", "http://127.0.0.1:8391/v1")],
        &[],
    ),
    row(
        r#"{"AzureOpenAI":{"ApiKey":"§","Endpoint":"https://x.openai.azure.com"}}"#,
        "microsoft-foundry",
        &[KEY, ("endpoint", "https://x.openai.azure.com")],
        &[],
    ),
    row(
        r#"{"Anthropic":{"ApiKey":"§"},"ConnectionStrings":{"Db":"x"}}"#,
        "anthropic",
        &[KEY],
        &["Db"],
    ),
    row(
        r#"{"OPENAI_API_KEY":"user_provided"}"#,
        "openai",
        &[],
        &["OPENAI_API_KEY (a placeholder)"],
    ),
    row(
        "{\"OPENAI_API_KEY\":\"old\",\"OPENAI_API_KEY\":\"§\"}",
        "openai",
        &[KEY],
        &[],
    ),
    row(
        "```json\n{\"OPENAI_API_KEY\":\"§\"}\n```",
        "openai",
        &[KEY],
        &[],
    ),
    // Credentials of AWS.
    row(
        r#"{"AccessKeyId":"AKIA1","SecretAccessKey":"§"}"#,
        "amazon",
        AWS,
        &[],
    ),
    row(
        r#"{"AccessKey":{"UserName":"me","AccessKeyId":"AKIA1","SecretAccessKey":"§","Status":"Active"}}"#,
        "amazon",
        AWS,
        &["UserName", "Status"],
    ),
    form(
        "amazon",
        r#"{"accessKeyId":"AKIA1","secretAccessKey":"§"}"#,
        AWS,
        &[],
    ),
    row(
        "[default]\naws_access_key_id = AKIA1\naws_secret_access_key = §\n",
        "amazon",
        AWS,
        &[],
    ),
    row(
        "[default]\naws_access_key_id = AKIA1\naws_secret_access_key = §\nregion = eu-west-1\noutput = json\n[work]\naws_access_key_id = AKIA2\naws_secret_access_key = x\n",
        "amazon",
        &[
            ("accessKeyId", "AKIA1"),
            ("secretAccessKey", "§"),
            ("region", "eu-west-1"),
        ],
        &["profile work"],
    ),
    row(
        "[work]\naws_access_key_id=AKIA1\naws_secret_access_key=§",
        "amazon",
        AWS,
        &[],
    ),
    row(
        "[profile work]\nrole_arn = x\naws_access_key_id=AKIA1\naws_secret_access_key=§",
        "amazon",
        AWS,
        &["role_arn"],
    ),
    row(
        "aws_access_key_id = AKIA1\naws_secret_access_key = §",
        "amazon",
        AWS,
        &[],
    ),
    row(
        "aws configure set aws_access_key_id AKIA1\naws configure set aws_secret_access_key §",
        "amazon",
        AWS,
        &[],
    ),
    // Kubernetes Secrets.
    row(
        "apiVersion: v1\nkind: Secret\nmetadata:\n  name: ai\ntype: Opaque\ndata:\n  OPENAI_API_KEY: c2stYWJjMTIzZGVmNDU2Z2hpNzg5amtsMA==\n",
        "openai",
        &[KEY],
        &[],
    ),
    row(
        "apiVersion: v1\nkind: Secret\nstringData:\n  openai-api-key: \"§\"\n  DB_PASSWORD: x\n",
        "openai",
        &[KEY],
        &["DB_PASSWORD"],
    ),
    row(
        r#"{"apiVersion":"v1","kind":"Secret","data":{"OPENAI_API_KEY":"c2stYWJjMTIzZGVmNDU2Z2hpNzg5amtsMA=="}}"#,
        "openai",
        &[KEY],
        &[],
    ),
    row(
        "---\nkind: ConfigMap\ndata:\n  a: b\n---\napiVersion: v1\nkind: Secret\nstringData:\n  OPENAI_API_KEY: §\n",
        "openai",
        &[KEY],
        &[],
    ),
    row(
        "kind: Secret\ndata:\n  OPENAI_API_KEY: '!!'\n  OPENAI_ORG_ID: b3JnLTI=\n",
        "openai",
        &[("organization", "org-2")],
        &["OPENAI_API_KEY (not base64)"],
    ),
    form(
        "openai",
        "kind: Secret\nstringData:\n  apiKey: §\n  other: x\n",
        &[KEY],
        &["other"],
    ),
];

#[test]
fn several_profiles_are_a_choice() {
    let text = "[work]\naws_access_key_id=AKIA1\naws_secret_access_key=s1\n[home]\naws_access_key_id=AKIA2\naws_secret_access_key=s2\n[empty]\n";
    let PasteResult::ChooseProfile(profiles) = read(text, "") else {
        panic!("not a choice")
    };
    let names: Vec<&str> = profiles
        .iter()
        .map(|profile| profile.name.as_str())
        .collect();
    assert_eq!(names, ["work", "home"]);
    let settings = profiles[1].connection.draft.settings.as_ref().unwrap();
    assert_eq!(settings.get("accessKeyId").unwrap().text(), Some("AKIA2"));
}

/// The session token goes into its field where the provider has one, and else is named as left out.
#[test]
fn session_token_of_sts_is_taken_or_named() {
    let text = r#"{"Credentials":{"AccessKeyId":"ASIA1","SecretAccessKey":"s","SessionToken":"planted-token","Expiration":"2030-01-01"}}"#;
    let PasteResult::Connection(connection) = read(text, "") else {
        panic!("not a connection")
    };
    assert_eq!(connection.draft.provider_id.as_deref(), Some("amazon"));
    let settings = connection.draft.settings.as_ref().unwrap();
    assert_eq!(settings.get("accessKeyId").unwrap().text(), Some("ASIA1"));
    let is_taken = settings
        .get("sessionToken")
        .is_some_and(|value| value.text() == Some("planted-token"));
    let is_named = connection
        .left_out
        .iter()
        .any(|name| name == "SessionToken");
    assert!(is_taken != is_named, "{:?}", connection.left_out);
    assert!(connection.left_out.contains(&"Expiration".to_owned()));
}

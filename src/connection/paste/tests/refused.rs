//! Texts that are not a connection, and texts that cannot be read.

use proptest::prelude::*;
use rstest::rstest;

use super::{PLANTED, leak, read};
use crate::connection::PasteResult;

#[test]
fn request_that_variables_make_huge_is_unreadable() {
    let value = "x".repeat(30 * 1024);
    let headers = " -H 'a:$A$A'".repeat(1000);
    let many_headers = format!("A={value}\ncurl https://api.openai.com/v1{headers}");
    let addresses = " $A$A".repeat(1000);
    let many_addresses = format!("A={value}\ncurl {addresses} http://127.0.0.1:1/$A$A$A$A$A");
    for text in [many_headers, many_addresses] {
        let PasteResult::Unreadable(unreadable) = read(&text, "") else {
            panic!("{}", text.len());
        };
        assert!(!unreadable.to_string().contains("xxx"));
    }
}

#[rstest]
#[case("sk-just-a-key")]
#[case("hello = world")]
#[case("Note: call Bob")]
#[case("")]
#[case("# a comment")]
#[case("curl")]
#[case("curl demo")]
#[case("Curl 2 production")]
#[case("{}")]
#[case("{\"a\":1}")]
#[case("{{name}}")]
#[case("A=1\nno pair")]
#[case("http proxies")]
#[case("https://example.org")]
#[case("fetch quests")]
#[case("[section]\nkey = value")]
#[case("OpenAI Production")]
#[case("set the scene")]
#[case("kind: Deployment\nname: x")]
fn other_text_is_not_a_connection(
    #[case] text: &str,
    #[values("", "openai", "amazon")] wanted: &str,
) {
    assert_eq!(read(text, wanted), PasteResult::NotAConnection, "{text}");
}

#[rstest]
#[case(
    "curl 'unbalanced §",
    "a cURL command but cannot be read: a quotation mark is not closed"
)]
#[case(
    "curl -H \"Authorization: Bearer §",
    "a cURL command but cannot be read: a quotation mark is not closed"
)]
#[case(
    "curl ^\"http://127.0.0.1/v1 -H ^\"§",
    "a cURL command but cannot be read"
)]
#[case(
    "curl -H 'Authorization: Bearer §'",
    "a cURL command but cannot be read: it has no http or https address"
)]
#[case(
    "curl §",
    "a cURL command but cannot be read: it has no http or https address"
)]
#[case(
    "curl https://api.openai.com/v1/models -H",
    "a cURL command but cannot be read: its last option has no value"
)]
#[case(
    "curl ftp://host.example/file -H 'Authorization: Bearer §'",
    "a cURL command but cannot be read: it has no valid http or https URL"
)]
#[case(
    "curl --proxy http://127.0.0.1:8391 -H 'Authorization: Bearer §'",
    "a cURL command but cannot be read: it has no"
)]
#[case(
    "curl --max-time 30 -H 'Authorization: Bearer §'",
    "a cURL command but cannot be read: it has no"
)]
#[case(
    "curl http:///v1 -H 'Authorization: Bearer §'",
    "a cURL command but cannot be read: it has no valid http or https URL"
)]
#[case(
    "-H 'Authorization: Bearer §' \\",
    "a cURL command but cannot be read: only a part of it arrived"
)]
#[case(
    "--oauth2-bearer §",
    "a cURL command but cannot be read: only a part of it arrived"
)]
#[case("sudo curl 'x", "a cURL command but cannot be read")]
#[case(
    "{\"OPENAI_API_KEY\":\"§\"",
    "JSON but cannot be read: it is not complete or not valid"
)]
#[case("{\"providerId\":\"openai\",", "JSON but cannot be read")]
#[case(
    "OPENAI_API_KEY=",
    "variables but cannot be read: none of its variables has a value"
)]
#[case(
    "Invoke-RestMethod -Uri 'https://api.openai.com",
    "a PowerShell command but cannot be read"
)]
#[case("fetch('https://api.openai.com/v1", "a fetch call but cannot be read")]
#[case(
    "apiVersion: v1\nkind: Secret\ndata: [",
    "a Kubernetes Secret but cannot be read"
)]
#[case("[a]\naws_session_token =", "an AWS profile but cannot be read")]
fn unreadable_paste_is_named(
    #[case] text: &str,
    #[case] message: &str,
    #[values("", "openai")] wanted: &str,
) {
    let text = text.replace('§', PLANTED);
    match read(&text, wanted) {
        PasteResult::Unreadable(unreadable) => {
            let shown = unreadable.to_string();
            assert!(shown.contains(message), "{shown}");
            assert!(!shown.contains(PLANTED), "{shown}");
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn long_command_is_unreadable() {
    let text = format!(
        "curl https://api.openai.com -d '{}'",
        "x".repeat(super::super::LONGEST)
    );
    assert!(matches!(read(&text, ""), PasteResult::Unreadable(_)));
}

/// Pieces from which commands, variables and documents are made, so that random texts reach every reader.
const PIECES: &[&str] = &[
    "curl ",
    "http ",
    "https ",
    "fetch(",
    "Invoke-RestMethod ",
    "-H ",
    "-u",
    "-x ",
    "--url ",
    "--next ",
    "--",
    "@{",
    "}",
    "{",
    "[",
    "]",
    "(",
    ")",
    "'",
    "\"",
    "$'",
    "^\"",
    "^",
    "`",
    "\\",
    "\n",
    " ",
    ": ",
    ":",
    "=",
    " = ",
    ";",
    "&",
    "|",
    "<",
    ">",
    "%",
    "$",
    "#",
    "${",
    "export ",
    "setx ",
    "ENV ",
    "- ",
    "$env:",
    "OPENAI_API_KEY",
    "AWS_REGION",
    "aws_access_key_id",
    "[work]",
    "kind: Secret\n",
    "data:",
    "providerId",
    "settings",
    "apiKey",
    "openai",
    "https://api.openai.com/v1/models",
    "http://",
    "localhost:11434",
    "/api/tags",
    "?key=",
    "user:pass@",
    "Bearer ",
    "Authorization",
    "x-api-key",
    "sk-...",
    "YOUR_API_KEY",
    "\u{FEFF}",
    "\u{A0}",
    "…",
    "é",
    "```",
    ",",
    "PS C:\\> ",
];

proptest! {
    #[test]
    fn any_text_is_read_without_a_leak(
        pieces in prop::collection::vec(prop::sample::select(PIECES), 0..24),
        at in 0_usize..24,
        wanted in prop::sample::select(vec!["", "openai", "amazon", "microsoft-foundry", "openai-compatible"]),
    ) {
        let mut pieces = pieces;
        pieces.insert(at.min(pieces.len()), PLANTED);
        let text: String = pieces.concat();
        // A key without a separator before it cannot be recognized.
        let before = text.split(PLANTED).next().unwrap_or_default();
        prop_assume!(!before.ends_with(char::is_alphanumeric));
        match read(&text, wanted) {
            PasteResult::Connection(connection) => {
                prop_assert_eq!(leak(&connection), None, "{}", text);
                prop_assert!(connection.left_out.len() <= text.len());
            }
            PasteResult::Unreadable(unreadable) => prop_assert!(!unreadable.to_string().contains(PLANTED)),
            PasteResult::ChooseProfile(profiles) => prop_assert!(profiles.len() > 1),
            PasteResult::NotAConnection => {}
        }
    }
}

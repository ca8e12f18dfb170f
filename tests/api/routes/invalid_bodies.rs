//! Invalid request bodies: each gets its error response, nothing is stored, and no secret is returned.

use std::collections::BTreeSet;

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use serde_json::{Value, json};

use crate::routes::fixture::Fixture;

const GOOD: &str = r#"{"alias":"a","name":"A","providerId":"openai","isActive":true,"settings":{"apiKey":"sk-planted-77aa","organization":"org-planted","endpoint":"https://example.org/v1"}}"#;

/// JSON values of a wrong type for every member.
const WRONG: [&str; 16] = [
    "1",
    "-1",
    "1.5",
    "1e3",
    "1E400",
    "-0",
    "123456789012345678901234567890",
    "[]",
    "[null]",
    "[\"planted\"]",
    "{}",
    "{\"planted\":1}",
    "{\"a\":{\"b\":{}}}",
    "[[[[]]]]",
    "0.1e-5",
    "[{}]",
];

/// Invalid JSON in place of a value.
const BROKEN: [&str; 24] = [
    "",
    "nul",
    "tru",
    "True",
    "NaN",
    "Infinity",
    "-",
    "01",
    "1.",
    ".5",
    "+1",
    "0x1",
    "'planted'",
    "\"planted",
    "\"\\u12\"",
    "\"\\ud800\"",
    "\"\\udc00\\ud800\"",
    "\"\\x41\"",
    "\"a\nb\"",
    "\"a\u{0}b\"",
    "undefined",
    "[1,]",
    "{\"a\":1,}",
    "/*planted*/1",
];

/// Returns the valid body with another value of one member.
fn with(member: &str, written: &str) -> String {
    let value: Value = serde_json::from_str(GOOD).unwrap();
    let (value, inner) = match member.split_once('.') {
        None => (value[member].clone(), member),
        Some((outer, inner)) => (value[outer][inner].clone(), inner),
    };
    let old = format!("\"{inner}\":{value}");
    assert!(GOOD.contains(&old), "{old}");
    GOOD.replacen(&old, &format!("\"{inner}\":{written}"), 1)
}

fn wrong_values(bodies: &mut Vec<Vec<u8>>) {
    for member in [
        "alias",
        "name",
        "providerId",
        "isActive",
        "settings",
        "settings.apiKey",
        "settings.organization",
        "settings.endpoint",
    ] {
        let takes_an_object = member == "settings";
        for written in WRONG
            .iter()
            .filter(|written| !takes_an_object || !written.starts_with('{'))
        {
            bodies.push(with(member, written).into());
        }
        for written in BROKEN {
            bodies.push(with(member, written).into());
        }
        if member == "isActive" {
            bodies.push(with(member, "\"true\"").into());
        } else {
            bodies.push(with(member, "true").into());
            bodies.push(with(member, "false").into());
        }
    }
    for settings in [
        "{}",
        "{\"planted\":\"planted\"}",
        "{\"apiKey\":null}",
        "{\"apikey\":\"sk-planted\"}",
    ] {
        bodies.push(with("settings", settings).into());
    }
}

/// Adds bodies with invalid texts in place of the key.
fn not_keys(bodies: &mut Vec<Vec<u8>>) {
    for text in [
        "Bearer sk-planted",
        " bearer sk-planted",
        "\\\"sk-planted\\\"",
        "'sk-planted'",
        "OPENAI_API_KEY=sk-planted",
        "export PLANTED_TOKEN=sk-planted",
        "ENC:planted",
        "sk-\\u200bplanted",
        "sk-\\u00adplanted",
        "\\u2060\\ufeff",
    ] {
        bodies.push(with("settings.apiKey", &format!("\"{text}\"")).into());
    }
}

fn texts(bodies: &mut Vec<Vec<u8>>) {
    let unseen = [
        "\\u0000",
        "\\u0007",
        "\\u001b[31m",
        "\\u202e",
        "\\u2066",
        "\\u200b",
        "\\n",
        "\\u061c",
        "\\u2028",
    ];
    for sign in unseen {
        for member in [
            "alias",
            "name",
            "providerId",
            "settings.apiKey",
            "settings.organization",
            "settings.endpoint",
        ] {
            let written = match sign {
                "\\u200b" => format!("\"{sign}\""),
                _ => format!("\"a{sign}b\""),
            };
            bodies.push(with(member, &written).into());
        }
    }
    for alias in [
        "A",
        "a_b",
        "a b",
        "ä",
        "a/b",
        "a.b",
        "..",
        "capabilities",
        "00000000-0000-0000-0000-000000000000",
        "a\\\\b",
        "<a>",
        "a;b",
        "a%20",
        "日本",
    ] {
        bodies.push(with("alias", &format!("\"{alias}\"")).into());
    }
    for (member, length) in [
        ("alias", 101),
        ("alias", 100_000),
        ("name", 256),
        ("name", 100_000),
        ("providerId", 5000),
        ("settings.apiKey", 8193),
        ("settings.organization", 8193),
    ] {
        bodies.push(with(member, &format!("\"{}\"", "x".repeat(length))).into());
    }
    for mask in ["sk-***", "***", "*", "********", "••••", "●●●", " *** "] {
        bodies.push(with("settings.apiKey", &format!("\"{mask}\"")).into());
    }
    for reference in [
        "$",
        "$ planted",
        "$planted::x",
        "$planted:",
        "$:planted",
        "$Not:There",
        "$ConnectionStrings:planted",
        "$ConnectionStrings",
        "$p/planted",
    ] {
        bodies.push(with("settings.apiKey", &format!("\"{reference}\"")).into());
    }
    for address in [
        "ftp://a",
        "a",
        "//a",
        "http:",
        "https://",
        "javascript:1",
        "data:,x",
        "http://u:planted@a",
        "https://planted@a",
        "http://a b",
        "http://[::1",
        "http://a:99999",
        "file:///x",
        "$x y",
    ] {
        bodies.push(with("settings.endpoint", &format!("\"{address}\"")).into());
    }
}

fn structure(bodies: &mut Vec<Vec<u8>>) {
    for member in ["alias", "name", "providerId", "isActive", "settings"] {
        bodies.push(
            GOOD.replacen('{', &format!("{{\"{member}\":null,"), 1)
                .into(),
        );
        let mut without: Value = serde_json::from_str(GOOD).unwrap();
        without.as_object_mut().unwrap().shift_remove(member);
        if matches!(member, "alias" | "name" | "providerId") {
            bodies.push(without.to_string().into());
            for written in ["null", "\"\"", "\" \"", "\"\\t\""] {
                bodies.push(with(member, written).into());
            }
        }
    }
    for member in ["apiKey", "organization", "organizationId", "endpoint"] {
        let twice = format!("\"settings\":{{\"{member}\":\"planted\",");
        bodies.push(GOOD.replacen("\"settings\":{", &twice, 1).into());
    }
    for (open, close) in [("[", "]"), ("{\"a\":", "}")] {
        for levels in [64, 65, 1000, 20_000] {
            let nested = format!("{}1{}", open.repeat(levels), close.repeat(levels));
            bodies.push(GOOD.replacen('{', &format!("{{\"x\":{nested},"), 1).into());
            bodies.push(nested.into());
        }
    }
    for end in (1..GOOD.len()).step_by(2) {
        bodies.push(GOOD[..end].into());
    }
    for body in [
        "",
        " ",
        "\n",
        "null",
        "true",
        "0",
        "\"\"",
        "[]",
        "[{}]",
        "{}",
        "{",
        "}",
        "{}{}",
        "{},",
        "{\"\":}",
        "{a:1}",
        "{'a':1}",
        "alias=a&name=A",
        "<a/>",
        "---\na: 1",
        "\u{feff}",
        "\u{feff}[]",
        "\u{feff}\u{feff}{}",
    ] {
        bodies.push(body.into());
    }
    let provider = |id: &str| with("providerId", &format!("\"{id}\""));
    bodies.extend(
        ["missing", "openai2", "../openai", "openai\\u0000", "*"].map(|id| provider(id).into()),
    );
}

fn bytes(bodies: &mut Vec<Vec<u8>>) {
    bodies.push(GOOD.encode_utf16().flat_map(u16::to_le_bytes).collect());
    bodies.push(GOOD.encode_utf16().flat_map(u16::to_be_bytes).collect());
    bodies.push([&b"\xff\xfe"[..], GOOD.as_bytes()].concat());
    bodies.push([&b"\x00"[..], GOOD.as_bytes()].concat());
    bodies.push([GOOD.as_bytes(), b"\x00"].concat());
    bodies.push(vec![0; 1000]);
    bodies.push(vec![0xff; 1000]);
    for wrong in [
        &b"\xff"[..],
        b"\xc3",
        b"\xc0\xaf",
        b"\xed\xa0\x80",
        b"\xf5\x80\x80\x80",
        b"\xe2\x82",
    ] {
        let (before, behind) = GOOD.split_once("sk-planted").unwrap();
        bodies.push([before.as_bytes(), wrong, behind.as_bytes()].concat());
    }
}

fn many_settings() -> String {
    let settings = (0..20_000).map(|number| format!("\"k{number}\":1"));
    let settings = settings.collect::<Vec<_>>().join(",");
    with("settings", &format!("{{{settings}}}"))
}

/// Asserts the error response to an invalid body.
async fn refuse(fixture: &Fixture, body: Vec<u8>) -> u16 {
    let shown = String::from_utf8_lossy(&body)
        .chars()
        .take(200)
        .collect::<String>();
    let answer = fixture.post_json("/connections", body).await;
    assert!(
        matches!(answer.status, 400 | 413),
        "{shown}: {} {}",
        answer.status,
        answer.text
    );
    let problem = answer.json();
    assert!(problem["code"].is_string(), "{shown}: {problem}");
    for planted in ["planted-77aa", "org-planted", "u:planted"] {
        assert!(!answer.text.contains(planted), "{shown}: {}", answer.text);
    }
    answer.status
}

#[tokio::test]
async fn invalid_creates_leave_store_unchanged() {
    let mut bodies = Vec::new();
    wrong_values(&mut bodies);
    texts(&mut bodies);
    not_keys(&mut bodies);
    structure(&mut bodies);
    bytes(&mut bodies);
    let distinct: BTreeSet<_> = bodies.iter().collect();
    assert!(distinct.len() >= 600, "{} bodies", distinct.len());
    let fixture = Fixture::new().await;
    fixture.create_documented().await;
    let before = (
        fixture.state().await,
        fixture.get("/connections/openai-prod").await.text,
    );
    for body in bodies {
        refuse(&fixture, body).await;
    }
    let after = (
        fixture.state().await,
        fixture.get("/connections/openai-prod").await.text,
    );
    assert_eq!(before, after);
}

#[tokio::test]
async fn invalid_updates_leave_store_unchanged() {
    let mut bodies = Vec::new();
    wrong_values(&mut bodies);
    bytes(&mut bodies);
    // These leave the settings unchanged.
    bodies.retain(|body| !body.ends_with(b"\"settings\":{}}"));
    let fixture = Fixture::new().await;
    fixture.create_documented().await;
    for body in bodies {
        let text = String::from_utf8_lossy(&body).into_owned();
        let request = fixture.request(reqwest::Method::PUT, "/connections/openai-prod");
        let request = request
            .header("content-type", "application/json")
            .body(body);
        let answer = fixture.send(request).await;
        assert_eq!(answer.status, 400, "{text}");
        assert!(!answer.text.contains("planted-77aa"), "{}", answer.text);
    }
    assert_eq!(fixture.state().await, (json!(1), json!(1)));
}

#[tokio::test]
async fn thousands_of_unknown_settings_are_rejected_quickly() {
    let fixture = Fixture::new().await;
    let body = many_settings();
    let sent = body.len();
    let begun = std::time::Instant::now();
    let answer = fixture.post_json("/connections", body).await;
    let sentence = "Settings must be an object of at most 256 members";
    assert_eq!(answer.refusal(), (400, sentence.into()));
    assert!(begun.elapsed().as_secs() < 5, "{:?}", begun.elapsed());
    assert!(
        answer.text.len() < 2 * sent,
        "{} bytes for {sent}",
        answer.text.len()
    );
}

#[test]
fn any_body_is_answered_without_its_secret() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let fixture = runtime.block_on(Fixture::new());
    let mut runner = TestRunner::new(Config {
        cases: 300,
        failure_persistence: None,
        ..Config::default()
    });
    let scalar = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        ".*".prop_map(Value::from),
    ];
    let value = scalar.prop_recursive(4, 24, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map(".{0,8}", inner, 0..4).prop_map(|members| {
                members
                    .into_iter()
                    .collect::<serde_json::Map<_, _>>()
                    .into()
            }),
        ]
    });
    let member = prop::sample::select(vec![
        "alias",
        "name",
        "providerId",
        "isActive",
        "settings",
        "/settings/apiKey",
        "/settings/endpoint",
        "/settings/organization",
    ]);
    let cut = (any::<bool>(), any::<prop::sample::Index>());
    runner
        .run(
            &(prop::collection::vec((member, value), 1..4), cut),
            |(changes, (is_cut, at))| {
                let mut body: Value = serde_json::from_str(GOOD).unwrap();
                for (place, value) in changes {
                    let place = if place.starts_with('/') {
                        place.to_owned()
                    } else {
                        format!("/{place}")
                    };
                    if let Some(old) = body.pointer_mut(&place) {
                        *old = value;
                    }
                }
                let mut text = body.to_string().into_bytes();
                if is_cut {
                    text.truncate(at.index(text.len()));
                }
                let answer = runtime.block_on(fixture.post_json("/connections", text));
                prop_assert!(
                    matches!(answer.status, 201 | 400),
                    "{} {}",
                    answer.status,
                    answer.text
                );
                prop_assert!(!answer.text.contains("planted-77aa"), "{}", answer.text);
                Ok(())
            },
        )
        .unwrap();
}

//! Validation of create requests.

use reqwest::Method;
use serde_json::{Value, json};

use crate::routes::fixture::Fixture;

/// Returns a valid create request with other members; null removes a member, and the text `NULL` becomes null.
fn body(changed: &Value) -> String {
    let mut body = json!({"alias": "a", "name": "A", "providerId": "openai", "settings": {"apiKey": "sk-planted-9f3"}});
    for (member, value) in changed.as_object().unwrap() {
        match value {
            Value::Null => body.as_object_mut().unwrap().shift_remove(member),
            _ => body
                .as_object_mut()
                .unwrap()
                .insert(member.clone(), value.clone()),
        };
    }
    body.to_string().replace("\"NULL\"", "null")
}

/// Asserts that every body gets a 400 with this text, and that nothing is stored.
async fn refuses(cases: &[(String, &str)]) {
    let fixture = Fixture::new().await;
    let before = fixture.state().await;
    for (body, words) in cases {
        let answer = fixture.post_json("/connections", body.clone()).await;
        let (status, detail) = answer.refusal();
        assert_eq!(status, 400, "{body}");
        assert!(detail.contains(words), "{body}: {detail}");
        assert!(!answer.text.contains("planted"), "{}", answer.text);
    }
    assert_eq!(fixture.state().await, before);
}

#[tokio::test]
async fn missing_required_field_is_400() {
    let mut cases = Vec::new();
    for (field, words) in [
        ("alias", "Alias is required"),
        ("name", "Name is required"),
        ("providerId", "ProviderId is required"),
    ] {
        for value in [Value::Null, json!("NULL"), json!(""), json!(" \t ")] {
            cases.push((body(&json!({ field: value })), words));
        }
    }
    refuses(&cases).await;
}

#[tokio::test]
async fn wrong_type_is_400() {
    let mut cases = Vec::new();
    for value in [
        json!(1),
        json!(1.5),
        json!(true),
        json!([]),
        json!(["a"]),
        json!({}),
    ] {
        cases.push((body(&json!({ "alias": value })), "Alias must be text"));
        cases.push((body(&json!({ "name": value })), "Name must be text"));
        cases.push((
            body(&json!({ "providerId": value })),
            "ProviderId must be text",
        ));
    }
    for value in [json!(1), json!("true"), json!([]), json!({})] {
        cases.push((
            body(&json!({ "isActive": value })),
            "IsActive must be true or false",
        ));
    }
    for value in [json!(1), json!("x"), json!([]), json!(false)] {
        cases.push((
            body(&json!({ "settings": value })),
            "Settings must be an object",
        ));
    }
    refuses(&cases).await;
}

#[tokio::test]
async fn malformed_body_is_400() {
    let good = body(&json!({}));
    let mut cases = vec![
        (String::new(), "The body is empty"),
        (" \n".into(), "The body is empty"),
        (format!("[{good}]"), "must be a JSON object"),
        ("null".into(), "must be a JSON object"),
        ("\"x\"".into(), "must be a JSON object"),
        (format!("{good}{good}"), "not valid JSON"),
        (format!("{good},"), "not valid JSON"),
        (good.replace('"', "'"), "not valid JSON"),
        (format!("// a comment\n{good}"), "not valid JSON"),
    ];
    for end in 1..good.len() {
        cases.push((good[..end].to_owned(), "not valid JSON"));
    }
    refuses(&cases).await;
}

#[tokio::test]
async fn duplicate_member_is_400() {
    refuses(&[
        (r#"{"alias":"a","alias":"b","name":"A","providerId":"openai"}"#.into(), "'alias' is given twice"),
        (r#"{"alias":"a","name":"A","providerId":"openai","settings":{},"settings":{}}"#.into(), "'settings' is given twice"),
        (r#"{"alias":"a","name":"A","providerId":"openai","settings":{"apiKey":"sk-planted-1","apiKey":"sk-planted-2"}}"#.into(), "'apiKey' is given twice"),
        (r#"{"alias":"a","name":"A","providerId":"openai","x":{"y":1,"y":2}}"#.into(), "'y' is given twice"),
        (r#"{"alias":"a","name":"A","providerId":"openai","\u0061lias":"b"}"#.into(), "'alias' is given twice"),
    ])
    .await;
}

#[tokio::test]
async fn more_than_64_levels_is_400() {
    let nested = |levels: usize| {
        let (open, close) = ("[".repeat(levels), "]".repeat(levels));
        format!(r#"{{"alias":"a","name":"A","providerId":"openai","x":{open}{close}}}"#)
    };
    refuses(&[
        (nested(64), "more than 64 levels"),
        (nested(100_000), "more than 64 levels"),
    ])
    .await;
    let fixture = Fixture::new().await;
    assert_eq!(
        fixture.post_json("/connections", nested(63)).await.status,
        201
    );
}

#[tokio::test]
async fn invalid_alias_is_400() {
    let mut cases = Vec::new();
    for alias in [
        "A",
        "a b",
        "a_b",
        "ä",
        "a.b",
        "a/b",
        "a\u{202e}b",
        " a",
        "a\n",
        "a~b",
        "%41",
    ] {
        let words = "Alias can only contain lowercase letters, numbers, and hyphens";
        cases.push((body(&json!({ "alias": alias })), words));
    }
    let long = "a".repeat(101);
    cases.push((
        body(&json!({ "alias": long })),
        "Alias must not exceed 100 characters",
    ));
    for alias in [
        "capabilities",
        "3fa85f64-5717-4562-b3fc-2c963f66afa6",
        "3fa85f6457174562b3fc2c963f66afa6",
    ] {
        cases.push((body(&json!({ "alias": alias })), "is reserved"));
    }
    refuses(&cases).await;
}

#[tokio::test]
async fn invalid_name_is_400() {
    let mut cases = vec![(
        body(&json!({ "name": "é".repeat(256) })),
        "Name must not exceed 255 characters",
    )];
    for name in [
        "a\nb",
        "a\u{0}b",
        "a\u{1b}[31mb",
        "a\u{202e}b",
        "\u{200b}\u{200b}",
        "\u{2066}a",
    ] {
        cases.push((
            body(&json!({ "name": name })),
            "Name must be one line of visible text",
        ));
    }
    refuses(&cases).await;
}

#[tokio::test]
async fn taken_alias_in_any_case_is_400() {
    let fixture = Fixture::new().await;
    fixture.create_documented().await;
    let again = body(&json!({ "alias": "openai-prod" }));
    let answer = fixture.post_json("/connections", again).await;
    assert_eq!(
        answer.refusal(),
        (
            400,
            "A connection with alias 'openai-prod' already exists".into()
        )
    );
    assert_eq!(answer.json()["code"], "aliasTaken");
    assert_eq!(
        fixture.get("/connections/OPENAI-PROD").await.status,
        200,
        "aliases have no case"
    );
}

#[tokio::test]
async fn unknown_setting_is_400_with_known_ones() {
    refuses(&[(
        body(&json!({ "settings": { "apiKey": "sk-planted-1", "colour": "planted" } })),
        "Invalid settings for provider 'openai': unknown setting 'colour'; known settings: apiKey, organization, endpoint",
    )])
    .await;
}

#[tokio::test]
async fn invalid_setting_is_400() {
    let key = "Invalid settings for provider 'openai': OpenAI API Key";
    let required = format!("{key} is required");
    let mut cases = Vec::new();
    for settings in [
        json!({}),
        json!({"apiKey": "NULL"}),
        json!({"apiKey": ""}),
        json!({"apiKey": "  "}),
    ] {
        cases.push((body(&json!({ "settings": settings })), required.as_str()));
    }
    let text = format!("{key} must be text");
    let one = format!("{key} must be one value, not a list or an object");
    cases.push((body(&json!({ "settings": { "apiKey": 5 } })), text.as_str()));
    cases.push((
        body(&json!({ "settings": { "apiKey": true } })),
        text.as_str(),
    ));
    cases.push((
        body(&json!({ "settings": { "apiKey": ["planted"] } })),
        one.as_str(),
    ));
    cases.push((
        body(&json!({ "settings": { "apiKey": { "planted": 1 } } })),
        one.as_str(),
    ));
    for endpoint in [
        "ftp://example.org",
        "example.org",
        "javascript:alert(1)",
        "file:///etc/passwd",
        "http://",
        "//example.org",
        "http://a b",
    ] {
        let settings = json!({ "apiKey": "sk-planted-1", "endpoint": endpoint });
        cases.push((
            body(&json!({ "settings": settings })),
            "Endpoint must be a URL that begins with http:// or https://",
        ));
    }
    let settings = json!({ "apiKey": "sk-planted-1", "endpoint": "https://u:planted@example.org" });
    cases.push((
        body(&json!({ "settings": settings })),
        "Endpoint must not contain a user name or password",
    ));
    refuses(&cases).await;
}

#[tokio::test]
async fn mask_as_new_secret_is_400() {
    let cases = ["sk-***", "***", "********", "••••••", "sk-*"].map(|mask| {
        let settings = json!({ "settings": { "apiKey": mask } });
        (
            body(&settings),
            "is a masked value, not a key; enter the key itself",
        )
    });
    refuses(&cases).await;
}

#[tokio::test]
async fn unresolvable_reference_is_400() {
    let with = |key: &str| body(&json!({ "settings": { "apiKey": key } }));
    refuses(&[
        (
            with("$Nothing:There"),
            "Configuration key 'Nothing:There' not found",
        ),
        (
            with("$ConnectionStrings:Default"),
            "Configuration key 'ConnectionStrings:Default' may not be referenced",
        ),
        (
            with("$not a reference planted"),
            "begins with $ but is not a reference",
        ),
    ])
    .await;
}

#[tokio::test]
async fn other_media_type_is_415() {
    let fixture = Fixture::new().await;
    let before = fixture.state().await;
    let good = body(&json!({}));
    for media_type in [
        None,
        Some("text/plain"),
        Some("application/x-www-form-urlencoded"),
        Some("application/jsonx"),
        Some("text/x+json"),
        Some("image/svg+json"),
        Some("application/json+xml"),
        Some("+json"),
        Some("application/+json"),
        Some(""),
    ] {
        let mut request = fixture
            .request(Method::POST, "/connections")
            .body(good.clone());
        if let Some(media_type) = media_type {
            request = request.header("content-type", media_type);
        }
        assert_eq!(fixture.send(request).await.status, 415, "{media_type:?}");
    }
    let compressed = fixture
        .request(Method::POST, "/connections")
        .header("content-type", "application/json")
        .header("content-encoding", "gzip");
    assert_eq!(
        fixture.send(compressed.body(good.clone())).await.status,
        415
    );
    let twice = fixture
        .request(Method::POST, "/connections")
        .header("content-type", "application/json")
        .header("content-type", "text/plain");
    assert_eq!(fixture.send(twice.body(good)).await.status, 415);
    assert_eq!(fixture.state().await, before);
    for (alias, media_type) in [
        ("b", "application/json; charset=utf-8"),
        ("c", "APPLICATION/JSON;q=1"),
        ("d", "application/vnd.umai.v1+json"),
        ("e", "text/json"),
        ("f", "Text/JSON; charset=utf-8"),
        ("g", "application/problem+json; charset=utf-8"),
    ] {
        let request = fixture.request(Method::POST, "/connections");
        let request = request.header("content-type", media_type);
        let answer = fixture
            .send(request.body(body(&json!({ "alias": alias }))))
            .await;
        assert_eq!(answer.status, 201, "{media_type}");
    }
}

#[tokio::test]
async fn body_over_256_kib_is_413() {
    let fixture = Fixture::new().await;
    let fitting = |length: usize| {
        let good = body(&json!({}));
        format!("{good}{}", " ".repeat(length - good.len()))
    };
    for length in [256 * 1024 + 1, 1024 * 1024, 3 * 1024 * 1024] {
        let whole = fixture.post_json("/connections", fitting(length)).await;
        assert_eq!(
            whole.refusal(),
            (413, "The body must not exceed 256 KiB".into())
        );
        let chunks = fitting(length)
            .into_bytes()
            .chunks(64 * 1024)
            .map(<[u8]>::to_vec)
            .collect::<Vec<_>>();
        let chunks = futures_util::stream::iter(chunks.into_iter().map(Ok::<_, std::io::Error>));
        let chunked = fixture
            .post_json("/connections", reqwest::Body::wrap_stream(chunks))
            .await;
        assert_eq!(chunked.status, 413, "without a length");
    }
    assert_eq!(fixture.state().await.0, 0);
    assert_eq!(
        fixture
            .post_json("/connections", fitting(256 * 1024))
            .await
            .status,
        201
    );
}

#[tokio::test]
async fn unknown_and_read_only_members_are_ignored() {
    let fixture = Fixture::new().await;
    let created = fixture
        .create(&body(&json!({
            "id": "3fa85f64-5717-4562-b3fc-2c963f66afa6",
            "version": 7,
            "dateCreated": "1999-01-01T00:00:00Z",
            "dateModified": 5,
            "colour": ["red"],
        })))
        .await;
    assert_ne!(created["id"], "3fa85f64-5717-4562-b3fc-2c963f66afa6");
    assert_eq!(created["version"], 1);
    assert_eq!(created["dateCreated"], "2024-01-15T10:30:00Z");
}

#[tokio::test]
async fn required_fields_suffice_and_provider_id_is_normalized() {
    let fixture = Fixture::new().await;
    let created = fixture
        .create(r#"{"alias":"bare","name":"  Bare ","providerId":"OPENAI","settings":null}"#)
        .await;
    assert_eq!(created["providerId"], "openai");
    assert_eq!(created["name"], "Bare");
    assert_eq!(created["isActive"], true);
    assert_eq!(created["settings"], Value::Null);
    let off = fixture
        .create(r#"{"alias":"off","name":"Off","providerId":"openai","isActive":false}"#)
        .await;
    assert_eq!(off["isActive"], false);
}

#[tokio::test]
async fn settings_keep_their_keys_and_order() {
    let fixture = Fixture::new().await;
    let answer = fixture
        .post_json(
            "/connections",
            r#"{"alias":"a","name":"A","providerId":"openai","settings":{"endpoint":"https://example.org/v1","organizationId":null,"apiKey":"$OpenAI:ApiKey"}}"#,
        )
        .await;
    assert!(
        answer.text.ends_with(r#""settings":{"endpoint":"https://example.org/v1","organizationId":null,"apiKey":"$OpenAI:ApiKey"}}"#),
        "{}",
        answer.text
    );
    assert!(!answer.text.contains("from-appsettings"));
}

#[tokio::test]
async fn byte_order_mark_is_ignored() {
    let fixture = Fixture::new().await;
    let marked = format!("\u{feff}{}", body(&json!({})));
    assert_eq!(fixture.post_json("/connections", marked).await.status, 201);
}

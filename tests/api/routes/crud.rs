//! List, show, update and delete requests.

use reqwest::Method;
use serde_json::{Value, json};

use crate::routes::fixture::{Answer, Fixture};
use crate::support::DOCUMENTED;

async fn three(fixture: &Fixture) {
    for (alias, name, provider) in [
        ("b", "beta", "google"),
        ("a", "Alpha", "openai"),
        ("c", "Gamma BETA", "amazon"),
    ] {
        let body = json!({ "alias": alias, "name": name, "providerId": provider });
        fixture.create(&body.to_string()).await;
    }
}

fn names(answer: &Answer) -> String {
    let items = answer.json()["items"].as_array().unwrap().clone();
    let names = items.iter().map(|item| item["name"].as_str().unwrap());
    names.collect::<Vec<_>>().join(", ")
}

#[tokio::test]
async fn list_is_sorted_by_name_with_documented_members() {
    let fixture = Fixture::new().await;
    three(&fixture).await;
    let list = fixture.get("/connections").await;
    assert_eq!(names(&list), "Alpha, beta, Gamma BETA");
    assert_eq!(list.json()["total"], 3);
    let members: Vec<_> = list.json()["items"][0]
        .as_object()
        .unwrap()
        .keys()
        .cloned()
        .collect();
    assert_eq!(
        members,
        [
            "id",
            "alias",
            "name",
            "providerId",
            "isActive",
            "dateCreated",
            "dateModified",
            "version"
        ]
    );
    assert!(
        list.text.starts_with(r#"{"items":[{"id":"#),
        "{}",
        list.text
    );
}

#[tokio::test]
async fn list_supports_every_filter_and_paging() {
    let fixture = Fixture::new().await;
    three(&fixture).await;
    fixture
        .put_json("/connections/b", r#"{"isActive":false}"#)
        .await;
    for (query, expected, total) in [
        ("?filter=BETA", "beta, Gamma BETA", 2),
        ("?filter=a+b", "Gamma BETA", 1),
        ("?filter=a%20b", "Gamma BETA", 1),
        ("?filter=", "Alpha, beta, Gamma BETA", 3),
        ("?filter=%C3%A9", "", 0),
        ("?providerId=GOOGLE", "beta", 1),
        (
            "?providerId=google&providerId=amazon",
            "beta, Gamma BETA",
            2,
        ),
        ("?providerId=missing", "", 0),
        ("?capability=Embedding", "Alpha, Gamma BETA", 2),
        ("?capability=embedding&filter=beta", "Gamma BETA", 1),
        ("?isActive=false", "beta", 1),
        ("?isActive=True", "Alpha, Gamma BETA", 2),
        ("?skip=1", "beta, Gamma BETA", 3),
        ("?skip=1&take=1", "beta", 3),
        ("?take=0", "", 3),
        ("?take=10000&skip=2147483647", "", 3),
        ("?Take=1&SKIP=2", "Gamma BETA", 3),
        ("?unknown=1&unknown=2", "Alpha, beta, Gamma BETA", 3),
    ] {
        let list = fixture.get(&format!("/connections{query}")).await;
        assert_eq!(
            (names(&list).as_str(), &list.json()["total"]),
            (expected, &json!(total)),
            "{query}"
        );
    }
}

#[tokio::test]
async fn list_defaults_to_100_items() {
    let fixture = Fixture::new().await;
    for number in 0..101 {
        let body = json!({ "alias": format!("a{number}"), "name": format!("A {number}"), "providerId": "google" });
        fixture.create(&body.to_string()).await;
    }
    let list = fixture.get("/connections").await.json();
    assert_eq!(list["items"].as_array().unwrap().len(), 100);
    assert_eq!(list["total"], 101);
    for take in ["10000", "10001", "4294967296", &"9".repeat(40)] {
        for path in ["/connections", "/connections/capabilities/chat"] {
            let more = fixture.get(&format!("{path}?take={take}")).await;
            assert_eq!(more.status, 200, "{take}: {}", more.text);
            let items = more.json()["items"].as_array().unwrap().len();
            assert_eq!(items, 101, "{path}?take={take}");
        }
    }
}

#[tokio::test]
async fn every_capability_is_a_filter() {
    let fixture = Fixture::new().await;
    fixture.create_documented().await;
    for (capability, total) in [
        ("Chat", 1),
        ("embedding", 1),
        ("Media", 0),
        ("MODERATION", 0),
        ("speechToText", 1),
        ("ImageGeneration", 0),
    ] {
        for path in [
            format!("/connections?capability={capability}"),
            format!("/connections/capabilities/{capability}"),
        ] {
            let list = fixture.get(&path).await;
            assert_eq!(list.status, 200, "{path}: {}", list.text);
            assert_eq!(list.json()["total"], total, "{path}");
        }
    }
}

#[tokio::test]
async fn null_never_changes_name_alias_or_status() {
    let fixture = Fixture::new().await;
    let created = fixture.create_documented().await;
    for (body, detail) in [
        (r#"{"name":null}"#, "Name is required"),
        (r#"{"alias":null}"#, "Alias is required"),
        (r#"{"isActive":null}"#, "IsActive must be true or false"),
        (r#"{"isActive":false,"name":null}"#, "Name is required"),
        (r#"{"Name":null,"isActive":false}"#, "Name is required"),
    ] {
        let refused = fixture.put_json("/connections/openai-prod", body).await;
        assert_eq!(refused.refusal(), (400, detail.into()), "{body}");
    }
    let whole = r#"{"alias":"b","name":"B","providerId":"openai","isActive":null}"#;
    let refused = fixture.post_json("/connections", whole).await;
    let detail = "IsActive must be true or false".to_owned();
    assert_eq!(refused.refusal(), (400, detail));
    assert_eq!(
        fixture.get("/connections/openai-prod").await.json(),
        created
    );
}

#[tokio::test]
async fn provider_id_is_never_trimmed() {
    let fixture = Fixture::new().await;
    for id in [" openai", "openai ", "\topenai", "openai\n", "\u{a0}openai"] {
        let body = json!({"alias": "a", "name": "A", "providerId": id}).to_string();
        let (status, detail) = fixture.post_json("/connections", body).await.refusal();
        assert_eq!(status, 400, "{id}");
        assert!(detail.starts_with("Provider '"), "{id}: {detail}");
    }
    fixture.create_documented().await;
    let change = r#"{"providerId":" openai"}"#;
    let refused = fixture.put_json("/connections/openai-prod", change).await;
    assert_eq!(refused.status, 400, "{}", refused.text);
    let same = r#"{"providerId":"OpenAI"}"#;
    let kept = fixture.put_json("/connections/openai-prod", same).await;
    assert_eq!(kept.status, 200, "{}", kept.text);
}

#[tokio::test]
async fn endpoint_without_a_host_is_refused() {
    let fixture = Fixture::new().await;
    for endpoint in [
        "https:///v1",
        "https:////v1",
        "https:/v1",
        "https:v1",
        "HTTP:/host",
        "https://",
        "https://:443",
        "https://?x=1",
        "https://#x",
        r"https:\\host",
        r"https://\v1",
    ] {
        let body = json!({"alias": "a", "name": "A", "providerId": "openai", "settings": {"apiKey": "sk-planted-1", "endpoint": endpoint}});
        let (status, detail) = fixture
            .post_json("/connections", body.to_string())
            .await
            .refusal();
        assert_eq!(status, 400, "{endpoint}");
        assert!(detail.contains("http"), "{endpoint}: {detail}");
    }
    assert_eq!(fixture.state().await.0, 0);
}

#[tokio::test]
async fn names_are_filtered_and_sorted_in_nfc() {
    let fixture = Fixture::new().await;
    for (alias, name) in [
        ("a", "Cafe\u{301} A"),
        ("b", "CAF\u{c9} B"),
        ("c", "cafz"),
        ("d", "Cafe"),
    ] {
        let body = json!({"alias": alias, "name": name, "providerId": "google"});
        fixture.create(&body.to_string()).await;
    }
    for filter in ["caf%C3%A9", "cafe%CC%81", "CAF%C3%89", "CAFE%CC%81"] {
        let list = fixture.get(&format!("/connections?filter={filter}")).await;
        assert_eq!(names(&list), "Cafe\u{301} A, CAF\u{c9} B", "{filter}");
    }
    let all = fixture.get("/connections").await;
    assert_eq!(
        names(&all),
        "Cafe, cafz, Cafe\u{301} A, CAF\u{c9} B",
        "the stored text is unchanged"
    );
}

#[tokio::test]
async fn invalid_parameter_is_400_with_its_name() {
    let fixture = Fixture::new().await;
    let huge = "9".repeat(40);
    for (parameter, value) in [
        ("take", "-1"),
        ("take", "x"),
        ("take", ""),
        ("take", "1.5"),
        ("take", "%2B1"),
        ("take", "0x10"),
        ("take", "%D9%A1"),
        ("skip", huge.as_str()),
        ("skip", "-1"),
        ("skip", "2147483648"),
        ("skip", "1e3"),
        ("skip", " 1"),
        ("isActive", "yes"),
        ("capability", "Telepathy"),
    ] {
        for path in ["/connections", "/connections/capabilities/Chat", "/trash"] {
            let is_everywhere = matches!(parameter, "take" | "skip");
            if path != "/connections" && !is_everywhere {
                continue;
            }
            let refused = fixture.get(&format!("{path}?{parameter}={value}")).await;
            let (status, detail) = refused.refusal();
            assert_eq!(status, 400, "{path} {parameter}={value}");
            assert!(detail.contains(parameter), "{detail}");
            assert_eq!(refused.json()["parameter"], parameter);
        }
    }
    for query in [
        "take=1&take=1",
        "skip=0&SKIP=0",
        "filter=a&filter=b",
        "capability=Chat&capability=Chat",
    ] {
        let (status, detail) = fixture
            .get(&format!("/connections?{query}"))
            .await
            .refusal();
        assert_eq!(status, 400);
        assert!(detail.ends_with("is given twice"), "{detail}");
    }
}

#[tokio::test]
async fn list_continues_after_a_name_and_alias() {
    let fixture = Fixture::new().await;
    for (alias, name) in [("b", "Alpha & co"), ("c", "Beta"), ("d", "Gamma")] {
        let body = json!({ "alias": alias, "name": name, "providerId": "openai", "settings": { "apiKey": "sk-1" } });
        assert_eq!(
            fixture
                .post_json("/connections", body.to_string())
                .await
                .status,
            201
        );
    }
    let after = "/connections?afterName=ALPHA%20%26%20co&afterAlias=b";
    let page = fixture.get(&format!("{after}&take=1&skip=7")).await.json();
    assert_eq!(page["items"][0]["alias"], "c", "{page}");
    assert_eq!(page["total"], 3);
    let filtered = fixture.get(&format!("{after}&filter=alpha")).await.json();
    assert_eq!(filtered["total"], 1, "a filtered list is counted");
    for (query, missing) in [("afterName=a", "afterAlias"), ("afterAlias=a", "afterName")] {
        let refused = fixture.get(&format!("/connections?{query}")).await;
        assert_eq!(refused.refusal().0, 400);
        assert_eq!(refused.json()["parameter"], missing);
    }
}

#[tokio::test]
async fn unknown_capability_is_400_with_supported_ones() {
    let fixture = Fixture::new().await;
    let sentence = "Unknown capability 'Telepathy'; supported: Chat, Embedding, Media, Moderation, SpeechToText, ImageGeneration";
    for path in [
        "/connections?capability=Telepathy",
        "/connections/capabilities/Telepathy",
    ] {
        assert_eq!(fixture.get(path).await.refusal(), (400, sentence.into()));
    }
}

#[tokio::test]
async fn connection_is_found_by_id_or_alias_or_404() {
    let fixture = Fixture::new().await;
    let created = fixture.create_documented().await;
    let id = created["id"].as_str().unwrap();
    for key in [
        id,
        &id.to_uppercase(),
        &id.replace('-', ""),
        "openai-prod",
        "OPENAI-PROD",
        "%6Fpenai-prod",
    ] {
        assert_eq!(
            fixture.get(&format!("/connections/{key}")).await.json(),
            created,
            "{key}"
        );
    }
    for key in [
        "missing",
        "3fa85f64-5717-4562-b3fc-2c963f66afa6",
        "a%2Fb",
        "%00",
        "%F0%9F%98%80",
        "..",
    ] {
        let missing = fixture
            .send(fixture.request(
                Method::GET,
                &format!("/connections/{}", key.replace("..", "%2E%2E%2F")),
            ))
            .await;
        let documented = r#"{"type":"https://tools.ietf.org/html/rfc7231#section-6.5.4","title":"Not Found","status":404,"detail":"Connection not found""#;
        assert!(
            missing.text.starts_with(documented),
            "{key}: {}",
            missing.text
        );
    }
}

#[tokio::test]
async fn matching_if_none_match_is_304() {
    let fixture = Fixture::new().await;
    fixture.create_documented().await;
    for (tags, status) in [
        ("\"1\"", 304),
        ("W/\"1\"", 304),
        ("\"x\", \"1\"", 304),
        ("*", 304),
        ("\"2\"", 200),
        ("\"\"", 200),
        ("1", 400),
    ] {
        let request = fixture.request(Method::GET, "/connections/openai-prod");
        let answer = fixture.send(request.header("if-none-match", tags)).await;
        assert_eq!(answer.status, status, "{tags}");
        if status == 304 {
            assert_eq!(answer.header("etag"), Some("\"1\""));
            assert_eq!(answer.text, "");
        }
    }
}

#[tokio::test]
async fn put_keeps_absent_members() {
    let fixture = Fixture::new().await;
    let mut expected = fixture.create_documented().await;
    fixture.clock.turn(60);
    let body = r#"{"name":"Renamed","settings":{"organization":"org-1"},"id":"x","version":9}"#;
    let saved = fixture.put_json("/connections/openai-prod", body).await;
    expected["name"] = "Renamed".into();
    expected["settings"]["organization"] = "org-1".into();
    expected["version"] = 2.into();
    expected["dateModified"] = "2024-01-15T10:31:00Z".into();
    assert_eq!((saved.status, saved.json()), (200, expected.clone()));
    assert_eq!(saved.header("etag"), Some("\"2\""));
    let id = expected["id"].as_str().unwrap();
    let moved = fixture
        .put_json(
            &format!("/connections/{id}"),
            r#"{"alias":"other","isActive":false}"#,
        )
        .await;
    expected["alias"] = "other".into();
    expected["isActive"] = false.into();
    expected["version"] = 3.into();
    assert_eq!(moved.json(), expected);
    assert_eq!(fixture.get("/connections/openai-prod").await.status, 404);
    let unchanged = fixture.put_json("/connections/other", "{}").await;
    assert_eq!(
        unchanged.json(),
        expected,
        "an update without changes creates no version"
    );
}

#[tokio::test]
async fn put_keeps_masked_secret_and_clears_null() {
    let fixture = Fixture::new().await;
    fixture.create(r#"{"alias":"f","name":"F","providerId":"microsoft-foundry","settings":{"endpoint":"https://a.example","apiKey":"k1","clientSecret":"sk-k2"}}"#).await;
    let body = r#"{"settings":{"apiKey":null,"clientSecret":"sk-***"}}"#;
    let saved = fixture.put_json("/connections/f", body).await;
    assert_eq!(
        saved.json()["settings"],
        json!({ "endpoint": "https://a.example", "apiKey": null, "clientSecret": "sk-***" })
    );
    let again = fixture
        .put_json("/connections/f", r#"{"settings":{"apiKey":"***"}}"#)
        .await;
    assert!(
        again.refusal().1.contains("is a masked value, not a key"),
        "no stored secret"
    );
}

#[tokio::test]
async fn put_rejects_provider_taken_alias_and_moved_endpoint() {
    let fixture = Fixture::new().await;
    fixture.create_documented().await;
    fixture
        .create(r#"{"alias":"taken","name":"T","providerId":"google"}"#)
        .await;
    let before = fixture.state().await;
    for (body, detail) in [
        (
            r#"{"providerId":"google"}"#,
            "The provider of a connection cannot be changed; create another connection",
        ),
        (
            r#"{"alias":"taken"}"#,
            "A connection with alias 'taken' already exists",
        ),
        (
            r#"{"settings":{"endpoint":"https://evil.example/v1","apiKey":"sk-***"}}"#,
            "Invalid settings for provider 'openai': OpenAI API Key must be entered again because the endpoint changed",
        ),
        (
            r#"{"settings":{"endpoint":"https://evil.example/v1"}}"#,
            "Invalid settings for provider 'openai': OpenAI API Key must be entered again because the endpoint changed",
        ),
        (r#"{"name":""}"#, "Name is required"),
        (r#"{"isActive":"no"}"#, "IsActive must be true or false"),
    ] {
        let refused = fixture.put_json("/connections/openai-prod", body).await;
        assert_eq!(refused.refusal(), (400, detail.into()), "{body}");
    }
    assert_eq!(fixture.state().await, before);
    let typed = r#"{"settings":{"endpoint":"https://new.example/v1","apiKey":"sk-typed-again"}}"#;
    assert_eq!(
        fixture
            .put_json("/connections/openai-prod", typed)
            .await
            .status,
        200
    );
    let same = fixture
        .put_json("/connections/openai-prod", r#"{"providerId":"OpenAI"}"#)
        .await;
    assert_eq!(same.status, 200, "the current provider is allowed");
}

#[tokio::test]
async fn put_of_missing_connection_is_404() {
    let fixture = Fixture::new().await;
    assert_eq!(
        fixture
            .put_json("/connections/missing", "{}")
            .await
            .refusal(),
        (404, "Connection not found".into())
    );
    fixture.create_documented().await;
    for (body, status) in [
        ("", 400),
        ("[]", 400),
        ("{", 400),
        (r#"{"name":"a","name":"b"}"#, 400),
    ] {
        assert_eq!(
            fixture
                .put_json("/connections/openai-prod", body)
                .await
                .status,
            status,
            "{body}"
        );
    }
    let untyped = fixture
        .request(Method::PUT, "/connections/openai-prod")
        .body("{}");
    assert_eq!(fixture.send(untyped).await.status, 415);
    let long = " ".repeat(256 * 1024 + 1);
    assert_eq!(
        fixture
            .put_json("/connections/openai-prod", &long)
            .await
            .status,
        413
    );
}

#[tokio::test]
async fn stale_if_match_is_412() {
    let fixture = Fixture::new().await;
    fixture.create_documented().await;
    fixture
        .put_json("/connections/openai-prod", r#"{"name":"Second"}"#)
        .await;
    let attempt = async |method: Method, tags: &str| {
        let request = fixture.request(method, "/connections/openai-prod");
        let request = request
            .header("if-match", tags)
            .header("content-type", "application/json");
        fixture.send(request.body(r#"{"isActive":true}"#)).await
    };
    for method in [Method::PUT, Method::DELETE] {
        for (tags, status) in [
            ("\"1\"", 412),
            ("\"3\"", 412),
            ("W/\"2\"", 412),
            ("\"x\"", 412),
            ("\"02\"", 412),
            ("\"1\", \"3\"", 412),
            ("2", 400),
            ("", 400),
            ("\"2", 400),
            ("\"1\" \"2\"", 400),
        ] {
            let refused = attempt(method.clone(), tags).await;
            assert_eq!(refused.status, status, "{method} {tags}");
            if tags == "\"1\"" {
                assert_eq!(refused.json()["code"], "versionMoved");
                assert_eq!(
                    refused.json()["cause"],
                    json!({ "versionMoved": { "expected": 1, "found": 2 } })
                );
            }
        }
    }
    for tags in ["\"2\"", "*", "\"1\", \"2\""] {
        assert_eq!(attempt(Method::PUT, tags).await.status, 200, "{tags}");
    }
    assert_eq!(attempt(Method::DELETE, "\"1\", \"2\"").await.status, 200);
    assert_eq!(attempt(Method::DELETE, "*").await.status, 404);
    assert_eq!(attempt(Method::PUT, "\"1\"").await.status, 404);
}

#[tokio::test]
async fn invalid_connection_can_still_be_deactivated() {
    let fixture = Fixture::new().await;
    fixture
        .create(r#"{"alias":"bare","name":"Bare","providerId":"openai"}"#)
        .await;
    let off = fixture
        .put_json("/connections/bare", r#"{"isActive":false}"#)
        .await;
    assert_eq!((off.status, &off.json()["isActive"]), (200, &json!(false)));
}

#[tokio::test]
async fn delete_is_200_without_body_or_404() {
    let fixture = Fixture::new().await;
    let id = fixture.create_documented().await["id"]
        .as_str()
        .unwrap()
        .to_owned();
    fixture
        .create(r#"{"alias":"other","name":"O","providerId":"google"}"#)
        .await;
    for key in [id.as_str(), "other"] {
        let deleted = fixture.delete(&format!("/connections/{key}")).await;
        assert_eq!((deleted.status, deleted.text.as_str()), (200, ""));
        let gone = fixture.delete(&format!("/connections/{key}")).await;
        assert_eq!(
            gone.refusal(),
            (404, format!("Connection with ID '{key}' not found"))
        );
        assert_eq!(
            fixture.get(&format!("/connections/{key}")).await.status,
            404
        );
    }
    assert_eq!(
        fixture.post_json("/connections", DOCUMENTED).await.status,
        201,
        "the alias is free again"
    );
}

#[tokio::test]
async fn exists_returns_bare_boolean() {
    let fixture = Fixture::new().await;
    let id = fixture.create_documented().await["id"]
        .as_str()
        .unwrap()
        .to_owned();
    for (path, text) in [
        ("openai-prod/exists", "true"),
        ("OpenAI-Prod/exists", "true"),
        ("missing/exists", "false"),
        ("capabilities/exists", "false"),
        ("openai-prod/exists?excludeId=", "true"),
        (
            "openai-prod/exists?excludeId=3fa85f64-5717-4562-b3fc-2c963f66afa6",
            "true",
        ),
        (&format!("openai-prod/exists?excludeId={id}"), "false"),
    ] {
        let answer = fixture.get(&format!("/connections/{path}")).await;
        assert_eq!((answer.status, answer.text.as_str()), (200, text), "{path}");
    }
    let (status, detail) = fixture
        .get("/connections/a/exists?excludeId=x")
        .await
        .refusal();
    assert_eq!(status, 400);
    assert!(detail.starts_with("excludeId must be an ID"), "{detail}");
}

#[tokio::test]
async fn capabilities_come_from_configured_connections() {
    let fixture = Fixture::new().await;
    assert_eq!(
        fixture.get("/connections/capabilities").await.json(),
        json!({ "items": [] })
    );
    three(&fixture).await;
    assert_eq!(
        fixture.get("/connections/capabilities").await.json(),
        json!({ "items": ["Chat", "Embedding", "SpeechToText"] })
    );
    fixture.delete("/connections/a").await;
    assert_eq!(
        fixture.get("/connections/capabilities").await.json(),
        json!({ "items": ["Chat", "Embedding"] })
    );
    let able = fixture.get("/connections/capabilities/embedding").await;
    assert_eq!(
        (names(&able).as_str(), &able.json()["total"]),
        ("Gamma BETA", &json!(1))
    );
    let window = fixture
        .get("/connections/capabilities/Chat?skip=1&take=1")
        .await;
    assert_eq!(
        (names(&window).as_str(), &window.json()["total"]),
        ("Gamma BETA", &json!(2))
    );
}

#[tokio::test]
async fn connection_capabilities_are_a_bare_list() {
    let fixture = Fixture::new().await;
    three(&fixture).await;
    assert_eq!(
        fixture.get("/connections/c/capabilities").await.json(),
        json!(["Chat", "Embedding"])
    );
    let missing = fixture.get("/connections/missing/capabilities").await;
    assert_eq!(missing.refusal(), (404, "Connection not found".into()));
}

#[tokio::test]
async fn dates_are_utc_and_ids_lower_case() {
    let fixture = Fixture::new().await;
    let created = fixture.create_documented().await;
    assert_eq!(created["dateCreated"], "2024-01-15T10:30:00Z");
    let id = created["id"].as_str().unwrap();
    assert_eq!(id, id.to_lowercase());
    let Value::String(date) = &created["dateModified"] else {
        panic!("{created}");
    };
    assert!(date.ends_with('Z'));
}

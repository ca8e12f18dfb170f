//! HTTP basics: unknown paths and methods, HEAD, and paths that are not UTF-8.

use reqwest::Method;

use crate::routes::fixture::{Answer, Fixture, UNREACHABLE};

#[tokio::test]
async fn unknown_path_is_404_with_problem_details() {
    let fixture = Fixture::new().await;
    fixture.create_documented().await;
    for path in [
        "",
        "/",
        "/connection",
        "/connections//",
        "/connections/openai-prod//",
        "/connections/a/b/c",
        "/versions",
        "/health",
    ] {
        let address = format!("{}{path}", fixture.server.at(""));
        let answer = Answer::of(fixture.client.get(address).send().await.unwrap()).await;
        assert_eq!(answer.refusal(), (404, "Path not found".into()), "{path}");
        assert_eq!(
            answer.header("content-type"),
            Some("application/problem+json")
        );
        assert_eq!(
            answer.json()["type"],
            "https://tools.ietf.org/html/rfc7231#section-6.5.4"
        );
    }
    for path in [
        "/",
        "/connections",
        "/openapi",
        "/umbraco",
        "/%2E%2E/etc/passwd",
    ] {
        let address = format!("{}{path}", fixture.server.origin);
        let answer = Answer::of(fixture.client.get(address).send().await.unwrap()).await;
        assert_eq!(answer.status, 404, "{path}");
    }
}

#[tokio::test]
async fn path_ignores_case_and_trailing_slash() {
    let fixture = Fixture::new().await;
    let created = fixture.create(UNREACHABLE).await;
    let id = created["id"].as_str().unwrap();
    let base = umai::api::BASE_PATH;
    for (path, same) in [
        (
            format!("{base}/connections/"),
            format!("{base}/connections"),
        ),
        (
            format!("{}/Connections", base.to_uppercase()),
            format!("{base}/connections"),
        ),
        (
            format!("{base}/CONNECTIONS/?Take=1"),
            format!("{base}/connections?take=1"),
        ),
        (
            format!("{base}/Connections/OpenAI-Prod/"),
            format!("{base}/connections/openai-prod"),
        ),
        (
            format!("{base}/connections/OPENAI-PROD/Exists/"),
            format!("{base}/connections/openai-prod/exists"),
        ),
        (
            format!("{base}/connections/Capabilities/"),
            format!("{base}/connections/capabilities"),
        ),
        (
            format!("{base}/Connections/Capabilities/CHAT"),
            format!("{base}/connections/capabilities/Chat"),
        ),
        (
            format!("{base}/Providers/OpenAI/"),
            format!("{base}/providers/openai"),
        ),
        (
            format!("{base}/Versions/Connection/{id}/"),
            format!("{base}/versions/connection/{id}"),
        ),
        (
            format!("{base}/Versions/Supported-Types/"),
            format!("{base}/versions/supported-types"),
        ),
        ("/Health/".to_owned(), "/health".to_owned()),
        ("/OpenAPI.json/".to_owned(), "/openapi.json".to_owned()),
    ] {
        for method in [Method::GET, Method::HEAD] {
            let ask = |path: &str| {
                let address = format!("{}{path}", fixture.server.origin);
                fixture.client.request(method.clone(), address).send()
            };
            let answer = Answer::of(ask(&path).await.unwrap()).await;
            let expected = Answer::of(ask(&same).await.unwrap()).await;
            assert_eq!(answer.status, 200, "{method} {path}: {}", answer.text);
            assert_eq!(answer.text, expected.text, "{method} {path}");
        }
    }
    let at = |path: &str| format!("{}{base}{path}", fixture.server.origin);
    let body = r#"{"alias":"b","name":"B","providerId":"openai"}"#;
    for (method, path, body, status) in [
        (Method::POST, "/Connections/", body, 201),
        (Method::PUT, "/Connections/B/", r#"{"name":"C"}"#, 200),
        (Method::POST, "/Connections/B/Test/", "", 200),
        (Method::PATCH, "/Connections/B/", "", 405),
        (Method::DELETE, "/Connections/B/", "", 200),
        (Method::GET, "/connections/b/", "", 404),
    ] {
        let request = fixture.client.request(method.clone(), at(path));
        let request = if body.is_empty() {
            request
        } else {
            request.header("content-type", "text/json").body(body)
        };
        let answer = Answer::of(request.send().await.unwrap()).await;
        assert_eq!(answer.status, status, "{method} {path}: {}", answer.text);
    }
}

#[tokio::test]
async fn member_names_ignore_case_and_reject_duplicates() {
    let fixture = Fixture::new().await;
    let created = fixture
        .create(r#"{"Alias":"a","NAME":"A","ProviderId":"openai","IsActive":false,"Settings":{"apiKey":"sk-planted-1"},"Foo":1,"foo":2}"#)
        .await;
    assert_eq!(created["alias"], "a");
    assert_eq!(created["isActive"], false);
    assert_eq!(created["settings"]["apiKey"], "sk-***");
    let changed = fixture
        .put_json("/connections/a", r#"{"Name":"B","ISACTIVE":true}"#)
        .await
        .json();
    assert_eq!(
        (&changed["name"], &changed["isActive"]),
        (&"B".into(), &true.into())
    );
    for body in [
        r#"{"alias":"b","Alias":"c","name":"B","providerId":"openai"}"#,
        r#"{"alias":"b","name":"B","providerId":"openai","settings":null,"Settings":{}}"#,
    ] {
        let (status, detail) = fixture.post_json("/connections", body).await.refusal();
        assert_eq!(status, 400, "{body}");
        assert!(detail.contains("is given twice"), "{detail}");
    }
    let id = created["id"].as_str().unwrap();
    let rolled_back = fixture
        .post_json(
            &format!("/versions/connection/{id}/1/rollback"),
            r#"{"ChangeDescription":"as before"}"#,
        )
        .await;
    assert_eq!(rolled_back.status, 200, "{}", rolled_back.text);
    let newest = fixture
        .get(&format!("/versions/connection/{id}?take=1"))
        .await
        .json();
    assert_eq!(newest["items"][0]["changeDescription"], "as before");
}

#[tokio::test]
async fn unknown_method_is_405_with_allow() {
    let fixture = Fixture::new().await;
    for (method, path, allow) in [
        (Method::PATCH, "/connections", "GET,HEAD,POST"),
        (Method::DELETE, "/connections", "GET,HEAD,POST"),
        (Method::OPTIONS, "/connections", "GET,HEAD,POST"),
        (Method::POST, "/connections/x", "GET,HEAD,PUT,DELETE"),
        (Method::GET, "/connections/x/test", "POST"),
        (Method::PUT, "/providers", "GET,HEAD"),
        (Method::POST, "/health", "GET,HEAD"),
        (Method::POST, "/openapi.json", "GET,HEAD"),
    ] {
        let refused = fixture.ask(method.clone(), path).await;
        assert_eq!(refused.status, 405, "{method} {path}");
        assert_eq!(refused.header("allow"), Some(allow), "{method} {path}");
        assert_eq!(
            refused.json()["type"],
            "https://tools.ietf.org/html/rfc7231#section-6.5.5"
        );
    }
}

#[tokio::test]
async fn head_matches_get_without_body() {
    let fixture = Fixture::new().await;
    fixture.create_documented().await;
    for path in [
        "/connections",
        "/connections/openai-prod",
        "/connections/missing",
        "/connections/openai-prod/exists",
        "/connections/capabilities",
        "/providers",
        "/providers/openai",
        "/versions/supported-types",
        "/versions/connection/openai-prod/1",
        "/notices",
        "/changes/latest",
        "/health",
        "/openapi.json",
    ] {
        let (get, head) = (
            fixture.get(path).await,
            fixture.ask(Method::HEAD, path).await,
        );
        assert_eq!(head.status, get.status, "{path}");
        for name in ["content-type", "content-length", "etag", "cache-control"] {
            assert_eq!(head.header(name), get.header(name), "{path} {name}");
        }
    }
}

#[tokio::test]
async fn path_that_is_not_utf8_is_400() {
    let fixture = Fixture::new().await;
    for path in [
        "/connections/%FF",
        "/connections/%C3%28",
        "/connections/%ED%A0%80",
        "/connections?filter=%FF",
        "/connections?filter=%zz",
        "/connections/%zz",
        "/connections/a%",
        "/providers/%80",
        "/nothing/%FF",
    ] {
        let refused = fixture.get(path).await;
        assert_eq!(
            refused.refusal(),
            (400, "The URL must be percent-encoded UTF-8".into()),
            "{path}"
        );
    }
}

#[tokio::test]
async fn health_and_document_need_no_token_and_hold_no_secrets() {
    let fixture = Fixture::new().await;
    assert_eq!(fixture.get("/health").await.text, r#"{"status":"ok"}"#);
    assert_eq!(
        fixture.get("/openapi.json").await.header("content-type"),
        Some("application/json")
    );
}

#[tokio::test]
async fn planted_key_is_in_no_response() {
    let fixture = Fixture::new().await;
    let planted = UNREACHABLE.replace("sk-your-api-key", "sk-planted-e41c");
    let mut answers = vec![fixture.post_json("/connections", planted.clone()).await];
    answers.push(fixture.post_json("/connections", planted.clone()).await);
    answers.push(
        fixture
            .put_json(
                "/connections/openai-prod",
                &planted.replace("Production", "P"),
            )
            .await,
    );
    answers.push(
        fixture
            .post_json("/connections/openai-prod/test", planted.clone())
            .await,
    );
    answers.push(
        fixture
            .post_json("/connection-tests", planted.clone())
            .await,
    );
    answers.push(
        fixture
            .post_json("/connections", planted.replace("}}", "}"))
            .await,
    );
    for path in [
        "/connections",
        "/connections/openai-prod",
        "/connections/openai-prod/models",
        "/versions/connection/openai-prod?expand=snapshot",
        "/versions/connection/openai-prod/1",
        "/versions/connection/openai-prod/1/compare/2",
        "/notices",
        "/openapi.json",
    ] {
        answers.push(fixture.get(path).await);
    }
    answers.push(
        fixture
            .ask(Method::POST, "/versions/connection/openai-prod/1/rollback")
            .await,
    );
    for answer in answers {
        let output = format!("{:?} {}", answer.headers, answer.text);
        assert!(!output.contains("planted"), "{output}");
    }
}

//! HTTP itself: unknown addresses and methods, HEAD, addresses no text can be read from.

use reqwest::Method;

use super::world::{Answer, UNREACHABLE, World};

#[tokio::test]
async fn an_unknown_address_is_a_404_with_problem_details() {
    let world = World::new().await;
    world.create_documented().await;
    for path in [
        "",
        "/",
        "/connection",
        "/connections/",
        "/connections/openai-prod/",
        "/connections/a/b/c",
        "/Connections",
        "/versions",
        "/health",
    ] {
        let address = format!("{}{path}", world.server.at(""));
        let answer = Answer::of(world.client.get(address).send().await.unwrap()).await;
        assert_eq!(
            answer.refusal(),
            (404, "There is nothing at this address".into()),
            "{path}"
        );
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
        let address = format!("{}{path}", world.server.origin);
        let answer = Answer::of(world.client.get(address).send().await.unwrap()).await;
        assert_eq!(answer.status, 404, "{path}");
    }
}

#[tokio::test]
async fn an_unknown_method_is_a_405_that_says_what_is_allowed() {
    let world = World::new().await;
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
        let refused = world.ask(method.clone(), path).await;
        assert_eq!(refused.status, 405, "{method} {path}");
        assert_eq!(refused.header("allow"), Some(allow), "{method} {path}");
        assert_eq!(
            refused.json()["type"],
            "https://tools.ietf.org/html/rfc7231#section-6.5.5"
        );
    }
}

#[tokio::test]
async fn head_is_answered_wherever_get_is_with_the_same_headers_and_no_body() {
    let world = World::new().await;
    world.create_documented().await;
    for path in [
        "/connections",
        "/connections/openai-prod",
        "/connections/nobody",
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
        let (get, head) = (world.get(path).await, world.ask(Method::HEAD, path).await);
        assert_eq!(head.status, get.status, "{path}");
        for name in ["content-type", "content-length", "etag", "cache-control"] {
            assert_eq!(head.header(name), get.header(name), "{path} {name}");
        }
    }
}

#[tokio::test]
async fn an_address_that_no_text_can_be_read_from_is_a_400() {
    let world = World::new().await;
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
        let refused = world.get(path).await;
        assert_eq!(
            refused.refusal(),
            (400, "The address must be percent-encoded UTF-8".into()),
            "{path}"
        );
    }
}

#[tokio::test]
async fn health_and_the_document_are_outside_the_base_path_and_have_no_secrets() {
    let world = World::new().await;
    assert_eq!(world.get("/health").await.text, r#"{"status":"ok"}"#);
    assert_eq!(
        world.get("/openapi.json").await.header("content-type"),
        Some("application/json")
    );
}

#[tokio::test]
async fn a_planted_key_is_in_no_answer_at_all() {
    let world = World::new().await;
    let planted = UNREACHABLE.replace("sk-your-api-key", "sk-planted-e41c");
    let mut answers = vec![world.post_json("/connections", planted.clone()).await];
    answers.push(world.post_json("/connections", planted.clone()).await);
    answers.push(
        world
            .put_json(
                "/connections/openai-prod",
                &planted.replace("Production", "P"),
            )
            .await,
    );
    answers.push(
        world
            .post_json("/connections/openai-prod/test", planted.clone())
            .await,
    );
    answers.push(world.post_json("/connection-tests", planted.clone()).await);
    answers.push(
        world
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
        answers.push(world.get(path).await);
    }
    answers.push(
        world
            .ask(Method::POST, "/versions/connection/openai-prod/1/rollback")
            .await,
    );
    for answer in answers {
        let told = format!("{:?} {}", answer.headers, answer.text);
        assert!(!told.contains("planted"), "{told}");
    }
}

//! Third-party servers: their messages are shown, and missing members get defaults.

use rstest::rstest;
use umai::connection::key_flaw::{KeyFlaw, SurroundingText};
use umai::connection::store::Revision;
use umai::connection::{
    ConnectionDraft, ConnectionError, DraftField, FieldReason, ListQuery, MaskedSecret,
    PageRequest, ServerError, SettingValue,
};
use umai::service::ConnectionService;

use crate::client::third_party_server::{
    ReceivedRequest, ScriptedResponse, ThirdPartyServer, json, response,
};

const ID: &str = "3fa85f64-5717-4562-b3fc-2c963f66afa6";

/// A connection from a server without masks and versions.
const UNMASKED: &str = r#"{"id":"3fa85f64-5717-4562-b3fc-2c963f66afa6","alias":"openai-prod","name":"OpenAI Production","providerId":"openai","isActive":true,
    "dateCreated":"2024-01-15T10:30:00","settings":{"apiKey":"sk-planted","organization":"org-1","endpoint":"https://api.openai.com/v1"},"$type":"x"}"#;

fn draft(body: &str) -> ConnectionDraft {
    ConnectionDraft::from_json(body.as_bytes()).unwrap()
}

fn documented() -> ConnectionDraft {
    draft(crate::support::DOCUMENTED)
}

fn all() -> ListQuery {
    ListQuery::all(PageRequest { skip: 0, take: 100 })
}

#[tokio::test]
async fn create_with_bare_id_response_is_loaded_and_masked() {
    let (stranger, service) = ThirdPartyServer::with_connections(|heard| {
        if heard.line.starts_with("POST") {
            json(201, &format!("\"{ID}\""))
        } else {
            json(200, UNMASKED)
        }
    })
    .await;
    let created = service.create(documented()).await.unwrap();
    assert_eq!(created.item.id.to_string(), ID);
    let settings = created.settings.unwrap();
    assert_eq!(
        settings.get("apiKey"),
        Some(&SettingValue::Secret(MaskedSecret::OpenAiStyle))
    );
    assert_eq!(
        settings.get("organization"),
        Some(&SettingValue::Text("org-1".into()))
    );
    let heard = stranger.heard();
    assert_eq!(heard.len(), 2, "{heard:?}");
    assert_eq!(heard[0].body, crate::support::DOCUMENTED);
    assert!(
        heard[0]
            .head
            .to_lowercase()
            .contains("authorization: bearer planted-token")
    );
    assert!(heard[1].line.ends_with(ID));
}

#[rstest]
#[case(204, "", "")]
#[case(200, "", "")]
#[case(
    201,
    "",
    "Location: /umbraco/ai/management/api/v1/connections/3fa85f64-5717-4562-b3fc-2c963f66afa6\r\n"
)]
#[tokio::test]
async fn save_with_empty_response_is_loaded(
    #[case] status: u16,
    #[case] body: &'static str,
    #[case] header: &'static str,
) {
    let (_, service) = ThirdPartyServer::with_connections(move |heard| {
        if heard.line.starts_with("GET") {
            return json(200, UNMASKED);
        }
        let length = body.len();
        let head = format!(
            "HTTP/1.1 {status} X\r\n{header}Content-Length: {length}\r\nConnection: close\r\n\r\n"
        );
        ScriptedResponse::Whole((head + body).into_bytes())
    })
    .await;
    let created = service.create(documented()).await.unwrap();
    assert_eq!(created.item.name, "OpenAI Production");
    let key = "openai-prod".parse().unwrap();
    let saved = service.update(&key, draft(r#"{"name":"New"}"#), None).await;
    assert_eq!(saved.unwrap().item.id.to_string(), ID);
}

#[tokio::test]
async fn update_sends_whole_connection_without_masks() {
    let (stranger, service) = ThirdPartyServer::with_connections(|_| json(200, UNMASKED)).await;
    let key = ID.parse().unwrap();
    let change = draft(r#"{"name":"New","settings":{"apiKey":"sk-***","organization":null}}"#);
    service.update(&key, change, Some(0)).await.unwrap();
    service.set_active(&key, false).await.unwrap();
    let puts: Vec<ReceivedRequest> = stranger
        .heard()
        .into_iter()
        .filter(|heard| heard.line.starts_with("PUT"))
        .collect();
    assert_eq!(
        puts[0].body,
        r#"{"alias":"openai-prod","name":"New","providerId":"openai","isActive":true,"settings":{"apiKey":"sk-planted","organization":null,"endpoint":"https://api.openai.com/v1"}}"#
    );
    assert_eq!(
        puts[1].body,
        r#"{"alias":"openai-prod","name":"OpenAI Production","providerId":"openai","isActive":false,"settings":{"apiKey":"sk-planted","organization":"org-1","endpoint":"https://api.openai.com/v1"}}"#
    );
    assert!(
        !puts[0].head.to_lowercase().contains("if-match"),
        "the server has no versions"
    );
}

#[tokio::test]
async fn key_is_not_sent_to_moved_endpoint() {
    let (stranger, service) = ThirdPartyServer::with_connections(|_| json(200, UNMASKED)).await;
    let change =
        draft(r#"{"settings":{"apiKey":"sk-***","endpoint":"https://elsewhere.example"}}"#);
    let error = service
        .update(&ID.parse().unwrap(), change, None)
        .await
        .unwrap_err();
    assert_eq!(error.fields()[0].reason, FieldReason::EndpointChanged);
    assert!(
        stranger
            .heard()
            .iter()
            .all(|heard| heard.line.starts_with("GET"))
    );
}

#[rstest]
#[case("ENC:planted", KeyFlaw::Encrypted)]
#[case("Bearer sk-planted", KeyFlaw::Surrounded(SurroundingText::Prefix("Bearer ".into())))]
#[case("sk-\u{200b}planted", KeyFlaw::Invisible("U+200B".into()))]
#[tokio::test]
async fn invalid_new_secret_is_not_sent(#[case] text: &str, #[case] flaw: KeyFlaw) {
    let (stranger, service) = ThirdPartyServer::with_connections(|_| json(200, UNMASKED)).await;
    let change = draft(&format!(r#"{{"settings":{{"apiKey":"{text}"}}}}"#));
    let updated = service.update(&ID.parse().unwrap(), change, None).await;
    let create = draft(&format!(
        r#"{{"alias":"a","name":"A","providerId":"openai","settings":{{"apiKey":"{text}"}}}}"#
    ));
    let created = service.create(create).await;
    for refused in [updated.unwrap_err(), created.unwrap_err()] {
        assert_eq!(
            refused.fields()[0].reason,
            FieldReason::NotAKey(flaw.clone())
        );
        assert!(!format!("{refused:?}").contains("planted"));
    }
    let heard = stranger.heard();
    assert!(heard.iter().all(|heard| heard.line.starts_with("GET")));
}

#[tokio::test]
async fn stale_update_is_rejected_before_sending() {
    let counted = UNMASKED.replacen('{', "{\"version\":3,", 1);
    let (_, service) = ThirdPartyServer::with_connections(move |_| json(200, &counted)).await;
    let error = service
        .update(&ID.parse().unwrap(), draft("{}"), Some(2))
        .await
        .unwrap_err();
    assert_eq!(
        error,
        ConnectionError::VersionConflict {
            expected: 2,
            found: 3
        }
    );
}

#[tokio::test]
async fn third_party_validation_maps_to_fields() {
    const PROBLEM: &str = r#"{"type":"https://tools.ietf.org/html/rfc9110#section-15.5.1","title":"One or more validation errors occurred.","status":400,
        "errors":{"Settings.ApiKey":["That key\r\nis old."],"Alias":["Alias is taken.","And ugly."],"$.isActive":["Not a switch."],"requestModel":["The requestModel field is required."]},"traceId":"00-1"}"#;
    let (_, service) =
        ThirdPartyServer::with_connections(|_| response(400, "application/problem+json", PROBLEM))
            .await;
    let error = service.create(documented()).await.unwrap_err();
    let at: Vec<_> = error
        .fields()
        .iter()
        .map(|error| (error.field.path(), error.to_string()))
        .collect();
    let at: Vec<_> = at
        .iter()
        .map(|(path, words)| (path.as_str(), words.as_str()))
        .collect();
    assert_eq!(
        at,
        [
            ("alias", "Alias is taken."),
            ("alias", "And ugly."),
            ("isActive", "Not a switch."),
            ("settings.apiKey", "That key is old."),
        ]
    );
    assert!(
        matches!(&error.fields()[3].field, DraftField::Setting { provider, label, .. } if provider == "openai" && label == "OpenAI API Key")
    );
    assert_eq!(
        error.fields()[0].reason,
        FieldReason::Message("Alias is taken.".into())
    );
    assert_eq!(error.fields()[0].reason.at_field(), "Alias is taken.");
}

#[rstest]
#[case::problem(
    400,
    "application/problem+json",
    r#"{"title":"Duplicate alias","detail":"An item has that alias","status":400}"#,
    "An item has that alias"
)]
#[case::title_alone(
    409,
    "application/problem+json",
    r#"{"title":"Duplicate alias","errors":{}}"#,
    "Duplicate alias"
)]
#[case::page(
    502,
    "text/html",
    "<html><head><title>502 Bad Gateway</title></head><body><h1>nginx</h1></body></html>",
    "The server returned 502 Bad Gateway: 502 Bad Gateway"
)]
#[case::nothing(500, "text/plain", "", "The server returned 500 Internal Server Error")]
#[case::text(
    500,
    "text/plain",
    "Out of\n memory \u{1b}[31m",
    "The server returned 500 Internal Server Error: Out of memory \\u{1b}[31m"
)]
#[case::half_json(
    500,
    "application/json",
    "{\"detail\":\"half",
    "The server returned 500 Internal Server Error: {\"detail\":\"half"
)]
#[case::odd_json(
    429,
    "application/json",
    "[1,2]",
    "The server returned 429 Too Many Requests"
)]
#[case::unknown(599, "text/plain", "", "The server returned 599 (unknown status)")]
#[case::foreign_cause(
    400,
    "application/json",
    r#"{"cause":{"unheardOf":1},"detail":"words","errors":[1],"status":"x"}"#,
    "words"
)]
#[tokio::test]
async fn error_shows_text_of_the_server(
    #[case] status: u16,
    #[case] kind: &'static str,
    #[case] body: &'static str,
    #[case] output: &str,
) {
    let (_, service) =
        ThirdPartyServer::with_connections(move |_| response(status, kind, body)).await;
    let words = output.replacen(": 502 Bad Gateway", "", 1);
    let read = service.list(all()).await.unwrap_err();
    let refused = ServerError::Refused {
        status,
        words: words.clone(),
    };
    assert_eq!(read, ConnectionError::Server(refused.clone()));
    let written = service.create(documented()).await.unwrap_err();
    match written {
        ConnectionError::Server(ServerError::Unconfirmed { why, .. }) => {
            assert!([500, 502, 504].contains(&status));
            assert_eq!(why, words);
        }
        other => assert_eq!(other, ConnectionError::Server(refused)),
    }
}

#[tokio::test]
async fn known_statuses_become_matching_errors() {
    let key = "openai-prod".parse().unwrap();
    for (status, expected) in [
        (401, ConnectionError::Server(ServerError::SignIn)),
        (
            403,
            ConnectionError::Server(ServerError::Forbidden("Read only".into())),
        ),
        (
            404,
            ConnectionError::NotFound("openai-prod".parse().unwrap()),
        ),
    ] {
        let (_, service) =
            ThirdPartyServer::with_connections(move |_| json(status, r#"{"detail":"Read only"}"#))
                .await;
        assert_eq!(service.get(&key).await.unwrap_err(), expected);
        assert_eq!(service.set_active(&key, true).await.unwrap_err(), expected);
        assert_eq!(service.delete(&key, None).await.unwrap_err(), expected);
        let owner = service.alias_owner("openai-prod", None).await;
        assert_eq!(owner.ok(), (status == 404).then_some(None));
    }
    let (_, service) = ThirdPartyServer::with_connections(|heard| {
        if heard.line.starts_with("DELETE") {
            json(412, "{}")
        } else {
            json(200, &UNMASKED.replacen('{', "{\"version\":7,", 1))
        }
    })
    .await;
    let error = service.delete(&key, Some(4)).await.unwrap_err();
    assert_eq!(
        error,
        ConnectionError::VersionConflict {
            expected: 4,
            found: 7
        }
    );
}

#[rstest]
#[case::garbage(|| json(200, "{\"items\":"))]
#[case::another_shape(|| json(200, "{\"items\":{\"a\":1}}"))]
#[case::a_page(|| response(200, "text/html", "<title>Welcome</title> sk-planted"))]
#[case::nothing(|| response(200, "application/json", ""))]
#[case::null(|| json(200, "null"))]
#[tokio::test]
async fn invalid_response_is_reported_but_not_repeated(#[case] answer: fn() -> ScriptedResponse) {
    let (stranger, service) = ThirdPartyServer::with_connections(move |_| answer()).await;
    let error = service.list(all()).await.unwrap_err();
    let words = error.to_string();
    assert!(
        words.contains("did not return a response of the management API"),
        "{words}"
    );
    assert!(
        words.contains(&stranger.origin) && !words.contains("planted"),
        "{words}"
    );
}

#[tokio::test]
async fn truncated_response_is_a_lost_connection() {
    let (_, service) = ThirdPartyServer::with_connections(|_| {
        ScriptedResponse::Whole(
            b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{\"items\":[".to_vec(),
        )
    })
    .await;
    let error = service.list(all()).await.unwrap_err().to_string();
    assert!(
        error.contains("cannot be reached: connection lost"),
        "{error}"
    );
    assert!(!error.contains("may have been saved"), "{error}");
    let error = service.create(documented()).await.unwrap_err().to_string();
    assert!(error.contains("may have been saved"), "{error}");
}

#[rstest]
#[case::nothing(b"")]
#[case::no_http(b"SSH-2.0-OpenSSH_9.6\r\n")]
#[tokio::test]
async fn server_without_http_is_unreachable(#[case] bytes: &'static [u8]) {
    let (_, service) =
        ThirdPartyServer::with_connections(move |_| ScriptedResponse::Whole(bytes.to_vec())).await;
    let error = service.list(all()).await.unwrap_err();
    assert!(
        matches!(
            error,
            ConnectionError::Server(ServerError::Unreachable { .. })
        ),
        "{error:?}"
    );
}

#[tokio::test]
async fn endless_response_is_cut() {
    let (_, service) = ThirdPartyServer::with_connections(|_| {
        ScriptedResponse::Endless(
            b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n".to_vec(),
        )
    })
    .await;
    let error = service.list(all()).await.unwrap_err().to_string();
    assert!(error.contains("the response is too large"), "{error}");
}

#[tokio::test]
async fn redirect_is_reported_and_not_followed() {
    let elsewhere = ThirdPartyServer::new(|_| json(200, "{\"items\":[]}")).await;
    let location = format!("{}/connections", elsewhere.origin);
    let leads = location.clone();
    let (_, service) = ThirdPartyServer::with_connections(move |_| {
        let head = format!("HTTP/1.1 302 Found\r\nLocation: {leads}\r\nContent-Length: 0\r\n\r\n");
        ScriptedResponse::Whole(head.into_bytes())
    })
    .await;
    let error = service.list(all()).await.unwrap_err().to_string();
    assert!(error.contains(&location), "{error}");
    assert!(
        elsewhere.heard().is_empty(),
        "the token was sent to the redirect target"
    );
}

#[tokio::test]
async fn built_in_providers_replace_missing_list() {
    let (_, service) = ThirdPartyServer::with_connections(|_| json(200, "{\"items\":[]}")).await;
    assert!(service.providers().get("openai").is_some());
    let notices = service.notices();
    assert!(notices[0].contains("lists no providers"), "{notices:?}");
    let list = service.list(all()).await.unwrap();
    assert_eq!((list.items.len(), list.total), (0, 0));
}

#[tokio::test]
async fn provider_details_are_loaded_one_by_one() {
    let stranger = ThirdPartyServer::new(|heard| {
        if heard.line.contains("/providers/house") {
            json(200, r#"{"id":"house","name":"House","capabilities":["Chat"],"settings":[{"alias":"token","name":"Token","isSensitive":true,"isRequired":true}]}"#)
        } else if heard.line.contains("/providers/") {
            json(404, "{}")
        } else {
            json(200, r#"[{"id":"house","name":"House","capabilities":["Chat"]},{"id":"openai","name":"OpenAI","capabilities":["Chat"]},{"id":"other","name":"O","capabilities":["Chat"]},7]"#)
        }
    })
    .await;
    let service = stranger.service().await;
    let catalog = service.providers();
    let ids: Vec<_> = catalog
        .all()
        .iter()
        .map(|provider| provider.id.as_str())
        .collect();
    assert_eq!(ids, ["house", "openai"]);
    assert!(catalog.get("house").unwrap().settings[0].sensitive);
}

#[rstest]
#[case::another_type("application/json", "{}", "has no change feed")]
#[case::no_events("text/event-stream", "\u{0}\u{1}garbage\n\n", "connection lost")]
#[case::no_change("text/event-stream", "data: {\"revision\":\"x\"}\n\n", "is not valid")]
#[case::lost(
    "text/event-stream",
    "event: lost\ndata: {\"detail\":\"Too\\nslow\"}\n\n",
    "Too slow"
)]
#[case::lost_for_nothing(
    "text/event-stream",
    "event: lost\ndata: ?\n\n",
    "the change feed ended"
)]
#[tokio::test]
async fn invalid_feed_ends_with_reason(
    #[case] kind: &'static str,
    #[case] body: &'static str,
    #[case] why: &str,
) {
    use futures_util::StreamExt;
    let (_, service) =
        ThirdPartyServer::with_umai_providers(move |_| response(200, kind, body)).await;
    let error = match service.changes(Revision(0)).await {
        Err(error) => error.to_string(),
        Ok(mut feed) => {
            let error = feed.next().await.unwrap().unwrap_err().to_string();
            assert!(
                feed.next().await.is_none(),
                "the stream ended with the error"
            );
            error
        }
    };
    assert!(error.contains(why), "{error}");
}

#[tokio::test]
async fn server_without_feed_is_reported() {
    let (_, service) =
        ThirdPartyServer::with_connections(|_| response(404, "text/html", "<p>?</p>")).await;
    for output in [
        service.revision().await.map(|_| ()),
        service.changes(Revision(1)).await.map(|_| ()),
    ] {
        let error = output.unwrap_err().to_string();
        assert!(error.contains("has no change feed"), "{error}");
    }
}

#[tokio::test]
async fn endless_event_ends_the_feed() {
    use futures_util::StreamExt;
    let (_, service) = ThirdPartyServer::with_umai_providers(|_| {
        ScriptedResponse::Endless(
            b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\ndata:".to_vec(),
        )
    })
    .await;
    let mut feed = service.changes(Revision(0)).await.unwrap();
    let error = feed.next().await.unwrap().unwrap_err().to_string();
    assert!(error.contains("is not valid"), "{error}");
}

#[tokio::test]
async fn repeated_change_is_delivered_once() {
    use futures_util::StreamExt;
    const DELETED: &str = "\"deleted\":\"3fa85f64-5717-4562-b3fc-2c963f66afa6\"";
    let stream = [3, 4, 5, 5, 4, 6]
        .map(|revision| format!("id: {revision}\ndata: {{\"revision\":{revision},{DELETED}}}\n\n"))
        .concat();
    let (_, service) =
        ThirdPartyServer::with_umai_providers(move |_| response(200, "text/event-stream", &stream))
            .await;
    let feed = service.changes(Revision(4)).await.unwrap();
    let output: Vec<_> = feed
        .filter_map(async |change| Some(change.ok()?.revision.0))
        .collect()
        .await;
    assert_eq!(output, [5, 6]);
}

#[tokio::test]
async fn missing_key_list_is_reported_and_odd_keys_ignored() {
    let (_, service) = ThirdPartyServer::with_connections(|_| json(404, "{}")).await;
    let error = service.configuration_keys().await.unwrap_err();
    assert!(error.to_string().contains("does not list"), "{error}");
    let odd = r#"{"items":[{"key":"A:B","source":"x"},{"key":"\u001b[31m","source":"x"},{"key":"$A","source":"x"}],"total":3}"#;
    let (_, service) = ThirdPartyServer::with_umai_providers(move |heard| {
        let is_asked = heard.line.contains("/appsettings");
        json(if is_asked { 200 } else { 404 }, odd)
    })
    .await;
    let page = service.configuration_keys().await.unwrap();
    let keys: Vec<_> = page
        .items
        .iter()
        .map(|listed| listed.key.as_str())
        .collect();
    assert_eq!(keys, ["A:B"]);
}
